/*
 * Walking and reading recorded requests.
 */
#include "replay/request.h"

#include <string.h>

#include "schema/trace_read.h"
#include "wire/message.h"

#define HEAD_LEN 5 /* type and length */

void request_check_init(struct request_check *check, size_t max_message)
{
	*check = (struct request_check){.max = max_message};
}

/* The head is whole: what follows, and whether such a message may be. */
static void on_head(struct request_check *check)
{
	unsigned char type = check->head[0];
	const struct message_info *info = message_info(WIRE_FRONTEND, type);
	size_t len = (size_t)check->head[1] << 24 | (size_t)check->head[2] << 16 |
		     (size_t)check->head[3] << 8 | check->head[4];

	/* The length counts itself. A session's end is not part of a request, and a password
	 * never gets into a trace. */
	check->is_malformed = !info->name || len < 4 || len + 1 > check->max ||
			      len - 4 < info->min_body || len - 4 > info->max_body ||
			      type == FRONTEND_TERMINATE || type == FRONTEND_PASSWORD;
	check->left = check->is_malformed ? 0 : len - 4;
	check->last = check->left == 0 ? type : 0;
}

void request_check_feed(struct request_check *check, struct bytes data)
{
	while (data.len > 0 && !check->is_malformed) {
		size_t skipped;

		if (check->left == 0 && check->head_len == HEAD_LEN)
			check->head_len = 0;
		if (check->head_len < HEAD_LEN) {
			check->head[check->head_len++] = data.ptr[0];
			data = bytes_skip(data, 1);
			if (check->head_len == HEAD_LEN)
				on_head(check);
			continue;
		}
		skipped = data.len < check->left ? data.len : check->left;
		check->left -= skipped;
		data = bytes_skip(data, skipped);
		if (check->left == 0)
			check->last = check->head[0];
	}
}

/* What a client sends before it waits for an answer. */
static bool asks_for_answer(unsigned char type)
{
	return type == FRONTEND_QUERY || type == FRONTEND_FUNCTION_CALL || type == FRONTEND_SYNC ||
	       type == FRONTEND_FLUSH || type == FRONTEND_COPY_DONE || type == FRONTEND_COPY_FAIL;
}

enum request_state request_check_end(const struct request_check *check)
{
	if (check->is_malformed)
		return REQUEST_MALFORMED;
	if (check->head_len == 0)
		return REQUEST_EMPTY;
	if (check->head_len < HEAD_LEN || check->left > 0 || !asks_for_answer(check->last))
		return REQUEST_CUT;
	return REQUEST_WHOLE;
}

void request_init(struct request *request, struct trace *trace, size_t max_message)
{
	*request = (struct request){.trace = trace, .max_message = max_message};
	/* A message that is not whole yet, and the part that will complete it. */
	buf_init(&request->in, 2 * ((size_t)WIRE_MESSAGE_MAX + HEAD_LEN));
}

void request_fini(struct request *request)
{
	buf_fini(&request->in);
}

void request_close(struct request *request)
{
	buf_release(&request->in);
	request->given = 0;
}

struct opening {
	struct request *request;
	struct request_check check;
	bool is_out_of_memory;
};

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	struct opening *o = context;

	if (row->id != o->request->exchange)
		return false;
	request_check_feed(&o->check, row->request);
	o->is_out_of_memory = !buf_append_bytes(&o->request->in, row->request);
	return false;
}

static bool on_part(void *context, struct bytes body)
{
	struct opening *o = context;

	request_check_feed(&o->check, body);
	o->request->parts++;
	return true;
}

bool request_open(
	struct request *request, int64_t exchange, enum request_state *state, struct err *err)
{
	struct opening o = {.request = request};

	request_close(request);
	request->exchange = exchange;
	request->parts = 0;
	request->next_part = 1;
	request_check_init(&o.check, request->max_message);
	if (!trace_read_exchanges(request->trace, 0, exchange, on_exchange, &o, err) ||
		!trace_read_request_parts(request->trace, exchange, on_part, &o, err))
		return false;
	*state = request_check_end(&o.check);
	return !o.is_out_of_memory ||
	       err_set(err, "exchange %lld: out of memory", (long long)exchange);
}

struct part {
	struct buf *to;
	bool is_found, is_kept;
};

static bool keep_part(void *context, struct bytes body)
{
	struct part *part = context;

	part->is_found = true;
	part->is_kept = buf_append_bytes(part->to, body);
	return false;
}

static enum request_result read_part(struct request *request, struct err *err)
{
	struct trace_part_key key = {.exchange = request->exchange, .ordinal = request->next_part};
	struct part part = {.to = &request->in};

	if (request->next_part > request->parts && buf_len(&request->in) == 0)
		return REQUEST_END;
	request->next_part++;
	if (!trace_read_request_part(request->trace, &key, keep_part, &part, err))
		return REQUEST_FAILED;
	if (part.is_kept)
		return REQUEST_MESSAGE;
	/* One is missing between others, which the first walk need not notice. */
	err_set(err, "exchange %lld: %s", (long long)request->exchange,
		part.is_found ? "out of memory" : "a part of its request is not in the trace");
	return REQUEST_FAILED;
}

enum request_result request_next(struct request *request, struct frame *frame, struct err *err)
{
	enum request_result result;

	buf_consume(&request->in, request->given);
	request->given = 0;
	for (;;) {
		switch (frame_next(
			buf_bytes(&request->in), WIRE_FRONTEND, request->max_message, frame, err)) {
		case FRAME_OK:
			request->given = frame->whole.len;
			return REQUEST_MESSAGE;
		case FRAME_MALFORMED:
			return REQUEST_FAILED;
		case FRAME_NEED_MORE:
			break;
		}
		result = read_part(request, err);
		if (result != REQUEST_MESSAGE)
			return result;
	}
}
