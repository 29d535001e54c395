/*
 * The walk over a trace in the order of time. Events are the outer loop, since the trace gives them
 * through a visitor; before each one come the exchanges that began or ended before it.
 */
#include "replay/fixture_write.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "replay/fixture_answer.h"
#include "replay/fixture_request.h"
#include "replay/fixture_value.h"
#include "replay/plan.h"
#include "replay/request.h"
#include "schema/trace_read.h"

#define ANSWER_MAX ((size_t)1 << 31) /* text of one side's answer */

struct open_exchange {
	int64_t id, finish_us; /* INT64_MAX: never */
	struct fixture_session *session;
};

struct writing {
	struct trace *trace;
	const struct fixture_wishes *wishes;
	FILE *out;
	struct fixture_counts *counts;
	struct fixture_names names;
	struct fixture_sessions sessions;
	struct fixture_known known;
	struct request request;
	struct buf item, lines;
	struct fixture_answers answers;
	struct open_exchange *open;
	size_t open_count, open_cap;
	struct plan plan;
	bool has_failed;
	struct err *err;
};

static bool fail(struct writing *w, int64_t exchange, const char *why)
{
	w->has_failed = true;
	return err_set(w->err, "exchange %" PRId64 ": %s", exchange, why);
}

/* --- requests --- */

static bool is_short(struct bytes item)
{
	static const char *const words[] = {
		"Describe", "Execute", "Close", "Sync", "Flush", "CopyDone"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (item.len >= strlen(words[i]) &&
			memcmp(item.ptr, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

static void put(FILE *out, struct bytes s)
{
	(void)!fwrite(s.ptr, 1, s.len, out); /* ferror at the end */
}

/* Short ones share a line. */
static void put_item(struct writing *w, struct fixture_session *s, bool *was_short, bool is_first)
{
	struct bytes item = buf_bytes(&w->item);
	bool shares = !is_first && *was_short && is_short(item);

	if (!is_first)
		fputs(shares ? "; " : "\n", w->out);
	if (!shares)
		fprintf(w->out, "%s%s ", s->label, is_first && s->is_asking ? ">>" : ">");
	put(w->out, item);
	*was_short = is_short(item);
}

static bool put_request(
	struct writing *w, const struct plan_entry *entry, struct fixture_session *s)
{
	enum request_result result;
	bool was_short = false, is_first = true;
	struct frame frame;

	while ((result = request_next(&w->request, &frame, w->err)) == REQUEST_MESSAGE) {
		buf_reset(&w->item);
		if (!fixture_print_message(&w->known, entry->session, &frame, &w->item))
			return fail(w, entry->id, "a message is too long for a fixture");
		put_item(w, s, &was_short, is_first);
		is_first = false;
	}
	fputs("\n", w->out);
	s->is_asking = true;
	w->has_failed = result == REQUEST_FAILED;
	return !w->has_failed;
}

/* --- answers --- */

struct answering {
	struct writing *w;
	int64_t id;
	bool ok;
};

static bool print_sides(struct writing *w, const struct trace_exchange *row)
{
	struct bytes candidate = row->has_candidate ? row->candidate : row->truth;
	struct fixture_side truth_side = {.bytes = row->truth,
		.is_cut = (int64_t)row->truth.len < row->truth_len,
		.status = row->truth_status};
	struct fixture_side candidate_side = {.bytes = candidate,
		.is_cut = (int64_t)candidate.len < row->candidate_len,
		.status = row->candidate_status};

	buf_reset(&w->answers.truth);
	buf_reset(&w->answers.candidate);
	if (w->wishes->replace && w->wishes->replace(w->wishes->context, row, &w->answers))
		return true;
	return fixture_print_answer(&truth_side, &w->answers.truth) &&
	       fixture_print_answer(&candidate_side, &w->answers.candidate);
}

static bool on_answered(void *context, const struct trace_exchange *row)
{
	struct answering *a = context;

	a->ok = row->id == a->id && print_sides(a->w, row);
	return false;
}

struct accepting {
	struct writing *w;
	const char *label;
	struct buf last; /* line, so that it is not repeated */
};

static bool on_difference(void *context, const struct trace_difference_context *row)
{
	struct accepting *a = context;
	const struct trace_difference *d = row->difference;
	struct buf line;
	struct text text = {.out = &line, .value_max = SIZE_MAX};

	buf_init(&line, FIXTURE_LINE_MAX);
	text_str(&text, a->label);
	text_str(&text, "< accept ");
	text_str(&text, row->kind ? row->kind : "unknown");
	if (d->column > 0) {
		text_str(&text, " column=");
		text_int(&text, d->column);
	}
	text_str(&text, " reason=");
	text_quoted(&text, bytes_str(a->w->wishes->accept_reason));
	text_str(&text, "\n");
	if (!text.is_full && !bytes_equal(buf_bytes(&line), buf_bytes(&a->last))) {
		put(a->w->out, buf_bytes(&line));
		buf_reset(&a->last);
		(void)!buf_append_bytes(&a->last, buf_bytes(&line));
	}
	buf_fini(&line);
	return true;
}

static bool put_accepted(struct writing *w, const struct open_exchange *ex)
{
	struct accepting a = {.w = w, .label = ex->session->label};
	bool ok;

	if (!w->wishes->accept_reason)
		return true;
	buf_init(&a.last, FIXTURE_LINE_MAX);
	ok = trace_read_differences(w->trace, ex->id, on_difference, &a, w->err);
	buf_fini(&a.last);
	return ok;
}

static bool finish(struct writing *w, size_t at)
{
	struct open_exchange ex = w->open[at];
	struct answering a = {.w = w, .id = ex.id};

	w->open_count--;
	memmove(w->open + at, w->open + at + 1, (w->open_count - at) * sizeof(*w->open));
	ex.session->is_asking = false;
	if (!trace_read_exchanges(w->trace, 0, ex.id, on_answered, &a, w->err) ||
		!put_accepted(w, &ex)) {
		w->has_failed = true;
		return false;
	}
	buf_reset(&w->lines);
	if (!a.ok || !fixture_print_lines(&w->answers, ex.session->label, &w->names, &w->lines))
		return fail(w, ex.id, "its answer is too long for a fixture");
	put(w->out, buf_bytes(&w->lines));
	return true;
}

/* --- in the order of time --- */

static bool keep_open(struct writing *w, const struct open_exchange *ex)
{
	size_t cap = w->open_cap ? 2 * w->open_cap : 16;
	struct open_exchange *more;

	if (w->open_count == FIXTURE_OPEN_MAX)
		return fail(w, ex->id, "more than 65536 exchanges are under way");
	if (w->open_count == w->open_cap) {
		more = realloc(w->open, cap * sizeof(*more));
		if (!more)
			return fail(w, ex->id, "out of memory");
		w->open = more;
		w->open_cap = cap;
	}
	w->open[w->open_count++] = *ex;
	return true;
}

/* A replay connects when the first request is due, so that is where the line stands. */
static void put_connect(struct writing *w, struct fixture_session *s)
{
	if (s->is_connecting)
		fprintf(w->out, "%s! connect\n", s->label);
	s->is_connecting = false;
}

static bool start(struct writing *w, const struct plan_entry *entry)
{
	struct fixture_session *s = fixture_sessions_find(&w->sessions, entry->session);
	struct open_exchange ex = {.id = entry->id, .finish_us = entry->finished_us, .session = s};
	enum request_state state;

	if (!s || entry->id > s->last_exchange)
		return true;
	if (!request_open(&w->request, entry->id, &state, w->err)) {
		w->has_failed = true;
		return false;
	}
	if (state != REQUEST_WHOLE) {
		*(state == REQUEST_EMPTY ? &w->counts->unsent : &w->counts->cut) += 1;
		return true;
	}
	w->counts->exchanges++;
	put_connect(w, s);
	return put_request(w, entry, s) && keep_open(w, &ex);
}

static size_t first_to_finish(const struct writing *w)
{
	size_t first = 0;

	for (size_t i = 1; i < w->open_count; i++)
		if (w->open[i].finish_us < w->open[first].finish_us)
			first = i;
	return first;
}

/* Everything before that moment. */
static bool advance(struct writing *w, int64_t until_us)
{
	for (;;) {
		const struct plan_entry *next, *entry;
		struct plan_entry taken;
		size_t first = first_to_finish(w);

		if (!plan_fill(&w->plan, w->err)) {
			w->has_failed = true;
			return false;
		}
		next = plan_at(&w->plan, 0);
		entry = next && next->started_us < until_us ? next : NULL;
		if (w->open_count > 0 && w->open[first].finish_us < until_us &&
			(!entry || w->open[first].finish_us <= entry->started_us)) {
			if (!finish(w, first))
				return false;
			continue;
		}
		if (!entry)
			return true;
		taken = *entry;
		plan_take(&w->plan, 0);
		if (!start(w, &taken))
			return false;
	}
}

/* What was never answered stands where its session ended. */
static bool finish_session(struct writing *w, const struct fixture_session *s)
{
	for (size_t i = 0; i < w->open_count;) {
		if (s && w->open[i].session != s)
			i++;
		else if (!finish(w, i))
			return false;
	}
	return true;
}

/* An `accept` belongs to the session's exchange that ends first. */
static bool keeps_accepts(const struct writing *w, const struct fixture_session *s)
{
	const struct open_exchange *ex = NULL;

	for (size_t i = 0; i < w->open_count; i++)
		if (w->open[i].session == s && (!ex || w->open[i].finish_us < ex->finish_us))
			ex = &w->open[i];
	return !ex || !w->wishes->drops_accepts ||
	       !w->wishes->drops_accepts(w->wishes->context, ex->id);
}

static bool is_comment(const char *line)
{
	line += strspn(line, " \t");
	return *line == '#' || !*line;
}

/* What a number in the session's requests names. */
static void put_name(
	struct writing *w, const struct fixture_session *s, const struct trace_event *row)
{
	struct text text = {.out = &w->item, .value_max = SIZE_MAX};

	buf_reset(&w->item);
	text_quoted(&text, bytes_str(row->detail));
	fprintf(w->out, "%s! %s %s\n", s->label, row->what, buf_cstr(&w->item));
}

static void put_event(struct writing *w, struct fixture_session *s, const struct trace_event *row)
{
	if (strcmp(row->what, "connect") == 0) {
		s->is_connecting = true;
	} else if (strcmp(row->what, "disconnect") == 0 || strcmp(row->what, "cancel") == 0) {
		put_connect(w, s);
		fprintf(w->out, "%s! %s\n", s->label, row->what);
	} else if (row->detail &&
		   (strcmp(row->what, "type") == 0 || strcmp(row->what, "function") == 0)) {
		put_name(w, s, row);
	} else if (!row->detail || strchr(row->detail, '\n')) {
		return; /* no line of a fixture: the trace may be hostile */
	} else if (strcmp(row->what, "comment") == 0 && is_comment(row->detail)) {
		fprintf(w->out, "%s\n", row->detail);
	} else if (strcmp(row->what, "accept") == 0 && keeps_accepts(w, s)) {
		fprintf(w->out, "%s< accept %s\n", s->label, row->detail);
		s->is_asking = false;
	}
}

static bool on_event(void *context, const struct trace_event *row)
{
	struct writing *w = context;
	struct fixture_session *s = fixture_sessions_find(&w->sessions, row->session);

	if (!advance(w, row->at_us))
		return false;
	if (!s)
		return true;
	if (strcmp(row->what, "disconnect") == 0 && !finish_session(w, s))
		return false;
	put_event(w, s, row);
	return true;
}

/* --- the head --- */

static void name_side(char *out, size_t size, const char *name)
{
	size_t n = 0;

	for (; *name && n + 1 < size; name++)
		if (isalnum((unsigned char)*name) || strchr("_.-", *name))
			out[n++] = (char)tolower((unsigned char)*name);
	out[n] = '\0';
}

static bool on_backend(void *context, const struct trace_backend *row)
{
	struct fixture_names *names = context;

	if (row->role == TRACE_TRUTH)
		name_side(names->truth, sizeof(names->truth), row->name);
	else
		name_side(names->candidate, sizeof(names->candidate), row->name);
	return true;
}

static void tell_apart(struct fixture_names *names)
{
	if (!names->truth[0] || !names->candidate[0] ||
		strcmp(names->truth, names->candidate) == 0) {
		name_side(names->truth, sizeof(names->truth), "truth");
		name_side(names->candidate, sizeof(names->candidate), "candidate");
	}
}

void fixture_names_of(struct fixture_names *names, const char *truth, const char *candidate)
{
	name_side(names->truth, sizeof(names->truth), truth);
	name_side(names->candidate, sizeof(names->candidate), candidate);
	tell_apart(names);
}

bool fixture_names_read(struct fixture_names *names, struct trace *trace, struct err *err)
{
	*names = (struct fixture_names){{0}, {0}};
	if (!trace_read_backends(trace, on_backend, names, err))
		return false;
	tell_apart(names);
	return true;
}

static void put_setups(struct writing *w)
{
	for (size_t i = 0; i < w->wishes->setup_count; i++) {
		struct bytes file = bytes_str(w->wishes->setups[i]);
		struct text text = {.out = &w->item, .value_max = SIZE_MAX};

		buf_reset(&w->item);
		fixture_print_word(&text, file);
		fprintf(w->out, "setup %s\n", buf_cstr(&w->item));
	}
}

static bool put_head(struct writing *w)
{
	const char *head = NULL;

	/* As it was read, comments included, if the sessions are the same. */
	if (!w->wishes->sessions && !w->wishes->only_mismatches && w->wishes->setup_count == 0)
		head = trace_read_meta(w->trace, FIXTURE_META_HEAD);
	if (head) {
		fputs(head, w->out);
		return true;
	}
	fprintf(w->out, "twinkly-fixture 1\nsides truth=%s candidate=%s\n", w->names.truth,
		w->names.candidate);
	put_setups(w);
	return fixture_sessions_print(&w->sessions, w->trace, w->out, w->err);
}

static bool write_all(struct writing *w)
{
	if (!fixture_names_read(&w->names, w->trace, w->err) ||
		!fixture_sessions_load(&w->sessions, w->trace, w->wishes, w->err) || !put_head(w))
		return false;
	w->counts->sessions = (int64_t)w->sessions.count;
	plan_init(&w->plan, w->trace);
	if (!trace_read_events(w->trace, on_event, w, w->err) || w->has_failed ||
		!advance(w, INT64_MAX) || !finish_session(w, NULL))
		return false;
	for (size_t i = 0; i < w->sessions.count; i++)
		put_connect(w, &w->sessions.items[i]);
	if (fflush(w->out) != 0 || ferror(w->out))
		return err_set(
			w->err, "the fixture cannot be written: a full disk or a closed pipe");
	return true;
}

bool fixture_write(struct trace *trace, const struct fixture_wishes *wishes, FILE *out,
	struct fixture_counts *counts, struct err *err)
{
	struct writing *w = calloc(1, sizeof(*w));
	bool ok;

	*counts = (struct fixture_counts){0};
	if (!w)
		return err_set(err, "out of memory");
	w->trace = trace;
	w->wishes = wishes;
	w->out = out;
	w->counts = counts;
	w->err = err;
	fixture_known_init(&w->known);
	request_init(&w->request, trace, (size_t)WIRE_MESSAGE_MAX + 5);
	buf_init(&w->item, FIXTURE_LINE_MAX);
	buf_init(&w->lines, 2 * ANSWER_MAX);
	buf_init(&w->answers.truth, ANSWER_MAX);
	buf_init(&w->answers.candidate, ANSWER_MAX);
	ok = write_all(w);
	buf_fini(&w->answers.truth);
	buf_fini(&w->answers.candidate);
	buf_fini(&w->lines);
	buf_fini(&w->item);
	request_fini(&w->request);
	fixture_known_fini(&w->known);
	fixture_sessions_fini(&w->sessions);
	free(w->open);
	free(w);
	return ok;
}
