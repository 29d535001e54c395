/*
 * The hint of a mismatch.
 */
#include "capture/hint.h"

#include "capture/exchange.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "diffengine/analysis.h"
#include "diffengine/compare.h"

#define TABLES_MAX 4 /* more would not be read */

/* Letters, digits and the like need no quotes in the configuration's language. */
static bool append_word(struct buf *out, const char *word)
{
	bool is_plain = *word != '\0';

	for (const char *c = word; *c; c++)
		is_plain = is_plain && ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
					       (*c >= '0' && *c <= '9') || *c == '_');
	if (is_plain)
		return buf_append_str(out, word);
	if (!buf_append_byte(out, '"'))
		return false;
	for (const char *c = word; *c; c++)
		if (((*c == '"' || *c == '\\') && !buf_append_byte(out, '\\')) ||
			!buf_append_byte(out, (unsigned char)*c))
			return false;
	return buf_append_byte(out, '"');
}

static const struct analysis *analysis_of(const struct session *s, unsigned ordinal)
{
	const struct exchange *ex = &s->exchange;

	if (ordinal >= ex->command_count || !ex->commands[ordinal].statement)
		return NULL;
	return analysis_get(
		s->proxy->policy.compare.analyses, statement_text(ex->commands[ordinal].statement));
}

static bool append_tables(struct buf *out, const struct analysis *analysis)
{
	if (!analysis || analysis->table_count == 0)
		return buf_append_str(out, ", statement = \"^...\"");
	if (!buf_append_str(out, ", tables = ["))
		return false;
	for (size_t i = 0; i < analysis->table_count && i < TABLES_MAX; i++)
		if (!buf_append_str(out, i ? ", " : " ") ||
			!append_word(out, analysis->tables[i].name))
			return false;
	return buf_append_str(out, " ]");
}

static bool append_rule(struct buf *out, const struct session *s, const struct difference *d)
{
	return buf_append_str(out, "{ name = NAME, reason = \"WHY\", "
				   "action = ignore") &&
	       append_tables(out, analysis_of(s, d->ordinal)) &&
	       (!d->column_name ||
		       (buf_append_str(out, ", column = ") && append_word(out, d->column_name))) &&
	       buf_printf(out, ", kinds = [ %s ] }", diff_kind_info(d->kind)->name);
}

/* The first that is held against the databases. */
static const struct difference *first_mismatch(const struct comparison *result)
{
	for (size_t i = 0; i < result->count; i++)
		if (result->differences[i].verdict == VERDICT_MISMATCH)
			return &result->differences[i];
	return NULL;
}

bool hint_build(struct buf *out, const struct session *s, const struct comparison *result)
{
	const struct difference *d = first_mismatch(result);

	return buf_printf(out, "See session %lld, exchange %lld of %s (twinkly-report).",
		       (long long)s->id, (long long)s->exchange.id,
		       s->proxy->settings->trace_file) &&
	       (!d || (buf_append_str(out, " If the difference does not matter, add a "
					   "rule to comparison.rules: ") &&
			      append_rule(out, s, d)));
}
