/*
 * SIGHUP: the configuration file is read again, with the command line's settings over it. What
 * can change while sessions live takes effect at once: log.level and
 * comparison.exclude-patterns. Other keys that have changed are named in the log; they need a
 * restart. A file with errors changes nothing.
 */
#ifndef CAPTURE_RELOAD_H
#define CAPTURE_RELOAD_H

#include "base/attr.h"
#include "diffengine/settings.h"

struct proxy;

struct reload {
	const char *path; /* NULL: there is no file; borrowed, as are the overrides */
	const char *const *overrides;
	size_t override_count;
	bool keeps_level;         /* -q or -v, which win over the file */
	char **environment;       /* for ${NAME}: as it was when the program started */
	struct settings settings; /* of the last reload; the patterns in use live there */
};

/* Before backend_isolate takes variables away. The caller fills in the rest. False: no memory. */
bool reload_init(struct reload *r) ATTR_USE_RESULT;
void reload_fini(struct reload *r);

/* Everything it has to say is logged. */
void reload_run(struct reload *r, struct proxy *p);

#endif
