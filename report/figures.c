/*
 * Slices of time double in width when an exchange lies beyond the last of them, so their number
 * is known before the trace's length is. Latencies go into bins of a logarithmic scale.
 */
#include "report/figures.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "diffengine/shape.h"
#include "diffengine/verdict.h"
#include "report/text.h"

#define SLOTS         8192 /* of the hash table: twice the shapes */
#define ARENA_CEILING ((size_t)4 << 20)
#define FIRST_SLICE   1000 /* us */

_Static_assert(FIGURES_VERDICTS == VERDICT_COUNT + 1, "a row for every verdict");

int figures_bin(int64_t us)
{
	int bin = us > 1 ? (int)floor(log10((double)us) * FIGURES_DECADE + 1e-9) : 0;

	return bin < FIGURES_BINS ? bin : FIGURES_BINS - 1;
}

double figures_bin_us(int bin)
{
	return pow(10, (double)bin / FIGURES_DECADE);
}

int64_t figures_quantile(const uint32_t bins[FIGURES_BINS], int64_t count, double share)
{
	double wanted = (double)count * share;
	int64_t seen = 0;

	for (int bin = 0; bin < FIGURES_BINS; bin++) {
		seen += bins[bin];
		if ((double)seen >= wanted && seen > 0)
			return (int64_t)(sqrt(figures_bin_us(bin) * figures_bin_us(bin + 1)));
	}
	return 0;
}

struct collecting {
	struct figures *figures;
	struct buf shape;
};

/* The slot of that shape, or the free one where it would be. */
static uint16_t *find_slot(struct figures *f, struct hash128 hash)
{
	size_t i = hash.low % SLOTS;

	while (f->slots[i] != 0) {
		const struct hash128 *there = &f->shapes[f->slots[i] - 1].hash;

		if (there->low == hash.low && there->high == hash.high)
			break;
		i = (i + 1) % SLOTS;
	}
	return &f->slots[i];
}

static bool on_statement(void *context, const struct trace_statement *row)
{
	struct collecting *c = context;
	struct figures *f = c->figures;
	struct hash128 hash;
	uint16_t *slot;

	if (row->id < 1 || (size_t)row->id >= FIGURES_STATEMENTS)
		return row->id < 1;
	hash = shape_hash(row->text, &c->shape);
	slot = find_slot(f, hash);
	if (*slot == 0 && f->shape_count < FIGURES_SHAPES) {
		f->shapes[f->shape_count] = (struct figures_shape){
			.hash = hash, .text = text_keep(&f->arena, row->text, FIGURES_TEXT_MAX)};
		*slot = (uint16_t)++f->shape_count;
	}
	f->by_statement[row->id] = *slot;
	return true;
}

/* Makes room for a slice by joining each two. */
static void double_slices(struct figures *f)
{
	for (size_t i = 0; i < FIGURES_TIMES; i++)
		for (int v = 0; v < FIGURES_VERDICTS; v++) {
			bool is_old = 2 * i < FIGURES_TIMES;

			f->times[i][v] = is_old ? f->times[2 * i][v] + f->times[2 * i + 1][v] : 0;
		}
	f->slice_us *= 2;
}

static void count_time(struct figures *f, const struct trace_times *row)
{
	bool is_known = row->verdict >= 0 && row->verdict < VERDICT_COUNT;
	size_t slice;

	while (row->started_us / f->slice_us >= FIGURES_TIMES && f->slice_us < INT64_MAX / 4)
		double_slices(f);
	slice = (size_t)(row->started_us / f->slice_us);
	if (slice >= FIGURES_TIMES)
		slice = FIGURES_TIMES - 1;
	f->times[slice][is_known ? row->verdict : VERDICT_COUNT]++;
	if (slice >= f->slices)
		f->slices = slice + 1;
}

static void add_saturated(int64_t *sum, int64_t value)
{
	if (__builtin_add_overflow(*sum, value, sum))
		*sum = INT64_MAX;
}

static void count_shape(struct figures_shape *shape, const struct trace_times *row)
{
	int64_t longer = row->truth_us > row->candidate_us ? row->truth_us : row->candidate_us;

	if (shape->count++ == 0 || longer > shape->slowest_us) {
		shape->slowest = row->exchange;
		shape->slowest_us = longer;
	}
	add_saturated(&shape->truth_us, row->truth_us);
	add_saturated(&shape->candidate_us, row->candidate_us);
	if (row->truth_us > shape->truth_max)
		shape->truth_max = row->truth_us;
	if (row->candidate_us > shape->candidate_max)
		shape->candidate_max = row->candidate_us;
	shape->truth_bins[figures_bin(row->truth_us)]++;
	shape->candidate_bins[figures_bin(row->candidate_us)]++;
}

static bool on_times(void *context, const struct trace_times *row)
{
	struct collecting *c = context;
	struct figures *f = c->figures;
	size_t shape = 0;

	count_time(f, row);
	if (row->truth_us < 0 || row->candidate_us < 0) {
		f->untimed++;
		return true;
	}
	f->timed++;
	f->scatter[figures_bin(row->candidate_us)][figures_bin(row->truth_us)]++;
	if (row->commands == 1 && (size_t)row->statement < FIGURES_STATEMENTS)
		shape = f->by_statement[row->statement];
	if (shape > 0)
		count_shape(&f->shapes[shape - 1], row);
	else
		f->unshaped++;
	return true;
}

bool figures_collect(struct figures *f, struct trace *t, struct err *err)
{
	struct collecting c = {.figures = f};
	bool ok;

	*f = (struct figures){.slice_us = FIRST_SLICE};
	arena_init(&f->arena, ARENA_CEILING);
	f->shapes = calloc(FIGURES_SHAPES, sizeof(*f->shapes));
	f->by_statement = calloc(FIGURES_STATEMENTS, sizeof(*f->by_statement));
	f->slots = calloc(SLOTS, sizeof(*f->slots));
	if (!f->shapes || !f->by_statement || !f->slots)
		return err_set(err, "out of memory for the times of statements");
	buf_init(&c.shape, SHAPE_MAX);
	ok = trace_read_texts(t, on_statement, &c, err) && trace_read_times(t, on_times, &c, err);
	buf_fini(&c.shape);
	return ok;
}

void figures_fini(struct figures *f)
{
	free(f->shapes);
	free(f->by_statement);
	free(f->slots);
	arena_fini(&f->arena);
	*f = (struct figures){.slices = 0};
}
