/*
 * A small trace in a folder of its own, written row by row and read back, and the outputs
 * caught as strings. Every step asserts that it worked.
 */
#ifndef TESTS_UNIT_REPORT_TRACE_SAMPLE_H
#define TESTS_UNIT_REPORT_TRACE_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diffengine/verdict.h"
#include "report/summary.h"
#include "schema/trace_write.h"

/* Literal bytes, which may hold NULs. */
#define LITERAL(s) bytes_of("" s, sizeof(s) - 1)

#define SAMPLE_BEGAN INT64_C(1763906706000000) /* 2025-11-23 14:05:06 UTC */

struct sample {
	char dir[64], path[96];
	struct trace *trace;
	bool is_reading;
	int64_t exchanges, statements;
	char *text; /* of sample_catch */
	size_t text_len;
	struct err err;
};

#define sample_check(s, call)                          \
	do {                                           \
		if (!(call))                           \
			fail_msg("%s", (s)->err.text); \
	} while (0)

static inline void sample_session(struct sample *s, int64_t id, const char *user)
{
	struct trace_session row = {.id = id,
		.user = user,
		.database = "shop",
		.application_name = "suite",
		.client = "127.0.0.1",
		.started_us = id * 1000};

	sample_check(s, trace_write_session(s->trace, &row, &s->err));
}

static inline void sample_backend(
	struct sample *s, enum trace_role role, const char *name, const char *version)
{
	struct trace_backend row = {.role = role,
		.name = name,
		.host = "db.test",
		.port = 5433,
		.server_version = version};

	sample_check(s, trace_write_backend(s->trace, &row, &s->err));
}

static inline void sample_meta(struct sample *s, const char *key, const char *value)
{
	sample_check(s, trace_write_meta(s->trace, key, value, &s->err));
}

/* A new trace without a row. */
static inline void sample_begin_bare(struct sample *s)
{
	*s = (struct sample){.dir = "/tmp/twinkly-report-XXXXXX"};
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/run.trace", s->dir);
	s->trace = trace_create(s->path, NULL, &s->err);
	sample_check(s, s->trace);
	sample_check(s, trace_begin(s->trace, &s->err));
}

/* With both databases, session 1 and the times. */
static inline void sample_begin(struct sample *s)
{
	sample_begin_bare(s);
	sample_backend(s, TRACE_TRUTH, "YugabyteDB", "15.12-YB-2.25");
	sample_backend(s, TRACE_CANDIDATE, "PostgreSQL", "15.6");
	sample_session(s, 1, "app");
	sample_meta(s, "began_wall_us", "1763906706000000");
	sample_meta(s, "ended_wall_us", "1763906718000000");
}

/* An exchange without commands. */
static inline int64_t sample_bare_exchange(
	struct sample *s, int64_t session, int verdict, const char *note)
{
	struct trace_exchange row = {.id = ++s->exchanges,
		.session = session,
		.started_us = s->exchanges * CLOCK_SECOND,
		.truth_us = 10,
		.candidate_us = 10,
		.verdict = verdict,
		.truth_status = 'I',
		.candidate_status = 'I',
		.note = note};

	sample_check(s, trace_write_exchange(s->trace, &row, &s->err));
	return row.id;
}

static inline void sample_command(struct sample *s, int ordinal, int verdict, struct bytes text)
{
	struct trace_statement statement = {.id = ++s->statements, .text = text};
	struct trace_command row = {.exchange = s->exchanges,
		.ordinal = ordinal,
		.statement = statement.id,
		.parameters = "$1 = '7'",
		.truth_rows = 1,
		.candidate_rows = 1,
		.verdict = verdict};

	sample_check(s, trace_write_statement(s->trace, &statement, &s->err));
	sample_check(s, trace_write_command(s->trace, &row, &s->err));
}

/* One exchange of session 1 with one command. */
static inline int64_t sample_exchange(struct sample *s, int verdict, const char *statement)
{
	int64_t id = sample_bare_exchange(s, 1, verdict, NULL);

	sample_command(s, 0, verdict, bytes_str(statement));
	return id;
}

static inline void sample_difference(struct sample *s, struct trace_difference row)
{
	row.exchange = s->exchanges;
	if (!row.text)
		row.text = "a sentence";
	sample_check(s, trace_write_difference(s->trace, &row, &s->err));
}

/* An exchange with one differing value. */
static inline void sample_value_mismatch(
	struct sample *s, const char *statement, struct bytes truth, struct bytes candidate)
{
	sample_exchange(s, VERDICT_MISMATCH, statement);
	sample_difference(s, (struct trace_difference){.kind = DIFF_VALUE,
				     .row = 2,
				     .column = 3,
				     .column_name = "price",
				     .truth = truth,
				     .candidate = candidate,
				     .text = "row 2, column \"price\" differs"});
}

static inline void sample_gap(struct sample *s, int64_t exchanges, const char *reason)
{
	struct trace_gap row = {.at_us = 5, .exchanges = exchanges, .reason = reason};

	sample_check(s, trace_write_gap(s->trace, &row, &s->err));
}

/* From writing to reading, or reading anew. */
static inline void sample_reopen(struct sample *s)
{
	sample_check(s, s->is_reading || trace_commit(s->trace, &s->err));
	s->is_reading = true;
	sample_check(s, trace_close(s->trace, &s->err));
	s->trace = trace_open(s->path, &s->err);
	sample_check(s, s->trace);
}

/* Reopens and collects. The caller ends with summary_fini and sample_end. */
static inline void sample_summary(struct sample *s, struct summary *summary, int only)
{
	struct summary_wish wish = {.path = s->path, .only = only};

	sample_reopen(s);
	sample_check(s, summary_collect(summary, s->trace, &wish, &s->err));
}

/* A stream whose content is s->text after sample_caught, until sample_end. */
static inline FILE *sample_catch(struct sample *s)
{
	FILE *out;

	free(s->text);
	s->text = NULL;
	out = open_memstream(&s->text, &s->text_len);
	assert_non_null(out);
	return out;
}

static inline void sample_has(const struct sample *s, const char *part)
{
	if (!strstr(s->text, part))
		fail_msg("\"%s\" is not in:\n%s", part, s->text);
}

static inline void sample_lacks(const struct sample *s, const char *part)
{
	if (strstr(s->text, part))
		fail_msg("\"%s\" is in:\n%s", part, s->text);
}

static inline void sample_end(struct sample *s)
{
	char name[128];
	static const char *const suffixes[] = {"", "-wal", "-shm"};

	sample_check(s, trace_close(s->trace, &s->err));
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		snprintf(name, sizeof(name), "%s%s", s->path, suffixes[i]);
		unlink(name);
	}
	free(s->text);
	assert_int_equal(rmdir(s->dir), 0);
}

#endif
