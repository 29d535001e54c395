/*
 * twinkly-trace show: the messages of exchanges, decoded, both sides next to each other.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "diffengine/verdict.h"
#include "replay/fixture_write.h"
#include "replay/request.h"
#include "replay/trace_commands.h"
#include "schema/trace_read.h"
#include "wire/dump.h"

#define DUMP_MAX ((size_t)1 << 30)

enum { OPTION_WHOLE = 1 };

static const struct option_row rows[] = {
	{OPTION_WHOLE, 'w', "whole", NULL, "show values whole, not only their first 64 bytes"},
};

static const struct option_table table = {.program = "twinkly-trace show",
	.usage = "[OPTION]... TRACE SESSION[:EXCHANGE]",
	.summary =
		"Shows an exchange, or all of a session: the client's messages with >, the answers "
		"with <,\nonce where both sides gave the same, else under each side's name.",
	.rows = rows,
	.count = ARRAY_LEN(rows)};

struct showing {
	struct trace *trace;
	int64_t session, exchange; /* 0: any */
	struct dump_style style;
	struct fixture_names names;
	struct request request;
	int64_t shown;
	bool has_failed;
	struct err *err;
};

static bool on_option(void *context, int id, const char *value, struct err *err)
{
	struct showing *s = context;

	(void)id;
	(void)value;
	(void)err;
	s->style.value_max = SIZE_MAX;
	return true;
}

static bool on_part(void *context, struct bytes body)
{
	*(int64_t *)context += (int64_t)body.len;
	return true;
}

static bool show_request(struct showing *s, const struct trace_exchange *row)
{
	struct buf out;
	int64_t more = 0;
	bool ok;

	buf_init(&out, DUMP_MAX);
	ok = dump_stream(&out, WIRE_FRONTEND, row->request, &s->style) &&
	     trace_read_request_parts(s->trace, row->id, on_part, &more, s->err);
	for (const char *text = buf_cstr(&out); ok && *text; text += strcspn(text, "\n") + 1)
		printf("> %.*s\n", (int)strcspn(text, "\n"), text);
	if (more > 0)
		printf("> (and %" PRId64 " bytes more)\n", more);
	buf_fini(&out);
	return ok;
}

static bool show_answers(struct showing *s, const struct trace_exchange *row)
{
	struct bytes candidate = row->has_candidate ? row->candidate : row->truth;
	/* Table OIDs and the like differ on any two servers: they would hide what is the same. */
	struct dump_style style = {.is_stable = true, .value_max = s->style.value_max};
	struct fixture_answers answers;
	struct buf out;
	bool ok;

	buf_init(&answers.truth, DUMP_MAX);
	buf_init(&answers.candidate, DUMP_MAX);
	buf_init(&out, 2 * DUMP_MAX);
	ok = dump_stream(&answers.truth, WIRE_BACKEND, row->truth, &style) &&
	     dump_stream(&answers.candidate, WIRE_BACKEND, candidate, &style) &&
	     fixture_print_lines(&answers, "", &s->names, &out);
	if (ok && (row->truth.len > 0 || candidate.len > 0))
		fputs(buf_cstr(&out), stdout);
	buf_fini(&answers.truth);
	buf_fini(&answers.candidate);
	buf_fini(&out);
	return ok;
}

static bool on_difference(void *context, const struct trace_difference_context *row)
{
	const struct trace_difference *d = row->difference;

	(void)context;
	printf("# %s: %s%s%s\n", row->kind, d->text, d->rule ? "; allowed by " : "",
		d->rule ? d->rule : "");
	return true;
}

static bool on_plan(void *context, const struct trace_plan *row)
{
	const struct showing *s = context;
	bool is_truth = strcmp(row->role, "truth") == 0;

	printf("# plan of %s:\n", is_truth ? s->names.truth : s->names.candidate);
	for (const char *text = row->text; *text;) {
		int len = (int)strcspn(text, "\n");

		printf("#   %.*s\n", len, text);
		text += len + (text[len] == '\n');
	}
	return true;
}

static void show_head(const struct trace_exchange *row, const struct fixture_names *names)
{
	printf("# exchange %" PRId64 ", session %" PRId64 ": %s; %s %.3f ms, %s %.3f ms%s%s\n",
		row->id, row->session, verdict_name((enum verdict)row->verdict), names->truth,
		(double)row->truth_us / 1e3, names->candidate, (double)row->candidate_us / 1e3,
		row->note ? "; " : "", row->note ? row->note : "");
}

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	struct showing *s = context;

	if (s->exchange > 0 && (row->id != s->exchange || row->session != s->session))
		return false;
	show_head(row, &s->names);
	if (!show_request(s, row) || !show_answers(s, row))
		s->has_failed =
			!err_set(s->err, "exchange %" PRId64 " is too long to be shown", row->id);
	else if (!trace_read_differences(s->trace, row->id, on_difference, s, s->err) ||
		 !trace_read_plans(s->trace, row->id, on_plan, s, s->err))
		s->has_failed = true;
	if (row->truth_len > (int64_t)row->truth.len)
		printf("# %" PRId64 " of %" PRId64 " bytes of %s's answer were kept\n",
			(int64_t)row->truth.len, row->truth_len, s->names.truth);
	printf("\n");
	s->shown++;
	return !s->has_failed && s->exchange == 0;
}

static bool parse_place(struct showing *s, const char *place, struct err *err)
{
	int n = 0;
	int fields =
		sscanf(place, "%18" SCNd64 "%n:%18" SCNd64 "%n", &s->session, &n, &s->exchange, &n);

	if (fields >= 1 && !place[n] && s->session > 0 && (fields == 1 || s->exchange > 0))
		return true;
	return err_set(
		err, "\"%s\": expected SESSION or SESSION:EXCHANGE, such as 3 or 3:17", place);
}

static bool show(struct showing *s, const char *place)
{
	int64_t only = s->exchange > 0 ? 0 : s->session;
	int64_t from = s->exchange > 0 ? s->exchange : INT64_MIN;

	if (!fixture_names_read(&s->names, s->trace, s->err) ||
		!trace_read_exchanges(s->trace, only, from, on_exchange, s, s->err) ||
		s->has_failed)
		return false;
	return s->shown > 0 || err_set(s->err, "the trace holds no exchange %s", place);
}

int trace_show(int argc, char **argv)
{
	struct err err;
	struct showing s = {.err = &err};
	struct trace_arguments a = {
		.table = &table, .on_option = on_option, .context = &s, .least = 2, .most = 2};
	int status = TRACE_EXIT_SAME;

	if (!trace_arguments(&a, argc, argv, &status))
		return status;
	if (!parse_place(&s, a.operands[1], &err)) {
		fprintf(stderr, "%s: %s\n", table.program, err.text);
		return TRACE_EXIT_USAGE;
	}
	s.trace = trace_open(a.operands[0], &err);
	if (!s.trace || !show(&s, a.operands[1]))
		status = trace_failed(&err);
	if (s.trace)
		(void)trace_close(s.trace, NULL);
	return status;
}
