/*
 * A loop of its own for as long as the questions take.
 */
#include "capture/check.h"

#include <stdio.h>
#include <unistd.h>
#include <uv.h>

#include "capture/preflight.h"
#include "capture/preflight_query.h"
#include "capture/run.h"

struct check {
	const struct check_options *options;
	const struct backend_target *targets[2]; /* PostgreSQL, YugabyteDB */
	struct backend_wishes wishes;
	uv_loop_t loop;
	int status;
};

static int complain(const char *text)
{
	fprintf(stderr, "twinkly-capture: %s\n", text);
	return EXIT_FAILED;
}

/* --- --check --- */

static int tell(const struct check *c, const struct preflight *p)
{
	struct preflight_print how = {.names = {c->targets[0]->name, c->targets[1]->name},
		.is_whole = true,
		.has_colour = isatty(STDOUT_FILENO)};

	if (preflight_failure(p))
		return complain(preflight_failure(p));
	preflight_report_print(preflight_report(p), &how, stdout);
	if (preflight_is_partial(p))
		return complain("not everything could be looked at");
	return preflight_matters(preflight_report(p)) ? EXIT_MISMATCH : EXIT_SAME;
}

static void on_done(void *context, struct preflight *p)
{
	struct check *c = context;

	c->status = tell(c, p);
	preflight_free(p);
}

static void compare(struct check *c)
{
	struct preflight_options options = {.targets = {c->targets[0], c->targets[1]},
		.wishes = {c->wishes, c->wishes},
		.limits = {CHECK_TOTAL_US, CHECK_STATEMENT_US, CHECK_ROWS_MAX, CHECK_TABLES_MAX},
		.has_schema = true,
		.has_data = true,
		.is_seeded = c->options->settings->seeds_uuid};

	if (!preflight_start(&c->loop, &options, on_done, c))
		complain("out of memory");
}

/* --- --install-shim, --remove-shim: one side after the other --- */

struct change {
	struct ask ask;
	const char *sql, *name;
	uv_timer_t timer;
	bool is_asked, is_done;
	struct err error;
};

/* Out of the connection's own callback. */
static void on_change_over(uv_timer_t *timer)
{
	struct change *change = timer->data;

	if (!change->is_done)
		err_set(&change->error, "%s: no answer", change->name);
	for (size_t i = 0; change->is_done && !change->error.text[0] && i < change->ask.count; i++)
		printf("%s: %s() is %s\n", change->name, change->ask.rows[i].name,
			change->ask.rows[i].value);
	if (change->is_done && !change->error.text[0] && change->ask.count == 0)
		printf("%s: there is no such function\n", change->name);
	ask_close(&change->ask);
	uv_close((uv_handle_t *)timer, NULL);
}

static void on_changed(void *context, struct ask *ask)
{
	struct change *change = context;

	if (!ask->is_lost && !change->is_asked) {
		change->is_asked = true;
		if (ask_send(ask, change->sql))
			return;
		err_set(&ask->error, "out of memory");
	}
	if (ask->error.text[0])
		err_set(&change->error, "%s: %s", change->name, ask->error.text);
	change->is_done = true;
	uv_timer_start(&change->timer, on_change_over, 0, 0);
}

static bool change_side(struct check *c, const struct backend_target *target, const char *sql)
{
	struct change change = {
		.ask = {.on_asked = on_changed, .rows_max = 100}, .sql = sql, .name = target->name};

	change.ask.context = change.timer.data = &change;
	uv_timer_init(&c->loop, &change.timer);
	change.timer.data = &change;
	uv_timer_start(&change.timer, on_change_over, CHECK_STATEMENT_US / 1000 * 3, 0);
	if (!ask_open(&change.ask, &c->loop, target, &c->wishes)) {
		uv_close((uv_handle_t *)&change.timer, NULL);
		err_set(&change.error, "out of memory");
	}
	uv_run(&c->loop, UV_RUN_DEFAULT);
	if (change.error.text[0])
		complain(change.error.text);
	return !change.error.text[0];
}

static void change_both(struct check *c, const char *sql)
{
	c->status = change_side(c, c->targets[0], sql) && change_side(c, c->targets[1], sql)
			    ? EXIT_SAME
			    : EXIT_FAILED;
}

/* --- both --- */

/* A target has names of its own, or the command line gives them. */
static bool is_named(const struct check *c)
{
	for (int i = 0; i < 2; i++)
		if (!(c->targets[i]->user || c->wishes.user) ||
			!(c->targets[i]->database || c->wishes.database))
			return false;
	return true;
}

int check_run(const struct check_options *options)
{
	const struct settings *s = options->settings;
	struct check c = {.options = options,
		.targets = {s->truth_is_postgresql ? &s->truth : &s->candidate,
			s->truth_is_postgresql ? &s->candidate : &s->truth},
		.wishes = {.user = options->user,
			.database = options->database,
			.application_name = "twinkly check"},
		.status = EXIT_FAILED};

	if (!is_named(&c)) {
		complain("which databases, and as whom? Give --database NAME and --user NAME, or "
			 "set them in the configuration");
		return EXIT_USAGE;
	}
	if (uv_loop_init(&c.loop) != 0)
		return complain("no event loop");
	if (options->what == CHECK_COMPARE)
		compare(&c);
	else
		change_both(&c, options->what == CHECK_INSTALL ? preflight_query_install()
							       : preflight_query_remove());
	uv_run(&c.loop, UV_RUN_DEFAULT);
	uv_loop_close(&c.loop);
	return c.status;
}
