/*
 * Which answer to give, and giving it. A unit that is the session's next is answered by the
 * conversation; one that a rule (`on`) names, by the rule; the last one again, by its next
 * answer or the same; what a proxy may ask on its own account, by the table of replies. Any
 * other request is an error, and a complaint on standard error that fails the test.
 */
#include "tests/peer/play.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "wire/decode.h"
#include "wire/frame.h"

#define WAIT_TICK_US 2000
#define DIRECT       "direct." /* before the name of a session past the proxy */

void play_open(struct stage *stage, struct connection *c, int fd, uint32_t number)
{
	(void)stage;
	*c = (struct connection){.fd = fd, .number = number, .status = 'I'};
	buf_init(&c->in, PLAY_MESSAGE_MAX);
	buf_init(&c->out, PLAY_OUTPUT_MAX);
	buf_init(&c->unit.text, PLAY_MESSAGE_MAX);
}

void play_close(struct connection *c)
{
	close(c->fd);
	c->fd = -1;
	buf_fini(&c->in);
	buf_fini(&c->out);
	buf_fini(&c->unit.text);
}

static void complain(struct stage *stage, struct connection *c, const char *what)
{
	stage->has_complained = true;
	fprintf(stderr, "peer %s, session %s: %s: %c %.300s\n", stage->script->side,
		c->session ? c->session->name : "?", what, c->unit.end ? c->unit.end : ' ',
		c->unit.has_text ? buf_cstr(&c->unit.text) : "");
}

/* Output that does not fit is the end of the connection. */
static void need(struct connection *c, bool ok)
{
	if (!ok)
		c->is_ended = true;
}

static void say_ready(struct connection *c)
{
	need(c, encode_ready(&c->out, c->status));
}

/* --- the steps of an answer --- */

static void set_status(struct connection *c, char status)
{
	if (status == 'E')
		c->status = c->status == 'I' ? 'I' : 'E';
	else if (status)
		c->status = status;
}

static const struct play_session *find_session(const struct stage *stage, const char *name)
{
	for (size_t i = 0; i < stage->session_count; i++)
		if (strcmp(stage->sessions[i].name, name) == 0)
			return &stage->sessions[i];
	return NULL;
}

static bool is_delay_over(struct connection *c, const struct step *step)
{
	int64_t now = clock_mono_us();

	if (!c->wait_until_us)
		c->wait_until_us = now + step->number * 1000;
	if (now < c->wait_until_us)
		return false;
	c->wait_until_us = 0;
	return true;
}

/* A session that a test plays past the proxy waits for others of its kind. */
static bool is_answered(
	const struct stage *stage, const struct connection *c, const struct step *step)
{
	const struct play_session *other;
	char name[80];
	bool is_direct = c->session && strncmp(c->session->name, DIRECT, strlen(DIRECT)) == 0;

	snprintf(name, sizeof(name), "%s%.60s", is_direct ? DIRECT : "", step->session);
	other = find_session(stage, name);
	return other && other->answered >= step->number;
}

/* False: it waits. */
static bool play_step(struct stage *stage, struct connection *c, const struct step *step)
{
	struct bytes all = buf_bytes(&stage->script->bytes);

	switch (step->kind) {
	case STEP_BYTES:
		if (buf_len(&c->out) > PLAY_OUTPUT_MAX / 4)
			return false;
		need(c, buf_append(&c->out, all.ptr + step->at, step->len));
		set_status(c, step->status);
		if (step->status == 'E') /* the rest is skipped */
			c->closing[0] = '\0';
		return true;
	case STEP_READY:
		if (step->status)
			c->status = step->status;
		say_ready(c);
		return true;
	case STEP_DELAY:
		return is_delay_over(c, step);
	case STEP_AFTER:
		return is_answered(stage, c, step);
	case STEP_AWAIT_CANCEL:
		return c->is_cancelled;
	case STEP_CLOSE:
		c->is_ended = true;
		return true;
	case STEP_SILENT:
		break;
	}
	return false;
}

/* What Parse, Bind and Close are answered with, whatever they say. */
static void say_done(struct connection *c, char type)
{
	if (type == 'P')
		need(c, encode_empty(&c->out, BACKEND_PARSE_COMPLETE));
	if (type == 'B')
		need(c, encode_empty(&c->out, BACKEND_BIND_COMPLETE));
	if (type == 'C')
		need(c, encode_empty(&c->out, BACKEND_CLOSE_COMPLETE));
}

/* The unit's messages up to its Execute; the rest is for the answer's end. */
static void say_opening(struct connection *c)
{
	struct play_unit *u = &c->unit;
	size_t i = 0;

	for (; i < u->type_count && u->types[i] != 'E'; i++)
		say_done(c, u->types[i]);
	memcpy(c->closing, u->types + i, u->type_count - i);
	c->closing[u->type_count - i] = '\0';
}

static void say_closing(struct connection *c)
{
	for (const char *type = c->closing; *type; type++)
		say_done(c, *type);
	c->closing[0] = '\0';
}

static void finish_answer(struct connection *c)
{
	say_closing(c);
	if (c->is_ready_due)
		say_ready(c);
	if (c->session && c->is_scripted)
		c->session->answered++;
	c->playing = NULL;
	c->is_cancelled = false;
}

static void play_on(struct stage *stage, struct connection *c)
{
	while (c->playing && !c->is_ended) {
		if (c->step == c->playing->count) {
			finish_answer(c);
			return;
		}
		if (!play_step(stage, c, &c->playing->steps[c->step]))
			return;
		c->step++;
	}
}

static void begin(struct connection *c, const struct answer *answer, bool is_ready_due)
{
	c->playing = answer;
	c->is_scripted = false;
	c->step = 0;
	c->wait_until_us = 0;
	c->is_ready_due = is_ready_due && !answer->is_closed;
}

/* --- what a proxy may ask on its own account --- */

static void say_error(struct connection *c, const char *sqlstate, const char *message)
{
	struct encode_error error = {.severity = "ERROR", .sqlstate = sqlstate, .message = message};

	need(c, encode_error(&c->out, 'E', &error));
	set_status(c, 'E');
	say_ready(c);
}

static void reply_rollback(struct connection *c)
{
	c->status = 'I';
	need(c, encode_command_complete(&c->out, "ROLLBACK"));
	say_ready(c);
}

static void reply_poison(struct connection *c)
{
	say_error(c, "42601", "syntax error at or near \"twinkly\"");
}

static void reply_set(struct connection *c)
{
	need(c, encode_command_complete(&c->out, "SET"));
	say_ready(c);
}

/* A savepoint of the proxy's own. */
static void reply_savepoint(struct connection *c)
{
	const char *text = buf_cstr(&c->unit.text);
	bool is_back = strncmp(text, "ROLLBACK", 8) == 0;

	if (c->status == 'E' && !is_back) {
		say_error(c, "25P02", "current transaction is aborted");
		return;
	}
	if (is_back)
		c->status = 'T';
	say_opening(c);
	need(c, encode_command_complete(&c->out, is_back          ? "ROLLBACK"
						 : text[0] == 'R' ? "RELEASE"
								  : "SAVEPOINT"));
	say_closing(c);
	say_ready(c);
}

static void reply_no_rows(struct connection *c)
{
	struct wire_column column = {
		.name = bytes_str("nothing"), .type_oid = 25, .typlen = -1, .typmod = -1};

	say_opening(c);
	if (c->unit.end == 'Q')
		need(c, encode_row_description(&c->out, &column, 1));
	need(c, encode_command_complete(&c->out, "SELECT 0"));
	say_closing(c);
	if (c->unit.end != 'H')
		say_ready(c);
}

static const struct {
	const char *begin; /* of the text; NULL: anything that holds `part` */
	const char *part;
	void (*reply)(struct connection *c);
} replies[] = {
	{"ROLLBACK TO SAVEPOINT twinkly", NULL, reply_savepoint},
	{"SAVEPOINT twinkly", NULL, reply_savepoint},
	{"RELEASE SAVEPOINT twinkly", NULL, reply_savepoint},
	{"ROLLBACK", NULL, reply_rollback},
	{"twinkly:", NULL, reply_poison},
	{"SET ", NULL, reply_set},
	{NULL, "pg_", reply_no_rows},
	{NULL, "current_setting", reply_no_rows},
	{NULL, "information_schema", reply_no_rows},
};

static bool reply(struct connection *c)
{
	const char *text = buf_cstr(&c->unit.text);

	if (c->unit.copy == 'f') {
		say_error(c, "57014", "COPY from stdin failed");
		return true;
	}
	if (!c->unit.has_text) {
		if (c->unit.end == 'S')
			say_ready(c);
		return c->unit.end == 'S';
	}
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		const char *want = replies[i].begin;

		if (want ? strncmp(text, want, strlen(want)) == 0
			 : strstr(text, replies[i].part) != NULL) {
			replies[i].reply(c);
			return true;
		}
	}
	return false;
}

/* --- which answer --- */

static bool is_unit(struct connection *c, const struct unit *unit)
{
	if (unit->end != c->unit.end && !(unit->copy && c->unit.copy))
		return false;
	if (unit->copy != c->unit.copy || !unit->text != !c->unit.has_text)
		return false;
	return !unit->text || strcmp(unit->text, buf_cstr(&c->unit.text)) == 0;
}

static void begin_unit(struct connection *c, size_t index, size_t asked)
{
	static const struct answer nothing = {0};
	const struct unit *unit = &c->session->script->units[index];
	size_t last = unit->answer_count ? unit->answer_count - 1 : 0;

	c->last = index;
	c->asked = asked < last ? asked : last;
	begin(c, unit->answer_count ? &unit->answers[c->asked] : &nothing, unit->end != 'H');
	c->is_scripted = true;
}

static const struct unit *unit_at(const struct connection *c, size_t index)
{
	const struct script_session *script = c->session ? c->session->script : NULL;

	return script && index < script->count ? &script->units[index] : NULL;
}

static const struct script_rule *find_rule(const struct stage *stage, struct connection *c)
{
	if (c->unit.has_text)
		for (size_t i = 0; i < stage->script->rule_count; i++)
			if (strstr(buf_cstr(&c->unit.text), stage->script->rules[i].pattern))
				return &stage->script->rules[i];
	return NULL;
}

static void answer_unit(struct stage *stage, struct connection *c)
{
	const struct unit *next = unit_at(c, c->cursor);
	const struct unit *last = c->cursor ? unit_at(c, c->last) : NULL;
	const struct script_rule *rule;

	/* What this side has no answer to may be meant for the other alone. */
	while (next && !next->answer_count && !is_unit(c, next))
		next = unit_at(c, ++c->cursor);
	if (next && is_unit(c, next)) {
		begin_unit(c, c->cursor++, 0);
	} else if ((rule = find_rule(stage, c))) {
		say_opening(c);
		begin(c, &rule->answer, c->unit.end != 'H');
	} else if (last && is_unit(c, last)) {
		begin_unit(c, c->last, c->asked + 1);
	} else if (!reply(c)) {
		complain(stage, c, "the conversation has no answer to this");
		say_error(c, "XX000", "the conversation has no answer to this");
	}
	play_on(stage, c);
}

/* --- messages --- */

static bool is_copy_end_inside(const struct connection *c)
{
	const struct unit *next = unit_at(c, c->cursor);

	return next && next->copy && next->end == 'S';
}

static void note_text(struct connection *c, struct bytes text)
{
	if (c->unit.has_text)
		return;
	c->unit.has_text = true;
	need(c, buf_append_bytes(&c->unit.text, text));
}

static bool note_message(struct connection *c, const struct frame *f)
{
	struct msg_parse parse;
	struct bytes text;

	c->unit.end = (char)f->type;
	if (c->unit.type_count + 1 < sizeof(c->unit.types))
		c->unit.types[c->unit.type_count++] = (char)f->type;
	if (f->type == 'Q' && decode_string(f->body, &text))
		note_text(c, text);
	if (f->type == 'P' && decode_parse(f->body, &parse))
		note_text(c, parse.query);
	if (f->type == 'c' || f->type == 'f') {
		c->unit.copy = (char)f->type;
		return !is_copy_end_inside(c);
	}
	return strchr("QSHF", f->type) != NULL;
}

static void reset_unit(struct connection *c)
{
	buf_reset(&c->unit.text);
	c->unit.has_text = false;
	c->unit.type_count = 0;
	c->unit.end = c->unit.copy = 0;
}

static bool take_message(struct stage *stage, struct connection *c)
{
	struct frame f;
	struct err err;

	switch (frame_next(buf_bytes(&c->in), WIRE_FRONTEND, PLAY_MESSAGE_MAX, &f, &err)) {
	case FRAME_NEED_MORE:
		return false;
	case FRAME_MALFORMED:
		complain(stage, c, err.text);
		c->is_ended = true;
		return false;
	case FRAME_OK:
		break;
	}
	bool is_end = f.type == 'X';

	if (is_end)
		c->is_ended = true;
	else
		is_end = note_message(c, &f);
	buf_consume(&c->in, f.whole.len);
	if (is_end && !c->is_ended) {
		answer_unit(stage, c);
		reset_unit(c);
	}
	return true;
}

/* --- startup --- */

static struct play_session *use_session(struct stage *stage, const char *name)
{
	struct play_session *s = NULL;
	const char *bare =
		strncmp(name, DIRECT, strlen(DIRECT)) == 0 ? name + strlen(DIRECT) : name;

	for (size_t i = 0; i < stage->session_count; i++)
		if (strcmp(stage->sessions[i].name, name) == 0)
			return &stage->sessions[i];
	if (stage->session_count == ARRAY_LEN(stage->sessions))
		return NULL;
	s = &stage->sessions[stage->session_count++];
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->script = script_session(stage->script, bare);
	return s;
}

/* The cursor of the session's n-th connection: behind the n-th `connect`. */
static void find_place(struct connection *c)
{
	const struct script_session *script = c->session ? c->session->script : NULL;

	if (!script)
		return;
	c->session->connections++;
	while (c->cursor < script->count &&
		script->units[c->cursor].connection < c->session->connections)
		c->cursor++;
}

static void greet(struct stage *stage, struct connection *c)
{
	const struct script *s = stage->script;

	need(c, encode_authentication(&c->out, 0, bytes_of(NULL, 0)));
	for (size_t i = 0; i < s->parameter_count; i++)
		if (s->parameters[i].value)
			need(c, encode_parameter_status(
					&c->out, s->parameters[i].name, s->parameters[i].value));
	need(c, encode_key_data(&c->out, c->number, c->number * 7919));
	begin(c, &s->startup, true);
	play_on(stage, c);
}

static void start(struct stage *stage, struct connection *c, struct bytes pairs)
{
	const char *at = (const char *)pairs.ptr, *end = at + pairs.len;

	while (at < end && *at) {
		const char *value = at + strlen(at) + 1;

		if (value >= end)
			break;
		if (strcmp(at, "application_name") == 0)
			c->session = use_session(stage, value);
		at = value + strlen(value) + 1;
	}
	c->is_started = true;
	find_place(c);
	greet(stage, c);
}

static uint32_t number_at(struct bytes body, size_t at)
{
	const unsigned char *p = body.ptr + at;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void cancel(struct stage *stage, struct connection *c, struct bytes body)
{
	for (size_t i = 0; body.len >= 12 && i < PLAY_CONNECTIONS_MAX; i++) {
		struct connection *other = &stage->connections[i];

		if (other->fd >= 0 && other->number == number_at(body, 4))
			other->is_cancelled = true;
	}
	c->is_ended = true;
}

static bool take_startup(struct stage *stage, struct connection *c)
{
	struct frame f;
	struct err err;
	uint32_t code;

	if (frame_startup(buf_bytes(&c->in), &f, &err) != FRAME_OK || f.body.len < 4)
		return false;
	code = number_at(f.body, 0);
	if (code == WIRE_CODE_SSL || code == WIRE_CODE_GSSENC)
		need(c, buf_append_byte(&c->out, 'N'));
	else if (code == WIRE_CODE_CANCEL)
		cancel(stage, c, f.body);
	else
		start(stage, c, bytes_skip(f.body, 4));
	buf_consume(&c->in, f.whole.len);
	return true;
}

void play_advance(struct stage *stage, struct connection *c)
{
	play_on(stage, c);
	while (!c->playing && !c->is_ended &&
		(c->is_started ? take_message(stage, c) : take_startup(stage, c)))
		continue;
}

int play_timeout(const struct connection *c)
{
	int64_t now = clock_mono_us(), until = c->wait_until_us;

	if (!c->playing || c->is_ended)
		return -1;
	if (!until)
		until = now + WAIT_TICK_US;
	return until <= now ? 0 : (int)((until - now) / 1000 + 1);
}
