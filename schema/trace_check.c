/*
 * Whether a trace is whole, and counts over all of it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "schema/trace_impl.h"
#include "schema/trace_read.h"

bool trace_read_session_counts(
	struct trace *t, trace_session_count_fn *visit, void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true;
	const char *sql = t->has[EXTRA_SESSION_COUNT]
				  ? "SELECT session, sum(exchanges), "
				    "sum(exchanges) FILTER (WHERE verdict = 0), "
				    "sum(exchanges) FILTER (WHERE verdict = 2) FROM session_count "
				    "GROUP BY session ORDER BY session"
				  : "SELECT session, count(*), sum(verdict = 0), sum(verdict = 2) "
				    "FROM exchange GROUP BY session ORDER BY session";
	sqlite3_stmt *s = trace_take(t, SQL_SESSION_COUNTS, sql, err);
	if (!s)
		return false;
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct trace_session_count row = {.session = sqlite3_column_int64(s, 0),
			.exchanges = trace_column_int(s, 1, 0),
			.equal = trace_column_int(s, 2, 0),
			.mismatches = trace_column_int(s, 3, 0)};
		goes_on = visit(context, &row);
	}
	return trace_read_end(t, SQL_SESSION_COUNTS, s, rc, err);
}

/* --- is it whole? --- */

/* Rows of the first table that refer to no row of the second one. */
static const struct reference {
	const char *what, *sql;
	enum trace_extra needs; /* EXTRA_COUNT: no table that may be absent */
} references[] = {
	{"exchanges of a session that is not there",
		"SELECT count(*) FROM exchange WHERE session NOT IN (SELECT id FROM session)",
		EXTRA_COUNT},
	{"events of a session that is not there",
		"SELECT count(*) FROM event WHERE session NOT IN (SELECT id FROM session)",
		EXTRA_COUNT},
	{"parts of the request of an exchange that is not there",
		"SELECT count(*) FROM request_part p WHERE NOT EXISTS "
		"(SELECT 1 FROM exchange e WHERE e.id = p.exchange)",
		EXTRA_COUNT},
	{"commands of an exchange that is not there",
		"SELECT count(*) FROM command c WHERE NOT EXISTS "
		"(SELECT 1 FROM exchange e WHERE e.id = c.exchange)",
		EXTRA_COUNT},
	{"commands of a statement that is not there",
		"SELECT count(*) FROM command c WHERE statement IS NOT NULL AND NOT EXISTS "
		"(SELECT 1 FROM statement s WHERE s.id = c.statement)",
		EXTRA_COUNT},
	{"differences of an exchange that is not there",
		"SELECT count(*) FROM difference d WHERE NOT EXISTS "
		"(SELECT 1 FROM exchange e WHERE e.id = d.exchange)",
		EXTRA_COUNT},
	{"consequences of an exchange that is not there",
		"SELECT count(*) FROM consequence q WHERE NOT EXISTS "
		"(SELECT 1 FROM exchange e WHERE e.id = q.exchange)",
		EXTRA_COUNT},
	{"exchanges with a verdict that has no name",
		"SELECT count(*) FROM exchange WHERE verdict NOT IN (SELECT id FROM verdict)",
		EXTRA_COUNT},
	{"packed answers of an exchange that is not there",
		"SELECT count(*) FROM packed p WHERE NOT EXISTS "
		"(SELECT 1 FROM exchange e WHERE e.id = p.exchange)",
		EXTRA_PACKED},
	{"sessions whose count of exchanges is wrong",
		"SELECT count(*) FROM (SELECT session, verdict, count(*) AS n FROM exchange "
		"GROUP BY session, verdict) e FULL JOIN session_count c ON c.session = e.session "
		"AND c.verdict = e.verdict WHERE e.n IS NOT c.exchanges",
		EXTRA_SESSION_COUNT},
};

static bool check_pages(
	struct trace *t, trace_problem_fn *on_problem, void *context, struct err *err)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(t->db, "PRAGMA integrity_check(20)", -1, &s, NULL);

	if (rc != SQLITE_OK)
		return trace_fail(t, "cannot be checked", err);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		const char *text = trace_column_str(s, 0);

		if (strcmp(text, "ok") != 0)
			on_problem(context, text);
	}
	if (rc != SQLITE_DONE)
		on_problem(context, sqlite3_errmsg(t->db));
	sqlite3_finalize(s);
	return true;
}

static void check_reference(struct trace *t, const struct reference *reference,
	trace_problem_fn *on_problem, void *context)
{
	sqlite3_stmt *s = NULL;
	char text[256] = "";

	if (sqlite3_prepare_v2(t->db, reference->sql, -1, &s, NULL) == SQLITE_OK &&
		sqlite3_step(s) == SQLITE_ROW) {
		if (sqlite3_column_int64(s, 0) > 0)
			snprintf(text, sizeof(text), "%lld %s",
				(long long)sqlite3_column_int64(s, 0), reference->what);
	} else {
		snprintf(text, sizeof(text), "cannot be read: %s", sqlite3_errmsg(t->db));
	}
	if (text[0])
		on_problem(context, text);
	sqlite3_finalize(s);
}

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	(void)context;
	(void)row;
	return false;
}

/* Reading an exchange unpacks its answers. */
static bool check_packed(
	struct trace *t, trace_problem_fn *on_problem, void *context, struct err *err)
{
	sqlite3_stmt *s = NULL;
	struct err why;

	if (!t->has[EXTRA_PACKED])
		return true;
	if (sqlite3_prepare_v2(t->db, "SELECT exchange FROM packed", -1, &s, NULL) != SQLITE_OK)
		return trace_fail(t, "cannot be checked", err);
	while (sqlite3_step(s) == SQLITE_ROW)
		if (!trace_read_exchanges(
			    t, 0, sqlite3_column_int64(s, 0), on_exchange, NULL, &why))
			on_problem(context, why.text);
	sqlite3_finalize(s);
	return true;
}

bool trace_check(struct trace *t, trace_problem_fn *on_problem, void *context, struct err *err)
{
	if (!check_pages(t, on_problem, context, err))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(references); i++)
		if (references[i].needs == EXTRA_COUNT || t->has[references[i].needs])
			check_reference(t, &references[i], on_problem, context);
	return check_packed(t, on_problem, context, err);
}
