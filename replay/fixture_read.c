/*
 * The file's lines, its head, and what is neither request nor answer.
 */
#include "replay/fixture_read.h"

#include <stdlib.h>
#include <string.h>

#include "diffengine/verdict.h"
#include "replay/fixture_read_impl.h"
#include "wire/message.h"

#define LINE_ARENA ((size_t)4 << 30)

static bool meta(struct reading *r, const char *key, const char *value)
{
	return r->sink->meta(r->sink->context, key, value, r->err);
}

/* --- the head --- */

static bool read_first_line(struct reading *r)
{
	int64_t version;

	if (!bytes_equal_str(cursor_word(&r->c), "twinkly-fixture")) {
		r->c.at = 0;
		return cursor_fail(&r->c, "\"twinkly-fixture 1\"");
	}
	if (!cursor_number(&r->c, 1, INT32_MAX, &version))
		return false;
	if (version > 1)
		return cursor_refuse(
			&r->c, "this fixture is of a newer version; version 1 can be read");
	return cursor_is_at_end(&r->c) || cursor_fail(&r->c, "the end of the line");
}

static bool take_side(struct reading *r, const char *key, char *out, size_t size)
{
	struct bytes word;

	if (!cursor_key(&r->c, key))
		return cursor_fail(
			&r->c, strcmp(key, "truth") == 0 ? "truth=NAME" : "candidate=NAME");
	word = cursor_word(&r->c);
	if (word.len == 0 || word.len >= size)
		return cursor_fail(&r->c, "a name of 1 to 63 bytes");
	memcpy(out, word.ptr, word.len);
	out[word.len] = '\0';
	return true;
}

static bool read_sides(struct reading *r)
{
	struct fixture_names *n = &r->names;

	if (!take_side(r, "truth", n->truth, sizeof(n->truth)) ||
		!take_side(r, "candidate", n->candidate, sizeof(n->candidate)))
		return false;
	return strcmp(n->truth, n->candidate) != 0 ||
	       cursor_refuse(&r->c, "the two sides have the same name");
}

/* setup FILE, or setup SIDE FILE for one side only. */
static bool read_setup(struct reading *r)
{
	const char *first, *file = NULL;
	bool is_side;

	if (!cursor_name(&r->c, &first))
		return false;
	if (!cursor_is_at_end(&r->c) && !cursor_name(&r->c, &file))
		return false;
	is_side = strcmp(first, r->names.truth) == 0 || strcmp(first, r->names.candidate) == 0;
	if (file && !is_side)
		return cursor_refuse(&r->c, "setup SIDE FILE: there is no side of that name");
	if (strpbrk(file ? file : first, "\t\n"))
		return cursor_refuse(&r->c, "a file's name cannot hold a tab or newline");
	return buf_printf(&r->setups, "%s\t%s\n", file ? first : "", file ? file : first) ||
	       cursor_refuse(&r->c, "too many setup files");
}

static bool add_session(struct reading *r, struct bytes label)
{
	struct reading_session **more, *s;
	bool is_new;
	size_t cap = r->session_cap ? 2 * r->session_cap : 16;

	(void)texts_number(&r->labels, label, &is_new);
	if (!is_new)
		return cursor_refuse(&r->c, "a session of that name is there already");
	if (r->session_count == FIXTURE_SESSIONS_MAX)
		return cursor_refuse(&r->c, "more than 100000 sessions");
	if (r->session_count == r->session_cap) {
		more = realloc(r->sessions, cap * sizeof(*more));
		if (!more)
			return cursor_refuse(&r->c, "out of memory for the sessions");
		r->sessions = more;
		r->session_cap = cap;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return cursor_refuse(&r->c, "out of memory for the sessions");
	list_init(&s->open);
	r->sessions[r->session_count++] = s;
	return true;
}

/* NAME=VALUE ... up to the end of the line, as a startup packet has them. */
static bool take_parameters(struct reading *r, struct buf *startup, struct trace_session *row)
{
	while (!cursor_is_at_end(&r->c)) {
		const char *name, *value;

		if (!cursor_name(&r->c, &name))
			return false;
		if (!cursor_need(&r->c, '=') || !cursor_name(&r->c, &value))
			return false;
		if (!buf_append(startup, name, strlen(name) + 1) ||
			!buf_append(startup, value, strlen(value) + 1))
			return cursor_refuse(&r->c, "the startup parameters are too long");
		if (strcmp(name, "user") == 0)
			row->user = value;
		else if (strcmp(name, "database") == 0)
			row->database = value;
		else if (strcmp(name, "application_name") == 0)
			row->application_name = value;
	}
	return row->user[0] || cursor_fail(&r->c, "user=NAME");
}

/* Words before the first NAME=. */
static bool take_labels(struct reading *r)
{
	for (size_t before = r->c.at;; before = r->c.at) {
		struct bytes word = cursor_word(&r->c);

		if (word.len > 0 && cursor_peek(&r->c) == '=') {
			r->c.at = before;
			return true;
		}
		if (word.len == 0 || word.len > 64)
			return cursor_fail(&r->c, "a session's name or user=NAME");
		if (!add_session(r, word))
			return false;
	}
}

static bool write_session(
	struct reading *r, struct trace_session *row, struct bytes label, size_t number)
{
	char client[128];

	r->now_us += FIXTURE_STEP_US;
	row->id = (int64_t)number + 1;
	row->started_us = r->now_us;
	row->client = client;
	snprintf(client, sizeof(client), "%s%.*s", FIXTURE_CLIENT, bytes_width(label, 64),
		(const char *)label.ptr);
	return r->sink->session(r->sink->context, row, r->err);
}

static bool read_sessions(struct reading *r)
{
	size_t first = r->session_count, from = r->c.at;
	struct trace_session row = {.user = "", .database = "", .application_name = ""};
	struct buf startup;
	bool ok;

	buf_init(&startup, WIRE_STARTUP_MAX);
	ok = take_labels(r) && take_parameters(r, &startup, &row);
	if (ok && r->session_count == first)
		ok = cursor_refuse(&r->c, "the line names no session");
	row.startup = buf_bytes(&startup);
	if (!row.database[0])
		row.database = row.user;
	r->c.at = from;
	for (size_t i = first; ok && i < r->session_count; i++)
		ok = write_session(r, &row, cursor_word(&r->c), i);
	r->c.at = r->c.text.len;
	buf_fini(&startup);
	return ok;
}

/* Everything that stands before the first request, answer or event is kept as it is. */
static bool end_head(struct reading *r)
{
	struct trace_backend truth = {
		.role = TRACE_TRUTH, .name = r->names.truth, .host = "", .server_version = ""};
	struct trace_backend candidate = {.role = TRACE_CANDIDATE,
		.name = r->names.candidate,
		.host = "",
		.server_version = ""};

	if (!r->is_in_head)
		return true;
	r->is_in_head = false;
	return meta(r, FIXTURE_META_HEAD, buf_cstr(&r->head)) &&
	       meta(r, FIXTURE_META_SETUP, buf_cstr(&r->setups)) &&
	       r->sink->backend(r->sink->context, &truth, r->err) &&
	       r->sink->backend(r->sink->context, &candidate, r->err);
}

/* --- lines --- */

static bool write_event(struct reading *r, size_t session, const char *what, const char *detail)
{
	struct trace_event row = {.session = (int64_t)session + 1,
		.at_us = r->now_us,
		.what = what,
		.detail = detail};

	return r->sink->event(r->sink->context, &row, r->err);
}

static bool read_name(struct reading *r, size_t session, const char *what)
{
	const char *detail;

	return cursor_string(&r->c, &detail) && write_event(r, session, what, detail) &&
	       (cursor_is_at_end(&r->c) || cursor_fail(&r->c, "the end of the line"));
}

static bool read_event(struct reading *r, size_t session)
{
	static const char *const words[] = {"connect", "disconnect", "cancel"};
	struct bytes word = cursor_word(&r->c);

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (bytes_equal_str(word, words[i]))
			return write_event(r, session, words[i], NULL) &&
			       (cursor_is_at_end(&r->c) ||
				       cursor_fail(&r->c, "the end of the line"));
	if (bytes_equal_str(word, "type") || bytes_equal_str(word, "function"))
		return read_name(r, session, word.len == 4 ? "type" : "function");
	r->c.at -= word.len;
	return cursor_fail(&r->c, "connect, disconnect, cancel, type or function");
}

static bool read_answer(struct reading *r, size_t session)
{
	struct bytes side = bytes_of(NULL, 0);
	enum reading_sides sides = READING_BOTH;

	if (cursor_peek(&r->c) != ' ' && cursor_peek(&r->c) != '\t')
		side = cursor_word(&r->c);
	if (bytes_equal_str(side, r->names.truth))
		sides = READING_TRUTH;
	else if (bytes_equal_str(side, r->names.candidate))
		sides = READING_CANDIDATE;
	else if (side.len > 0) {
		r->c.at -= side.len;
		return cursor_fail(&r->c, "a side as the line \"sides\" names it");
	}
	return reading_answer(r, session, sides);
}

/* LABEL> LABEL>> LABEL< LABEL<SIDE LABEL! */
static bool read_timeline(struct reading *r, struct bytes label)
{
	bool is_new, is_another;
	size_t session = (size_t)texts_number(&r->labels, label, &is_new) - 1;

	if (is_new) {
		r->c.at = 0;
		return cursor_fail(&r->c, "the name of a session that a line \"session\" declares");
	}
	r->now_us += FIXTURE_STEP_US;
	if (!end_head(r))
		return false;
	switch (r->c.text.ptr[r->c.at++]) {
	case '>':
		is_another = cursor_peek(&r->c) == '>';
		r->c.at += is_another;
		return reading_request(r, session, is_another);
	case '<':
		return read_answer(r, session);
	default:
		return read_event(r, session);
	}
}

static bool read_comment(struct reading *r)
{
	char *line;

	if (r->is_in_head)
		return true;
	line = arena_copy_str(&r->arena, r->c.text);
	if (!line)
		return cursor_refuse(&r->c, "out of memory for the line");
	r->now_us += FIXTURE_STEP_US;
	return write_event(r, 0, "comment", line);
}

static bool read_statement(struct reading *r)
{
	struct bytes word;

	if (cursor_is_at_end(&r->c))
		return read_comment(r);
	word = cursor_word(&r->c);
	if (word.len > 0 && cursor_peek(&r->c) && strchr("><!", cursor_peek(&r->c)))
		return read_timeline(r, word);
	if (r->is_in_head && bytes_equal_str(word, "setup"))
		return read_setup(r);
	if (r->is_in_head && bytes_equal_str(word, "sides"))
		return read_sides(r);
	if (r->is_in_head && bytes_equal_str(word, "session"))
		return read_sessions(r);
	r->c.at -= word.len;
	return cursor_fail(
		&r->c, r->is_in_head ? "sides, setup, session, or a session's name with > < or !"
				     : "a session's name with > < or !");
}

/* A comment at the end of a line becomes a line of its own in the text that is written. */
static bool keep_comment(struct reading *r)
{
	if (r->is_in_head || r->c.at >= r->c.text.len || cursor_peek(&r->c) != '#')
		return true;
	r->c.text = bytes_skip(r->c.text, r->c.at);
	r->c.at = 0;
	return read_comment(r);
}

static bool read_line(struct reading *r)
{
	bool has_text;

	arena_reset(&r->arena);
	if (r->c.line == 1 && !read_first_line(r))
		return false;
	has_text = r->c.line > 1 && !cursor_is_at_end(&r->c);
	r->c.at = 0;
	if (r->c.line > 1 && !read_statement(r))
		return false;
	if (r->is_in_head &&
		(!buf_append_bytes(&r->head, r->c.text) || !buf_append_str(&r->head, "\n")))
		return cursor_refuse(&r->c, "the head is longer than 16 MiB");
	return has_text && !r->is_in_head ? keep_comment(r) : true;
}

static bool check_end(struct reading *r)
{
	for (size_t i = 0; i < r->session_count; i++) {
		struct reading_session *s = r->sessions[i];

		if (list_is_empty(&s->open))
			continue;
		r->c.line = list_entry(s->open.next, struct reading_exchange, node)->line;
		r->c.at = 0;
		return cursor_refuse(&r->c,
			"the answer to this request is not complete: each side's ends in "
			"status=, cut or end");
	}
	return end_head(r);
}

static bool read_lines(struct reading *r, FILE *in)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	bool ok = true;

	while (ok && (len = getline(&line, &size, in)) > 0) {
		bool is_whole = line[len - 1] == '\n';

		r->c.text = bytes_of(line, (size_t)len - is_whole);
		r->c.at = 0;
		r->c.line++;
		if ((size_t)len > FIXTURE_LINE_MAX)
			ok = cursor_refuse(&r->c, "a line is longer than 1 GiB");
		else if (memchr(line, 0, (size_t)len))
			ok = cursor_refuse(&r->c, "the line holds a NUL byte");
		else
			ok = read_line(r);
		if (ok && !is_whole) {
			r->c.at = (size_t)len;
			ok = cursor_refuse(&r->c, "the last line has no end: the file was cut");
		}
	}
	free(line);
	if (ok && ferror(in))
		return err_set(r->err, "%s: cannot be read", r->c.file);
	if (ok && r->c.line == 0)
		return err_set(
			r->err, "%s:1:1: expected \"twinkly-fixture 1\", found nothing", r->c.file);
	return ok && check_end(r);
}

static void free_sessions(struct reading *r)
{
	for (size_t i = 0; i < r->session_count; i++) {
		list_for_each (node, &r->sessions[i]->open)
			reading_exchange_free(r, list_entry(node, struct reading_exchange, node));
		free(r->sessions[i]);
	}
	free(r->sessions);
}

bool fixture_read(FILE *in, const char *file, const struct fixture_sink *sink, struct err *err)
{
	struct reading r = {.sink = sink,
		.err = err,
		.is_in_head = true,
		.names = {"truth", "candidate"},
		.c = {.file = file, .err = err}};
	bool ok;

	arena_init(&r.arena, LINE_ARENA);
	r.c.arena = &r.arena;
	buf_init(&r.head, FIXTURE_HEAD_MAX);
	buf_init(&r.setups, FIXTURE_HEAD_MAX);
	buf_init(&r.message, (size_t)WIRE_MESSAGE_MAX + 5);
	ok = read_lines(&r, in);
	free_sessions(&r);
	texts_fini(&r.labels);
	buf_fini(&r.head);
	buf_fini(&r.setups);
	buf_fini(&r.message);
	arena_fini(&r.arena);
	return ok;
}

/* --- accept --- */

static bool take_until(struct fixture_cursor *c, char *until, size_t size)
{
	struct bytes word = cursor_word(c);
	int year, month, day, n = 0;

	if (word.len == size - 1) {
		memcpy(until, word.ptr, word.len);
		until[word.len] = '\0';
		if (sscanf(until, "%4d-%2d-%2d%n", &year, &month, &day, &n) == 3 && n == 10 &&
			month >= 1 && month <= 12 && day >= 1 && day <= 31)
			return true;
	}
	c->at -= word.len;
	return cursor_fail(c, "a date such as 2027-06-30");
}

static const char *kind_of(struct bytes word)
{
	for (int i = 0; i < DIFF_KIND_COUNT; i++)
		if (bytes_equal_str(word, diff_kind_info((enum diff_kind)i)->name))
			return diff_kind_info((enum diff_kind)i)->name;
	return NULL;
}

bool fixture_parse_accept(struct fixture_cursor *c, struct fixture_accept *accept)
{
	struct bytes word = cursor_word(c);
	int64_t column = 0;

	*accept = (struct fixture_accept){.kind = kind_of(word)};
	if (!accept->kind) {
		c->at -= word.len;
		return cursor_fail(c, "a kind of difference such as value, row-count or sqlstate");
	}
	if (cursor_key(c, "column") && !cursor_number(c, 1, 65535, &column))
		return false;
	accept->column = (int)column;
	if (!cursor_key(c, "reason"))
		return cursor_fail(c, "reason=\"...\": an accepted difference has a reason");
	if (!cursor_string(c, &accept->reason))
		return false;
	return !cursor_key(c, "until") || take_until(c, accept->until, sizeof(accept->until));
}
