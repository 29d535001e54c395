/*
 * The file of a new trace: what is refused and left alone, the lock, the move to .old.
 */
#include "tests/unit/schema/place.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#include "schema/trace_read.h"

static void refuses(const char *path, const char *why)
{
	struct err err = {.text = ""};
	bool moved = false;
	assert_null(trace_create(path, &moved, &err));
	assert_false(moved);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void new_file_is_private(void **state)
{
	struct place *place = *state;
	struct stat st;
	bool moved = true;
	struct err err = {.text = ""};
	mode_t mask = umask(0);
	struct trace *t = trace_create(place->trace, &moved, &err);
	umask(mask);
	assert_non_null(t);
	assert_false(moved);
	assert_int_equal(stat(place->trace, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(trace_write_meta(t, "makes", "the log", &err));
	assert_int_equal(stat(place_file(place, "-wal"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	close_trace(t);
}

static void foreign_files_are_left_alone(void **state)
{
	struct place *place = *state;
	place_put(place->trace, "precious notes\n", 15);
	refuses(place->trace, "run.trace: is not a Twinkly trace; it is left alone, name another");
	char text[32] = "";
	FILE *file = fopen(place->trace, "r");
	assert_non_null(file);
	assert_int_equal(fread(text, 1, sizeof(text), file), 15);
	fclose(file);
	assert_string_equal(text, "precious notes\n");

	/* Another program's database has no less right to live. */
	unlink(place->trace);
	plain_exec(place->trace, "CREATE TABLE bill (id INTEGER); INSERT INTO bill VALUES (7)");
	refuses(place->trace, "is not a Twinkly trace");
	assert_string_equal(plain_query(place->trace, "SELECT id FROM bill"), "7\n");
	assert_false(place_has(place, ".old"));
}

static void odd_names_are_refused(void **state)
{
	struct place *place = *state;
	char missing[128];
	refuses(place->dir, "is a directory; name a file");
	snprintf(missing, sizeof(missing), "%s/none/run.trace", place->dir);
	refuses(missing, "No such file or directory; its directory must exist");
	assert_int_equal(symlink("elsewhere", place->trace), 0);
	refuses(place->trace, "is a symbolic link");
	unlink(place->trace);
	assert_int_equal(mkfifo(place->trace, 0600), 0);
	refuses(place->trace, "is not a regular file");
}

static void an_empty_file_is_used(void **state)
{
	struct place *place = *state;
	struct err err = {.text = ""};
	bool moved = true;
	place_put(place->trace, "", 0);
	struct trace *t = trace_create(place->trace, &moved, &err);
	assert_non_null(t);
	assert_false(moved);
	close_trace(t);
	close_trace(open_trace(place->trace));
}

static void an_earlier_trace_moves(void **state)
{
	struct place *place = *state;
	for (int i = 1; i <= 3; i++) {
		struct err err = {.text = ""};
		char number[16];
		bool moved = i == 1;
		snprintf(number, sizeof(number), "%d", i);
		struct trace *t = trace_create(place->trace, &moved, &err);
		assert_non_null(t);
		assert_int_equal(moved, i > 1);
		assert_true(trace_write_meta(t, "run", number, &err));
		close_trace(t);
	}
	assert_string_equal(plain_query(place->trace, "SELECT value FROM meta"), "3\n");
	assert_string_equal(
		plain_query(place_file(place, ".old"), "SELECT value FROM meta"), "2\n");
}

/* What a killed writer leaves: rows that are only in the log. They reach the .old file, and
 * what an earlier .old left beside it does not spoil that. */
static void a_log_moves_along(void **state)
{
	struct place *place = *state;
	pid_t child = fork();
	if (child == 0) {
		struct err err;
		struct trace *t = trace_create(place->trace, NULL, &err);
		_exit(t && trace_write_meta(t, "run", "killed", &err) ? 0 : 1);
	}
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(place_has(place, "-wal"));
	place_put(place_file(place, ".old-wal"), "stale", 5);
	place_put(place_file(place, ".old-journal"), "stale", 5);

	struct trace *t = create_trace(place->trace);
	assert_string_equal(
		plain_query(place_file(place, ".old"), "SELECT value FROM meta"), "killed\n");
	assert_false(place_has(place, ".old-wal"));
	assert_false(place_has(place, ".old-journal"));
	close_trace(t);
	assert_string_equal(plain_query(place->trace, "SELECT count(*) FROM meta"), "0\n");
}

/* Somebody looks at the earlier trace while the next run begins: both go on undisturbed. */
static void a_reader_keeps_the_old_trace(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	struct err err = {.text = ""};
	assert_true(trace_write_meta(t, "run", "first", &err));
	struct trace *reader = open_trace(place->trace);
	assert_string_equal(trace_read_meta(reader, "run"), "first");
	close_trace(t);

	struct trace *next = create_trace(place->trace);
	assert_true(trace_write_meta(next, "run", "second", &err));
	assert_string_equal(trace_read_meta(reader, "run"), "first");
	close_trace(reader);
	struct trace *second = open_trace(place->trace);
	assert_string_equal(trace_read_meta(second, "run"), "second");
	close_trace(second);
	close_trace(next);
	assert_string_equal(plain_query(place->trace, "PRAGMA integrity_check"), "ok\n");
	assert_string_equal(
		plain_query(place_file(place, ".old"), "PRAGMA integrity_check"), "ok\n");
}

static void a_damaged_earlier_trace_moves_too(void **state)
{
	struct place *place = *state;
	close_trace(create_trace(place->trace));
	assert_int_equal(truncate(place->trace, 5000), 0);
	bool moved = false;
	struct err err = {.text = ""};
	struct trace *t = trace_create(place->trace, &moved, &err);
	assert_non_null(t);
	assert_true(moved);
	close_trace(t);
	close_trace(open_trace(place->trace));
}

static void one_writer_at_a_time(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	pid_t child = fork();
	if (child == 0) {
		struct err err = {.text = ""};
		bool is_refused = !trace_create(place->trace, NULL, &err);
		_exit(is_refused && strstr(err.text, "another twinkly process writes") ? 0 : 1);
	}
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_false(place_has(place, ".old"));
	struct err err = {.text = ""};
	assert_true(trace_write_meta(t, "still", "writing", &err));
	close_trace(t);
	/* And once it is closed, the next may. */
	close_trace(create_trace(place->trace));
	assert_true(place_has(place, ".old"));
}

static void an_old_that_cannot_be_replaced(void **state)
{
	struct place *place = *state;
	close_trace(create_trace(place->trace));
	assert_int_equal(mkdir(place_file(place, ".old"), 0700), 0);
	refuses(place->trace, "run.trace.old: Is a directory");
	close_trace(open_trace(place->trace));
}

static void names_are_taken_as_they_are(void **state)
{
	struct place *place = *state;
	static const char *const names[] = {
		":memory:", "file:x.trace", "a b?mode=memory", "50%41#.trace"};
	char before[512];
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(place->dir), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		close_trace(create_trace(names[i]));
		assert_int_equal(access(names[i], F_OK), 0);
		close_trace(open_trace(names[i]));
	}
	assert_int_equal(chdir(before), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(new_file_is_private),
		IN_PLACE(foreign_files_are_left_alone),
		IN_PLACE(odd_names_are_refused),
		IN_PLACE(an_empty_file_is_used),
		IN_PLACE(an_earlier_trace_moves),
		IN_PLACE(a_log_moves_along),
		IN_PLACE(a_reader_keeps_the_old_trace),
		IN_PLACE(a_damaged_earlier_trace_moves_too),
		IN_PLACE(one_writer_at_a_time),
		IN_PLACE(an_old_that_cannot_be_replaced),
		IN_PLACE(names_are_taken_as_they_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
