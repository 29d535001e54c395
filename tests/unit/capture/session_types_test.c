/*
 * Look-ups of user types in a session: their place between what the client sends, what happens
 * where they fail, and that what comes meanwhile is not lost.
 */
#include "capture/types.h"

#include "tests/unit/capture/talk.h"

#define MOOD_HERE  20000
#define MOOD_THERE 30000

#define LOOK_UP "CPBECCS"
#define FOUND_HERE                                                                              \
	"3; 1; 2; D 20000|public.mood|e|0; D 20001|public.mood[]|a|20000; C SELECT 2; 3; 3; Z " \
	"I"
#define FOUND_THERE \
	"3; 1; 2; D 30001|public.mood[]|a|30000; D 30000|public.mood|e|0; C SELECT 2; 3; 3; Z I"
#define NOT_FOUND "3; 1; 2; C SELECT 0; 3; 3; Z I"

static void asks_with_type(struct talk *t, const char *rest)
{
	const uint32_t type = MOOD_HERE;
	struct buf out;

	buf_init(&out, ANSWER_CEILING);
	assert_true(encode_parse(&out, "", "select $1", &type, 1));
	asks_write(&out, rest);
	end_send(t->st, &t->client, buf_bytes(&out));
	buf_fini(&out);
}

/* The type in the last Parse that this server heard. */
static uint32_t type_heard(struct end *server)
{
	struct bytes rest = buf_bytes(&server->heard);
	struct msg_parse msg;
	struct frame f;
	uint32_t oid = 0;

	while (frame_next(rest, WIRE_FRONTEND, rest.len, &f, NULL) == FRAME_OK) {
		if (f.type == FRONTEND_PARSE && decode_parse(f.body, &msg))
			(void)wire_oid_next(&msg.types, &oid);
		rest = bytes_skip(rest, f.whole.len);
	}
	return oid;
}

static void finds(struct talk *t)
{
	hears(t, &t->truth, LOOK_UP);
	heard(t, &t->truth, "{20000}");
	hears_nothing(t, &t->candidate);
	answers(t, &t->truth, FOUND_HERE);
	hears(t, &t->candidate, LOOK_UP);
	heard(t, &t->candidate, "{\"public.mood\",\"public.mood[]\"}");
	answers(t, &t->candidate, FOUND_THERE);
}

static void test_before_the_unit_and_once(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	for (int i = 0; i < 2; i++) {
		asks_with_type(t, "B - -; E - 0; S");
		if (i == 0)
			finds(t);
		both_hear(t, "PBES");
		assert_int_equal(type_heard(&t->truth), MOOD_HERE);
		assert_int_equal(type_heard(&t->candidate), MOOD_THERE);
		both_answer(t, "1; 2; D ok; C SELECT 1; Z I");
		hears(t, &t->client, "12DCZ");
	}
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 2);
	scene_close(&s);
}

static void test_again_after_ddl(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_PARALLEL, NULL);

	(void)state;
	asks_with_type(t, "S");
	finds(t);
	both_hear(t, "PS");
	both_answer(t, "1; Z I");
	hears(t, &t->client, "1Z");
	asks(t, "Q alter type mood rename to temper");
	both_hear(t, "Q");
	both_answer(t, "C ALTER TYPE; Z I");
	hears(t, &t->client, "CZ");
	asks_with_type(t, "S");
	finds(t);
	both_hear(t, "PS");
	both_answer(t, "1; Z I");
	hears(t, &t->client, "1Z");
	scene_close(&s);
}

static void test_for_an_answer(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	asks(t, "Q select m from t");
	both_hear(t, "Q");
	answers(t, &t->truth, "T m:20000; D ok; C SELECT 1; Z I");
	answers(t, &t->candidate, "T m:30000; D ok; C SELECT 1; Z I");
	hears_nothing(t, &t->client);
	finds(t);
	hears(t, &t->client, "TDCZ");
	/* Known now. */
	asks(t, "Q select m from t");
	both_hear(t, "Q");
	answers(t, &t->truth, "T m:20000; D ok; C SELECT 1; Z I");
	answers(t, &t->candidate, "T m:30001; D ok; C SELECT 1; Z I");
	hears(t, &t->client, "EZ");
	heard(t, &t->client, "Column type");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_MISMATCH), 1);
	scene_close(&s);
}

/* A Flush, not a Sync: that would commit what the client has begun. */
static void test_in_the_middle_of_an_exchange(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	asks(t, "P - select 1; B - -; E - 0; H");
	both_hear(t, "PBEH");
	both_answer(t, "1; 2; D 1; C SELECT 1");
	hears(t, &t->client, "12DC");
	asks_with_type(t, "S");
	hears(t, &t->truth, "CPBECCH");
	answers(t, &t->truth, "3; 1; 2; D 20000|public.mood|e|0; C SELECT 1; 3; 3");
	hears(t, &t->candidate, "CPBECCH");
	answers(t, &t->candidate, "3; 1; 2; D 30000|public.mood|e|0; C SELECT 1; 3; 3");
	both_hear(t, "PS");
	both_answer(t, "1; Z I");
	hears(t, &t->client, "1Z");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 1);
	scene_close(&s);
}

static void test_that_fails_outside_a_transaction(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	asks_with_type(t, "S");
	hears(t, &t->truth, LOOK_UP);
	answers(t, &t->truth, "3; 1; 2; E 57014 too slow; Z I");
	both_hear(t, "PS");
	assert_int_equal(type_heard(&t->candidate), MOOD_HERE);
	both_answer(t, "1; Z I");
	hears(t, &t->client, "1Z");
	scene_close(&s);
}

static void test_that_fails_inside_a_transaction(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	asks(t, "Q begin");
	both_hear(t, "Q");
	both_answer(t, "C BEGIN; Z T");
	hears(t, &t->client, "CZ");
	asks_with_type(t, "S");
	hears(t, &t->truth, LOOK_UP);
	answers(t, &t->truth, "3; 1; 2; E 57014 too slow; Z E");
	hears(t, &t->client, "E");
	heard(t, &t->client, "FATAL");
	heard(t, &t->client, "user types could not be looked up: too slow");
	hears_end(t, &t->client);
	scene_close(&s);
}

static void test_of_what_is_not_there(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	for (int i = 0; i < 2; i++) {
		asks_with_type(t, "S");
		hears(t, &t->truth, LOOK_UP);
		answers(t, &t->truth, i ? NOT_FOUND : FOUND_HERE);
		hears(t, &t->candidate, LOOK_UP);
		answers(t, &t->candidate, NOT_FOUND);
		both_hear(t, "PS");
		assert_int_equal(type_heard(&t->candidate), MOOD_HERE);
		both_answer(t, "E 42704 no such type; Z I");
		hears(t, &t->client, "EZ");
	}
	scene_close(&s);
}

static void test_what_comes_meanwhile_is_the_clients(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	asks_with_type(t, "S");
	hears(t, &t->truth, LOOK_UP);
	answers(t, &t->truth, "3; A news; 1; 2; D 20000|public.mood|e|0; C SELECT 1; 3; 3; Z I");
	hears(t, &t->candidate, LOOK_UP);
	answers(t, &t->candidate,
		"3; 1; A news; 2; D 30000|public.mood|e|0; C SELECT 1; 3; 3; Z I");
	both_hear(t, "PS");
	both_answer(t, "1; Z I");
	hears(t, &t->client, "A1Z");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_EQUAL), 1);
	scene_close(&s);
}

static void test_a_side_dies_meanwhile(void **state)
{
	struct scene s;

	(void)state;
	for (int is_candidate = 0; is_candidate < 2; is_candidate++) {
		struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

		asks_with_type(t, "S");
		hears(t, &t->truth, LOOK_UP);
		if (is_candidate) {
			answers(t, &t->truth, FOUND_HERE);
			hears(t, &t->candidate, LOOK_UP);
		}
		end_close(is_candidate ? &t->candidate : &t->truth);
		hears(t, &t->client, "E");
		heard(t, &t->client, "08006");
		scene_close(&s);
	}
}

static void test_the_client_leaves_meanwhile(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_SERIAL, NULL);

	(void)state;
	asks_with_type(t, "B - -; E - 0; S");
	hears(t, &t->truth, LOOK_UP);
	end_close(&t->client);
	answers(t, &t->truth, FOUND_HERE);
	hears(t, &t->candidate, LOOK_UP);
	answers(t, &t->candidate, FOUND_THERE);
	/* What it had sent whole is still run. */
	hears(t, &t->truth, "PBES");
	scene_close(&s);
}

/* A reading unit that overlapped a writing one is sent again: as each side had got it. */
static void test_asked_again(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL), writer;

	(void)state;
	talk_open(&writer, &s.st);
	asks_with_type(t, "S");
	finds(t);
	both_hear(t, "PS");
	both_answer(t, "1; Z I");
	hears(t, &t->client, "1Z");
	asks(&writer, "Q insert into t values (1)");
	hears(&writer, &writer.truth, "Q");
	asks_with_type(t, "B - -; E - 0; S");
	both_hear(t, "PBES");
	answers(t, &t->truth, "1; 2; D old; C SELECT 1; Z I");
	answers(t, &t->candidate, "1; 2; D new; C SELECT 1; Z I");
	answers(&writer, &writer.truth, "C INSERT 0 1; Z I");
	hears(&writer, &writer.candidate, "Q");
	answers(&writer, &writer.candidate, "C INSERT 0 1; Z I");
	hears(&writer, &writer.client, "CZ");
	both_hear(t, "PBES");
	assert_int_equal(type_heard(&t->truth), MOOD_HERE);
	assert_int_equal(type_heard(&t->candidate), MOOD_THERE);
	both_answer(t, "1; 2; D new; C SELECT 1; Z I");
	hears(t, &t->client, "12DCZ");
	assert_int_equal(stage_exchanges(&s.st, VERDICT_RETRIED), 1);
	talk_close(&writer);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_the_unit_and_once),
		cmocka_unit_test(test_again_after_ddl),
		cmocka_unit_test(test_for_an_answer),
		cmocka_unit_test(test_in_the_middle_of_an_exchange),
		cmocka_unit_test(test_that_fails_outside_a_transaction),
		cmocka_unit_test(test_that_fails_inside_a_transaction),
		cmocka_unit_test(test_of_what_is_not_there),
		cmocka_unit_test(test_what_comes_meanwhile_is_the_clients),
		cmocka_unit_test(test_a_side_dies_meanwhile),
		cmocka_unit_test(test_the_client_leaves_meanwhile),
		cmocka_unit_test(test_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
