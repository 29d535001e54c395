/*
 * Numbers behind the pictures of a report: verdicts over time, latency of side against side, and
 * both by the shape of the statement. Collected in one reading of the trace's times, in memory
 * that does not depend on its length.
 */
#ifndef REPORT_FIGURES_H
#define REPORT_FIGURES_H

#include "base/arena.h"
#include "base/hash.h"
#include "schema/trace_read_times.h"

#define FIGURES_VERDICTS   9  /* as in verdict.h, and one for those of a newer version */
#define FIGURES_TIMES      64 /* slices of the time from the first exchange to the last */
#define FIGURES_BINS       54 /* of a latency: six a decade from 1 us to 1,000 s */
#define FIGURES_DECADE     6
#define FIGURES_SHAPES     4096
#define FIGURES_STATEMENTS ((size_t)1 << 20) /* ids of statements that are looked at */
#define FIGURES_TEXT_MAX   400

struct figures_shape { /* exchanges of this one command, answered by both */
	struct hash128 hash;
	struct bytes text; /* a statement of the shape, cut */
	int64_t count;
	int64_t slowest, slowest_us; /* the exchange that took a side the longest, and how long */
	int64_t truth_us, candidate_us; /* sums */
	int64_t truth_max, candidate_max;
	uint32_t truth_bins[FIGURES_BINS], candidate_bins[FIGURES_BINS];
};

struct figures {
	int64_t slice_us; /* width of a slice of time */
	size_t slices;    /* used */
	int64_t times[FIGURES_TIMES][FIGURES_VERDICTS];
	uint32_t scatter[FIGURES_BINS][FIGURES_BINS]; /* [candidate][truth] */
	int64_t timed, untimed; /* exchanges in `scatter`; those that a side did not answer */
	struct figures_shape *shapes;
	size_t shape_count;
	int64_t unshaped;       /* timed exchanges that belong to no shape here */
	uint16_t *by_statement; /* by id: index in shapes + 1; 0: none */
	uint16_t *slots;
	struct arena arena;
};

/* After a failure figures_fini is harmless (and needed). */
bool figures_collect(struct figures *f, struct trace *t, struct err *err) ATTR_USE_RESULT;
void figures_fini(struct figures *f);

/* The bin of a latency, and where a bin begins. */
int figures_bin(int64_t us);
double figures_bin_us(int bin);
/* The latency (us) that a share of the shape's exchanges does not exceed, to within a bin. */
int64_t figures_quantile(const uint32_t bins[FIGURES_BINS], int64_t count, double share);

#endif
