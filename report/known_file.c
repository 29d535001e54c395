/*
 * A list of its own, apart from the one that --known gave: here every mismatch of the trace
 * counts, whatever is known already.
 */
#include "report/known_file.h"

#include <errno.h>
#include <unistd.h>

#include "diffengine/verdict.h"
#include "report/output.h"
#include "report/walk.h"

static bool on_difference(void *context, const struct trace_exchange *exchange,
	const struct trace_difference_context *row, int verdict, struct err *err)
{
	struct known_difference difference = known_walk_difference(row);
	const char *rule = row->difference->rule;

	(void)exchange;
	(void)err;
	if (rule ? strncmp(rule, KNOWN_RULE, strlen(KNOWN_RULE)) == 0 : verdict == VERDICT_MISMATCH)
		known_add(context, &difference, bytes_str(row->difference->text));
	return true;
}

static struct known *load(const char *path, struct err *err)
{
	struct known *known;

	if (access(path, F_OK) == 0 || errno != ENOENT)
		return known_load(path, err);
	known = known_new();
	if (!known)
		err_set(err, "out of memory");
	return known;
}

static bool put(const char *path, const struct known *known, struct err *err)
{
	struct output file;

	if (!output_open(&file, path, err))
		return false;
	known_write(known, file.file);
	return output_close(&file, err);
}

bool known_file_write(const char *path, struct trace *t, const struct summary *s,
	struct known_file_counts *counts, struct err *err)
{
	struct known *known = load(path, err);
	struct walk_visitor visitor = {.context = known, .on_difference = on_difference};
	struct known_counts before;
	bool ok;

	if (!known)
		return false;
	known_count(known, &before);
	ok = walk_trace(t, &s->counts, &visitor, err) && known_walk_statements(known, t, err);
	known_count(known, &counts->before);
	counts->added = counts->before.entries - before.entries;
	counts->entries = counts->before.entries - counts->before.gone;
	ok = ok && put(path, known, err);
	known_free(known);
	return ok;
}
