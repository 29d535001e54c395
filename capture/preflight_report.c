/*
 * Findings, and the comparison of schema and data.
 */
#include "capture/preflight_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

#define MEMORY_MAX (16u << 20)
#define VALUE_MAX  200 /* bytes of a value in the table */

void preflight_report_init(struct preflight_report *r)
{
	*r = (struct preflight_report){0};
	arena_init(&r->memory, MEMORY_MAX);
}

void preflight_report_fini(struct preflight_report *r)
{
	free(r->findings);
	arena_fini(&r->memory);
	*r = (struct preflight_report){0};
}

static const char *keep(struct preflight_report *r, const char *text)
{
	struct bytes b = bytes_str(text);

	b.len = (size_t)bytes_width(b, VALUE_MAX * 2);
	text = arena_copy_str(&r->memory, b);
	r->has_failed |= !text;
	return text ? text : "";
}

static bool make_room(struct preflight_report *r)
{
	size_t room = r->room ? 2 * r->room : 64;
	struct preflight_finding *findings;

	if (r->count < r->room)
		return true;
	findings = realloc(r->findings, room * sizeof(*findings));
	if (!findings) {
		r->has_failed = true;
		return false;
	}
	r->findings = findings;
	r->room = room;
	return true;
}

void preflight_report_add(struct preflight_report *r, const struct preflight_finding *finding)
{
	struct preflight_finding *f;

	if (r->count >= PREFLIGHT_FINDINGS_MAX || !make_room(r)) {
		r->omitted++;
		return;
	}
	f = &r->findings[r->count++];
	*f = *finding;
	f->kind = keep(r, finding->kind);
	f->name = keep(r, finding->name);
	f->values[0] = keep(r, finding->values[0]);
	f->values[1] = keep(r, finding->values[1]);
	f->advice = keep(r, finding->advice);
}

bool preflight_matters(const struct preflight_report *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->findings[i].weight == PREFLIGHT_MATTERS)
			return true;
	return r->omitted > 0;
}

static bool is_in(const struct preflight_report *r, const struct preflight_finding *f)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct preflight_finding *other = &r->findings[i];

		if (strcmp(f->name, other->name) == 0 && strcmp(f->kind, other->kind) == 0 &&
			strcmp(f->values[0], other->values[0]) == 0 &&
			strcmp(f->values[1], other->values[1]) == 0)
			return true;
	}
	return false;
}

void preflight_report_confirm(struct preflight_report *r, const struct preflight_report *earlier)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++)
		if (is_in(earlier, &r->findings[i]))
			r->findings[kept++] = r->findings[i];
	r->count = kept;
}

/* --- schema and data as sets --- */

/* A table's own row comes before what belongs to it. */
static int compare_keys(const struct ask_row *a, const struct ask_row *b)
{
	int order = strcmp(a->owner, b->owner);

	if (order == 0)
		order = (strcmp(b->kind, "table") == 0) - (strcmp(a->kind, "table") == 0);
	if (order == 0)
		order = strcmp(a->kind, b->kind);
	return order ? order : strcmp(a->name, b->name);
}

static int compare_for_sort(const void *a, const void *b)
{
	return compare_keys(a, b);
}

static const char *advice_for(const char *kind)
{
	if (strcmp(kind, "rows") == 0)
		return "load the same data into both";
	if (strcmp(kind, "sequence") == 0)
		return "setval() on one of them, or load the same data into both";
	return "run the same migrations on both";
}

static void add_difference(
	struct preflight_report *r, const struct ask_row *first, const struct ask_row *second)
{
	const struct ask_row *row = first ? first : second;
	struct preflight_finding f = {.weight = PREFLIGHT_MATTERS,
		.kind = row->kind,
		.name = *row->name ? arena_printf(&r->memory, "%s.%s", row->owner, row->name)
				   : row->owner,
		.values = {first ? first->value : "(none)", second ? second->value : "(none)"},
		.advice = advice_for(row->kind)};

	/* That one of them is missing was said with the schema. */
	if (strcmp(row->kind, "sequence") == 0 && !(first && second))
		return;
	if (!f.name) {
		r->has_failed = true;
		return;
	}
	preflight_report_add(r, &f);
}

/* The row at `at` is on this side only: passes it, and with a table all that belongs to it. */
static size_t pass(const struct preflight_rows *rows, size_t at)
{
	const struct ask_row *row = &rows->rows[at++];

	if (strcmp(row->kind, "table") == 0)
		while (at < rows->count && strcmp(rows->rows[at].owner, row->owner) == 0)
			at++;
	return at;
}

void preflight_compare_rows(struct preflight_report *r, const struct preflight_sides *sides)
{
	const struct preflight_rows *a = &sides->rows[0], *b = &sides->rows[1];
	size_t i = 0, j = 0;

	for (int side = 0; side < 2; side++)
		if (sides->rows[side].count)
			qsort(sides->rows[side].rows, sides->rows[side].count,
				sizeof(struct ask_row), compare_for_sort);
	while (i < a->count || j < b->count) {
		int order = i == a->count   ? 1
			    : j == b->count ? -1
					    : compare_keys(&a->rows[i], &b->rows[j]);

		if (order < 0) {
			add_difference(r, &a->rows[i], NULL);
			i = pass(a, i);
		} else if (order > 0) {
			add_difference(r, NULL, &b->rows[j]);
			j = pass(b, j);
		} else {
			if (strcmp(a->rows[i].value, b->rows[j].value) != 0)
				add_difference(r, &a->rows[i], &b->rows[j]);
			i++;
			j++;
		}
	}
}

/* --- for people --- */

#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN  "\033[0m"

static int width_of(const char *text, int least)
{
	size_t len = strlen(text);

	if (len > VALUE_MAX)
		len = VALUE_MAX;
	return (int)len > least ? (int)len : least;
}

/* Control characters would move the cursor; names and values are the servers'. */
static void print_cell(FILE *out, const char *text, int width)
{
	int len = 0;

	for (; *text && len < VALUE_MAX; text++, len++)
		fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
	fprintf(out, "%*s  ", width > len ? width - len : 0, "");
}

struct columns {
	int name, values[2];
};

static bool is_shown(const struct preflight_finding *f, const struct preflight_print *how)
{
	return how->is_whole || f->weight != PREFLIGHT_SAME;
}

static struct columns measure(const struct preflight_report *r, const struct preflight_print *how)
{
	struct columns c = {
		.name = 7, .values = {width_of(how->names[0], 1), width_of(how->names[1], 1)}};

	for (size_t i = 0; i < r->count; i++) {
		const struct preflight_finding *f = &r->findings[i];

		if (!is_shown(f, how))
			continue;
		c.name = width_of(f->name, c.name);
		c.values[0] = width_of(f->values[0], c.values[0]);
		c.values[1] = width_of(f->values[1], c.values[1]);
	}
	return c;
}

static void print_finding(
	const struct preflight_finding *f, const struct columns *c, bool has_colour, FILE *out)
{
	static const char *const words[] = {"same", "note", "DIFFERS"};
	static const char *const colours[] = {"", YELLOW, RED};

	fprintf(out, "%s%-7s%s  %-10s  ", has_colour ? colours[f->weight] : "", words[f->weight],
		has_colour && f->weight ? PLAIN : "", f->kind);
	print_cell(out, f->name, c->name);
	print_cell(out, f->values[0], c->values[0]);
	print_cell(out, f->values[1], c->values[1]);
	fprintf(out, "%s\n", f->weight == PREFLIGHT_SAME ? "" : f->advice);
}

static bool is_crowd(const char *kind)
{
	return strcmp(kind, "setting") != 0;
}

static size_t count_kind(const struct preflight_report *r, size_t until, const char *kind)
{
	size_t count = 0;

	for (size_t i = 0; i < until; i++)
		count += strcmp(r->findings[i].kind, kind) == 0;
	return count;
}

void preflight_report_print(
	const struct preflight_report *r, const struct preflight_print *how, FILE *out)
{
	struct columns c = measure(r, how);
	size_t left_out = r->omitted;

	fprintf(out, "%-7s  %-10s  ", "", "");
	print_cell(out, "", c.name);
	print_cell(out, how->names[0], c.values[0]);
	print_cell(out, how->names[1], c.values[1]);
	fputs("what removes it\n", out);
	for (size_t i = 0; i < r->count; i++) {
		const struct preflight_finding *f = &r->findings[i];

		if (is_crowd(f->kind) && count_kind(r, i, f->kind) >= PREFLIGHT_SHOWN_MAX)
			left_out++;
		else if (is_shown(f, how))
			print_finding(f, &c, how->has_colour, out);
	}
	if (left_out)
		fprintf(out, "and %zu more differences of these kinds\n", left_out);
	if (r->has_failed)
		fputs("not everything is here: out of memory\n", out);
}
