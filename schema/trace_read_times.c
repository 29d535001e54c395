/*
 * Reading for pictures of a whole trace: every exchange's times without its messages, the texts
 * of statements, and what a session did before an exchange. What trace_read.c says about hostile
 * values holds here too. The times come from two readings that go side by side by exchange, which
 * costs less than a join.
 */
#include "schema/trace_read_times.h"

#include "schema/trace_impl.h"

/* The commands of the exchanges, read in step with them. */
struct command_cursor {
	sqlite3_stmt *s;
	int rc;
	int64_t exchange, statement; /* of the row it stands on */
};

static void advance(struct command_cursor *c)
{
	c->rc = sqlite3_step(c->s);
	if (c->rc != SQLITE_ROW)
		return;
	c->exchange = sqlite3_column_int64(c->s, 0);
	c->statement = trace_column_int(c->s, 1, 0);
}

/* Fills in the commands of the row's exchange; those of no exchange are passed over. */
static void join(struct command_cursor *c, struct trace_times *row)
{
	while (c->rc == SQLITE_ROW && c->exchange < row->exchange)
		advance(c);
	for (; c->rc == SQLITE_ROW && c->exchange == row->exchange; advance(c)) {
		if (row->commands == 0)
			row->statement = c->statement;
		row->commands++;
	}
}

static bool read_times(struct trace *t, struct command_cursor *commands, trace_times_fn *visit,
	void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true;
	sqlite3_stmt *s = trace_take(t, SQL_READ_TIMES,
		"SELECT id, session, started_us, truth_us, candidate_us, verdict FROM exchange "
		"ORDER BY id",
		err);
	if (!s)
		return false;
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct trace_times row = {
			.exchange = sqlite3_column_int64(s, 0),
			.session = sqlite3_column_int64(s, 1),
			.started_us = trace_column_int(s, 2, 0),
			.truth_us = trace_column_int(s, 3, -1),
			.candidate_us = trace_column_int(s, 4, -1),
			.verdict = trace_column_small(s, 5, -1),
		};
		join(commands, &row);
		goes_on = visit(context, &row);
	}
	return trace_read_end(t, SQL_READ_TIMES, s, rc, err);
}

bool trace_read_times(struct trace *t, trace_times_fn *visit, void *context, struct err *err)
{
	struct command_cursor commands = {.rc = SQLITE_DONE};
	bool ok;
	commands.s = trace_take(t, SQL_READ_TIMES_COMMANDS,
		"SELECT exchange, statement FROM command ORDER BY exchange, ordinal", err);
	if (!commands.s)
		return false;
	advance(&commands);
	ok = read_times(t, &commands, visit, context, err);
	return trace_read_end(t, SQL_READ_TIMES_COMMANDS, commands.s, commands.rc, err) && ok;
}

bool trace_read_texts(struct trace *t, trace_text_fn *visit, void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true;
	sqlite3_stmt *s =
		trace_take(t, SQL_READ_TEXTS, "SELECT id, text FROM statement ORDER BY id", err);
	if (!s)
		return false;
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct trace_statement row = {
			.id = sqlite3_column_int64(s, 0),
			.text = trace_column_bytes(s, 1),
		};
		goes_on = trace_row_is_whole(s, &rc) && visit(context, &row);
	}
	return trace_read_end(t, SQL_READ_TEXTS, s, rc, err);
}

static struct trace_before before_row(sqlite3_stmt *s)
{
	const char *status = trace_column_str(s, 5);
	return (struct trace_before){
		.exchange = sqlite3_column_int64(s, 0),
		.started_us = trace_column_int(s, 1, 0),
		.truth_us = trace_column_int(s, 2, -1),
		.candidate_us = trace_column_int(s, 3, -1),
		.verdict = trace_column_small(s, 4, -1),
		.truth_status = status[0] && !status[1] ? status[0] : '\0',
		.statement = trace_column_bytes(s, 6),
	};
}

bool trace_read_before(struct trace *t, const struct trace_before_key *key, trace_before_fn *visit,
	void *context, struct err *err)
{
	int rc = SQLITE_DONE;
	bool goes_on = true;
	sqlite3_stmt *s = trace_take(t, SQL_READ_BEFORE,
		"SELECT e.id, e.started_us, e.truth_us, e.candidate_us, e.verdict, e.truth_status, "
		"(SELECT s.text FROM command c JOIN statement s ON s.id = c.statement "
		"WHERE c.exchange = e.id ORDER BY c.ordinal LIMIT 1) "
		"FROM exchange e WHERE e.id < ?1 AND e.id >= ?2 AND +e.session = ?3 "
		"ORDER BY e.id DESC",
		err);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, key->exchange);
	sqlite3_bind_int64(
		s, 2, key->exchange > TRACE_BEFORE_MAX ? key->exchange - TRACE_BEFORE_MAX : 0);
	sqlite3_bind_int64(s, 3, key->session);
	while (goes_on && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct trace_before row = before_row(s);
		goes_on = trace_row_is_whole(s, &rc) && visit(context, &row);
	}
	return trace_read_end(t, SQL_READ_BEFORE, s, rc, err);
}
