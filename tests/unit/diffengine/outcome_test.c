/*
 * From messages to items: every kind of message, what opens and closes a result, the middle of
 * an answer, and bytes that are not an answer. Items are compared as one line.
 */
#include "diffengine/outcome.h"

#include <stdio.h>

#include "tests/unit/diffengine/answers.h"
#include "base/attr.h"

struct fixture {
	struct buf answer;
	struct arena arena;
	struct outcome outcome;
	struct err err;
};

static void start(struct fixture *f, const char *script)
{
	*f = (struct fixture){0};
	buf_init(&f->answer, ANSWER_CEILING);
	arena_init(&f->arena, ANSWER_CEILING);
	answer_write(&f->answer, script);
}

static void end(struct fixture *f)
{
	buf_fini(&f->answer);
	arena_fini(&f->arena);
}

static void describe_item(struct buf *line, const struct item *item)
{
	static const char *const kinds[] = {
		"parsed", "bound", "closed", "result", "function", "ready"};
	static const char *const ends[] = {
		"open", "described", "complete", "suspended", "empty", "error"};

	assert_true(buf_printf(
		line, "%s%u:%s", buf_len(line) ? " " : "", item->ordinal, kinds[item->kind]));
	if (item->kind == ITEM_READY)
		assert_true(buf_printf(line, ",%c", item->status));
	if (item->kind != ITEM_RESULT)
		return;
	assert_true(buf_printf(line, ",%s%s%s%s%s", ends[item->end],
		item->parameters.ptr ? ",t" : "", item->columns.ptr ? ",T" : "",
		item->is_no_data ? ",n" : "", item->copy.ptr ? ",copy" : ""));
	if (item->row_count)
		assert_true(buf_printf(line, ",%zu%s", item->row_count, item->is_copy ? "d" : "D"));
}

/* "0:result,complete,T,2D 1:ready,I": ordinal, kind, how a result ended and what it has. */
static void assert_items_from(
	const char *script, const struct outcome_start *from, const char *expected)
{
	struct fixture f;
	struct buf line;

	start(&f, script);
	buf_init(&line, 4096);
	if (!outcome_parse(&f.outcome, buf_bytes(&f.answer), from, &f.arena, &f.err))
		fail_msg("%s", f.err.text);
	for (size_t i = 0; i < f.outcome.count; i++)
		describe_item(&line, &f.outcome.items[i]);
	assert_string_equal(buf_cstr(&line), expected);
	buf_fini(&line);
	end(&f);
}

static void assert_items(const char *script, const char *expected)
{
	assert_items_from(script, &(struct outcome_start){0}, expected);
}

static void test_simple_queries(void **state)
{
	(void)state;
	assert_items("", "");
	assert_items("T a; D 1; D 2; C SELECT 2; Z I", "0:result,complete,T,2D 1:ready,I");
	assert_items("C BEGIN; Z T", "0:result,complete 1:ready,T");
	assert_items("I; Z I", "0:result,empty 1:ready,I");
	assert_items("E 42601 no; Z E", "0:result,error 1:ready,E");
	assert_items("T a; D 1; E 22012 no; Z I", "0:result,error,T,1D 1:ready,I");
	assert_items("T a; C SELECT 0; C UPDATE 1; T b; D x; C SELECT 1; Z I",
		"0:result,complete,T 1:result,complete 2:result,complete,T,1D 3:ready,I");
}

static void test_extended_queries(void **state)
{
	(void)state;
	assert_items("1; 2; T a; D 1; C SELECT 1; Z I",
		"0:parsed 0:bound 0:result,complete,T,1D 1:ready,I");
	assert_items("1; t 23; T a; Z I", "0:parsed 0:result,described,t,T 0:ready,I");
	assert_items("1; t; n; Z I", "0:parsed 0:result,described,t,n 0:ready,I");
	assert_items("2; n; C INSERT 0 1; Z I", "0:bound 0:result,complete,n 1:ready,I");
	assert_items("2; T a; D 1; s; D 2; s; C SELECT 0; 3; Z T",
		"0:bound 0:result,suspended,T,1D 1:result,suspended,1D 2:result,complete "
		"3:closed 3:ready,T");
	assert_items("1; t; T a; 2; T a; C SELECT 0; Z I",
		"0:parsed 0:result,described,t,T 0:bound 0:result,complete,T 1:ready,I");
	assert_items("t; T a; t; T b; T c; n; Z I",
		"0:result,described,t,T 0:result,described,t,T 0:result,described,T "
		"0:result,described,n 0:ready,I");
	assert_items("2; C INSERT 0 1; 2; C INSERT 0 1; Z I",
		"0:bound 0:result,complete 1:bound 1:result,complete 2:ready,I");
	assert_items("1; E 23505 no; Z I", "0:parsed 0:result,error 1:ready,I");
	assert_items("V x; Z I; V \\N", "0:function 1:ready,I 1:function");
}

static void test_copy(void **state)
{
	(void)state;
	assert_items("H; d a; d b; c; C COPY 2; Z I", "0:result,complete,copy,2d 1:ready,I");
	assert_items("G", "0:result,open,copy");
	assert_items("G; C COPY 2; Z I", "0:result,complete,copy 1:ready,I");
	assert_items("W; d a", "0:result,open,copy,1d");
	assert_items("G; E 57014 no; Z I", "0:result,error,copy 1:ready,I");
}

static void test_asynchronous(void **state)
{
	(void)state;
	assert_items("N a; S b c; A d", "");
	assert_items("N a; T a; S b c; D 1; A d; D 2; N e; C SELECT 2; N f; Z I; A g",
		"0:result,complete,T,2D 1:ready,I");
	assert_items("1; N a; 2; A b; 3", "0:parsed 0:bound 0:closed");
}

static void test_unfinished(void **state)
{
	(void)state;
	assert_items("T a; D 1", "0:result,open,T,1D");
	assert_items("T a", "0:result,open,T");
	assert_items("D 1", "0:result,open,1D");
}

static void test_middle_of_a_result(void **state)
{
	struct buf columns;
	struct outcome_start from = {.is_in_result = true, .ordinal = 3};

	(void)state;
	assert_items_from("D 1; C SELECT 9; Z I", &from, "3:result,complete,1D 4:ready,I");
	assert_items_from("C SELECT 9", &from, "3:result,complete");
	assert_items_from("", &from, "3:result,open");
	buf_init(&columns, 1024);
	answer_write(&columns, "T a");
	from.columns = bytes_skip(buf_bytes(&columns), 5);
	assert_items_from("D 1; D 2; s; 2; T b; D 1; C SELECT 1; Z I", &from,
		"3:result,suspended,T,2D 4:bound 4:result,complete,T,1D 5:ready,I");
	from = (struct outcome_start){.ordinal = 2};
	assert_items_from("2; C BEGIN; Z T", &from, "2:bound 2:result,complete 3:ready,T");
	buf_fini(&columns);
}

/* Sequences that no server sends must not overrun the arrays. */
static void test_hostile_sequences(void **state)
{
	struct outcome_start from = {.is_in_result = true};

	(void)state;
	assert_items("D 1; 1; D 2; 1; D 3; 2; D 4; Z I; D 5",
		"0:result,described,1D 0:parsed 0:result,described,1D 0:parsed "
		"0:result,described,1D 0:bound 0:result,described,1D 0:ready,I 0:result,open,1D");
	assert_items("d 1; V x; d 2; V y; D 3",
		"0:result,described,1d 0:function 1:result,described,1d "
		"1:function 2:result,open,1D");
	assert_items_from("T a; T b; D 1; 3; D 2", &from,
		"0:result,described 0:result,described,T 0:result,described,T,1D 0:closed "
		"0:result,open,1D");
	assert_items("C A; C B; E 1 x; I; s; G; H",
		"0:result,complete 1:result,complete 2:result,error 3:result,empty "
		"4:result,suspended 5:result,open,copy");
	assert_items("n; n; t; n; n; T a; t",
		"0:result,described,n 0:result,described,n 0:result,described,t,n "
		"0:result,described,n 0:result,described,T 0:result,open,t");
}

static void test_contents(void **state)
{
	struct fixture f;
	const struct item *item;

	(void)state;
	start(&f, "N x; T a b; D 1|x; D 2|\\N; C SELECT 2; E 23505 dup; V v; Z E");
	assert_true(outcome_parse(
		&f.outcome, buf_bytes(&f.answer), &(struct outcome_start){0}, &f.arena, &f.err));
	assert_int_equal(f.outcome.count, 4);
	item = &f.outcome.items[0];
	assert_true(bytes_equal_str(item->tag, "SELECT 2"));
	assert_int_equal(item->row_count, 2);
	assert_true(bytes_equal(item->rows[0], bytes_of("\0\2\0\0\0\1"
							"1\0\0\0\1x",
						       12)));
	assert_true(bytes_equal(item->rows[1], bytes_of("\0\2\0\0\0\1"
							"2\377\377\377\377",
						       11)));
	assert_int_equal(buf_bytes(&f.answer).ptr[item->offset], 'T');
	assert_true(item->offset > 0);
	item = &f.outcome.items[1];
	assert_int_equal(buf_bytes(&f.answer).ptr[item->offset], 'E');
	assert_non_null(memmem(item->error.ptr, item->error.len, "dup", 3));
	assert_true(bytes_equal(f.outcome.items[2].function, bytes_of("\0\0\0\1v", 5)));
	assert_int_equal(buf_bytes(&f.answer).ptr[f.outcome.items[3].offset], 'Z');
	end(&f);
}

static void test_cut_anywhere(void **state)
{
	struct fixture f;
	size_t whole = 0, at = 0;

	(void)state;
	start(&f, "1; t 23; T a; 2; N n; D 1; C SELECT 1; E 1 x; H; d y; c; Z I");
	for (size_t n = 0; n <= buf_len(&f.answer); n++) {
		unsigned char *copy = malloc(n ? n : 1);
		bool is_whole;

		assert_non_null(copy);
		if (n)
			memcpy(copy, buf_bytes(&f.answer).ptr, n);
		is_whole = outcome_parse(&f.outcome, bytes_of(copy, n), &(struct outcome_start){0},
			&f.arena, &f.err);
		assert_int_equal(is_whole, n == at);
		if (is_whole && n < buf_len(&f.answer)) {
			const unsigned char *p = buf_bytes(&f.answer).ptr + n;

			whole++;
			at += 1 + ((size_t)p[3] << 8 | p[4]);
		} else if (!is_whole) {
			assert_string_equal(f.err.text, "the answer ends inside a message");
		}
		free(copy);
		arena_reset(&f.arena);
	}
	assert_int_equal(whole, 12);
	end(&f);
}

static void assert_malformed(
	const char *script, unsigned char type, struct bytes body, const char *expected)
{
	struct fixture f;

	start(&f, script);
	assert_true(encode_raw(&f.answer, type, body));
	assert_false(outcome_parse(
		&f.outcome, buf_bytes(&f.answer), &(struct outcome_start){0}, &f.arena, &f.err));
	assert_string_equal(f.err.text, expected);
	end(&f);
}

static void test_malformed(void **state)
{
	struct fixture f;

	(void)state;
	assert_malformed("T a; D 1", 'C', bytes_str("no NUL"),
		"the answer is malformed: CommandComplete message");
	assert_malformed(
		"C A", 'E', bytes_str("Sno NUL"), "the answer is malformed: ErrorResponse message");
	assert_malformed("", 'Z', bytes_str("X"), "the answer is malformed: ReadyForQuery message");
	assert_malformed(
		"1", '?', bytes_str(""), "the answer is malformed: message type 0x3f is unknown");
	assert_malformed("1", '2', bytes_str("x"),
		"the answer is malformed: BindComplete message has length 5, at most 4 is allowed");
	start(&f, "C A");
	assert_true(buf_append(&f.answer, "D\xff\xff\xff\xff", 5));
	assert_false(outcome_parse(
		&f.outcome, buf_bytes(&f.answer), &(struct outcome_start){0}, &f.arena, &f.err));
	end(&f);
}

static void test_arena_ceiling(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "T a; D 1; D 2; C SELECT 2; Z I");
	arena_init(&f.arena, 64);
	assert_false(outcome_parse(
		&f.outcome, buf_bytes(&f.answer), &(struct outcome_start){0}, &f.arena, &f.err));
	assert_string_equal(f.err.text, "the answer is too large to be compared");
	end(&f);
}

static void assert_summaries(const char *script, const char *expected)
{
	struct fixture f;
	struct buf line;

	start(&f, script);
	buf_init(&line, 4096);
	assert_true(outcome_parse(
		&f.outcome, buf_bytes(&f.answer), &(struct outcome_start){0}, &f.arena, &f.err));
	for (size_t i = 0; i < f.outcome.count; i++)
		assert_true(buf_printf(&line, "[%s]", item_summary(&f.outcome.items[i], &f.arena)));
	assert_string_equal(buf_cstr(&line), expected);
	buf_fini(&line);
	end(&f);
}

static void test_summaries(void **state)
{
	(void)state;
	assert_summaries("1; 2; 3; V x; Z I", "[ParseComplete][BindComplete][CloseComplete]"
					      "[FunctionCallResponse][ReadyForQuery]");
	assert_summaries("C SELECT 3; s; I; E 23505 duplicate key",
		"[SELECT 3][PortalSuspended][an empty query][ERROR 23505: duplicate key]");
	assert_summaries("T a; n; 1; G", "[a description][a description without columns]"
					 "[ParseComplete][COPY in progress]");
	assert_summaries("T a; D 1", "[an unfinished result]");
	assert_summaries("C %s%n 50%", "[%s%n 50%]");
}

static void test_summary_of_odd_errors(void **state)
{
	struct fixture f;
	char message[400];

	(void)state;
	start(&f, "");
	assert_true(encode_raw(&f.answer, 'E', bytes_of("", 1)));
	assert_true(encode_raw(&f.answer, 'E', bytes_of("C\0M\0", 5)));
	assert_true(encode_raw(&f.answer, 'E', bytes_of("C1234567\0\0", 10)));
	for (size_t i = 0; i + 2 < sizeof(message); i += 3)
		memcpy(message + i, "\xe2\x82\xac", 3);
	message[399] = '\0';
	memmove(message + 1, message, 398);
	message[0] = 'a';
	assert_true(encode_error(
		&f.answer, 'E', &(struct encode_error){.sqlstate = "XX000", .message = message}));
	assert_true(outcome_parse(
		&f.outcome, buf_bytes(&f.answer), &(struct outcome_start){0}, &f.arena, &f.err));
	assert_string_equal(item_summary(&f.outcome.items[0], &f.arena), "ERROR : ");
	assert_string_equal(item_summary(&f.outcome.items[1], &f.arena), "ERROR : ");
	assert_string_equal(item_summary(&f.outcome.items[2], &f.arena), "ERROR 12345: ");
	/* 300 bytes would end inside a character: 'a' and 99 of three bytes. */
	assert_int_equal(strlen(item_summary(&f.outcome.items[3], &f.arena)), 13 + 1 + 99 * 3);
	end(&f);
}

static void test_text_shown(void **state)
{
	(void)state;
	assert_int_equal(text_shown(bytes_str("abc"), 3), 3);
	assert_int_equal(text_shown(bytes_str("abcd"), 3), 3);
	assert_int_equal(text_shown(bytes_str("ab\xc3\xa4"), 3), 2);
	assert_int_equal(text_shown(bytes_str("ab\xc3\xa4"), 4), 4);
	assert_int_equal(text_shown(bytes_str("\xf0\x9f\x98\x80"), 3), 0);
	assert_int_equal(text_shown(bytes_str("a\xf0\x9f\x98\x80"), 4), 1);
	/* Not UTF-8: cut where it is. */
	assert_int_equal(text_shown(bytes_str("\x80\x80\x80\x80\x80\x80"), 5), 5);
	assert_int_equal(text_shown(bytes_str("\x80\x80"), 1), 1);
	assert_int_equal(text_shown(bytes_of(NULL, 0), 5), 0);
	assert_int_equal(text_shown(bytes_str("abc"), 0), 0);
}

static void test_random_sequences(void **state)
{
	static const char *const steps[] = {"1;", "2;", "3;", "T a;", "T;", "t 23;", "n;", "D 1;",
		"D;", "d x;", "C A;", "E 1 x;", "I;", "s;", "V v;", "Z I;", "G;", "H;", "W;", "c;",
		"N n;", "S a b;", "A c;"};
	uint32_t seed = 88172645;
	struct fixture f;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct outcome_start from = {.is_in_result = round % 2};
		size_t rows = 0;

		start(&f, "");
		for (uint32_t i = answer_random(&seed, 12); i > 0; i--) {
			const char *step = steps[answer_random(&seed, ARRAY_LEN(steps))];

			rows += step[0] == 'D' || step[0] == 'd';
			answer_write(&f.answer, step);
		}
		assert_true(
			outcome_parse(&f.outcome, buf_bytes(&f.answer), &from, &f.arena, &f.err));
		for (size_t i = 0; i < f.outcome.count; i++)
			rows -= f.outcome.items[i].row_count;
		assert_int_equal(rows, 0);
		end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple_queries),
		cmocka_unit_test(test_extended_queries),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_asynchronous),
		cmocka_unit_test(test_unfinished),
		cmocka_unit_test(test_middle_of_a_result),
		cmocka_unit_test(test_hostile_sequences),
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_arena_ceiling),
		cmocka_unit_test(test_summaries),
		cmocka_unit_test(test_summary_of_odd_errors),
		cmocka_unit_test(test_text_shown),
		cmocka_unit_test(test_random_sequences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
