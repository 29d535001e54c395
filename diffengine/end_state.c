/*
 * Which tables there are is asked of both catalogs; rows as text are the same on all supported
 * versions under the settings below (extra_float_digits above 0 is not: 15 digits of floats count).
 * Where the hashes differ, both sides' sums by bucket of the key find a bucket that differs, and
 * its rows the first keys.
 */
#include "diffengine/end_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "diffengine/analysis.h"
#include "diffengine/statement.h"

#define BUCKETS     4096
#define BUCKET_ROWS 10000 /* of a bucket that are looked at for keys */
#define SQL_MAX     65536
#define TEXT_MAX    4096

#define SETTINGS                                                   \
	"SET extra_float_digits = 0; SET DateStyle = 'ISO, YMD'; " \
	"SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; "   \
	"SET bytea_output = 'hex'; SET search_path = pg_catalog; "

/* Ordinary tables of users, with the list of the primary key's columns as SQL. */
static const char catalog_sql[] =
	"SELECT n.nspname, c.relname, "
	"coalesce((SELECT string_agg('_t.' || quote_ident(a.attname), ', ' "
	"ORDER BY a.attnum) FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND "
	"a.attnum = ANY (i.indkey) WHERE i.indrelid = c.oid AND i.indisprimary), '') "
	"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
	"WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND "
	"n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)' "
	"ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

struct names {
	char **list;
	size_t count, max;
};

struct end_state {
	enum end_state_mode mode;
	bool all;
	struct names databases, touched;
	struct end_state_counts counts;
	struct end_state_events *events;
	const char *database; /* under way */
	struct buf sql, text, name;
	struct end_state_answer catalogs[2], answers[2];
};

/* --- what to look at --- */

static bool has_name(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->list[i], name) == 0)
			return true;
	return false;
}

static void add_name(struct end_state *s, struct names *names, const char *name)
{
	char *copy;

	if (has_name(names, name))
		return;
	copy = names->count < names->max ? strdup(name) : NULL;
	if (copy)
		names->list[names->count++] = copy;
	else
		s->counts.omitted++;
}

static bool names_init(struct names *names, size_t max)
{
	names->max = max;
	names->list = calloc(max, sizeof(*names->list));
	return names->list != NULL;
}

static void names_fini(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

struct end_state *end_state_new(enum end_state_mode mode, bool all)
{
	struct end_state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->mode = mode;
	s->all = all;
	buf_init(&s->sql, SQL_MAX);
	buf_init(&s->text, TEXT_MAX);
	buf_init(&s->name, SQL_MAX);
	if (names_init(&s->databases, END_STATE_DATABASES_MAX) &&
		names_init(&s->touched, END_STATE_TABLES_MAX))
		return s;
	end_state_free(s);
	return NULL;
}

void end_state_free(struct end_state *s)
{
	if (!s)
		return;
	names_fini(&s->databases);
	names_fini(&s->touched);
	buf_fini(&s->sql);
	buf_fini(&s->text);
	buf_fini(&s->name);
	free(s);
}

void end_state_add_database(struct end_state *s, const char *name)
{
	add_name(s, &s->databases, name);
}

void end_state_add_text(struct end_state *s, struct bytes text)
{
	struct statement_traits traits;

	while (!s->all && statement_next(&text, &traits)) {
		struct analysis *a = traits.is_writing ? analysis_new(traits.text) : NULL;

		for (size_t i = 0; a && i < a->table_count; i++)
			if (a->tables[i].is_written)
				add_name(s, &s->touched, a->tables[i].name);
		analysis_free(a);
	}
}

/* --- answers --- */

static void answer_init(struct end_state_answer *a)
{
	*a = (struct end_state_answer){.rows = NULL};
	arena_init(&a->arena, END_STATE_BYTES_MAX);
}

static void answer_fini(struct end_state_answer *a)
{
	free(a->rows);
	arena_fini(&a->arena);
}

static bool make_room(struct end_state_answer *a)
{
	size_t cap = a->cap ? 2 * a->cap : 64;
	void *rows;

	if (a->count < a->cap)
		return true;
	rows = realloc(a->rows, cap * sizeof(*a->rows));
	if (!rows)
		return false;
	a->rows = rows;
	a->cap = cap;
	return true;
}

void end_state_take_row(struct end_state_answer *a, struct wire_items *values)
{
	struct wire_value value;

	if (a->is_cut || !make_room(a)) {
		a->is_cut = true;
		return;
	}
	for (int i = 0; i < 3; i++) {
		const char *text = "";

		if (wire_value_next(values, &value) && !value.is_null)
			text = arena_copy_str(&a->arena, value.data);
		a->rows[a->count][i] = text;
		if (!text) {
			a->is_cut = true;
			return;
		}
	}
	a->count++;
}

/* The same question to both. False: the events' `why`. */
static bool ask_both(struct end_state *s, struct end_state_answer *answers)
{
	bool ok = true;

	for (int side = 0; side < 2; side++)
		answer_init(&answers[side]);
	for (int side = 0; side < 2 && ok; side++) {
		ok = s->events->ask(
			s->events->context, side, s->database, buf_cstr(&s->sql), &answers[side]);
		if (ok && answers[side].is_cut)
			ok = err_set(&s->events->why, "%s: its answer is too long",
				s->events->names[side]);
	}
	return ok;
}

static void forget(struct end_state_answer *answers)
{
	answer_fini(&answers[0]);
	answer_fini(&answers[1]);
}

/* --- one table --- */

static bool put_identifier(struct buf *out, const char *name)
{
	bool ok = buf_append_str(out, "\"");

	for (; *name && ok; name++)
		ok = buf_printf(out, *name == '"' ? "\"\"" : "%c", *name);
	return ok && buf_append_str(out, "\"");
}

/* The table as SQL names it, in s->name. */
static bool name_table(struct end_state *s, const struct end_state_table *t)
{
	buf_reset(&s->name);
	return put_identifier(&s->name, t->schema) && buf_append_str(&s->name, ".") &&
	       put_identifier(&s->name, t->name);
}

/* "": both have the same rows. */
static void find_key(struct end_state *s, const struct end_state_answer *a)
{
	size_t i = 0, k = 0;
	int shown = 0;

	while ((i < a[0].count || k < a[1].count) && shown < END_STATE_KEYS_SHOWN) {
		int order = i == a[0].count   ? 1
			    : k == a[1].count ? -1
					      : strcmp(a[0].rows[i][0], a[1].rows[k][0]);

		if (order == 0 && strcmp(a[0].rows[i][1], a[1].rows[k][1]) == 0) {
			i++;
			k++;
			continue;
		}
		/* A text that is full is cut. */
		(void)!buf_printf(&s->text, "%s %.100s %s", shown++ ? "," : "; first keys:",
			order <= 0 ? a[0].rows[i][0] : a[1].rows[k][0],
			order == 0  ? "(other values)"
			: order < 0 ? s->events->names[0]
				    : s->events->names[1]);
		if (order != 0)
			(void)!buf_append_str(&s->text, " only");
		i += order <= 0;
		k += order >= 0;
	}
}

/* The number of the first bucket whose sums differ; -1: none. */
static int bucket_of(const struct end_state_answer *a)
{
	size_t i = 0, k = 0;

	while (i < a[0].count || k < a[1].count) {
		long one = i < a[0].count ? strtol(a[0].rows[i][0], NULL, 10) : BUCKETS;
		long other = k < a[1].count ? strtol(a[1].rows[k][0], NULL, 10) : BUCKETS;

		if (one != other)
			return (int)(one < other ? one : other);
		if (strcmp(a[0].rows[i][1], a[1].rows[k][1]) != 0)
			return (int)one;
		i++;
		k++;
	}
	return -1;
}

static bool ask_buckets(struct end_state *s, const char *key, struct end_state_answer *answers)
{
	buf_reset(&s->sql);
	return buf_printf(&s->sql,
		       SETTINGS "SELECT hashtextextended((%s)::text, 0) & %d, "
				"sum(hashtextextended(_t::text, 0)::numeric) FROM %s _t GROUP BY 1 "
				"ORDER BY 1",
		       key, BUCKETS - 1, buf_cstr(&s->name)) &&
	       ask_both(s, answers);
}

static bool ask_rows(
	struct end_state *s, const char *key, int bucket, struct end_state_answer *answers)
{
	buf_reset(&s->sql);
	return buf_printf(&s->sql,
		       SETTINGS "SELECT (%s)::text COLLATE \"C\", hashtextextended(_t::text, 0) "
				"FROM %s _t WHERE hashtextextended((%s)::text, 0) & %d = %d "
				"ORDER BY 1, 2 LIMIT %d",
		       key, buf_cstr(&s->name), key, BUCKETS - 1, bucket, BUCKET_ROWS) &&
	       ask_both(s, answers);
}

/* Adds the first keys that differ to the text; without them the mismatch stays one. */
static void look_for_keys(struct end_state *s, const char *columns)
{
	struct end_state_answer answers[2] = {0};
	char key[1024];
	int bucket = -1, n;

	n = snprintf(key, sizeof(key), *columns ? "ROW(%s)" : "%s_t", columns);
	if (n >= (int)sizeof(key))
		return;
	if (ask_buckets(s, key, answers))
		bucket = bucket_of(answers);
	forget(answers);
	if (bucket < 0)
		return;
	if (ask_rows(s, key, bucket, answers))
		find_key(s, answers);
	forget(answers);
}

static void skip_table(struct end_state *s, struct end_state_table *t)
{
	t->verdict = VERDICT_NOT_COMPARED;
	(void)!buf_printf(&s->text, "skipped: %s", s->events->why.text);
}

static void judge(struct end_state *s, struct end_state_table *t,
	const struct end_state_answer *answers, const char *columns)
{
	for (int side = 0; side < 2; side++)
		t->rows[side] =
			answers[side].count == 1 ? strtoll(answers[side].rows[0][0], NULL, 10) : -1;
	if (t->rows[0] == t->rows[1] && strcmp(answers[0].rows[0][1], answers[1].rows[0][1]) == 0)
		return;
	t->verdict = VERDICT_MISMATCH;
	if (t->rows[0] != t->rows[1])
		(void)!buf_printf(&s->text, "%s holds %" PRId64 " rows, %s %" PRId64,
			s->events->names[0], t->rows[0], s->events->names[1], t->rows[1]);
	else
		(void)!buf_printf(
			&s->text, "%" PRId64 " rows on both, not the same ones", t->rows[0]);
	if (s->mode == END_STATE_HASH && !s->events->hides_keys)
		look_for_keys(s, columns);
}

static void compare_table(struct end_state *s, struct end_state_table *t, const char *columns)
{
	struct end_state_answer answers[2] = {0};
	const char *hash = s->mode == END_STATE_HASH
				   ? "coalesce(sum(hashtextextended(_t::text, 0)::numeric), 0)"
				   : "0";

	buf_reset(&s->sql);
	if (!name_table(s, t) || !buf_printf(&s->sql, SETTINGS "SELECT count(*), %s FROM %s _t",
					 hash, buf_cstr(&s->name)))
		err_set(&s->events->why, "its name is too long");
	else if (ask_both(s, answers) && answers[0].count == 1 && answers[1].count == 1)
		judge(s, t, answers, columns);
	else
		skip_table(s, t);
	forget(answers);
}

/* --- all of them --- */

static void tell(struct end_state *s, struct end_state_table *t)
{
	s->counts.equal += t->verdict == VERDICT_EQUAL;
	s->counts.different += t->verdict == VERDICT_MISMATCH;
	s->counts.skipped += t->verdict == VERDICT_NOT_COMPARED;
	t->text = buf_cstr(&s->text);
	s->events->found(s->events->context, t);
}

/* Both sides' rows of the catalog; NULL where this side has no such table. */
static void look_at(struct end_state *s, const char **truth, const char **candidate)
{
	const char **row = truth ? truth : candidate;
	struct end_state_table t = {.database = s->database,
		.schema = row[0],
		.name = row[1],
		.rows = {-1, -1},
		.verdict = VERDICT_EQUAL};

	if (!s->all && !has_name(&s->touched, t.name))
		return;
	buf_reset(&s->text);
	if (truth && candidate) {
		/* Keys are found by the columns that both have as their key. */
		compare_table(s, &t, strcmp(truth[2], candidate[2]) == 0 ? truth[2] : "");
	} else {
		t.verdict = VERDICT_MISMATCH;
		(void)!buf_printf(
			&s->text, "the table is on %s only", s->events->names[truth ? 0 : 1]);
	}
	tell(s, &t);
}

static void walk_tables(struct end_state *s)
{
	const struct end_state_answer *a = s->catalogs;
	size_t i = 0, k = 0, seen = 0;

	for (; i < a[0].count || k < a[1].count; seen++) {
		int order = i == a[0].count   ? 1
			    : k == a[1].count ? -1
					      : strcmp(a[0].rows[i][0], a[1].rows[k][0]);

		if (order == 0)
			order = strcmp(a[0].rows[i][1], a[1].rows[k][1]);
		if (seen < END_STATE_TABLES_MAX)
			look_at(s, order <= 0 ? a[0].rows[i] : NULL,
				order >= 0 ? a[1].rows[k] : NULL);
		else
			s->counts.omitted++;
		i += order <= 0;
		k += order >= 0;
	}
}

static void compare_database(struct end_state *s)
{
	struct end_state_table none = {
		.database = s->database, .schema = "", .name = "", .rows = {-1, -1}};

	buf_reset(&s->sql);
	buf_reset(&s->text);
	if (buf_append_str(&s->sql, SETTINGS) && buf_append_str(&s->sql, catalog_sql) &&
		ask_both(s, s->catalogs)) {
		walk_tables(s);
	} else {
		skip_table(s, &none);
		tell(s, &none);
	}
	forget(s->catalogs);
}

struct end_state_counts end_state_compare(struct end_state *s, struct end_state_events *events)
{
	s->events = events;
	for (size_t i = 0; i < s->databases.count; i++) {
		s->database = s->databases.list[i];
		if (s->all || s->touched.count > 0)
			compare_database(s);
	}
	return s->counts;
}
