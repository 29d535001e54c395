/*
 * Changed exchanges are gathered while judging; the text is then written from the fixture's own
 * trace, with the new answers in their places.
 */
#include "replay/fixture_update.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/drift.h"
#include "schema/trace_read.h"

#define PATH_SIZE 4096

struct change {
	int64_t expected, actual; /* exchange ids */
	bool accepts_are_gone;
};

struct update {
	struct judge *judge;
	struct change *changes; /* by expected */
	size_t count, cap;
	struct fixture_names names;
	struct fixture_sessions sessions;
	bool is_swapped, has_failed;
};

static bool on_changed(void *context, int64_t expected, int64_t actual, bool accepts_are_gone)
{
	struct update *u = context;
	size_t cap = u->cap ? 2 * u->cap : 64;
	struct change *more;

	if (u->count == u->cap) {
		more = realloc(u->changes, cap * sizeof(*more));
		if (!more)
			return false;
		u->changes = more;
		u->cap = cap;
	}
	u->changes[u->count++] = (struct change){
		.expected = expected, .actual = actual, .accepts_are_gone = accepts_are_gone};
	return true;
}

static const struct change *find(const struct update *u, int64_t expected)
{
	for (size_t i = 0; i < u->count; i++)
		if (u->changes[i].expected == expected)
			return &u->changes[i];
	return NULL;
}

static void print_lines(struct update *u, const struct trace_exchange *row,
	const struct fixture_answers *answers, char mark)
{
	const struct fixture_session *s = fixture_sessions_find(&u->sessions, row->session);
	struct buf lines;
	const char *text;

	buf_init(&lines, FIXTURE_LINE_MAX);
	if (s && fixture_print_lines(answers, s->label, &u->names, &lines))
		for (text = buf_cstr(&lines); *text; text += strcspn(text, "\n") + 1)
			printf("%c%.*s\n", mark, (int)strcspn(text, "\n"), text);
	buf_fini(&lines);
}

static bool print_answers(
	const struct trace_exchange *row, bool is_swapped, struct fixture_answers *answers)
{
	struct fixture_side truth = drift_truth(row), candidate = drift_candidate(row);

	return fixture_print_answer(is_swapped ? &candidate : &truth, &answers->truth) &&
	       fixture_print_answer(is_swapped ? &truth : &candidate, &answers->candidate);
}

struct replacing {
	struct update *u;
	const struct change *change;
	const struct trace_exchange *old;
	struct fixture_answers *answers;
	bool ok;
};

static bool on_new(void *context, const struct trace_exchange *row)
{
	struct replacing *r = context;

	r->ok = row->id == r->change->actual && print_answers(row, r->u->is_swapped, r->answers);
	return false;
}

static bool replace(
	void *context, const struct trace_exchange *row, struct fixture_answers *answers)
{
	struct update *u = context;
	struct replacing r = {.u = u, .change = find(u, row->id), .answers = answers};
	struct err err;

	if (!r.change)
		return false;
	if (print_answers(row, false, answers))
		print_lines(u, row, answers, '-');
	buf_reset(&answers->truth);
	buf_reset(&answers->candidate);
	if (!trace_read_exchanges(u->judge->actual, 0, r.change->actual, on_new, &r, &err) ||
		!r.ok) {
		u->has_failed = true;
		return false;
	}
	print_lines(u, row, answers, '+');
	return true;
}

static bool drops_accepts(void *context, int64_t exchange)
{
	const struct change *change = find(context, exchange);

	return change && change->accepts_are_gone;
}

static bool write_new(struct update *u, const char *path, const char *beside, struct err *err)
{
	struct fixture_wishes wishes = {
		.replace = replace, .drops_accepts = drops_accepts, .context = u};
	struct fixture_counts counts;
	struct stat st;
	FILE *out = fopen(beside, "we");
	bool ok;

	if (!out)
		return err_set(err, "%s: cannot be written: %s", beside, strerror(errno));
	if (stat(path, &st) == 0)
		(void)!fchmod(fileno(out), st.st_mode & 0777);
	ok = fixture_write(u->judge->expected, &wishes, out, &counts, err);
	if (fclose(out) != 0 && ok)
		ok = err_set(err, "%s: cannot be written: %s", beside, strerror(errno));
	if (ok && u->has_failed)
		ok = err_set(err, "the replay's answers cannot be read");
	if (ok && rename(beside, path) != 0)
		ok = err_set(err, "%s: cannot be written: %s", path, strerror(errno));
	if (!ok)
		unlink(beside);
	return ok;
}

static bool write_text(struct update *u, const char *path, struct err *err)
{
	const struct fixture_wishes all = {0};
	struct fixture_names now;
	char beside[PATH_SIZE];
	bool ok;

	if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
		return err_set(err, "%s: the path is too long", path);
	if (!fixture_names_read(&u->names, u->judge->expected, err) ||
		!fixture_names_read(&now, u->judge->actual, err))
		return false;
	u->is_swapped = strcmp(u->names.truth, now.candidate) == 0 ||
			strcmp(u->names.candidate, now.truth) == 0;
	ok = fixture_sessions_load(&u->sessions, u->judge->expected, &all, err);
	if (ok)
		printf("%s\n", path);
	ok = ok && write_new(u, path, beside, err);
	fixture_sessions_fini(&u->sessions);
	return ok;
}

bool fixture_update(struct judge *judge, const char *path, struct err *err)
{
	struct update u = {.judge = judge};
	FILE *out = judge->out;
	bool ok;

	judge->on_changed = on_changed;
	judge->context = &u;
	judge->out = NULL;
	ok = fixture_judge(judge, err);
	judge->out = out;
	judge->on_changed = NULL; /* its context is ours */
	judge->context = NULL;
	if (ok && u.count > 0)
		ok = write_text(&u, path, err);
	judge->changed = 0;
	for (size_t i = 0; i < u.count; i++)
		judge->stale -= u.changes[i].accepts_are_gone && judge->stale > 0;
	free(u.changes);
	return ok;
}
