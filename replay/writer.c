/*
 * Rows of the replay's trace, and its batches.
 */
#include "replay/writer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "diffengine/verdict.h"
#include "replay/redact_row.h"

/* --- the head --- */

bool writer_words(struct trace *t, struct err *err)
{
	for (int i = 0; i < VERDICT_COUNT; i++)
		if (!trace_write_word(t, "verdict", i, verdict_name((enum verdict)i), NULL,
			    verdict_meaning((enum verdict)i), err))
			return false;
	for (int i = 0; i < DIFF_KIND_COUNT; i++) {
		const struct diff_kind_info *info = diff_kind_info((enum diff_kind)i);

		if (!trace_write_word(t, "difference_kind", i, info->name,
			    severity_name(info->severity), info->meaning, err))
			return false;
	}
	return true;
}

static bool write_number(struct trace *t, const char *key, int64_t number, struct err *err)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	return trace_write_meta(t, key, text, err);
}

static bool write_configuration(struct trace *t, const struct settings *s, struct err *err)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool ok;

	if (!out)
		return err_set(err, "out of memory");
	conf_print(s->conf, out); /* secrets are starred */
	ok = fclose(out) == 0 && trace_write_meta(t, "configuration", text, err);
	free(text);
	return ok;
}

static bool write_backend(
	struct trace *t, enum trace_role role, const struct backend_target *b, struct err *err)
{
	struct trace_backend row = {.role = role,
		.name = b->name,
		.host = b->host,
		.port = b->port,
		.server_version = ""};

	return trace_write_backend(t, &row, err);
}

static bool write_head(struct trace *t, const struct writer_head *head, struct err *err)
{
	const struct settings *s = head->settings;

	return trace_begin(t, err) && trace_write_meta(t, "program", "twinkly-replay", err) &&
	       trace_write_meta(t, "twinkly_version", TWINKLY_VERSION, err) &&
	       trace_write_meta(t, "source_trace", head->source_trace, err) &&
	       write_number(t, "began_wall_us", clock_wall_us(), err) &&
	       trace_write_meta(t, "source_of_truth", s->truth.name, err) &&
	       trace_write_meta(t, "candidate", s->candidate.name, err) &&
	       trace_write_meta(t, "command_line", head->command_line, err) &&
	       write_configuration(t, s, err) && writer_words(t, err) &&
	       write_backend(t, TRACE_TRUTH, &s->truth, err) &&
	       write_backend(t, TRACE_CANDIDATE, &s->candidate, err) && trace_commit(t, err);
}

bool writer_open(
	struct writer *w, const char *path, const struct writer_head *head, struct err *err)
{
	bool moved = false;

	*w = (struct writer){.began_mono_us = clock_mono_us()};
	w->trace = trace_create(path, &moved, err);
	if (!w->trace)
		return false;
	if (moved)
		log_warning("the trace that was there is now %s.old", path);
	w->redact = redact_new_configured(head->settings->conf, err);
	if (w->redact && write_head(w->trace, head, err))
		return true;
	redact_free(w->redact);
	trace_close(w->trace, NULL);
	return false;
}

/* --- batches --- */

static bool fail(struct writer *w, const struct err *err)
{
	if (!w->has_failed)
		w->why = *err;
	w->has_failed = true;
	return false;
}

/* Before each row. False: nothing can be written. */
static bool begin(struct writer *w)
{
	struct err err;

	if (w->has_failed)
		return false;
	if (w->is_in_batch)
		return true;
	if (!trace_begin(w->trace, &err))
		return fail(w, &err);
	w->is_in_batch = true;
	w->batch_exchanges = 0;
	w->batch_began_us = clock_mono_us();
	return true;
}

static void commit(struct writer *w)
{
	struct err err;

	if (!w->is_in_batch || w->has_failed)
		return;
	w->is_in_batch = false;
	if (!trace_commit(w->trace, &err))
		fail(w, &err);
}

void writer_tick(struct writer *w)
{
	if (w->is_in_batch && (w->batch_exchanges >= WRITER_BATCH_EXCHANGES ||
				      clock_mono_us() - w->batch_began_us >= WRITER_BATCH_US))
		commit(w);
}

struct trace *writer_open_batch(struct writer *w)
{
	return begin(w) ? w->trace : NULL;
}

bool writer_close(struct writer *w)
{
	struct err err;

	if (begin(w) && !write_number(w->trace, "ended_wall_us", clock_wall_us(), &err))
		fail(w, &err);
	commit(w);
	if (w->has_failed)
		trace_rollback(w->trace);
	if (!trace_close(w->trace, &err))
		fail(w, &err);
	texts_fini(&w->statements);
	redact_free(w->redact);
	return !w->has_failed;
}

int64_t writer_now(struct writer *w)
{
	int64_t now = clock_mono_us() - w->began_mono_us;

	w->last_us = now > w->last_us ? now : w->last_us + 1;
	return w->last_us;
}

/* --- rows --- */

void writer_meta_number(struct writer *w, const char *key, int64_t number)
{
	struct err err;

	if (begin(w) && !write_number(w->trace, key, number, &err))
		fail(w, &err);
}

void writer_backend(struct writer *w, const struct trace_backend *row)
{
	struct err err;

	if (begin(w) && !trace_write_backend(w->trace, row, &err))
		fail(w, &err);
}

void writer_session(struct writer *w, const struct trace_session *row)
{
	struct err err;

	if (begin(w) && !trace_write_session(w->trace, row, &err))
		fail(w, &err);
}

void writer_event(struct writer *w, int64_t session, const char *what, const char *detail)
{
	struct trace_event row = {
		.session = session, .at_us = writer_now(w), .what = what, .detail = detail};
	struct err err;

	if (begin(w) && !trace_write_event(w->trace, &row, &err))
		fail(w, &err);
}

int64_t writer_statement(struct writer *w, struct bytes text)
{
	bool is_new;
	text = redact_text(w->redact, text);
	struct trace_statement row = {
		.id = texts_number(&w->statements, text, &is_new), .text = text};
	struct err err;

	if (is_new && begin(w) && !trace_write_statement(w->trace, &row, &err))
		fail(w, &err);
	redact_reset(w->redact);
	return row.id;
}

static bool write_redaction(struct writer *w, const struct trace_redaction *row, struct err *err)
{
	return row->request + row->answers == 0 || trace_write_redaction(w->trace, row, err);
}

void writer_part(struct writer *w, int64_t exchange, int ordinal, struct bytes body)
{
	struct bytes part = redact_part(w->redact, bytes_of(NULL, 0), body);
	struct trace_redaction row = {.exchange = exchange, .request = part.ptr != body.ptr};
	struct err err;

	if (begin(w) && (!trace_write_request_part(w->trace, exchange, ordinal, part, &err) ||
				!write_redaction(w, &row, &err)))
		fail(w, &err);
}

static struct bytes readable(const char *s)
{
	return bytes_str(s ? s : "");
}

bool writer_difference(
	struct trace *trace, int64_t exchange, const struct difference *d, struct err *err)
{
	struct trace_difference row = {.exchange = exchange,
		.ordinal = (int)d->ordinal,
		.kind = (int)d->kind,
		.row = d->row,
		.column = d->column,
		.column_name = d->column_name,
		.truth = readable(d->truth),
		.candidate = readable(d->candidate),
		.truth_null = d->truth == NULL,
		.candidate_null = d->candidate == NULL,
		.rule = d->rule,
		.text = d->text};

	return trace_write_difference(trace, &row, err);
}

void writer_differences(struct writer *w, int64_t exchange, const struct comparison *result)
{
	struct err err;

	for (size_t i = 0; i < result->count && begin(w); i++) {
		struct difference d = redact_difference(w->redact, &result->differences[i], false);

		if (!writer_difference(w->trace, exchange, &d, &err))
			fail(w, &err);
	}
	redact_reset(w->redact);
}

void writer_exchange(struct writer *w, const struct writer_exchange *exchange)
{
	struct writer_exchange copy = *exchange;
	struct trace_redaction redaction;
	struct err err;

	if (!begin(w))
		return;
	redaction = redact_row(w->redact, &copy.row);
	if (!trace_write_exchange(w->trace, &copy.row, &err) ||
		!writer_commands(w->trace, &copy, &err) || !write_redaction(w, &redaction, &err))
		fail(w, &err);
	redact_reset(w->redact);
	w->batch_exchanges++;
	writer_tick(w);
}
