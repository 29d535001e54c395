/*
 * Reading the messages of a request for what the comparison and the order need to know.
 */
#include "replay/steps.h"

#include <stdlib.h>

#include "diffengine/statement.h"
#include "wire/decode.h"
#include "wire/message.h"

/* Takes over the reference. */
static void add(struct statement_list *list, struct statement *statement)
{
	if (list->count == list->cap) {
		size_t cap = list->cap ? 2 * list->cap : 4;
		struct statement **more =
			cap > STEPS_MAX ? NULL : realloc(list->items, cap * sizeof(*more));

		if (!more) {
			statement_drop(statement);
			return;
		}
		list->items = more;
		list->cap = cap;
	}
	list->items[list->count++] = statement;
}

/* A command, and how it takes its rows. */
static void add_command(struct steps *steps, struct statement *statement, struct cursor_use use)
{
	size_t at = steps->commands.count;

	add(&steps->commands, statement);
	if (steps->commands.count == at)
		return;
	if (steps->use_cap < steps->commands.cap) {
		struct cursor_use *more = realloc(steps->uses, steps->commands.cap * sizeof(*more));

		if (!more) {
			statement_drop(steps->commands.items[--steps->commands.count]);
			return;
		}
		steps->uses = more;
		steps->use_cap = steps->commands.cap;
	}
	steps->uses[at] = use;
}

static void on_query(struct steps *steps, struct prepared *prepared, struct bytes body)
{
	struct bytes text;
	struct statement_traits traits;

	steps->is_simple = true;
	if (!decode_string(body, &text)) {
		steps->unit_writes = true;
		return;
	}
	while (statement_next(&text, &traits)) {
		struct statement *statement;

		if (traits.is_empty)
			continue;
		steps->unit_writes |= traits.is_writing;
		statement = statement_new(traits.text);
		cursors_note(prepared, statement);
		add_command(steps, statement, (struct cursor_use){0});
	}
}

static void on_parse(struct prepared *prepared, struct bytes body)
{
	struct msg_parse msg;

	struct statement *statement;

	if (!decode_parse(body, &msg))
		return;
	statement = statement_new(msg.query);
	if (statement)
		statement_learn_types(statement, msg.types);
	prepared_set(prepared, 'S', msg.name, statement);
}

static void on_bind(struct prepared *prepared, struct bytes body)
{
	struct msg_bind msg;

	if (decode_bind(body, &msg))
		prepared_set(prepared, 'P', msg.portal,
			statement_keep(prepared_get(prepared, 'S', msg.statement)));
}

static void on_describe(struct steps *steps, struct prepared *prepared, struct bytes body)
{
	struct msg_named msg;

	if (decode_named(body, &msg) && msg.kind == 'S')
		add(&steps->described, statement_keep(prepared_get(prepared, 'S', msg.name)));
}

static void on_close(struct prepared *prepared, struct bytes body)
{
	struct msg_named msg;

	if (decode_named(body, &msg))
		prepared_remove(prepared, msg.kind, msg.name);
}

static void on_execute(struct steps *steps, struct prepared *prepared, struct bytes body)
{
	struct msg_execute msg;
	struct statement *statement = NULL;
	struct cursor_use use = {0};

	if (decode_execute(body, &msg)) {
		statement = prepared_get(prepared, 'P', msg.portal);
		use = cursor_use_of(&msg);
	}
	steps->unit_writes |= !statement || statement->is_writing;
	cursors_note(prepared, statement);
	add_command(steps, statement_keep(statement), use);
}

static void on_function_call(struct steps *steps)
{
	steps->is_simple = true;
	steps->unit_writes = true;
	add_command(steps, NULL, (struct cursor_use){0});
}

void steps_note(struct steps *steps, struct prepared *prepared, const struct frame *f)
{
	switch (f->type) {
	case FRONTEND_QUERY:
		on_query(steps, prepared, f->body);
		break;
	case FRONTEND_PARSE:
		on_parse(prepared, f->body);
		break;
	case FRONTEND_BIND:
		on_bind(prepared, f->body);
		break;
	case FRONTEND_DESCRIBE:
		on_describe(steps, prepared, f->body);
		break;
	case FRONTEND_CLOSE:
		on_close(prepared, f->body);
		break;
	case FRONTEND_EXECUTE:
		on_execute(steps, prepared, f->body);
		break;
	case FRONTEND_FUNCTION_CALL:
		on_function_call(steps);
		break;
	case FRONTEND_SYNC:
		steps->unit_writes |= steps->has_written;
		break;
	case FRONTEND_COPY_DONE:
	case FRONTEND_COPY_FAIL:
		steps->unit_writes = true;
		break;
	default:
		break;
	}
}

void steps_end_unit(struct steps *steps)
{
	steps->has_written |= steps->unit_writes;
	steps->unit_writes = false;
}

/* The replay's OIDs, put down as those that the trace has; unknown ones are left out. */
static void learn_types(const struct steps *steps, struct statement *statement, struct bytes body)
{
	struct wire_items oids;

	if (!statement || statement->types || !steps->types ||
		!decode_parameter_description(body, &oids))
		return;
	statement_learn_types(statement, oids);
	for (size_t i = 0; i < statement->type_count; i++) {
		const struct user_type *type =
			user_types_find_candidate(steps->types, statement->types[i]);

		if (statement->types[i] >= FIRST_USER_OID)
			statement->types[i] = type ? type->truth : 0;
	}
}

void steps_learn(struct steps *steps, struct bytes answer)
{
	struct frame f;

	while (steps->learned < steps->described.count &&
		frame_next(answer, WIRE_BACKEND, (size_t)WIRE_MESSAGE_MAX + 5, &f, NULL) ==
			FRAME_OK) {
		struct statement *statement = steps->described.items[steps->learned];

		answer = bytes_skip(answer, f.whole.len);
		if (f.type == BACKEND_PARAMETER_DESCRIPTION) {
			steps->is_described = true;
			learn_types(steps, statement, f.body);
			continue;
		}
		if (!steps->is_described)
			continue;
		if (f.type == BACKEND_ROW_DESCRIPTION && statement)
			statement_learn_columns(statement, f.body);
		steps->is_described = false;
		steps->learned++;
	}
}

static void clear(struct statement_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		statement_drop(list->items[i]);
	list->count = 0;
}

void steps_reset(struct steps *steps)
{
	clear(&steps->commands);
	clear(&steps->described);
	*steps = (struct steps){.commands = steps->commands,
		.uses = steps->uses,
		.use_cap = steps->use_cap,
		.described = steps->described};
}

void steps_fini(struct steps *steps)
{
	steps_reset(steps);
	free(steps->commands.items);
	free(steps->uses);
	free(steps->described.items);
	*steps = (struct steps){0};
}
