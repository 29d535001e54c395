/*
 * An exchange as commands: how each ended on either side, its rows, its parameters, and bytes
 * that were cut when they were recorded.
 */
#include "diffengine/commands.h"

#include "tests/unit/diffengine/answers.h"

struct fixture {
	struct buf request, truth, candidate;
	struct command_walk walk;
	struct command_facts facts;
};

static void start(struct fixture *f, const char *truth, const char *candidate)
{
	*f = (struct fixture){0};
	buf_init(&f->request, ANSWER_CEILING);
	buf_init(&f->truth, ANSWER_CEILING);
	buf_init(&f->candidate, ANSWER_CEILING);
	answer_write(&f->truth, truth);
	answer_write(&f->candidate, candidate);
}

static void walk(struct fixture *f)
{
	command_walk_init(
		&f->walk, buf_bytes(&f->request), buf_bytes(&f->truth), buf_bytes(&f->candidate));
}

static void end(struct fixture *f)
{
	command_walk_fini(&f->walk);
	buf_fini(&f->request);
	buf_fini(&f->truth);
	buf_fini(&f->candidate);
}

static void bind_texts(struct buf *out, const char *fields)
{
	struct wire_value values[ANSWER_ITEMS_MAX];
	struct bytes rest = bytes_str(fields), field;
	size_t count = 0;

	while (rest.len > 0 && answer_split(&rest, '|', &field))
		values[count++] = answer_value(field);
	assert_true(encode_bind(out, &(struct encode_bind){.portal = "",
					     .statement = "s",
					     .parameters = values,
					     .nparameters = count}));
}

static void test_ends(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "1; 2; T a; D 1; D 2; C SELECT 2; 2; n; C UPDATE 7; E 23505 dup; Z I",
		"1; 2; T a; C SELECT 0; 2; n; C UPDATE 8; I; Z I");
	walk(&f);
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_true(f.facts.truth.is_found && f.facts.candidate.is_found);
	assert_string_equal(f.facts.truth.tag, "SELECT 2");
	assert_int_equal(f.facts.truth.rows, 2);
	assert_string_equal(f.facts.candidate.tag, "SELECT 0");
	assert_int_equal(f.facts.candidate.rows, 0);
	assert_null(f.facts.parameters);
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_string_equal(f.facts.truth.tag, "UPDATE 7");
	assert_string_equal(f.facts.candidate.tag, "UPDATE 8");
	assert_int_equal(f.facts.truth.rows, -1);
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_string_equal(f.facts.truth.sqlstate, "23505");
	assert_string_equal(f.facts.truth.tag, "");
	assert_true(f.facts.candidate.is_found);
	assert_string_equal(f.facts.candidate.tag, "");
	assert_string_equal(f.facts.candidate.sqlstate, "");
	assert_false(command_walk_next(&f.walk, &f.facts));
	assert_false(f.facts.truth.is_found);
	end(&f);
}

static void test_rows(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "2; D 1; s; D 2; C SELECT 1; H; d x; d y; c; C COPY 2; t; T a; 2; C BEGIN", "");
	walk(&f);
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_int_equal(f.facts.truth.rows, 1);
	assert_false(f.facts.candidate.is_found);
	assert_int_equal(f.facts.candidate.rows, -1);
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_int_equal(f.facts.truth.rows, 1);
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_int_equal(f.facts.truth.rows, 2);
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_string_equal(f.facts.truth.tag, "BEGIN");
	assert_int_equal(f.facts.truth.rows, -1);
	assert_false(command_walk_next(&f.walk, &f.facts));
	end(&f);
}

static void test_one_side_has_more(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "C A", "C A; C B");
	walk(&f);
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_false(f.facts.truth.is_found);
	assert_string_equal(f.facts.candidate.tag, "B");
	assert_false(command_walk_next(&f.walk, &f.facts));
	end(&f);
}

static void test_parameters(void **state)
{
	static const int16_t formats[] = {0, 1, 1};
	struct wire_value values[] = {
		{.data = bytes_str("x")}, {.data = bytes_of("\0\1", 2)}, {.is_null = true}};
	struct fixture f;

	(void)state;
	start(&f, "2; C A; C B; 2; C C; 2; C D", "");
	assert_true(encode_bind(&f.request, &(struct encode_bind){.portal = "",
						    .statement = "",
						    .formats = formats,
						    .nformats = 3,
						    .parameters = values,
						    .nparameters = 3}));
	assert_true(encode_execute(&f.request, "", 0));
	assert_true(encode_execute(&f.request, "", 0));
	bind_texts(&f.request, "");
	assert_true(encode_execute(&f.request, "", 0));
	bind_texts(&f.request, "lost");
	assert_true(encode_bind(&f.request, &(struct encode_bind){.portal = "",
						    .statement = "",
						    .formats = formats + 1,
						    .nformats = 1,
						    .parameters = values,
						    .nparameters = 2}));
	assert_true(encode_execute(&f.request, "", 0));
	walk(&f);
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_string_equal(f.facts.parameters, "[\"x\" hex:0001 NULL]");
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_null(f.facts.parameters);
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_null(f.facts.parameters);
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_string_equal(f.facts.parameters, "[hex:78 hex:0001]");
	assert_false(command_walk_next(&f.walk, &f.facts));
	assert_null(f.facts.parameters);
	end(&f);
}

static void test_long_parameters_are_cut(void **state)
{
	static char text[10000];
	struct wire_value values[60];
	static const int16_t binary = 1;
	struct fixture f;

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < 60; i++)
		values[i] = (struct wire_value){.data = bytes_of(text, sizeof(text))};
	start(&f, "C A; C B", "");
	assert_true(encode_bind(&f.request,
		&(struct encode_bind){
			.portal = "", .statement = "", .parameters = values, .nparameters = 60}));
	assert_true(encode_execute(&f.request, "", 0));
	assert_true(encode_bind(&f.request, &(struct encode_bind){.portal = "",
						    .statement = "",
						    .formats = &binary,
						    .nformats = 1,
						    .parameters = values,
						    .nparameters = 60}));
	assert_true(encode_execute(&f.request, "", 0));
	walk(&f);
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_true(strlen(f.facts.parameters) > 3000 && strlen(f.facts.parameters) <= 4096);
	assert_memory_equal(f.facts.parameters, "[\"xxx", 5);
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_true(strlen(f.facts.parameters) > 3000 && strlen(f.facts.parameters) <= 4096);
	assert_memory_equal(f.facts.parameters, "[hex:7878", 9);
	end(&f);
}

static void test_odd_messages(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "", "");
	assert_true(encode_raw(&f.truth, 'E', bytes_of("", 1)));
	assert_true(encode_raw(&f.truth, 'E', bytes_of("C123456789\0\0", 12)));
	assert_true(encode_raw(&f.truth, 'E', bytes_str("not ended")));
	assert_true(encode_raw(&f.truth, 'C', bytes_str("no NUL")));
	answer_write(&f.truth, "C a tag that is much longer than sixty-four bytes, which no server "
			       "sends to anybody at all");
	walk(&f);
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_string_equal(f.facts.truth.sqlstate, "");
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_string_equal(f.facts.truth.sqlstate, "12345");
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_string_equal(f.facts.truth.sqlstate, "");
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_string_equal(f.facts.truth.tag, "");
	assert_true(command_walk_next(&f.walk, &f.facts));
	assert_int_equal(strlen(f.facts.truth.tag), 63);
	assert_false(command_walk_next(&f.walk, &f.facts));
	end(&f);
}

/* Recorded answers may end anywhere. */
static void test_cut_anywhere(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "2; T a; D 1; C SELECT 1; E 1 x; Z I", "");
	bind_texts(&f.request, "a|\\N|b");
	assert_true(encode_execute(&f.request, "", 0));
	for (size_t n = 0; n <= buf_len(&f.truth); n++) {
		for (size_t m = 0; m <= buf_len(&f.request); m += 3) {
			unsigned char *answer = malloc(n + 1), *request = malloc(m + 1);
			unsigned found = 0;

			assert_non_null(answer);
			assert_non_null(request);
			memcpy(answer, buf_bytes(&f.truth).ptr, n);
			memcpy(request, buf_bytes(&f.request).ptr, m);
			command_walk_init(&f.walk, bytes_of(request, m), bytes_of(answer, n),
				bytes_of(NULL, 0));
			while (command_walk_next(&f.walk, &f.facts))
				found++;
			assert_true(found <= 2 && (found == 2 || n + 6 < buf_len(&f.truth)));
			command_walk_fini(&f.walk);
			free(answer);
			free(request);
		}
	}
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_one_side_has_more),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_long_parameters_are_cut),
		cmocka_unit_test(test_odd_messages),
		cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
