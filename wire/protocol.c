/*
 * The queue of owed answers. The hot path is one switch and one byte of a ring per message.
 * Rules: protocol document, "Message Flow"; for what the backend ignores, PostgresMain
 * (postgres.c) and CopyGetData (copyfromparse.c).
 */
#include "wire/protocol.h"

#include <stdlib.h>
#include <string.h>

#include "wire/decode.h"

/* Two more values beside enum protocol_owed. OWED_COPY_END stands in the ring where the
 * frontend sent CopyDone or CopyFail before the CopyInResponse was seen: the COPY IN that
 * comes ends there. Answered by nothing, so it never stays at the front. */
enum { OWED_COPY_END = PROTOCOL_OWED_COUNT, OWED_NOTHING };

#define RING_FIRST 64 /* a power of two, as is PROTOCOL_OWED_MAX */

void protocol_init(struct protocol *p)
{
	*p = (struct protocol){.status = 'I'};
}

void protocol_fini(struct protocol *p)
{
	free(p->owed);
	protocol_init(p);
}

static unsigned char *entry(const struct protocol *p, size_t i)
{
	return &p->owed[(p->head + i) & (p->cap - 1)];
}

static bool is_oldest(const struct protocol *p, enum protocol_owed owed)
{
	return p->count > 0 && *entry(p, 0) == owed;
}

static bool ends_in_ready(unsigned char owed)
{
	return owed == PROTOCOL_OWED_QUERY || owed == PROTOCOL_OWED_FUNCTION_CALL ||
	       owed == PROTOCOL_OWED_SYNC;
}

static bool grow(struct protocol *p)
{
	size_t cap = p->cap > 0 ? p->cap * 2 : RING_FIRST;
	unsigned char *ring;

	if (cap > PROTOCOL_OWED_MAX)
		return false;
	ring = malloc(cap);
	if (!ring)
		return false;
	for (size_t i = 0; i < p->count; i++)
		ring[i] = *entry(p, i);
	free(p->owed);
	p->owed = ring;
	p->cap = cap;
	p->head = 0;
	return true;
}

static enum protocol_result push(struct protocol *p, unsigned char owed)
{
	if (p->count == p->cap && !grow(p))
		return PROTOCOL_FULL;
	*entry(p, p->count++) = owed;
	p->syncs += ends_in_ready(owed);
	return PROTOCOL_OK;
}

static void drop_oldest(struct protocol *p)
{
	p->syncs -= ends_in_ready(*entry(p, 0));
	p->head = (p->head + 1) & (p->cap - 1);
	p->count--;
}

/* Removes the second oldest entry, by moving the oldest into its place. */
static void drop_second(struct protocol *p)
{
	p->syncs -= ends_in_ready(*entry(p, 1));
	*entry(p, 1) = *entry(p, 0);
	p->head = (p->head + 1) & (p->cap - 1);
	p->count--;
}

/* The oldest entry is answered whole. True, so that it can end a check. */
static bool finish_oldest(struct protocol *p)
{
	drop_oldest(p);
	p->is_answered = false;
	while (p->count > 0 && *entry(p, 0) == OWED_COPY_END)
		drop_oldest(p);
	return true;
}

/* --- requests --- */

static unsigned char owed_for(const struct frame *frame)
{
	switch (frame->type) {
	case FRONTEND_QUERY:
		return PROTOCOL_OWED_QUERY;
	case FRONTEND_FUNCTION_CALL:
		return PROTOCOL_OWED_FUNCTION_CALL;
	case FRONTEND_PARSE:
		return PROTOCOL_OWED_PARSE;
	case FRONTEND_BIND:
		return PROTOCOL_OWED_BIND;
	case FRONTEND_DESCRIBE:
		return frame->body.len > 0 && frame->body.ptr[0] == 'S'
			       ? PROTOCOL_OWED_DESCRIBE_STATEMENT
			       : PROTOCOL_OWED_DESCRIBE_PORTAL;
	case FRONTEND_EXECUTE:
		return PROTOCOL_OWED_EXECUTE;
	case FRONTEND_CLOSE:
		return PROTOCOL_OWED_CLOSE;
	case FRONTEND_SYNC:
		return PROTOCOL_OWED_SYNC;
	case FRONTEND_COPY_DONE:
	case FRONTEND_COPY_FAIL:
		return OWED_COPY_END;
	default: /* CopyData, Flush, Terminate */
		return OWED_NOTHING;
	}
}

/* CopyDone and CopyFail outside of COPY are leftovers that the backend ignores, unless a
 * request before them turns out to be a COPY: then its data has ended here. */
static enum protocol_result note_copy_end(struct protocol *p)
{
	switch (p->copy) {
	case PROTOCOL_COPY_IN:
		p->copy = PROTOCOL_COPY_NONE;
		return PROTOCOL_OK;
	case PROTOCOL_COPY_BOTH:
		p->copy = PROTOCOL_COPY_OUT;
		return PROTOCOL_OK;
	case PROTOCOL_COPY_NONE:
	case PROTOCOL_COPY_OUT:
		break;
	}
	return p->count > 0 ? push(p, OWED_COPY_END) : PROTOCOL_OK;
}

enum protocol_result protocol_on_request(struct protocol *p, const struct frame *frame)
{
	unsigned char owed = owed_for(frame);

	if (owed == OWED_NOTHING)
		return PROTOCOL_OK;
	if (owed == OWED_COPY_END)
		return note_copy_end(p);
	if (owed == PROTOCOL_OWED_SYNC && p->copy == PROTOCOL_COPY_IN) {
		p->doubtful++;
		return PROTOCOL_OK;
	}
	/* Skipping with a Sync owed: what follows that Sync is processed, so it is noted. */
	if (p->is_skipping && p->count == 0 && owed != PROTOCOL_OWED_SYNC)
		return PROTOCOL_OK;
	return push(p, owed);
}

struct protocol_mark protocol_mark(const struct protocol *p)
{
	return (struct protocol_mark){
		.count = p->count, .syncs = p->syncs, .doubtful = p->doubtful, .copy = p->copy};
}

void protocol_rewind(struct protocol *p, const struct protocol_mark *mark)
{
	p->count = mark->count;
	p->syncs = mark->syncs;
	p->doubtful = mark->doubtful;
	p->copy = mark->copy;
}

/* --- answers --- */

static enum protocol_result violation(
	const struct protocol *p, const struct frame *frame, struct err *err)
{
	const char *name = message_info(WIRE_BACKEND, frame->type)->name;

	if (!name)
		name = "an unknown message";
	if (p->is_skipping)
		err_set(err, "protocol violation: %s between an error and ReadyForQuery", name);
	else
		err_set(err, "protocol violation: %s where the answer to %s was owed%s", name,
			protocol_owed_name(p), p->copy != PROTOCOL_COPY_NONE ? ", in COPY" : "");
	return PROTOCOL_VIOLATION;
}

/* After an error in an extended message everything up to the next Sync is discarded, Query
 * and FunctionCall too. An error in Sync itself (a deferred constraint fails at its commit)
 * is followed by its ReadyForQuery; one that nothing is owed for is a FATAL. */
static void on_error(struct protocol *p)
{
	p->copy = PROTOCOL_COPY_NONE;
	if (p->is_skipping || p->count == 0 || is_oldest(p, PROTOCOL_OWED_SYNC))
		return;
	if (ends_in_ready(*entry(p, 0))) {
		p->is_answered = true;
		return;
	}
	p->is_skipping = true;
	while (p->count > 0 && !is_oldest(p, PROTOCOL_OWED_SYNC))
		drop_oldest(p);
}

static enum protocol_result on_ready(struct protocol *p, const struct frame *frame, struct err *err)
{
	char status;

	if (!decode_ready(frame->body, &status)) {
		err_set(err, "protocol violation: ReadyForQuery has no known status");
		return PROTOCOL_VIOLATION;
	}
	if (p->copy != PROTOCOL_COPY_NONE)
		return violation(p, frame, err);
	if (p->is_answered || is_oldest(p, PROTOCOL_OWED_SYNC))
		finish_oldest(p);
	else if (p->doubtful > 0)
		p->doubtful--;
	else
		return violation(p, frame, err);
	p->is_skipping = false;
	p->status = status;
	return PROTOCOL_OK;
}

/* The backend reads, and ignores, Syncs until the data ends: none of those that were sent
 * directly after this COPY owes anything. If the end was sent, too, no data is awaited. */
static void start_copy_in(struct protocol *p)
{
	p->copy = PROTOCOL_COPY_IN;
	while (p->count > 1 && *entry(p, 1) == PROTOCOL_OWED_SYNC) {
		drop_second(p);
		p->doubtful++;
	}
	if (p->count > 1 && *entry(p, 1) == OWED_COPY_END) {
		drop_second(p);
		p->copy = PROTOCOL_COPY_NONE;
	}
}

static bool start_copy(struct protocol *p, unsigned char type)
{
	p->is_answered = false;
	if (type == BACKEND_COPY_IN_RESPONSE)
		start_copy_in(p);
	else
		p->copy =
			type == BACKEND_COPY_OUT_RESPONSE ? PROTOCOL_COPY_OUT : PROTOCOL_COPY_BOTH;
	return true;
}

/* In COPY only its data and its end come, and they come nowhere else. */
static bool check_copy(struct protocol *p, unsigned char type)
{
	if (p->copy != PROTOCOL_COPY_OUT && p->copy != PROTOCOL_COPY_BOTH)
		return false;
	if (type == BACKEND_COPY_DATA)
		return true;
	if (type != BACKEND_COPY_DONE)
		return false;
	p->copy = p->copy == PROTOCOL_COPY_BOTH ? PROTOCOL_COPY_IN : PROTOCOL_COPY_NONE;
	return true;
}

/* Any number of results, one per statement of the string. */
static bool check_query(struct protocol *p, unsigned char type)
{
	switch (type) {
	case BACKEND_ROW_DESCRIPTION:
	case BACKEND_DATA_ROW:
		p->is_answered = false;
		return true;
	case BACKEND_COMMAND_COMPLETE:
		p->doubtful = 0;
		p->is_answered = true;
		return true;
	case BACKEND_EMPTY_QUERY_RESPONSE:
		p->is_answered = true;
		return true;
	case BACKEND_COPY_IN_RESPONSE:
	case BACKEND_COPY_OUT_RESPONSE:
	case BACKEND_COPY_BOTH_RESPONSE:
		return start_copy(p, type);
	default:
		return false;
	}
}

static bool check_execute(struct protocol *p, unsigned char type)
{
	switch (type) {
	case BACKEND_DATA_ROW:
		return true;
	case BACKEND_COMMAND_COMPLETE:
		p->doubtful = 0;
		return finish_oldest(p);
	case BACKEND_PORTAL_SUSPENDED:
	case BACKEND_EMPTY_QUERY_RESPONSE:
		return finish_oldest(p);
	case BACKEND_COPY_IN_RESPONSE:
	case BACKEND_COPY_OUT_RESPONSE:
		return start_copy(p, type);
	default:
		return false;
	}
}

/* Checks a message off against the oldest entry; false: it is not what that owes. */
static bool check_off(struct protocol *p, unsigned char type)
{
	switch ((enum protocol_owed) * entry(p, 0)) {
	case PROTOCOL_OWED_QUERY:
		return check_query(p, type);
	case PROTOCOL_OWED_FUNCTION_CALL:
		if (type != BACKEND_FUNCTION_CALL_RESPONSE || p->is_answered)
			return false;
		p->is_answered = true;
		return true;
	case PROTOCOL_OWED_PARSE:
		return type == BACKEND_PARSE_COMPLETE && finish_oldest(p);
	case PROTOCOL_OWED_BIND:
		return type == BACKEND_BIND_COMPLETE && finish_oldest(p);
	case PROTOCOL_OWED_DESCRIBE_STATEMENT:
		if (type != BACKEND_PARAMETER_DESCRIPTION)
			return false;
		/* What is left to come is what a portal's Describe owes. */
		*entry(p, 0) = PROTOCOL_OWED_DESCRIBE_PORTAL;
		return true;
	case PROTOCOL_OWED_DESCRIBE_PORTAL:
		return (type == BACKEND_ROW_DESCRIPTION || type == BACKEND_NO_DATA) &&
		       finish_oldest(p);
	case PROTOCOL_OWED_EXECUTE:
		return check_execute(p, type);
	case PROTOCOL_OWED_CLOSE:
		return type == BACKEND_CLOSE_COMPLETE && finish_oldest(p);
	case PROTOCOL_OWED_SYNC:
	case PROTOCOL_OWED_COUNT:
		break;
	}
	return false;
}

enum protocol_result protocol_on_answer(
	struct protocol *p, const struct frame *frame, struct err *err)
{
	bool is_expected;

	switch (frame->type) {
	case BACKEND_NOTICE_RESPONSE:
	case BACKEND_PARAMETER_STATUS:
	case BACKEND_NOTIFICATION_RESPONSE:
		return PROTOCOL_OK;
	case BACKEND_ERROR_RESPONSE:
		on_error(p);
		return PROTOCOL_OK;
	case BACKEND_READY_FOR_QUERY:
		return on_ready(p, frame, err);
	default:
		break;
	}
	if (p->is_skipping || p->count == 0)
		is_expected = false;
	else if (p->copy != PROTOCOL_COPY_NONE)
		is_expected = check_copy(p, frame->type);
	else
		is_expected = check_off(p, frame->type);
	return is_expected ? PROTOCOL_OK : violation(p, frame, err);
}

/* --- questions --- */

bool protocol_is_idle(const struct protocol *p)
{
	return p->count == 0 && !p->is_skipping;
}

bool protocol_is_settled(const struct protocol *p)
{
	return p->count == 0 || p->copy == PROTOCOL_COPY_IN;
}

#define X_NAME(NAME, name) name,
static const char *const owed_names[] = {PROTOCOL_OWED_X(X_NAME)};
#undef X_NAME
_Static_assert(ARRAY_LEN(owed_names) == PROTOCOL_OWED_COUNT, "a name for each");

const char *protocol_owed_name(const struct protocol *p)
{
	return p->count > 0 ? owed_names[*entry(p, 0)] : "nothing";
}
