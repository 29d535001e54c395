/*
 * The sessions of a fixture that is written: their choice, their names, their lines.
 */
#include <stdlib.h>
#include <string.h>

#include "diffengine/verdict.h"
#include "replay/fixture_value.h"
#include "replay/fixture_write.h"
#include "replay/texts.h"
#include "schema/trace_read.h"
#include "wire/decode.h"

#define LABEL_MAX        64
#define STARTUP_LINE_MAX ((size_t)1 << 20)

struct loading {
	struct fixture_sessions *sessions;
	const struct fixture_wishes *wishes;
	bool is_out_of_memory;
	struct texts labels;
	size_t made_up;
};

static bool is_wished(const struct fixture_wishes *wishes, int64_t id)
{
	for (size_t i = 0; i < wishes->session_count; i++)
		if (wishes->sessions[i] == id)
			return true;
	return !wishes->sessions;
}

/* a, b, ... z, aa, ab, ... */
static char *letters(size_t number)
{
	char text[16], *end = text + sizeof(text) - 1;

	*end = '\0';
	for (number++; number > 0; number = (number - 1) / 26)
		*--end = (char)('a' + (number - 1) % 26);
	return strdup(end);
}

/* The name that a fixture gave it; NULL: none did, or it is no word (the trace may be hostile). */
static const char *given_name(const struct trace_session *row)
{
	size_t len = strlen(FIXTURE_CLIENT);
	struct fixture_cursor c = {.text = bytes_str(row->client)};

	if (strncmp(row->client, FIXTURE_CLIENT, len) != 0)
		return NULL;
	c.text = bytes_skip(c.text, len);
	if (c.text.len == 0 || c.text.len > LABEL_MAX || cursor_word(&c).len != c.text.len)
		return NULL;
	return row->client + len;
}

static bool is_new_label(struct loading *l, const char *label)
{
	bool is_new = true;

	if (label)
		(void)texts_number(&l->labels, bytes_str(label), &is_new);
	return is_new;
}

/* Names of fixtures that were merged may be the same: then others are made up. */
static char *label_of(struct loading *l, const struct trace_session *row, size_t number)
{
	const char *given = given_name(row);
	char *label = given ? strdup(given) : letters(number);

	while (!is_new_label(l, label)) {
		char other[32];

		snprintf(other, sizeof(other), "s%zu", ++l->made_up);
		free(label);
		label = strdup(other);
	}
	return label;
}

static bool reserve(struct fixture_sessions *s)
{
	size_t cap = s->cap ? 2 * s->cap : 16;
	struct fixture_session *more;

	if (s->count < s->cap)
		return true;
	more = realloc(s->items, cap * sizeof(*more));
	if (!more)
		return false;
	s->items = more;
	s->cap = cap;
	return true;
}

static bool on_session(void *context, const struct trace_session *row)
{
	struct loading *l = context;
	struct fixture_sessions *s = l->sessions;
	char *label;

	if (!is_wished(l->wishes, row->id))
		return true;
	label = label_of(l, row, s->count);
	l->is_out_of_memory = !label || !reserve(s);
	if (l->is_out_of_memory) {
		free(label);
		return false;
	}
	s->items[s->count++] = (struct fixture_session){.id = row->id,
		.last_exchange = l->wishes->only_mismatches ? 0 : INT64_MAX,
		.label = label};
	return true;
}

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	struct loading *l = context;
	struct fixture_session *session = fixture_sessions_find(l->sessions, row->session);

	if (session && row->verdict == VERDICT_MISMATCH && row->id > session->last_exchange)
		session->last_exchange = row->id;
	return true;
}

/* Sessions without a mismatch go; those that stay are named anew, so that there is no gap. */
static bool drop_clean(struct fixture_sessions *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		free(s->items[i].label);
		s->items[i].label = NULL;
		if (s->items[i].last_exchange == 0)
			continue;
		s->items[kept] = s->items[i];
		s->items[kept].label = letters(kept);
		if (!s->items[kept++].label)
			return false;
	}
	s->count = kept;
	return true;
}

bool fixture_sessions_load(struct fixture_sessions *sessions, struct trace *trace,
	const struct fixture_wishes *wishes, struct err *err)
{
	struct loading l = {.sessions = sessions, .wishes = wishes};

	bool ok = trace_read_sessions(trace, on_session, &l, err);

	texts_fini(&l.labels);
	if (!ok)
		return false;
	if (!l.is_out_of_memory && wishes->only_mismatches) {
		if (!trace_read_exchanges(trace, 0, INT64_MIN, on_exchange, &l, err))
			return false;
		l.is_out_of_memory = !drop_clean(sessions);
	}
	return !l.is_out_of_memory || err_set(err, "out of memory for the trace's sessions");
}

void fixture_sessions_fini(struct fixture_sessions *sessions)
{
	for (size_t i = 0; i < sessions->count; i++)
		free(sessions->items[i].label);
	free(sessions->items);
	*sessions = (struct fixture_sessions){0};
}

struct fixture_session *fixture_sessions_find(const struct fixture_sessions *sessions, int64_t id)
{
	size_t low = 0, high = sessions->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sessions->items[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < sessions->count && sessions->items[low].id == id ? &sessions->items[low]
								      : NULL;
}

/* --- their lines: neighbours with the same startup packet share one --- */

struct naming {
	const struct fixture_sessions *sessions;
	FILE *out;
	struct buf startup; /* of the line under way */
	bool has_line;
};

static void end_line(struct naming *n)
{
	struct bytes parameters = buf_bytes(&n->startup), name, value;
	struct buf line;
	struct text text = {.out = &line, .value_max = SIZE_MAX};

	if (!n->has_line)
		return;
	buf_init(&line, STARTUP_LINE_MAX);
	while (startup_parameter_next(&parameters, &name, &value)) {
		text_str(&text, " ");
		fixture_print_word(&text, name);
		text_str(&text, "=");
		fixture_print_word(&text, value);
	}
	fprintf(n->out, "%s\n", buf_cstr(&line));
	buf_fini(&line);
}

static bool on_name(void *context, const struct trace_session *row)
{
	struct naming *n = context;
	const struct fixture_session *session = fixture_sessions_find(n->sessions, row->id);

	if (!session)
		return true;
	if (!n->has_line || !bytes_equal(buf_bytes(&n->startup), row->startup)) {
		end_line(n);
		buf_reset(&n->startup);
		n->has_line = buf_append_bytes(&n->startup, row->startup);
		fprintf(n->out, "session");
	}
	fprintf(n->out, " %s", session->label);
	return n->has_line;
}

bool fixture_sessions_print(
	const struct fixture_sessions *sessions, struct trace *trace, FILE *out, struct err *err)
{
	struct naming n = {.sessions = sessions, .out = out};
	bool ok;

	buf_init(&n.startup, STARTUP_LINE_MAX);
	ok = trace_read_sessions(trace, on_name, &n, err);
	end_line(&n);
	buf_fini(&n.startup);
	return ok;
}
