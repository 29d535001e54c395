/*
 * `proxy.routing`: statements that only one of the two databases is given. Patterns are those
 * of diffengine/exclude.h. Transaction control is never routed: without it the two databases
 * would be in different transaction states.
 */
#ifndef DIFFENGINE_ROUTING_H
#define DIFFENGINE_ROUTING_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "base/conf.h"
#include "base/err.h"

enum route { ROUTE_BOTH, ROUTE_POSTGRESQL, ROUTE_YUGABYTEDB };

struct routing;

/* Patterns and default of a checked configuration, which outlives it. */
struct routing *routing_new(const struct conf *conf, struct err *err) ATTR_USE_RESULT;
void routing_free(struct routing *routing); /* takes NULL */

/* Some statement may go to one database only. */
bool routing_is_on(const struct routing *routing);
/* Where statements go that no pattern matches. */
enum route routing_default(const struct routing *routing);
/* By pattern: BOTH if none matches. Where both kinds match, PostgreSQL gets it. *pattern is
 * borrowed from the configuration; NULL: none. */
enum route routing_match(
	const struct routing *routing, struct bytes statement, const char **pattern);

#endif
