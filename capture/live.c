/*
 * New kinds are found in a table of hashes with open addressing that is never more than half
 * full. Sentences are those of the trace: what trace.redact hides there is hidden here.
 */
#include "capture/live.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "capture/exchange.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "diffengine/compare.h"
#include "diffengine/normalise.h"
#include "diffengine/redact.h"

#define SENTENCE_MAX  240 /* bytes of what is logged */
#define STATEMENT_MAX 120
#define ERASE         "\r\033[K"

/* True: it was not there and is now, or the table is full and nobody was told. */
static bool is_new(struct live *l, uint64_t hash)
{
	size_t i = hash % LIVE_SLOTS;

	if (hash == 0)
		hash = 1;
	for (; l->seen[i] != 0; i = (i + 1) % LIVE_SLOTS)
		if (l->seen[i] == hash)
			return false;
	if (l->seen_count < LIVE_KINDS_MAX) {
		l->seen[i] = hash;
		l->seen_count++;
		return true;
	}
	if (!l->has_said_full)
		log_warning("more than %d kinds of mismatches: new ones are not shown any more",
			LIVE_KINDS_MAX);
	l->has_said_full = true;
	return false;
}

static struct bytes statement_of(const struct session *s, unsigned ordinal)
{
	const struct exchange *ex = &s->exchange;

	if (ordinal >= ex->command_count || !ex->commands[ordinal].statement)
		return bytes_of(NULL, 0);
	return statement_text(ex->commands[ordinal].statement);
}

/* At a boundary of characters. */
static int cut(const char *text, size_t len, size_t most)
{
	if (len <= most)
		return (int)len;
	for (len = most; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80;)
		len--;
	return (int)len;
}

static void say(struct session *s, const struct difference *d, struct bytes shape, bool is_secret)
{
	struct redact *redact = s->proxy->record.redact;
	struct difference shown = redact ? redact_difference(redact, d, is_secret) : *d;
	size_t len = strlen(shown.text);
	int statement = cut((const char *)shape.ptr, shape.len, STATEMENT_MAX);
	int sentence = cut(shown.text, len, SENTENCE_MAX);

	log_warning("session %" PRId64 ", exchange %" PRId64 ": new mismatch: %.*s%s in: %.*s%s",
		s->id, s->exchange.id, sentence, shown.text, (size_t)sentence < len ? "..." : "",
		statement, (const char *)shape.ptr, (size_t)statement < shape.len ? "..." : "");
}

static void note_one(struct session *s, const struct difference *d)
{
	struct redact *redact = s->proxy->record.redact;
	struct bytes text = statement_of(s, d->ordinal), clean = text;
	char shape[NORMALISE_MAX];
	struct bytes shaped;
	uint64_t parts[2] = {0, (uint64_t)d->kind};

	if (redact)
		clean = redact_text(redact, text);
	shaped = bytes_of(shape, normalise_statement(clean, shape));
	parts[0] = hash_bytes64(shaped);
	if (is_new(&s->proxy->live, hash_bytes64(bytes_of(parts, sizeof(parts)))))
		say(s, d, shaped, clean.ptr != text.ptr);
	if (redact)
		redact_reset(redact);
}

void live_note(struct session *s, const struct comparison *result)
{
	if (s->exchange.verdict != VERDICT_MISMATCH || !log_is_on(LOG_LEVEL_WARNING))
		return;
	for (size_t i = 0; i < result->count; i++)
		if (result->differences[i].verdict == VERDICT_MISMATCH)
			note_one(s, &result->differences[i]);
}

static void put(const char *text, size_t len)
{
	ssize_t n = write(STDERR_FILENO, text, len);

	(void)n; /* nobody looks */
}

static void on_tick(uv_timer_t *timer)
{
	const struct proxy *p = timer->data;
	const struct proxy_counts *c = &p->counts;
	struct winsize size;
	char text[160];
	int64_t exchanges = 0;
	int len, most = 79;

	for (int i = 0; i < VERDICT_COUNT; i++)
		exchanges += c->exchanges[i];
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
		most = size.ws_col - 1;
	len = snprintf(text, sizeof(text),
		ERASE "twinkly: %" PRId64 " exchanges, %" PRId64 " mismatches, %" PRId64
		      " sessions",
		exchanges, c->exchanges[VERDICT_MISMATCH], p->session_count);
	most += (int)sizeof(ERASE) - 1;
	put(text, (size_t)(len < most ? len : most));
}

void live_start(struct proxy *p)
{
	struct live *l = &p->live;

	if (!isatty(STDERR_FILENO) || uv_timer_init(p->loop, &l->timer) != 0)
		return;
	l->has_line = true;
	l->timer.data = p;
	uv_timer_start(&l->timer, on_tick, LIVE_STATUS_MS, LIVE_STATUS_MS);
	uv_unref((uv_handle_t *)&l->timer); /* it keeps nothing alive */
	log_set_lead(ERASE);
}

void live_clear(const struct proxy *p)
{
	if (p->live.has_line)
		put(ERASE, sizeof(ERASE) - 1);
}

void live_stop(struct proxy *p)
{
	if (!p->live.has_line)
		return;
	live_clear(p);
	log_set_lead("");
	p->live.has_line = false;
	uv_close((uv_handle_t *)&p->live.timer, NULL);
}
