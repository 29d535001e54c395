/*
 * One statement on each side before the session begins.
 */
#include "capture/seed.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "wire/decode.h"
#include "wire/encode.h"

double seed_of(const char *database, int64_t session, int64_t run)
{
	char text[256];
	uint64_t hash;

	snprintf(text, sizeof(text), "%lld %lld %.200s", (long long)run, (long long)session,
		database);
	hash = hash_bytes64(bytes_str(text));
	/* 52 bits: what a double tells apart below 1. */
	return (double)(hash >> 12) / (double)(UINT64_C(1) << 52);
}

static bool send_one(struct backend *b, const char *sql)
{
	struct buf message;
	struct frame f;
	bool ok;

	buf_init(&message, 4096);
	/* A connection that is lost says so through on_readable. */
	ok = encode_query(&message, sql) &&
	     frame_next(buf_bytes(&message), WIRE_FRONTEND, 4096, &f, NULL) == FRAME_OK &&
	     protocol_on_request(&b->protocol, &f) == PROTOCOL_OK;
	if (ok)
		(void)!backend_send(b, buf_bytes(&message));
	buf_fini(&message);
	return ok;
}

bool seed_begin(struct session *s)
{
	const struct settings *settings = s->proxy->settings;
	char sql[80], seed[32];

	if (!settings->seeds_random && !settings->seeds_uuid)
		return false;
	snprintf(seed, sizeof(seed), "%.17g", seed_of(s->database, s->id, s->proxy->began_wall_us));
	snprintf(sql, sizeof(sql), "SELECT pg_catalog.setseed(%s)", seed);
	record_event(&s->proxy->record, s->id, "seed", seed);
	s->is_seeding = true;
	s->deadline_us = clock_mono_us() + settings->backend_timeout_us;
	watch_update(s->proxy);
	if (!send_one(s->truth.backend, sql) ||
		(!s->is_alone && !send_one(s->candidate.backend, sql)))
		session_fatal(s, "53200", "twinkly is out of memory");
	return true;
}

static void take_message(struct session *s, struct backend *b, const struct frame *f)
{
	struct bytes why;

	/* What changes meanwhile belongs to what the client is greeted with. */
	if (f->type == BACKEND_PARAMETER_STATUS)
		(void)!buf_append_bytes(&b->parameters, f->whole);
	if (f->type != BACKEND_ERROR_RESPONSE || !decode_error(f->body))
		return;
	why = error_field(f->body, 'M');
	log_warning("session %lld: %s does not take a seed for random(): %.*s", (long long)s->id,
		b->target->name, bytes_width(why, 200), why.len ? (const char *)why.ptr : "");
	record_event(&s->proxy->record, s->id, "seed-refused", b->target->name);
}

bool seed_on_readable(struct session *s, struct backend *b)
{
	struct frame f;
	struct err err;
	enum frame_result result;
	size_t max = (size_t)s->proxy->settings->max_message;

	while ((result = frame_next(buf_bytes(&b->link.in), WIRE_BACKEND, max, &f, &err)) ==
		FRAME_OK) {
		if (protocol_on_answer(&b->protocol, &f, &err) != PROTOCOL_OK) {
			result = FRAME_MALFORMED;
			break;
		}
		take_message(s, b, &f);
		buf_consume(&b->link.in, f.whole.len);
	}
	if (result == FRAME_MALFORMED) {
		session_fatal(s, "08P01", "twinkly: %s: %s", b->target->name, err.text);
		return false;
	}
	backend_update(b);
	return protocol_is_idle(&s->truth.backend->protocol) &&
	       (s->is_alone || protocol_is_idle(&s->candidate.backend->protocol));
}
