/*
 * Answers of two runs.
 */
#include "replay/drift.h"

#include <string.h>

#include "diffengine/statement.h"
#include "schema/trace_read.h"

#define TEXT_MAX ((size_t)1 << 31)

struct fixture_side drift_truth(const struct trace_exchange *row)
{
	return (struct fixture_side){.bytes = row->truth,
		.is_cut = (int64_t)row->truth.len < row->truth_len,
		.status = row->truth_status};
}

struct fixture_side drift_candidate(const struct trace_exchange *row)
{
	struct bytes bytes = row->has_candidate ? row->candidate : row->truth;

	return (struct fixture_side){.bytes = bytes,
		.is_cut = (int64_t)bytes.len < row->candidate_len,
		.status = row->candidate_status};
}

/* The next line, without its newline. */
static struct bytes take_line(struct bytes *rest)
{
	const unsigned char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
	size_t len = end ? (size_t)(end - rest->ptr) : rest->len;
	struct bytes line = bytes_of(rest->ptr, len);

	*rest = bytes_skip(*rest, len + 1);
	return line;
}

static bool is_cut(struct bytes line)
{
	return line.len >= 3 && memcmp(line.ptr, "cut", 3) == 0;
}

/* Equal, or equal as far as an answer that was cut is known. */
static bool is_same_text(struct bytes a, struct bytes b)
{
	while (a.len > 0 && b.len > 0) {
		struct bytes x = take_line(&a), y = take_line(&b);

		if (is_cut(x) || is_cut(y))
			return true;
		if (!bytes_equal(x, y))
			return false;
	}
	return a.len == b.len;
}

/* The items as messages again: both answers in the same form. */
static bool normalise(struct bytes text, struct arena *arena, struct buf *out)
{
	struct err err;
	struct fixture_cursor c = {.file = "", .arena = arena, .err = &err};
	struct fixture_item item;

	while (text.len > 0) {
		c.text = take_line(&text);
		c.at = 0;
		if (!fixture_parse_item(&c, out, &item))
			return false;
	}
	return true;
}

static bool compare(const struct drift_input *input, const struct fixture_answers *texts,
	struct arena *arena, struct comparison *result)
{
	struct buf before, now;
	struct compare_input pair = {.commands = input->commands,
		.command_count = input->command_count,
		.truth_name = "expected",
		.candidate_name = "now",
		.truth_is_first = true};
	bool ok;

	buf_init(&before, TEXT_MAX);
	buf_init(&now, TEXT_MAX);
	ok = normalise(buf_bytes(&texts->truth), arena, &before) &&
	     normalise(buf_bytes(&texts->candidate), arena, &now);
	if (ok) {
		pair.truth = arena_copy(arena, buf_bytes(&before));
		pair.candidate = arena_copy(arena, buf_bytes(&now));
		compare_answers(&pair, arena, result);
	}
	buf_fini(&before);
	buf_fini(&now);
	return ok;
}

bool drift_compare(const struct drift_input *input, struct arena *arena, struct comparison *result,
	bool *drifted)
{
	struct fixture_answers texts;
	bool ok;

	*result = (struct comparison){.verdict = VERDICT_EQUAL};
	*drifted = false;
	buf_init(&texts.truth, TEXT_MAX);
	buf_init(&texts.candidate, TEXT_MAX);
	ok = fixture_print_answer(&input->before, &texts.truth) &&
	     fixture_print_answer(&input->now, &texts.candidate);
	if (ok && !is_same_text(buf_bytes(&texts.truth), buf_bytes(&texts.candidate))) {
		ok = compare(input, &texts, arena, result);
		*drifted = ok && (result->verdict != VERDICT_EQUAL ||
					 input->before.status != input->now.status);
	}
	buf_fini(&texts.truth);
	buf_fini(&texts.candidate);
	return ok;
}

/* --- what is known of the commands --- */

struct commands {
	struct arena *arena;
	struct compare_command *items;
	size_t count, cap;
};

static bool on_command(void *context, const struct trace_command *row, struct bytes text)
{
	struct commands *c = context;
	struct statement_traits traits;
	struct bytes rest = text;
	bool is_ordered = true;

	(void)row;
	if (text.len > 0 && statement_next(&rest, &traits))
		is_ordered = traits.is_ordered;
	if (c->count == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 16;
		struct compare_command *more = arena_alloc(c->arena, cap * sizeof(*more));

		if (!more)
			return false; /* the rest counts as ordered */
		if (c->count > 0)
			memcpy(more, c->items, c->count * sizeof(*more));
		c->items = more;
		c->cap = cap;
	}
	c->items[c->count++] = (struct compare_command){.is_ordered = is_ordered};
	return true;
}

bool drift_commands(struct trace *trace, int64_t exchange, struct arena *arena,
	struct drift_input *input, struct err *err)
{
	struct commands c = {.arena = arena};

	if (!trace_read_commands(trace, exchange, on_command, &c, err))
		return false;
	input->commands = c.items;
	input->command_count = c.count;
	return true;
}
