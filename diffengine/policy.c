/*
 * From a configuration and two servers' versions to what the comparison needs.
 */
#include "diffengine/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "diffengine/analysis.h"
#include "diffengine/exclude.h"
#include "diffengine/known.h"
#include "diffengine/rules.h"
#include "diffengine/settings.h"
#include "diffengine/version.h"

#define DAY_US (86400 * CLOCK_SECOND)

static struct exclude *load_patterns(const struct conf *conf, struct err *err)
{
	static const char key[] = "comparison.exclude-patterns";
	size_t count = conf_count(conf, key);
	const char **patterns = calloc(count + 1, sizeof(*patterns));
	struct exclude *exclude;

	if (!patterns) {
		err_set(err, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		patterns[i] = conf_item(conf, key, i);
	exclude = exclude_new(patterns, count, err);
	free(patterns);
	if (!exclude)
		err_prefix(err, "comparison.exclude-patterns: ");
	return exclude;
}

static int major_of(const char *version)
{
	return (int)strtol(version, NULL, 10);
}

static void tell_versions(struct policy *p)
{
	bool is_first = p->settings->truth_is_postgresql;
	char today[CLOCK_TEXT_MAX];
	struct rules_versions versions = {
		.postgresql = is_first ? p->truth_version : p->candidate_version,
		.yugabytedb = is_first ? p->candidate_version : p->truth_version,
		.truth_is_postgresql = is_first,
		.today = today};

	clock_format_utc(p->now_us, today);
	today[p->now_us ? 10 : 0] = '\0'; /* the date of an ISO 8601 text */
	p->compare.is_major_different =
		p->truth_version[0] && p->candidate_version[0] &&
		major_of(p->truth_version) != major_of(p->candidate_version);
	rules_set_versions(p->compare.rules, &versions);
	if (p->compare.known)
		known_set_today(p->compare.known, today);
}

bool policy_load(struct policy *policy, const struct settings *settings, const struct conf *conf,
	struct err *err)
{
	struct policy fresh = *policy;

	fresh.settings = settings;
	fresh.compare.clock_us = settings->clock_tolerance_us;
	fresh.exclude = load_patterns(conf, err);
	fresh.compare.rules = fresh.exclude ? rules_load(conf, err) : NULL;
	if (!fresh.compare.analyses)
		fresh.compare.analyses = analysis_cache_new();
	if (!fresh.exclude || !fresh.compare.rules || !fresh.compare.analyses) {
		exclude_free(fresh.exclude);
		rules_free(fresh.compare.rules);
		if (!policy->compare.analyses)
			analysis_cache_free(fresh.compare.analyses);
		return false;
	}
	exclude_free(policy->exclude);
	rules_free(policy->compare.rules);
	*policy = fresh;
	tell_versions(policy);
	return true;
}

void policy_fini(struct policy *policy)
{
	exclude_free(policy->exclude);
	rules_free(policy->compare.rules);
	analysis_cache_free(policy->compare.analyses);
	memset(policy, 0, sizeof(*policy));
}

void policy_set_version(struct policy *policy, bool is_truth, const char *server_version)
{
	snprintf(is_truth ? policy->truth_version : policy->candidate_version, POLICY_VERSION_MAX,
		"%s", server_version ? server_version : "");
	tell_versions(policy);
}

bool policy_keeps_ddl(const struct policy *policy)
{
	enum settings_undoes_ddl undoes = policy->settings->undoes_ddl;
	struct version_server server;

	if (undoes != UNDOES_DDL_AUTO)
		return undoes == UNDOES_DDL_NO;
	version_of_server(policy->settings->truth_is_postgresql ? policy->candidate_version
								: policy->truth_version,
		&server);
	return !version_undoes_ddl(&server);
}

void policy_set_time(struct policy *policy, int64_t from_us, int64_t now_us)
{
	bool is_another_day = policy->now_us / DAY_US != now_us / DAY_US;

	policy->now_us = now_us;
	if (is_another_day && policy->compare.rules)
		tell_versions(policy);
	policy->compare.clock_from_us = from_us - policy->compare.clock_us;
	policy->compare.clock_until_us = now_us + policy->compare.clock_us;
}

void policy_apply(
	const struct policy *policy, struct bytes statement, struct compare_command *command)
{
	command->text = command->asked = statement;
	command->is_excluded = exclude_match(policy->exclude, statement) != NULL;
}
