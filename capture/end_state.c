/*
 * Asks both databases, of the trace's sessions and statements, and writes what comes of it.
 */
#include "capture/end_state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/trace_read.h"
#include "schema/trace_write.h"
#include "wire/query.h"

#define SHOWN_MAX 10

struct checking {
	struct end_state_run *run;
	struct end_state *state;
	struct end_state_events events;
	char *user;    /* of the first session */
	bool is_named; /* the configuration names one database for each side */
	FILE *out;
	struct err err;
	bool has_failed;
};

static bool on_session(void *context, const struct trace_session *row)
{
	struct checking *c = context;

	if (!c->user)
		c->user = strdup(row->user);
	end_state_add_database(c->state, row->database);
	return c->user && !c->is_named;
}

static bool on_statement(void *context, struct bytes text, int verdict)
{
	struct checking *c = context;

	(void)verdict;
	end_state_add_text(c->state, text);
	return true;
}

static void on_row(void *context, struct wire_items *values)
{
	end_state_take_row(context, values);
}

static bool ask(void *context, int side, const char *database, const char *sql,
	struct end_state_answer *answer)
{
	struct checking *c = context;
	struct backend_wishes wishes = {.user = c->user, .database = database};
	struct query query = {.target = c->run->targets[side],
		.wishes = &wishes,
		.what = "the end state",
		.timeout_us = c->run->timeout_us,
		.on_row = on_row,
		.context = answer};

	if (c->run->was_interrupted)
		return err_set(&c->events.why, "interrupted");
	if (query_run(&query, sql, &c->events.why))
		return true;
	c->run->was_interrupted |= query.was_interrupted;
	return false;
}

static void found(void *context, const struct end_state_table *t)
{
	struct checking *c = context;
	struct trace_end_state row = {.database = t->database,
		.table_schema = t->schema,
		.table_name = t->name,
		.verdict = t->verdict,
		.truth_rows = t->rows[0],
		.candidate_rows = t->rows[1],
		.text = t->text};

	if (!c->has_failed && !trace_write_end_state(c->run->trace, &row, &c->err))
		c->has_failed = true;
	if (!c->out || t->verdict == VERDICT_EQUAL || c->run->shown++ >= SHOWN_MAX)
		return;
	fprintf(c->out, "twinkly: end state of %s: %s%s%s: %s\n", t->database, t->schema,
		*t->schema ? "." : "", *t->name ? t->name : "the tables", t->text);
}

static bool check(struct checking *c)
{
	return trace_read_sessions(c->run->trace, on_session, c, &c->err) &&
	       (c->run->is_all || trace_read_statements(c->run->trace, on_statement, c, &c->err));
}

bool end_state_run(struct end_state_run *run, FILE *out, struct err *err)
{
	struct checking c = {.run = run, .out = out};
	bool ok;

	c.events = (struct end_state_events){.ask = ask,
		.found = found,
		.names = {run->targets[0]->name, run->targets[1]->name},
		.hides_keys = run->hides_keys,
		.context = &c};
	c.is_named = run->targets[0]->database && run->targets[1]->database;
	c.state = end_state_new(run->mode, run->is_all);
	if (!c.state)
		return err_set(err, "out of memory");
	ok = check(&c);
	if (ok && c.user)
		run->counts = end_state_compare(c.state, &c.events);
	end_state_free(c.state);
	free(c.user);
	if (!ok || c.has_failed)
		*err = c.err;
	return ok && !c.has_failed;
}

void end_state_print(const struct end_state_counts *c, FILE *out)
{
	if (c->equal + c->different + c->skipped + c->omitted == 0)
		return;
	fprintf(out, "twinkly: end state: %" PRId64 " tables equal, %" PRId64 " different",
		c->equal, c->different);
	if (c->skipped > 0)
		fprintf(out, ", %" PRId64 " skipped", c->skipped);
	if (c->omitted > 0)
		fprintf(out, ", %" PRId64 " beyond the limits not looked at", c->omitted);
	fputs("\n", out);
}
