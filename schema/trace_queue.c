/*
 * The writer thread and its queue: a singly linked list under one mutex.
 *
 *   push --> head ... tail --(at most a batch)--> begin, write each, commit --> free
 *
 * Pushing is on the proxy's hot path. It wakes the writer only when it may be asleep: at the
 * first item, and when the batch is full or half of the room is taken. `bytes` covers the
 * queue and the batch being written, until that is freed, so that it bounds the memory.
 */
#include "schema/trace_queue.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/* Losses that no gap row tells of yet. Used by the writer thread alone. */
struct pending_gap {
	bool is_open;
	struct trace_gap row;
	char reason[256];
};

struct trace_queue {
	bool is_full; /* max_size is reached; used by the writer thread alone */
	struct trace *trace;
	struct trace_queue_options options;
	pthread_t thread;
	struct pending_gap gap;

	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t wake;   /* for the writer: items, or the end */
	pthread_cond_t room;   /* for pushers: fewer bytes */
	struct trace_item *head, *tail;
	size_t count; /* items in the list */
	size_t bytes;
	bool is_finishing;
	struct trace_queue_stats stats;
};

struct batch {
	struct trace_item *head;
	int64_t items, exchanges;
	size_t bytes;
};

static bool is_stopped(const struct trace_queue *q)
{
	return q->stats.has_failed && q->options.policy == TRACE_STOP;
}

static bool is_due(const struct trace_queue *q)
{
	return q->is_finishing || q->count >= TRACE_BATCH_ITEMS || q->bytes >= q->options.limit / 2;
}

/* Holds the mutex. Waits until a batch is due; false: the end, and nothing is left. */
static bool wait_for_batch(struct trace_queue *q)
{
	while (!q->head && !q->is_finishing)
		pthread_cond_wait(&q->wake, &q->mutex);
	int64_t end = clock_mono_us() + TRACE_BATCH_US;
	struct timespec until = {
		.tv_sec = end / CLOCK_SECOND, .tv_nsec = end % CLOCK_SECOND * 1000};
	int rc = 0;
	while (!is_due(q) && rc == 0)
		rc = pthread_cond_timedwait(&q->wake, &q->mutex, &until);
	return q->head != NULL;
}

/* Holds the mutex. */
static struct batch take_batch(struct trace_queue *q)
{
	struct batch batch = {.head = q->head};
	struct trace_item *last = NULL;
	while (q->head && batch.items < TRACE_BATCH_ITEMS) {
		last = q->head;
		batch.items++;
		batch.exchanges += last->exchanges;
		batch.bytes += last->size;
		q->head = last->next;
	}
	if (last)
		last->next = NULL;
	if (!q->head)
		q->tail = NULL;
	q->count -= (size_t)batch.items;
	return batch;
}

static void free_batch(struct batch *batch)
{
	while (batch->head) {
		struct trace_item *item = batch->head;
		batch->head = item->next;
		item->free(item);
	}
}

/* --- order --- */

static struct trace_item *merge(struct trace_item *a, struct trace_item *b)
{
	struct trace_item *head = NULL, **tail = &head;
	while (a && b) {
		struct trace_item **less = b->order < a->order ? &b : &a;
		*tail = *less;
		*less = (*less)->next;
		tail = &(*tail)->next;
	}
	*tail = a ? a : b;
	return head;
}

/* Stable. runs[i] is NULL or a sorted list of 2^i items that came before those of runs[i - 1]. */
static struct trace_item *sort(struct trace_item *items)
{
	struct trace_item *runs[16] = {NULL}, *sorted = NULL;
	while (items) {
		struct trace_item *run = items;
		size_t i = 0;
		items = items->next;
		run->next = NULL;
		for (; runs[i]; i++) {
			run = merge(runs[i], run);
			runs[i] = NULL;
		}
		runs[i] = run;
	}
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		sorted = merge(runs[i], sorted);
	return sorted;
}

_Static_assert(TRACE_BATCH_ITEMS < 1 << 16, "runs are too few for a batch");

/* --- writing --- */

/* The gap that is to be told of goes first, so that it stands before what came after it. */
static bool write_batch(struct trace_queue *q, struct trace_item **items, struct err *err)
{
	*items = sort(*items);
	bool ok = trace_begin(q->trace, err);
	if (ok && q->gap.is_open)
		ok = trace_write_gap(q->trace, &q->gap.row, err);
	for (struct trace_item *item = *items; ok && item; item = item->next)
		ok = item->write(q->trace, item, err);
	ok = ok && trace_commit(q->trace, err);
	if (!ok)
		trace_rollback(q->trace);
	return ok;
}

/* Only the number of what is missing. */
static bool write_count(struct trace_queue *q, int64_t exchanges, struct err *err)
{
	bool ok = trace_begin(q->trace, err);
	if (ok && q->gap.is_open)
		ok = trace_write_gap(q->trace, &q->gap.row, err);
	ok = ok && trace_grow_gap(q->trace, exchanges, err) && trace_commit(q->trace, err);
	if (!ok)
		trace_rollback(q->trace);
	return ok;
}

static void cut(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%.*s", (int)size - 1, text);
}

static void add_to_gap(struct trace_queue *q, int64_t exchanges, const char *why)
{
	struct pending_gap *gap = &q->gap;
	if (!gap->is_open) {
		cut(gap->reason, sizeof(gap->reason), why);
		gap->row = (struct trace_gap){
			.at_us = clock_mono_us() - q->options.began_mono_us,
			.reason = gap->reason,
		};
		gap->is_open = true;
	}
	gap->row.exchanges += exchanges;
}

/* Holds the mutex. True: this is the first failure. */
static bool note_failure(struct trace_queue *q, const char *why)
{
	if (q->stats.has_failed)
		return false;
	q->stats.has_failed = true;
	cut(q->stats.why, sizeof(q->stats.why), why);
	return true;
}

/* Looked at between batches: the file may be larger by one. */
static bool is_over(struct trace_queue *q, struct err *err)
{
	if (q->options.max_size == 0 || trace_size(q->trace) < q->options.max_size)
		return false;
	err_set(err, "the trace has reached trace.max-size, %lld bytes",
		(long long)q->options.max_size);
	return true;
}

/* From now on exchanges are only counted. The gap's row is there at once, so that it is also after
 * a crash. */
static void become_full(struct trace_queue *q, const char *why)
{
	struct err ignored;
	q->is_full = true;
	add_to_gap(q, 0, why);
	if (q->options.policy == TRACE_CONTINUE && write_count(q, 0, &ignored))
		q->gap.is_open = false;
}

/* Writes, or gives up, one batch and frees it. `may_write` is false once the policy stopped
 * the writing. An empty batch writes the pending gap only. */
static void process(struct trace_queue *q, struct batch *batch, bool may_write)
{
	struct err err = {.text = ""};
	bool was_full = q->is_full, had_gap = q->gap.is_open;
	bool ok = may_write && (was_full ? write_count(q, batch->exchanges, &err)
					 : write_batch(q, &batch->head, &err));
	bool is_over_now = ok && !was_full && is_over(q, &err);
	bool has_failed = may_write && (!ok || is_over_now);
	if (ok)
		q->gap.is_open = false;
	else
		add_to_gap(q, batch->exchanges, err.text);
	if (is_over_now)
		become_full(q, err.text);
	free_batch(batch);

	pthread_mutex_lock(&q->mutex);
	bool is_first = has_failed && note_failure(q, err.text);
	bool is_kept = ok && !was_full;
	q->stats.items += is_kept ? batch->items : 0;
	q->stats.lost_exchanges += is_kept ? 0 : batch->exchanges;
	q->stats.gaps += (ok && had_gap) + (is_over_now && !q->gap.is_open);
	q->bytes -= batch->bytes;
	pthread_cond_broadcast(&q->room);
	pthread_mutex_unlock(&q->mutex);
	if (is_first && q->options.on_failure)
		q->options.on_failure(q->options.context, err.text);
}

static void *writer(void *argument)
{
	struct trace_queue *q = argument;
	pthread_mutex_lock(&q->mutex);
	while (wait_for_batch(q)) {
		struct batch batch = take_batch(q);
		bool may_write = !is_stopped(q);
		pthread_mutex_unlock(&q->mutex);
		process(q, &batch, may_write);
		pthread_mutex_lock(&q->mutex);
	}
	bool may_write = !is_stopped(q);
	pthread_mutex_unlock(&q->mutex);
	if (q->gap.is_open && may_write) {
		struct batch none = {0};
		process(q, &none, true);
	}
	return NULL;
}

/* Signals are for the program's own threads. */
static int start_thread(struct trace_queue *q)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&q->thread, NULL, writer, q);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static void queue_free(struct trace_queue *q)
{
	pthread_cond_destroy(&q->room);
	pthread_cond_destroy(&q->wake);
	pthread_mutex_destroy(&q->mutex);
	free(q);
}

struct trace_queue *trace_queue_start(
	struct trace *trace, const struct trace_queue_options *options, struct err *err)
{
	struct trace_queue *q = calloc(1, sizeof(*q));
	pthread_condattr_t monotonic;
	if (!q) {
		err_set(err, "cannot start the trace's writer: out of memory");
		return NULL;
	}
	q->trace = trace;
	q->options = *options;
	pthread_mutex_init(&q->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&q->wake, &monotonic);
	pthread_cond_init(&q->room, NULL);
	pthread_condattr_destroy(&monotonic);
	int rc = start_thread(q);
	if (rc == 0)
		return q;
	err_set(err, "cannot start the trace's writer: %s", strerror(rc));
	queue_free(q);
	return NULL;
}

/* Holds the mutex. */
static void append(struct trace_queue *q, struct trace_item *item)
{
	bool was_empty = !q->head;
	bool was_due = is_due(q);
	item->next = NULL;
	if (q->tail)
		q->tail->next = item;
	else
		q->head = item;
	q->tail = item;
	q->count++;
	q->bytes += item->size;
	if (q->bytes > q->stats.most_queued_bytes)
		q->stats.most_queued_bytes = q->bytes;
	if (was_empty || (!was_due && is_due(q)))
		pthread_cond_signal(&q->wake);
}

void trace_queue_push(struct trace_queue *q, struct trace_item *item)
{
	pthread_mutex_lock(&q->mutex);
	while (q->bytes > q->options.limit && !is_stopped(q))
		pthread_cond_wait(&q->room, &q->mutex);
	bool is_wanted = !is_stopped(q);
	if (is_wanted)
		append(q, item);
	else
		q->stats.lost_exchanges += item->exchanges;
	pthread_mutex_unlock(&q->mutex);
	if (!is_wanted)
		item->free(item);
}

/* Holds the mutex. */
static void copy_stats(const struct trace_queue *q, struct trace_queue_stats *stats)
{
	*stats = q->stats;
	stats->queued_bytes = q->bytes;
}

void trace_queue_stats(struct trace_queue *q, struct trace_queue_stats *stats)
{
	pthread_mutex_lock(&q->mutex);
	copy_stats(q, stats);
	pthread_mutex_unlock(&q->mutex);
}

void trace_queue_finish(struct trace_queue *q, struct trace_queue_stats *stats)
{
	pthread_mutex_lock(&q->mutex);
	q->is_finishing = true;
	pthread_cond_signal(&q->wake);
	pthread_mutex_unlock(&q->mutex);
	pthread_join(q->thread, NULL);
	copy_stats(q, stats);
	queue_free(q);
}
