/*
 * twinkly-trace ls: what is in a trace, a line for each session or exchange.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diffengine/verdict.h"
#include "replay/trace_commands.h"
#include "schema/trace_read.h"
#include "wire/dump.h"

#define LIMIT_DEFAULT  1000
#define STATEMENT_SHOW 80 /* bytes */

enum { OPTION_EXCHANGES = 1, OPTION_SESSION, OPTION_VERDICT, OPTION_STATEMENT, OPTION_LIMIT };

static const struct option_row rows[] = {
	{OPTION_EXCHANGES, 'e', "exchanges", NULL, "list exchanges in place of sessions"},
	{OPTION_SESSION, 0, "session", "N", "exchanges of this session"},
	{OPTION_VERDICT, 0, "verdict", "NAME", "exchanges with this verdict: mismatch, ..."},
	{OPTION_STATEMENT, 0, "statement", "TEXT",
		"exchanges with a statement that contains this text"},
	{OPTION_LIMIT, 0, "limit", "N", "at most so many lines (1000); 0: all"},
};

static const struct option_table table = {.program = "twinkly-trace ls",
	.usage = "[OPTION]... TRACE",
	.summary = "Lists the sessions of a trace, or its exchanges.",
	.rows = rows,
	.count = ARRAY_LEN(rows)};

struct listing {
	bool is_exchanges;
	int64_t session; /* 0: all */
	int verdict;     /* -1: all */
	const char *statement;
	int64_t limit;
	struct trace *trace;
	struct trace_session_count *counts; /* by session */
	size_t count, cap;
	int64_t lines;
	bool has_more, has_failed;
	struct err *err;
};

static int verdict_of(const char *name)
{
	for (int i = 0; i < VERDICT_COUNT; i++)
		if (strcmp(name, verdict_name((enum verdict)i)) == 0)
			return i;
	return -1;
}

static bool parse_number(const char *value, int64_t *n, struct err *err)
{
	int end = 0;

	if (sscanf(value, "%18" SCNd64 "%n", n, &end) == 1 && !value[end] && *n >= 0)
		return true;
	return err_set(err, "\"%s\" is no number", value);
}

static bool on_option(void *context, int id, const char *value, struct err *err)
{
	struct listing *l = context;

	if (id == OPTION_LIMIT)
		return parse_number(value, &l->limit, err);
	l->is_exchanges = true;
	switch (id) {
	case OPTION_SESSION:
		return parse_number(value, &l->session, err);
	case OPTION_VERDICT:
		l->verdict = verdict_of(value);
		return l->verdict >= 0 || err_set(err, "there is no verdict \"%s\"", value);
	case OPTION_STATEMENT:
		l->statement = value;
		return true;
	default:
		return true;
	}
}

/* False: no more. */
static bool next_line(struct listing *l)
{
	l->has_more = l->limit > 0 && l->lines == l->limit;
	l->lines += !l->has_more;
	return !l->has_more;
}

/* Names and statements may hold anything. */
static void print_text(struct bytes text, size_t most)
{
	struct buf out;
	struct wire_value value = {.data = text};

	buf_init(&out, 65536);
	if (dump_value(&out, &value, most))
		fputs(buf_cstr(&out), stdout);
	buf_fini(&out);
}

/* --- sessions --- */

static bool on_count(void *context, const struct trace_session_count *row)
{
	struct listing *l = context;
	size_t cap = l->cap ? 2 * l->cap : 64;
	struct trace_session_count *more = l->counts;

	if (l->count == l->cap) {
		more = realloc(l->counts, cap * sizeof(*more));
		l->has_failed = !more && !err_set(l->err, "out of memory for the sessions");
		if (!more)
			return false;
		l->counts = more;
		l->cap = cap;
	}
	more[l->count++] = *row;
	return true;
}

static int by_session(const void *key, const void *item)
{
	int64_t session = *(const int64_t *)key;
	int64_t other = ((const struct trace_session_count *)item)->session;

	return (session > other) - (session < other);
}

static bool on_session(void *context, const struct trace_session *row)
{
	static const struct trace_session_count none = {0};
	struct listing *l = context;
	const struct trace_session_count *count = &none;

	if (!next_line(l))
		return false;
	if (l->count > 0)
		count = bsearch(&row->id, l->counts, l->count, sizeof(*l->counts), by_session);
	if (!count)
		count = &none;
	printf("%7" PRId64 " %10" PRId64 " %10" PRId64 " %10" PRId64 "  ", row->id,
		count->exchanges, count->equal, count->mismatches);
	print_text(bytes_str(row->user), 40);
	fputs(" ", stdout);
	print_text(bytes_str(row->database), 40);
	fputs(" ", stdout);
	print_text(bytes_str(row->application_name), 40);
	fputs("\n", stdout);
	return true;
}

static bool list_sessions(struct listing *l)
{
	if (!trace_read_session_counts(l->trace, on_count, l, l->err) || l->has_failed)
		return false;
	printf("session  exchanges      equal mismatches  user database application_name\n");
	return trace_read_sessions(l->trace, on_session, l, l->err);
}

/* --- exchanges --- */

struct finding {
	const char *wanted;
	bool is_found, is_first;
	struct buf first; /* statement, its head */
};

static bool on_command(void *context, const struct trace_command *row, struct bytes statement)
{
	struct finding *f = context;
	size_t len = f->wanted ? strlen(f->wanted) : 0;

	(void)row;
	if (buf_len(&f->first) == 0)
		(void)!buf_append(&f->first, statement.ptr,
			statement.len < STATEMENT_SHOW ? statement.len : STATEMENT_SHOW);
	if (!f->wanted ||
		(statement.len > 0 && memmem(statement.ptr, statement.len, f->wanted, len)))
		f->is_found = true;
	return f->wanted && !f->is_found;
}

static void print_time(int64_t us)
{
	if (us < 0)
		printf("          -");
	else
		printf(" %10.3f", (double)us / 1e3);
}

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	struct listing *l = context;
	struct finding f = {.wanted = l->statement, .is_found = !l->statement};

	if (l->verdict >= 0 && row->verdict != l->verdict)
		return true;
	buf_init(&f.first, STATEMENT_SHOW);
	l->has_failed = !trace_read_commands(l->trace, row->id, on_command, &f, l->err);
	if (!l->has_failed && f.is_found && next_line(l)) {
		printf("%9" PRId64 " %7" PRId64 " %-12s", row->id, row->session,
			verdict_name((enum verdict)row->verdict));
		print_time(row->truth_us);
		print_time(row->candidate_us);
		fputs("  ", stdout);
		print_text(buf_bytes(&f.first), STATEMENT_SHOW);
		fputs("\n", stdout);
	}
	buf_fini(&f.first);
	return !l->has_failed && !l->has_more;
}

static bool list_exchanges(struct listing *l)
{
	printf(" exchange session verdict        truth_ms candidate_ms statement\n");
	return trace_read_exchanges(l->trace, l->session, INT64_MIN, on_exchange, l, l->err) &&
	       !l->has_failed;
}

int trace_ls(int argc, char **argv)
{
	struct err err;
	struct listing l = {.verdict = -1, .limit = LIMIT_DEFAULT, .err = &err};
	struct trace_arguments a = {
		.table = &table, .on_option = on_option, .context = &l, .least = 1, .most = 1};
	int status = TRACE_EXIT_SAME;

	if (!trace_arguments(&a, argc, argv, &status))
		return status;
	l.trace = trace_open(a.operands[0], &err);
	if (!l.trace || !(l.is_exchanges ? list_exchanges(&l) : list_sessions(&l)))
		status = trace_failed(&err);
	else if (l.has_more)
		printf("... and more: --limit 0 lists all\n");
	if (l.trace)
		(void)trace_close(l.trace, NULL);
	free(l.counts);
	return status;
}
