/*
 * The writer thread: everything pushed is written, in order and in batches; a push waits
 * while too much is queued; and what each policy does when writing fails.
 */
#include "schema/trace_queue.h"

#include "tests/unit/schema/place.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "schema/trace_read.h"

struct row {
	struct trace_item item;
	int64_t id;
	atomic_int *freed; /* may be NULL */
	sem_t *gate;       /* writing waits for it; may be NULL */
	bool fails;
};

static void row_free(struct trace_item *item)
{
	struct row *row = (struct row *)(void *)item; /* its first member */
	if (row->freed)
		atomic_fetch_add(row->freed, 1);
	free(row);
}

static bool row_write(struct trace *t, struct trace_item *item, struct err *err)
{
	const struct row *row = (struct row *)(void *)item;
	if (row->gate)
		sem_wait(row->gate);
	if (row->fails)
		return err_set(err, "the disk is made of cheese");
	return write_exchange(t, row->id, 0, err) && write_command(t, row->id, 0, 0, err);
}

static struct row *row_new(int64_t id)
{
	struct row *row = calloc(1, sizeof(*row));
	assert_non_null(row);
	row->id = id;
	row->item = (struct trace_item){
		.size = 100, .exchanges = 1, .write = row_write, .free = row_free};
	return row;
}

static void push(struct trace_queue *q, int64_t id)
{
	trace_queue_push(q, &row_new(id)->item);
}

static struct trace_queue *start(struct trace *t, size_t limit, enum trace_policy policy)
{
	struct err err = {.text = ""};
	struct trace_queue_options options = {
		.limit = limit, .policy = policy, .began_mono_us = clock_mono_us()};
	struct trace_queue *q = trace_queue_start(t, &options, &err);
	if (!q)
		fail_msg("%s", err.text);
	return q;
}

static int on_commit(void *context)
{
	++*(int *)context;
	return 0;
}

static void everything_is_written_in_batches(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	struct trace_queue_stats stats;
	atomic_int freed = 0;
	int commits = 0;
	sqlite3_commit_hook(t->db, on_commit, &commits);
	struct trace_queue *q = start(t, 1 << 20, TRACE_STOP);
	for (int i = 1; i <= 2500; i++) {
		struct row *row = row_new(i);
		row->freed = &freed;
		trace_queue_push(q, &row->item);
	}
	trace_queue_finish(q, &stats);
	assert_int_equal(stats.items, 2500);
	assert_int_equal(stats.queued_bytes, 0);
	assert_int_equal(stats.lost_exchanges + stats.gaps, 0);
	assert_false(stats.has_failed);
	assert_string_equal(stats.why, "");
	assert_in_range(stats.most_queued_bytes, 100, 2500 * 100);
	assert_int_equal(freed, 2500);
	assert_in_range(commits, 3, 25);
	close_trace(t);
	assert_string_equal(
		plain_query(place->trace, "SELECT count(*), min(id), max(id) FROM exchange"),
		"2500|1|2500\n");
}

static bool waits_for_items(struct trace_queue *q, int64_t items)
{
	struct trace_queue_stats stats;
	int64_t end = clock_mono_us() + 20 * CLOCK_SECOND;
	do {
		usleep(1000);
		trace_queue_stats(q, &stats);
	} while (stats.items < items && clock_mono_us() < end);
	return stats.items == items;
}

/* One item alone does not wait for company for longer than the batch's time. */
static void a_lonely_item_is_written_soon(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	struct trace_queue_stats stats;
	struct trace_queue *q = start(t, 1 << 20, TRACE_STOP);
	for (int i = 1; i <= 2; i++) {
		int64_t began = clock_mono_us();
		push(q, i);
		assert_true(waits_for_items(q, i));
		assert_true(clock_mono_us() - began >= TRACE_BATCH_US / 2);
	}
	trace_queue_finish(q, &stats);
	assert_int_equal(stats.items, 2);
	close_trace(t);
}

static void nothing_was_pushed(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	struct trace_queue_stats stats;
	int commits = 0;
	sqlite3_commit_hook(t->db, on_commit, &commits);
	trace_queue_finish(start(t, 1000, TRACE_CONTINUE), &stats);
	assert_int_equal(stats.items, 0);
	assert_int_equal(commits, 0);
	close_trace(t);
}

struct pusher {
	struct trace_queue *q;
	int64_t first_id;
	int count;
	sem_t *gate;
	atomic_int pushed;
	pthread_t thread;
};

static void *push_all(void *argument)
{
	struct pusher *p = argument;
	for (int i = 0; i < p->count; i++) {
		struct row *row = row_new(p->first_id + i);
		row->gate = p->gate;
		trace_queue_push(p->q, &row->item);
		atomic_fetch_add(&p->pushed, 1);
	}
	return NULL;
}

/* The writer is held; 250 bytes are exceeded by the third item of 100, and no fourth enters
 * before the writer moves on. */
static void a_push_waits_for_room(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	struct trace_queue_stats stats;
	sem_t gate;
	sem_init(&gate, 0, 0);
	struct pusher p = {
		.q = start(t, 250, TRACE_STOP), .first_id = 1, .count = 20, .gate = &gate};
	assert_int_equal(pthread_create(&p.thread, NULL, push_all, &p), 0);
	for (int i = 0; i < 20000 && p.pushed < 3; i++)
		usleep(1000);
	usleep(100000);
	assert_int_equal(p.pushed, 3);
	trace_queue_stats(p.q, &stats);
	assert_int_equal(stats.queued_bytes, 300);
	assert_int_equal(stats.items, 0);
	for (int i = 0; i < 20; i++)
		sem_post(&gate);
	pthread_join(p.thread, NULL);
	trace_queue_finish(p.q, &stats);
	assert_int_equal(stats.items, 20);
	assert_int_equal(stats.most_queued_bytes, 300);
	close_trace(t);
	sem_destroy(&gate);
}

static void several_threads_push(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	struct trace_queue_stats stats;
	struct pusher p[4] = {{.count = 0}};
	struct trace_queue *q = start(t, 5000, TRACE_STOP);
	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		p[i].q = q;
		p[i].first_id = 1 + (int64_t)i * 500;
		p[i].count = 500;
		assert_int_equal(pthread_create(&p[i].thread, NULL, push_all, &p[i]), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(p); i++)
		pthread_join(p[i].thread, NULL);
	trace_queue_finish(q, &stats);
	assert_int_equal(stats.items, 2000);
	assert_in_range(stats.most_queued_bytes, 100, 5100);
	close_trace(t);
	assert_string_equal(
		plain_query(place->trace, "SELECT count(*), max(id) FROM exchange"), "2000|2000\n");
}

struct failure {
	atomic_int calls;
	char why[256];
};

static void on_failure(void *context, const char *why)
{
	struct failure *failure = context;
	snprintf(failure->why, sizeof(failure->why), "%.255s", why);
	atomic_fetch_add(&failure->calls, 1);
}

static struct trace_queue *start_watched(
	struct trace *t, enum trace_policy policy, struct failure *failure)
{
	struct err err = {.text = ""};
	struct trace_queue_options options = {.limit = 1000,
		.policy = policy,
		.on_failure = on_failure,
		.context = failure,
		.began_mono_us = clock_mono_us() - 5 * CLOCK_SECOND};
	struct trace_queue *q = trace_queue_start(t, &options, &err);
	assert_non_null(q);
	return q;
}

static void push_failing(struct trace_queue *q, int64_t id, atomic_int *freed)
{
	struct row *row = row_new(id);
	row->fails = true;
	row->freed = freed;
	trace_queue_push(q, &row->item);
}

static void wait_for_call(struct failure *failure)
{
	for (int i = 0; i < 20000 && failure->calls == 0; i++)
		usleep(1000);
	assert_int_equal(failure->calls, 1);
}

static void stop_writes_nothing_more(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	struct trace_queue_stats stats;
	struct failure failure = {.calls = 0};
	atomic_int freed = 0;
	struct trace_queue *q = start_watched(t, TRACE_STOP, &failure);
	push(q, 1);
	assert_true(waits_for_items(q, 1));
	push_failing(q, 2, &freed);
	wait_for_call(&failure);
	assert_string_equal(failure.why, "the disk is made of cheese");
	for (int i = 3; i <= 102; i++) /* ten times the limit: nobody waits for ever */
		push(q, i);
	trace_queue_stats(q, &stats);
	assert_true(stats.has_failed);
	trace_queue_finish(q, &stats);
	assert_int_equal(stats.items, 1);
	assert_int_equal(stats.lost_exchanges, 101);
	assert_int_equal(stats.gaps, 0);
	assert_string_equal(stats.why, "the disk is made of cheese");
	assert_int_equal(failure.calls, 1);
	assert_int_equal(freed, 1);
	close_trace(t);
	assert_string_equal(plain_query(place->trace, "SELECT id FROM exchange"), "1\n");
}

static bool check_gap(void *context, const struct trace_gap *row)
{
	++*(int *)context;
	assert_int_equal(row->exchanges, 2);
	assert_string_equal(row->reason, "the disk is made of cheese");
	assert_in_range(row->at_us, 5 * CLOCK_SECOND, 30 * CLOCK_SECOND);
	return true;
}

static void continue_goes_on_and_tells_of_the_gap(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	struct trace_queue_stats stats;
	struct failure failure = {.calls = 0};
	atomic_int freed = 0;
	int gaps = 0;
	struct trace_queue *q = start_watched(t, TRACE_CONTINUE, &failure);
	push_failing(q, 1, &freed);
	wait_for_call(&failure);
	push_failing(q, 2, &freed);
	while (freed < 2)
		usleep(1000);
	push(q, 3);
	assert_true(waits_for_items(q, 1));
	trace_queue_finish(q, &stats);
	assert_true(stats.has_failed);
	assert_int_equal(stats.lost_exchanges, 2);
	assert_int_equal(stats.gaps, 1);
	assert_int_equal(failure.calls, 1);
	MUST(trace_read_gaps(t, check_gap, &gaps, &err));
	assert_int_equal(gaps, 1);
	close_trace(t);
	assert_string_equal(plain_query(place->trace, "SELECT id FROM exchange"), "3\n");
}

/* The last batch is lost and nothing follows: its gap is written when the queue ends. */
static void a_gap_at_the_end(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	struct trace_queue_stats stats;
	struct failure failure = {.calls = 0};
	struct trace_queue *q = start_watched(t, TRACE_CONTINUE, &failure);
	push_failing(q, 1, NULL);
	push_failing(q, 2, NULL);
	trace_queue_finish(q, &stats);
	assert_int_equal(stats.lost_exchanges, 2);
	assert_int_equal(stats.gaps, 1);
	close_trace(t);
	assert_string_equal(plain_query(place->trace, "SELECT exchanges FROM gap"), "2\n");
}

/* A disk that is full for a while. In a child, for the limit is the process's. */
static void continue_on_a_full_disk(struct place *place)
{
	struct trace *t = create_trace(place->trace);
	struct trace_queue_stats stats;
	struct failure failure = {.calls = 0};
	struct rlimit limit;
	getrlimit(RLIMIT_FSIZE, &limit);
	rlim_t before = limit.rlim_cur;
	signal(SIGXFSZ, SIG_IGN);
	limit.rlim_cur = 200000;
	setrlimit(RLIMIT_FSIZE, &limit);
	struct trace_queue *q = start_watched(t, TRACE_CONTINUE, &failure);
	int64_t id = 1;
	for (; failure.calls == 0 && id < 100000; id++)
		push(q, id);
	trace_queue_stats(q, &stats);
	limit.rlim_cur = before;
	setrlimit(RLIMIT_FSIZE, &limit);
	push(q, id);
	trace_queue_finish(q, &stats);
	assert_true(stats.has_failed);
	assert_non_null(strstr(stats.why, "run.trace: cannot be written: "));
	assert_true(stats.lost_exchanges > 0);
	assert_int_equal(stats.items + stats.lost_exchanges, id);
	assert_true(stats.gaps > 0);
	close_trace(t);
	char want[64];
	snprintf(want, sizeof(want), "%lld|%lld\n", (long long)stats.items,
		(long long)stats.lost_exchanges);
	assert_string_equal(
		plain_query(place->trace,
			"SELECT (SELECT count(*) FROM exchange), sum(exchanges) FROM gap"),
		want);
	assert_string_equal(plain_query(place->trace, "PRAGMA integrity_check"), "ok\n");
}

static void a_full_disk(void **state)
{
	int status = -1;
	pid_t child = fork();
	if (child == 0) {
		continue_on_a_full_disk(*state);
		_exit(0); /* a failed assertion exits otherwise */
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

struct written {
	sqlite3_int64 last;
	int count, back;
};

static void on_insert(
	void *context, int what, const char *database, const char *table, sqlite3_int64 id)
{
	struct written *w = context;
	(void)what;
	(void)database;
	if (strcmp(table, "exchange") != 0)
		return;
	w->count++;
	w->back += id < w->last;
	w->last = id;
}

/* What is begun first is written first, within a batch. */
static void a_batch_is_written_in_order(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	struct trace_queue_stats stats;
	struct trace_queue *q = start(t, 1 << 20, TRACE_STOP);
	struct written written = {0, 0, 0};
	sqlite3_update_hook(t->db, on_insert, &written);
	sem_t gate;
	sem_init(&gate, 0, 0);
	struct row *first = row_new(1000);
	first->gate = &gate; /* the others come into one batch behind it */
	trace_queue_push(q, &first->item);
	usleep(2 * TRACE_BATCH_US);
	for (int64_t id = 1; id <= 500; id++) {
		struct row *row = row_new(id * 7 % 503);
		row->item.order = row->id;
		trace_queue_push(q, &row->item);
	}
	sem_post(&gate);
	trace_queue_finish(q, &stats);
	close_trace(t);
	sem_destroy(&gate);
	assert_int_equal(stats.items, 501);
	assert_int_equal(written.count, 501);
	assert_int_equal(written.back, 1); /* behind the first */
}

/* A file that is full is a failure like a full disk, but for good. */
static void a_file_has_a_largest_size(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	struct trace_queue_stats stats;
	struct failure failure = {.calls = 0};
	struct trace_queue_options options = {.limit = 1 << 20,
		.policy = TRACE_CONTINUE,
		.max_size = 400000,
		.on_failure = on_failure,
		.context = &failure};
	struct stat st;
	struct err err;
	struct trace_queue *q = trace_queue_start(t, &options, &err);
	assert_non_null(q);
	int64_t id = 1;
	for (; failure.calls == 0 && id < 200000; id++)
		push(q, id);
	for (int i = 0; i < 500; i++)
		push(q, id++);
	trace_queue_finish(q, &stats);
	assert_true(stats.has_failed);
	assert_non_null(strstr(stats.why, "the trace has reached trace.max-size, 400000 bytes"));
	assert_true(stats.lost_exchanges >= 500);
	assert_int_equal(stats.items + stats.lost_exchanges, id - 1);
	assert_int_equal(stats.gaps, 1);
	close_trace(t);
	assert_int_equal(stat(place->trace, &st), 0);
	assert_in_range(st.st_size, 400000, 700000); /* a batch more */
	char want[128];
	snprintf(want, sizeof(want), "1|%lld|%lld\n", (long long)stats.lost_exchanges,
		(long long)stats.items);
	assert_string_equal(
		plain_query(place->trace, "SELECT count(*), sum(exchanges), (SELECT count(*) FROM "
					  "exchange) FROM gap"),
		want);
}

static void a_full_file_stops_the_run(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	struct trace_queue_stats stats;
	struct failure failure = {.calls = 0};
	struct trace_queue_options options = {.limit = 1 << 20,
		.policy = TRACE_STOP,
		.max_size = 1,
		.on_failure = on_failure,
		.context = &failure};
	struct err err;
	struct trace_queue *q = trace_queue_start(t, &options, &err);
	assert_non_null(q);
	push(q, 1);
	wait_for_call(&failure);
	push(q, 2);
	trace_queue_finish(q, &stats);
	assert_int_equal(stats.items, 1);
	assert_int_equal(stats.lost_exchanges, 1);
	close_trace(t);
	assert_string_equal(plain_query(place->trace, "SELECT count(*) FROM gap"), "0\n");
}

static void a_killed_writer(void **state)
{
	struct place *place = *state;
	int fds[2];
	char byte;
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	if (child == 0) {
		struct trace_queue *q = start(create_trace(place->trace), 1 << 16, TRACE_STOP);
		for (int64_t id = 1;; id++) {
			push(q, id);
			if (id == 3000 && write(fds[1], "x", 1) != 1)
				_exit(1);
		}
	}
	assert_int_equal(read(fds[0], &byte, 1), 1);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(fds[0]);
	close(fds[1]);
	/* 65,536 bytes were the most that could be on the way. */
	assert_string_equal(plain_query(place->trace,
				    "SELECT count(*) > 3000 - 657, count(*) = max(id), "
				    "count(*) = (SELECT count(*) FROM command) FROM exchange"),
		"1|1|1\n");
	assert_string_equal(plain_query(place->trace, "PRAGMA integrity_check"), "ok\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(everything_is_written_in_batches),
		IN_PLACE(a_lonely_item_is_written_soon),
		IN_PLACE(nothing_was_pushed),
		IN_PLACE(a_push_waits_for_room),
		IN_PLACE(several_threads_push),
		IN_PLACE(stop_writes_nothing_more),
		IN_PLACE(continue_goes_on_and_tells_of_the_gap),
		IN_PLACE(a_gap_at_the_end),
		IN_PLACE(a_full_disk),
		IN_PLACE(a_batch_is_written_in_order),
		IN_PLACE(a_file_has_a_largest_size),
		IN_PLACE(a_full_file_stops_the_run),
		IN_PLACE(a_killed_writer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
