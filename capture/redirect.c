/*
 * URLs are cut at the bounds of their authority (RFC 3986): scheme://user:password@HOST:PORT/...
 * Conninfo text is read word by word as libpq does; what names a server is left out and ours
 * goes behind the rest.
 */
#include "capture/redirect.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define OUT_OF_ROOM "it is longer than 16 KiB, or there is no memory for it"

/* Words for PostgreSQL in the schemes of libpq, JDBC, R2DBC, Django, SQLAlchemy, Ecto, PDO. */
static const char *const products[] = {"postgres", "postgis", "pgsql", "psql", "yugabyte", "ecto"};
/* Parameters that name a server, in a URL's query or in conninfo text. */
static const char *const servers[] = {"host", "hostaddr", "port", "service", "servicefile"};

bool redirect_append_host(struct buf *out, const char *host, int port)
{
	bool is_directory = host[0] == '/', is_v6 = !is_directory && strchr(host, ':');
	bool ok = buf_append_str(out, is_v6 ? "[" : "");

	for (const char *c = host; ok && *c; c++)
		ok = is_directory && !isalnum((unsigned char)*c)
			     ? buf_printf(out, "%%%02X", (unsigned char)*c)
			     : buf_append_byte(out, (unsigned char)*c);
	return ok && buf_printf(out, "%s:%d", is_v6 ? "]" : "", port);
}

static bool is_server_word(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(servers); i++)
		if (strlen(servers[i]) == len && strncasecmp(word, servers[i], len) == 0)
			return true;
	return false;
}

/* Where the authority begins, behind "://"; NULL: the value is no URL. */
static const char *find_authority(const char *value)
{
	size_t len = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789+.-:");

	return len > 0 && strncmp(value + len - 1, "://", 3) == 0 ? value + len + 2 : NULL;
}

static bool check_scheme(const char *value, const char *authority, struct err *err)
{
	char scheme[64] = "";
	size_t len = (size_t)(authority - value);

	if (len < sizeof(scheme))
		memcpy(scheme, value, len);
	for (size_t i = 0; i < ARRAY_LEN(products); i++)
		if (strcasestr(scheme, products[i]))
			return true;
	return err_set(err, "the scheme of its URL is none of PostgreSQL's");
}

static bool check_query(const char *rest, struct err *err)
{
	const char *at = strchr(rest, '?');

	while (at && *at && *at != '#') {
		size_t len = strcspn(++at, "=&#");

		if (is_server_word(at, len))
			return err_set(err,
				"its URL has the parameter \"%.*s\", which some clients "
				"take for the server: write host and port before the "
				"path, as in postgresql://HOST:PORT/DATABASE",
				(int)len, at);
		if (memchr(at, '%', len))
			return err_set(err, "its URL has a parameter with %%XX in its name");
		at += strcspn(at, "&#");
	}
	return true;
}

/* [address]:port, name:port, with %XX or without a port: one server, or an error. */
static bool check_host(const char *host, size_t len, struct err *err)
{
	const char *end = host + len, *at = host;

	if (memchr(host, ',', len))
		return err_set(err, "it names several servers; the proxy is one");
	if (len && *host == '[') {
		at = memchr(host, ']', len);
		if (!at)
			return err_set(err, "its URL has a \"[\" without a \"]\"");
		at++;
	} else {
		while (at < end && *at != ':')
			at++;
	}
	if (at < end && *at != ':')
		return err_set(err, "its URL has something else than a port behind \"]\"");
	for (at++; at < end; at++)
		if (!isdigit((unsigned char)*at))
			return err_set(err, "what its URL has for a port is no number; a "
					    "password's / ? # @ and : are written %%2F %%3F %%23 "
					    "%%40 %%3A");
	return true;
}

static bool redirect_url(
	struct buf *out, const char *value, const char *host, int port, struct err *err)
{
	const char *authority = find_authority(value);
	const char *end = authority + strcspn(authority, "/?#");
	const char *start = memchr(authority, '@', (size_t)(end - authority));

	start = start ? start + 1 : authority;
	if (memchr(start, '@', (size_t)(end - start)))
		return err_set(err, "its URL has two \"@\" before the path: the one of a user or "
				    "password is written %%40");
	if (!check_scheme(value, authority, err) ||
		!check_host(start, (size_t)(end - start), err) || !check_query(end, err))
		return false;
	return (buf_append(out, value, (size_t)(start - value)) &&
		       redirect_append_host(out, host, port) && buf_append_str(out, end)) ||
	       err_set(err, OUT_OF_ROOM);
}

/* The end of a conninfo value: a word, or quoted; a backslash takes the next byte. */
static const char *value_end(const char *at, struct err *err)
{
	bool is_quoted = *at == '\'';

	for (at += is_quoted; *at; at++) {
		if (is_quoted ? *at == '\'' : isspace((unsigned char)*at) != 0)
			return at + is_quoted;
		if (*at == '\\' && at[1])
			at++;
	}
	if (!is_quoted)
		return at;
	(void)err_set(err, "a quoted value in it does not end");
	return NULL;
}

static const char *skip_space(const char *at)
{
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

static bool check_server_value(const char *name, const char *text, size_t len, struct err *err)
{
	if (strncmp(name, "service", 7) == 0)
		return err_set(err, "it names a service, whose file may name another server");
	if (memchr(text, ',', len))
		return err_set(err, "it names several servers; the proxy is one");
	return true;
}

/* One "name = value"; `*at` goes behind it. */
static bool redirect_word(struct buf *out, const char **at, struct err *err)
{
	const char *name = *at, *text, *end;
	size_t name_len = strspn(name, "abcdefghijklmnopqrstuvwxyz_");

	text = skip_space(name + name_len);
	if (name_len == 0 || *text != '=')
		return err_set(err, "it is neither a URL (postgresql://...) nor libpq's form "
				    "(host=... port=... dbname=...)");
	text = skip_space(text + 1);
	end = value_end(text, err);
	if (!end)
		return false;
	*at = skip_space(end);
	if (*text != '\'' && memchr(text, ';', (size_t)(end - text)))
		return err_set(err, "it has a semicolon outside of quotes; it must be a URL "
				    "(postgresql://...) or libpq's form, in which blanks separate");
	if (is_server_word(name, name_len))
		return check_server_value(name, text, (size_t)(end - text), err);
	return (buf_append(out, name, (size_t)(end - name)) && buf_append_byte(out, ' ')) ||
	       err_set(err, OUT_OF_ROOM);
}

static bool append_quoted(struct buf *out, const char *text)
{
	bool ok = buf_append_byte(out, '\'');

	for (; ok && *text; text++) {
		if (*text == '\'' || *text == '\\')
			ok = buf_append_byte(out, '\\');
		ok = ok && buf_append_byte(out, (unsigned char)*text);
	}
	return ok && buf_append_byte(out, '\'');
}

static bool redirect_conninfo(
	struct buf *out, const char *value, const char *host, int port, struct err *err)
{
	const char *at = skip_space(value);

	do {
		if (!redirect_word(out, &at, err))
			return false;
	} while (*at);
	return (buf_append_str(out, "host=") && append_quoted(out, host) &&
		       buf_printf(out, " port=%d", port)) ||
	       err_set(err, OUT_OF_ROOM);
}

bool redirect_address(
	struct buf *out, const char *value, const char *host, int port, struct err *err)
{
	if (strlen(value) >= REDIRECT_MAX)
		return err_set(err, OUT_OF_ROOM);
	if (find_authority(value))
		return redirect_url(out, value, host, port, err);
	return redirect_conninfo(out, value, host, port, err);
}
