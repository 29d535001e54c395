/*
 * A trace as fixture text (docs/FIXTURES.md): the head, then requests, answers and events in
 * the order of time, an answer where it finished. Memory: about 32 bytes a session and what is
 * under way at one moment, one answer of each side at a time; not the trace's length.
 */
#ifndef REPLAY_FIXTURE_WRITE_H
#define REPLAY_FIXTURE_WRITE_H

#include <stdio.h>

#include "base/buf.h"
#include "schema/trace.h"

#define FIXTURE_LINE_MAX ((size_t)1 << 30) /* bytes; a longer message cannot be in a fixture */
#define FIXTURE_OPEN_MAX 65536             /* exchanges under way at one moment */

/* The names of meta rows of a trace that was made from a fixture. */
#define FIXTURE_META_HEAD  "fixture_head"  /* its first lines as they were */
#define FIXTURE_META_SETUP "fixture_setup" /* a line each: side (or empty), tab, file */
/* In front of its name, the `client` of a session. */
#define FIXTURE_CLIENT "fixture "

struct fixture_answers { /* items, each with a newline (replay/fixture_answer.h) */
	struct buf truth, candidate;
};

/* Puts other answers in the place of the recorded ones (--update); true: it did. */
typedef bool fixture_replace_fn(
	void *context, const struct trace_exchange *row, struct fixture_answers *answers);

struct fixture_wishes {
	const int64_t *sessions; /* sorted; NULL: all */
	size_t session_count;
	bool only_mismatches;      /* sessions up to their last mismatch, others not at all */
	const char *accept_reason; /* accepts what differs; NULL: does not */
	const char *const *setups; /* files */
	size_t setup_count;
	fixture_replace_fn *replace; /* may be NULL */
	/* Whether the exchange's `accept` lines are left out; may be NULL. */
	bool (*drops_accepts)(void *context, int64_t exchange);
	void *context;
};

struct fixture_counts {
	int64_t sessions, exchanges;
	int64_t unsent; /* left out: no byte of the request reached the databases */
	int64_t cut;    /* left out: the request is not whole or malformed */
};

bool fixture_write(struct trace *trace, const struct fixture_wishes *wishes, FILE *out,
	struct fixture_counts *counts, struct err *err) ATTR_USE_RESULT;

/* fixture_lines.c: both sides' items as lines, each beginning with `label`: what they have in
 * common once, the rest under the sides' names. */
struct fixture_names {
	char truth[64], candidate[64]; /* lower case, without blanks */
};
bool fixture_print_lines(const struct fixture_answers *answers, const char *label,
	const struct fixture_names *names, struct buf *out) ATTR_USE_RESULT;

/* As a fixture has the databases' names. */
void fixture_names_of(struct fixture_names *names, const char *truth, const char *candidate);
/* Of the trace's backends; where they do not tell the sides apart: truth and candidate. */
bool fixture_names_read(
	struct fixture_names *names, struct trace *trace, struct err *err) ATTR_USE_RESULT;

/* fixture_sessions.c: which sessions there will be, and what they are called. */
struct fixture_session {
	int64_t id;
	int64_t last_exchange; /* none beyond it */
	char *label;
	bool is_asking;     /* its last line was a request */
	bool is_connecting; /* it has connected, and no line says so yet */
};
struct fixture_sessions {
	struct fixture_session *items; /* by id */
	size_t count, cap;
};
bool fixture_sessions_load(struct fixture_sessions *sessions, struct trace *trace,
	const struct fixture_wishes *wishes, struct err *err) ATTR_USE_RESULT;
void fixture_sessions_fini(struct fixture_sessions *sessions);
struct fixture_session *fixture_sessions_find(const struct fixture_sessions *sessions, int64_t id);
/* The `session` lines. */
bool fixture_sessions_print(const struct fixture_sessions *sessions, struct trace *trace, FILE *out,
	struct err *err) ATTR_USE_RESULT;

#endif
