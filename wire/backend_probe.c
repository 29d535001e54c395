/*
 * Questions about locks: connect if need be, one Query, read the rows.
 */
#include "wire/backend_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/decode.h"
#include "wire/encode.h"

#define MESSAGE_MAX 65536

struct probe {
	uv_loop_t *loop;
	const struct backend_target *target;
	on_probed_fn *on_probed;
	void *context;
	struct backend *backend; /* NULL: not connected */
	char *database;          /* of the connection */
	struct probe_question question;
	struct probe_answer answer;
	bool is_busy;
	int64_t used_us;
};

static void finish(struct probe *p)
{
	p->is_busy = false;
	p->used_us = clock_mono_us();
	p->on_probed(p->context, &p->answer);
}

/* The connection is of no use: the next question gets another. */
static void fail(struct probe *p)
{
	backend_close(p->backend);
	p->backend = NULL;
	if (p->is_busy)
		finish(p);
}

static bool build_query(struct buf *out, const struct probe_question *q)
{
	if (!buf_printf(out,
		    "SELECT p, h[1:%d] FROM (SELECT p, pg_catalog.pg_blocking_pids(p) AS h "
		    "FROM unnest(ARRAY[",
		    PROBE_HOLDERS_MAX))
		return false;
	for (size_t i = 0; i < q->count; i++)
		if (!buf_printf(out, "%s%d", i ? "," : "", q->pids[i]))
			return false;
	return buf_append_str(out, "]::int[]) p) q WHERE pg_catalog.cardinality(h) > 0");
}

static bool send_question(struct probe *p)
{
	struct buf sql, message;
	struct frame f;
	bool ok;

	buf_init(&sql, MESSAGE_MAX);
	buf_init(&message, MESSAGE_MAX);
	ok = build_query(&sql, &p->question) && encode_query(&message, buf_cstr(&sql)) &&
	     frame_next(buf_bytes(&message), WIRE_FRONTEND, MESSAGE_MAX, &f, NULL) == FRAME_OK &&
	     protocol_on_request(&p->backend->protocol, &f) == PROTOCOL_OK &&
	     backend_send(p->backend, buf_bytes(&message));
	buf_fini(&sql);
	buf_fini(&message);
	return ok;
}

static void on_connected(struct backend *b, void *context)
{
	struct probe *p = context;

	if (b->state != BACKEND_READY || !send_question(p))
		fail(p);
}

/* "{4711,4712}" */
static void take_holders(int32_t *holders, struct bytes array)
{
	char text[PROBE_HOLDERS_MAX * 12 + 2], *at = text;

	snprintf(text, sizeof(text), "%.*s", bytes_width(array, sizeof(text) - 1),
		(const char *)array.ptr);
	for (int i = 0; i < PROBE_HOLDERS_MAX && (*at == '{' || *at == ','); i++)
		holders[i] = (int32_t)strtol(at + 1, &at, 10);
}

static void take_row(struct probe *p, struct bytes body)
{
	struct wire_items values;
	struct wire_value value;
	char digits[16];

	if (!decode_data_row(body, &values) || !wire_value_next(&values, &value) || value.is_null ||
		p->answer.count == PROBE_PIDS_MAX)
		return;
	snprintf(digits, sizeof(digits), "%.*s", bytes_width(value.data, 15),
		(const char *)value.data.ptr);
	p->answer.blocked[p->answer.count] = (int32_t)strtol(digits, NULL, 10);
	if (wire_value_next(&values, &value) && !value.is_null)
		take_holders(p->answer.holders[p->answer.count], value.data);
	p->answer.count++;
}

static void take_message(struct probe *p, const struct frame *f)
{
	struct err ignored;

	if (protocol_on_answer(&p->backend->protocol, f, &ignored) != PROTOCOL_OK)
		return;
	if (f->type == BACKEND_DATA_ROW)
		take_row(p, f->body);
	else if (f->type == BACKEND_COMMAND_COMPLETE)
		p->answer.is_known = true;
}

static void on_readable(struct backend *b, void *context)
{
	struct probe *p = context;
	struct frame f;

	while (frame_next(buf_bytes(&b->link.in), WIRE_BACKEND, MESSAGE_MAX, &f, NULL) ==
		FRAME_OK) {
		take_message(p, &f);
		buf_consume(&b->link.in, f.whole.len);
	}
	if (b->state == BACKEND_ENDED) {
		fail(p);
		return;
	}
	backend_update(b);
	if (p->is_busy && protocol_is_idle(&b->protocol))
		finish(p);
}

static void on_drained(struct backend *b, void *context)
{
	(void)b;
	(void)context;
}

struct probe *probe_new(uv_loop_t *loop, const struct backend_target *target,
	on_probed_fn *on_probed, void *context)
{
	struct probe *p = calloc(1, sizeof(*p));

	if (p)
		*p = (struct probe){
			.loop = loop, .target = target, .on_probed = on_probed, .context = context};
	return p;
}

void probe_free(struct probe *p)
{
	if (p) {
		probe_stop(p);
		free(p->database);
	}
	free(p);
}

static bool connect_first(struct probe *p, const struct probe_question *question)
{
	static const struct backend_events events = {
		.on_connected = on_connected, .on_readable = on_readable, .on_drained = on_drained};
	struct backend_wishes wishes = {.user = question->user,
		.database = question->database,
		.application_name = "twinkly watch",
		.password = question->password};

	free(p->database);
	p->database = question->database ? strdup(question->database) : NULL;
	p->backend = backend_connect(p->loop, p->target, &wishes, MESSAGE_MAX, &events, p);
	return p->backend != NULL;
}

bool probe_ask(struct probe *p, const struct probe_question *question)
{
	p->question = *question;
	p->answer = (struct probe_answer){0};
	if (!p->backend && !connect_first(p, question))
		return false;
	p->is_busy = true;
	if (p->backend->state == BACKEND_READY && !send_question(p)) {
		probe_stop(p);
		return false;
	}
	return true;
}

bool probe_is_busy(const struct probe *p)
{
	return p->is_busy;
}

bool probe_is_open(const struct probe *p)
{
	return p->backend != NULL;
}

bool probe_is_elsewhere(const struct probe *p, const char *database)
{
	return p->backend && p->database && database && strcmp(p->database, database) != 0;
}

void probe_trim(struct probe *p, int64_t now_mono_us)
{
	if (p->backend && !p->is_busy && now_mono_us - p->used_us > PROBE_LINGER_US)
		probe_stop(p);
}

void probe_stop(struct probe *p)
{
	backend_close(p->backend);
	p->backend = NULL;
	p->is_busy = false;
}
