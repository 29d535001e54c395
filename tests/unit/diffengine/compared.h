/*
 * Two answers from scripts (answers.h) and their comparison, for the tests of compare*.c. The
 * truth is "YugabyteDB" and texts name PostgreSQL first, as in a default configuration; one
 * command, unordered, is known unless a test says otherwise.
 */
#ifndef TESTS_UNIT_DIFFENGINE_COMPARED_H
#define TESTS_UNIT_DIFFENGINE_COMPARED_H

#include "diffengine/compare.h"
#include "tests/unit/diffengine/answers.h"

#define COMPARED_COMMANDS 8

struct compared {
	struct buf truth, candidate;
	struct arena arena;
	struct compare_command commands[COMPARED_COMMANDS];
	struct compare_input input;
	struct comparison result;
};

static inline void compared_init(struct compared *c, const char *truth, const char *candidate)
{
	*c = (struct compared){0};
	buf_init(&c->truth, ANSWER_CEILING);
	buf_init(&c->candidate, ANSWER_CEILING);
	arena_init(&c->arena, ANSWER_CEILING);
	answer_write(&c->truth, truth);
	answer_write(&c->candidate, candidate);
	c->input.commands = c->commands;
	c->input.command_count = COMPARED_COMMANDS;
	c->input.truth_name = "YugabyteDB";
	c->input.candidate_name = "PostgreSQL";
}

static inline void compared_run(struct compared *c)
{
	c->input.truth = buf_bytes(&c->truth);
	c->input.candidate = buf_bytes(&c->candidate);
	compare_answers(&c->input, &c->arena, &c->result);
}

static inline void compared_fini(struct compared *c)
{
	buf_fini(&c->truth);
	buf_fini(&c->candidate);
	arena_fini(&c->arena);
}

/* The i-th difference is of this kind and has this text; "" for any text. */
static inline void compared_expect(
	const struct compared *c, size_t i, enum diff_kind kind, const char *text)
{
	assert_int_equal(c->result.verdict, VERDICT_MISMATCH);
	assert_true(i < c->result.count);
	if (text[0])
		assert_string_equal(c->result.differences[i].text, text);
	assert_string_equal(
		diff_kind_info(c->result.differences[i].kind)->name, diff_kind_info(kind)->name);
}

/* The two answers differ in exactly one thing. */
static inline void compared_once(
	const char *truth, const char *candidate, enum diff_kind kind, const char *text)
{
	struct compared c;

	compared_init(&c, truth, candidate);
	compared_run(&c);
	compared_expect(&c, 0, kind, text);
	assert_int_equal(c.result.count, 1);
	assert_int_equal(c.result.omitted, 0);
	compared_fini(&c);
}

static inline void compared_equal(const char *truth, const char *candidate)
{
	struct compared c;

	compared_init(&c, truth, candidate);
	compared_run(&c);
	if (c.result.count)
		fail_msg("%s", c.result.differences[0].text);
	assert_int_equal(c.result.verdict, VERDICT_EQUAL);
	assert_int_equal(c.result.agreed, buf_len(&c.truth));
	assert_null(c.result.note);
	compared_fini(&c);
}

#endif
