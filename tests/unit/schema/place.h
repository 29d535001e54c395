/*
 * For the tests of schema/: a directory of its own for each test, rows to write, and looking
 * at a trace as any SQLite program would (not through the code under test).
 */
#ifndef TESTS_UNIT_SCHEMA_PLACE_H
#define TESTS_UNIT_SCHEMA_PLACE_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "schema/trace_impl.h"
#include "schema/trace_write.h"

/* A test with a directory of its own: its state is a struct place. */
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

struct place {
	char dir[64];
	char trace[128]; /* dir/run.trace */
	char name[160];  /* what place_file returned last */
};

static inline int place_setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	if (!place)
		return -1;
	snprintf(place->dir, sizeof(place->dir), "/tmp/twinkly-schema-XXXXXX");
	if (!mkdtemp(place->dir))
		return -1;
	snprintf(place->trace, sizeof(place->trace), "%s/run.trace", place->dir);
	*state = place;
	return 0;
}

static inline int place_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int place_teardown(void **state)
{
	struct place *place = *state;
	chmod(place->dir, 0700);
	nftw(place->dir, place_remove, 8, FTW_DEPTH | FTW_PHYS);
	free(place);
	return 0;
}

/* "run.trace" + suffix; until the next call. */
static inline const char *place_file(struct place *place, const char *suffix)
{
	snprintf(place->name, sizeof(place->name), "%s%s", place->trace, suffix);
	return place->name;
}

static inline bool place_has(struct place *place, const char *suffix)
{
	return access(place_file(place, suffix), F_OK) == 0;
}

static inline void place_put(const char *path, const void *data, size_t len)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static inline struct trace *create_trace(const char *path)
{
	struct err err = {.text = ""};
	struct trace *t = trace_create(path, NULL, &err);
	if (!t)
		fail_msg("%s", err.text);
	return t;
}

static inline struct trace *open_trace(const char *path)
{
	struct err err = {.text = ""};
	struct trace *t = trace_open(path, &err);
	if (!t)
		fail_msg("%s", err.text);
	return t;
}

static inline void close_trace(struct trace *t)
{
	struct err err = {.text = ""};
	if (!trace_close(t, &err))
		fail_msg("%s", err.text);
}

/* A `call` that has to succeed; `err` is in reach. */
#define MUST(call)                                           \
	do {                                                 \
		struct err err = {.text = ""};               \
		if (!(call))                                 \
			fail_msg("%s: %s", #call, err.text); \
	} while (0)

static inline void put_session(struct trace *t, int64_t id)
{
	struct trace_session row = {.id = id,
		.user = "app",
		.database = "shop",
		.application_name = "orders",
		.client = "127.0.0.1:40000",
		.started_us = id * 10,
		.startup = bytes_of("user\0app\0", 9)};
	MUST(trace_write_session(t, &row, &err));
}

static inline bool write_exchange(struct trace *t, int64_t id, int verdict, struct err *err)
{
	struct trace_exchange row = {.id = id,
		.session = 1,
		.started_us = id * 1000,
		.truth_us = 400,
		.candidate_us = 900,
		.verdict = verdict,
		.truth_status = 'I',
		.candidate_status = 'I',
		.request = bytes_str("Q....select name from item where id = 1"),
		.truth = bytes_str("T....D....C....Z...."),
		.truth_len = 20,
		.candidate_len = 20};
	return trace_write_exchange(t, &row, err);
}

static inline bool write_command(
	struct trace *t, int64_t exchange, int ordinal, int verdict, struct err *err)
{
	struct trace_command row = {.exchange = exchange,
		.ordinal = ordinal,
		.statement = 1 + ordinal,
		.tag = "SELECT 1",
		.truth_rows = 1,
		.candidate_rows = 1,
		.verdict = verdict};
	return trace_write_command(t, &row, err);
}

static inline void put_statement(struct trace *t, int64_t id, const char *text)
{
	struct trace_statement row = {.id = id, .text = bytes_str(text)};
	MUST(trace_write_statement(t, &row, &err));
}

/* A plain connection, as the sqlite3 shell makes one. */
static inline sqlite3 *plain_open(const char *path, int flags)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open_v2(path, &db, flags, NULL), SQLITE_OK);
	return db;
}

static inline void plain_exec(const char *path, const char *sql)
{
	char *why = NULL;
	sqlite3 *db = plain_open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	sqlite3_close(db);
}

/* All rows as text, '|' between columns and '\n' after rows, into a static buffer. */
static inline const char *plain_query(const char *path, const char *sql)
{
	static char out[16384];
	size_t n = 0;
	sqlite3_stmt *s = NULL;
	sqlite3 *db = plain_open(path, SQLITE_OPEN_READONLY);
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	out[0] = '\0';
	while (sqlite3_step(s) == SQLITE_ROW && n < sizeof(out) - 1024)
		for (int i = 0, count = sqlite3_column_count(s); i < count; i++) {
			const unsigned char *text = sqlite3_column_text(s, i);
			n += (size_t)snprintf(out + n, 1024, "%s%s", text ? (const char *)text : "",
				i + 1 < count ? "|" : "\n");
		}
	sqlite3_finalize(s);
	sqlite3_close(db);
	return out;
}

#endif
