/*
 * From backend messages to items. Two passes: the first counts messages, so that the arrays
 * are allocated once; the second fills them. A result item is opened by its first message and
 * closed by CommandComplete, PortalSuspended, EmptyQueryResponse, ErrorResponse, or by the
 * answer to another step.
 */
#include "diffengine/outcome.h"

#include "wire/decode.h"
#include "wire/frame.h"

#define ANSWER_MESSAGE_MAX ((size_t)WIRE_MESSAGE_MAX + 5)

struct builder {
	struct outcome *outcome;
	struct bytes *rows;   /* next free slot */
	struct item *open;    /* the result under way, or NULL */
	struct bytes columns; /* for a result that continues */
	unsigned ordinal;
};

static struct item *add_item(struct builder *b, enum item_kind kind, size_t offset)
{
	struct item *item = &b->outcome->items[b->outcome->count++];

	item->kind = kind;
	item->offset = offset;
	item->ordinal = b->ordinal;
	item->rows = b->rows;
	return item;
}

static struct item *result(struct builder *b, size_t offset)
{
	if (!b->open)
		b->open = add_item(b, ITEM_RESULT, offset);
	return b->open;
}

/* A result that another step's answer follows was only described. */
static void close_described(struct builder *b)
{
	if (b->open)
		b->open->end = ITEM_DESCRIBED;
	b->open = NULL;
}

static void end_result(struct builder *b, size_t offset, enum item_end end)
{
	result(b, offset)->end = end;
	b->open = NULL;
	b->ordinal++;
}

static void on_step(struct builder *b, enum item_kind kind, size_t offset)
{
	close_described(b);
	add_item(b, kind, offset);
}

static void on_description(struct builder *b, const struct frame *f, size_t offset)
{
	bool fits = b->open && !b->open->columns.ptr && !b->open->is_no_data &&
		    b->open->parameters.ptr && f->type != BACKEND_PARAMETER_DESCRIPTION;

	if (!fits)
		close_described(b);
	if (f->type == BACKEND_PARAMETER_DESCRIPTION)
		result(b, offset)->parameters = f->body;
	else if (f->type == BACKEND_ROW_DESCRIPTION)
		result(b, offset)->columns = f->body;
	else
		result(b, offset)->is_no_data = true;
}

static bool on_end(struct builder *b, const struct frame *f, size_t offset)
{
	struct item *item = result(b, offset);

	if (f->type == BACKEND_COMMAND_COMPLETE) {
		if (!decode_string(f->body, &item->tag))
			return false;
		end_result(b, offset, ITEM_COMPLETE);
	} else if (f->type == BACKEND_ERROR_RESPONSE) {
		if (!decode_error(f->body))
			return false;
		item->error = f->body;
		end_result(b, offset, ITEM_ERROR);
	} else {
		end_result(b, offset,
			f->type == BACKEND_PORTAL_SUSPENDED ? ITEM_SUSPENDED : ITEM_EMPTY);
	}
	return true;
}

static void on_row(struct builder *b, const struct frame *f, size_t offset)
{
	struct item *item = result(b, offset);

	item->is_copy = f->type == BACKEND_COPY_DATA;
	*b->rows++ = f->body;
	item->row_count++;
}

static bool on_ready(struct builder *b, const struct frame *f, size_t offset)
{
	close_described(b);
	return decode_ready(f->body, &add_item(b, ITEM_READY, offset)->status);
}

static bool on_message(struct builder *b, const struct frame *f, size_t offset)
{
	switch (f->type) {
	case BACKEND_PARSE_COMPLETE:
		on_step(b, ITEM_PARSED, offset);
		return true;
	case BACKEND_BIND_COMPLETE:
		on_step(b, ITEM_BOUND, offset);
		return true;
	case BACKEND_CLOSE_COMPLETE:
		on_step(b, ITEM_CLOSED, offset);
		return true;
	case BACKEND_PARAMETER_DESCRIPTION:
	case BACKEND_ROW_DESCRIPTION:
	case BACKEND_NO_DATA:
		on_description(b, f, offset);
		return true;
	case BACKEND_DATA_ROW:
	case BACKEND_COPY_DATA:
		on_row(b, f, offset);
		return true;
	case BACKEND_COPY_IN_RESPONSE:
	case BACKEND_COPY_OUT_RESPONSE:
	case BACKEND_COPY_BOTH_RESPONSE:
		result(b, offset)->copy = f->body;
		return true;
	case BACKEND_COMMAND_COMPLETE:
	case BACKEND_PORTAL_SUSPENDED:
	case BACKEND_EMPTY_QUERY_RESPONSE:
	case BACKEND_ERROR_RESPONSE:
		return on_end(b, f, offset);
	case BACKEND_FUNCTION_CALL_RESPONSE:
		close_described(b);
		add_item(b, ITEM_FUNCTION, offset)->function = f->body;
		b->ordinal++;
		return true;
	case BACKEND_READY_FOR_QUERY:
		return on_ready(b, f, offset);
	default: /* asynchronous, or CopyDone */
		return true;
	}
}

static bool is_row(const struct frame *f)
{
	return f->type == BACKEND_DATA_ROW || f->type == BACKEND_COPY_DATA;
}

/* `*items`: how many there can be at most. Each message opens one at most; of the rows in a
 * sequence only the first can, since none of them closes the item. */
static bool count_messages(struct bytes answer, size_t *items, size_t *rows, struct err *err)
{
	struct frame f;
	struct err why;
	bool was_row = false;

	*items = *rows = 0;
	while (answer.len > 0) {
		switch (frame_next(answer, WIRE_BACKEND, ANSWER_MESSAGE_MAX, &f, &why)) {
		case FRAME_NEED_MORE:
			return err_set(err, "the answer ends inside a message");
		case FRAME_MALFORMED:
			return err_set(err, "the answer is malformed: %.400s", why.text);
		case FRAME_OK:
			break;
		}
		*items += !is_row(&f) || !was_row;
		was_row = is_row(&f);
		*rows += was_row;
		answer = bytes_skip(answer, f.whole.len);
	}
	return true;
}

bool outcome_parse(struct outcome *outcome, struct bytes answer, const struct outcome_start *start,
	struct arena *arena, struct err *err)
{
	struct builder b = {.outcome = outcome, .ordinal = start->ordinal};
	size_t items, rows, offset = 0;
	struct frame f;

	*outcome = (struct outcome){0};
	if (!count_messages(answer, &items, &rows, err))
		return false;
	/* One more for a result that was under way before. */
	outcome->items = arena_alloc(arena, (items + 1) * sizeof(*outcome->items));
	b.rows = arena_alloc(arena, (rows + 1) * sizeof(*b.rows));
	if (!outcome->items || !b.rows)
		return err_set(err, "the answer is too large to be compared");
	if (start->is_in_result)
		result(&b, 0)->columns = start->columns;
	while (offset < answer.len && frame_next(bytes_skip(answer, offset), WIRE_BACKEND,
					      ANSWER_MESSAGE_MAX, &f, err) == FRAME_OK) {
		if (!on_message(&b, &f, offset))
			return err_set(err, "the answer is malformed: %s message",
				message_info(WIRE_BACKEND, f.type)->name);
		offset += f.whole.len;
	}
	return true;
}

size_t text_shown(struct bytes text, size_t most)
{
	size_t len = most;

	if (text.len <= most)
		return text.len;
	while (len > 0 && most - len < 3 && (text.ptr[len] & 0xc0) == 0x80)
		len--;
	/* More continuation bytes than UTF-8 has: another encoding, cut anywhere. */
	return (text.ptr[len] & 0xc0) == 0x80 ? most : len;
}

static const char *error_summary(const struct item *item, struct arena *arena)
{
	struct bytes state = error_field(item->error, 'C');
	struct bytes message = error_field(item->error, 'M');

	return arena_printf(arena, "ERROR %.*s: %.*s", (int)text_shown(state, 5),
		state.len ? (const char *)state.ptr : "", (int)text_shown(message, 300),
		message.len ? (const char *)message.ptr : "");
}

const char *item_summary(const struct item *item, struct arena *arena)
{
	static const char *const kinds[] = {"ParseComplete", "BindComplete", "CloseComplete",
		"a result", "FunctionCallResponse", "ReadyForQuery"};
	const char *text = NULL;

	if (item->kind != ITEM_RESULT)
		return kinds[item->kind];
	switch (item->end) {
	case ITEM_OPEN:
		return item->copy.ptr ? "COPY in progress" : "an unfinished result";
	case ITEM_DESCRIBED:
		return item->is_no_data ? "a description without columns" : "a description";
	case ITEM_SUSPENDED:
		return "PortalSuspended";
	case ITEM_EMPTY:
		return "an empty query";
	case ITEM_COMPLETE:
		text = arena_copy_str(arena, bytes_of(item->tag.ptr, text_shown(item->tag, 64)));
		break;
	case ITEM_ERROR:
		text = error_summary(item, arena);
		break;
	}
	return text ? text : "";
}
