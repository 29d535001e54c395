/*
 * Reading the recorded rows: sessions, exchanges and what belongs to them. Every value may
 * be hostile: a column of another type, NULL where something is promised, a negative count,
 * a reference into nothing. What cannot be meant is brought to the nearest thing that can
 * (the column helpers at the top), so that callers need no checks of their own.
 */
#include "schema/trace_read.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "schema/trace_impl.h"

int64_t trace_column_int(sqlite3_stmt *s, int column, int64_t least)
{
	int64_t value = sqlite3_column_int64(s, column);
	bool is_null = sqlite3_column_type(s, column) == SQLITE_NULL;
	return is_null || value < least ? least : value;
}

int trace_column_small(sqlite3_stmt *s, int column, int least)
{
	int64_t value = trace_column_int(s, column, least);
	return value > INT_MAX ? least : (int)value;
}

const char *trace_column_text(sqlite3_stmt *s, int column)
{
	return (const char *)sqlite3_column_text(s, column);
}

const char *trace_column_str(sqlite3_stmt *s, int column)
{
	const char *text = trace_column_text(s, column);
	return text ? text : "";
}

struct bytes trace_column_bytes(sqlite3_stmt *s, int column)
{
	const void *ptr = sqlite3_column_blob(s, column); /* before its length is asked for */
	int len = ptr ? sqlite3_column_bytes(s, column) : 0;
	return bytes_of(ptr, len > 0 ? (size_t)len : 0);
}

bool trace_row_is_whole(sqlite3_stmt *s, int *rc)
{
	if (sqlite3_errcode(sqlite3_db_handle(s)) == SQLITE_NOMEM)
		*rc = SQLITE_NOMEM;
	return *rc == SQLITE_ROW;
}

bool trace_read_end(struct trace *t, enum trace_sql which, sqlite3_stmt *s, int rc, struct err *err)
{
	bool ok = rc == SQLITE_ROW || rc == SQLITE_DONE;
	if (!ok)
		trace_fail(t, "cannot be read", err);
	trace_give_back(t, which, s);
	return ok;
}

/* The one byte of ReadyForQuery, 0 for anything else. */
static char column_status(sqlite3_stmt *s, int column)
{
	const char *text = trace_column_str(s, column);
	return text[0] && !text[1] ? text[0] : '\0';
}

bool trace_hold(struct trace *t, struct err *err)
{
	if (sqlite3_exec(t->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK)
		return true;
	return trace_fail(t, "cannot be read", err);
}

const char *trace_read_meta(struct trace *t, const char *key)
{
	sqlite3_stmt *s =
		trace_take(t, SQL_READ_META, "SELECT value FROM meta WHERE key = ?", NULL);
	free(t->meta);
	t->meta = NULL;
	if (!s)
		return NULL;
	/* A copy: a row that stays open would keep a writer from folding its log. */
	if (sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC) == SQLITE_OK &&
		sqlite3_step(s) == SQLITE_ROW && trace_column_text(s, 0))
		t->meta = strdup(trace_column_text(s, 0));
	trace_give_back(t, SQL_READ_META, s);
	return t->meta;
}

bool trace_read_backends(struct trace *t, trace_backend_fn *visit, void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true;
	sqlite3_stmt *s = trace_take(t, SQL_READ_BACKENDS,
		"SELECT role, name, host, port, server_version FROM backend "
		"WHERE role IN ('truth', 'candidate') ORDER BY role DESC",
		err);
	if (!s)
		return false;
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct trace_backend row = {
			.role = strcmp(trace_column_str(s, 0), "truth") == 0 ? TRACE_TRUTH
									     : TRACE_CANDIDATE,
			.name = trace_column_str(s, 1),
			.host = trace_column_str(s, 2),
			.port = trace_column_small(s, 3, 0),
			.server_version = trace_column_str(s, 4),
		};
		goes_on = trace_row_is_whole(s, &rc) && visit(context, &row);
	}
	return trace_read_end(t, SQL_READ_BACKENDS, s, rc, err);
}

bool trace_read_sessions(struct trace *t, trace_session_fn *visit, void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true;
	sqlite3_stmt *s = trace_take(t, SQL_READ_SESSIONS,
		"SELECT id, user, database, application_name, client, started_us, startup "
		"FROM session ORDER BY id",
		err);
	if (!s)
		return false;
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct trace_session row = {
			.id = sqlite3_column_int64(s, 0),
			.user = trace_column_str(s, 1),
			.database = trace_column_str(s, 2),
			.application_name = trace_column_str(s, 3),
			.client = trace_column_str(s, 4),
			.started_us = trace_column_int(s, 5, 0),
			.startup = trace_column_bytes(s, 6),
		};
		goes_on = trace_row_is_whole(s, &rc) && visit(context, &row);
	}
	return trace_read_end(t, SQL_READ_SESSIONS, s, rc, err);
}

bool trace_read_events(struct trace *t, trace_event_fn *visit, void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true;
	sqlite3_stmt *s = trace_take(t, SQL_READ_EVENTS,
		"SELECT session, at_us, what, detail FROM event ORDER BY at_us, id", err);
	if (!s)
		return false;
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct trace_event row = {
			.session = sqlite3_column_int64(s, 0),
			.at_us = trace_column_int(s, 1, 0),
			.what = trace_column_str(s, 2),
			.detail = trace_column_text(s, 3),
		};
		goes_on = trace_row_is_whole(s, &rc) && visit(context, &row);
	}
	return trace_read_end(t, SQL_READ_EVENTS, s, rc, err);
}

#define EXCHANGE_COLUMNS                                                                  \
	"SELECT id, session, started_us, truth_us, candidate_us, verdict, truth_status, " \
	"candidate_status, truth_len, candidate_len, note, request, truth, candidate "

static struct trace_exchange exchange_row(sqlite3_stmt *s)
{
	struct trace_exchange row = {
		.id = sqlite3_column_int64(s, 0),
		.session = sqlite3_column_int64(s, 1),
		.started_us = trace_column_int(s, 2, 0),
		.truth_us = trace_column_int(s, 3, -1),
		.candidate_us = trace_column_int(s, 4, -1),
		.verdict = trace_column_small(s, 5, -1),
		.truth_status = column_status(s, 6),
		.candidate_status = column_status(s, 7),
		.truth_len = trace_column_int(s, 8, 0),
		.candidate_len = trace_column_int(s, 9, 0),
		.note = trace_column_text(s, 10),
		.request = trace_column_bytes(s, 11),
		.truth = trace_column_bytes(s, 12),
		.has_candidate = sqlite3_column_type(s, 13) != SQLITE_NULL,
		.candidate = trace_column_bytes(s, 13),
	};
	/* The whole is never shorter than the part that was kept. */
	size_t kept = row.has_candidate ? row.candidate.len : row.truth.len;
	if (row.truth_len < (int64_t)row.truth.len)
		row.truth_len = (int64_t)row.truth.len;
	if (row.candidate_len < (int64_t)kept)
		row.candidate_len = (int64_t)kept;
	return row;
}

bool trace_read_exchanges(struct trace *t, int64_t session, int64_t first_id,
	trace_exchange_fn *visit, void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true, is_sound = true;
	sqlite3_stmt *s = trace_take(t, SQL_READ_EXCHANGES,
		EXCHANGE_COLUMNS
		"FROM exchange WHERE id >= ?2 AND (?1 = 0 OR session = ?1) ORDER BY id",
		err);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, session);
	sqlite3_bind_int64(s, 2, first_id);
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct trace_exchange row = exchange_row(s);
		struct unpacked u = {NULL, NULL};
		bool is_whole = trace_row_is_whole(s, &rc);
		is_sound = !is_whole || trace_unpack(t, &row, &u, err);
		goes_on = is_whole && is_sound && visit(context, &row);
		trace_unpacked_fini(&u);
	}
	return trace_read_end(t, SQL_READ_EXCHANGES, s, rc, is_sound ? err : NULL) && is_sound;
}

bool trace_read_exchange(
	struct trace *t, int64_t id, trace_exchange_fn *visit, void *context, struct err *err)
{
	int rc;
	bool is_sound = true;
	sqlite3_stmt *s = trace_take(
		t, SQL_READ_EXCHANGE, EXCHANGE_COLUMNS "FROM exchange WHERE id = ?", err);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, id);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		struct trace_exchange row = exchange_row(s);
		struct unpacked u = {NULL, NULL};
		bool is_whole = trace_row_is_whole(s, &rc);
		is_sound = !is_whole || trace_unpack(t, &row, &u, err);
		if (is_whole && is_sound)
			(void)visit(context, &row);
		trace_unpacked_fini(&u);
	}
	return trace_read_end(t, SQL_READ_EXCHANGE, s, rc, is_sound ? err : NULL) && is_sound;
}

bool trace_read_unequal(struct trace *t, trace_exchange_fn *visit, void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true;
	sqlite3_stmt *s = trace_take(t, SQL_READ_UNEQUAL,
		EXCHANGE_COLUMNS "FROM exchange WHERE verdict IS NOT 0 ORDER BY id", err);
	if (!s)
		return false;
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct trace_exchange row = exchange_row(s);
		goes_on = trace_row_is_whole(s, &rc) && visit(context, &row);
	}
	return trace_read_end(t, SQL_READ_UNEQUAL, s, rc, err);
}

bool trace_read_request_parts(
	struct trace *t, int64_t exchange, trace_part_fn *visit, void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true;
	sqlite3_stmt *s = trace_take(t, SQL_READ_PARTS,
		"SELECT body FROM request_part WHERE exchange = ? ORDER BY ordinal", err);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, exchange);
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct bytes body = trace_column_bytes(s, 0);
		goes_on = trace_row_is_whole(s, &rc) && visit(context, body);
	}
	return trace_read_end(t, SQL_READ_PARTS, s, rc, err);
}

bool trace_read_request_part(struct trace *t, const struct trace_part_key *key,
	trace_part_fn *visit, void *context, struct err *err)
{
	int rc;
	sqlite3_stmt *s = trace_take(t, SQL_READ_PART,
		"SELECT body FROM request_part WHERE exchange = ? AND ordinal = ?", err);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, key->exchange);
	sqlite3_bind_int(s, 2, key->ordinal);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		struct bytes body = trace_column_bytes(s, 0);
		if (trace_row_is_whole(s, &rc))
			(void)visit(context, body);
	}
	return trace_read_end(t, SQL_READ_PART, s, rc, err);
}

bool trace_read_plans(
	struct trace *t, int64_t exchange, trace_plan_fn *visit, void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true;
	sqlite3_stmt *s;

	if (!t->has[EXTRA_PLAN])
		return true;
	s = trace_take(t, SQL_READ_PLANS,
		"SELECT exchange, role, text FROM plan WHERE exchange = ? ORDER BY role DESC", err);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, exchange);
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct trace_plan row = {.exchange = sqlite3_column_int64(s, 0),
			.role = trace_column_str(s, 1),
			.text = trace_column_str(s, 2)};
		goes_on = trace_row_is_whole(s, &rc) && visit(context, &row);
	}
	return trace_read_end(t, SQL_READ_PLANS, s, rc, err);
}

static struct trace_command command_row(sqlite3_stmt *s)
{
	return (struct trace_command){
		.exchange = sqlite3_column_int64(s, 0),
		.ordinal = trace_column_small(s, 1, 0),
		.statement = trace_column_int(s, 2, 0),
		.parameters = trace_column_text(s, 3),
		.tag = trace_column_text(s, 4),
		.truth_rows = trace_column_int(s, 5, -1),
		.candidate_rows = trace_column_int(s, 6, -1),
		.truth_sqlstate = trace_column_text(s, 7),
		.candidate_sqlstate = trace_column_text(s, 8),
		.verdict = trace_column_small(s, 9, -1),
	};
}

bool trace_read_commands(
	struct trace *t, int64_t exchange, trace_command_fn *visit, void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true;
	sqlite3_stmt *s = trace_take(t, SQL_READ_COMMANDS,
		"SELECT c.exchange, c.ordinal, c.statement, c.parameters, c.tag, c.truth_rows, "
		"c.candidate_rows, c.truth_sqlstate, c.candidate_sqlstate, c.verdict, s.text "
		"FROM command c LEFT JOIN statement s ON s.id = c.statement "
		"WHERE c.exchange = ? ORDER BY c.ordinal",
		err);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, exchange);
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct trace_command row = command_row(s);
		struct bytes text = trace_column_bytes(s, 10);
		goes_on = trace_row_is_whole(s, &rc) && visit(context, &row, text);
	}
	return trace_read_end(t, SQL_READ_COMMANDS, s, rc, err);
}
