/*
 * Two tables: wordings with the codes that they count for, then codes. The first row that fits
 * decides, so the order of the rows is the order of the classes. Wordings come from the
 * releases of YugabyteDB up to 2026.1, older ones included; PostgreSQL's own are marked.
 */
#include "diffengine/error_class.h"

#include <strings.h>

#include "base/attr.h"
#include "wire/decode.h"

/* Codes, as beginnings, that a wording counts for. What an application raises itself (P0...)
 * and what a constraint or a value raises (22..., 23...) is in none of them. */
#define FEATURE   "XX000 0A000"
#define STORAGE   "22023 XX000 0A000"
#define CONFLICT  "XX000 40 YB0 25P02"
#define TRANSPORT "XX000 57014 08 40001 YB0 25P02"
#define LIMIT     "XX000 54 53 57014"

enum where { AT_START, ANYWHERE, IN_DETAIL_TOO };

struct wording {
	enum error_class class;
	enum where where;
	const char *text;
	const char *codes;
};

/* D: the row of the catalogue of differences that the wordings below it were found in. */
static const struct wording wordings[] = {
	/* PostgreSQL's own: what a DDL does to a prepared statement, no missing feature. */
	{ERROR_ORDINARY, AT_START, "cached plan must not change result type", "0A000"},

	/* D21, D22, D25 */
	{ERROR_UNSUPPORTED, ANYWHERE, "not supported yet", FEATURE},
	/* D22 */
	{ERROR_UNSUPPORTED, ANYWHERE, "is not supported", FEATURE},
	/* D21 */
	{ERROR_UNSUPPORTED, ANYWHERE, "statement not supported", FEATURE},
	/* D22, D40, D48 */
	{ERROR_UNSUPPORTED, ANYWHERE, "not yet supported", FEATURE},
	/* D21 */
	{ERROR_UNSUPPORTED, ANYWHERE, "not yet implemented", FEATURE},
	{ERROR_UNSUPPORTED, ANYWHERE, "currently in preview", FEATURE},
	/* D22 */
	{ERROR_UNSUPPORTED, ANYWHERE, "yugabyte does not support", FEATURE},
	{ERROR_UNSUPPORTED, AT_START, "unsupported ", FEATURE},
	/* D23 */
	{ERROR_UNSUPPORTED, ANYWHERE, "is a no-op", FEATURE},
	/* D22 */
	{ERROR_UNSUPPORTED, AT_START, "transaction for catalog table write operation", FEATURE},
	{ERROR_UNSUPPORTED, ANYWHERE, "storage parameter fillfactor", STORAGE},
	{ERROR_UNSUPPORTED, ANYWHERE, "unrecognized parameter \"fillfactor\"", STORAGE},
	{ERROR_UNSUPPORTED, AT_START, "storage parameters are", STORAGE},
	/* PostgreSQL's own, before 15: an extension that the server does not have. */
	{ERROR_UNSUPPORTED, AT_START, "could not open extension control file", "58P01"},

	/* D12 */
	{ERROR_RETRY, AT_START, "could not serialize access", CONFLICT},
	{ERROR_RETRY, ANYWHERE, "operation failed. try again", CONFLICT},
	{ERROR_RETRY, ANYWHERE, "conflicts with higher priority", CONFLICT},
	{ERROR_RETRY, AT_START, "all transparent retries exhausted", CONFLICT},
	{ERROR_RETRY, IN_DETAIL_TOO, "kconflict", CONFLICT},
	/* D11, D12 */
	{ERROR_RETRY, ANYWHERE, "restart read required", CONFLICT},
	/* D12, D45 */
	{ERROR_RETRY, ANYWHERE, "expired or aborted", CONFLICT},
	/* D12 */
	{ERROR_RETRY, AT_START, "operation expired", CONFLICT},
	{ERROR_RETRY, ANYWHERE, "unknown transaction, could be recently", CONFLICT},
	{ERROR_RETRY, ANYWHERE, "transaction expired", CONFLICT},
	{ERROR_RETRY, ANYWHERE, "transaction metadata missing", CONFLICT},
	/* D11 */
	{ERROR_RETRY, ANYWHERE, "deadlock detected", CONFLICT},
	/* D12 */
	{ERROR_RETRY, ANYWHERE, "aborted while waiting for locks", CONFLICT},
	/* D46 */
	{ERROR_RETRY, ANYWHERE, "catalog snapshot used for this transaction", CONFLICT},
	{ERROR_RETRY, IN_DETAIL_TOO, "catalog version mismatch", CONFLICT},
	{ERROR_RETRY, IN_DETAIL_TOO, "schema version mismatch", CONFLICT},
	{ERROR_RETRY, IN_DETAIL_TOO, "mismatched_schema", CONFLICT},

	/* D36 */
	{ERROR_INFRASTRUCTURE, AT_START, "timed out", TRANSPORT},
	{ERROR_INFRASTRUCTURE, ANYWHERE, "perform rpc", TRANSPORT},
	/* D12 */
	{ERROR_INFRASTRUCTURE, ANYWHERE, "remote error", TRANSPORT},
	{ERROR_INFRASTRUCTURE, ANYWHERE, "network error", TRANSPORT},
	{ERROR_INFRASTRUCTURE, ANYWHERE, "service unavailable", TRANSPORT},
	{ERROR_INFRASTRUCTURE, AT_START, "errors occurred while reaching out to the tablet",
		TRANSPORT},
	{ERROR_INFRASTRUCTURE, ANYWHERE, "not leader", TRANSPORT},
	{ERROR_INFRASTRUCTURE, ANYWHERE, "not the leader", TRANSPORT},
	{ERROR_INFRASTRUCTURE, ANYWHERE, "tablet has been split", TRANSPORT},
	/* D47 */
	{ERROR_INFRASTRUCTURE, ANYWHERE, "snapshot too old", LIMIT},
	{ERROR_INFRASTRUCTURE, ANYWHERE, "rpc ", LIMIT},
	{ERROR_INFRASTRUCTURE, ANYWHERE, "row too large", LIMIT},
	{ERROR_INFRASTRUCTURE, ANYWHERE, "row is too large", LIMIT},
	{ERROR_INFRASTRUCTURE, ANYWHERE, "rows are too large", LIMIT},
};

struct code {
	const char *start;
	enum error_class class;
};

/* What a code says by itself; any other is ordinary. 08P01 is a mistake in the client's
 * messages, for which every server gives the same answer. */
static const struct code codes[] = {
	{"0A000", ERROR_UNSUPPORTED}, /* D21 */
	{"40001", ERROR_RETRY},       /* D12 */
	{"40P01", ERROR_RETRY},
	{"YB0", ERROR_RETRY}, /* internal codes that leaked */
	{"25P02", ERROR_ABORTED},
	{"57014", ERROR_CANCELLED}, /* D36 */
	{"57P0", ERROR_INFRASTRUCTURE},
	{"08P01", ERROR_ORDINARY},
	{"08", ERROR_INFRASTRUCTURE},
	{"53", ERROR_INFRASTRUCTURE}, /* D47 */
	{"58", ERROR_INFRASTRUCTURE},
	{"72000", ERROR_INFRASTRUCTURE},
};

static bool starts(struct bytes text, const char *with)
{
	size_t len = strlen(with);

	return text.len >= len && strncasecmp((const char *)text.ptr, with, len) == 0;
}

static bool contains(struct bytes text, const char *part)
{
	for (; text.len > 0; text = bytes_skip(text, 1))
		if (starts(text, part))
			return true;
	return false;
}

/* Whether one of the space-separated beginnings is that of the code. */
static bool is_code_of(struct bytes code, const char *list)
{
	while (*list) {
		size_t len = strcspn(list, " ");

		if (code.len >= len && memcmp(code.ptr, list, len) == 0)
			return true;
		list += len + (list[len] == ' ');
	}
	return false;
}

static struct bytes shortened(struct bytes text)
{
	return bytes_of(text.ptr, text.len < ERROR_TEXT_MAX ? text.len : ERROR_TEXT_MAX);
}

/* The message without the "ERROR:  " that some releases repeat in it (D10). */
static struct bytes message_of(struct bytes error)
{
	struct bytes text = shortened(error_field(error, 'M'));

	while (starts(text, "ERROR:")) {
		text = bytes_skip(text, strlen("ERROR:"));
		while (text.len > 0 && text.ptr[0] == ' ')
			text = bytes_skip(text, 1);
	}
	return text;
}

static bool is_worded(struct bytes error, struct bytes message, const struct wording *wording)
{
	if (wording->where == AT_START)
		return starts(message, wording->text);
	if (contains(message, wording->text))
		return true;
	return wording->where == IN_DETAIL_TOO &&
	       (contains(shortened(error_field(error, 'D')), wording->text) ||
		       contains(shortened(error_field(error, 'W')), wording->text));
}

enum error_class error_classify(struct bytes error)
{
	if (!decode_error(error))
		return ERROR_ORDINARY;
	struct bytes code = error_field(error, 'C'), message = message_of(error);

	for (size_t i = 0; i < ARRAY_LEN(wordings); i++)
		if (is_code_of(code, wordings[i].codes) && is_worded(error, message, &wordings[i]))
			return wordings[i].class;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (is_code_of(code, codes[i].start))
			return codes[i].class;
	return ERROR_ORDINARY;
}

static const struct {
	const char *name, *meaning;
} classes[] = {
#define ERROR_X_ROW(NAME, name, meaning) {name, meaning},
	ERROR_CLASSES(ERROR_X_ROW)
#undef ERROR_X_ROW
};

const char *error_class_name(enum error_class class)
{
	return class < ERROR_CLASS_COUNT ? classes[class].name : "?";
}

const char *error_class_meaning(enum error_class class)
{
	return class < ERROR_CLASS_COUNT ? classes[class].meaning : "?";
}
