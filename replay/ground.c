/*
 * Databases made and dropped over a connection to "postgres", files run in them. A database that
 * was there before is never touched: it is looked for first, and only what was made is dropped.
 */
#include "replay/ground.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "replay/setup.h"
#include "replay/startup.h"

#define MAINTENANCE_DATABASE "postgres"
#define DROP_TRIES           5 /* each ends the sessions that are left; servers wait 5 s in each */
#define NAME_AS_SQL_MAX      (2 * GROUND_NAME_MAX + 3)

/* --- signals --- */

static void on_signal(uv_signal_t *handle, int signum)
{
	struct ground *g = handle->data;

	(void)signum;
	g->was_interrupted = true;
}

static void watch(struct ground *g)
{
	uv_loop_init(&g->loop);
	uv_signal_init(&g->loop, &g->sigint);
	uv_signal_init(&g->loop, &g->sigterm);
	g->sigint.data = g->sigterm.data = g;
	uv_signal_start(&g->sigint, on_signal, SIGINT);
	uv_signal_start(&g->sigterm, on_signal, SIGTERM);
	g->is_watching = true;
}

static void unwatch(struct ground *g)
{
	if (!g->is_watching)
		return;
	uv_close((uv_handle_t *)&g->sigint, NULL);
	uv_close((uv_handle_t *)&g->sigterm, NULL);
	uv_run(&g->loop, UV_RUN_DEFAULT);
	uv_loop_close(&g->loop);
	g->is_watching = false;
}

static bool goes_on(struct ground *g, struct err *err)
{
	uv_run(&g->loop, UV_RUN_NOWAIT);
	return !g->was_interrupted || err_set(err, "interrupted");
}

/* --- SQL --- */

/* The text between quotes, quotes in it doubled. */
static const char *quoted(const char *text, char quote, char out[NAME_AS_SQL_MAX])
{
	size_t n = 0;

	out[n++] = quote;
	for (; *text; text++) {
		if (*text == quote)
			out[n++] = quote;
		out[n++] = *text;
	}
	out[n++] = quote;
	out[n] = '\0';
	return out;
}

/* One statement on the side's maintenance database. */
static bool maintain(
	struct ground *g, int side, struct query *query, const char *sql, struct err *err)
{
	struct backend_target target = *g->targets[side];
	struct startup startup;
	bool ok;

	if (!startup_read(&startup, g->startup, err)) {
		startup_fini(&startup);
		return false;
	}
	/* What a session set for itself, such as a statement_timeout, is not for this. */
	startup.wishes.setting_count = 0;
	startup.wishes.options = NULL;
	target.database = MAINTENANCE_DATABASE;
	query->target = &target;
	query->wishes = &startup.wishes;
	query->timeout_us = g->timeout_us;
	query->is_deaf = true;
	ok = query_run(query, sql, err);
	startup_fini(&startup);
	return ok;
}

/* --- making --- */

static void on_found(void *context, struct wire_items *values)
{
	bool *is_there = context;

	(void)values;
	*is_there = true;
}

static bool is_free(struct ground *g, int side, struct err *err)
{
	char name[NAME_AS_SQL_MAX], sql[512];
	bool is_there = false;
	struct query query = {
		.what = "looking for the fresh database", .on_row = on_found, .context = &is_there};

	snprintf(sql, sizeof(sql), "SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s",
		quoted(g->names[side], '\'', name));
	if (!maintain(g, side, &query, sql, err))
		return false;
	return !is_there ||
	       err_set(err,
		       "the fresh database \"%s\" exists on %s already: drop it, or give another "
		       "name to --fresh-database",
		       g->names[side], g->targets[side]->name);
}

static bool make(struct ground *g, int side, struct err *err)
{
	char name[NAME_AS_SQL_MAX], sql[512];
	struct query query = {.what = "making the fresh database"};

	snprintf(sql, sizeof(sql), "CREATE DATABASE %s", quoted(g->names[side], '"', name));
	g->is_made[side] = maintain(g, side, &query, sql, err);
	if (g->is_made[side]) {
		g->targets[side]->database = g->names[side];
		log_info("%s: database %s was made", g->targets[side]->name, name);
		return true;
	}
	/* Not refused, but not answered either: it may come to be. */
	g->is_made[side] = query.was_sent && query.sqlstate[0] == '\0';
	return false;
}

static void name_them(struct ground *g)
{
	for (int side = 0; side < 2; side++) {
		const char *wish = g->wishes->names[side];

		if (wish)
			snprintf(g->names[side], GROUND_NAME_MAX, "%s", wish);
		else
			snprintf(g->names[side], GROUND_NAME_MAX, "twinkly_replay_%ld",
				(long)getpid());
	}
}

static bool make_both(struct ground *g, struct err *err)
{
	bool ok = true;

	name_them(g);
	for (int side = 0; side < 2 && ok; side++)
		ok = !g->targets[side] || is_free(g, side, err);
	for (int side = 0; side < 2 && ok; side++)
		ok = goes_on(g, err) && (!g->targets[side] || make(g, side, err));
	return ok;
}

/* --- setting up --- */

static bool set_up(struct ground *g, int side, const char *path, struct err *err)
{
	struct startup startup;
	struct query query = {
		.target = g->targets[side], .wishes = &startup.wishes, .timeout_us = g->timeout_us};
	bool ok = startup_read(&startup, g->startup, err) && setup_run(&query, path, err);

	startup_fini(&startup);
	g->was_interrupted |= query.was_interrupted;
	return ok;
}

static bool run_setups(struct ground *g, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; i < g->wishes->setup_count && ok; i++) {
		const struct ground_setup *s = &g->wishes->setups[i];

		ok = goes_on(g, err);
		if (ok && s->side != AGAINST_CANDIDATE && g->targets[0])
			ok = set_up(g, 0, s->path, err);
		if (ok && s->side != AGAINST_TRUTH && g->targets[1])
			ok = set_up(g, 1, s->path, err);
	}
	return ok;
}

bool ground_prepare(struct ground *g, struct err *err)
{
	if (!g->wishes->is_fresh && g->wishes->setup_count == 0)
		return true;
	watch(g);
	return (!g->wishes->is_fresh || make_both(g, err)) && run_setups(g, err) && goes_on(g, err);
}

/* --- leaving --- */

/* Sessions that were given up may still be at work on the server. */
static void end_sessions(struct ground *g, int side)
{
	char name[NAME_AS_SQL_MAX], sql[512];
	struct query query = {.what = "ending the sessions that are left"};
	struct err err;

	snprintf(sql, sizeof(sql),
		"SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity "
		"WHERE datname = %s AND pid <> pg_catalog.pg_backend_pid()",
		quoted(g->names[side], '\'', name));
	if (!maintain(g, side, &query, sql, &err))
		log_info("%s", err.text);
}

static bool drop(struct ground *g, int side, FILE *out)
{
	char name[NAME_AS_SQL_MAX], sql[512];
	struct query query = {.what = "dropping the fresh database"};
	struct err err;
	bool ok = false;

	snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS %s", quoted(g->names[side], '"', name));
	for (int i = 0; i < DROP_TRIES && !ok; i++) {
		ok = maintain(g, side, &query, sql, &err);
		if (ok || strcmp(query.sqlstate, "55006") != 0)
			break;
		end_sessions(g, side);
	}
	if (!ok)
		fprintf(out, "twinkly: %s; drop it yourself on %s (%s port %d): %s;\n", err.text,
			g->targets[side]->name, g->targets[side]->host, g->targets[side]->port,
			sql);
	return ok;
}

bool ground_leave(struct ground *g, FILE *out)
{
	bool ok = true;

	for (int side = 0; side < 2; side++)
		if (g->is_made[side]) {
			ok = drop(g, side, out) && ok;
			g->is_made[side] = false;
		}
	unwatch(g);
	return ok;
}
