/*
 * Settings: the defaults, every key, which product plays which role, and errors with the place
 * where they were written.
 */
#include "diffengine/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/attr.h"

#define PATH_TEMPLATE "/tmp/twinkly-settings-XXXXXX"

struct loaded {
	struct settings settings;
	bool is_ok;
	char path[sizeof(PATH_TEMPLATE)];
	char output[4096]; /* what was printed, with the file's path as "FILE" */
};

static void hide_path(struct loaded *l)
{
	size_t len = strlen(l->path);
	char *at;

	while (len && (at = strstr(l->output, l->path))) {
		memcpy(at, "FILE", 4);
		memmove(at + 4, at + len, strlen(at + len) + 1);
	}
}

static void load_path(
	struct loaded *l, const char *path, const char *const *overrides, size_t count)
{
	FILE *out = fmemopen(l->output, sizeof(l->output), "w");

	assert_non_null(out);
	l->is_ok = settings_load(&l->settings, path, overrides, count, out);
	fclose(out);
	hide_path(l);
}

/* `text` NULL: defaults alone. */
static void load(struct loaded *l, const char *text, const char *const *overrides, size_t count)
{
	int fd;

	*l = (struct loaded){.path = PATH_TEMPLATE};
	if (!text) {
		l->path[0] = '\0';
		load_path(l, NULL, overrides, count);
		return;
	}
	fd = mkstemp(l->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	load_path(l, l->path, overrides, count);
	unlink(l->path);
}

static void assert_refused(const char *text, const char *expected)
{
	struct loaded l;

	load(&l, text, NULL, 0);
	assert_false(l.is_ok);
	assert_string_equal(l.output, expected);
	assert_null(l.settings.conf);
}

static void test_default_proxy(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, NULL, NULL, 0);
	assert_true(l.is_ok);
	assert_string_equal(l.output, "");
	assert_string_equal(l.settings.listen_address, "127.0.0.1");
	assert_int_equal(l.settings.listen_port, 5431);
	assert_int_equal(l.settings.max_connections, 500);
	assert_int_equal(l.settings.max_message, 256 << 20);
	assert_int_equal(l.settings.window, 1 << 20);
	assert_string_equal(l.settings.trace_file, "twinkly.trace");
	assert_false(l.settings.trace_continues);
	assert_int_equal(l.settings.max_response, 1 << 20);
	assert_int_equal(l.settings.trace_queue, 64 << 20);
	assert_string_equal(l.settings.log_level, "warning");
	settings_fini(&l.settings);
	assert_null(l.settings.conf);
}

static void test_operation(void **state)
{
	static const char text[] =
		"proxy { idle-timeout = 90s, drain-timeout = 0s }\n"
		"monitoring.metrics { enabled = yes, address = \"::\", port = 9 }\n";
	struct loaded l;

	(void)state;
	load(&l, NULL, NULL, 0);
	assert_true(l.is_ok);
	assert_int_equal(l.settings.idle_timeout_us, 0);
	assert_int_equal(l.settings.drain_timeout_us, 2000000);
	assert_false(l.settings.metrics_enabled);
	assert_string_equal(l.settings.metrics_address, "127.0.0.1");
	assert_int_equal(l.settings.metrics_port, 9090);
	settings_fini(&l.settings);
	load(&l, text, NULL, 0);
	assert_true(l.is_ok);
	assert_int_equal(l.settings.idle_timeout_us, 90000000);
	assert_int_equal(l.settings.drain_timeout_us, 0);
	assert_true(l.settings.metrics_enabled);
	assert_string_equal(l.settings.metrics_address, "::");
	assert_int_equal(l.settings.metrics_port, 9);
	settings_fini(&l.settings);
	assert_refused("monitoring.metrics.address = \"here\"",
		"FILE:1:30: monitoring.metrics.address: expected an IP address\n");
	assert_refused("proxy.drain-timeout = 2h",
		"FILE:1:23: proxy.drain-timeout: \"2h\" is out of range: from 0s to 1h\n");
}

static void test_default_comparison(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "# nothing\n", NULL, 0);
	assert_true(l.is_ok);
	assert_int_equal(l.settings.on_mismatch, ON_MISMATCH_TERMINATE);
	assert_string_equal(l.settings.mismatch_sqlstate, "XX000");
	assert_false(l.settings.has_execution);
	assert_int_equal(l.settings.backend_timeout_us, 60000000);
	assert_false(l.settings.truth_is_postgresql);
	assert_string_equal(l.settings.postgresql_name, "PostgreSQL");
	assert_string_equal(l.settings.yugabytedb_name, "YugabyteDB");
	assert_int_equal(conf_count(l.settings.conf, "comparison.exclude-patterns"), 0);
	settings_fini(&l.settings);
}

static void test_default_backends(void **state)
{
	struct loaded l;
	const struct backend_target *b;

	(void)state;
	load(&l, NULL, NULL, 0);
	assert_true(l.is_ok);
	b = &l.settings.truth;
	assert_string_equal(b->name, "YugabyteDB");
	assert_string_equal(b->host, "localhost");
	assert_int_equal(b->port, 5433);
	assert_null(b->user);
	assert_null(b->password);
	assert_null(b->passfile);
	assert_null(b->database);
	assert_null(b->sslrootcert);
	assert_string_equal(b->sslmode, "prefer");
	assert_int_equal(b->connect_timeout_us, 10000000);
	assert_string_equal(l.settings.candidate.name, "PostgreSQL");
	assert_int_equal(l.settings.candidate.port, 5432);
	settings_fini(&l.settings);
}

static void test_default_clients(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, NULL, NULL, 0);
	assert_true(l.is_ok);
	assert_null(l.settings.unix_directory);
	assert_int_equal(l.settings.auth, AUTH_TRUST);
	assert_null(l.settings.auth_file);
	assert_int_equal(l.settings.login_timeout_us, 60000000);
	assert_int_equal(l.settings.tls.mode, TLS_MODE_DISABLE);
	assert_null(l.settings.tls.cert);
	assert_null(l.settings.tls.key);
	settings_fini(&l.settings);
}

static void test_every_key_about_clients(void **state)
{
	struct loaded l;
	const struct settings *s = &l.settings;

	(void)state;
	load(&l,
		"proxy { listen-address = \"\", unix-socket-directory = \"/run\"\n"
		"auth = scram-sha-256, auth-file = \"/users\", login-timeout = 1500ms\n"
		"tls { mode = require, cert = \"/c\", key = \"/k\" } }",
		NULL, 0);
	assert_string_equal(l.output, "");
	assert_true(l.is_ok);
	assert_string_equal(s->listen_address, "");
	assert_string_equal(s->unix_directory, "/run");
	assert_int_equal(s->auth, AUTH_SCRAM);
	assert_string_equal(s->auth_file, "/users");
	assert_int_equal(s->login_timeout_us, 1500000);
	assert_int_equal(s->tls.mode, TLS_MODE_REQUIRE);
	assert_string_equal(s->tls.cert, "/c");
	assert_string_equal(s->tls.key, "/k");
	settings_fini(&l.settings);
}

static void test_clients_of_other_machines_are_not_trusted(void **state)
{
	static const char *const open[] = {"0.0.0.0", "::", "192.0.2.1", "128.0.0.1"};
	static const char *const closed[] = {"127.0.0.1", "127.255.0.9", "::1"};
	struct loaded l;
	char text[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(open); i++) {
		snprintf(text, sizeof(text), "proxy.listen-address = \"%s\"", open[i]);
		load(&l, text, NULL, 0);
		assert_false(l.is_ok);
		assert_non_null(strstr(l.output, "is not a loopback address"));
		snprintf(text, sizeof(text), "proxy { listen-address = \"%s\", auth = password }",
			open[i]);
		load(&l, text, NULL, 0);
		assert_true(l.is_ok);
		settings_fini(&l.settings);
	}
	for (size_t i = 0; i < ARRAY_LEN(closed); i++) {
		snprintf(text, sizeof(text), "proxy.listen-address = \"%s\"", closed[i]);
		load(&l, text, NULL, 0);
		assert_true(l.is_ok);
		settings_fini(&l.settings);
	}
}

static void test_keys_that_need_each_other(void **state)
{
	(void)state;
	assert_refused("proxy.listen-address = \"localhost\"",
		"FILE:1:24: proxy.listen-address: \"localhost\" is not an IP address\n");
	assert_refused("proxy.listen-address = \"\"",
		"FILE:1:24: proxy.listen-address: without it proxy.unix-socket-directory must be "
		"set, or no client can connect\n");
	assert_refused("proxy.unix-socket-directory = run",
		"FILE:1:31: proxy.unix-socket-directory: expected a path that begins with \"/\"\n");
	assert_refused("proxy.auth = scram-sha-256",
		"FILE:1:14: proxy.auth: scram-sha-256 needs proxy.auth-file\n");
	assert_refused("proxy.tls { mode = allow, cert = \"/c\" }",
		"FILE:1:20: proxy.tls.mode: TLS needs proxy.tls.cert and proxy.tls.key\n");
	assert_refused("proxy.tls { mode = require, key = \"/k\" }",
		"FILE:1:20: proxy.tls.mode: TLS needs proxy.tls.cert and proxy.tls.key\n");
}

static const char everything[] =
	"proxy {\n"
	"  listen-address = \"::1\"\n"
	"  listen-port = 6000\n"
	"  max-connections = 7\n"
	"  max-message = 1MB\n"
	"  window = 32KiB\n"
	"  postgresql {\n"
	"    name = \"PG 16\", host = \"/run\", port = 1, user = u, password = \"p\"\n"
	"    passfile = \"/pass\", database = d, connection-timeout = 1500ms\n"
	"    sslmode = verify-full, sslrootcert = \"/ca\"\n"
	"  }\n"
	"  yugabytedb.name = YB\n"
	"}\n"
	"comparison {\n"
	"  fail-on-differences = no\n"
	"  mismatch-sqlstate = \"TW001\"\n"
	"  execution = serial\n"
	"  exclude-patterns = [ \"SHOW.*\", \"pg_\" ]\n"
	"  backend-timeout = 2m\n"
	"  source-of-truth = postgresql\n"
	"}\n"
	"trace { file = \"a.trace\", on-failure = continue, max-response = 0B, queue = 1MB }\n"
	"log.level = debug\n";

static void test_every_key(void **state)
{
	struct loaded l;
	const struct settings *s = &l.settings;

	(void)state;
	load(&l, everything, NULL, 0);
	assert_string_equal(l.output, "");
	assert_true(l.is_ok);
	assert_string_equal(s->listen_address, "::1");
	assert_int_equal(s->listen_port, 6000);
	assert_int_equal(s->max_connections, 7);
	assert_int_equal(s->max_message, 1 << 20);
	assert_int_equal(s->window, 32 << 10);
	assert_int_equal(s->on_mismatch, ON_MISMATCH_LOG);
	assert_string_equal(s->mismatch_sqlstate, "TW001");
	assert_true(s->has_execution);
	assert_int_equal(s->execution, EXECUTION_SERIAL);
	assert_int_equal(s->backend_timeout_us, 120000000);
	assert_int_equal(conf_count(s->conf, "comparison.exclude-patterns"), 2);
	assert_string_equal(conf_item(s->conf, "comparison.exclude-patterns", 1), "pg_");
	assert_string_equal(s->trace_file, "a.trace");
	assert_true(s->trace_continues);
	assert_int_equal(s->max_response, 0);
	assert_int_equal(s->trace_queue, 1 << 20);
	assert_string_equal(s->log_level, "debug");
	settings_fini(&l.settings);
}

static void test_every_key_of_a_backend(void **state)
{
	struct loaded l;
	const struct backend_target *b = &l.settings.truth;

	(void)state;
	load(&l, everything, NULL, 0);
	assert_true(l.is_ok);
	assert_string_equal(b->name, "PG 16");
	assert_string_equal(b->host, "/run");
	assert_int_equal(b->port, 1);
	assert_string_equal(b->user, "u");
	assert_string_equal(b->password, "p");
	assert_string_equal(b->passfile, "/pass");
	assert_string_equal(b->database, "d");
	assert_string_equal(b->sslmode, "verify-full");
	assert_string_equal(b->sslrootcert, "/ca");
	assert_int_equal(b->connect_timeout_us, 1500000);
	settings_fini(&l.settings);
}

static void test_roles(void **state)
{
	static const char *const truths[] = {"yugabytedb", "postgresql"};
	struct loaded l;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(truths); i++) {
		const char *const overrides[] = {"proxy.postgresql.name=P",
			"proxy.yugabytedb.name=Y",
			i ? "comparison.source-of-truth=postgresql"
			  : "comparison.source-of-truth=yugabytedb"};

		load(&l, NULL, overrides, ARRAY_LEN(overrides));
		assert_true(l.is_ok);
		assert_int_equal(l.settings.truth_is_postgresql, i == 1);
		assert_string_equal(l.settings.truth.name, i ? "P" : "Y");
		assert_string_equal(l.settings.candidate.name, i ? "Y" : "P");
		assert_string_equal(l.settings.postgresql_name, "P");
		assert_string_equal(l.settings.yugabytedb_name, "Y");
		settings_fini(&l.settings);
	}
}

static void test_executions(void **state)
{
	static const char *const words[] = {"comparison.execution=ordered",
		"comparison.execution=parallel", "comparison.execution=serial"};
	static const enum settings_execution values[] = {
		EXECUTION_ORDERED, EXECUTION_PARALLEL, EXECUTION_SERIAL};
	struct loaded l;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		load(&l, NULL, &words[i], 1);
		assert_true(l.is_ok);
		assert_true(l.settings.has_execution);
		assert_int_equal(l.settings.execution, values[i]);
		settings_fini(&l.settings);
	}
}

static void test_overrides(void **state)
{
	static const char *const overrides[] = {
		"proxy.listen-port=7000", "log.level=error", "proxy.listen-port=7001"};
	static const char *const bad[] = {"no assignment"};
	static const char *const unknown[] = {"proxy.listen-prot=1"};
	struct loaded l;

	(void)state;
	load(&l, "proxy.listen-port = 6000\nproxy.max-connections = 3\n", overrides, 3);
	assert_true(l.is_ok);
	assert_int_equal(l.settings.listen_port, 7001);
	assert_int_equal(l.settings.max_connections, 3);
	assert_string_equal(l.settings.log_level, "error");
	settings_fini(&l.settings);
	load(&l, NULL, bad, 1);
	assert_false(l.is_ok);
	assert_non_null(strstr(l.output, "no assignment"));
	load(&l, NULL, unknown, 1);
	assert_false(l.is_ok);
	assert_non_null(strstr(l.output, "proxy.listen-port\"?"));
}

static void test_errors_have_their_place(void **state)
{
	(void)state;
	assert_refused("proxy {\n  listen-port = 99999\n}\n",
		"FILE:2:17: proxy.listen-port: \"99999\" is out of range: from 1 to 65535\n");
	assert_refused("proxy { listen-prot = 1 }",
		"FILE:1:9: unknown key \"proxy.listen-prot\"; did you mean "
		"\"proxy.listen-port\"?\n");
	assert_refused("comparison.execution = quick",
		"FILE:1:24: comparison.execution: \"quick\" is not one of ordered, parallel, "
		"serial\n");
	assert_refused("proxy {\n", "FILE:1:7: the section that begins here has no \"}\"\n");
	assert_refused("proxy.window = 5\nlog.level = loud\n",
		"FILE:1:16: proxy.window: \"5\" is out of range: from 16KB to 64MB\n"
		"FILE:2:13: log.level: \"loud\" is not one of error, warning, info, debug\n");
	assert_refused("comparison.backend-timeout = 5\n",
		"FILE:1:30: comparison.backend-timeout: \"5\" needs a unit, like 5ms or 5s\n");
}

static void assert_no_sqlstate(const char *value)
{
	char text[128], expected[256];

	snprintf(text, sizeof(text), "\n comparison { mismatch-sqlstate = \"%s\" }", value);
	snprintf(expected, sizeof(expected),
		"FILE:2:35: comparison.mismatch-sqlstate: \"%s\" is not a SQLSTATE (five digits or "
		"capital letters)\n",
		value);
	assert_refused(text, expected);
}

static void test_mismatch_sqlstate(void **state)
{
	static const char *const good[] = {"comparison.mismatch-sqlstate=XX000",
		"comparison.mismatch-sqlstate=\"00000\"", "comparison.mismatch-sqlstate=ZZZZZ"};
	struct loaded l;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		load(&l, NULL, &good[i], 1);
		assert_string_equal(l.output, "");
		assert_true(l.is_ok);
		settings_fini(&l.settings);
	}
	assert_no_sqlstate("XX00");
	assert_no_sqlstate("xx000");
	assert_no_sqlstate("XX0000");
	assert_no_sqlstate("");
	assert_no_sqlstate("XX 00");
}

static void test_missing_file(void **state)
{
	struct loaded l = {0};

	(void)state;
	load_path(&l, "/nonexistent/twinkly.conf", NULL, 0);
	assert_false(l.is_ok);
	assert_non_null(strstr(l.output, "/nonexistent/twinkly.conf"));
	assert_null(l.settings.conf);
	settings_fini(&l.settings);
}

static void test_table(void **state)
{
	size_t count;
	const struct conf_key *keys = settings_keys(&count);

	(void)state;
	assert_true(count > 30);
	for (size_t i = 0; i < count; i++) {
		assert_true(strlen(keys[i].help) > 3);
		assert_int_equal(keys[i].type == CONF_ENUM, keys[i].choices != NULL);
		assert_true(keys[i].min <= keys[i].max);
		assert_int_equal(
			keys[i].is_secret, strstr(keys[i].name, ".password") != NULL ||
						   strstr(keys[i].name, ".redact.key") != NULL);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(keys[i].name, keys[j].name);
	}
}

static void test_rules(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, NULL, NULL, 0);
	assert_true(l.is_ok);
	assert_int_equal(conf_count(l.settings.conf, "comparison.rules"), 1);
	assert_string_equal(conf_item(l.settings.conf, "comparison.rules", 0), "default");
	settings_fini(&l.settings);
	load(&l,
		"comparison.rules = [ yugabytedb ]\ncomparison.rules += { name = a, reason = r\n"
		"  action = ignore, column = c }\n",
		NULL, 0);
	assert_true(l.is_ok);
	settings_fini(&l.settings);
	assert_refused("comparison.rules = [ yugabytedb, nothing\n"
		       "  { name = a, reason = r, action = ignore, kind = value } ]\n"
		       "comparison.mismatch-sqlstate = x\n",
		"FILE:3:32: comparison.mismatch-sqlstate: \"x\" is not a SQLSTATE (five digits or "
		"capital letters)\n"
		"FILE:1:34: \"nothing\" is not a pack of rules: expected \"yugabytedb\", "
		"\"postgresql-major\", \"default\", or a rule in braces\n"
		"FILE:2:44: unknown key \"kind\"; did you mean \"kinds\"?\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default_proxy),
		cmocka_unit_test(test_operation),
		cmocka_unit_test(test_default_comparison),
		cmocka_unit_test(test_default_clients),
		cmocka_unit_test(test_every_key_about_clients),
		cmocka_unit_test(test_clients_of_other_machines_are_not_trusted),
		cmocka_unit_test(test_keys_that_need_each_other),
		cmocka_unit_test(test_default_backends),
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_every_key_of_a_backend),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_executions),
		cmocka_unit_test(test_overrides),
		cmocka_unit_test(test_errors_have_their_place),
		cmocka_unit_test(test_mismatch_sqlstate),
		cmocka_unit_test(test_missing_file),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
