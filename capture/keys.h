/*
 * Unique keys of tables, where they decide what a statement alone leaves open: LIMIT, OFFSET,
 * DISTINCT ON, the sequence under ORDER BY (diffengine/unique_keys.h). They are read from the
 * truth's catalog, once answers differ:
 *
 *   AWAITING, all answered, different --table not known--> LOOKING --> judged
 *
 * by a look-up in the session itself (capture/look.h), which sees what its own transaction has
 * made. Only behind ReadyForQuery, outside a transaction or in one that has not failed; behind a
 * Flush nothing is looked up. A look-up that fails leaves the keys unknown; one that takes longer
 * than KEYS_PATIENCE_US is cancelled.
 *
 * What is known lives as long as the session, and is forgotten after a command that may have
 * changed tables or search_path, of any session of the proxy where it is DDL; what such a command
 * does to the exchange that it is in stays open.
 */
#ifndef CAPTURE_KEYS_H
#define CAPTURE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "diffengine/unique_keys.h"

#define KEYS_PATIENCE_US (2 * CLOCK_SECOND)

struct compare_command;
struct session;

struct keys { /* zero it to start */
	struct unique_keys known;
	int64_t epoch;     /* proxy.ddl_epoch that it is of */
	bool is_stale;     /* a command of this exchange may have changed something */
	bool is_doubtful;  /* the same, but what is looked up after it holds */
	bool is_unsettled; /* one of this transaction, which may yet be undone */
	bool is_ddl_unsettled;
	bool has_looked;      /* in this exchange: not again */
	bool has_failed;      /* the look-up has; the savepoint is gone back to */
	int64_t cancelled_us; /* monotonic: when it was last cancelled; 0: it was not */
};

void keys_fini(struct keys *keys);

/* Whether unique keys determine the rows of the exchange's command; asks for what is not known. */
bool keys_are_total(struct session *s, const struct compare_command *command, size_t ordinal);
/* Before different answers are compared: true if keys are looked up first; then judge_different
 * is called. */
bool keys_look_up(struct session *s) ATTR_USE_RESULT;
/* The watch's clock, while LOOKING. */
void keys_tick(struct session *s, int64_t now);
/* A command's tag: it may have changed tables. */
void keys_note_tag(struct session *s, struct bytes tag);
void keys_end_exchange(struct session *s);

#endif
