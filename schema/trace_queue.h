/*
 * The writer thread: items are pushed from one or more threads and written in batches
 * (TRACE_BATCH_ITEMS items or TRACE_BATCH_US, whichever is first). Bounded: a push waits
 * while more than the queue's limit of bytes is queued, which holds the pushing program (and
 * so its clients) back to the disk's pace; nothing is dropped for lack of room.
 *
 * A write that fails follows the policy. TRACE_STOP: nothing more is written, on_failure is
 * called once (in the writer thread), later items are counted and freed. TRACE_CONTINUE: the
 * batch is lost, counted, and a gap row is written as soon as writing works again.
 *
 * A file that has reached max_size is such a failure. With TRACE_CONTINUE nothing more goes into it
 * then but the number of missing exchanges, which grows in one gap row.
 *
 * Rows in the order of their keys fill SQLite's pages; concurrent sessions end their exchanges in
 * another order than they began them. So a batch is sorted by `order` before it is written.
 */
#ifndef SCHEMA_TRACE_QUEUE_H
#define SCHEMA_TRACE_QUEUE_H

#include "schema/trace_write.h"

/* A kill loses the batch that is written and the one that fills: 1,000 items. */
#define TRACE_BATCH_ITEMS 500
#define TRACE_BATCH_US    100000

enum trace_policy { TRACE_STOP, TRACE_CONTINUE };

struct trace_item {
	struct trace_item *next; /* the queue's own */
	size_t size;             /* bytes it holds, for the bound */
	int64_t exchanges;       /* exchanges lost with it, for gaps: mostly 1 or 0 */
	int64_t order; /* a batch is written in this order, and of the same one as it came */
	/* Writes its rows, in the writer thread. */
	bool (*write)(struct trace *trace, struct trace_item *item, struct err *err);
	/* Frees it, in whichever thread. */
	void (*free)(struct trace_item *item);
};

struct trace_queue;

struct trace_queue_options {
	size_t limit; /* bytes queued at which a push waits */
	enum trace_policy policy;
	int64_t max_size; /* bytes of the file (trace_size); 0: no limit */
	/* Called in the writer thread at the first failure; may be NULL. */
	void (*on_failure)(void *context, const char *why);
	void *context;
	int64_t began_mono_us; /* clock_mono_us() at the trace's start, for gap times */
};

/* Takes the trace over until trace_queue_finish; NULL: no thread or memory, trace untouched. */
struct trace_queue *trace_queue_start(struct trace *trace,
	const struct trace_queue_options *options, struct err *err) ATTR_USE_RESULT;

/* Gives the item to the queue. May wait. */
void trace_queue_push(struct trace_queue *q, struct trace_item *item);

struct trace_queue_stats {
	int64_t items, lost_exchanges, gaps;
	size_t queued_bytes, most_queued_bytes;
	bool has_failed;
	char why[256]; /* the first failure; "" if none */
};
void trace_queue_stats(struct trace_queue *q, struct trace_queue_stats *stats);

/* Writes what is queued, ends the thread, frees the queue. The trace is the caller's again. */
void trace_queue_finish(struct trace_queue *q, struct trace_queue_stats *stats);

#endif
