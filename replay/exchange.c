/*
 * Book-keeping of the exchange under way.
 */
#include "replay/exchange.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "diffengine/compare.h"
#include "replay/replay.h"

/* Request bytes kept for the exchange's own row; what comes beyond goes to the trace in
 * parts of this size while the exchange is under way. */
#define REQUEST_PART (256 * 1024)
/* Storage that a buffer may keep between exchanges: an idle session is small. */
#define KEPT_STORAGE 4096

void exchange_init(struct exchange *ex, struct replay *r)
{
	size_t max_message = (size_t)r->settings->max_message;

	request_init(&ex->source, r->source, max_message);
	buf_init(&ex->request, REQUEST_PART);
	buf_init(&ex->request_more, REQUEST_PART);
	buf_init(&ex->truth, (size_t)r->settings->max_response);
	buf_init(&ex->candidate, (size_t)r->settings->max_response);
}

void exchange_fini(struct exchange *ex)
{
	request_fini(&ex->source);
	steps_fini(&ex->steps);
	buf_fini(&ex->request);
	buf_fini(&ex->request_more);
	buf_fini(&ex->truth);
	buf_fini(&ex->candidate);
	free(ex->verdicts);
}

/* Appends what fits under the ceiling. */
static struct bytes keep(struct buf *buf, struct bytes data)
{
	size_t room = buf->ceiling - buf_len(buf);
	size_t len = data.len < room ? data.len : room;

	/* Out of memory: the length that is recorded shows that bytes are missing. */
	if (len > 0 && !buf_append(buf, data.ptr, len))
		log_warning("out of memory: a recorded answer is cut");
	return bytes_skip(data, len);
}

static void flush_part(struct session *s)
{
	struct exchange *ex = &s->exchange;

	if (buf_len(&ex->request_more) == 0)
		return;
	writer_part(&s->replay->writer, ex->id, ++ex->request_parts, buf_bytes(&ex->request_more));
	buf_reset(&ex->request_more);
}

void exchange_note_request(struct session *s, struct bytes data)
{
	struct exchange *ex = &s->exchange;

	data = keep(&ex->request, data);
	while (data.len > 0) {
		data = keep(&ex->request_more, data);
		if (buf_len(&ex->request_more) == REQUEST_PART)
			flush_part(s);
	}
}

void exchange_note_truth(struct session *s, struct bytes data)
{
	s->exchange.truth_len += (int64_t)data.len;
	keep(&s->exchange.truth, data);
}

void exchange_note_candidate(struct session *s, struct bytes data)
{
	s->exchange.candidate_len += (int64_t)data.len;
	if (s->exchange.has_candidate)
		keep(&s->exchange.candidate, data);
}

void exchange_diverge(struct session *s)
{
	struct exchange *ex = &s->exchange;

	if (!ex->has_candidate)
		keep(&ex->candidate, buf_bytes(&ex->truth));
	ex->has_candidate = true;
}

/* Room for the verdicts of `count` commands; new ones are equal. */
static bool reserve_verdicts(struct exchange *ex, size_t count)
{
	size_t cap = ex->verdict_cap ? ex->verdict_cap : 16;
	unsigned char *more;

	while (cap < count)
		cap *= 2;
	if (cap > ex->verdict_cap) {
		more = realloc(ex->verdicts, cap);
		if (!more)
			return false;
		ex->verdicts = more;
		ex->verdict_cap = cap;
	}
	for (; ex->verdict_count < count; ex->verdict_count++)
		ex->verdicts[ex->verdict_count] = VERDICT_EQUAL;
	return true;
}

void exchange_judge(struct session *s, const struct comparison *result, unsigned first_ordinal)
{
	struct exchange *ex = &s->exchange;

	ex->verdict = verdict_worst(ex->verdict, result->verdict);
	if (result->verdict == VERDICT_INCONCLUSIVE && !ex->why[0])
		snprintf(ex->why, sizeof(ex->why), "the answers could not be compared: %s",
			result->note ? result->note : "no reason is known");
	if (result->omitted > 0 && !ex->why[0])
		snprintf(ex->why, sizeof(ex->why), "%zu more differences are not listed",
			result->omitted);
	if (reserve_verdicts(ex, first_ordinal + result->command_count))
		for (size_t i = 0; i < result->command_count; i++)
			ex->verdicts[first_ordinal + i] = (unsigned char)result->commands[i];
	writer_differences(&s->replay->writer, ex->id, result);
	for (size_t i = 0; i < result->count; i++)
		log_info("exchange %lld, replay of %lld: %s", (long long)ex->id,
			(long long)ex->recorded.id, result->differences[i].text);
}

const struct compare_command *exchange_commands(struct session *s, size_t *count)
{
	const struct statement_list *list = &s->exchange.steps.commands;
	struct compare_command *commands =
		arena_alloc(&s->replay->arena, (list->count + 1) * sizeof(*commands));

	*count = commands ? list->count : 0;
	for (size_t i = 0; i < *count; i++) {
		const struct statement *statement = list->items[i];

		commands[i].is_ordered = true;
		if (!statement)
			continue;
		commands[i].is_ordered = statement->is_ordered;
		policy_apply(&s->replay->policy, statement_text(statement), &commands[i]);
		cursors_resolve(&s->cursors, &s->prepared, s->replay->policy.compare.analyses,
			&s->exchange.steps.uses[i], &commands[i]);
		commands[i].columns = bytes_of(statement->columns, statement->columns_len);
	}
	return commands;
}

static int64_t number_of(struct session *s, struct statement *statement)
{
	if (!statement)
		return 0;
	if (statement->trace_id == 0)
		statement->trace_id =
			writer_statement(&s->replay->writer, statement_text(statement));
	return statement->trace_id;
}

static int64_t since(const struct exchange *ex, int64_t done_us)
{
	return done_us < 0 ? -1 : done_us - ex->started_us;
}

static void fill_row(struct session *s, struct trace_exchange *row)
{
	struct exchange *ex = &s->exchange;
	const struct side *second = s->candidate.is_absent ? &s->truth : &s->candidate;

	*row = (struct trace_exchange){.id = ex->id,
		.session = s->id,
		.started_us = ex->started_us,
		.truth_us = since(ex, s->truth.done_us),
		.candidate_us = since(ex, second->done_us),
		.verdict = (int)ex->verdict,
		.truth_status = s->truth.done_us >= 0 ? s->truth.status : 0,
		.candidate_status = second->done_us >= 0 ? second->status : 0,
		.request = buf_bytes(&ex->request),
		.truth = buf_bytes(&ex->truth),
		.has_candidate = ex->has_candidate,
		.candidate = buf_bytes(&ex->candidate),
		.truth_len = ex->truth_len,
		.candidate_len = s->candidate.is_absent ? ex->truth_len : ex->candidate_len};
}

/* Nothing is said of an exchange that went as it should. */
static const char *note_on(const struct exchange *ex, char *out, size_t size)
{
	if (ex->verdict == VERDICT_EQUAL && !ex->is_rolled_back && !ex->recalled[0] &&
		!ex->is_mended)
		return NULL;
	snprintf(out, size, "replay of exchange %lld%s%s%s%s%s%s", (long long)ex->recorded.id,
		ex->why[0] ? ": " : "", ex->why, ex->recalled[0] ? "; drift: " : "", ex->recalled,
		ex->is_regression ? "; regression: equal in the capture"
		: ex->is_mended   ? "; mended: a mismatch in the capture"
				  : "",
		ex->is_rolled_back ? "; both databases were rolled back, since their transactions "
				     "were in different states"
				   : "");
	return out;
}

static void write_row(struct session *s, const int64_t *numbers, size_t count)
{
	struct exchange *ex = &s->exchange;
	struct writer_exchange exchange = {.statements = numbers,
		.statement_count = count,
		.rest = VERDICT_EQUAL,
		.last_rows = s->truth.last_rows,
		.last_tag = s->truth.last_tag};
	char note[1536];

	flush_part(s);
	fill_row(s, &exchange.row);
	exchange.row.note = note_on(ex, note, sizeof(note));
	/* Given up: what was answered before is known to be equal or was compared. */
	if (ex->verdict == VERDICT_INCONCLUSIVE && reserve_verdicts(ex, ex->lock.ordinal))
		exchange.rest = VERDICT_INCONCLUSIVE;
	exchange.verdicts = ex->verdicts;
	exchange.verdict_count = ex->verdict_count;
	writer_exchange(&s->replay->writer, &exchange);
}

static void record(struct session *s)
{
	struct exchange *ex = &s->exchange;
	const struct statement_list *commands = &ex->steps.commands;
	const struct statement_list *list = commands->count > 0 ? commands : &ex->steps.described;
	size_t count = commands->count > 0 ? commands->count : list->count > 0;
	int64_t few[16], *numbers = few;

	if (count > ARRAY_LEN(few))
		numbers = malloc(count * sizeof(*numbers));
	for (size_t i = 0; numbers && i < count; i++)
		numbers[i] = number_of(s, list->items[i]);
	write_row(s, numbers, numbers ? count : 0);
	if (numbers != few)
		free(numbers);
}

static void trim(struct buf *buf)
{
	if (buf->cap > KEPT_STORAGE)
		buf_release(buf);
	else
		buf_reset(buf);
}

static void reset(struct exchange *ex)
{
	request_close(&ex->source);
	steps_reset(&ex->steps);
	trim(&ex->request);
	trim(&ex->request_more);
	trim(&ex->truth);
	trim(&ex->candidate);
	*ex = (struct exchange){.source = ex->source,
		.steps = ex->steps,
		.request = ex->request,
		.request_more = ex->request_more,
		.truth = ex->truth,
		.candidate = ex->candidate,
		.verdicts = ex->verdicts,
		.verdict_cap = ex->verdict_cap};
}

void exchange_finish(struct session *s)
{
	struct replay *r = s->replay;
	struct exchange *ex = &s->exchange;

	if (ex->id > 0) {
		recall_exchange(s);
		record(s);
		r->counts.exchanges[ex->verdict]++;
		r->counts.rolled_back += ex->is_rolled_back;
	}
	r->in_flight--;
	r->moved_us = s->recorded->done_us = clock_mono_us();
	stall_end(s);
	turn_release(&r->turn, &s->ticket);
	reset(ex);
	replay_wake(r);
}
