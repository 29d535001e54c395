/*
 * A walk over an exchange's answers finds each command's end; a walk over the request finds
 * the parameters that its portal was bound with.
 */
#include "diffengine/commands.h"

#include <stdio.h>

#include "wire/decode.h"
#include "wire/dump.h"
#include "wire/frame.h"

#define MESSAGE_MAX    ((size_t)WIRE_MESSAGE_MAX + 5)
#define PARAMETERS_MAX 4096 /* readable text of one command's parameters */
#define VALUE_MAX      200

void command_walk_init(
	struct command_walk *walk, struct bytes request, struct bytes truth, struct bytes candidate)
{
	*walk = (struct command_walk){.request = request, .truth = truth, .candidate = candidate};
	buf_init(&walk->parameters, PARAMETERS_MAX);
}

void command_walk_fini(struct command_walk *walk)
{
	buf_fini(&walk->parameters);
}

static void note_sqlstate(struct command_end *end, struct bytes state)
{
	if (state.len > 0)
		snprintf(end->sqlstate, sizeof(end->sqlstate), "%.*s", bytes_width(state, 5),
			(const char *)state.ptr);
}

static void note_end(struct command_end *end, const struct frame *f)
{
	struct bytes text;

	end->is_found = true;
	if (f->type == BACKEND_COMMAND_COMPLETE && decode_string(f->body, &text))
		snprintf(end->tag, sizeof(end->tag), "%.*s", bytes_width(text, 63),
			(const char *)text.ptr);
	else if (f->type == BACKEND_ERROR_RESPONSE && decode_error(f->body))
		note_sqlstate(end, error_field(f->body, 'C'));
}

static void note_message(struct command_end *end, const struct frame *f)
{
	switch (f->type) {
	case BACKEND_ROW_DESCRIPTION:
	case BACKEND_COPY_OUT_RESPONSE:
		end->rows = end->rows < 0 ? 0 : end->rows;
		break;
	case BACKEND_DATA_ROW:
	case BACKEND_COPY_DATA:
		end->rows = end->rows < 0 ? 1 : end->rows + 1;
		break;
	case BACKEND_BIND_COMPLETE: /* a description before it was another step's */
		end->rows = -1;
		break;
	case BACKEND_COMMAND_COMPLETE:
	case BACKEND_ERROR_RESPONSE:
	case BACKEND_PORTAL_SUSPENDED:
	case BACKEND_EMPTY_QUERY_RESPONSE:
	case BACKEND_FUNCTION_CALL_RESPONSE:
		note_end(end, f);
		break;
	default:
		break;
	}
}

static struct command_end next_end(struct bytes *answer)
{
	struct command_end end = {.rows = -1};
	struct frame f;

	while (!end.is_found &&
		frame_next(*answer, WIRE_BACKEND, MESSAGE_MAX, &f, NULL) == FRAME_OK) {
		*answer = bytes_skip(*answer, f.whole.len);
		note_message(&end, &f);
	}
	return end;
}

static int16_t format_of(struct wire_items formats, unsigned at)
{
	int16_t format = 0;
	unsigned last = formats.count == 1 ? 0 : at;

	for (unsigned i = 0; i <= last; i++)
		if (!wire_int16_next(&formats, &format))
			break;
	return format;
}

static bool show_binary(struct buf *out, struct bytes data)
{
	size_t shown = data.len < VALUE_MAX ? data.len : VALUE_MAX;

	if (!buf_append_str(out, "hex:"))
		return false;
	for (size_t i = 0; i < shown; i++)
		if (!buf_printf(out, "%02x", data.ptr[i]))
			return false;
	return shown == data.len || buf_append_str(out, "...");
}

static bool show_value(struct buf *out, const struct wire_value *value, int16_t format)
{
	if (value->is_null || format == 0)
		return dump_value(out, value, VALUE_MAX);
	return show_binary(out, value->data);
}

/* What does not fit the buffer is cut: it is for people. */
static void show_parameters(struct buf *out, const struct msg_bind *bind)
{
	struct wire_items parameters = bind->parameters;
	struct wire_value value;
	bool ok = true;

	buf_reset(out);
	if (parameters.count == 0)
		return;
	for (unsigned i = 0; ok && wire_value_next(&parameters, &value); i++)
		ok = buf_append_str(out, i ? " " : "[") &&
		     show_value(out, &value, format_of(bind->formats, i));
	if (!ok || !buf_append_str(out, "]"))
		return;
}

/* Moves on in the request to the next Execute. A portal that was bound in an earlier exchange
 * shows no parameters here. */
static void next_parameters(struct bytes *request, struct buf *out)
{
	struct frame f;
	struct msg_bind bind;

	buf_reset(out);
	while (frame_next(*request, WIRE_FRONTEND, MESSAGE_MAX, &f, NULL) == FRAME_OK) {
		*request = bytes_skip(*request, f.whole.len);
		if (f.type == FRONTEND_BIND && decode_bind(f.body, &bind))
			show_parameters(out, &bind);
		else if (f.type == FRONTEND_EXECUTE)
			return;
	}
}

bool command_walk_next(struct command_walk *walk, struct command_facts *facts)
{
	facts->truth = next_end(&walk->truth);
	facts->candidate = next_end(&walk->candidate);
	next_parameters(&walk->request, &walk->parameters);
	facts->parameters = buf_len(&walk->parameters) > 0 ? buf_cstr(&walk->parameters) : NULL;
	return facts->truth.is_found || facts->candidate.is_found;
}
