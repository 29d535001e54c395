/*
 * One function per kind of item; each appends whole messages to the script's bytes, or a step
 * that is not bytes.
 */
#include "tests/peer/item.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/peer/types.h"
#include "tests/peer/value.h"
#include "wire/message.h"

#define COLUMNS_MAX 1600

struct item_job {
	struct script *script;
	struct answer *answer;
	const struct word *words; /* behind the item's name */
	size_t count;
	struct err *err;
};

static bool too_big(struct item_job *job)
{
	return err_set(job->err, "the answers are longer than %d bytes", SCRIPT_BYTES_MAX);
}

static struct step *add_step(struct item_job *job, enum step_kind kind)
{
	struct answer *a = job->answer;
	struct step *steps =
		script_grow(&job->script->arena, a->steps, a->count, &a->room, sizeof(*steps));

	if (!steps) {
		err_set(job->err, "out of memory");
		return NULL;
	}
	a->steps = steps;
	steps[a->count] = (struct step){.kind = kind};
	return &steps[a->count++];
}

/* All bytes from `from` on are a step; those of the step before it, if they border on it. */
static bool add_bytes(struct item_job *job, size_t from, char status)
{
	struct answer *a = job->answer;
	size_t len = buf_len(&job->script->bytes) - from;
	struct step *last = a->count ? &a->steps[a->count - 1] : NULL;

	if (last && last->kind == STEP_BYTES && !status && !last->status &&
		last->at + last->len == from) {
		last->len += len;
		return true;
	}
	last = add_step(job, STEP_BYTES);
	if (!last)
		return false;
	last->at = from;
	last->len = len;
	last->status = status;
	return true;
}

/* name:type[:b][:mod=N][:table=OID][:attribute=N] */
static bool read_column(struct item_job *job, const struct word *word, struct wire_column *column)
{
	struct type_info scratch;
	const struct type_info *type;
	char text[256], *rest = text, *name, *part;
	long n;

	if (snprintf(text, sizeof(text), "%s", word->text) >= (int)sizeof(text))
		return err_set(job->err, "a column's description is too long");
	name = strsep(&rest, ":");
	part = strsep(&rest, ":");
	type = part ? type_find(part, &scratch) : NULL;
	if (!type)
		return err_set(job->err, "column \"%s\": expected name:type", word->text);
	name = arena_copy_str(&job->script->arena, bytes_str(name));
	if (!name)
		return err_set(job->err, "out of memory");
	*column = (struct wire_column){
		.name = bytes_str(name), .type_oid = type->oid, .typlen = type->len, .typmod = -1};
	while ((part = strsep(&rest, ":"))) {
		if (strcmp(part, "b") == 0)
			column->format = 1;
		else if (strncmp(part, "mod=", 4) == 0 && word_number(part + 4, -1, 1L << 30, &n))
			column->typmod = (int32_t)n;
		else if (strncmp(part, "table=", 6) == 0 && word_number(part + 6, 0, 1L << 31, &n))
			column->table_oid = (uint32_t)n;
		else if (strncmp(part, "attribute=", 10) == 0 &&
			 word_number(part + 10, 0, 1600, &n))
			column->attnum = (int16_t)n;
		else
			return err_set(job->err, "column \"%s\": unknown \"%s\"", name, part);
	}
	return true;
}

static bool add_columns(struct item_job *job)
{
	struct wire_column columns[COLUMNS_MAX];
	size_t from = buf_len(&job->script->bytes);

	if (job->count > COLUMNS_MAX)
		return err_set(job->err, "more than %d columns", COLUMNS_MAX);
	for (size_t i = 0; i < job->count; i++)
		if (!read_column(job, &job->words[i], &columns[i]))
			return false;
	if (!encode_row_description(&job->script->bytes, columns, job->count))
		return too_big(job);
	return add_bytes(job, from, 0);
}

static bool append_row(struct item_job *job, const struct word *words, size_t count, long number)
{
	struct wire_value values[COLUMNS_MAX];

	if (count > COLUMNS_MAX)
		return err_set(job->err, "more than %d values", COLUMNS_MAX);
	for (size_t i = 0; i < count; i++)
		if (!value_read(&job->script->arena, &words[i], number, &values[i], job->err))
			return false;
	return encode_data_row(&job->script->bytes, values, count) || too_big(job);
}

static bool add_row(struct item_job *job)
{
	size_t from = buf_len(&job->script->bytes);

	return append_row(job, job->words, job->count, VALUE_NO_NUMBER) && add_bytes(job, from, 0);
}

/* rows FIRST LAST VALUE...: {} in a value is the row's number; downwards if LAST is less. */
static bool add_rows(struct item_job *job)
{
	size_t from = buf_len(&job->script->bytes);
	long first, last;

	if (job->count < 2 || !word_number(job->words[0].text, 0, 1L << 40, &first) ||
		!word_number(job->words[1].text, 0, 1L << 40, &last) ||
		labs(last - first) >= SCRIPT_ROWS_MAX)
		return err_set(job->err, "expected rows FIRST LAST VALUE..., at most %d rows",
			SCRIPT_ROWS_MAX);
	for (long n = first;; n += last > first ? 1 : -1) {
		if (!append_row(job, job->words + 2, job->count - 2, n))
			return false;
		if (n == last)
			return add_bytes(job, from, 0);
	}
}

static char status_after(const char *tag)
{
	if (strcmp(tag, "BEGIN") == 0 || strcmp(tag, "START TRANSACTION") == 0)
		return 'T';
	if (strcmp(tag, "COMMIT") == 0 || strcmp(tag, "ROLLBACK") == 0 ||
		strcmp(tag, "PREPARE TRANSACTION") == 0)
		return 'I';
	return 0;
}

static bool add_tag(struct item_job *job)
{
	size_t from = buf_len(&job->script->bytes);

	if (job->count != 1)
		return err_set(job->err, "expected tag \"TEXT\"");
	if (!encode_command_complete(&job->script->bytes, job->words[0].text))
		return too_big(job);
	return add_bytes(job, from, status_after(job->words[0].text));
}

static bool add_ready(struct item_job *job)
{
	struct step *step = add_step(job, STEP_READY);

	if (!step)
		return false;
	if (job->count > 1 || (job->count == 1 && job->words[0].len != 1))
		return err_set(job->err, "expected ready, or ready I, T or E");
	step->status = job->count ? job->words[0].text[0] : 0;
	job->answer->is_closed = true;
	return true;
}

/* Fields of ErrorResponse by the words of a conversation. */
static const struct {
	const char *name;
	char field;
} fields[] = {{"detail", 'D'}, {"hint", 'H'}, {"position", 'P'}, {"internal-position", 'p'},
	{"internal-query", 'q'}, {"where", 'W'}, {"schema", 's'}, {"table", 't'}, {"column", 'c'},
	{"type", 'd'}, {"constraint", 'n'}, {"file", 'F'}, {"line", 'L'}, {"routine", 'R'}};

static bool append_field(struct buf *body, char field, const char *text)
{
	return buf_append_byte(body, (unsigned char)field) &&
	       buf_append(body, text, strlen(text) + 1);
}

static bool append_option(struct item_job *job, struct buf *body, const struct word *word)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const char *text = word_option(word, fields[i].name, NULL);

		if (text)
			return append_field(body, fields[i].field, text) || too_big(job);
	}
	return word_option(word, "severity", NULL) != NULL ||
	       err_set(job->err, "unknown error field \"%s\"", word->text);
}

/* SQLSTATE MESSAGE [severity=...] [field=...]... */
static bool append_error(struct item_job *job, struct buf *body, const char *severity)
{
	for (size_t i = 2; i < job->count; i++) {
		const char *own = word_option(&job->words[i], "severity", NULL);

		severity = own ? own : severity;
	}
	if (!append_field(body, 'S', severity) || !append_field(body, 'V', severity) ||
		!append_field(body, 'C', job->words[0].text) ||
		!append_field(body, 'M', job->words[1].text))
		return too_big(job);
	for (size_t i = 2; i < job->count; i++)
		if (!append_option(job, body, &job->words[i]))
			return false;
	return buf_append_byte(body, 0) || too_big(job);
}

static bool add_report(struct item_job *job, unsigned char type, const char *severity)
{
	size_t from = buf_len(&job->script->bytes);
	struct buf body;
	bool ok;

	if (job->count < 2)
		return err_set(job->err, "expected SQLSTATE \"MESSAGE\"");
	buf_init(&body, SCRIPT_FILE_MAX);
	ok = append_error(job, &body, severity) &&
	     (encode_raw(&job->script->bytes, type, buf_bytes(&body)) || too_big(job)) &&
	     add_bytes(job, from, type == BACKEND_ERROR_RESPONSE ? 'E' : 0);
	buf_fini(&body);
	return ok;
}

static bool add_error(struct item_job *job)
{
	return add_report(job, BACKEND_ERROR_RESPONSE, "ERROR");
}

static bool add_notice(struct item_job *job)
{
	return add_report(job, BACKEND_NOTICE_RESPONSE, "NOTICE");
}

static bool add_parameter(struct item_job *job)
{
	size_t from = buf_len(&job->script->bytes);

	if (job->count != 2)
		return err_set(job->err, "expected parameter NAME VALUE");
	if (!encode_parameter_status(&job->script->bytes, job->words[0].text, job->words[1].text))
		return too_big(job);
	return add_bytes(job, from, 0);
}

static bool add_notification(struct item_job *job)
{
	size_t from = buf_len(&job->script->bytes);
	long pid;

	if (job->count != 3 || !word_number(job->words[0].text, 0, 0x7fffffff, &pid))
		return err_set(job->err, "expected notification PID CHANNEL PAYLOAD");
	if (!encode_notification(
		    &job->script->bytes, (uint32_t)pid, job->words[1].text, job->words[2].text))
		return too_big(job);
	return add_bytes(job, from, 0);
}

static bool add_types(struct item_job *job)
{
	size_t from = buf_len(&job->script->bytes);
	uint32_t oids[COLUMNS_MAX];
	struct type_info scratch;

	if (job->count > COLUMNS_MAX)
		return err_set(job->err, "more than %d types", COLUMNS_MAX);
	for (size_t i = 0; i < job->count; i++) {
		const struct type_info *type = type_find(job->words[i].text, &scratch);

		if (!type)
			return err_set(job->err, "unknown type \"%s\"", job->words[i].text);
		oids[i] = type->oid;
	}
	if (!encode_parameter_description(&job->script->bytes, oids, job->count))
		return too_big(job);
	return add_bytes(job, from, 0);
}

/* FORMAT COLUMNS: "text 2" */
static bool add_copy(struct item_job *job, unsigned char type)
{
	size_t from = buf_len(&job->script->bytes);
	int16_t formats[COLUMNS_MAX];
	bool is_binary = job->count == 2 && word_is(&job->words[0], "binary");
	long count;

	if (job->count != 2 || !word_number(job->words[1].text, 0, COLUMNS_MAX, &count))
		return err_set(job->err, "expected text or binary and the number of columns");
	for (long i = 0; i < count; i++)
		formats[i] = is_binary;
	if (!encode_copy_response(&job->script->bytes, type, is_binary, formats, (size_t)count))
		return too_big(job);
	return add_bytes(job, from, 0);
}

static bool add_copyin(struct item_job *job)
{
	job->answer->is_closed = true;
	return add_copy(job, BACKEND_COPY_IN_RESPONSE);
}

static bool add_copyout(struct item_job *job)
{
	return add_copy(job, BACKEND_COPY_OUT_RESPONSE);
}

/* copydata VALUE...: a message each */
static bool add_copydata(struct item_job *job)
{
	size_t from = buf_len(&job->script->bytes);
	struct wire_value value;

	for (size_t i = 0; i < job->count; i++) {
		if (!value_read(
			    &job->script->arena, &job->words[i], VALUE_NO_NUMBER, &value, job->err))
			return false;
		if (!encode_copy_data(&job->script->bytes, value.data))
			return too_big(job);
	}
	return add_bytes(job, from, 0);
}

static bool add_function(struct item_job *job)
{
	size_t from = buf_len(&job->script->bytes);
	struct wire_value value;

	if (job->count != 1)
		return err_set(job->err, "expected function VALUE");
	if (!value_read(&job->script->arena, job->words, VALUE_NO_NUMBER, &value, job->err))
		return false;
	if (!encode_function_result(&job->script->bytes, value))
		return too_big(job);
	return add_bytes(job, from, 0);
}

/* Bytes as they are, well-formed or not. */
static bool add_raw(struct item_job *job)
{
	size_t from = buf_len(&job->script->bytes);
	struct wire_value value;

	for (size_t i = 0; i < job->count; i++) {
		if (!value_read(
			    &job->script->arena, &job->words[i], VALUE_NO_NUMBER, &value, job->err))
			return false;
		if (!buf_append_bytes(&job->script->bytes, value.data))
			return too_big(job);
	}
	return add_bytes(job, from, 0);
}

/* delay 50ms */
static bool add_delay(struct item_job *job)
{
	struct step *step = add_step(job, STEP_DELAY);
	char digits[16];
	size_t len = job->count == 1 ? job->words[0].len : 0;

	if (!step)
		return false;
	if (len < 3 || len > sizeof(digits) || strcmp(job->words[0].text + len - 2, "ms") != 0)
		return err_set(job->err, "expected delay Nms");
	memcpy(digits, job->words[0].text, len - 2);
	digits[len - 2] = '\0';
	return word_number(digits, 0, SCRIPT_DELAY_MAX_MS, &step->number) ||
	       err_set(job->err, "a delay is at most %d ms", SCRIPT_DELAY_MAX_MS);
}

/* after SESSION UNITS */
static bool add_after(struct item_job *job)
{
	struct step *step = add_step(job, STEP_AFTER);

	if (!step)
		return false;
	if (job->count != 2 || !word_number(job->words[1].text, 1, 1L << 20, &step->number))
		return err_set(job->err, "expected after SESSION NUMBER-OF-UNITS");
	step->session = job->words[0].text;
	return true;
}

static bool add_await_cancel(struct item_job *job)
{
	return add_step(job, STEP_AWAIT_CANCEL) != NULL;
}

static bool add_silent(struct item_job *job)
{
	job->answer->is_closed = true;
	return add_step(job, STEP_SILENT) != NULL;
}

static bool add_close(struct item_job *job)
{
	job->answer->is_closed = true;
	return add_step(job, STEP_CLOSE) != NULL;
}

static bool add_flushed(struct item_job *job)
{
	job->answer->is_closed = true;
	return true;
}

static bool add_nothing(struct item_job *job)
{
	(void)job;
	return true;
}

/* Messages without a body. */
static const struct {
	const char *name;
	unsigned char type;
} plain[] = {{"parsed", BACKEND_PARSE_COMPLETE}, {"bound", BACKEND_BIND_COMPLETE},
	{"closed", BACKEND_CLOSE_COMPLETE}, {"nodata", BACKEND_NO_DATA},
	{"suspended", BACKEND_PORTAL_SUSPENDED}, {"empty", BACKEND_EMPTY_QUERY_RESPONSE},
	{"copydone", BACKEND_COPY_DONE}};

static const struct {
	const char *name;
	bool (*add)(struct item_job *job);
	enum item_result result;
} items[] = {
	{"columns", add_columns, ITEM_ADDED},
	{"row", add_row, ITEM_ADDED},
	{"rows", add_rows, ITEM_ADDED},
	{"tag", add_tag, ITEM_ADDED},
	{"ready", add_ready, ITEM_ENDS_PART},
	{"error", add_error, ITEM_ADDED},
	{"notice", add_notice, ITEM_ADDED},
	{"parameter", add_parameter, ITEM_ADDED},
	{"notification", add_notification, ITEM_ADDED},
	{"types", add_types, ITEM_ADDED},
	{"copyin", add_copyin, ITEM_ENDS_PART},
	{"copyout", add_copyout, ITEM_ADDED},
	{"copydata", add_copydata, ITEM_ADDED},
	{"function", add_function, ITEM_ADDED},
	{"raw", add_raw, ITEM_ADDED},
	{"delay", add_delay, ITEM_ADDED},
	{"after", add_after, ITEM_ADDED},
	{"await-cancel", add_await_cancel, ITEM_ADDED},
	{"silent", add_silent, ITEM_ENDS_PART},
	{"close", add_close, ITEM_ENDS_PART},
	{"flushed", add_flushed, ITEM_ENDS_PART},
	{"again", add_nothing, ITEM_AGAIN},
};

static enum item_result add_plain(struct item_job *job, unsigned char type)
{
	size_t from = buf_len(&job->script->bytes);

	if (!encode_empty(&job->script->bytes, type)) {
		too_big(job);
		return ITEM_FAILED;
	}
	return add_bytes(job, from, 0) ? ITEM_ADDED : ITEM_FAILED;
}

enum item_result item_add(
	struct script *script, struct answer *answer, const struct words *words, struct err *err)
{
	struct item_job job = {.script = script,
		.answer = answer,
		.words = words->items + 1,
		.count = words->count - 1,
		.err = err};

	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (word_is(&words->items[0], plain[i].name))
			return add_plain(&job, plain[i].type);
	for (size_t i = 0; i < ARRAY_LEN(items); i++)
		if (word_is(&words->items[0], items[i].name))
			return items[i].add(&job) ? items[i].result : ITEM_FAILED;
	err_set(err, "unknown item \"%s\"", words->items[0].text);
	return ITEM_FAILED;
}
