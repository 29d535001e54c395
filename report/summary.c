/*
 * Collecting a summary: look-ups first, then one walk over the exchanges that are not equal,
 * then sessions and gaps. Every list is bounded; what does not fit is counted.
 */
#include "report/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diffengine/verdict.h"
#include "report/text.h"
#include "report/walk.h"

#define ARENA_CEILING ((size_t)16 << 20)
#define WORDS_MAX     256
#define CONFIG_MAX    ((size_t)64 << 10)
#define WALL_MAX      INT64_C(253402300799000000) /* the end of year 9999 */

/* Optional texts come as NULL; a view of them is empty. */
static struct bytes keep_str(struct summary *s, const char *text, size_t most)
{
	return text_keep(&s->arena, bytes_str(text), most);
}

static struct bytes read_meta(struct summary *s, struct trace *t, const char *key, size_t most)
{
	return keep_str(s, trace_read_meta(t, key), most);
}

static int64_t read_wall(struct trace *t, const char *key)
{
	const char *text = trace_read_meta(t, key);
	char *end;
	long long value;

	if (!text || !*text)
		return -1;
	errno = 0;
	value = strtoll(text, &end, 10);
	return errno || *end || value < 0 || value > WALL_MAX ? -1 : value;
}

static bool on_backend(void *context, const struct trace_backend *row)
{
	struct summary *s = context;
	struct summary_backend *b = row->role == TRACE_TRUTH ? &s->truth : &s->candidate;

	b->name = keep_str(s, row->name, WORDS_MAX);
	b->version = keep_str(s, row->server_version, WORDS_MAX);
	b->host = keep_str(s, row->host, WORDS_MAX);
	b->port = row->port;
	return true;
}

/* A capture that was killed early may have left neither backend row nor meta. */
static void name_backend(struct summary *s, struct trace *t, struct summary_backend *b,
	const char *key, const char *fallback)
{
	if (b->name.len == 0)
		b->name = read_meta(s, t, key, WORDS_MAX);
	if (b->name.len == 0)
		b->name = bytes_str(fallback);
}

static bool read_head(struct summary *s, struct trace *t, struct err *err)
{
	if (!trace_read_backends(t, on_backend, s, err))
		return false;
	name_backend(s, t, &s->truth, "source_of_truth", "the source of truth");
	name_backend(s, t, &s->candidate, "candidate", "the candidate");
	s->twinkly_version = read_meta(s, t, "twinkly_version", WORDS_MAX);
	s->program = read_meta(s, t, "program", WORDS_MAX);
	s->command_line = read_meta(s, t, "command_line", GROUP_TEXT_MAX);
	s->configuration = read_meta(s, t, "configuration", CONFIG_MAX);
	s->began_wall_us = read_wall(t, "began_wall_us");
	s->ended_wall_us = read_wall(t, "ended_wall_us");
	return true;
}

/* NULL: the list is full. Searched from the end, where the session at work mostly is. */
static struct summary_session *find_session(struct summary *s, int64_t id)
{
	struct summary_session *added;

	for (size_t i = s->session_count; i > 0; i--)
		if (s->sessions[i - 1].id == id)
			return &s->sessions[i - 1];
	if (s->session_count == SUMMARY_SESSIONS)
		return NULL;
	added = &s->sessions[s->session_count++];
	added->id = id;
	added->slot = s->session_count - 1;
	return added;
}

/* The first command's comment labels the whole exchange. */
static void keep_test(struct summary *s, struct bytes statement)
{
	struct bytes name = label_of_statement(statement);

	s->test_len = name.len;
	if (name.len > 0)
		memcpy(s->test, name.ptr, name.len);
}

/* Empty where groups are not by test. */
static struct bytes test_of(const struct summary *s, const char *application_name)
{
	if (!s->labels.items)
		return bytes_of(NULL, 0);
	return s->test_len > 0 ? bytes_of(s->test, s->test_len)
			       : label_of(bytes_of(NULL, 0), application_name);
}

/* Half of the list is kept for sessions that have mismatches. */
static size_t slot_of(struct summary *s, int64_t id, bool is_mismatch)
{
	const struct summary_session *session = NULL;

	if (is_mismatch || s->session_count < SUMMARY_SESSIONS / 2)
		session = find_session(s, id);
	return session ? session->slot : GROUP_SESSIONS;
}

static void on_command(void *context, const struct trace_exchange *exchange,
	const struct trace_command *command, struct bytes statement)
{
	struct summary *s = context;
	struct summary_session *session;
	struct bytes note = bytes_str(exchange->note);
	struct group_key key = {.verdict = command->verdict,
		.kind = DIFF_KIND_COUNT,
		.statement = statement,
		.reason = note};
	struct group_example example = {.session = exchange->session,
		.session_slot = GROUP_SESSIONS,
		.exchange = exchange->id,
		.ordinal = command->ordinal,
		.parameters = bytes_str(command->parameters)};

	if (command->ordinal == 0)
		keep_test(s, statement);
	if (command->verdict == VERDICT_MISMATCH) {
		session = find_session(s, exchange->session);
		if (session)
			session->mismatches++;
		return; /* its differences follow */
	}
	/* Of an allowed command the differences name the rules. */
	if (command->verdict == VERDICT_EQUAL || command->verdict == VERDICT_ALLOWED)
		return;
	tally_add(&s->reasons, &s->arena,
		&(struct tally_row){
			.verdict = command->verdict, .text = note, .first_exchange = exchange->id});
	example.session_slot = slot_of(s, exchange->session, false);
	groups_add(&s->others, &key, &example);
}

static bool on_difference(void *context, const struct trace_exchange *exchange,
	const struct trace_difference_context *row, int verdict, struct err *err)
{
	struct summary *s = context;
	const struct trace_difference *d = row->difference;
	struct group_key key = {.verdict = d->rule ? VERDICT_ALLOWED : verdict,
		.kind = d->kind,
		.statement = row->statement,
		.reason = bytes_str(d->rule)};
	struct group_example example = {.session = exchange->session,
		.session_slot = slot_of(s, exchange->session, verdict == VERDICT_MISMATCH),
		.exchange = exchange->id,
		.ordinal = d->ordinal,
		.cause = row->cause,
		.row = d->row,
		.column = d->column,
		.truth_null = d->truth_null,
		.candidate_null = d->candidate_null,
		.column_name = bytes_str(d->column_name),
		.truth = d->truth,
		.candidate = d->candidate,
		.parameters = bytes_str(row->parameters),
		.text = bytes_str(d->text)};

	(void)err;
	if (d->rule)
		tally_add(&s->rules, &s->arena,
			&(struct tally_row){.verdict = VERDICT_ALLOWED,
				.text = key.reason,
				.first_exchange = exchange->id});
	if (s->only != SUMMARY_ANY_KIND && d->kind != s->only)
		return true;
	if (key.verdict == VERDICT_MISMATCH) {
		key.test = test_of(s, row->application_name);
		groups_add(&s->mismatches, &key, &example);
	} else if (key.verdict == VERDICT_ALLOWED) {
		groups_add(&s->others, &key, &example);
	}
	return true;
}

/* Fills in the sessions that had mismatches and adds others while there is room. */
static bool on_session(void *context, const struct trace_session *row)
{
	struct summary *s = context;
	struct summary_session *session = find_session(s, row->id);

	if (!session)
		return true;
	session->is_known = true;
	session->started_us = row->started_us;
	session->user = keep_str(s, row->user, WORDS_MAX);
	session->database = keep_str(s, row->database, WORDS_MAX);
	session->application_name = keep_str(s, row->application_name, WORDS_MAX);
	session->client = keep_str(s, row->client, WORDS_MAX);
	return true;
}

static int compare_sessions(const void *a, const void *b)
{
	const struct summary_session *left = a, *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

static bool on_end_state(void *context, const struct trace_end_state *row)
{
	struct summary *s = context;
	char name[512];

	if (row->verdict == VERDICT_EQUAL) {
		s->tables_equal++;
		return true;
	}
	s->tables_different += row->verdict == VERDICT_MISMATCH;
	s->tables_skipped += row->verdict != VERDICT_MISMATCH;
	snprintf(name, sizeof(name), "%s: %s%s%s", row->database, row->table_schema,
		*row->table_schema ? "." : "", *row->table_name ? row->table_name : "all tables");
	if (s->table_count < SUMMARY_TABLES)
		s->tables[s->table_count++] =
			(struct summary_table){.name = keep_str(s, name, GROUP_TEXT_MAX),
				.text = keep_str(s, row->text, GROUP_TEXT_MAX),
				.is_skipped = row->verdict != VERDICT_MISMATCH};
	return true;
}

static bool on_gap(void *context, const struct trace_gap *row)
{
	struct summary *s = context;

	if (__builtin_add_overflow(s->lost_exchanges, row->exchanges, &s->lost_exchanges))
		s->lost_exchanges = INT64_MAX;
	if (s->gap_count < SUMMARY_GAPS)
		s->gaps[s->gap_count++] = (struct summary_gap){.at_us = row->at_us,
			.exchanges = row->exchanges,
			.reason = keep_str(s, row->reason, GROUP_TEXT_MAX)};
	return true;
}

/* Before the walk: only then is it known whether the trace names tests. */
static bool collect_labels(
	struct summary *s, struct trace *t, const struct summary_wish *wish, struct err *err)
{
	if (!wish->has_by_test && !wish->has_comments_by_test)
		return true;
	if (!labels_collect(&s->labels, t, s->known, err))
		return false;
	if (!wish->has_by_test && !s->labels.has_comments)
		labels_fini(&s->labels);
	return true;
}

/* What the list of known differences makes of the counts. */
static void count_known(struct summary *s, const struct known_walk *k)
{
	s->counts.by_verdict[VERDICT_MISMATCH] -= k->commands;
	s->counts.by_verdict[VERDICT_ALLOWED] += k->commands;
	for (int v = 0; v < VERDICT_COUNT; v++) {
		s->counts.exchanges_by_verdict[VERDICT_MISMATCH] -= k->exchanges[v];
		s->counts.exchanges_by_verdict[v] += k->exchanges[v];
	}
	known_count(k->known, &s->known_counts);
}

static bool walk(struct summary *s, struct trace *t, struct err *err)
{
	struct known_walk known;
	struct walk_visitor visitor = {.context = s,
		.known = s->known ? &known : NULL,
		.on_command = on_command,
		.on_difference = on_difference};
	bool ok;

	known_walk_init(&known, s->known);
	ok = walk_trace(t, &s->counts, &visitor, err) &&
	     (!s->known || known_walk_statements(s->known, t, err));
	if (ok && s->known)
		count_known(s, &known);
	known_walk_fini(&known);
	return ok;
}

bool summary_collect(
	struct summary *s, struct trace *t, const struct summary_wish *wish, struct err *err)
{
	*s = (struct summary){.path = wish->path,
		.only = wish->only,
		.known = wish->known,
		.began_wall_us = -1,
		.ended_wall_us = -1};
	arena_init(&s->arena, ARENA_CEILING);
	s->sessions = calloc(SUMMARY_SESSIONS, sizeof(*s->sessions));
	if (!s->sessions)
		return err_set(err, "out of memory for the list of sessions");
	if (!groups_init(&s->mismatches, SUMMARY_MISMATCH_GROUPS, err) ||
		!groups_init(&s->others, SUMMARY_OTHER_GROUPS, err))
		return false;
	if (!read_head(s, t, err) || !trace_count(t, &s->counts, err) ||
		!collect_labels(s, t, wish, err) || !walk(s, t, err) ||
		!trace_read_end_states(t, on_end_state, s, err) ||
		!trace_read_sessions(t, on_session, s, err) || !trace_read_gaps(t, on_gap, s, err))
		return false;
	groups_order(&s->mismatches);
	qsort(s->sessions, s->session_count, sizeof(*s->sessions), compare_sessions);
	return true;
}

void summary_fini(struct summary *s)
{
	groups_fini(&s->mismatches);
	groups_fini(&s->others);
	labels_fini(&s->labels);
	free(s->sessions);
	arena_fini(&s->arena);
	*s = (struct summary){.path = NULL};
}

int64_t summary_unknown(const int64_t by_verdict[16], int64_t total)
{
	for (int v = 0; v < VERDICT_COUNT; v++)
		total -= by_verdict[v];
	return total;
}

static const char *plural(int64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}

/* What keeps a trace without a mismatch from proving anything; false: nothing does. */
static bool find_incomplete(const struct summary *s, char why[SUMMARY_WHY_MAX])
{
	const struct trace_counts *c = &s->counts;
	int64_t unsure = c->exchanges_by_verdict[VERDICT_INCONCLUSIVE];
	int64_t unknown = summary_unknown(c->exchanges_by_verdict, c->exchanges);

	if (c->gaps > 0)
		snprintf(why, SUMMARY_WHY_MAX, "Incomplete: %" PRId64 " %s could not be recorded",
			s->lost_exchanges, plural(s->lost_exchanges, "exchange", "exchanges"));
	else if (c->exchanges == 0)
		snprintf(why, SUMMARY_WHY_MAX, "Incomplete: nothing was captured");
	else if (unsure > 0)
		snprintf(why, SUMMARY_WHY_MAX,
			"Incomplete: no mismatch, but %" PRId64 " of %" PRId64 " exchanges %s "
			"inconclusive",
			unsure, c->exchanges, plural(unsure, "is", "are"));
	else if (s->tables_skipped > 0)
		snprintf(why, SUMMARY_WHY_MAX,
			"Incomplete: no mismatch, but %" PRId64 " %s of the end state not compared",
			s->tables_skipped, plural(s->tables_skipped, "table", "tables"));
	else if (unknown > 0)
		snprintf(why, SUMMARY_WHY_MAX,
			"Incomplete: %" PRId64 " %s a verdict of a newer Twinkly", unknown,
			plural(unknown, "exchange has", "exchanges have"));
	else
		return false;
	return true;
}

enum summary_status summary_status(const struct summary *s, char why[SUMMARY_WHY_MAX])
{
	const struct trace_counts *c = &s->counts;
	const char *exchanges = plural(c->exchanges, "exchange", "exchanges");
	int64_t mismatches = c->by_verdict[VERDICT_MISMATCH];

	if (mismatches == 0) /* an exchange may have no commands */
		mismatches = c->exchanges_by_verdict[VERDICT_MISMATCH];
	if (mismatches > 0) {
		snprintf(why, SUMMARY_WHY_MAX, "Not equal: %" PRId64 " %s in %" PRId64 " %s",
			mismatches, plural(mismatches, "mismatch", "mismatches"), c->exchanges,
			exchanges);
		return SUMMARY_MISMATCH;
	}
	if (s->tables_different > 0) {
		snprintf(why, SUMMARY_WHY_MAX,
			"Not equal: %" PRId64 " %s of the end state, though no answer differed",
			s->tables_different,
			plural(s->tables_different, "table differs", "tables differ"));
		return SUMMARY_MISMATCH;
	}
	if (s->known_counts.gone > 0) {
		snprintf(why, SUMMARY_WHY_MAX,
			"No new mismatch in %" PRId64 " %s, but %zu known %s gone: renew the list",
			c->exchanges, exchanges, s->known_counts.gone,
			plural((int64_t)s->known_counts.gone, "difference is", "differences are"));
		return SUMMARY_MISMATCH;
	}
	if (find_incomplete(s, why))
		return SUMMARY_INCOMPLETE;
	snprintf(why, SUMMARY_WHY_MAX, "Equal: no mismatch in %" PRId64 " %s", c->exchanges,
		exchanges);
	return SUMMARY_EQUAL;
}

int summary_compared_permille(const struct summary *s)
{
	const struct trace_counts *c = &s->counts;
	int64_t compared = c->by_verdict[VERDICT_EQUAL] + c->by_verdict[VERDICT_ALLOWED] +
			   c->by_verdict[VERDICT_MISMATCH] + c->by_verdict[VERDICT_RETRIED];

	return c->commands > 0 ? (int)(compared * 1000 / c->commands) : -1;
}

const char *summary_time(const struct summary *s, int64_t us, char out[CLOCK_TEXT_MAX])
{
	int64_t wall;

	if (s->began_wall_us < 0 || __builtin_add_overflow(s->began_wall_us, us, &wall) ||
		wall < 0 || wall > WALL_MAX)
		return "";
	return clock_format_utc(wall, out);
}
