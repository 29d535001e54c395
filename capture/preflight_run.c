/*
 * Which databases were looked at, and what was found.
 */
#include "capture/preflight_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/log.h"
#include "capture/auth.h"
#include "capture/preflight.h"
#include "capture/proxy.h"
#include "capture/session.h"

#define LINE_MAX_BYTES 4096
#define STATEMENT_US   (500 * INT64_C(1000))
#define ROWS_MAX       20000
#define TABLES_MAX     200

struct entry {
	struct proxy *proxy;
	char *database;
	int64_t session;
	struct preflight *preflight; /* NULL: done */
	char *line;                  /* what differs; NULL: nothing, or not known yet */
};

struct preflight_run {
	struct entry entries[PREFLIGHT_DATABASES_MAX];
	size_t count;
	int busy;
	int64_t left_out;
};

static void names_of(const struct settings *s, const char *names[2])
{
	names[0] = s->postgresql_name;
	names[1] = s->yugabytedb_name;
}

bool preflight_run_line(
	struct buf *out, const struct preflight_report *r, const char *const names[2])
{
	size_t named = 0, more = r->omitted;
	bool ok = true;

	for (size_t i = 0; ok && i < r->count; i++) {
		const struct preflight_finding *f = &r->findings[i];
		bool is_setting = strcmp(f->kind, "setting") == 0;

		if (f->weight != PREFLIGHT_MATTERS)
			continue;
		if (named == PREFLIGHT_RUN_LINE_MAX) {
			more++;
			continue;
		}
		ok = buf_printf(out, "%s%s%s%s: %s has %s, %s has %s", named++ ? "; " : "",
			is_setting ? "" : f->kind, is_setting ? "" : " ", f->name, names[0],
			f->values[0], names[1], f->values[1]);
	}
	return ok && (!more || buf_printf(out, "; and %zu more", more));
}

static void tell(struct entry *e)
{
	const char *names[2];
	struct buf line;

	names_of(e->proxy->settings, names);
	buf_init(&line, LINE_MAX_BYTES * 2);
	if (preflight_failure(e->preflight))
		log_info("database \"%s\" was not looked at before the first statement: %s",
			e->database, preflight_failure(e->preflight));
	else if (!preflight_run_line(&line, preflight_report(e->preflight), names))
		log_warning("database \"%s\": what differs is too long to be told", e->database);
	if (buf_len(&line) > 0) {
		e->line = strdup(buf_cstr(&line));
		log_warning("before the first statement the two databases \"%s\" differ: %s "
			    "(twinkly-capture --check tells what to do)",
			e->database, buf_cstr(&line));
		record_event(&e->proxy->record, e->session, "preflight", buf_cstr(&line));
	}
	buf_fini(&line);
}

static void end(struct entry *e)
{
	preflight_free(e->preflight);
	e->preflight = NULL;
	e->proxy->preflight->busy--;
}

static void on_done(void *context, struct preflight *preflight)
{
	struct entry *e = context;

	(void)preflight;
	tell(e);
	end(e);
	if (e->proxy->is_stopping)
		proxy_reap(e->proxy);
}

static bool start(struct entry *e, const struct session *s)
{
	const struct proxy *p = s->proxy;
	const struct startup_packet *packet = &s->auth->packet;
	bool is_postgresql = p->settings->truth_is_postgresql;
	const struct side *sides[2] = {is_postgresql ? &s->truth : &s->candidate,
		is_postgresql ? &s->candidate : &s->truth};
	struct preflight_options options = {
		.limits = {PREFLIGHT_RUN_US, STATEMENT_US, ROWS_MAX, TABLES_MAX},
		.has_schema = true,
		.has_data = p->settings->preflight == PREFLIGHT_FULL,
		.is_confirmed = true,
		.is_seeded = p->settings->seeds_uuid};

	for (int i = 0; i < 2; i++) {
		options.targets[i] = sides[i] == &s->truth ? &p->truth : &p->candidate;
		options.wishes[i] = (struct backend_wishes){.session = (long long)s->id,
			.user = s->user,
			.database = s->database,
			.application_name = "twinkly preflight",
			.options = packet->options,
			.settings = packet->settings,
			.setting_count = packet->setting_count,
			.password = backend_password(sides[i]->backend)};
	}
	e->preflight = preflight_start(p->loop, &options, on_done, e);
	return e->preflight != NULL;
}

static bool is_known(const struct preflight_run *run, const char *database)
{
	for (size_t i = 0; i < run->count; i++)
		if (strcmp(run->entries[i].database, database) == 0)
			return true;
	return false;
}

void preflight_run_begin(struct session *s)
{
	struct proxy *p = s->proxy;
	struct preflight_run *run;
	struct entry *e;

	if (p->settings->preflight == PREFLIGHT_OFF)
		return;
	if (!p->preflight)
		p->preflight = calloc(1, sizeof(*p->preflight));
	run = p->preflight;
	if (!run || run->busy == PREFLIGHT_AT_ONCE || is_known(run, s->database))
		return;
	if (run->count == PREFLIGHT_DATABASES_MAX) {
		run->left_out++;
		return;
	}
	e = &run->entries[run->count];
	*e = (struct entry){.proxy = p, .session = s->id, .database = strdup(s->database)};
	if (!e->database || !start(e, s)) {
		free(e->database);
		return;
	}
	run->count++;
	run->busy++;
}

bool preflight_run_is_busy(const struct proxy *p)
{
	return p->preflight && p->preflight->busy > 0;
}

void preflight_run_stop(struct proxy *p)
{
	for (size_t i = 0; p->preflight && i < p->preflight->count; i++)
		if (p->preflight->entries[i].preflight)
			end(&p->preflight->entries[i]);
}

void preflight_run_print(const struct preflight_run *run, FILE *out)
{
	for (size_t i = 0; run && i < run->count; i++)
		if (run->entries[i].line)
			fprintf(out,
				"twinkly: before the first statement the two databases \"%s\" "
				"differ: %s\n",
				run->entries[i].database, run->entries[i].line);
	if (run && run->left_out)
		fprintf(out,
			"twinkly: %lld sessions' databases were not looked at before: more "
			"than %d\n",
			(long long)run->left_out, PREFLIGHT_DATABASES_MAX);
}

void preflight_run_free(struct preflight_run *run)
{
	for (size_t i = 0; run && i < run->count; i++) {
		free(run->entries[i].database);
		free(run->entries[i].line);
	}
	free(run);
}
