/*
 * Every configuration key of Twinkly, one table, and the values in a struct. All programs
 * read the same file, so they share the table; each uses the part that concerns it.
 * The struct owns its strings through `conf`; they live until settings_fini.
 */
#ifndef DIFFENGINE_SETTINGS_H
#define DIFFENGINE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/conf.h"
#include "base/err.h"
#include "diffengine/end_state.h"
#include "wire/target.h"

enum settings_auth { AUTH_TRUST, AUTH_PASSWORD, AUTH_SCRAM };
enum settings_tls_mode { TLS_MODE_DISABLE, TLS_MODE_ALLOW, TLS_MODE_REQUIRE };

struct settings_tls { /* towards the clients; paths NULL only with TLS_MODE_DISABLE */
	enum settings_tls_mode mode;
	const char *cert, *key;
};

enum settings_execution { EXECUTION_ORDERED, EXECUTION_PARALLEL, EXECUTION_SERIAL };

enum settings_on_mismatch { ON_MISMATCH_TERMINATE, ON_MISMATCH_ERROR, ON_MISMATCH_LOG };

enum settings_undoes_ddl { UNDOES_DDL_AUTO, UNDOES_DDL_YES, UNDOES_DDL_NO };

enum settings_preflight { PREFLIGHT_OFF, PREFLIGHT_SETTINGS, PREFLIGHT_FULL };

struct settings {
	struct conf *conf;

	const char *listen_address; /* "": no TCP */
	int listen_port;
	const char *unix_directory; /* NULL: no Unix-domain socket */
	struct settings_tls tls;
	enum settings_auth auth;
	const char *auth_file; /* NULL only where auth does not need it */
	int64_t login_timeout_us;
	int64_t max_connections;
	int64_t max_message; /* bytes of one protocol message */
	int64_t window;      /* bytes of an answer that are held back per side and session */

	/* By role, not by product: comparison.source-of-truth says which is which. */
	struct backend_target truth, candidate;
	/* By product, for messages: "PostgreSQL returned ..., YugabyteDB returned ...". */
	const char *postgresql_name, *yugabytedb_name;
	bool truth_is_postgresql;

	enum settings_on_mismatch on_mismatch; /* LOG also with fail-on-differences = false */
	const char *mismatch_sqlstate;
	bool require_secondary; /* false: without the candidate a session runs on the truth alone */
	bool has_execution;     /* else serial under -- COMMAND, ordered in the daemon */
	enum settings_execution execution;
	int64_t backend_timeout_us;
	enum settings_preflight preflight;
	bool seeds_random, seeds_uuid; /* comparison.deterministic; uuid needs the seed, too */
	enum end_state_mode end_state;
	bool is_redacted;   /* trace.redact has patterns or columns */
	bool end_state_all; /* not the touched tables alone */
	bool fail_on_slow_queries;
	double slow_query_ratio;
	int64_t slow_query_min_us;
	int64_t clock_tolerance_us;
	enum settings_undoes_ddl undoes_ddl; /* of YugabyteDB, at ROLLBACK */

	const char *trace_file;
	bool trace_continues;   /* trace.on-failure = continue */
	int64_t max_response;   /* bytes of each side's answer that the trace keeps */
	int64_t trace_queue;    /* bytes */
	int64_t trace_max_size; /* bytes; 0: no limit */

	int64_t idle_timeout_us; /* 0: none */
	int64_t drain_timeout_us;
	const char *log_level;
	bool metrics_enabled;
	const char *metrics_address;
	int metrics_port;
};

/* The table, for lint, docs and --print-config. Its length goes into *count. */
const struct conf_key *settings_keys(size_t *count);

/* Reads `path` (NULL: defaults alone), lays the `overrides` ("KEY=VALUE") over it and checks
 * everything. False after printing every error with its place on `out`. */
bool settings_load(struct settings *s, const char *path, const char *const *overrides, size_t count,
	FILE *out) ATTR_USE_RESULT;
void settings_fini(struct settings *s);

#endif
