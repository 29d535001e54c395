/*
 * What is kept out of a trace: passwords always, what is configured by pattern and by column.
 */
#include "diffengine/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/frame.h"

#define NAMES(...)                                                                   \
	{                                                                            \
		.items = (const char *const[]){__VA_ARGS__},                         \
		.count = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *) \
	}

static struct redact *make(const struct redact_options *options)
{
	struct err err = {.text = ""};
	struct redact *r = redact_new(options, &err);

	if (!r)
		fail_msg("%s", err.text);
	return r;
}

static struct redact *plain(void)
{
	return make(&(struct redact_options){.key = "k"});
}

static bool holds(struct bytes bytes, const char *text)
{
	return memmem(bytes.ptr, bytes.len, text, strlen(text)) != NULL;
}

static void passwords_go(void **state)
{
	static const struct {
		const char *text, *expected; /* NULL: as it is */
	} cases[] = {
		{"ALTER ROLE a PASSWORD 'hush'", "ALTER ROLE a PASSWORD '***'"},
		{"create user u with login encrypted Password E'hu\\'sh' createdb",
			"create user u with login encrypted Password '***' createdb"},
		{"ALTER ROLE a PASSWORD /* no */ 'hush'; ALTER ROLE b PASSWORD $x$hush$x$",
			"ALTER ROLE a PASSWORD /* no */ '***'; ALTER ROLE b PASSWORD '***'"},
		{"CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'bob', password 'hush')",
			"CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'bob', password '***')"},
		{"CREATE SUBSCRIPTION s CONNECTION 'host=h password=hush' PUBLICATION p",
			"CREATE SUBSCRIPTION s CONNECTION '***' PUBLICATION p"},
		{"DO $$BEGIN ALTER ROLE a PASSWORD 'hush'; END$$",
			"DO $$BEGIN ALTER ROLE a PASSWORD '***'; END$$"},
		{"DO $$BEGIN EXECUTE 'ALTER ROLE a PASSWORD ''hush'''; END$$",
			"DO $$BEGIN EXECUTE 'ALTER ROLE a PASSWORD ***'; END$$"},
		{"EXECUTE 'ALTER ROLE passwords_r PASSWORD\n ''hush'''",
			"EXECUTE 'ALTER ROLE passwords_r PASSWORD ***'"},
		{"SELECT 'password passwords', 'password'", NULL},
		{"ALTER ROLE a PASSWORD 'hush and no end", "ALTER ROLE a PASSWORD '***'"},
		{"ALTER ROLE a PASSWORD NULL", NULL},
		{"SELECT password FROM login WHERE password = 'x'", NULL},
		{"SELECT 'the password is kept'", NULL},
		{"", NULL},
	};
	struct redact *r = plain();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *expected = cases[i].expected ? cases[i].expected : cases[i].text;
		struct bytes text = bytes_str(cases[i].text), got = redact_text(r, text);

		if (!bytes_equal_str(got, expected))
			fail_msg("%s\n-> %.*s", cases[i].text, (int)got.len, (const char *)got.ptr);
		if (!cases[i].expected)
			assert_ptr_equal(got.ptr, text.ptr);
		assert_string_equal(redact_str(r, cases[i].text), expected);
	}
	redact_free(r);
}

static void no_prefix_of_a_statement_leaks(void **state)
{
	static const char text[] = "ALTER ROLE a PASSWORD 'hush-hush' VALID UNTIL 'x'";
	struct redact *r = plain();

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++)
		assert_false(holds(redact_text(r, bytes_of(text, len)), "hush"));
	redact_free(r);
}

struct sample {
	struct buf request, truth;
};

/* INSERT with parameters; two columns come back, the second one in binary. */
static void sample_init(struct sample *s, const char *sql)
{
	const struct wire_value parameters[] = {
		{.data = bytes_str("hush-1")}, {.is_null = true}, {.data = bytes_str("plain")}};
	const struct encode_bind bind = {
		.portal = "p", .statement = "s", .parameters = parameters, .nparameters = 3};
	const struct wire_column columns[] = {
		{.name = bytes_str("id")}, {.name = bytes_str("EMail"), .format = 1}};
	const struct wire_value row[] = {
		{.data = bytes_str("7")}, {.data = bytes_str("hush@x.org")}};
	const struct wire_value null_row[] = {{.data = bytes_str("8")}, {.is_null = true}};

	buf_init(&s->request, 1 << 20);
	buf_init(&s->truth, 1 << 20);
	assert_true(encode_parse(&s->request, "s", sql, NULL, 0) &&
		    encode_bind(&s->request, &bind) && encode_execute(&s->request, "p", 0) &&
		    encode_sync(&s->request));
	assert_true(encode_row_description(&s->truth, columns, 2) &&
		    encode_data_row(&s->truth, row, 2) && encode_data_row(&s->truth, null_row, 2) &&
		    encode_command_complete(&s->truth, "SELECT 2") && encode_ready(&s->truth, 'I'));
}

static struct redact_exchange exchange_of(const struct sample *s)
{
	return (struct redact_exchange){.request = buf_bytes(&s->request),
		.truth = buf_bytes(&s->truth),
		.truth_len = (int64_t)buf_len(&s->truth),
		.candidate_len = (int64_t)buf_len(&s->truth)};
}

static void sample_fini(struct sample *s)
{
	buf_fini(&s->request);
	buf_fini(&s->truth);
}

/* All of it is whole messages. */
static void is_well_formed(struct bytes rest, enum wire_side from, const char *types)
{
	struct frame f;

	for (; *types; types++) {
		assert_int_equal(frame_next(rest, from, 1 << 20, &f, NULL), FRAME_OK);
		assert_int_equal(f.type, *types);
		rest = bytes_skip(rest, f.whole.len);
	}
	assert_int_equal(rest.len, 0);
}

static void without_secrets_nothing_changes(void **state)
{
	struct redact *r = plain();
	struct sample s;

	(void)state;
	sample_init(&s, "SELECT password FROM t");
	struct redact_exchange ex = exchange_of(&s), before = ex;
	redact_exchange(r, &ex);
	assert_ptr_equal(ex.request.ptr, before.request.ptr);
	assert_ptr_equal(ex.truth.ptr, before.truth.ptr);
	assert_int_equal(ex.requests + ex.answers, 0);
	sample_fini(&s);
	redact_free(r);
}

static void texts_parameters_and_columns_go(void **state)
{
	struct redact_options options = {.statements = NAMES("card-\\d+"),
		.parameters = NAMES("^hush"),
		.columns = NAMES("email"),
		.key = "k"};
	struct redact *r = make(&options);
	struct sample s;

	(void)state;
	sample_init(&s, "SELECT 'card-4711', $1, $2, $3");
	struct redact_exchange ex = exchange_of(&s);
	redact_exchange(r, &ex);
	assert_int_equal(ex.requests, 2);
	assert_int_equal(ex.answers, 1);
	assert_int_equal(ex.truth_len, ex.truth.len);
	assert_int_equal(ex.candidate_len, ex.truth.len);
	is_well_formed(ex.request, WIRE_FRONTEND, "PBES");
	is_well_formed(ex.truth, WIRE_BACKEND, "TDDCZ");
	assert_true(holds(ex.request, "SELECT '<redacted>', $1, $2, $3"));
	assert_true(holds(ex.request, "plain"));
	assert_true(holds(ex.request, "redacted:"));
	assert_false(holds(ex.request, "hush"));
	assert_false(holds(ex.truth, "hush"));
	assert_true(holds(ex.truth, "EMail"));
	sample_fini(&s);
	redact_free(r);
}

static struct bytes hash_of(struct redact *r, struct sample *s)
{
	struct redact_exchange ex = exchange_of(s);

	redact_exchange(r, &ex);
	const unsigned char *at = memmem(ex.truth.ptr, ex.truth.len, "redacted:", 9);
	assert_non_null(at);
	return bytes_of(at, 25);
}

static void equality_is_still_seen(void **state)
{
	struct redact_options options = {.columns = NAMES("email"), .key = "k"};
	struct redact *a = make(&options), *b = make(&options);
	struct sample s;

	(void)state;
	options.key = NULL;
	struct redact *c = make(&options), *d = make(&options);
	sample_init(&s, "SELECT");
	assert_true(bytes_equal(hash_of(a, &s), hash_of(b, &s)));
	assert_true(bytes_equal(hash_of(c, &s), hash_of(c, &s)));
	assert_false(bytes_equal(hash_of(a, &s), hash_of(c, &s)));
	assert_false(bytes_equal(hash_of(c, &s), hash_of(d, &s)));
	sample_fini(&s);
	redact_free(a);
	redact_free(b);
	redact_free(c);
	redact_free(d);
}

/* Cut at every byte: nothing leaks, and nothing is made whole. */
static void cut_messages(void **state)
{
	struct redact_options options = {
		.parameters = NAMES("hush"), .columns = NAMES("email"), .key = "k"};
	struct redact *r = make(&options);
	struct sample s;

	(void)state;
	sample_init(&s, "SELECT 'hush'");
	for (size_t cut = 1; cut < buf_len(&s.request); cut++) {
		struct redact_exchange ex = exchange_of(&s);
		ex.request.len = cut;
		if (cut < ex.truth.len)
			ex.truth.len = cut;
		redact_exchange(r, &ex);
		assert_false(holds(ex.request, "hush"));
		assert_false(holds(ex.truth, "hush"));
		if (cut < buf_len(&s.truth))
			assert_true(ex.truth_len > (int64_t)ex.truth.len);
		redact_reset(r);
	}
	sample_fini(&s);
	redact_free(r);
}

/* The description came in an earlier exchange: no one knows which column it is. */
static void rows_without_description_go(void **state)
{
	struct redact_options options = {.columns = NAMES("email"), .key = "k"};
	struct redact *r = make(&options);
	const struct wire_value row[] = {{.data = bytes_str("hush")}};
	struct redact_exchange ex = {.has_candidate = true};
	struct buf answer;

	(void)state;
	buf_init(&answer, 1000);
	assert_true(
		encode_data_row(&answer, row, 1) && encode_copy_data(&answer, bytes_str("hush")));
	ex.truth = ex.candidate = buf_bytes(&answer);
	redact_exchange(r, &ex);
	assert_false(holds(ex.truth, "hush") || holds(ex.candidate, "hush"));
	assert_int_equal(ex.answers, 4);
	buf_fini(&answer);
	redact_free(r);
}

static void parts(void **state)
{
	struct redact_options options = {.columns = NAMES("email")};
	struct redact *r = plain(), *configured = make(&options);
	struct bytes part = bytes_str("the password is 'hush'");
	struct buf head;

	(void)state;
	buf_init(&head, 1000);
	assert_true(encode_query(&head, "COPY t FROM STDIN"));
	assert_ptr_equal(redact_part(r, buf_bytes(&head), part).ptr, part.ptr);
	assert_true(buf_append(&head, "Q\0\1\0\0ALTER", 10));
	assert_false(holds(redact_part(r, buf_bytes(&head), part), "hush"));
	assert_false(holds(redact_part(configured, bytes_of(NULL, 0), part), "hush"));
	buf_fini(&head);
	redact_free(r);
	redact_free(configured);
}

static void differences_and_errors(void **state)
{
	struct redact_options options = {.statements = NAMES("hush"), .columns = NAMES("email")};
	struct redact *r = make(&options);
	struct difference d = {.kind = DIFF_VALUE,
		.row = 3,
		.column = 1,
		.column_name = "email",
		.truth = "hush",
		.candidate = NULL,
		.text = "hush differs"};
	const struct encode_error error = {.severity = "ERROR",
		.sqlstate = "23505",
		.message = "hush",
		.detail = "Key (x)=(hush) exists",
		.routine = "r"};
	struct redact_exchange ex = {.request = {NULL, 0}};
	struct buf answer;

	(void)state;
	struct difference got = redact_difference(r, &d, false);
	assert_string_equal(got.text, "value: row 3, column email: the values are redacted");
	assert_int_equal(strncmp(got.truth, "redacted:", 9), 0);
	assert_null(got.candidate);
	d.column_name = "id";
	got = redact_difference(r, &d, false);
	assert_string_equal(got.text, "<redacted> differs");
	buf_init(&answer, 1000);
	assert_true(encode_error(&answer, BACKEND_ERROR_RESPONSE, &error));
	ex.truth = buf_bytes(&answer);
	redact_exchange(r, &ex);
	is_well_formed(ex.truth, WIRE_BACKEND, "E");
	assert_false(holds(ex.truth, "hush"));
	assert_true(holds(ex.truth, "23505"));
	buf_fini(&answer);
	redact_free(r);
}

/* The server repeats what it did not understand. */
static void errors_beside_a_password(void **state)
{
	struct redact *r = plain();
	const struct encode_error error = {.severity = "ERROR",
		.sqlstate = "42601",
		.message = "syntax error at or near \"hush\"",
		.routine = "r"};
	struct redact_exchange ex = {.request = {NULL, 0}};
	struct buf request, answer;

	(void)state;
	buf_init(&request, 1000);
	buf_init(&answer, 1000);
	assert_true(encode_query(&request, "ALTER ROLE a PASSWORD 'it''s' hush"));
	assert_true(encode_error(&answer, BACKEND_ERROR_RESPONSE, &error));
	ex.request = buf_bytes(&request);
	ex.truth = buf_bytes(&answer);
	redact_exchange(r, &ex);
	assert_false(holds(ex.request, "it''s"));
	assert_false(holds(ex.truth, "hush"));
	buf_fini(&request);
	buf_fini(&answer);
	redact_free(r);
}

static void an_invalid_pattern(void **state)
{
	struct redact_options options = {.parameters = NAMES("fine", "(")};
	struct err err = {.text = ""};

	(void)state;
	assert_null(redact_new(&options, &err));
	assert_non_null(strstr(err.text, "\"(\" is not a valid pattern"));
	redact_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passwords_go),
		cmocka_unit_test(no_prefix_of_a_statement_leaks),
		cmocka_unit_test(without_secrets_nothing_changes),
		cmocka_unit_test(texts_parameters_and_columns_go),
		cmocka_unit_test(equality_is_still_seen),
		cmocka_unit_test(cut_messages),
		cmocka_unit_test(rows_without_description_go),
		cmocka_unit_test(parts),
		cmocka_unit_test(differences_and_errors),
		cmocka_unit_test(errors_beside_a_password),
		cmocka_unit_test(an_invalid_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
