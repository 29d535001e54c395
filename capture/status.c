/*
 * The proxy's state in words. It only reads; the text is made whole before it is written, so that
 * log lines do not fall into it.
 */
#include "capture/status.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "capture/proxy.h"

/* 10,000 sessions (the most that proxy.max-connections takes) with names of some length. */
#define TEXT_MAX ((size_t)64 * 1024 * 1024)

const char *status_state_name(enum session_state state)
{
	switch (state) {
	case SESSION_STARTUP:
		return "startup";
	case SESSION_AUTHENTICATING:
		return "authenticating";
	case SESSION_CONNECTING:
		return "connecting";
	case SESSION_READY:
		return "ready";
	case SESSION_DOOMED:
		return "doomed";
	case SESSION_CLOSING:
		return "closing";
	}
	return "unknown";
}

static bool write_counts(const struct proxy *p, struct buf *out)
{
	const struct proxy_counts *c = &p->counts;
	struct trace_queue_stats stats;
	bool ok;

	trace_queue_stats(p->record.queue, &stats);
	ok = buf_printf(out,
		"twinkly: status: %" PRId64 " sessions, %d exchanges under way; so far %" PRId64
		" sessions, %" PRId64 " refused",
		p->session_count, p->active, c->sessions, c->refused);
	for (int i = 0; ok && i < VERDICT_COUNT; i++)
		if (c->exchanges[i] > 0)
			ok = buf_printf(out, ", %" PRId64 " %s", c->exchanges[i],
				verdict_name((enum verdict)i));
	return ok && buf_printf(out,
			     ", %" PRId64 " turns handed on; trace: %" PRId64
			     " items written, %zu bytes queued, %" PRId64 " exchanges lost\n",
			     c->handed_on, stats.items, stats.queued_bytes, stats.lost_exchanges);
}

/* In quotes, on one line, whatever the client sent. */
static bool write_quoted(struct buf *out, const char *text)
{
	bool ok = buf_append_byte(out, '"');

	for (; ok && *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7F || c == '"' || c == '\\')
			ok = buf_printf(out, "\\x%02x", c);
		else
			ok = buf_append_byte(out, c);
	}
	return ok && buf_append_byte(out, '"');
}

static bool write_client(const struct session *s, struct buf *out)
{
	return (!s->user || (buf_append_str(out, ", user ") && write_quoted(out, s->user))) &&
	       (!s->database ||
		       (buf_append_str(out, ", database ") && write_quoted(out, s->database))) &&
	       buf_printf(out, ", client %s with %zu bytes in, %zu out", s->address,
		       buf_len(&s->client.in), buf_len(&s->client.out));
}

static const char *backend_word(const struct backend *b)
{
	switch (b->state) {
	case BACKEND_CONNECTING:
		return "connecting";
	case BACKEND_READY:
		return "ready";
	case BACKEND_REFUSED:
		return "refused";
	case BACKEND_ENDED:
		return "ended";
	}
	return "unknown";
}

/* "; PostgreSQL process 4711, status T, owes Query, 0 bytes in, 0 out, 0 held" */
static bool write_side(const struct side *side, struct buf *out)
{
	const struct backend *b = side->backend;

	if (!b)
		return true;
	if (b->state != BACKEND_READY)
		return buf_printf(out, "; %s %s", b->target->name, backend_word(b));
	return buf_printf(out,
		"; %s process %d, status %c, owes %s, %zu bytes in, %zu out, %zu held",
		b->target->name, (int)b->pid, b->protocol.status ? b->protocol.status : '?',
		protocol_owed_name(&b->protocol), buf_len(&b->link.in), buf_len(&b->link.out),
		buf_len(&side->held));
}

static bool write_exchange(const struct session *s, struct buf *out)
{
	const struct exchange *ex = &s->exchange;
	char time[CLOCK_TEXT_MAX];
	int64_t runs;

	if (!ex->is_open)
		return true;
	if (ex->started_us == 0)
		return buf_printf(out, "; exchange %" PRId64 " is not sent yet", ex->id);
	runs = clock_mono_us() - s->proxy->record.began_mono_us - ex->started_us;
	return buf_printf(out, "; exchange %" PRId64 " runs for %s", ex->id,
		clock_format_duration(runs > 0 ? runs : 0, time));
}

static bool write_session(const struct session *s, struct buf *out)
{
	bool is_busy = s->state == SESSION_READY && s->exchange.is_open;

	return buf_printf(out, "twinkly: session %" PRId64 ": %s, %s", s->id,
		       status_state_name(s->state),
		       is_busy ? exchange_phase_name(s->exchange.phase) : "idle") &&
	       write_client(s, out) && write_side(&s->truth, out) &&
	       write_side(&s->candidate, out) &&
	       (!s->is_detached || buf_append_str(out, " (left out)")) && write_exchange(s, out) &&
	       buf_append_byte(out, '\n');
}

bool status_write(const struct proxy *p, struct buf *out)
{
	bool ok = write_counts(p, out);

	list_for_each (node, &p->sessions) {
		const struct session *s = list_entry(node, struct session, node);

		if (!s->is_marked)
			ok = ok && write_session(s, out);
	}
	return ok;
}

void status_print(const struct proxy *p, int fd)
{
	struct bytes rest;
	struct buf text;

	buf_init(&text, TEXT_MAX);
	if (!status_write(p, &text))
		log_error("the status is not complete: out of memory");
	for (rest = buf_bytes(&text); rest.len > 0;) {
		ssize_t n = write(fd, rest.ptr, rest.len);

		if (n > 0)
			rest = bytes_skip(rest, (size_t)n);
		else if (errno != EINTR)
			break; /* nobody reads it */
	}
	buf_fini(&text);
}
