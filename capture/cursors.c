/*
 * From EXECUTE and FETCH to the statement behind the name.
 */
#include "capture/cursors.h"

#include <stdlib.h>

#include "capture/exchange.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "diffengine/analysis.h"
#include "diffengine/compare.h"
#include "diffengine/ledger.h"
#include "diffengine/prepared.h"
#include "diffengine/statement.h"

void cursors_note(struct session *s, struct statement *statement)
{
	char name[STATEMENT_NAME_MAX];
	struct bytes text;
	struct statement_traits traits;

	if (!statement || !statement->names)
		return;
	text = statement_text(statement);
	if (statement_next(&text, &traits) && traits.names)
		prepared_set(&s->prepared, traits.names, statement_fold_name(traits.name, name),
			statement_keep(statement));
}

static struct ledger *ledger_of(struct session *s)
{
	if (!s->ledger)
		s->ledger = calloc(1, sizeof(*s->ledger));
	return s->ledger;
}

static void resolve_fetch(struct session *s, struct compare_command *out)
{
	char name[STATEMENT_NAME_MAX];
	const struct statement *cursor;
	struct bytes folded;
	struct fetch fetch;

	if (!fetch_parse(out->text, &fetch))
		return;
	folded = statement_fold_name(fetch.name, name);
	cursor = prepared_get(&s->prepared, 'P', folded);
	if (!cursor)
		return;
	out->text = statement_text(cursor);
	out->is_partial = true;
	out->portion.rows = fetch.count;
	if (!fetch.is_forward)
		return;
	out->portion.ledger = ledger_of(s);
	out->portion.key = ledger_key(folded);
}

static void resolve_execute(struct session *s, const char *written, struct compare_command *out)
{
	const struct statement *prepared =
		written ? prepared_get(&s->prepared, 'S', bytes_str(written)) : NULL;

	if (prepared)
		out->text = statement_text(prepared);
}

void cursors_resolve(struct session *s, const struct command *command, struct compare_command *out)
{
	const struct analysis *analysis =
		analysis_get(s->proxy->policy.compare.analyses, out->text);

	if (analysis && analysis->class == ANALYSIS_FETCH)
		resolve_fetch(s, out);
	else if (analysis && analysis->class == ANALYSIS_EXECUTE)
		resolve_execute(s, analysis->name, out);
	if (command->portal_key &&
		(command->max_rows > 0 ||
			(s->ledger && ledger_is_open(s->ledger, command->portal_key)))) {
		out->is_partial = true;
		out->portion.rows = command->max_rows;
		out->portion.is_portal = true;
		out->portion.ledger = ledger_of(s);
		out->portion.key = command->portal_key;
	}
}

bool cursors_are_open(const struct session *s)
{
	return s->ledger && s->ledger->count > 0;
}
