/*
 * Steps that both sides take together: each question goes to both, and the next one when both have
 * answered.
 */
#include "capture/preflight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/preflight_query.h"

enum step { STEP_CONNECT, STEP_LIMITS, STEP_SETTINGS, STEP_SCHEMA, STEP_SEQUENCES, STEP_COUNT };

struct preflight {
	struct preflight_options options;
	on_preflight_fn *on_done;
	void *context;
	uv_timer_t timer, pause;
	int closing; /* handles that are not closed yet */
	struct ask asks[2];
	enum step step;
	struct preflight_report report, data, earlier;
	struct arena names;
	const char **tables; /* that both have, for counting */
	size_t table_count, table_room, next_table;
	bool is_over, has_read_before;
	struct err failure;
};

static void on_over(uv_timer_t *timer)
{
	struct preflight *p = timer->data;

	for (int i = 0; i < 2; i++)
		ask_close(&p->asks[i]);
	for (size_t i = 0; i < p->data.count; i++)
		preflight_report_add(&p->report, &p->data.findings[i]);
	p->report.omitted += p->data.omitted;
	p->on_done(p->context, p);
}

/* In the loop's next turn: we may be inside of a callback of a connection. */
static void finish(struct preflight *p)
{
	p->is_over = true;
	uv_timer_stop(&p->pause);
	uv_timer_start(&p->timer, on_over, 0, 0);
}

static void note(struct preflight *p, const char *name, const char *first, const char *second)
{
	struct preflight_finding f = {.weight = PREFLIGHT_NOTE,
		.kind = "not compared",
		.name = name,
		.values = {first, second},
		.advice = ""};

	preflight_report_add(&p->report, &f);
}

static void fail(struct preflight *p, const char *why)
{
	if (p->step <= STEP_LIMITS)
		err_set(&p->failure, "%s", why);
	else
		note(p, "the rest", why, "");
	finish(p);
}

static void on_late(uv_timer_t *timer)
{
	struct preflight *p = timer->data;
	char why[80];

	snprintf(why, sizeof(why), "not everything was answered within %.1f s",
		(double)p->options.limits.total_us / 1e6);
	fail(p, why);
}

static void ask_both(struct preflight *p, enum step step, const char *sql)
{
	p->step = step;
	for (int i = 0; i < 2; i++) {
		if (!ask_send(&p->asks[i], sql)) {
			fail(p, "out of memory");
			return;
		}
	}
}

static void ask_text(struct preflight *p, enum step step, struct buf *text, bool ok)
{
	if (ok)
		ask_both(p, step, buf_cstr(text));
	else
		fail(p, "out of memory");
	buf_fini(text);
}

static struct preflight_sides sides_of(struct preflight *p)
{
	return (struct preflight_sides){
		.rows = {{p->asks[0].rows, p->asks[0].count}, {p->asks[1].rows, p->asks[1].count}}};
}

/* --- settings --- */

/* A pooler answers with another process than the one it connects to. */
static bool is_pooled(const struct ask *a)
{
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->rows[i].name, "pid") == 0)
			return strtol(a->rows[i].value, NULL, 10) != a->backend->pid;
	return false;
}

static bool is_whole(struct preflight *p, const char *what)
{
	const struct ask *a = p->asks;

	if (!a[0].error.text[0] && !a[1].error.text[0] && !a[0].is_cut && !a[1].is_cut)
		return true;
	note(p, what, a[0].is_cut ? "too much to compare" : a[0].error.text,
		a[1].is_cut ? "too much to compare" : a[1].error.text);
	return false;
}

static void take_settings(struct preflight *p)
{
	struct preflight_sides sides = sides_of(p);

	for (int i = 0; i < 2; i++)
		sides.is_pooled[i] = is_pooled(&p->asks[i]);
	if (is_whole(p, "settings"))
		preflight_compare_settings(&p->report, &sides, p->options.is_seeded);
}

/* --- schema --- */

static bool keep_table(struct preflight *p, const char *name)
{
	size_t room = p->table_room ? 2 * p->table_room : 64;
	const char **tables = p->tables;

	if (p->table_count == p->table_room) {
		tables = realloc(tables, room * sizeof(*tables));
		if (!tables)
			return false;
		p->tables = tables;
		p->table_room = room;
	}
	tables[p->table_count] = arena_copy_str(&p->names, bytes_str(name));
	p->table_count += tables[p->table_count] != NULL;
	return true;
}

static bool is_table(const struct ask_row *row)
{
	return strcmp(row->kind, "table") == 0 && strcmp(row->value, "table") == 0;
}

/* Both sides' rows are sorted by now, tables by name. */
static void list_tables(struct preflight *p)
{
	const struct ask *a = &p->asks[0], *b = &p->asks[1];
	size_t j = 0;

	for (size_t i = 0; i < a->count; i++) {
		if (!is_table(&a->rows[i]))
			continue;
		while (j < b->count &&
			(!is_table(&b->rows[j]) || strcmp(b->rows[j].owner, a->rows[i].owner) < 0))
			j++;
		if (j == b->count || strcmp(b->rows[j].owner, a->rows[i].owner) != 0)
			continue;
		if (p->table_count == p->options.limits.tables_max) {
			note(p, "rows of further tables", "more tables than are counted", "");
			return;
		}
		if (!keep_table(p, a->rows[i].owner))
			return;
	}
}

static void take_schema(struct preflight *p)
{
	struct preflight_sides sides = sides_of(p);

	if (!is_whole(p, "schema"))
		return;
	preflight_compare_rows(&p->data, &sides);
	p->table_count = p->next_table = 0;
	arena_reset(&p->names);
	if (p->options.has_data)
		list_tables(p);
}

static void take_sequences(struct preflight *p)
{
	struct preflight_sides sides = sides_of(p);

	if (is_whole(p, "sequences"))
		preflight_compare_rows(&p->data, &sides);
}

static void take_count(struct preflight *p)
{
	const char *table = p->tables[p->next_table++];
	struct preflight_sides sides;
	char name[400];

	snprintf(name, sizeof(name), "rows of %s", table);
	if (!is_whole(p, name))
		return;
	for (int i = 0; i < 2; i++)
		for (size_t row = 0; row < p->asks[i].count; row++)
			p->asks[i].rows[row].owner = table;
	sides = sides_of(p);
	preflight_compare_rows(&p->data, &sides);
}

/* --- one after the other --- */

static void ask_schema(struct preflight *p)
{
	struct buf sql;

	buf_init(&sql, 16384);
	ask_text(p, STEP_SCHEMA, &sql, preflight_query_schema(&sql, p->options.limits.rows_max));
}

static void on_pause_over(uv_timer_t *timer)
{
	ask_schema(timer->data);
}

/* A reading of schema and data is done. */
static void end_reading(struct preflight *p)
{
	if (p->has_read_before)
		preflight_report_confirm(&p->data, &p->earlier);
	if (!p->options.is_confirmed || p->has_read_before || p->data.count == 0) {
		finish(p);
		return;
	}
	p->earlier = p->data;
	preflight_report_init(&p->data);
	p->has_read_before = true;
	uv_timer_start(&p->pause, on_pause_over, PREFLIGHT_PAUSE_US / 1000, 0);
}

static void count_next(struct preflight *p)
{
	struct buf sql;

	if (p->next_table == p->table_count) {
		end_reading(p);
		return;
	}
	buf_init(&sql, 16384);
	ask_text(p, STEP_COUNT, &sql, preflight_query_count(&sql, p->tables[p->next_table]));
}

static void go_on(struct preflight *p)
{
	struct buf sql;

	switch (p->step) {
	case STEP_CONNECT:
		buf_init(&sql, 4096);
		ask_text(p, STEP_LIMITS, &sql,
			preflight_query_limits(&sql, p->options.limits.statement_us));
		return;
	case STEP_LIMITS:
		ask_both(p, STEP_SETTINGS, preflight_query_settings());
		return;
	case STEP_SETTINGS:
		take_settings(p);
		if (p->options.has_schema)
			ask_schema(p);
		else
			finish(p);
		return;
	case STEP_SCHEMA:
		take_schema(p);
		if (p->options.has_data)
			ask_both(p, STEP_SEQUENCES, preflight_query_sequences());
		else
			end_reading(p);
		return;
	case STEP_SEQUENCES:
		take_sequences(p);
		count_next(p);
		return;
	case STEP_COUNT:
		take_count(p);
		count_next(p);
		return;
	}
}

static void on_asked(void *context, struct ask *ask)
{
	struct preflight *p = context;

	if (p->is_over)
		return;
	if (ask->is_lost)
		fail(p, ask->error.text);
	else if (!p->asks[0].is_busy && !p->asks[1].is_busy)
		go_on(p);
}

/* --- birth and death --- */

static void start_timers(struct preflight *p, uv_loop_t *loop)
{
	uv_timer_init(loop, &p->timer);
	uv_timer_init(loop, &p->pause);
	p->timer.data = p->pause.data = p;
	uv_update_time(loop);
	uv_timer_start(&p->timer, on_late, (uint64_t)p->options.limits.total_us / 1000, 0);
}

struct preflight *preflight_start(uv_loop_t *loop, const struct preflight_options *options,
	on_preflight_fn *on_done, void *context)
{
	struct preflight *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->options = *options;
	p->on_done = on_done;
	p->context = context;
	preflight_report_init(&p->report);
	preflight_report_init(&p->data);
	preflight_report_init(&p->earlier);
	arena_init(&p->names, ASK_BYTES_MAX);
	start_timers(p, loop);
	for (int i = 0; i < 2; i++) {
		p->asks[i].on_asked = on_asked;
		p->asks[i].context = p;
		p->asks[i].rows_max = options->limits.rows_max;
		if (!ask_open(&p->asks[i], loop, options->targets[i], &options->wishes[i])) {
			preflight_free(p);
			return NULL;
		}
	}
	return p;
}

const struct preflight_report *preflight_report(const struct preflight *p)
{
	return &p->report;
}

const char *preflight_failure(const struct preflight *p)
{
	return p->failure.text[0] ? p->failure.text : NULL;
}

bool preflight_is_partial(const struct preflight *p)
{
	for (size_t i = 0; i < p->report.count; i++)
		if (strcmp(p->report.findings[i].kind, "not compared") == 0)
			return true;
	return false;
}

static void on_closed(uv_handle_t *handle)
{
	struct preflight *p = handle->data;

	if (--p->closing == 0)
		free(p);
}

void preflight_free(struct preflight *p)
{
	if (!p)
		return;
	for (int i = 0; i < 2; i++)
		ask_close(&p->asks[i]);
	preflight_report_fini(&p->report);
	preflight_report_fini(&p->data);
	preflight_report_fini(&p->earlier);
	arena_fini(&p->names);
	free(p->tables);
	p->closing = 2;
	uv_close((uv_handle_t *)&p->timer, on_closed);
	uv_close((uv_handle_t *)&p->pause, on_closed);
}
