/*
 * Conversations as text: ">P" is a Parse that is sent, "<1" the ParseComplete that answers
 * it. ">DS" and ">DP" describe a statement and a portal, "<ZT" is ReadyForQuery in status T.
 * Each conversation is followed by what must hold at its end.
 */
#include "wire/protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static enum protocol_result step(struct protocol *p, const char *text, size_t len, struct err *err)
{
	unsigned char body[2] = {'\0', '\0'};
	struct frame frame = {.type = (unsigned char)text[1], .body = bytes_of(body, 0)};

	if (len > 2) {
		body[0] = (unsigned char)text[2];
		frame.body.len = text[0] == '<' ? 1 : 2;
	}
	return text[0] == '>' ? protocol_on_request(p, &frame) : protocol_on_answer(p, &frame, err);
}

/* Plays until a step is not accepted; gives its result and, in *at, what is left. */
static enum protocol_result play(struct protocol *p, const char **at, struct err *err)
{
	while (**at) {
		size_t len = strcspn(*at, " ");
		enum protocol_result result = step(p, *at, len, err);

		if (result != PROTOCOL_OK)
			return result;
		*at += len;
		*at += strspn(*at, " ");
	}
	return PROTOCOL_OK;
}

static void must_play(struct protocol *p, const char *script)
{
	const char *at = script;
	struct err err = {.text = ""};

	if (play(p, &at, &err) != PROTOCOL_OK)
		fail_msg("`%s` stops at `%s`: %s", script, at, err.text);
}

/* What a conversation leaves behind. */
struct state {
	const char *script;
	const char *owed;
	size_t count, syncs;
	char status;
	enum protocol_copy copy;
	bool is_idle, is_settled;
};

#define NONE PROTOCOL_COPY_NONE
#define IN   PROTOCOL_COPY_IN
#define OUT  PROTOCOL_COPY_OUT
#define BOTH PROTOCOL_COPY_BOTH
#define IDLE "nothing", 0, 0

static const struct state states[] = {
	/* simple queries */
	{"", IDLE, 'I', NONE, true, true},
	{">Q", "Query", 1, 1, 'I', NONE, false, false},
	{">Q <T <D <D <C", "Query", 1, 1, 'I', NONE, false, false},
	{">Q <T <D <C <ZI", IDLE, 'I', NONE, true, true},
	{">Q <C <T <D <C <C <ZT", IDLE, 'T', NONE, true, true},
	{">Q <I <ZI", IDLE, 'I', NONE, true, true},
	{">Q <E <ZE", IDLE, 'E', NONE, true, true},
	{">Q <C <T <D <E <ZI", IDLE, 'I', NONE, true, true},
	{">Q >Q >Q <C <ZT", "Query", 2, 2, 'T', NONE, false, false},
	{">Q >Q <E <ZI <C <ZI", IDLE, 'I', NONE, true, true},
	/* what may come at any time */
	{"<S <N <A", IDLE, 'I', NONE, true, true},
	{">Q <N <T <S <D <A <C <N <ZI <A", IDLE, 'I', NONE, true, true},
	{">P >B >E >S <N <1 <S <2 <A <N <C <ZI", IDLE, 'I', NONE, true, true},
	/* FATAL: unasked, and in the middle */
	{"<E", IDLE, 'I', NONE, true, true},
	{">Q <C <ZT <E", IDLE, 'T', NONE, true, true},
	/* extended messages */
	{">P >B >DP >E >S", "Parse", 5, 1, 'I', NONE, false, false},
	{">P >B >DP >E >S <1", "Bind", 4, 1, 'I', NONE, false, false},
	{">P >B >DP >E >S <1 <2", "Describe portal", 3, 1, 'I', NONE, false, false},
	{">P >B >DP >E >S <1 <2 <T", "Execute", 2, 1, 'I', NONE, false, false},
	{">P >B >DP >E >S <1 <2 <T <D <D", "Execute", 2, 1, 'I', NONE, false, false},
	{">P >B >DP >E >S <1 <2 <T <D <C", "Sync", 1, 1, 'I', NONE, false, false},
	{">P >B >DP >E >S <1 <2 <T <D <C <ZT", IDLE, 'T', NONE, true, true},
	{">P >DS >S <1 <t", "Describe portal", 2, 1, 'I', NONE, false, false},
	{">P >DS >S <1 <t <n <ZI", IDLE, 'I', NONE, true, true},
	{">P >DS >S <1 <t <T <ZI", IDLE, 'I', NONE, true, true},
	{">B >DP >E >S <2 <n <C <ZI", IDLE, 'I', NONE, true, true},
	{">B >E >S <2 <N <C <ZI", IDLE, 'I', NONE, true, true},
	{">B >E >S <2 <I <ZI", IDLE, 'I', NONE, true, true},
	{">E >H <D <D <s >E >S <D <C <ZI", IDLE, 'I', NONE, true, true},
	{">C >S <3 <ZI", IDLE, 'I', NONE, true, true},
	{">C", "Close", 1, 0, 'I', NONE, false, false},
	{">P >H <1", IDLE, 'I', NONE, true, true},
	{">H", IDLE, 'I', NONE, true, true},
	{">X", IDLE, 'I', NONE, true, true},
	{">S <ZI", IDLE, 'I', NONE, true, true},
	/* function calls */
	{">F", "FunctionCall", 1, 1, 'I', NONE, false, false},
	{">F <V <ZI", IDLE, 'I', NONE, true, true},
	{">F <E <ZI", IDLE, 'I', NONE, true, true},
	/* errors in a pipeline: everything to the next Sync is gone, what follows is not */
	{">P >B >E >S <E", "Sync", 1, 1, 'I', NONE, false, false},
	{">P >B >E >S <1 <2 <D <E <ZE", IDLE, 'E', NONE, true, true},
	{">P >B >S >P >B >S <E <ZI", "Parse", 3, 1, 'I', NONE, false, false},
	{">P >B >S >P >B >S <E <ZI <1 <2 <ZI", IDLE, 'I', NONE, true, true},
	{">P >B <E", IDLE, 'I', NONE, false, true},
	{">P >B <E >E >C >Q >F >P", IDLE, 'I', NONE, false, true},
	{">P >B <E >E >S", "Sync", 1, 1, 'I', NONE, false, false},
	{">P >B <E >E >S >Q <N <ZI <C <ZI", IDLE, 'I', NONE, true, true},
	{">P >Q >S <E", "Sync", 1, 1, 'I', NONE, false, false},
	{">P >F >S <E <ZI", IDLE, 'I', NONE, true, true},
	{">P >S <E <E", "Sync", 1, 1, 'I', NONE, false, false},
	/* a deferred constraint fails in Sync's commit */
	{">B >E >S <2 <C <E", "Sync", 1, 1, 'I', NONE, false, false},
	{">B >E >S <2 <C <E <ZI", IDLE, 'I', NONE, true, true},
	/* COPY OUT */
	{">Q <H <d <d", "Query", 1, 1, 'I', OUT, false, false},
	{">Q <H <d <d <c <C <ZI", IDLE, 'I', NONE, true, true},
	{">Q <H <d <E", "Query", 1, 1, 'I', NONE, false, false},
	{">Q <H <d <E <ZI", IDLE, 'I', NONE, true, true},
	{">B >E >S <2 <H <c <C <ZI", IDLE, 'I', NONE, true, true},
	{">B >E >S <2 <H <d <E <ZI", IDLE, 'I', NONE, true, true},
	/* COPY IN by a simple query */
	{">Q <G", "Query", 1, 1, 'I', IN, false, true},
	{">Q <G >d >d", "Query", 1, 1, 'I', IN, false, true},
	{">Q <G >d >c", "Query", 1, 1, 'I', NONE, false, false},
	{">Q <G >d >c <C <ZI", IDLE, 'I', NONE, true, true},
	{">Q <G >d >f <E <ZI", IDLE, 'I', NONE, true, true},
	{">Q <G >d <E >d >c <ZI", IDLE, 'I', NONE, true, true},
	{">Q <G >d <E <ZI >d >d >c", IDLE, 'I', NONE, true, true},
	{">Q <G >d >c <G >d", "Query", 1, 1, 'I', IN, false, true},
	{">Q <G >c <C <G >c <C <T <D <C <ZI", IDLE, 'I', NONE, true, true},
	{">Q <G <N >c <C <ZI", IDLE, 'I', NONE, true, true},
	/* the end of the data is sent before CopyInResponse is seen */
	{">Q >d >c <G", "Query", 1, 1, 'I', NONE, false, false},
	{">Q >d >c <G <C <ZI", IDLE, 'I', NONE, true, true},
	{">Q >d >c >Q <E <ZI <C <ZI", IDLE, 'I', NONE, true, true},
	{">Q >c >c <G <C <G <C <ZI", IDLE, 'I', NONE, true, true},
	{">Q >c <T <D <C <ZI >Q <G", "Query", 1, 1, 'I', IN, false, true},
	{">B >E >d >c >S <2 <G", "Execute", 2, 1, 'I', NONE, false, false},
	{">B >E >d >c >S <2 <G <C <ZI", IDLE, 'I', NONE, true, true},
	{">B >E >d >f >S <2 <G <E <ZI", IDLE, 'I', NONE, true, true},
	{">B >E >S >d >c >S <2 <G <C <ZI", IDLE, 'I', NONE, true, true},
	/* libpq sends the first Sync before it can know of the COPY; it is ignored */
	{">P >B >DP >E >S <1 <2 <n <G", "Execute", 1, 0, 'I', IN, false, true},
	{">P >B >DP >E >S <1 <2 <n <G >d >c >S <C <ZI", IDLE, 'I', NONE, true, true},
	{">P >B >DP >E >S <1 <2 <n <G >d >f >S <E <ZI", IDLE, 'I', NONE, true, true},
	{">P >B >DP >E >S <1 <2 <n <G >d <E >c", IDLE, 'I', NONE, false, true},
	{">P >B >DP >E >S <1 <2 <n <G >d <E >c >S <ZI", IDLE, 'I', NONE, true, true},
	{">P >B >DP >E >S <E <ZI", IDLE, 'I', NONE, true, true},
	{">B >E <2 <G >S >H >d >S >c >S <C <ZI", IDLE, 'I', NONE, true, true},
	/* ... unless the COPY failed before the backend read it */
	{">B >E >S <2 <G <E <ZI", IDLE, 'I', NONE, true, true},
	{">B >E >S <2 <G >c >S <E <ZI <ZI", IDLE, 'I', NONE, true, true},
	{">B >E >S <2 <G >c >S <E <ZI >Q <ZI <C <ZT", IDLE, 'T', NONE, true, true},
	{">Q >S <G <E <ZI <ZE", IDLE, 'E', NONE, true, true},
	/* leftovers of COPY */
	{">d >c >f", IDLE, 'I', NONE, true, true},
	{">P >S <E >d >c <ZI", IDLE, 'I', NONE, true, true},
	{">P >S >c >B >E >S <1 <ZI <2 <C <ZI", IDLE, 'I', NONE, true, true},
	/* COPY BOTH */
	{">Q <W >d <d", "Query", 1, 1, 'I', BOTH, false, false},
	{">Q <W >d <d >c", "Query", 1, 1, 'I', OUT, false, false},
	{">Q <W <d <c", "Query", 1, 1, 'I', IN, false, true},
	{">Q <W <d >c <d <c <C <C <ZI", IDLE, 'I', NONE, true, true},
	{">Q <W <d <c >c <T <D <C <C <ZI", IDLE, 'I', NONE, true, true},
};

static void test_states(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		const struct state *s = &states[i];
		struct protocol p;

		protocol_init(&p);
		must_play(&p, s->script);
		if (strcmp(protocol_owed_name(&p), s->owed) != 0 || p.count != s->count ||
			p.syncs != s->syncs || p.status != s->status || p.copy != s->copy ||
			protocol_is_idle(&p) != s->is_idle ||
			protocol_is_settled(&p) != s->is_settled)
			fail_msg("`%s` leaves %s, %zu, %zu, %c, copy %d, idle %d, settled %d",
				s->script, protocol_owed_name(&p), p.count, p.syncs, p.status,
				(int)p.copy, protocol_is_idle(&p), protocol_is_settled(&p));
		protocol_fini(&p);
	}
}

/* The last step of each is a violation, everything before it is fine. */
static const struct {
	const char *script, *message;
} violations[] = {
	{"<ZI", "ReadyForQuery where the answer to nothing was owed"},
	{"<C", "CommandComplete where the answer to nothing was owed"},
	{"<D", "DataRow where"},
	{"<R", "Authentication where"},
	{"<K", "BackendKeyData where"},
	{"<v", "NegotiateProtocolVersion where"},
	{"<!", "an unknown message where"},
	{">Q <ZI", "ReadyForQuery where the answer to Query was owed"},
	{">Q <T <ZI", "ReadyForQuery where"},
	{">Q <C <T <ZI", "ReadyForQuery where"},
	{">Q <1", "ParseComplete where"},
	{">Q <t", "ParameterDescription where"},
	{">Q <n", "NoData where"},
	{">Q <s", "PortalSuspended where"},
	{">Q <V", "FunctionCallResponse where"},
	{">Q <R", "Authentication where"},
	{">Q <C <ZX", "ReadyForQuery has no known status"},
	{">Q <C <Z", "ReadyForQuery has no known status"},
	{">Q <C <ZI <C", "answer to nothing"},
	{">Q <C <ZI <ZI", "answer to nothing"},
	{">P >S <2", "BindComplete where the answer to Parse was owed"},
	{">P >S <ZI", "ReadyForQuery where the answer to Parse was owed"},
	{">B >S <1", "ParseComplete where the answer to Bind was owed"},
	{">DS >S <T", "RowDescription where the answer to Describe statement was owed"},
	{">DS >S <t <t", "ParameterDescription where the answer to Describe portal was owed"},
	{">DP >S <t", "ParameterDescription where the answer to Describe portal was owed"},
	{">DP >S <n <T", "RowDescription where the answer to Sync was owed"},
	{">E >S <T", "RowDescription where the answer to Execute was owed"},
	{">E >S <D <ZI", "ReadyForQuery where the answer to Execute was owed"},
	{">E >S <C <C", "CommandComplete where the answer to Sync was owed"},
	{">E >S <W", "CopyBothResponse where the answer to Execute was owed"},
	{">C >S <C", "CommandComplete where the answer to Close was owed"},
	{">F <C", "CommandComplete where the answer to FunctionCall was owed"},
	{">F <ZI", "ReadyForQuery where the answer to FunctionCall was owed"},
	{">F <V <V", "FunctionCallResponse where"},
	{">P >S <E <1", "ParseComplete between an error and ReadyForQuery"},
	{">P >S <E <C", "CommandComplete between an error and ReadyForQuery"},
	{">P <E <ZI", "ReadyForQuery between an error and ReadyForQuery"},
	{">Q <d", "CopyData where the answer to Query was owed"},
	{">Q <c", "CopyDone where the answer to Query was owed"},
	{">Q <H <C", "CommandComplete where the answer to Query was owed, in COPY"},
	{">Q <H <D", "DataRow where"},
	{">Q <H <ZI", "ReadyForQuery where the answer to Query was owed, in COPY"},
	{">Q <H <G", "CopyInResponse where"},
	{">Q <H <c <d", "CopyData where the answer to Query was owed"},
	{">Q <G <C", "CommandComplete where the answer to Query was owed, in COPY"},
	{">Q <G <G", "CopyInResponse where"},
	{">Q <G <d", "CopyData where"},
	{">Q <G <ZI", "ReadyForQuery where"},
	{">Q <W <c <d", "CopyData where"},
	{">B >E >S <2 <G >c >S <C <ZI <ZI", "ReadyForQuery where the answer to nothing was owed"},
	{">B >E >S <2 <G <E <ZI <ZI", "ReadyForQuery where the answer to nothing was owed"},
};

static void test_violations(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(violations); i++) {
		const char *at = violations[i].script;
		const char *last = strrchr(at, '<');
		struct protocol p;
		struct err err = {.text = ""};

		protocol_init(&p);
		if (play(&p, &at, &err) != PROTOCOL_VIOLATION || at != last)
			fail_msg("`%s` ends at `%s`", violations[i].script, at);
		if (!strstr(err.text, violations[i].message))
			fail_msg("`%s` says: %s", violations[i].script, err.text);
		protocol_fini(&p);
	}
}

/* A message that is accepted must not change what is counted when it changes nothing. */
/* What was noted since the mark and not sent: only what came before is owed. */
static void test_rewind(void **unused)
{
	static const char *const later[] = {
		">P", ">P >B >E >S", ">Q", ">P >B >E >c >S", ">S >S", ">F"};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(later); i++) {
		struct protocol p;
		struct protocol_mark mark;

		protocol_init(&p);
		must_play(&p, ">P >B");
		mark = protocol_mark(&p);
		must_play(&p, later[i]);
		assert_true(p.count > 2);
		protocol_rewind(&p, &mark);
		assert_int_equal(p.count, 2);
		assert_int_equal(p.syncs, 0);
		must_play(&p, "<1 <2");
		assert_true(protocol_is_idle(&p));
		protocol_fini(&p);
	}
}

static void test_async_changes_nothing(void **unused)
{
	static const char *const async[] = {"<N", "<S", "<A"};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		struct protocol p, before;

		protocol_init(&p);
		must_play(&p, states[i].script);
		before = p;
		for (size_t k = 0; k < ARRAY_LEN(async); k++)
			must_play(&p, async[k]);
		assert_memory_equal(&p, &before, sizeof(p));
		protocol_fini(&p);
	}
}

static void test_ring_grows_and_is_full(void **unused)
{
	struct protocol p;
	struct err err;
	size_t n = 0;

	(void)unused;
	protocol_init(&p);
	/* Off the start of the ring, so that growing has to unroll it. */
	must_play(&p, ">P >S >P >S <1 <ZI");
	while (step(&p, ">S", 2, &err) == PROTOCOL_OK)
		n++;
	assert_int_equal(n, PROTOCOL_OWED_MAX - 2);
	assert_int_equal(p.count, PROTOCOL_OWED_MAX);
	assert_int_equal(p.syncs, PROTOCOL_OWED_MAX - 1);
	assert_int_equal(step(&p, ">Q", 2, &err), PROTOCOL_FULL);
	assert_int_equal(p.count, PROTOCOL_OWED_MAX);
	must_play(&p, ">H >d <1");
	for (; n > 0; n--)
		must_play(&p, "<ZI");
	must_play(&p, "<ZT");
	assert_true(protocol_is_idle(&p));
	assert_int_equal(p.syncs, 0);
	must_play(&p, ">Q <C <ZI");
	protocol_fini(&p);
	assert_null(p.owed);
}

/* Long pipelines in every alignment of the ring. */
static void test_ring_wraps(void **unused)
{
	struct protocol p;

	(void)unused;
	protocol_init(&p);
	for (int round = 0; round < 500; round++) {
		for (int i = 0; i < round % 7 + 1; i++)
			must_play(&p, ">P >B >DP >E >S");
		must_play(&p, ">B >E >S");
		for (int i = 0; i < round % 7 + 1; i++)
			must_play(&p, i % 2 ? "<1 <2 <E <ZE" : "<1 <2 <T <D <D <C <ZT");
		must_play(&p, "<2 <G >d >c >S <C <ZI");
		assert_true(protocol_is_idle(&p));
		assert_int_equal(p.syncs, 0);
	}
	assert_int_equal(p.cap, 64);
	protocol_fini(&p);
}

/* A server that sends anything: no crash, and the counts stay consistent. */
static void test_random_messages(void **unused)
{
	static const char requests[] = "QFPBDECSHdcfX", answers[] = "123ACDEGHINSTVWZcdnstRKv";
	unsigned int seed = 7;

	(void)unused;
	for (int round = 0; round < 200; round++) {
		struct protocol p;
		struct err err;

		protocol_init(&p);
		for (int i = 0; i < 300; i++) {
			bool is_request = rand_r(&seed) % 3 == 0;
			const char *set = is_request ? requests : answers;
			char text[3] = {is_request ? '>' : '<', ' ', 'I'};
			size_t syncs = 0;

			text[1] = set[(size_t)rand_r(&seed) % strlen(set)];
			if (step(&p, text, 3, &err) == PROTOCOL_VIOLATION)
				assert_false(is_request);
			for (size_t k = 0; k < p.count; k++) {
				unsigned char owed = p.owed[(p.head + k) & (p.cap - 1)];

				syncs += owed == PROTOCOL_OWED_QUERY ||
					 owed == PROTOCOL_OWED_FUNCTION_CALL ||
					 owed == PROTOCOL_OWED_SYNC;
			}
			assert_int_equal(p.syncs, syncs);
			assert_true(p.count == 0 || p.owed[p.head] < PROTOCOL_OWED_COUNT);
			assert_true(p.copy == PROTOCOL_COPY_NONE || p.count > 0);
		}
		protocol_fini(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_violations),
		cmocka_unit_test(test_rewind),
		cmocka_unit_test(test_async_changes_nothing),
		cmocka_unit_test(test_ring_grows_and_is_full),
		cmocka_unit_test(test_ring_wraps),
		cmocka_unit_test(test_random_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
