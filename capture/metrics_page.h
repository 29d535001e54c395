/*
 * The page that Prometheus reads, in its text format 0.0.4: figures taken at one moment, and
 * their text. Every metric is a row of metrics_page.c's tables or one call; docs/OPERATION.md
 * lists them all.
 */
#ifndef CAPTURE_METRICS_PAGE_H
#define CAPTURE_METRICS_PAGE_H

#include "base/attr.h"
#include "base/buf.h"
#include "capture/counts.h"
#include "capture/session.h"
#include "schema/trace_queue.h"

#define METRICS_PAGE_STATES ((int)SESSION_CLOSING + 1)

struct metrics_page {
	int64_t sessions[METRICS_PAGE_STATES];
	int64_t under_way;          /* exchanges */
	struct proxy_counts counts; /* bytes of the sessions that live included */
	struct trace_queue_stats trace;
};

/* In the loop's thread: nothing changes meanwhile but the trace's writer. */
void metrics_page_take(const struct proxy *p, struct metrics_page *page);
/* False: `out` is full, or memory is out. */
bool metrics_page_write(const struct metrics_page *page, struct buf *out) ATTR_USE_RESULT;

#endif
