/*
 * Making, opening and closing a trace, and the prepared statements that writing and reading
 * share. A trace that is read may come from anywhere, so nothing in it is trusted: it is
 * opened read-only, its views and triggers are switched off, and what will be read has to be
 * an ordinary table. A trace is WAL while it is written, so that it can be read meanwhile,
 * and one plain file once it was closed, so that it can be read anywhere.
 */
#include "schema/trace.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/trace_impl.h"

/* ISO C promises only 4,095 characters to a string literal; every compiler takes more. */
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "trace_sql.h"

#define BUSY_MS       5000            /* how long to wait for another program's lock */
#define BUSY_CLOSE_MS 200             /* the same when closing: a reader may stay for hours */
#define URI_MAX       (3 * 4096 + 64) /* a path of PATH_MAX with every byte escaped */

bool trace_fail(const struct trace *t, const char *doing, struct err *err)
{
	const char *hint = "";
	if (sqlite3_errcode(t->db) == SQLITE_CORRUPT)
		hint = "; the file is damaged, the sqlite3 shell's .recover may save what is left";
	return err_set(err, "%s: %s: %s%s", t->path, doing, sqlite3_errmsg(t->db), hint);
}

sqlite3_stmt *trace_take(struct trace *t, enum trace_sql which, const char *sql, struct err *err)
{
	sqlite3_stmt *statement = t->statements[which];
	t->statements[which] = NULL;
	if (statement)
		return statement;
	if (sqlite3_prepare_v3(t->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
		SQLITE_OK)
		trace_fail(t, t->lock < 0 ? "cannot be read" : "cannot be written", err);
	return statement;
}

void trace_give_back(struct trace *t, enum trace_sql which, sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	if (t->statements[which])
		sqlite3_finalize(statement);
	else
		t->statements[which] = statement;
}

/* A URI, because only that carries options and is never taken for ":memory:" or the like. */
static bool path_uri(const char *path, const char *query, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "%s", path[0] == '/' ? "file://" : "file:./");
	for (; *path; path++) {
		if (n + 4 > size)
			return false;
		bool is_special = *path == '%' || *path == '?' || *path == '#';
		n += (size_t)snprintf(out + n, 4, is_special ? "%%%02X" : "%c", *path);
	}
	return (size_t)snprintf(out + n, size - n, "%s", query) < size - n;
}

int trace_db_open(const char *path, int flags, const char *query, sqlite3 **db)
{
	char uri[URI_MAX];
	*db = NULL;
	if (!path_uri(path, query, uri, sizeof(uri)))
		return SQLITE_CANTOPEN;
	/* One thread at a time uses a trace, so SQLite need not lock for itself. */
	int rc = sqlite3_open_v2(uri, db, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_busy_timeout(*db, BUSY_MS);
	sqlite3_db_config(*db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(*db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(*db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(*db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_db_config(*db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
	return sqlite3_exec(*db, "PRAGMA cell_size_check = on", NULL, NULL, NULL);
}

int trace_db_fold(sqlite3 *db)
{
	sqlite3_busy_timeout(db, BUSY_CLOSE_MS);
	int rc = sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	return rc == SQLITE_BUSY || rc == SQLITE_LOCKED ? SQLITE_OK : rc;
}

static struct trace *trace_new(const char *path, struct err *err)
{
	struct trace *t = calloc(1, sizeof(*t));
	char *copy = strdup(path);
	if (!t || !copy) {
		free(t);
		free(copy);
		err_set(err, "%s: out of memory", path);
		return NULL;
	}
	t->path = copy;
	t->lock = -1;
	return t;
}

static void trace_free(struct trace *t)
{
	for (size_t i = 0; i < SQL_TOTAL; i++)
		sqlite3_finalize(t->statements[i]);
	sqlite3_close(t->db);
	if (t->lock >= 0)
		close(t->lock); /* last: see trace_file_claim */
	pack_free(t->pack);
	free(t->meta);
	free(t->path);
	free(t);
}

static struct trace *give_up(struct trace *t)
{
	trace_free(t);
	return NULL;
}

/* The first column of the first row. An SQLite code. */
static int query_int(struct trace *t, const char *sql, int64_t *value)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(t->db, sql, -1, &s, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*value = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* The journal becomes WAL last, so that the head of the file says at once whose it is. */
static bool lay_out(struct trace *t, struct err *err)
{
	char numbers[128];
	snprintf(numbers, sizeof(numbers), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		TRACE_APPLICATION_ID, TRACE_VERSION);
	const char *const steps[] = {"PRAGMA page_size = 8192", "BEGIN EXCLUSIVE", numbers,
		trace_sql, "COMMIT", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL"};
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (sqlite3_exec(t->db, steps[i], NULL, NULL, NULL) != SQLITE_OK)
			return trace_fail(t, "cannot be made", err);
	return true;
}

struct trace *trace_create(const char *path, bool *moved, struct err *err)
{
	bool has_moved = false;
	struct trace *t = trace_new(path, err);
	if (!t)
		return NULL;
	signal(SIGXFSZ, SIG_IGN); /* a limit of the file's size is an error like a full disk */
	t->lock = trace_file_claim(path, &has_moved, err);
	if (t->lock < 0)
		return give_up(t);
	if (trace_db_open(path, SQLITE_OPEN_READWRITE, "", &t->db) != SQLITE_OK) {
		trace_fail(t, "cannot be made", err);
		return give_up(t);
	}
	if (!lay_out(t, err))
		return give_up(t);
	for (size_t i = 0; i < EXTRA_COUNT; i++)
		t->has[i] = true;
	if (moved)
		*moved = has_moved;
	return t;
}

/* What can be said before SQLite looks at it. */
static bool check_is_file(const char *path, struct err *err)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return err_set(err, "%s: cannot be opened: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, "%s: is a directory, not a Twinkly trace", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, "%s: is not a regular file", path);
	if (st.st_size == 0)
		return err_set(err, "%s: is empty, not a Twinkly trace", path);
	if (access(path, R_OK) != 0)
		return err_set(err, "%s: cannot be opened: %s", path, strerror(errno));
	return true;
}

static bool has_log(const char *path)
{
	char name[URI_MAX];
	struct stat st;
	int n = snprintf(name, sizeof(name), "%s-wal", path);
	return n < 0 || (size_t)n >= sizeof(name) || (stat(name, &st) == 0 && st.st_size > 0);
}

/* Reads the application's number; on a medium where SQLite may not put its lock files, again
 * with the promise that nobody writes, which holds if no log lies beside the file. */
static int open_for_reading(struct trace *t, int64_t *application)
{
	const char *sql = "PRAGMA application_id";
	int rc = trace_db_open(t->path, SQLITE_OPEN_READONLY, "", &t->db);
	if (rc == SQLITE_OK)
		rc = query_int(t, sql, application);
	if ((rc != SQLITE_CANTOPEN && rc != SQLITE_READONLY) || has_log(t->path))
		return rc;
	sqlite3_close(t->db);
	rc = trace_db_open(t->path, SQLITE_OPEN_READONLY, "?immutable=1", &t->db);
	return rc == SQLITE_OK ? query_int(t, sql, application) : rc;
}

static bool check_version(struct trace *t, struct err *err)
{
	int64_t version = 0;
	if (query_int(t, "PRAGMA user_version", &version) != SQLITE_OK)
		return trace_fail(t, "cannot be read", err);
	if (version > TRACE_VERSION)
		return err_set(err,
			"%s: was written by a newer Twinkly (trace version %lld, this one reads "
			"up to %d); upgrade twinkly",
			t->path, (long long)version, TRACE_VERSION);
	if (version < 1)
		return err_set(err, "%s: is damaged: it has no trace version", t->path);
	return true;
}

/* A view or a virtual table under a table's name would run code of its maker's choice. */
static bool check_tables(struct trace *t, struct err *err)
{
	int64_t count = 0;
	if (query_int(t,
		    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND "
		    "sql LIKE 'CREATE TABLE %' AND name IN ('meta', 'backend', 'verdict', "
		    "'difference_kind', 'session', 'event', 'statement', 'exchange', "
		    "'request_part', 'command', 'difference', 'gap')",
		    &count) != SQLITE_OK)
		return trace_fail(t, "cannot be read", err);
	if (count != 12)
		return err_set(err, "%s: is damaged: it lacks tables of a trace", t->path);
	return true;
}

/* Tables that older traces of this version lack, empty in their place. */
static bool add_missing(struct trace *t, struct err *err)
{
	static const struct {
		const char *name, *sql;
	} later[] = {{"consequence", "PRAGMA temp_store = MEMORY; CREATE TEMP TABLE consequence "
				     "(exchange INTEGER PRIMARY KEY, cause, table_name)"}};

	for (size_t i = 0; i < ARRAY_LEN(later); i++) {
		int64_t there = 0, tables = 0;
		char sql[256];
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM sqlite_schema WHERE name = '%s'",
			later[i].name);
		int rc = query_int(t, sql, &there);
		snprintf(sql, sizeof(sql),
			"SELECT count(*) FROM sqlite_schema WHERE name = '%s' AND type = 'table' "
			"AND sql LIKE 'CREATE TABLE %%'",
			later[i].name);
		if (rc == SQLITE_OK)
			rc = query_int(t, sql, &tables);
		if (rc == SQLITE_OK && there == 0)
			rc = sqlite3_exec(t->db, later[i].sql, NULL, NULL, NULL);
		if (rc != SQLITE_OK)
			return trace_fail(t, "cannot be read", err);
		if (there != tables)
			return err_set(err, "%s: is damaged: \"%s\" is not a table", t->path,
				later[i].name);
	}
	return true;
}

/* Each alone is absent, or an ordinary table. */
static bool find_extras(struct trace *t, struct err *err)
{
	static const char *const names[EXTRA_COUNT] = {
		[EXTRA_PACKED] = "packed",
		[EXTRA_REDACTION] = "redaction",
		[EXTRA_SESSION_COUNT] = "session_count",
		[EXTRA_PLAN] = "plan",
		[EXTRA_END_STATE] = "end_state",
	};
	for (size_t i = 0; i < EXTRA_COUNT; i++) {
		char sql[160];
		int64_t count = 0;
		snprintf(sql, sizeof(sql),
			"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND "
			"sql LIKE 'CREATE TABLE %%' AND name = '%s'",
			names[i]);
		if (query_int(t, sql, &count) != SQLITE_OK)
			return trace_fail(t, "cannot be read", err);
		t->has[i] = count == 1;
	}
	return true;
}

struct trace *trace_open(const char *path, struct err *err)
{
	int64_t application = 0;
	struct trace *t;
	if (!check_is_file(path, err) || !(t = trace_new(path, err)))
		return NULL;
	int rc = open_for_reading(t, &application);
	if (rc == SQLITE_CANTOPEN && has_log(path))
		err_set(err,
			"%s: cannot be opened: its log %s-wal cannot be read here; copy both "
			"to a directory that is writable",
			path, path);
	else if (rc != SQLITE_OK && rc != SQLITE_NOTADB)
		trace_fail(t, "cannot be opened", err);
	else if (rc == SQLITE_NOTADB || application != TRACE_APPLICATION_ID)
		err_set(err, "%s: is not a Twinkly trace", path);
	else if (check_version(t, err) && check_tables(t, err) && add_missing(t, err) &&
		 find_extras(t, err))
		return t;
	return give_up(t);
}

bool trace_close(struct trace *t, struct err *err)
{
	bool ok = true;
	if (t->lock >= 0) {
		if (!sqlite3_get_autocommit(t->db))
			ok = trace_tally_write(t, err);
		if (ok && !sqlite3_get_autocommit(t->db) &&
			sqlite3_exec(t->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
			ok = trace_fail(t, "its last rows cannot be written", err);
		if (ok && trace_db_fold(t->db) != SQLITE_OK)
			ok = trace_fail(t, "cannot be closed (keep its -wal file with it)", err);
	}
	trace_free(t);
	return ok;
}
