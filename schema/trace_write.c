/*
 * The inserts. Each function binds one struct to its table's statement; what the structs
 * call -1, 0 or "none" becomes NULL, so that SQL's own avg() and count() give what a person
 * expects.
 */
#include "schema/trace_write.h"

#include <string.h>

#include "schema/trace_impl.h"

/* Binds values from left to right; keeps the first failure. */
struct put {
	sqlite3_stmt *s;
	int column;
	int rc;
};

static void note(struct put *p, int rc)
{
	if (p->rc == SQLITE_OK)
		p->rc = rc;
}

static void put_int(struct put *p, int64_t value)
{
	note(p, sqlite3_bind_int64(p->s, ++p->column, value));
}

/* Below `first` stands for "none". */
static void put_int_from(struct put *p, int64_t first, int64_t value)
{
	if (value >= first)
		put_int(p, value);
	else
		p->column++; /* unbound is NULL */
}

/* The bytes stay the caller's: they are borrowed only until the insert is done. */
static void put_bytes(struct put *p, struct bytes b)
{
	note(p, sqlite3_bind_text64(p->s, ++p->column, b.len ? (const char *)b.ptr : "", b.len,
			SQLITE_STATIC, SQLITE_UTF8));
}

static void put_text(struct put *p, const char *text)
{
	if (text)
		put_bytes(p, bytes_str(text));
	else
		p->column++;
}

static void put_blob(struct put *p, struct bytes b)
{
	note(p, sqlite3_bind_blob64(
			p->s, ++p->column, b.len ? (const void *)b.ptr : "", b.len, SQLITE_STATIC));
}

static void put_status(struct put *p, const char *status)
{
	if (*status)
		put_bytes(p, bytes_of(status, 1));
	else
		p->column++;
}

static void put_value(struct put *p, struct bytes value, bool is_null)
{
	if (is_null)
		p->column++;
	else
		put_bytes(p, value);
}

static bool start(
	struct trace *t, enum trace_sql which, const char *sql, struct put *p, struct err *err)
{
	*p = (struct put){.s = trace_take(t, which, sql, err)};
	return p->s != NULL;
}

static bool insert(struct trace *t, enum trace_sql which, struct put *p, struct err *err)
{
	bool ok = p->rc == SQLITE_OK && sqlite3_step(p->s) == SQLITE_DONE;
	if (!ok)
		trace_fail(t, "cannot be written", err);
	trace_give_back(t, which, p->s);
	return ok;
}

static bool run(struct trace *t, enum trace_sql which, const char *sql, struct err *err)
{
	struct put p;
	return start(t, which, sql, &p, err) && insert(t, which, &p, err);
}

bool trace_begin(struct trace *t, struct err *err)
{
	return run(t, SQL_BEGIN, "BEGIN IMMEDIATE", err);
}

bool trace_commit(struct trace *t, struct err *err)
{
	return trace_tally_write(t, err) && run(t, SQL_COMMIT, "COMMIT", err);
}

void trace_rollback(struct trace *t)
{
	trace_tally_drop(t);
	/* After some failures (a full disk) SQLite has rolled back by itself. */
	if (!sqlite3_get_autocommit(t->db))
		(void)sqlite3_exec(t->db, "ROLLBACK", NULL, NULL, NULL);
}

bool trace_write_word(struct trace *t, const char *table, int id, const char *name,
	const char *severity, const char *meaning, struct err *err)
{
	bool is_verdict = strcmp(table, "verdict") == 0;
	enum trace_sql which = is_verdict ? SQL_WRITE_VERDICT : SQL_WRITE_KIND;
	struct put p;
	if (!is_verdict && strcmp(table, "difference_kind") != 0)
		return err_set(err, "%s: has no table of words \"%s\"", t->path, table);
	if (!start(t, which,
		    is_verdict ? "REPLACE INTO verdict (id, name, meaning) VALUES (?, ?, ?)"
			       : "REPLACE INTO difference_kind (id, name, severity, meaning) "
				 "VALUES (?, ?, ?, ?)",
		    &p, err))
		return false;
	put_int(&p, id);
	put_text(&p, name);
	if (!is_verdict)
		put_text(&p, severity);
	put_text(&p, meaning);
	return insert(t, which, &p, err);
}

bool trace_write_meta(struct trace *t, const char *key, const char *value, struct err *err)
{
	struct put p;
	if (!start(t, SQL_WRITE_META, "REPLACE INTO meta (key, value) VALUES (?, ?)", &p, err))
		return false;
	put_text(&p, key);
	put_text(&p, value);
	return insert(t, SQL_WRITE_META, &p, err);
}

bool trace_write_backend(struct trace *t, const struct trace_backend *row, struct err *err)
{
	struct put p;
	if (!start(t, SQL_WRITE_BACKEND,
		    "REPLACE INTO backend (role, name, host, port, server_version) "
		    "VALUES (?, ?, ?, ?, ?)",
		    &p, err))
		return false;
	put_text(&p, row->role == TRACE_TRUTH ? "truth" : "candidate");
	put_text(&p, row->name);
	put_text(&p, row->host);
	put_int(&p, row->port);
	put_text(&p, row->server_version);
	return insert(t, SQL_WRITE_BACKEND, &p, err);
}

bool trace_write_session(struct trace *t, const struct trace_session *row, struct err *err)
{
	struct put p;
	if (!start(t, SQL_WRITE_SESSION,
		    "INSERT INTO session (id, user, database, application_name, client, "
		    "started_us, startup) VALUES (?, ?, ?, ?, ?, ?, ?)",
		    &p, err))
		return false;
	put_int(&p, row->id);
	put_text(&p, row->user);
	put_text(&p, row->database);
	put_text(&p, row->application_name);
	put_text(&p, row->client);
	put_int(&p, row->started_us);
	put_blob(&p, row->startup);
	return insert(t, SQL_WRITE_SESSION, &p, err);
}

bool trace_write_event(struct trace *t, const struct trace_event *row, struct err *err)
{
	struct put p;
	if (!start(t, SQL_WRITE_EVENT,
		    "INSERT INTO event (session, at_us, what, detail) VALUES (?, ?, ?, ?)", &p,
		    err))
		return false;
	put_int(&p, row->session);
	put_int(&p, row->at_us);
	put_text(&p, row->what);
	put_text(&p, row->detail);
	return insert(t, SQL_WRITE_EVENT, &p, err);
}

bool trace_write_statement(struct trace *t, const struct trace_statement *row, struct err *err)
{
	struct put p;
	if (!start(t, SQL_WRITE_STATEMENT,
		    "INSERT INTO statement (id, text) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
		    &p, err))
		return false;
	put_int(&p, row->id);
	put_bytes(&p, row->text);
	return insert(t, SQL_WRITE_STATEMENT, &p, err);
}

static bool write_packed(
	struct trace *t, int64_t exchange, const struct packed_side sides[2], struct err *err)
{
	struct put p;
	if (!sides[0].rest.ptr && !sides[1].rest.ptr)
		return true;
	if (!start(t, SQL_WRITE_PACKED,
		    "INSERT INTO packed (exchange, truth_len, candidate_len, truth, candidate) "
		    "VALUES (?, ?, ?, ?, ?)",
		    &p, err))
		return false;
	put_int(&p, exchange);
	put_int(&p, (int64_t)sides[0].rest_len);
	put_int(&p, (int64_t)sides[1].rest_len);
	for (int i = 0; i < 2; i++) {
		if (sides[i].rest.ptr)
			put_blob(&p, sides[i].rest);
		else
			p.column++;
	}
	return insert(t, SQL_WRITE_PACKED, &p, err);
}

bool trace_write_exchange(struct trace *t, const struct trace_exchange *row, struct err *err)
{
	const struct packed_side sides[2] = {trace_pack_side(t, TRACE_TRUTH, row->truth),
		trace_pack_side(t, TRACE_CANDIDATE, row->candidate)};
	struct put p;
	if (!start(t, SQL_WRITE_EXCHANGE,
		    "INSERT INTO exchange (id, session, started_us, truth_us, candidate_us, "
		    "verdict, truth_status, candidate_status, truth_len, candidate_len, note, "
		    "request, truth, candidate) "
		    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    &p, err))
		return false;
	put_int(&p, row->id);
	put_int(&p, row->session);
	put_int(&p, row->started_us);
	put_int_from(&p, 0, row->truth_us);
	put_int_from(&p, 0, row->candidate_us);
	put_int(&p, row->verdict);
	put_status(&p, &row->truth_status);
	put_status(&p, &row->candidate_status);
	put_int(&p, row->truth_len);
	put_int(&p, row->candidate_len);
	put_text(&p, row->note);
	put_blob(&p, row->request);
	put_blob(&p, sides[0].head);
	if (row->has_candidate)
		put_blob(&p, sides[1].head);
	return insert(t, SQL_WRITE_EXCHANGE, &p, err) && write_packed(t, row->id, sides, err) &&
	       trace_tally_add(t, row->session, row->verdict, err);
}

bool trace_write_redaction(struct trace *t, const struct trace_redaction *row, struct err *err)
{
	struct put p;
	if (!start(t, SQL_WRITE_REDACTION,
		    "INSERT INTO redaction (exchange, request, answers) VALUES (?1, ?2, ?3) "
		    "ON CONFLICT (exchange) DO UPDATE SET request = request + ?2, "
		    "answers = answers + ?3",
		    &p, err))
		return false;
	put_int(&p, row->exchange);
	put_int(&p, row->request);
	put_int(&p, row->answers);
	return insert(t, SQL_WRITE_REDACTION, &p, err);
}

bool trace_write_request_part(
	struct trace *t, int64_t exchange, int ordinal, struct bytes body, struct err *err)
{
	struct put p;
	if (!start(t, SQL_WRITE_PART,
		    "INSERT INTO request_part (exchange, ordinal, body) VALUES (?, ?, ?)", &p, err))
		return false;
	put_int(&p, exchange);
	put_int(&p, ordinal);
	put_blob(&p, body);
	return insert(t, SQL_WRITE_PART, &p, err);
}

bool trace_write_command(struct trace *t, const struct trace_command *row, struct err *err)
{
	struct put p;
	if (!start(t, SQL_WRITE_COMMAND,
		    "INSERT INTO command (exchange, ordinal, statement, parameters, tag, "
		    "truth_rows, candidate_rows, truth_sqlstate, candidate_sqlstate, verdict) "
		    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    &p, err))
		return false;
	put_int(&p, row->exchange);
	put_int(&p, row->ordinal);
	put_int_from(&p, 1, row->statement);
	put_text(&p, row->parameters);
	put_text(&p, row->tag);
	put_int_from(&p, 0, row->truth_rows);
	put_int_from(&p, 0, row->candidate_rows);
	put_text(&p, row->truth_sqlstate);
	put_text(&p, row->candidate_sqlstate);
	put_int(&p, row->verdict);
	return insert(t, SQL_WRITE_COMMAND, &p, err);
}

bool trace_write_difference(struct trace *t, const struct trace_difference *row, struct err *err)
{
	struct put p;
	if (!start(t, SQL_WRITE_DIFFERENCE,
		    "INSERT INTO difference (exchange, ordinal, kind, row, column, column_name, "
		    "text, rule, truth, candidate) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    &p, err))
		return false;
	put_int(&p, row->exchange);
	put_int(&p, row->ordinal);
	put_int(&p, row->kind);
	put_int_from(&p, 1, row->row);
	put_int_from(&p, 1, row->column);
	put_text(&p, row->column_name);
	put_text(&p, row->text);
	put_text(&p, row->rule);
	put_value(&p, row->truth, row->truth_null);
	put_value(&p, row->candidate, row->candidate_null);
	return insert(t, SQL_WRITE_DIFFERENCE, &p, err);
}

bool trace_write_consequence(struct trace *t, const struct trace_consequence *row, struct err *err)
{
	struct put p;
	if (!start(t, SQL_WRITE_CONSEQUENCE,
		    "INSERT INTO consequence (exchange, cause, table_name) VALUES (?, ?, ?) "
		    "ON CONFLICT (exchange) DO NOTHING",
		    &p, err))
		return false;
	put_int(&p, row->exchange);
	put_int(&p, row->cause);
	put_text(&p, row->table);
	return insert(t, SQL_WRITE_CONSEQUENCE, &p, err);
}

bool trace_write_plan(struct trace *t, const struct trace_plan *row, struct err *err)
{
	struct put p;
	if (!start(t, SQL_WRITE_PLAN,
		    "INSERT OR REPLACE INTO plan (exchange, role, text) VALUES (?, ?, ?)", &p, err))
		return false;
	put_int(&p, row->exchange);
	put_text(&p, row->role);
	put_text(&p, row->text);
	return insert(t, SQL_WRITE_PLAN, &p, err);
}

bool trace_write_end_state(struct trace *t, const struct trace_end_state *row, struct err *err)
{
	struct put p;
	if (!start(t, SQL_WRITE_END_STATE,
		    "INSERT INTO end_state (database, table_schema, table_name, verdict, "
		    "truth_rows, candidate_rows, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
		    &p, err))
		return false;
	put_text(&p, row->database);
	put_text(&p, row->table_schema);
	put_text(&p, row->table_name);
	put_int(&p, row->verdict);
	put_int_from(&p, 0, row->truth_rows);
	put_int_from(&p, 0, row->candidate_rows);
	put_text(&p, row->text);
	return insert(t, SQL_WRITE_END_STATE, &p, err);
}

bool trace_write_gap(struct trace *t, const struct trace_gap *row, struct err *err)
{
	struct put p;
	if (!start(t, SQL_WRITE_GAP, "INSERT INTO gap (at_us, exchanges, reason) VALUES (?, ?, ?)",
		    &p, err))
		return false;
	put_int(&p, row->at_us);
	put_int(&p, row->exchanges);
	put_text(&p, row->reason);
	return insert(t, SQL_WRITE_GAP, &p, err);
}

bool trace_grow_gap(struct trace *t, int64_t exchanges, struct err *err)
{
	struct put p;
	if (!start(t, SQL_GROW_GAP,
		    "UPDATE gap SET exchanges = exchanges + ? WHERE id = (SELECT max(id) FROM gap)",
		    &p, err))
		return false;
	put_int(&p, exchanges);
	return insert(t, SQL_GROW_GAP, &p, err);
}

int64_t trace_size(struct trace *t)
{
	struct err ignored;
	sqlite3_stmt *s = trace_take(t, SQL_PAGE_COUNT,
		"SELECT c.page_count * s.page_size FROM pragma_page_count c, pragma_page_size s",
		&ignored);
	int64_t size = s && sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	if (s)
		trace_give_back(t, SQL_PAGE_COUNT, s);
	return size;
}
