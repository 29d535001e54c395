/*
 * What the client is told of a mismatch. In place of the rest of the answer it gets an
 * ErrorResponse and ReadyForQuery with the true status, then the backends' connections end,
 * and with them their transactions; the client's next message is answered by a FATAL. To
 * close right after the error would make libpq report only a lost connection, without the SQLSTATE.
 */
#include "capture/mismatch.h"

#include "base/clock.h"
#include "base/log.h"
#include "capture/consequence.h"
#include "capture/exchange.h"
#include "capture/hint.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "capture/align.h"
#include "capture/answer.h"
#include "capture/slow.h"
#include "diffengine/compare.h"
#include "wire/encode.h"

#define LINES_MAX   10
#define MESSAGE_MAX 16384

static bool build_message(
	struct buf *out, const struct settings *settings, const struct comparison *result)
{
	size_t shown = result->count < LINES_MAX ? result->count : LINES_MAX;
	size_t more = result->count + result->omitted - shown;

	if (!buf_printf(out, "Query results differ between %s and %s:", settings->postgresql_name,
		    settings->yugabytedb_name))
		return false;
	for (size_t i = 0; i < shown; i++)
		if (!buf_printf(out, "%c%s", i ? '\n' : ' ', result->differences[i].text))
			return false;
	return more == 0 || buf_printf(out, "\n... and %zu more", more);
}

/* Which rows only one side has: too long for the headline. */
static bool build_rows(
	struct buf *out, const struct settings *settings, const struct comparison *result)
{
	for (size_t i = 0; i < result->count; i++) {
		const struct difference *d = &result->differences[i];

		if (d->kind == DIFF_ROW_COUNT && d->truth && d->candidate &&
			!buf_printf(out, "%s: %s; %s: %s. ", settings->truth.name, d->truth,
				settings->candidate.name, d->candidate))
			return false;
	}
	return true;
}

static bool build_timing(struct buf *out, const struct session *s)
{
	const struct side *sides[2] = {&s->truth, &s->candidate};
	char took[CLOCK_TEXT_MAX];

	for (int i = 0; i < 2; i++) {
		const struct side *side = sides[i];

		if (!buf_printf(out, "%s%s: status %c%s%s", i ? "; " : "",
			    side->backend->target->name, side->backend->protocol.status,
			    side->done_us >= 0 ? ", answered in " : ", answer not complete",
			    side->done_us >= 0
				    ? clock_format_duration(
					      side->done_us - s->exchange.started_us, took)
				    : ""))
			return false;
	}
	return buf_append_str(out, ". The client sees the answers of ") &&
	       buf_append_str(out, sides[0]->backend->target->name);
}

static void send_error(struct session *s, const struct encode_error *what)
{
	struct encode_error error = *what;
	struct buf out;

	error.severity = "ERROR";
	error.routine = "twinkly";
	if (!error.sqlstate)
		error.sqlstate = s->proxy->settings->mismatch_sqlstate;
	buf_init(&out, 4 * MESSAGE_MAX);
	if (encode_error(&out, BACKEND_ERROR_RESPONSE, &error))
		session_send(s, buf_bytes(&out));
	buf_fini(&out);
}

static void send_ready(struct session *s, char status)
{
	struct buf out;

	buf_init(&out, 64);
	if (encode_ready(&out, status))
		session_send(s, buf_bytes(&out));
	buf_fini(&out);
}

void mismatch_answer(struct session *s, const char *message, char status)
{
	send_error(s, &(struct encode_error){.message = message});
	send_ready(s, status);
}

static void send_mismatch(struct session *s, const struct comparison *result)
{
	struct buf message, detail, hint;

	buf_init(&message, MESSAGE_MAX);
	buf_init(&detail, MESSAGE_MAX);
	buf_init(&hint, MESSAGE_MAX);
	/* A text that does not fit is cut, never left out. */
	if (!build_message(&message, s->proxy->settings, result) ||
		!build_rows(&detail, s->proxy->settings, result) || !build_timing(&detail, s) ||
		!consequence_tell(s, &detail) || !slow_describe(&detail, s) ||
		!hint_build(&hint, s, result))
		log_warning("session %lld: the text of a mismatch was cut", (long long)s->id);
	send_error(s, &(struct encode_error){.message = buf_cstr(&message),
			      .detail = buf_cstr(&detail),
			      .hint = buf_cstr(&hint)});
	log_debug("session %lld, exchange %lld: %s", (long long)s->id, (long long)s->exchange.id,
		buf_cstr(&message));
	buf_fini(&message);
	buf_fini(&detail);
	buf_fini(&hint);
}

static void close_backends(struct session *s)
{
	turn_release(&s->proxy->turn, &s->ticket);
	counts_add_backends(&s->proxy->counts, s);
	backend_close(s->truth.backend);
	backend_close(s->candidate.backend);
	s->truth.backend = s->candidate.backend = NULL;
	s->truth.framed = s->candidate.framed = 0;
}

void mismatch_report(struct session *s, const struct comparison *result)
{
	struct exchange *ex = &s->exchange;
	char status = s->truth.backend->protocol.status == 'I' ? 'I' : 'E';
	bool ends = ex->ends;
	unsigned first = ex->lock.ordinal;

	send_mismatch(s, result);
	if (ends)
		send_ready(s, status);
	exchange_note_rest(s);
	ex->note = "the client got the mismatch as an error; its session ended";
	exchange_finish(s, result, first);
	close_backends(s);
	if (s->is_marked)
		return;
	s->awaits_sync = !ends;
	s->state = SESSION_DOOMED;
	mismatch_doomed_pump(s);
}

/* Nothing of the answers is left to be handed on. */
static void drop_rest(struct session *s)
{
	buf_consume(&s->truth.backend->link.in, s->truth.framed);
	buf_consume(&s->candidate.backend->link.in, s->candidate.framed);
	s->truth.framed = s->candidate.framed = 0;
}

/* It was told already. */
static void go_on_after_error(struct session *s, const struct comparison *result)
{
	exchange_note_rest(s);
	exchange_record(s, result, s->exchange.lock.ordinal);
	drop_rest(s);
	if (!s->is_marked && !align_after_error(s, result))
		mismatch_ready(s);
}

void mismatch_error(struct session *s, const struct comparison *result)
{
	send_mismatch(s, result);
	s->exchange.note = "the client got the mismatch as an error; its session went on";
	go_on_after_error(s, result);
}

/* on-mismatch = log: the truth was through and the client has its answer. */
static bool has_whole_answer(const struct session *s)
{
	return s->exchange.is_handed_at_once && s->exchange.handed >= s->truth.framed;
}

/* What the side that wants another try said, in words. */
static const char *retry_text(const struct comparison *result)
{
	for (size_t i = 0; i < result->count; i++)
		if (result->differences[i].kind == DIFF_RETRY)
			return result->differences[i].text;
	return diff_kind_info(DIFF_RETRY)->meaning;
}

void mismatch_again(struct session *s, const struct comparison *result)
{
	char message[MESSAGE_MAX];

	snprintf(message, sizeof(message), "twinkly: retry: %s", retry_text(result));
	send_error(s, &(struct encode_error){.sqlstate = "40001",
			      .message = message,
			      .hint = "The transaction was made to fail on both databases. Run it "
				      "again."});
	s->exchange.note = "the client was asked to run the transaction again";
	go_on_after_error(s, result);
}

void mismatch_deadlock(struct session *s)
{
	struct exchange *ex = &s->exchange;
	enum verdict verdict = VERDICT_INCONCLUSIVE;
	struct difference difference = {.kind = DIFF_DEADLOCK,
		.verdict = VERDICT_INCONCLUSIVE,
		.ordinal = ex->lock.ordinal,
		.text = s->why};
	struct comparison result = {.verdict = verdict,
		.differences = &difference,
		.count = 1,
		.commands = &verdict,
		.command_count = 1};

	s->proxy->counts.deadlocks++;
	ex->is_deadlocked = false;
	ex->verdict = verdict_worst(ex->verdict, verdict);
	ex->note = s->why;
	consequence_note(s, &result);
	exchange_diverge(s);
	if (!has_whole_answer(s)) {
		send_error(s, &(struct encode_error){.sqlstate = "40P01",
				      .message = s->why,
				      .hint = "Run the transaction again, or run with "
					      "comparison.execution = serial."});
		go_on_after_error(s, &result);
	} else if (!align_begin(s, &result)) {
		answer_go_on(s, &result);
	}
}

static char status_of(const struct session *s)
{
	char truth = s->truth.backend->protocol.status;

	return truth == 'I' && s->candidate.backend->protocol.status == 'I' ? 'I' : 'E';
}

void mismatch_on_sync(struct session *s)
{
	s->awaits_sync = false;
	send_ready(s, status_of(s));
}

void mismatch_ready(struct session *s)
{
	bool ends = s->exchange.ends;

	turn_release(&s->proxy->turn, &s->ticket);
	answer_finish(s, NULL);
	s->awaits_sync = !ends;
	if (ends)
		send_ready(s, status_of(s));
}

static void on_message_after(struct session *s, unsigned char type)
{
	if (type == FRONTEND_TERMINATE) {
		session_end(s, "terminated by the client after a mismatch");
	} else if (s->awaits_sync) {
		if (type != FRONTEND_SYNC)
			return;
		s->awaits_sync = false;
		send_ready(s, 'I');
	} else {
		session_fatal(s, s->proxy->settings->mismatch_sqlstate,
			"this session was ended by twinkly, since query results differed between "
			"%s and %s",
			s->proxy->settings->postgresql_name, s->proxy->settings->yugabytedb_name);
	}
}

void mismatch_doomed_pump(struct session *s)
{
	size_t max = (size_t)s->proxy->settings->max_message;
	struct frame f;
	struct err err;

	while (!s->is_marked && s->state == SESSION_DOOMED) {
		enum frame_result result =
			frame_next(buf_bytes(&s->client.in), WIRE_FRONTEND, max, &f, &err);

		if (result == FRAME_NEED_MORE) {
			s->client.need = f.whole.len;
			return;
		}
		if (result == FRAME_MALFORMED) {
			session_fatal(s, "08P01", "protocol violation by the client: %s", err.text);
			return;
		}
		on_message_after(s, f.type);
		buf_consume(&s->client.in, f.whole.len);
	}
}
