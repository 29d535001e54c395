/*
 * Opening and closing: what is accepted for reading and what is refused with which words;
 * reading while another writes; damaged and hostile files.
 */
#include "tests/unit/schema/place.h"

#include <string.h>
#include <sys/wait.h>

#include "schema/trace_read.h"

static void refuses(const char *path, const char *why)
{
	struct err err = {.text = ""};
	assert_null(trace_open(path, &err));
	if (!strstr(err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void what_is_no_trace(void **state)
{
	struct place *place = *state;
	refuses(place->trace, "run.trace: cannot be opened: No such file or directory");
	refuses(place->dir, "is a directory");
	place_put(place->trace, "", 0);
	refuses(place->trace, "run.trace: is empty");
	place_put(place->trace, "precious notes\n", 15);
	refuses(place->trace, "run.trace: is not a Twinkly trace");
	unlink(place->trace);
	plain_exec(place->trace, "CREATE TABLE bill (id INTEGER)");
	refuses(place->trace, "run.trace: is not a Twinkly trace");
	unlink(place->trace);
	assert_int_equal(mkfifo(place->trace, 0600), 0);
	refuses(place->trace, "is not a regular file");
}

static void versions(void **state)
{
	struct place *place = *state;
	close_trace(create_trace(place->trace));
	close_trace(open_trace(place->trace));
	plain_exec(place->trace, "PRAGMA user_version = 2");
	refuses(place->trace, "run.trace: was written by a newer Twinkly (trace version 2, this "
			      "one reads up to 1); upgrade twinkly");
	plain_exec(place->trace, "PRAGMA user_version = 0");
	refuses(place->trace, "is damaged: it has no trace version");
}

static void numbers_in_the_head(void **state)
{
	struct place *place = *state;
	close_trace(create_trace(place->trace));
	assert_string_equal(plain_query(place->trace, "PRAGMA application_id"), "1417104236\n");
	assert_string_equal(plain_query(place->trace, "PRAGMA user_version"), "1\n");
	assert_string_equal(plain_query(place->trace, "PRAGMA page_size"), "8192\n");
}

/* What was closed is one plain file: it can be copied, mailed and read on any medium. */
static void closing_leaves_one_file(void **state)
{
	struct place *place = *state;
	struct err err = {.text = ""};
	struct trace *t = create_trace(place->trace);
	assert_string_equal(plain_query(place->trace, "PRAGMA journal_mode"), "wal\n");
	assert_true(trace_begin(t, &err));
	assert_true(trace_write_meta(t, "key", "not committed by the caller", &err));
	close_trace(t);
	assert_false(place_has(place, "-wal"));
	assert_false(place_has(place, "-shm"));
	assert_string_equal(plain_query(place->trace, "PRAGMA journal_mode"), "delete\n");
	t = open_trace(place->trace);
	assert_string_equal(trace_read_meta(t, "key"), "not committed by the caller");
	close_trace(t);
	assert_false(place_has(place, "-wal"));
}

static bool count_row(void *context, const struct trace_exchange *row)
{
	(void)row;
	++*(int *)context;
	return true;
}

static int count_exchanges(struct trace *t)
{
	int count = 0;
	MUST(trace_read_exchanges(t, 0, 0, count_row, &count, &err));
	return count;
}

static void reading_what_is_being_written(void **state)
{
	struct place *place = *state;
	struct err err = {.text = ""};
	struct trace *t = create_trace(place->trace);
	assert_true(write_exchange(t, 1, 0, &err));
	struct trace *reader = open_trace(place->trace);
	assert_int_equal(count_exchanges(reader), 1);
	assert_true(trace_begin(t, &err));
	assert_true(write_exchange(t, 2, 0, &err));
	assert_int_equal(count_exchanges(reader), 1);
	assert_true(trace_commit(t, &err));
	assert_int_equal(count_exchanges(reader), 2);
	close_trace(t);
	assert_int_equal(count_exchanges(reader), 2);
	close_trace(reader);
	reader = open_trace(place->trace);
	assert_int_equal(count_exchanges(reader), 2);
	close_trace(reader);
}

static void a_reader_cannot_write(void **state)
{
	struct place *place = *state;
	struct err err = {.text = ""};
	close_trace(create_trace(place->trace));
	struct trace *reader = open_trace(place->trace);
	assert_false(trace_write_meta(reader, "key", "value", &err));
	assert_non_null(strstr(err.text, "readonly"));
	close_trace(reader);
}

/* In a child that is nobody, for root may write anywhere. 0: the trace could be read. */
static int read_as_nobody(struct place *place, const char *why)
{
	int status = -1;
	pid_t child = fork();
	if (child == 0) {
		struct err err = {.text = ""};
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
			_exit(3);
		struct trace *t = trace_open(place->trace, &err);
		if (!t)
			_exit(*why && strstr(err.text, why) ? 1 : 2);
		_exit(count_exchanges(t) == 1 ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_medium_that_is_read_only(void **state)
{
	struct place *place = *state;
	struct err err = {.text = ""};
	struct trace *t = create_trace(place->trace);
	assert_true(write_exchange(t, 1, 0, &err));
	close_trace(t);
	chmod(place->trace, 0444);
	chmod(place->dir, 0555);
	assert_int_equal(read_as_nobody(place, ""), 0);

	/* Marked as WAL by some other program, and complete. */
	chmod(place->dir, 0755);
	chmod(place->trace, 0644);
	plain_exec(place->trace, "PRAGMA journal_mode = WAL");
	assert_false(place_has(place, "-wal"));
	chmod(place->dir, 0555);
	assert_int_equal(read_as_nobody(place, ""), 0);

	/* With rows in a log that cannot be used there: not silently less than everything. */
	place_put(place_file(place, "-wal"), "some log", 8);
	assert_int_equal(read_as_nobody(place, "copy both to a directory that is writable"), 1);

	chmod(place->trace, 0);
	assert_int_equal(read_as_nobody(place, "cannot be opened: Permission denied"), 1);
}

static bool read_difference(void *context, const struct trace_difference_context *row)
{
	(void)row;
	++*(int *)context;
	return true;
}

/* Reads all there is; false if any of it failed, and then there has to be a text. */
static bool reads_whole(const char *path)
{
	struct err err = {.text = ""};
	struct trace_counts counts;
	int rows = 0;
	struct trace *t = trace_open(path, &err);
	bool ok = t != NULL;
	if (t) {
		ok = trace_count(t, &counts, &err);
		ok = trace_read_exchanges(t, 0, 0, count_row, &rows, &err) && ok;
		ok = trace_read_differences(t, 0, read_difference, &rows, &err) && ok;
		assert_true(trace_close(t, &err));
	}
	assert_int_equal(ok, err.text[0] == '\0');
	return ok;
}

static size_t make_sample(const char *path)
{
	struct err err = {.text = ""};
	struct stat st;
	struct trace *t = create_trace(path);
	assert_true(trace_begin(t, &err));
	for (int i = 1; i <= 500; i++)
		assert_true(write_exchange(t, i, 0, &err) && write_command(t, i, 0, 0, &err));
	close_trace(t);
	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}

static void truncated_files(void **state)
{
	struct place *place = *state;
	size_t size = make_sample(place->trace);
	assert_true(reads_whole(place->trace));
	/* Inside the last page SQLite takes what is missing for zeros, which may be a row. */
	assert_int_equal(truncate(place->trace, (off_t)size - 1000), 0);
	(void)reads_whole(place->trace);
	for (size_t len = size - 8192; len > 0; len = len > 3000 ? len - 3000 : 0) {
		assert_int_equal(truncate(place->trace, (off_t)len), 0);
		assert_false(reads_whole(place->trace));
	}
}

static void damaged_pages(void **state)
{
	struct place *place = *state;
	size_t size = make_sample(place->trace);
	unsigned char *whole = malloc(size);
	unsigned char *spoiled = malloc(size);
	FILE *file = fopen(place->trace, "r");
	int failures = 0;
	uint32_t random = 1;
	assert_true(whole && spoiled && file);
	assert_int_equal(fread(whole, 1, size, file), size);
	fclose(file);
	assert_true(reads_whole(place->trace));
	for (int round = 0; round < 150; round++) {
		memcpy(spoiled, whole, size);
		for (int i = 0; i < 40; i++) {
			random = random * 1664525 + 1013904223;
			spoiled[random % size] = (unsigned char)(random >> 24);
		}
		place_put(place->trace, spoiled, size);
		failures += !reads_whole(place->trace);
	}
	assert_in_range(failures, 20, 150);
	free(whole);
	free(spoiled);
}

static void tables_that_are_none(void **state)
{
	struct place *place = *state;
	close_trace(create_trace(place->trace));
	plain_exec(place->trace,
		"DROP TABLE exchange; CREATE VIEW exchange AS "
		"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n");
	refuses(place->trace, "is damaged: it lacks tables of a trace");
	plain_exec(
		place->trace, "DROP VIEW exchange; CREATE VIRTUAL TABLE exchange USING fts5(id)");
	refuses(place->trace, "is damaged: it lacks tables of a trace");
	plain_exec(place->trace, "DROP TABLE exchange; CREATE TABLE exchange (id)");
	struct trace *t = open_trace(place->trace);
	struct err err = {.text = ""};
	int count = 0;
	assert_false(trace_read_exchanges(t, 0, 0, count_row, &count, &err));
	assert_non_null(strstr(err.text, "run.trace: cannot be read: no such column"));
	close_trace(t);
}

static bool keep_cause(void *context, const struct trace_difference_context *row)
{
	*(int64_t *)context = row->cause;
	return true;
}

/* Tables that have been added since: an older trace is read as if they were empty. */
static void tables_of_later(void **state)
{
	struct place *place = *state;
	int64_t cause = -1;
	struct err err = {.text = ""};

	close_trace(create_trace(place->trace));
	plain_exec(place->trace,
		"DROP TABLE consequence; INSERT INTO difference (exchange, ordinal, kind, text) "
		"VALUES (1, 0, 0, 'x')");
	struct trace *t = open_trace(place->trace);
	assert_true(trace_read_differences(t, 0, keep_cause, &cause, &err));
	assert_int_equal(cause, 0);
	close_trace(t);
	plain_exec(place->trace, "CREATE VIEW consequence AS SELECT 1 AS exchange");
	refuses(place->trace, "is damaged: \"consequence\" is not a table");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(what_is_no_trace),
		IN_PLACE(tables_of_later),
		IN_PLACE(versions),
		IN_PLACE(numbers_in_the_head),
		IN_PLACE(closing_leaves_one_file),
		IN_PLACE(reading_what_is_being_written),
		IN_PLACE(a_reader_cannot_write),
		IN_PLACE(a_medium_that_is_read_only),
		IN_PLACE(truncated_files),
		IN_PLACE(damaged_pages),
		IN_PLACE(tables_that_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
