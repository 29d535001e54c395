/*
 * From the whole to the parts: the verdict and counts, the groups, sessions, tests, gaps, and
 * last every difference, streamed.
 */
#include "report/json.h"

#include "diffengine/verdict.h"
#include "report/json_out.h"
#include "report/walk.h"

/* Empty means that the trace does not say. */
static void write_known(struct json *j, const char *name, struct bytes text)
{
	if (text.len > 0)
		json_text(j, name, text);
	else
		json_null(j, name);
}

/* What counts from 1, or 0 where it does not apply. */
static void write_position(struct json *j, const char *name, int64_t value)
{
	if (value > 0)
		json_int(j, name, value);
	else
		json_null(j, name);
}

static void write_time(struct json *j, const struct summary *s, const char *name, int64_t us)
{
	char at[CLOCK_TEXT_MAX];
	const char *text = summary_time(s, us, at);

	json_str(j, name, *text ? text : NULL);
}

static void write_backend(struct json *j, const char *role, const struct summary_backend *b)
{
	json_open(j, role, '{');
	json_text(j, "name", b->name);
	write_known(j, "version", b->version);
	write_known(j, "host", b->host);
	write_position(j, "port", b->port);
	json_close(j, '}');
}

static void write_head(struct json *j, const struct summary *s)
{
	static const char *const words[] = {[SUMMARY_EQUAL] = "equal",
		[SUMMARY_MISMATCH] = "mismatch",
		[SUMMARY_INCOMPLETE] = "incomplete"};
	char why[SUMMARY_WHY_MAX];
	enum summary_status status = summary_status(s, why);

	json_str(j, "format", "twinkly-report");
	json_int(j, "version", JSON_REPORT_VERSION);
	json_str(j, "trace", s->path);
	json_str(j, "result", words[status]);
	json_int(j, "exit_status", status);
	json_str(j, "summary", why);
	json_str(j, "only",
		s->only == SUMMARY_ANY_KIND ? NULL : diff_kind_info((enum diff_kind)s->only)->name);
	write_backend(j, "truth", &s->truth);
	write_backend(j, "candidate", &s->candidate);
	write_known(j, "program", s->program);
	write_known(j, "twinkly_version", s->twinkly_version);
	write_known(j, "command_line", s->command_line);
	write_known(j, "configuration", s->configuration);
	write_time(j, s, "began_utc", 0);
	if (s->began_wall_us >= 0 && s->ended_wall_us >= s->began_wall_us)
		write_time(j, s, "ended_utc", s->ended_wall_us - s->began_wall_us);
	else
		json_null(j, "ended_utc");
}

static void write_verdict(struct json *j, const char *name, int64_t commands, int64_t exchanges)
{
	json_open(j, name, '{');
	json_int(j, "commands", commands);
	json_int(j, "exchanges", exchanges);
	json_close(j, '}');
}

static void write_counts(struct json *j, const struct summary *s)
{
	const struct trace_counts *c = &s->counts;
	int permille = summary_compared_permille(s);

	json_open(j, "counts", '{');
	json_int(j, "sessions", c->sessions);
	json_int(j, "exchanges", c->exchanges);
	json_int(j, "commands", c->commands);
	json_int(j, "statements", c->statements);
	json_int(j, "differences", c->differences);
	json_int(j, "gaps", c->gaps);
	json_int(j, "lost_exchanges", s->lost_exchanges);
	if (permille >= 0)
		json_int(j, "compared_permille", permille);
	else
		json_null(j, "compared_permille");
	json_open(j, "verdicts", '{');
	for (int v = 0; v < VERDICT_COUNT; v++)
		write_verdict(j, verdict_name((enum verdict)v), c->by_verdict[v],
			c->exchanges_by_verdict[v]);
	write_verdict(j, "unknown", summary_unknown(c->by_verdict, c->commands),
		summary_unknown(c->exchanges_by_verdict, c->exchanges));
	json_close(j, '}');
	json_close(j, '}');
}

static void write_kind(struct json *j, int kind)
{
	bool is_known = kind >= 0 && kind < DIFF_KIND_COUNT;
	const struct diff_kind_info *info = is_known ? diff_kind_info((enum diff_kind)kind) : NULL;

	json_str(j, "kind", info ? info->name : NULL);
	json_str(j, "severity", info ? severity_name(info->severity) : NULL);
}

static void write_value(struct json *j, const char *name, struct bytes value, bool is_null)
{
	if (is_null)
		json_null(j, name);
	else
		json_text(j, name, value);
}

static void write_example(struct json *j, const struct group_example *e)
{
	json_open(j, NULL, '{');
	json_int(j, "session", e->session);
	json_int(j, "exchange", e->exchange);
	json_int(j, "command", e->ordinal);
	write_position(j, "row", e->row);
	write_position(j, "column", e->column);
	write_known(j, "column_name", e->column_name);
	write_value(j, "truth", e->truth, e->truth_null);
	write_value(j, "candidate", e->candidate, e->candidate_null);
	write_known(j, "parameters", e->parameters);
	write_known(j, "text", e->text);
	write_position(j, "consequence_of", e->cause);
	json_close(j, '}');
}

static void write_group(struct json *j, const struct group *g)
{
	json_open(j, NULL, '{');
	json_str(j, "verdict", verdict_name((enum verdict)g->key.verdict));
	write_kind(j, g->key.kind);
	write_known(j, "statement", g->key.statement);
	write_known(j, "reason", g->key.reason);
	write_known(j, "test", g->key.test);
	json_int(j, "count", g->count);
	json_int(j, "exchanges", g->exchanges);
	json_int(j, "consequences", g->consequences);
	write_position(j, "consequence_of", g->cause);
	json_open(j, "examples", '[');
	for (int i = 0; i < g->example_count; i++)
		write_example(j, &g->examples[i]);
	json_close(j, ']');
	json_close(j, '}');
}

static void write_groups(
	struct json *j, const char *name, const struct groups *groups, size_t limit)
{
	size_t shown = groups->count < limit ? groups->count : limit;

	json_open(j, name, '{');
	json_int(j, "groups_left_out", (int64_t)(groups->count - shown));
	json_int(j, "findings_without_group", groups->dropped);
	json_open(j, "groups", '[');
	for (size_t i = 0; i < shown; i++)
		write_group(j, &groups->items[i]);
	json_close(j, ']');
	json_close(j, '}');
}

static void write_session(
	struct json *j, const struct summary *s, const struct summary_session *row)
{
	json_open(j, NULL, '{');
	json_int(j, "session", row->id);
	json_int(j, "mismatches", row->mismatches);
	write_known(j, "user", row->user);
	write_known(j, "database", row->database);
	write_known(j, "application_name", row->application_name);
	write_known(j, "client", row->client);
	if (row->is_known)
		write_time(j, s, "started_utc", row->started_us);
	else
		json_null(j, "started_utc");
	json_close(j, '}');
}

static void write_test(struct json *j, const struct label *test)
{
	json_open(j, NULL, '{');
	json_text(j, "test", test->name);
	json_int(j, "exchanges", test->exchanges);
	json_int(j, "mismatches", test->mismatches);
	json_int(j, "inconclusive", test->inconclusive);
	json_int(j, "truth_us", test->truth_us);
	json_close(j, '}');
}

static void write_tests(struct json *j, const struct labels *labels)
{
	if (!labels->items) {
		json_null(j, "tests");
		return;
	}
	json_open(j, "tests", '[');
	for (size_t i = 0; i < labels->count; i++)
		write_test(j, &labels->items[i]);
	if (labels->others.exchanges > 0)
		write_test(j, &labels->others);
	json_close(j, ']');
}

static void write_lists(struct json *j, const struct summary *s)
{
	json_open(j, "sessions", '[');
	for (size_t i = 0; i < s->session_count; i++)
		write_session(j, s, &s->sessions[i]);
	json_close(j, ']');
	write_tests(j, &s->labels);
	json_open(j, "gaps", '[');
	for (size_t i = 0; i < s->gap_count; i++) {
		json_open(j, NULL, '{');
		write_time(j, s, "at_utc", s->gaps[i].at_us);
		json_int(j, "exchanges", s->gaps[i].exchanges);
		json_text(j, "reason", s->gaps[i].reason);
		json_close(j, '}');
	}
	json_close(j, ']');
}

struct stream {
	struct json *json;
	const struct summary *summary;
	size_t room; /* differences that may still be written */
	int64_t left_out;
};

static void write_difference(
	struct stream *w, const struct trace_difference_context *row, int verdict)
{
	const struct trace_difference *d = row->difference;
	struct json *j = w->json;

	json_open(j, NULL, '{');
	json_int(j, "exchange", d->exchange);
	json_int(j, "session", row->session);
	write_time(j, w->summary, "started_utc", row->started_us);
	json_int(j, "command", d->ordinal);
	json_str(j, "verdict", verdict_name((enum verdict)verdict));
	write_kind(j, d->kind);
	write_position(j, "row", d->row);
	write_position(j, "column", d->column);
	json_str(j, "column_name", d->column_name);
	write_value(j, "truth", d->truth, d->truth_null);
	write_value(j, "candidate", d->candidate, d->candidate_null);
	json_str(j, "rule", d->rule);
	write_value(j, "statement", row->statement, row->statement_id == 0);
	json_str(j, "parameters", row->parameters);
	json_str(j, "text", d->text);
	write_position(j, "consequence_of", row->cause);
	json_close(j, '}');
}

static bool on_difference(void *context, const struct trace_exchange *exchange,
	const struct trace_difference_context *row, int verdict, struct err *err)
{
	struct stream *w = context;
	int only = w->summary->only;

	(void)exchange;
	(void)err;
	if (only != SUMMARY_ANY_KIND && row->difference->kind != only)
		return true;
	if (w->room == 0) {
		w->left_out++;
		return true;
	}
	w->room--;
	write_difference(w, row, verdict);
	return true;
}

bool json_report(FILE *out, struct trace *t, const struct summary *s, size_t limit, struct err *err)
{
	struct json j = {.out = out};
	struct stream stream = {.json = &j, .summary = s, .room = limit > 0 ? limit : SIZE_MAX};
	struct known_walk known;
	struct walk_visitor visitor = {.context = &stream,
		.known = s->known ? &known : NULL,
		.on_difference = on_difference};
	bool ok;

	json_open(&j, NULL, '{');
	write_head(&j, s);
	write_counts(&j, s);
	write_groups(&j, "mismatches", &s->mismatches, stream.room);
	write_groups(&j, "others", &s->others, stream.room);
	write_lists(&j, s);
	json_open(&j, "differences", '[');
	known_walk_init(&known, s->known);
	ok = walk_trace(t, &s->counts, &visitor, err);
	known_walk_fini(&known);
	json_close(&j, ']');
	json_int(&j, "differences_left_out", stream.left_out);
	json_close(&j, '}');
	return ok;
}
