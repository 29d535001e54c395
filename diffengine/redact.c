/*
 * The configuration of redaction, texts, and the keyed hash.
 */
#include "diffengine/redact.h"

#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/random.h>

#include "diffengine/redact_impl.h"
#include "diffengine/verdict.h"

#define TEXT_MAX ((size_t)1 << 30)

/* --- made and freed --- */

static bool compile(struct redact_patterns *to, const struct redact_names *from, struct err *err)
{
	to->items = calloc(from->count + 1, sizeof(struct pattern *));
	if (!to->items)
		return err_set(err, "out of memory");
	for (size_t i = 0; i < from->count; i++) {
		to->items[to->count] = pattern_new(from->items[i], err);
		if (!to->items[to->count])
			return false;
		to->count++;
	}
	return true;
}

static void forget(struct redact_patterns *patterns)
{
	for (size_t i = 0; i < patterns->count; i++)
		pattern_free(patterns->items[i]);
	free(patterns->items);
}

static bool copy_columns(struct redact *r, const struct redact_names *columns, struct err *err)
{
	const char **copies = arena_alloc(&r->names, (columns->count + 1) * sizeof(*copies));

	r->columns = (struct redact_names){.items = copies, .count = columns->count};
	for (size_t i = 0; copies && i < columns->count; i++) {
		copies[i] = arena_copy_str(&r->names, bytes_str(columns->items[i]));
		if (!copies[i])
			copies = NULL;
	}
	return copies || err_set(err, "out of memory");
}

static bool set_key(struct redact *r, const char *key, struct err *err)
{
	r->key = key ? arena_copy(&r->names, bytes_str(key))
		     : bytes_of(r->random_key, sizeof(r->random_key));
	if (!r->key.ptr)
		return err_set(err, "out of memory");
	if (key || getrandom(r->random_key, sizeof(r->random_key), 0) ==
			   (ssize_t)sizeof(r->random_key))
		return true;
	return err_set(err, "the system gives no random key");
}

struct redact *redact_new(const struct redact_options *options, struct err *err)
{
	struct redact *r = calloc(1, sizeof(*r));

	if (!r) {
		err_set(err, "out of memory");
		return NULL;
	}
	arena_init(&r->arena, REDACT_MEMORY_MAX);
	arena_init(&r->names, REDACT_MEMORY_MAX);
	r->is_configured =
		options->statements.count + options->parameters.count + options->columns.count > 0;
	r->work = pattern_work_new();
	if (r->work && compile(&r->statements, &options->statements, err) &&
		compile(&r->parameters, &options->parameters, err) &&
		copy_columns(r, &options->columns, err) && set_key(r, options->key, err))
		return r;
	if (!r->work)
		err_set(err, "out of memory");
	redact_free(r);
	return NULL;
}

static bool read_names(const struct conf *conf, const char *key, struct redact_names *names)
{
	const char **items = calloc(conf_count(conf, key) + 1, sizeof(*items));

	names->items = items;
	names->count = items ? conf_count(conf, key) : 0;
	for (size_t i = 0; i < names->count; i++)
		items[i] = conf_item(conf, key, i);
	return items != NULL;
}

static void free_names(struct redact_names *names)
{
	free((void *)(uintptr_t)names->items);
}

struct redact *redact_new_configured(const struct conf *conf, struct err *err)
{
	struct redact_options options = {.key = conf_string(conf, "trace.redact.key")};
	struct redact *r = NULL;

	if (read_names(conf, "trace.redact.statements", &options.statements) &&
		read_names(conf, "trace.redact.parameters", &options.parameters) &&
		read_names(conf, "trace.redact.columns", &options.columns))
		r = redact_new(&options, err);
	else
		err_set(err, "out of memory");
	free_names(&options.statements);
	free_names(&options.parameters);
	free_names(&options.columns);
	return r;
}

void redact_free(struct redact *r)
{
	if (!r)
		return;
	forget(&r->statements);
	forget(&r->parameters);
	pattern_work_free(r->work);
	arena_fini(&r->arena);
	arena_fini(&r->names);
	explicit_bzero(r->random_key, sizeof(r->random_key));
	free(r);
}

void redact_reset(struct redact *r)
{
	arena_reset(&r->arena);
}

/* --- values --- */

bool redact_matches(struct redact *r, const struct redact_patterns *patterns, struct bytes text)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (pattern_search(patterns->items[i], r->work, text) != PATTERN_ABSENT)
			return true;
	return false;
}

bool redact_is_column(const struct redact *r, struct bytes name)
{
	for (size_t i = 0; i < r->columns.count; i++)
		if (strlen(r->columns.items[i]) == name.len &&
			strncasecmp(r->columns.items[i], (const char *)name.ptr, name.len) == 0)
			return true;
	return false;
}

void redact_hash(const struct redact *r, struct bytes value, char out[REDACT_HASH_LEN + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE] = {0};
	unsigned len = 0;

	/* Without memory all values get the same mark. */
	(void)HMAC(EVP_sha256(), r->key.ptr, (int)r->key.len,
		value.ptr ? value.ptr : (const unsigned char *)"", value.len, digest, &len);
	snprintf(out, REDACT_HASH_LEN + 1, "redacted:%02x%02x%02x%02x%02x%02x%02x%02x", digest[0],
		digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]);
}

struct bytes redact_hashed(struct redact *r, struct bytes value)
{
	char hash[REDACT_HASH_LEN + 1];

	redact_hash(r, value, hash);
	return arena_copy(&r->arena, bytes_of(hash, REDACT_HASH_LEN));
}

/* --- texts --- */

static struct bytes without_passwords(struct redact *r, struct bytes text)
{
	struct bytes result = bytes_str(REDACT_WORD);
	struct buf out;
	bool ok;

	buf_init(&out, TEXT_MAX);
	if (redact_passwords(text, &out, &ok) == 0 && ok)
		result = text;
	else if (ok)
		result = arena_copy(&r->arena, buf_bytes(&out));
	buf_fini(&out);
	return result.ptr ? result : bytes_str(REDACT_WORD);
}

static bool replace_all(
	struct redact *r, const struct redact_patterns *patterns, struct bytes *text)
{
	for (size_t i = 0; i < patterns->count; i++) {
		if (text->len > PATTERN_REPLACE_MAX ||
			pattern_replace(patterns->items[i], r->work, REDACT_WORD, &r->arena,
				text) == PATTERN_TIMEOUT)
			return false;
	}
	return true;
}

struct bytes redact_text(struct redact *r, struct bytes text)
{
	if (redact_may_hold_password(text))
		text = without_passwords(r, text);
	if (!r->is_configured || text.len == 0)
		return text;
	if (replace_all(r, &r->statements, &text) && replace_all(r, &r->parameters, &text))
		return text;
	return bytes_str(REDACT_WORD);
}

const char *redact_str(struct redact *r, const char *text)
{
	struct bytes from = bytes_str(text), to = redact_text(r, from);

	if (!text || to.ptr == from.ptr)
		return text;
	const char *copy = arena_copy_str(&r->arena, to);

	return copy ? copy : REDACT_WORD;
}

/* --- differences --- */

static const char *hash_str(struct redact *r, const char *value)
{
	char hash[REDACT_HASH_LEN + 1];

	if (!value)
		return NULL;
	redact_hash(r, bytes_str(value), hash);
	const char *copy = arena_copy_str(&r->arena, bytes_str(hash));

	return copy ? copy : REDACT_WORD;
}

struct difference redact_difference(struct redact *r, const struct difference *d, bool is_redacted)
{
	struct difference result = *d;
	bool is_named = d->column_name && redact_is_column(r, bytes_str(d->column_name));
	bool is_of_rows = r->columns.count > 0 && !d->column_name;
	const char *text = REDACT_WORD;

	if (!is_named && !is_of_rows && !is_redacted) {
		result.truth = redact_str(r, d->truth);
		result.candidate = redact_str(r, d->candidate);
		result.text = redact_str(r, d->text);
		return result;
	}
	result.truth = hash_str(r, d->truth);
	result.candidate = hash_str(r, d->candidate);
	if (d->row > 0 && d->column_name)
		text = arena_printf(&r->arena, "%s: row %lld, column %s: the values are redacted",
			diff_kind_info(d->kind)->name, (long long)d->row, d->column_name);
	else
		text = arena_printf(
			&r->arena, "%s: what differs is redacted", diff_kind_info(d->kind)->name);
	result.text = text ? text : REDACT_WORD;
	return result;
}
