/*
 * What a run knows and wants of comparisons: patterns that exclude statements, rules, analysed
 * statements, tolerances, and the versions of both servers. One for a whole run; one thread.
 */
#ifndef DIFFENGINE_POLICY_H
#define DIFFENGINE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "diffengine/compare.h"

#define POLICY_VERSION_MAX 64 /* bytes of a server_version that are kept */

struct conf;
struct exclude;
struct settings;

struct policy {
	const struct settings *settings;
	struct exclude *exclude;
	struct compare_policy compare; /* `known` is the caller's: set before policy_load */
	int64_t now_us;                /* Unix time; 0: unknown */
	char truth_version[POLICY_VERSION_MAX], candidate_version[POLICY_VERSION_MAX];
};

/* `policy` is zeroed, or loaded: then what it had is replaced. Patterns and rules borrow from
 * `conf` until then; names and the rest from `settings`. False: err, and the old ones stay. */
bool policy_load(struct policy *policy, const struct settings *settings, const struct conf *conf,
	struct err *err) ATTR_USE_RESULT;
void policy_fini(struct policy *policy);

/* What a server says of itself. */
void policy_set_version(struct policy *policy, bool is_truth, const char *server_version);
/* YugabyteDB keeps the DDL of a transaction that is rolled back. */
bool policy_keeps_ddl(const struct policy *policy);
/* Unix time of the run's start and of now: stored timestamps from then on may differ by
 * comparison.clock-tolerance, and rules expire. Not called: neither is so. */
void policy_set_time(struct policy *policy, int64_t from_us, int64_t now_us);

/* What the statement's text says of one of its commands. */
void policy_apply(
	const struct policy *policy, struct bytes statement, struct compare_command *command);

#endif
