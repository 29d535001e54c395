/*
 * Units that only one database is given (proxy.routing). That side leads: its answer goes to
 * the client and is not compared. The other one, the follower, gets of the unit what both must
 * see: transaction control at its front, Close of what both have prepared, and the Sync of an
 * exchange in which it has a part; what it answers is swallowed. Then the follower's transaction
 * status is made the leader's (align_routed).
 *
 * A unit is decided as a whole: by the first statement that a pattern matches or that was prepared
 * on one side only, else by the default. Transaction control behind another statement makes
 * the unit go to both, as ever. What is prepared in a routed unit exists on the leader alone,
 * and is remembered so.
 */
#ifndef CAPTURE_ROUTE_H
#define CAPTURE_ROUTE_H

#include <stdbool.h>

#include "base/buf.h"
#include "diffengine/routing.h"
#include "wire/frame.h"
#include "wire/protocol.h"

struct session;
struct side;
struct statement;

struct unit_route { /* of the unit that is being collected */
	enum route wanted;
	const char *pattern;   /* that says so; NULL: it was prepared there */
	bool has_body;         /* a statement beside transaction control */
	bool has_late_control; /* transaction control after one */
	bool is_fixed;         /* the unit's head was sent already, or it is a COPY's end */
	size_t head_len;       /* of a Query's text: transaction control at its front */
	struct protocol_mark marks[2];
	struct buf shared; /* what the follower gets */
};

/* While a unit is collected. `f`: the message; `place`: where its name exists. */
void route_begin_unit(struct session *s);
void route_note_statement(struct session *s, const struct statement *statement, size_t end);
void route_note_query(struct session *s, struct bytes text);
void route_note_use(struct session *s, const struct frame *f, const struct statement *statement,
	enum route place);
void route_note_close(struct session *s, const struct frame *f, enum route place);
/* A new statement: what the patterns say of it. */
void route_mark(struct session *s, struct statement *statement);

/* The unit, or its head, goes out next. False: the session is over. */
bool route_decide(struct session *s);
/* The leader has the unit: the follower gets its part. */
void route_send_shared(struct session *s);
/* The leader has answered, and the follower its part. */
void route_settle(struct session *s);

/* The side whose answers the client gets of the unit under way. */
struct side *route_leader(struct session *s);
struct side *route_follower(struct session *s);
/* One side alone answers the unit under way. */
bool route_is_single(const struct session *s);

#endif
