/*
 * Redaction of an exchange's messages: each is copied as it is, or written anew with what has to go
 * replaced. A message that is not well-formed, or cut, goes but for its head where something
 * might be in it.
 */
#include <limits.h>

#include "diffengine/redact_impl.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/frame.h"

#define MESSAGE_MAX ((size_t)WIRE_MESSAGE_MAX + 5)
#define HEAD_LEN    5 /* type and length */

struct rewriting {
	struct redact *r;
	struct buf out;
	int64_t count;
	bool is_secret;      /* the exchange has a password: texts of its errors go */
	const bool *columns; /* of the result under way: does its value go? NULL: not described */
	size_t column_count;
	bool is_failed; /* no memory */
};

static void put(struct rewriting *w, const void *data, size_t len)
{
	w->is_failed |= len > 0 && !buf_append(&w->out, data, len);
}

static void put_between(struct rewriting *w, const unsigned char *from, const unsigned char *to)
{
	put(w, from, (size_t)(to - from));
}

static void put_length(struct rewriting *w, uint32_t n)
{
	unsigned char bytes[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16),
		(unsigned char)(n >> 8), (unsigned char)n};

	put(w, bytes, sizeof(bytes));
}

/* A message whose body is written after this; finish fills in its length. */
static size_t begin(struct rewriting *w, unsigned char type)
{
	size_t at = buf_len(&w->out);

	put(w, &type, 1);
	put_length(w, 0);
	return at;
}

static void finish(struct rewriting *w, size_t at)
{
	uint32_t len = (uint32_t)(buf_len(&w->out) - at - 1);

	if (w->is_failed)
		return;
	for (int i = 0; i < 4; i++)
		w->out.ptr[w->out.start + at + 1 + (size_t)i] =
			(unsigned char)(len >> (24 - 8 * i));
}

static void put_hash(struct rewriting *w, struct bytes value)
{
	char hash[REDACT_HASH_LEN + 1];

	redact_hash(w->r, value, hash);
	put(w, hash, REDACT_HASH_LEN);
	w->count++;
}

/* --- what holds texts and values --- */

/* The body with its `text` replaced, if it has to be. */
static void rewrite_text(struct rewriting *w, const struct frame *f, struct bytes text)
{
	struct bytes other = redact_text(w->r, text);
	size_t at;

	if (other.ptr == text.ptr) {
		put(w, f->whole.ptr, f->whole.len);
		return;
	}
	w->count++;
	at = begin(w, f->type);
	put_between(w, f->body.ptr, text.ptr);
	put(w, other.ptr, other.len);
	put_between(w, text.ptr + text.len, f->body.ptr + f->body.len);
	finish(w, at);
}

static void put_value(struct rewriting *w, const struct wire_value *value, bool goes)
{
	if (value->is_null) {
		put_length(w, UINT32_MAX);
	} else if (goes) {
		put_length(w, REDACT_HASH_LEN);
		put_hash(w, value->data);
	} else {
		put_length(w, (uint32_t)value->data.len);
		put(w, value->data.ptr, value->data.len);
	}
}

/* `values` are in the body of `f`: parameters of a Bind, arguments of a function. */
static void rewrite_parameters(struct rewriting *w, const struct frame *f, struct wire_items values)
{
	const unsigned char *first = values.rest.ptr;
	size_t at = begin(w, f->type);
	struct wire_value value;

	put_between(w, f->body.ptr, first);
	while (wire_value_next(&values, &value))
		put_value(w, &value, redact_matches(w->r, &w->r->parameters, value.data));
	put_between(w, values.rest.ptr, f->body.ptr + f->body.len);
	finish(w, at);
}

static void rewrite_copy_data(struct rewriting *w, const struct frame *f)
{
	size_t at;

	if (w->r->columns.count == 0 && !redact_matches(w->r, &w->r->parameters, f->body)) {
		put(w, f->whole.ptr, f->whole.len);
		return;
	}
	at = begin(w, f->type);
	put_hash(w, f->body);
	put(w, "\n", 1);
	finish(w, at);
}

/* What cannot be read, or is cut: its head alone, so that it is cut still. */
static void put_head(struct rewriting *w, struct bytes message)
{
	put(w, message.ptr, message.len < HEAD_LEN ? message.len : HEAD_LEN);
	w->count++;
}

/* --- the client's --- */

static void rewrite_request_message(struct rewriting *w, const struct frame *f)
{
	struct msg_function_call call;
	struct msg_parse parse;
	struct msg_bind bind;
	struct bytes text;

	if ((f->type == FRONTEND_QUERY || f->type == FRONTEND_COPY_FAIL) &&
		decode_string(f->body, &text))
		rewrite_text(w, f, text);
	else if (f->type == FRONTEND_PARSE && decode_parse(f->body, &parse))
		rewrite_text(w, f, parse.query);
	else if (f->type == FRONTEND_BIND && w->r->parameters.count > 0 &&
		 decode_bind(f->body, &bind))
		rewrite_parameters(w, f, bind.parameters);
	else if (f->type == FRONTEND_FUNCTION_CALL && w->r->parameters.count > 0 &&
		 decode_function_call(f->body, &call))
		rewrite_parameters(w, f, call.arguments);
	else if (f->type == FRONTEND_COPY_DATA)
		rewrite_copy_data(w, f);
	else if (f->type == FRONTEND_PASSWORD)
		w->count++;
	else
		put(w, f->whole.ptr, f->whole.len);
}

static bool holds_text(unsigned char type)
{
	return type == FRONTEND_QUERY || type == FRONTEND_PARSE;
}

static void rewrite_request(struct rewriting *w, struct bytes rest)
{
	struct frame f;

	while (frame_next(rest, WIRE_FRONTEND, MESSAGE_MAX, &f, NULL) == FRAME_OK) {
		rewrite_request_message(w, &f);
		rest = bytes_skip(rest, f.whole.len);
	}
	if (rest.len == 0)
		return;
	if (w->r->is_configured || (holds_text(rest.ptr[0]) && redact_may_hold_password(rest)))
		put_head(w, rest);
	else
		put(w, rest.ptr, rest.len);
}

/* --- the databases' --- */

static void note_columns(struct rewriting *w, struct bytes body)
{
	struct wire_items items;
	struct wire_column column;
	bool *columns = NULL;

	w->column_count = 0;
	if (decode_row_description(body, &items))
		columns = arena_alloc(&w->r->arena, items.count + 1U);
	w->columns = columns;
	while (columns && wire_column_next(&items, &column))
		columns[w->column_count++] = redact_is_column(w->r, column.name);
}

static void rewrite_row(struct rewriting *w, const struct frame *f)
{
	struct wire_items items;
	struct wire_value value;
	size_t at;

	if (w->r->columns.count == 0) {
		put(w, f->whole.ptr, f->whole.len);
		return;
	}
	if (!decode_data_row(f->body, &items)) {
		put_head(w, f->whole);
		return;
	}
	at = begin(w, f->type);
	put_between(w, f->body.ptr, items.rest.ptr);
	for (size_t i = 0; wire_value_next(&items, &value); i++)
		put_value(w, &value, !w->columns || i >= w->column_count || w->columns[i]);
	finish(w, at);
}

static bool is_of_text(char code)
{
	return strchr("MDHWq", code) != NULL && code != '\0';
}

static void rewrite_error(struct rewriting *w, const struct frame *f)
{
	struct bytes rest = f->body, text;
	size_t at = begin(w, f->type);
	char code;

	if (!decode_error(f->body)) {
		buf_truncate(&w->out, at);
		put_head(w, f->whole);
		return;
	}
	while (error_field_next(&rest, &code, &text)) {
		struct bytes other = !is_of_text(code) ? text
				     : w->is_secret    ? bytes_str(REDACT_WORD)
						       : redact_text(w->r, text);

		w->count += other.ptr != text.ptr;
		put(w, &code, 1);
		put(w, other.ptr, other.len);
		put(w, "", 1);
	}
	put(w, "", 1);
	finish(w, at);
}

static void rewrite_answer_message(struct rewriting *w, const struct frame *f)
{
	switch (f->type) {
	case BACKEND_ROW_DESCRIPTION:
		note_columns(w, f->body);
		put(w, f->whole.ptr, f->whole.len);
		break;
	case BACKEND_COMMAND_COMPLETE:
		w->columns = NULL;
		put(w, f->whole.ptr, f->whole.len);
		break;
	case BACKEND_DATA_ROW:
		rewrite_row(w, f);
		break;
	case BACKEND_COPY_DATA:
		rewrite_copy_data(w, f);
		break;
	case BACKEND_ERROR_RESPONSE:
	case BACKEND_NOTICE_RESPONSE:
		rewrite_error(w, f);
		break;
	default:
		put(w, f->whole.ptr, f->whole.len);
		break;
	}
}

static void rewrite_answer(struct rewriting *w, struct bytes rest)
{
	struct frame f;

	w->columns = NULL;
	while (frame_next(rest, WIRE_BACKEND, MESSAGE_MAX, &f, NULL) == FRAME_OK) {
		rewrite_answer_message(w, &f);
		rest = bytes_skip(rest, f.whole.len);
	}
	if (rest.len > 0)
		put_head(w, rest);
}

/* --- an exchange --- */

/* What was written, in the arena; `before` if nothing was replaced; nothing without memory. */
static struct bytes result(struct rewriting *w, struct bytes before)
{
	struct bytes after = before;

	if (w->is_failed)
		w->count++;
	if (w->count > 0)
		after = w->is_failed ? bytes_of(NULL, 0)
				     : arena_copy(&w->r->arena, buf_bytes(&w->out));
	buf_fini(&w->out);
	return after.ptr ? after : bytes_of(NULL, 0);
}

typedef void rewrite_fn(struct rewriting *w, struct bytes messages);

static int64_t rewrite(struct redact *r, bool is_secret, rewrite_fn *messages, struct bytes *bytes)
{
	struct rewriting w = {.r = r, .is_secret = is_secret};

	if (bytes->len == 0)
		return 0;
	buf_init(&w.out, REDACT_MEMORY_MAX);
	messages(&w, *bytes);
	*bytes = result(&w, *bytes);
	return w.count;
}

/* The whole length of an answer of which `before` bytes were kept and now are `now`. */
static void follow(int64_t *whole, size_t before, size_t now)
{
	bool was_cut = *whole > (int64_t)before;

	if (!was_cut)
		*whole = (int64_t)now;
	else if (*whole <= (int64_t)now)
		*whole = (int64_t)now + 1;
}

static void redact_answers(struct redact *r, struct redact_exchange *ex, bool is_secret)
{
	size_t truth = ex->truth.len, candidate = ex->candidate.len;

	ex->answers = rewrite(r, is_secret, rewrite_answer, &ex->truth);
	if (ex->has_candidate) {
		ex->answers += rewrite(r, is_secret, rewrite_answer, &ex->candidate);
		follow(&ex->candidate_len, candidate, ex->candidate.len);
	} else {
		follow(&ex->candidate_len, truth, ex->truth.len);
	}
	follow(&ex->truth_len, truth, ex->truth.len);
}

void redact_exchange(struct redact *r, struct redact_exchange *ex)
{
	bool may_be_secret = redact_may_hold_password(ex->request);

	ex->requests = ex->answers = 0;
	if (!r->is_configured && !may_be_secret)
		return;
	ex->requests = rewrite(r, false, rewrite_request, &ex->request);
	/* With nothing configured answers change only beside a password. */
	if (!r->is_configured && ex->requests == 0)
		return;
	redact_answers(r, ex, may_be_secret && ex->requests > 0);
}

struct bytes redact_part(struct redact *r, struct bytes head, struct bytes part)
{
	static const unsigned char without_end[] = {FRONTEND_COPY_DATA, 0x3f, 0xff, 0xff, 0xff};
	struct frame f;

	if (r->is_configured)
		return bytes_of(without_end, sizeof(without_end));
	if (!redact_may_hold_password(part))
		return part;
	while (frame_next(head, WIRE_FRONTEND, MESSAGE_MAX, &f, NULL) == FRAME_OK)
		head = bytes_skip(head, f.whole.len);
	/* The text of a statement goes on in it; the data of COPY is the user's own. */
	if (head.len > 0 && holds_text(head.ptr[0]))
		return bytes_of(without_end, sizeof(without_end));
	return part;
}

struct bytes redact_startup(struct redact *r, struct bytes parameters)
{
	struct bytes rest = parameters, name, value;
	struct rewriting w = {.r = r};

	if (!r->is_configured && !redact_may_hold_password(parameters))
		return parameters;
	buf_init(&w.out, REDACT_MEMORY_MAX);
	while (startup_parameter_next(&rest, &name, &value)) {
		struct bytes other = redact_text(r, value);

		w.count += other.ptr != value.ptr;
		put(&w, name.ptr, name.len);
		put(&w, "", 1);
		put(&w, other.ptr, other.len);
		put(&w, "", 1);
	}
	return result(&w, parameters);
}
