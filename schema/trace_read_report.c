/*
 * Reading for reports: differences with what belongs to them, gaps, and the counts. What
 * trace_read.c says about hostile values holds here too. No view of the file is used.
 */
#include "schema/trace_read.h"

#include <string.h>

#include "schema/trace_impl.h"

/* In the order of struct trace_difference, then of struct trace_difference_context. */
#define DIFFERENCE_COLUMNS                                                                   \
	"SELECT d.exchange, d.ordinal, d.kind, d.row, d.column, d.column_name, d.truth, "    \
	"d.candidate, d.rule, d.text, k.name, k.severity, e.session, e.started_us, u.user, " \
	"u.database, u.application_name, c.statement, s.text, c.parameters, "                \
	"q.cause, q.table_name, "                                                            \
	"c.truth_sqlstate, c.candidate_sqlstate "                                            \
	"FROM difference d LEFT JOIN difference_kind k ON k.id = d.kind "                    \
	"LEFT JOIN exchange e ON e.id = d.exchange LEFT JOIN session u ON u.id = e.session " \
	"LEFT JOIN command c ON c.exchange = d.exchange AND c.ordinal = d.ordinal "          \
	"LEFT JOIN statement s ON s.id = c.statement "                                       \
	"LEFT JOIN consequence q ON q.exchange = d.exchange "
#define DIFFERENCE_ORDER "ORDER BY d.exchange, d.ordinal, d.id"

static struct trace_difference difference_row(sqlite3_stmt *s)
{
	return (struct trace_difference){
		.exchange = sqlite3_column_int64(s, 0),
		.ordinal = trace_column_small(s, 1, 0),
		.kind = trace_column_small(s, 2, -1),
		.row = trace_column_int(s, 3, 0),
		.column = trace_column_small(s, 4, 0),
		.column_name = trace_column_text(s, 5),
		.truth_null = sqlite3_column_type(s, 6) == SQLITE_NULL,
		.candidate_null = sqlite3_column_type(s, 7) == SQLITE_NULL,
		.truth = trace_column_bytes(s, 6),
		.candidate = trace_column_bytes(s, 7),
		.rule = trace_column_text(s, 8),
		.text = trace_column_str(s, 9),
	};
}

static struct trace_difference_context context_row(
	sqlite3_stmt *s, const struct trace_difference *difference)
{
	const char *kind = trace_column_text(s, 10);
	return (struct trace_difference_context){
		.difference = difference,
		.kind = kind ? kind : "unknown",
		.severity = trace_column_str(s, 11),
		.session = trace_column_int(s, 12, 0),
		.started_us = trace_column_int(s, 13, 0),
		.user = trace_column_str(s, 14),
		.database = trace_column_str(s, 15),
		.application_name = trace_column_str(s, 16),
		.statement_id = trace_column_int(s, 17, 0),
		.statement = trace_column_bytes(s, 18),
		.parameters = trace_column_text(s, 19),
		.cause = trace_column_int(s, 20, 0),
		.cause_table = trace_column_text(s, 21),
		.truth_sqlstate = trace_column_text(s, 22),
		.candidate_sqlstate = trace_column_text(s, 23),
	};
}

bool trace_read_differences(struct trace *t, int64_t exchange, trace_difference_fn *visit,
	void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true;
	enum trace_sql which = exchange ? SQL_READ_DIFFERENCES_OF : SQL_READ_DIFFERENCES;
	sqlite3_stmt *s = trace_take(t, which,
		exchange ? DIFFERENCE_COLUMNS "WHERE d.exchange = ? " DIFFERENCE_ORDER
			 : DIFFERENCE_COLUMNS DIFFERENCE_ORDER,
		err);
	if (!s)
		return false;
	if (exchange)
		sqlite3_bind_int64(s, 1, exchange);
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct trace_difference difference = difference_row(s);
		struct trace_difference_context row = context_row(s, &difference);
		goes_on = trace_row_is_whole(s, &rc) && visit(context, &row);
	}
	return trace_read_end(t, which, s, rc, err);
}

bool trace_read_statements(
	struct trace *t, trace_statement_fn *visit, void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true;
	sqlite3_stmt *s = trace_take(t, SQL_READ_STATEMENTS,
		"SELECT s.text, c.verdict FROM (SELECT DISTINCT statement, verdict FROM command) c "
		"JOIN statement s ON s.id = c.statement",
		err);
	if (!s)
		return false;
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct bytes text = trace_column_bytes(s, 0);
		int verdict = trace_column_small(s, 1, -1);
		goes_on = trace_row_is_whole(s, &rc) && visit(context, text, verdict);
	}
	return trace_read_end(t, SQL_READ_STATEMENTS, s, rc, err);
}

bool trace_read_gaps(struct trace *t, trace_gap_fn *visit, void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true;
	sqlite3_stmt *s = trace_take(
		t, SQL_READ_GAPS, "SELECT at_us, exchanges, reason FROM gap ORDER BY id", err);
	if (!s)
		return false;
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct trace_gap row = {
			.at_us = trace_column_int(s, 0, 0),
			.exchanges = trace_column_int(s, 1, 0),
			.reason = trace_column_str(s, 2),
		};
		goes_on = trace_row_is_whole(s, &rc) && visit(context, &row);
	}
	return trace_read_end(t, SQL_READ_GAPS, s, rc, err);
}

bool trace_read_redactions(struct trace *t, int64_t exchange, trace_redaction_fn *visit,
	void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true;
	if (!t->has[EXTRA_REDACTION])
		return true;
	sqlite3_stmt *s = trace_take(t, SQL_READ_REDACTIONS,
		"SELECT exchange, request, answers FROM redaction "
		"WHERE exchange BETWEEN ? AND ? ORDER BY exchange",
		err);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, exchange ? exchange : INT64_MIN);
	sqlite3_bind_int64(s, 2, exchange ? exchange : INT64_MAX);
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct trace_redaction row = {
			.exchange = sqlite3_column_int64(s, 0),
			.request = trace_column_int(s, 1, 0),
			.answers = trace_column_int(s, 2, 0),
		};
		goes_on = visit(context, &row);
	}
	return trace_read_end(t, SQL_READ_REDACTIONS, s, rc, err);
}

/* Commands or exchanges. A verdict beyond the array (a damaged file) counts in the total only. */
static bool count_by_verdict(
	struct trace *t, enum trace_sql which, int64_t *by_verdict, int64_t *total, struct err *err)
{
	int rc;
	sqlite3_stmt *s = trace_take(t, which,
		which == SQL_COUNT_COMMANDS
			? "SELECT verdict, count(*) FROM command GROUP BY verdict"
		: t->has[EXTRA_SESSION_COUNT]
			? "SELECT verdict, sum(exchanges) FROM session_count GROUP BY verdict"
			: "SELECT verdict, count(*) FROM exchange GROUP BY verdict",
		err);
	if (!s)
		return false;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		int64_t verdict = trace_column_int(s, 0, -1);
		int64_t count = sqlite3_column_int64(s, 1);
		if (verdict >= 0 && verdict < 16)
			by_verdict[verdict] += count;
		*total += count;
	}
	return trace_read_end(t, which, s, rc, err);
}

bool trace_count(struct trace *t, struct trace_counts *counts, struct err *err)
{
	*counts = (struct trace_counts){0};
	sqlite3_stmt *s = trace_take(t, SQL_COUNT_ROWS,
		"SELECT (SELECT count(*) FROM session), (SELECT count(*) FROM statement), "
		"(SELECT count(*) FROM difference), (SELECT count(*) FROM gap)",
		err);
	if (!s)
		return false;
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		counts->sessions = sqlite3_column_int64(s, 0);
		counts->statements = sqlite3_column_int64(s, 1);
		counts->differences = sqlite3_column_int64(s, 2);
		counts->gaps = sqlite3_column_int64(s, 3);
	}
	return trace_read_end(t, SQL_COUNT_ROWS, s, rc, err) &&
	       count_by_verdict(
		       t, SQL_COUNT_COMMANDS, counts->by_verdict, &counts->commands, err) &&
	       count_by_verdict(t, SQL_COUNT_EXCHANGES, counts->exchanges_by_verdict,
		       &counts->exchanges, err);
}

bool trace_read_labelled(struct trace *t, trace_labelled_fn *visit, void *context, struct err *err)
{
	static const char sql[] =
		"SELECT e.verdict, e.truth_us, s.application_name, substr(st.text, 1, ?), e.id "
		"FROM exchange e LEFT JOIN session s ON s.id = e.session "
		"LEFT JOIN command c ON c.exchange = e.id AND c.ordinal = 0 "
		"LEFT JOIN statement st ON st.id = c.statement ORDER BY e.id";
	int rc = SQLITE_DONE;
	bool goes_on = true;
	sqlite3_stmt *s = trace_take(t, SQL_READ_LABELLED, sql, err);

	if (!s)
		return false;
	sqlite3_bind_int(s, 1, TRACE_LABEL_HEAD);
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct trace_labelled row = {.verdict = trace_column_small(s, 0, -1),
			.truth_us = trace_column_int(s, 1, -1),
			.exchange = sqlite3_column_int64(s, 4),
			.application_name = trace_column_str(s, 2),
			.statement = trace_column_bytes(s, 3)};

		if (!trace_row_is_whole(s, &rc))
			break;
		goes_on = visit(context, &row);
	}
	return trace_read_end(t, SQL_READ_LABELLED, s, rc, err);
}

bool trace_read_end_states(
	struct trace *t, trace_end_state_fn *visit, void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true;
	sqlite3_stmt *s;

	if (!t->has[EXTRA_END_STATE])
		return true;
	s = trace_take(t, SQL_READ_END_STATES,
		"SELECT database, table_schema, table_name, verdict, truth_rows, candidate_rows, "
		"text FROM end_state ORDER BY id",
		err);
	if (!s)
		return false;
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct trace_end_state row = {.database = trace_column_str(s, 0),
			.table_schema = trace_column_str(s, 1),
			.table_name = trace_column_str(s, 2),
			.verdict = trace_column_small(s, 3, -1),
			.truth_rows = trace_column_int(s, 4, -1),
			.candidate_rows = trace_column_int(s, 5, -1),
			.text = trace_column_str(s, 6)};
		goes_on = trace_row_is_whole(s, &rc) && visit(context, &row);
	}
	return trace_read_end(t, SQL_READ_END_STATES, s, rc, err);
}
