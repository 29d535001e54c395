/*
 * Two lists of patterns and a default.
 */
#include "diffengine/routing.h"

#include <stdlib.h>

#include "diffengine/exclude.h"

struct routing {
	struct exclude *postgresql, *yugabytedb; /* NULL: no patterns */
	enum route otherwise;
};

static bool compile(struct exclude **out, const struct conf *conf, const char *key, struct err *err)
{
	size_t count = conf_count(conf, key);
	const char **patterns;

	if (count == 0)
		return true;
	patterns = calloc(count, sizeof(*patterns));
	if (!patterns)
		return err_set(err, "out of memory");
	for (size_t i = 0; i < count; i++)
		patterns[i] = conf_item(conf, key, i);
	*out = exclude_new(patterns, count, err);
	free(patterns);
	return *out != NULL || err_prefix(err, "proxy.routing: ");
}

struct routing *routing_new(const struct conf *conf, struct err *err)
{
	struct routing *r = calloc(1, sizeof(*r));

	if (!r) {
		err_set(err, "out of memory");
		return NULL;
	}
	r->otherwise = (enum route)conf_integer(conf, "proxy.routing.default-target");
	if (compile(&r->postgresql, conf, "proxy.routing.postgres-only-patterns", err) &&
		compile(&r->yugabytedb, conf, "proxy.routing.yugabyte-only-patterns", err))
		return r;
	routing_free(r);
	return NULL;
}

void routing_free(struct routing *r)
{
	if (!r)
		return;
	exclude_free(r->postgresql);
	exclude_free(r->yugabytedb);
	free(r);
}

bool routing_is_on(const struct routing *r)
{
	return r->postgresql || r->yugabytedb || r->otherwise != ROUTE_BOTH;
}

enum route routing_default(const struct routing *r)
{
	return r->otherwise;
}

enum route routing_match(const struct routing *r, struct bytes statement, const char **pattern)
{
	*pattern = r->postgresql ? exclude_match(r->postgresql, statement) : NULL;
	if (*pattern)
		return ROUTE_POSTGRESQL;
	*pattern = r->yugabytedb ? exclude_match(r->yugabytedb, statement) : NULL;
	return *pattern ? ROUTE_YUGABYTEDB : ROUTE_BOTH;
}
