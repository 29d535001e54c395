/*
 * Figures to text. A metric of one value is a row of a table; those with labels have a function
 * each. The text is built in a buffer with a ceiling, so only its last step can fail.
 */
#include "capture/metrics_page.h"

#include <inttypes.h>

#include "capture/proxy.h"
#include "capture/status.h"

#define MICRO 1e6

struct metric { /* of one value, without labels */
	const char *name, *type, *help;
	int64_t value;
};

void metrics_page_take(const struct proxy *p, struct metrics_page *page)
{
	*page = (struct metrics_page){.under_way = p->active, .counts = p->counts};
	list_for_each (node, &p->sessions) {
		const struct session *s = list_entry(node, struct session, node);

		page->sessions[s->state]++;
		counts_add_session(&page->counts, s);
	}
	trace_queue_stats(p->record.queue, &page->trace);
}

static bool write_head(struct buf *out, const char *name, const char *type, const char *help)
{
	return buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static bool write_sessions(const struct metrics_page *page, struct buf *out)
{
	static const char name[] = "twinkly_sessions";
	bool ok = write_head(out, name, "gauge", "Client sessions by state.");

	for (int i = 0; ok && i < METRICS_PAGE_STATES; i++)
		ok = buf_printf(out, "%s{state=\"%s\"} %" PRId64 "\n", name,
			status_state_name((enum session_state)i), page->sessions[i]);
	return ok;
}

static bool write_exchanges(const struct metrics_page *page, struct buf *out)
{
	static const char name[] = "twinkly_exchanges_total";
	bool ok = write_head(out, name, "counter", "Exchanges that are over, by verdict.");

	for (int i = 0; ok && i < VERDICT_COUNT; i++)
		ok = buf_printf(out, "%s{verdict=\"%s\"} %" PRId64 "\n", name,
			verdict_name((enum verdict)i), page->counts.exchanges[i]);
	return ok;
}

static bool write_bytes(const struct metrics_page *page, struct buf *out)
{
	static const char name[] = "twinkly_bytes_total";
	bool ok = write_head(out, name, "counter",
		"Bytes of protocol messages after the login; in: read by the proxy.");

	for (int i = 0; ok && i < COUNTS_DIRECTION_COUNT; i++)
		ok = buf_printf(out, "%s{direction=\"%s\"} %" PRId64 "\n", name,
			counts_direction_name((enum counts_direction)i), page->counts.bytes[i]);
	return ok;
}

static bool write_histogram(const struct counts_histogram *h, const char *side, struct buf *out)
{
	static const char name[] = "twinkly_exchange_seconds";
	int64_t count = 0;
	bool ok = true;

	for (int i = 0; ok && i < COUNTS_BUCKETS; i++) {
		count += h->buckets[i];
		ok = buf_printf(out, "%s_bucket{side=\"%s\",le=\"%g\"} %" PRId64 "\n", name, side,
			(double)counts_bound_us(i) / MICRO, count);
	}
	count += h->buckets[COUNTS_BUCKETS];
	return ok &&
	       buf_printf(out, "%s_bucket{side=\"%s\",le=\"+Inf\"} %" PRId64 "\n", name, side,
		       count) &&
	       buf_printf(
		       out, "%s_sum{side=\"%s\"} %.6f\n", name, side, (double)h->sum_us / MICRO) &&
	       buf_printf(out, "%s_count{side=\"%s\"} %" PRId64 "\n", name, side, count);
}

static bool write_latency(const struct metrics_page *page, struct buf *out)
{
	return write_head(out, "twinkly_exchange_seconds", "histogram",
		       "From an exchange's first byte sent to a side to its ReadyForQuery.") &&
	       write_histogram(&page->counts.truth, "truth", out) &&
	       write_histogram(&page->counts.candidate, "candidate", out);
}

static bool write_plain(const struct metrics_page *page, struct buf *out)
{
	const struct metric rows[] = {
		{"twinkly_sessions_total", "counter", "Client sessions that began.",
			page->counts.sessions},
		{"twinkly_refused_total", "counter", "Clients whose session never began.",
			page->counts.refused},
		{"twinkly_exchanges_in_progress", "gauge", "Exchanges under way.", page->under_way},
		{"twinkly_turns_handed_on_total", "counter",
			"Turns given up because a session waited for another one's lock.",
			page->counts.handed_on},
		{"twinkly_routed_exchanges_total", "counter",
			"Exchanges of which one database alone was given a part.",
			page->counts.routed},
		{"twinkly_asked_again_total", "counter",
			"Units repeated on one side because it asked for another try.",
			page->counts.asked_again},
		{"twinkly_cross_database_deadlocks_total", "counter",
			"Units ended because of a deadlock across the two databases.",
			page->counts.deadlocks},
		{"twinkly_slow_exchanges_total", "counter", "Exchanges of which one side was slow.",
			page->counts.slow},
		{"twinkly_slow_unconfirmed_total", "counter",
			"Exchanges that were slow once and not when run again.",
			page->counts.slow_unconfirmed},
		{"twinkly_slow_skipped_total", "counter",
			"Exchanges that were slow and not looked into.", page->counts.slow_skipped},
		{"twinkly_trace_queue_bytes", "gauge", "Bytes that wait for the disk.",
			(int64_t)page->trace.queued_bytes},
		{"twinkly_trace_items_total", "counter", "Items written to the trace.",
			page->trace.items},
		{"twinkly_trace_lost_exchanges_total", "counter",
			"Exchanges that could not be written to the trace.",
			page->trace.lost_exchanges},
		{"twinkly_gaps_total", "counter", "Gaps that the trace tells of.",
			page->trace.gaps},
	};
	bool ok = true;

	for (size_t i = 0; ok && i < ARRAY_LEN(rows); i++)
		ok = write_head(out, rows[i].name, rows[i].type, rows[i].help) &&
		     buf_printf(out, "%s %" PRId64 "\n", rows[i].name, rows[i].value);
	return ok;
}

bool metrics_page_write(const struct metrics_page *page, struct buf *out)
{
	return write_head(out, "twinkly_build_info", "gauge", "Always 1; which version runs.") &&
	       buf_printf(out, "twinkly_build_info{version=\"%s\"} 1\n", TWINKLY_VERSION) &&
	       write_sessions(page, out) && write_exchanges(page, out) &&
	       write_latency(page, out) && write_bytes(page, out) && write_plain(page, out);
}
