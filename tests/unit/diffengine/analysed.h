/*
 * Statement analyses as short texts, for tables of statements and expectations. Each function
 * writes one aspect; what is not there is not written.
 */
#ifndef TESTS_UNIT_DIFFENGINE_ANALYSED_H
#define TESTS_UNIT_DIFFENGINE_ANALYSED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/buf.h"
#include "diffengine/analysis.h"

struct expected {
	const char *sql, *text;
};

typedef void (*analysed_writer)(struct buf *out, const struct analysis *a);

static inline void put(struct buf *out, const char *text)
{
	assert_true(buf_printf(out, "%s%s", out->end > out->start ? " " : "", text));
}

static inline void put_class(struct buf *out, const struct analysis *a)
{
	static const char *const names[] = {"query", "change", "explain", "show", "fetch",
		"declare", "prepare", "execute", "copy", "ddl", "transaction", "other"};

	put(out, names[a->class]);
	if (!a->is_parsed)
		put(out, "unparsed");
	if (a->is_metadata)
		put(out, "metadata");
	if (a->name)
		assert_true(buf_printf(out, " %s", a->name));
}

/* Sort keys: the target's number, =N for a column, a name behind a star, or - for none. */
static inline void put_order(struct buf *out, const struct analysis *a)
{
	if (!a->has_order)
		put(out, "none");
	else if (a->key_count == 0)
		put(out, "unknown");
	for (size_t i = 0; i < a->key_count; i++) {
		const struct analysis_key *key = &a->keys[i];

		if (key->target)
			assert_true(buf_printf(out, "%s%d", i ? " " : "", key->target));
		else if (key->column)
			assert_true(buf_printf(out, "%s=%d", i ? " " : "", key->column));
		else
			put(out, key->name ? key->name : "-");
	}
}

static inline void put_limit(struct buf *out, const struct analysis *a)
{
	if (a->limit_parameter)
		assert_true(buf_printf(out, "limit $%d", a->limit_parameter));
	else if (a->has_limit && a->limit < 0)
		put(out, "limit ?");
	else if (a->has_limit)
		assert_true(buf_printf(out, "limit %lld", (long long)a->limit));
	assert_true(a->has_limit || a->limit == -1);
	if (a->has_ties)
		put(out, "ties");
	if (a->has_offset)
		put(out, "offset");
	if (a->is_distinct_on)
		put(out, "distinct-on");
	if (a->has_inner_limit)
		put(out, "inner");
	if (a->is_single_row)
		put(out, "single");
	if (a->is_in_input_order)
		put(out, "input");
	if (a->is_aggregating)
		put(out, "aggregating");
}

/* Entries: name or ?, * for a star; !volatile @clock #aggregate ^window ~unordered 'delimiter'. */
static inline void put_targets(struct buf *out, const struct analysis *a)
{
	for (size_t i = 0; i < a->target_count; i++) {
		const struct analysis_target *t = &a->targets[i];

		assert_true(buf_printf(out, "%s%s%s%s%s%s%s", i ? " " : "",
			t->is_star ? "*"
			: t->name  ? t->name
				   : "?",
			t->is_volatile ? "!" : "", t->is_clock ? "@" : "",
			t->is_aggregate ? "#" : "", t->is_window_undetermined ? "^" : "",
			t->is_unordered ? "~" : ""));
		if (t->delimiter)
			assert_true(buf_printf(out, "'%s'", t->delimiter));
	}
}

static inline void put_tables(struct buf *out, const struct analysis *a)
{
	for (size_t i = 0; i < a->table_count; i++)
		assert_true(buf_printf(out, "%s%s%s%s%s", i ? " " : "",
			a->tables[i].schema ? a->tables[i].schema : "",
			a->tables[i].schema ? "." : "", a->tables[i].name,
			a->tables[i].is_written ? "+" : ""));
}

static inline void put_columns(
	struct buf *out, const char *label, const char *const *columns, size_t count)
{
	if (count > 0)
		put(out, label);
	for (size_t i = 0; i < count; i++)
		put(out, columns[i]);
}

static inline void put_lone_table(struct buf *out, const struct analysis *a)
{
	put(out, a->lone_table ? a->lone_table->name : "none");
	put_columns(out, "fixed", a->fixed_columns, a->fixed_count);
	put_columns(out, "sorted", a->sorted_columns, a->sorted_count);
}

/* Every row is tried, so that one run shows all that is wrong. */
static inline void check_all(const struct expected *rows, size_t count, analysed_writer write)
{
	size_t failures = 0;

	for (size_t i = 0; i < count; i++) {
		struct analysis *a = analysis_new(bytes_str(rows[i].sql));
		struct buf out;

		assert_non_null(a);
		buf_init(&out, 65536);
		write(&out, a);
		if (strcmp(buf_cstr(&out), rows[i].text) != 0) {
			print_error("%s\n  is       [%s]\n  expected [%s]\n", rows[i].sql,
				buf_cstr(&out), rows[i].text);
			failures++;
		}
		buf_fini(&out);
		analysis_free(a);
	}
	assert_int_equal(failures, 0);
}

#endif
