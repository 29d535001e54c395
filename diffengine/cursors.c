/*
 * From EXECUTE and FETCH to the statement behind the name.
 */
#include "diffengine/cursors.h"

#include <stdlib.h>

#include "diffengine/analysis.h"
#include "diffengine/statement.h"

void cursors_fini(struct cursors *c)
{
	free(c->ledger);
	c->ledger = NULL;
}

void cursors_note(struct prepared *prepared, struct statement *statement)
{
	char name[STATEMENT_NAME_MAX];
	struct bytes text;
	struct statement_traits traits;

	if (!statement || !statement->names)
		return;
	text = statement_text(statement);
	if (statement_next(&text, &traits) && traits.names)
		prepared_set(prepared, traits.names, statement_fold_name(traits.name, name),
			statement_keep(statement));
}

struct cursor_use cursor_use_of(const struct msg_execute *execute)
{
	struct cursor_use use = {.max_rows = execute->max_rows};

	if (execute->max_rows > 0 || execute->portal.len > 0)
		use.portal_key = ledger_key(execute->portal);
	return use;
}

static struct ledger *ledger_of(struct cursors *c)
{
	if (!c->ledger)
		c->ledger = calloc(1, sizeof(*c->ledger));
	return c->ledger;
}

static void resolve_fetch(
	struct cursors *c, const struct prepared *prepared, struct compare_command *out)
{
	char name[STATEMENT_NAME_MAX];
	const struct statement *cursor;
	struct bytes folded;
	struct fetch fetch;

	if (!fetch_parse(out->text, &fetch))
		return;
	folded = statement_fold_name(fetch.name, name);
	cursor = prepared_get(prepared, 'P', folded);
	if (!cursor)
		return;
	out->text = statement_text(cursor);
	out->is_partial = true;
	out->portion.rows = fetch.count;
	if (!fetch.is_forward)
		return;
	out->portion.ledger = ledger_of(c);
	out->portion.key = ledger_key(folded);
}

static void resolve_execute(
	const struct prepared *prepared, const char *name, struct compare_command *out)
{
	const struct statement *found = name ? prepared_get(prepared, 'S', bytes_str(name)) : NULL;

	if (found)
		out->text = statement_text(found);
}

void cursors_resolve(struct cursors *c, const struct prepared *prepared,
	struct analysis_cache *analyses, const struct cursor_use *use, struct compare_command *out)
{
	const struct analysis *analysis = analysis_get(analyses, out->text);

	if (analysis && analysis->class == ANALYSIS_FETCH)
		resolve_fetch(c, prepared, out);
	else if (analysis && analysis->class == ANALYSIS_EXECUTE)
		resolve_execute(prepared, analysis->name, out);
	if (!use->portal_key ||
		(use->max_rows == 0 && !(c->ledger && ledger_is_open(c->ledger, use->portal_key))))
		return;
	out->is_partial = true;
	out->portion = (struct compare_portion){.ledger = ledger_of(c),
		.key = use->portal_key,
		.rows = use->max_rows,
		.is_portal = true};
}

bool cursors_are_open(const struct cursors *c)
{
	return c->ledger && c->ledger->count > 0;
}
