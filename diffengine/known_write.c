/*
 * The list for people: as a file, and as the last words of a run.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "diffengine/known_impl.h"
#include "diffengine/outcome.h"

#define LISTED_MAX    20 /* entries that known_print names, of each sort */
#define STATEMENT_MAX 100

static const char head[] =
	"# Known differences, written by twinkly-report --write-known. What is listed\n"
	"# here is allowed: see \"Known differences\" in docs/COMPARISON.md. Give an entry a\n"
	"# reason, and a date (until YYYY-MM-DD) after which it is a mismatch again.\n";

/* How many bytes the UTF-8 character at the front of `s` has; 0: it is none. Those below 0xa0
 * beyond ASCII are control characters. */
static size_t character(struct bytes s)
{
	unsigned char c = s.ptr[0];
	size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f && c != '\\';
	if (c < 0xc2 || c > 0xf4 || s.len < len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s.ptr[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xc2 && s.ptr[1] < 0xa0) || (c == 0xe0 && s.ptr[1] < 0xa0) ||
		(c == 0xed && s.ptr[1] > 0x9f) || (c == 0xf0 && s.ptr[1] < 0x90) ||
		(c == 0xf4 && s.ptr[1] > 0x8f))
		return 0;
	return len;
}

void known_write_value(FILE *out, struct bytes value)
{
	size_t at = 0, len;

	for (; at < value.len; at += len ? len : 1) {
		bool is_edge = at == 0 || at + 1 == value.len;

		len = character(bytes_skip(value, at));
		if (value.ptr[at] == ' ' && is_edge)
			len = 0;
		if (value.ptr[at] == '\\')
			fputs("\\\\", out);
		else if (len == 0)
			fprintf(out, "\\x%02x", value.ptr[at]);
		else
			fwrite(value.ptr + at, 1, len, out);
	}
}

static int compare_bytes(struct bytes a, struct bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_entries(const void *left, const void *right)
{
	const struct known_entry *a = *(const struct known_entry *const *)left;
	const struct known_entry *b = *(const struct known_entry *const *)right;
	int order = compare_bytes(a->statement, b->statement);

	if (order == 0)
		order = strcmp(diff_kind_info(a->kind)->name, diff_kind_info(b->kind)->name);
	if (order == 0)
		order = compare_bytes(a->column, b->column);
	if (order == 0)
		order = strcmp(a->truth, b->truth);
	return order != 0 ? order : strcmp(a->candidate, b->candidate);
}

static void write_words(FILE *out, const char *key, const char *words)
{
	if (words)
		fprintf(out, "  %-9s %s\n", key, words);
}

static void write_state(FILE *out, const char *key, const struct known_entry *e, const char *state)
{
	if (known_has_states(e->kind))
		write_words(out, key, *state ? state : "success");
}

static void write_entry(FILE *out, const struct known_entry *e)
{
	fputc('\n', out);
	if (e->comment)
		fputs(e->comment, out);
	fputs(e->statement.len > 0 ? "statement " : "statement", out);
	known_write_value(out, e->statement);
	fputc('\n', out);
	write_words(out, "kind", diff_kind_info(e->kind)->name);
	if (e->column.len > 0) {
		fprintf(out, "  %-9s ", "column");
		known_write_value(out, e->column);
		fputc('\n', out);
	}
	write_state(out, "truth", e, e->truth);
	write_state(out, "candidate", e, e->candidate);
	fprintf(out, "  %-9s %" PRId64 "\n", "count", e->seen > 0 ? e->seen : e->count);
	write_words(out, "name", e->name);
	write_words(out, "reason", e->reason);
	write_words(out, "until", e->until);
}

static bool is_gone(const struct known_entry *e)
{
	return e->seen == 0 && e->is_compared;
}

void known_write(const struct known *known, FILE *out)
{
	size_t size = known->count * sizeof(known->entries[0]);
	struct known_entry **sorted = malloc(size + 1);

	fputs(known->head ? known->head : head, out);
	/* Without memory to sort, the file's own order. */
	if (sorted) {
		memcpy(sorted, known->entries, size);
		qsort(sorted, known->count, sizeof(*sorted), compare_entries);
	}
	for (size_t i = 0; i < known->count; i++) {
		const struct known_entry *e = sorted ? sorted[i] : known->entries[i];

		if (!is_gone(e))
			write_entry(out, e);
	}
	if (known->tail)
		fprintf(out, "\n%s", known->tail);
	free(sorted);
}

/* --- the last words --- */

static void print_entry(
	const struct known_entry *e, const char *what, const char *prefix, FILE *out)
{
	struct bytes shown = bytes_of(e->statement.ptr, text_shown(e->statement, STATEMENT_MAX));

	fprintf(out, "%s  %s: %s, %s", prefix, what, e->rule, diff_kind_info(e->kind)->name);
	if (e->column.len > 0) {
		fputs(" of ", out);
		known_write_value(out, e->column);
	}
	fputs(": ", out);
	known_write_value(out, shown);
	fputs(shown.len < e->statement.len ? " ...\n" : "\n", out);
}

static void print_list(const struct known *known, bool is_compared, const char *prefix, FILE *out)
{
	const char *what = is_compared ? "gone" : "not executed";
	size_t listed = 0;

	for (size_t i = 0; i < known->count; i++) {
		const struct known_entry *e = known->entries[i];

		if (e->is_expired || e->seen > 0 || e->is_compared != is_compared)
			continue;
		if (listed++ < LISTED_MAX)
			print_entry(e, what, prefix, out);
	}
	if (listed > LISTED_MAX)
		fprintf(out, "%s  %s: %zu more\n", prefix, what, listed - LISTED_MAX);
}

void known_print(const struct known *known, int64_t fresh, const char *prefix, FILE *out)
{
	struct known_counts c;

	known_count(known, &c);
	fprintf(out, "%sknown differences: %" PRId64 " new, %zu known, %zu gone", prefix, fresh,
		c.seen, c.gone);
	if (c.unasked > 0)
		fprintf(out, ", %zu not executed", c.unasked);
	if (c.expired > 0)
		fprintf(out, ", %zu expired", c.expired);
	fputc('\n', out);
	print_list(known, true, prefix, out);
	print_list(known, false, prefix, out);
}
