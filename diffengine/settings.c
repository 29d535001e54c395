/*
 * The table of configuration keys, and the way from a checked file to struct settings.
 */
#include "diffengine/settings.h"

#include <arpa/inet.h>
#include <string.h>

#include "diffengine/exclude.h"
#include "diffengine/rules.h"

#define KEY_MIB  (1024.0 * 1024.0)
#define KEY_GIB  (1024.0 * KEY_MIB)
#define KEY_HOUR 3600e6
#define SSLMODES "disable allow prefer require verify-ca verify-full"
/* One backend's keys; `section` is the product's, not the role's. */
#define BACKEND_KEYS(section, product, default_port)                                               \
	{section ".name", CONF_STRING, "\"" product "\"", NULL, 0, 0, false,                       \
		"the name used in every message and report"},                                      \
		{section ".host", CONF_STRING, "\"localhost\"", NULL, 0, 0, false,                 \
			"host name, address, or directory of a Unix-domain socket"},               \
		{section ".port", CONF_INTEGER, default_port, NULL, 1, 65535, false, "port"},      \
		{section ".user", CONF_STRING, NULL, NULL, 0, 0, false,                            \
			"user to connect as; absent: the client's"},                               \
		{section ".password", CONF_STRING, NULL, NULL, 0, 0, true,                         \
			"password; better taken from the environment: ${?NAME}"},                  \
		{section ".passfile", CONF_STRING, NULL, NULL, 0, 0, false,                        \
			"file of passwords in libpq's .pgpass format"},                            \
		{section ".database", CONF_STRING, NULL, NULL, 0, 0, false,                        \
			"database to connect to; absent: the client's"},                           \
		{section ".connection-timeout", CONF_DURATION, "10s", NULL, 1000, KEY_HOUR, false, \
			"how long connecting and authenticating may take"},                        \
		{section ".sslmode", CONF_ENUM, "prefer", SSLMODES, 0, 0, false,                   \
			"TLS towards the database, as in libpq"},                                  \
	{                                                                                          \
		section ".sslrootcert", CONF_STRING, NULL, NULL, 0, 0, false,                      \
			"file of trusted certificates for verify-ca and verify-full"               \
	}

static const struct conf_key keys[] = {
	{"proxy.listen-address", CONF_STRING, "\"127.0.0.1\"", NULL, 0, 0, false,
		"IP address to listen on, \"\" for none; loopback only where clients are trusted"},
	{"proxy.listen-port", CONF_INTEGER, "5431", NULL, 1, 65535, false, "port to listen on"},
	{"proxy.unix-socket-directory", CONF_STRING, NULL, NULL, 0, 0, false,
		"directory of a Unix-domain socket for clients; absent: none"},
	{"proxy.auth", CONF_ENUM, "trust", "trust password scram-sha-256", 0, 0, false,
		"how clients prove who they are"},
	{"proxy.auth-file", CONF_STRING, NULL, NULL, 0, 0, false,
		"file of users and their SCRAM verifiers, for scram-sha-256"},
	{"proxy.login-timeout", CONF_DURATION, "60s", NULL, 1000, KEY_HOUR, false,
		"how long a client may take to say who it is and to prove it"},
	{"proxy.tls.mode", CONF_ENUM, "disable", "disable allow require", 0, 0, false,
		"TLS towards clients: declined, on request, or compulsory over TCP"},
	{"proxy.tls.cert", CONF_STRING, NULL, NULL, 0, 0, false,
		"PEM file of the certificate, followed by its chain"},
	{"proxy.tls.key", CONF_STRING, NULL, NULL, 0, 0, false,
		"PEM file of the certificate's private key, without a passphrase"},
	{"proxy.max-connections", CONF_INTEGER, "500", NULL, 1, 10000, false,
		"client sessions at a time; further ones are refused with SQLSTATE 53300"},
	{"proxy.idle-timeout", CONF_DURATION, "0s", NULL, 0, 168 * KEY_HOUR, false,
		"how long a session may stay idle outside of a transaction; 0: for ever"},
	{"proxy.drain-timeout", CONF_DURATION, "2s", NULL, 0, KEY_HOUR, false,
		"how long exchanges under way may take when the proxy is asked to end"},
	{"proxy.max-message", CONF_SIZE, "256MB", NULL, 65536, KEY_GIB - 1, false,
		"longest protocol message taken from a client or a database"},
	{"proxy.window", CONF_SIZE, "1MB", NULL, 16384, 64 * KEY_MIB, false,
		"bytes of an answer held per side and session while they are compared"},
	BACKEND_KEYS("proxy.postgresql", "PostgreSQL", "5432"),
	BACKEND_KEYS("proxy.yugabytedb", "YugabyteDB", "5433"),
	{"proxy.routing.postgres-only-patterns", CONF_STRINGS, "[]", NULL, 0, 0, false,
		"PCRE2 patterns, searched without regard to case; statements that match are given "
		"to PostgreSQL only and not compared"},
	{"proxy.routing.yugabyte-only-patterns", CONF_STRINGS, "[]", NULL, 0, 0, false,
		"the same for YugabyteDB"},
	{"proxy.routing.default-target", CONF_ENUM, "dual", "dual postgresql yugabytedb", 0, 0,
		false,
		"where statements go that no pattern matches; transaction control always "
		"goes to both"},
	{"comparison.source-of-truth", CONF_ENUM, "yugabytedb", "yugabytedb postgresql", 0, 0,
		false, "whose answers the client sees"},
	{"comparison.fail-on-differences", CONF_BOOLEAN, "true", NULL, 0, 0, false,
		"true: a mismatch does what on-mismatch says; false: the "
		"same as on-mismatch = log"},
	{"comparison.on-mismatch", CONF_ENUM, "terminate", "terminate error log", 0, 0, false,
		"what a mismatch does: an SQL error and the end of the session, an SQL error after "
		"which the session goes on, or nothing but a record"},
	{"comparison.mismatch-sqlstate", CONF_STRING, "\"XX000\"", NULL, 0, 0, false,
		"SQLSTATE of the error that reports a mismatch"},
	{"comparison.execution", CONF_ENUM, NULL, "ordered parallel serial", 0, 0, false,
		"how statements of concurrent sessions reach the two databases; absent: serial "
		"under -- COMMAND, ordered in the daemon"},
	{"comparison.require-secondary", CONF_BOOLEAN, "true", NULL, 0, 0, false,
		"false: a session whose candidate cannot be reached, or is lost, goes on with the "
		"source of truth alone; its exchanges count as not-compared"},
	{"comparison.exclude-patterns", CONF_STRINGS, "[]", NULL, 0, 0, false,
		"PCRE2 patterns, searched without regard to case; statements that match are run "
		"on both databases and not compared"},
	{"comparison.rules", CONF_LIST, "[ \"default\" ]", NULL, 0, 0, false,
		"what differences are allowed: names of rule packs, and rules in braces "
		"(docs/RULES.md)"},
	{"comparison.clock-tolerance", CONF_DURATION, "5s", NULL, 0, KEY_HOUR, false,
		"how far apart timestamps of the run's own time may be; 0: not at all"},
	{"comparison.transactional-ddl", CONF_ENUM, "auto", "auto yes no", 0, 0, false,
		"whether YugabyteDB undoes DDL when a transaction is rolled back; auto: by its "
		"version"},
	{"comparison.backend-timeout", CONF_DURATION, "60s", NULL, 1000, 24 * KEY_HOUR, false,
		"how long a database may say nothing in an exchange; then it is inconclusive"},
	{"comparison.preflight", CONF_ENUM, "settings", "off settings full", 0, 0, false,
		"what is compared of the two databases when the first client connects to them: "
		"settings and schema, or also sequences and numbers of rows"},
	{"comparison.deterministic", CONF_STRINGS, "[]", NULL, 0, 0, false,
		"what both databases generate alike: \"random\", \"uuid\" (which needs "
		"twinkly-capture --install-shim)"},
	{"comparison.end-state", CONF_ENUM, "off", "off counts hash", 0, 0, false,
		"how tables of both databases are compared after the run: not at all, by number of "
		"rows, or by all their rows"},
	{"comparison.end-state-tables", CONF_ENUM, "touched", "touched all", 0, 0, false,
		"which tables: those that the statements write, or all"},
	{"comparison.fail-on-slow-queries", CONF_BOOLEAN, "false", NULL, 0, 0, false,
		"true: a query that one database is slow with, confirmed by EXPLAIN ANALYZE, is a "
		"mismatch; false: it is recorded"},
	{"comparison.slow-query-ratio", CONF_NUMBER, "4.0", NULL, 1, 1e6, false,
		"how many times as long as the other database a slow one takes"},
	{"comparison.slow-query-min", CONF_DURATION, "1s", NULL, 1000, 24 * KEY_HOUR, false,
		"what takes less is never slow"},
	{"trace.file", CONF_STRING, "\"twinkly.trace\"", NULL, 0, 0, false,
		"the trace to write; -t on the command line overrides it"},
	{"trace.on-failure", CONF_ENUM, "stop", "stop continue", 0, 0, false,
		"what happens when the trace cannot be written: end the run, or go on with gaps"},
	{"trace.max-response", CONF_SIZE, "1MB", NULL, 0, KEY_GIB - 1, false,
		"bytes of each side's answer to an exchange that the trace keeps"},
	{"trace.redact.statements", CONF_STRINGS, "[]", NULL, 0, 0, false,
		"PCRE2 patterns; what matches in statement texts and messages of errors is "
		"replaced in the trace"},
	{"trace.redact.parameters", CONF_STRINGS, "[]", NULL, 0, 0, false,
		"PCRE2 patterns; a parameter in which one matches is replaced in the trace by a "
		"keyed hash"},
	{"trace.redact.columns", CONF_STRINGS, "[]", NULL, 0, 0, false,
		"names of columns whose values are replaced in the trace by a keyed hash"},
	{"trace.redact.key", CONF_STRING, NULL, NULL, 0, 0, true,
		"key of the hash; absent: a random one for each run"},
	{"trace.queue", CONF_SIZE, "64MB", NULL, KEY_MIB, KEY_GIB * 4, false,
		"bytes waiting for the disk at which clients are held back"},
	{"trace.max-size", CONF_SIZE, "0", NULL, 0, KEY_GIB * 16384, false,
		"bytes of the trace at which trace.on-failure decides; 0: no limit"},
	{"log.level", CONF_ENUM, "warning", "error warning info debug", 0, 0, false,
		"what is logged on standard error"},
	{"monitoring.metrics.enabled", CONF_BOOLEAN, "false", NULL, 0, 0, false,
		"whether Prometheus can read metrics over HTTP, at /metrics"},
	{"monitoring.metrics.address", CONF_STRING, "\"127.0.0.1\"", NULL, 0, 0, false,
		"IP address that serves them"},
	{"monitoring.metrics.port", CONF_INTEGER, "9090", NULL, 1, 65535, false,
		"port that serves them"},
};

const struct conf_key *settings_keys(size_t *count)
{
	*count = ARRAY_LEN(keys);
	return keys;
}

static const char *backend_string(const struct conf *conf, const char *section, const char *name)
{
	char key[64];

	snprintf(key, sizeof(key), "%s.%s", section, name);
	return conf_string(conf, key);
}

static int64_t backend_integer(const struct conf *conf, const char *section, const char *name)
{
	char key[64];

	snprintf(key, sizeof(key), "%s.%s", section, name);
	return conf_integer(conf, key);
}

static void fill_backend(struct backend_target *b, const struct conf *conf, const char *section)
{
	b->name = backend_string(conf, section, "name");
	b->host = backend_string(conf, section, "host");
	b->port = (int)backend_integer(conf, section, "port");
	b->user = backend_string(conf, section, "user");
	b->password = backend_string(conf, section, "password");
	b->passfile = backend_string(conf, section, "passfile");
	b->database = backend_string(conf, section, "database");
	b->sslmode = backend_string(conf, section, "sslmode");
	b->sslrootcert = backend_string(conf, section, "sslrootcert");
	b->connect_timeout_us = backend_integer(conf, section, "connection-timeout");
}

static void fill_comparison(struct settings *s)
{
	struct backend_target postgresql, yugabytedb;

	fill_backend(&postgresql, s->conf, "proxy.postgresql");
	fill_backend(&yugabytedb, s->conf, "proxy.yugabytedb");
	s->postgresql_name = postgresql.name;
	s->yugabytedb_name = yugabytedb.name;
	s->truth_is_postgresql =
		strcmp(conf_string(s->conf, "comparison.source-of-truth"), "postgresql") == 0;
	s->truth = s->truth_is_postgresql ? postgresql : yugabytedb;
	s->candidate = s->truth_is_postgresql ? yugabytedb : postgresql;

	s->on_mismatch = (enum settings_on_mismatch)conf_integer(s->conf, "comparison.on-mismatch");
	if (!conf_boolean(s->conf, "comparison.fail-on-differences"))
		s->on_mismatch = ON_MISMATCH_LOG;
	s->require_secondary = conf_boolean(s->conf, "comparison.require-secondary");
	s->mismatch_sqlstate = conf_string(s->conf, "comparison.mismatch-sqlstate");
	s->has_execution = conf_string(s->conf, "comparison.execution") != NULL;
	if (s->has_execution)
		s->execution =
			(enum settings_execution)conf_integer(s->conf, "comparison.execution");
	s->clock_tolerance_us = conf_integer(s->conf, "comparison.clock-tolerance");
	s->undoes_ddl =
		(enum settings_undoes_ddl)conf_integer(s->conf, "comparison.transactional-ddl");
	s->backend_timeout_us = conf_integer(s->conf, "comparison.backend-timeout");
	s->preflight = (enum settings_preflight)conf_integer(s->conf, "comparison.preflight");
	s->end_state = (enum end_state_mode)conf_integer(s->conf, "comparison.end-state");
	s->end_state_all = strcmp(conf_string(s->conf, "comparison.end-state-tables"), "all") == 0;
	s->fail_on_slow_queries = conf_boolean(s->conf, "comparison.fail-on-slow-queries");
	s->slow_query_ratio = conf_number(s->conf, "comparison.slow-query-ratio");
	s->slow_query_min_us = conf_integer(s->conf, "comparison.slow-query-min");
}

static void fill_clients(struct settings *s)
{
	const struct conf *conf = s->conf;

	s->listen_address = conf_string(conf, "proxy.listen-address");
	s->listen_port = (int)conf_integer(conf, "proxy.listen-port");
	s->unix_directory = conf_string(conf, "proxy.unix-socket-directory");
	s->auth = (enum settings_auth)conf_integer(conf, "proxy.auth");
	s->auth_file = conf_string(conf, "proxy.auth-file");
	s->login_timeout_us = conf_integer(conf, "proxy.login-timeout");
	s->tls.mode = (enum settings_tls_mode)conf_integer(conf, "proxy.tls.mode");
	s->tls.cert = conf_string(conf, "proxy.tls.cert");
	s->tls.key = conf_string(conf, "proxy.tls.key");
}

static void fill_operation(struct settings *s)
{
	const struct conf *conf = s->conf;

	s->idle_timeout_us = conf_integer(conf, "proxy.idle-timeout");
	s->drain_timeout_us = conf_integer(conf, "proxy.drain-timeout");
	s->log_level = conf_string(conf, "log.level");
	s->metrics_enabled = conf_boolean(conf, "monitoring.metrics.enabled");
	s->metrics_address = conf_string(conf, "monitoring.metrics.address");
	s->metrics_port = (int)conf_integer(conf, "monitoring.metrics.port");
}

static void fill(struct settings *s)
{
	const struct conf *conf = s->conf;

	fill_clients(s);
	s->max_connections = conf_integer(conf, "proxy.max-connections");
	s->max_message = conf_integer(conf, "proxy.max-message");
	s->window = conf_integer(conf, "proxy.window");
	fill_comparison(s);
	s->trace_file = conf_string(conf, "trace.file");
	s->trace_continues = strcmp(conf_string(conf, "trace.on-failure"), "continue") == 0;
	s->max_response = conf_integer(conf, "trace.max-response");
	s->is_redacted = conf_count(conf, "trace.redact.statements") +
				 conf_count(conf, "trace.redact.parameters") +
				 conf_count(conf, "trace.redact.columns") >
			 0;
	s->trace_queue = conf_integer(conf, "trace.queue");
	s->trace_max_size = conf_integer(conf, "trace.max-size");
	fill_operation(s);
}

static size_t check_patterns(const struct settings *s, const char *key, FILE *out)
{
	size_t errors = 0;
	struct err err;

	for (size_t i = 0; i < conf_count(s->conf, key); i++) {
		const char *pattern = conf_item(s->conf, key, i);
		struct exclude *compiled = exclude_new(&pattern, 1, &err);

		if (!compiled) {
			fprintf(out, "%s: %s: %s\n", conf_place(s->conf, key, i), key, err.text);
			errors++;
		}
		exclude_free(compiled);
	}
	return errors;
}

/* An error at a key's place: "file:line:column: key: text". */
static size_t complain(const struct settings *s, const char *key, FILE *out, const char *text)
{
	fprintf(out, "%s: %s: %s\n", conf_place(s->conf, key, 0), key, text);
	return 1;
}

static bool is_address(const char *address, bool *is_loopback)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, address, &v4) == 1) {
		*is_loopback = ntohl(v4.s_addr) >> 24 == 127;
		return true;
	}
	if (inet_pton(AF_INET6, address, &v6) != 1)
		return false;
	*is_loopback = IN6_IS_ADDR_LOOPBACK(&v6);
	return true;
}

/* Clients that are not asked for a password may come from this machine only. */
static size_t check_address(const struct settings *s, FILE *out)
{
	static const char key[] = "proxy.listen-address";
	const char *address = s->listen_address;
	bool is_loopback = false;

	if (!*address)
		return s->unix_directory ? 0
					 : complain(s, key, out,
						   "without it proxy.unix-socket-directory must "
						   "be set, or no client can connect");
	if (!is_address(address, &is_loopback)) {
		fprintf(out, "%s: %s: \"%s\" is not an IP address\n", conf_place(s->conf, key, 0),
			key, address);
		return 1;
	}
	if (is_loopback || s->auth != AUTH_TRUST)
		return 0;
	fprintf(out,
		"%s: %s: \"%s\" is not a loopback address; with proxy.auth = trust Twinkly "
		"listens on 127.0.0.1 or ::1 only\n",
		conf_place(s->conf, key, 0), key, address);
	return 1;
}

/* What the keys about clients need of each other. */
static size_t check_clients(const struct settings *s, FILE *out)
{
	size_t errors = 0;

	if (s->unix_directory && s->unix_directory[0] != '/')
		errors += complain(s, "proxy.unix-socket-directory", out,
			"expected a path that begins with \"/\"");
	if (s->auth == AUTH_SCRAM && !s->auth_file)
		errors += complain(s, "proxy.auth", out, "scram-sha-256 needs proxy.auth-file");
	if (s->tls.mode != TLS_MODE_DISABLE && (!s->tls.cert || !s->tls.key))
		errors += complain(
			s, "proxy.tls.mode", out, "TLS needs proxy.tls.cert and proxy.tls.key");
	return errors + check_address(s, out);
}

static size_t check_metrics(const struct settings *s, FILE *out)
{
	bool ignored;

	if (is_address(s->metrics_address, &ignored))
		return 0;
	return complain(s, "monitoring.metrics.address", out, "expected an IP address");
}

/* Fills in what is to be generated alike. */
static size_t take_deterministic(struct settings *s, FILE *out)
{
	static const char key[] = "comparison.deterministic";
	size_t errors = 0;

	for (size_t i = 0; i < conf_count(s->conf, key); i++) {
		const char *word = conf_item(s->conf, key, i);

		if (strcmp(word, "random") == 0) {
			s->seeds_random = true;
		} else if (strcmp(word, "uuid") == 0) {
			s->seeds_uuid = true;
		} else {
			fprintf(out, "%s: %s: \"%s\" is neither \"random\" nor \"uuid\"\n",
				conf_place(s->conf, key, i), key, word);
			errors++;
		}
	}
	return errors;
}

/* What the table cannot say. */
static size_t check_more(struct settings *s, FILE *out)
{
	const char *state = s->mismatch_sqlstate;
	size_t errors = 0;

	if (strlen(state) != 5 || strspn(state, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5) {
		fprintf(out,
			"%s: comparison.mismatch-sqlstate: \"%s\" is not a SQLSTATE (five "
			"digits or capital letters)\n",
			conf_place(s->conf, "comparison.mismatch-sqlstate", 0), state);
		errors++;
	}
	return errors + check_clients(s, out) + check_metrics(s, out) +
	       check_patterns(s, "comparison.exclude-patterns", out) +
	       check_patterns(s, "proxy.routing.postgres-only-patterns", out) +
	       check_patterns(s, "proxy.routing.yugabyte-only-patterns", out) +
	       check_patterns(s, "trace.redact.statements", out) +
	       check_patterns(s, "trace.redact.parameters", out) + take_deterministic(s, out) +
	       rules_check(s->conf, out);
}

bool settings_load(
	struct settings *s, const char *path, const char *const *overrides, size_t count, FILE *out)
{
	struct err err;
	size_t errors = 0;

	memset(s, 0, sizeof(*s));
	s->conf = path ? conf_load(path, &err) : conf_new_empty();
	if (!s->conf) {
		fprintf(out, "%s\n", path ? err.text : "out of memory");
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!conf_override(s->conf, overrides[i], &err)) {
			fprintf(out, "%s\n", err.text);
			errors++;
		}
	}
	errors += conf_check(s->conf, keys, ARRAY_LEN(keys), out);
	if (errors == 0) {
		fill(s);
		errors += check_more(s, out);
	}
	if (errors > 0) {
		settings_fini(s);
		return false;
	}
	return true;
}

void settings_fini(struct settings *s)
{
	conf_free(s->conf);
	memset(s, 0, sizeof(*s));
}
