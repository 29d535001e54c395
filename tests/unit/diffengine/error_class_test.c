/*
 * Every wording and code with its class, near misses that stay ordinary, and bodies that are
 * cut short.
 */
#include "diffengine/error_class.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/buf.h"

static void add_field(struct buf *out, char code, const char *text)
{
	if (!text)
		return;
	assert_true(buf_append(out, &code, 1));
	assert_true(buf_append(out, text, strlen(text) + 1));
}

static enum error_class classify(const char *code, const char *message, const char *detail)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	add_field(&out, 'S', "ERROR");
	add_field(&out, 'C', code);
	add_field(&out, 'M', message);
	add_field(&out, 'D', detail);
	assert_true(buf_append(&out, "", 1));
	/* A copy of its exact size, so that a reader beyond the end is caught. */
	unsigned char *body = malloc(buf_len(&out));
	assert_non_null(body);
	memcpy(body, buf_bytes(&out).ptr, buf_len(&out));
	enum error_class class = error_classify(bytes_of(body, buf_len(&out)));
	free(body);
	buf_fini(&out);
	return class;
}

static const struct {
	enum error_class class;
	const char *code, *message, *detail;
} cases[] = {
	/* unsupported */
	{ERROR_UNSUPPORTED, "0A000", "anything", NULL},
	{ERROR_UNSUPPORTED, "0A000", "cross-database references are not implemented: \"a.b.c\"",
		NULL},
	{ERROR_UNSUPPORTED, "0A000", "advisory locks are not yet implemented", NULL},
	{ERROR_UNSUPPORTED, "XX000", "advisory locks feature is currently in preview", NULL},
	{ERROR_UNSUPPORTED, "0A000", "This statement not supported yet", NULL},
	{ERROR_UNSUPPORTED, "XX000", "This statement not supported", NULL},
	{ERROR_UNSUPPORTED, "XX000", "INHERITS not supported yet", NULL},
	{ERROR_UNSUPPORTED, "XX000", "index method \"gist\" not supported yet", NULL},
	{ERROR_UNSUPPORTED, "XX000", "INDEX on column of type 'INET' not yet supported", NULL},
	{ERROR_UNSUPPORTED, "0A000", "system column \"ctid\" is not supported yet", NULL},
	{ERROR_UNSUPPORTED, "XX000", "System column \"xmin\" is not supported yet", NULL},
	{ERROR_UNSUPPORTED, "XX000", "ERROR:  System column with id -1 is not supported", NULL},
	{ERROR_UNSUPPORTED, "XX000", "Unsupported kind of index", NULL},
	{ERROR_UNSUPPORTED, "XX000",
		"Value other than 'C' for lc_collate option is not yet supported", NULL},
	{ERROR_UNSUPPORTED, "XX000", "Yugabyte does not support xid", NULL},
	{ERROR_UNSUPPORTED, "XX000", "VACUUM is a no-op", NULL},
	{ERROR_UNSUPPORTED, "XX000",
		"Transaction for catalog table write operation 'pg_largeobject_metadata' not found",
		NULL},
	{ERROR_UNSUPPORTED, "22023", "unrecognized parameter \"fillfactor\"", NULL},
	{ERROR_UNSUPPORTED, "22023", "storage parameter fillfactor is unsupported", NULL},
	{ERROR_UNSUPPORTED, "22023", "storage parameters are currently ignored", NULL},
	{ERROR_UNSUPPORTED, "58P01",
		"could not open extension control file \"/x/postgis.control\": No such file", NULL},
	/* unsupported comes before retry and infrastructure */
	{ERROR_UNSUPPORTED, "XX000", "Network error: FETCH BACKWARD is not supported", NULL},

	/* retry */
	{ERROR_RETRY, "40001", "anything", NULL},
	{ERROR_RETRY, "40P01", "anything", NULL},
	{ERROR_RETRY, "YB001", "anything", NULL},
	{ERROR_RETRY, "YB002", "anything", NULL},
	{ERROR_RETRY, "YB009", "anything", NULL},
	{ERROR_RETRY, "XX000", "could not serialize access due to concurrent update (query layer)",
		NULL},
	{ERROR_RETRY, "XX000", "Operation failed. Try again: value write after", NULL},
	{ERROR_RETRY, "XX000", "a Conflicts with higher priority transaction: 7", NULL},
	{ERROR_RETRY, "XX000", "All transparent retries exhausted. x", NULL},
	{ERROR_RETRY, "XX000", "x", "conflict: kConflict"},
	{ERROR_RETRY, "XX000", "Restart read required", NULL},
	{ERROR_RETRY, "XX000", "Query error: Restart read required at: { read: }", NULL},
	{ERROR_RETRY, "25P02", "current transaction is expired or aborted (query layer)", NULL},
	{ERROR_RETRY, "25P02", "error: CURRENT TRANSACTION IS EXPIRED OR ABORTED", NULL},
	{ERROR_RETRY, "25P02",
		"Operation expired: Heartbeat: Transaction 7 expired or aborted by a conflict",
		NULL},
	{ERROR_RETRY, "25P02", "Operation expired: x", NULL},
	{ERROR_RETRY, "XX000", "Unknown transaction, could be recently aborted: 1", NULL},
	{ERROR_RETRY, "XX000", "Transaction expired: 25P02", NULL},
	{ERROR_RETRY, "XX000", "Transaction metadata missing: 1", NULL},
	{ERROR_RETRY, "XX000", "deadlock detected (query layer retry isn't possible)", NULL},
	{ERROR_RETRY, "XX000", "Transaction 7 was aborted while waiting for locks", NULL},
	{ERROR_RETRY, "XX000",
		"The catalog snapshot used for this transaction has been invalidated", NULL},
	{ERROR_RETRY, "XX000", "ERROR:  ERROR:  Catalog Version Mismatch: A DDL occurred", NULL},
	{ERROR_RETRY, "XX000", "x",
		"Catalog Version Mismatch: A DDL occurred while processing this query. Try again."},
	{ERROR_RETRY, "XX000", "schema version mismatch for table 1: expected 19, got 18", NULL},
	{ERROR_RETRY, "XX000", "invalidated: expected: 2, got: 1: MISMATCHED_SCHEMA", NULL},
	/* retry comes before infrastructure */
	{ERROR_RETRY, "XX000", "Remote error: Restart read required", NULL},
	{ERROR_RETRY, "XX000", "Timed out: deadlock detected", NULL},

	/* infrastructure */
	{ERROR_INFRASTRUCTURE, "XX000", "Timed out: Perform RPC (request call id 1)", NULL},
	{ERROR_INFRASTRUCTURE, "57014", "Timed out: Perform RPC (request call id 1)", NULL},
	{ERROR_INFRASTRUCTURE, "XX000", "x: Perform RPC to tserver", NULL},
	{ERROR_INFRASTRUCTURE, "XX000", "Remote error: Service error: Illegal state: x", NULL},
	{ERROR_INFRASTRUCTURE, "XX000", "Network error: recvmsg error", NULL},
	{ERROR_INFRASTRUCTURE, "XX000", "Service unavailable: queue full", NULL},
	{ERROR_INFRASTRUCTURE, "XX000", "Errors occurred while reaching out to the tablet servers",
		NULL},
	{ERROR_INFRASTRUCTURE, "XX000", "Tablet 7 is not leader", NULL},
	{ERROR_INFRASTRUCTURE, "XX000", "Tablet 7: not the leader", NULL},
	{ERROR_INFRASTRUCTURE, "XX000", "Tablet has been split", NULL},
	{ERROR_INFRASTRUCTURE, "XX000", "Snapshot too old. Read point: 1", NULL},
	{ERROR_INFRASTRUCTURE, "XX000", "Sending too long RPC message (300000000 bytes)", NULL},
	{ERROR_INFRASTRUCTURE, "54000", "The RPC size exceeds 254 MB", NULL},
	{ERROR_INFRASTRUCTURE, "54000", "row too large", NULL},
	{ERROR_INFRASTRUCTURE, "54000", "row is too large: 70 MB", NULL},
	{ERROR_INFRASTRUCTURE, "54001", "rows are too large", NULL},
	{ERROR_INFRASTRUCTURE, "72000", "snapshot too old", NULL},
	{ERROR_INFRASTRUCTURE, "53100", "disk full", NULL},
	{ERROR_INFRASTRUCTURE, "53200", "out of memory", NULL},
	{ERROR_INFRASTRUCTURE, "53300", "too many clients already", NULL},
	{ERROR_INFRASTRUCTURE, "58030", "could not read block", NULL},
	{ERROR_INFRASTRUCTURE, "58P01", "could not open file \"base/1/2\"", NULL},
	{ERROR_INFRASTRUCTURE, "57P01", "terminating connection", NULL},
	{ERROR_INFRASTRUCTURE, "57P03", "the database system is starting up", NULL},
	{ERROR_INFRASTRUCTURE, "08006", "connection failure", NULL},
	{ERROR_INFRASTRUCTURE, "08001", "connection failure", NULL},

	/* cancelled, aborted */
	{ERROR_CANCELLED, "57014", "canceling statement due to user request", NULL},
	{ERROR_CANCELLED, "57014", "canceling statement due to statement timeout", NULL},
	{ERROR_ABORTED, "25P02",
		"current transaction is aborted, commands ignored until end of transaction block",
		NULL},

	/* ordinary, and near misses */
	{ERROR_ORDINARY, "P0001", "partial refunds are not supported", NULL},
	{ERROR_ORDINARY, "P0001", "order not supported yet", NULL},
	{ERROR_ORDINARY, "P0001", "deadlock detected", NULL},
	{ERROR_ORDINARY, "P0001", "Timed out: Perform RPC", "kConflict"},
	{ERROR_ORDINARY, "P0001", "this is a no-op", NULL},
	{ERROR_ORDINARY, "P0002", "schema version mismatch", NULL},
	{ERROR_ORDINARY, "23505", "ERROR:  duplicate key value violates unique constraint \"uq\"",
		NULL},
	{ERROR_ORDINARY, "23514", "check \"is not supported\" is violated", NULL},
	{ERROR_ORDINARY, "23503", "x", "Key (a)=(kConflict) is not present"},
	{ERROR_ORDINARY, "22P02", "invalid input value for enum: \"not supported yet\"", NULL},
	{ERROR_ORDINARY, "22023", "value 5 out of bounds for option \"fillfactor\"", NULL},
	{ERROR_ORDINARY, "22023", "unrecognized parameter \"colour\"", NULL},
	{ERROR_ORDINARY, "22023", "time zone \"is not supported\" not recognized", NULL},
	{ERROR_ORDINARY, "42601", "syntax error at or near \"MERGE\"", NULL},
	{ERROR_ORDINARY, "42601", "this is not supported yet", NULL},
	{ERROR_ORDINARY, "42703", "column \"restart read required\" does not exist", NULL},
	{ERROR_ORDINARY, "0A000", "cached plan must not change result type", NULL},
	{ERROR_ORDINARY, "54000", "index row size 2712 exceeds btree maximum", NULL},
	{ERROR_ORDINARY, "54000", "row is too big: size 9000, maximum size 8160", NULL},
	{ERROR_ORDINARY, "54011", "tables can have at most 1600 columns", NULL},
	{ERROR_ORDINARY, "54001", "stack depth limit exceeded", NULL},
	{ERROR_ORDINARY, "55P03", "canceling statement due to lock timeout", NULL},
	{ERROR_ORDINARY, "08P01", "bind message supplies 1 parameters, but \"\" requires 2", NULL},
	{ERROR_ORDINARY, "26000", "prepared statement \"s\" does not exist", NULL},
	{ERROR_ORDINARY, "25P01", "there is no transaction in progress", NULL},
	{ERROR_ORDINARY, "25001", "x cannot run inside a transaction block", NULL},
	{ERROR_ORDINARY, "40002", "x", NULL},
	{ERROR_ORDINARY, "XX000", "cache lookup failed for type 16388", NULL},
	{ERROR_ORDINARY, "XX000", "the user said: transparent retries exhausted", NULL},
	{ERROR_ORDINARY, "XX001", "invalid page in block 7", NULL},
	{ERROR_ORDINARY, "YB", "short code", NULL},
	{ERROR_ORDINARY, "", "is not supported", NULL},
	{ERROR_ORDINARY, NULL, "is not supported", NULL},
	{ERROR_ORDINARY, "XX000", NULL, NULL},
	{ERROR_ORDINARY, "XX000", "ERROR:", NULL},
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum error_class class = classify(cases[i].code, cases[i].message, cases[i].detail);

		if (class != cases[i].class)
			fail_msg("%s %s: %s, not %s", cases[i].code, cases[i].message,
				error_class_name(class), error_class_name(cases[i].class));
	}
}

/* Any user's code: no wording of the table reclassifies it. */
static void test_codes_of_applications(void **state)
{
	static const char *const codes[] = {"P0001", "22012", "23505", "42P01", "AB123", "U0001"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t c = 0; c < ARRAY_LEN(codes); c++)
			assert_int_equal(classify(codes[c], cases[i].message, cases[i].detail),
				ERROR_ORDINARY);
}

static void test_any_case_and_prefix(void **state)
{
	char text[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (!cases[i].message || !cases[i].code)
			continue;
		snprintf(text, sizeof(text), "ERROR:  %s", cases[i].message);
		assert_int_equal(classify(cases[i].code, text, cases[i].detail), cases[i].class);
		for (char *p = text; *p; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p - 'A' + 'a');
		assert_int_equal(classify(cases[i].code, text, cases[i].detail), cases[i].class);
		for (char *p = text; *p; p++)
			if (*p >= 'a' && *p <= 'z')
				*p = (char)(*p - 'a' + 'A');
		assert_int_equal(classify(cases[i].code, text, cases[i].detail), cases[i].class);
	}
}

static void test_long_text(void **state)
{
	static char text[ERROR_TEXT_MAX + 100];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text + ERROR_TEXT_MAX - 21, "restart read required", 21);
	assert_int_equal(classify("XX000", text, NULL), ERROR_RETRY);
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text + ERROR_TEXT_MAX - 20, "restart read required", 21);
	assert_int_equal(classify("XX000", text, NULL), ERROR_ORDINARY);
}

static void test_malformed(void **state)
{
	static const char body[] = "SERROR\0CXX000\0MRestart read required\0";

	(void)state;
	assert_int_equal(error_classify(bytes_of(body, sizeof(body))), ERROR_RETRY);
	for (size_t len = 0; len < sizeof(body); len++) {
		unsigned char *cut = malloc(len ? len : 1);

		assert_non_null(cut);
		memcpy(cut, body, len);
		assert_int_equal(error_classify(bytes_of(cut, len)), ERROR_ORDINARY);
		free(cut);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(error_class_name(ERROR_ORDINARY), "ordinary");
	assert_string_equal(error_class_name(ERROR_ABORTED), "aborted");
	assert_string_equal(error_class_name(ERROR_CLASS_COUNT), "?");
	for (int i = 0; i < ERROR_CLASS_COUNT; i++)
		assert_true(strlen(error_class_meaning((enum error_class)i)) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_codes_of_applications),
		cmocka_unit_test(test_any_case_and_prefix),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
