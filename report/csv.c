/*
 * RFC 4180 through libcsv. A value that is NULL or does not apply is an empty field without
 * quotes, an empty text is "". Fields that a spreadsheet would run as a formula get a leading
 * apostrophe; bytes that are not UTF-8, and NUL, become U+FFFD.
 */
#include "report/csv.h"

#include <csv.h>
#include <inttypes.h>

#include "base/buf.h"
#include "diffengine/verdict.h"
#include "report/text.h"
#include "report/walk.h"

#define FIELD_MAX ((size_t)1 << 20) /* longer texts are cut and say so */

struct writer {
	FILE *out;
	const struct summary *summary;
	bool has_field;      /* in this row */
	bool is_out_of_room; /* a field did not fit in memory */
	struct buf text;     /* a field's text, cleaned */
	struct buf quoted;   /* what libcsv makes of it */
};

static const char *const columns[] = {"exchange", "session", "user", "database", "application_name",
	"started_utc", "command", "verdict", "kind", "severity", "row", "column", "column_name",
	"truth_name", "candidate_name", "truth_value", "candidate_value", "rule", "statement",
	"parameters", "text", "consequence_of"};

static size_t count_digits(struct bytes b)
{
	size_t n = 0;

	while (n < b.len && b.ptr[n] >= '0' && b.ptr[n] <= '9')
		n++;
	return n;
}

/* [+-] digits [. digits] [e [+-] digits], with a digit before the exponent. */
static bool is_number(struct bytes b)
{
	size_t digits;

	if (b.len > 0 && (b.ptr[0] == '-' || b.ptr[0] == '+'))
		b = bytes_skip(b, 1);
	digits = count_digits(b);
	b = bytes_skip(b, digits);
	if (b.len > 0 && b.ptr[0] == '.') {
		size_t fraction = count_digits(bytes_skip(b, 1));

		b = bytes_skip(b, 1 + fraction);
		digits += fraction;
	}
	if (digits > 0 && b.len > 1 && (b.ptr[0] | 0x20) == 'e') {
		b = bytes_skip(b, b.ptr[1] == '-' || b.ptr[1] == '+' ? 2 : 1);
		digits = count_digits(b);
		b = bytes_skip(b, digits);
	}
	return digits > 0 && b.len == 0;
}

static bool is_formula(struct bytes b)
{
	return b.len > 0 && memchr("=+-@\t\r", b.ptr[0], 6) && !is_number(b);
}

/* Puts the field's text in w->text: safe for spreadsheets, and valid UTF-8. */
static bool clean(struct writer *w, struct bytes value)
{
	struct bytes rest = text_cut(value, FIELD_MAX);

	buf_reset(&w->text);
	if (is_formula(rest) && !buf_append_byte(&w->text, '\''))
		return false;
	while (rest.len > 0) {
		struct bytes from = rest;
		uint32_t cp = text_next(&rest);
		bool ok = cp == TEXT_INVALID || cp == 0
				  ? buf_append_str(&w->text, "\xef\xbf\xbd")
				  : buf_append(&w->text, from.ptr, from.len - rest.len);

		if (!ok)
			return false;
	}
	return value.len <= FIELD_MAX || buf_printf(&w->text, "... (%zu bytes)", value.len);
}

static void begin_field(struct writer *w)
{
	if (w->has_field)
		fputc(',', w->out);
	w->has_field = true;
}

static void write_null(struct writer *w)
{
	begin_field(w);
}

static void write_bytes(struct writer *w, struct bytes value)
{
	size_t most, len;

	begin_field(w);
	buf_reset(&w->quoted);
	most = clean(w, value) ? 2 * buf_len(&w->text) + 2 : 0;
	if (most == 0 || !buf_reserve(&w->quoted, most)) {
		w->is_out_of_room = true;
		return;
	}
	len = csv_write(buf_tail(&w->quoted), most, buf_cstr(&w->text), buf_len(&w->text));
	fwrite(buf_tail(&w->quoted), 1, len, w->out);
}

/* NULL is an empty field. */
static void write_str(struct writer *w, const char *value)
{
	if (value)
		write_bytes(w, bytes_str(value));
	else
		write_null(w);
}

static void write_int(struct writer *w, int64_t value)
{
	begin_field(w);
	fprintf(w->out, "%" PRId64, value);
}

/* Rows and columns count from 1. */
static void write_position(struct writer *w, int64_t value)
{
	if (value > 0)
		write_int(w, value);
	else
		write_null(w);
}

static void write_value(struct writer *w, struct bytes value, bool is_null)
{
	if (is_null)
		write_null(w);
	else
		write_bytes(w, value);
}

static void end_row(struct writer *w)
{
	fputs("\r\n", w->out);
	w->has_field = false;
}

static void write_header(struct writer *w)
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		write_str(w, columns[i]);
	end_row(w);
}

/* Where and when, up to the command. */
static void write_place(struct writer *w, const struct trace_difference_context *row)
{
	char at[CLOCK_TEXT_MAX];
	const char *started = summary_time(w->summary, row->started_us, at);

	write_int(w, row->difference->exchange);
	write_int(w, row->session);
	write_str(w, row->user);
	write_str(w, row->database);
	write_str(w, row->application_name);
	write_str(w, *started ? started : NULL);
	write_int(w, row->difference->ordinal);
}

static void write_difference(
	struct writer *w, const struct trace_difference_context *row, int verdict)
{
	const struct trace_difference *d = row->difference;
	const struct diff_kind_info *info = diff_kind_info((enum diff_kind)d->kind);
	bool is_known = d->kind >= 0 && d->kind < DIFF_KIND_COUNT;

	write_place(w, row);
	write_str(w, verdict_name((enum verdict)verdict));
	write_str(w, is_known ? info->name : row->kind);
	write_str(w, is_known ? severity_name(info->severity) : row->severity);
	write_position(w, d->row);
	write_position(w, d->column);
	write_str(w, d->column_name);
	write_bytes(w, w->summary->truth.name);
	write_bytes(w, w->summary->candidate.name);
	write_value(w, d->truth, d->truth_null);
	write_value(w, d->candidate, d->candidate_null);
	write_str(w, d->rule);
	write_value(w, row->statement, row->statement_id == 0);
	write_str(w, row->parameters);
	write_str(w, d->text);
	write_position(w, row->cause);
	end_row(w);
}

static bool on_difference(void *context, const struct trace_exchange *exchange,
	const struct trace_difference_context *row, int verdict, struct err *err)
{
	struct writer *w = context;
	int only = w->summary->only;

	if (only != SUMMARY_ANY_KIND && row->difference->kind != only)
		return true;
	write_difference(w, row, verdict);
	if (w->is_out_of_room)
		return err_set(err, "out of memory for a field of exchange %" PRId64, exchange->id);
	return true;
}

bool csv_report(FILE *out, struct trace *t, const struct summary *s, struct err *err)
{
	struct writer w = {.out = out, .summary = s};
	struct known_walk known;
	struct walk_visitor visitor = {
		.context = &w, .known = s->known ? &known : NULL, .on_difference = on_difference};
	bool ok;

	/* A field's text grows at most threefold by U+FFFD, and twofold by quotes. */
	buf_init(&w.text, 3 * FIELD_MAX + 64);
	buf_init(&w.quoted, 6 * FIELD_MAX + 256);
	write_header(&w);
	known_walk_init(&known, s->known);
	ok = walk_trace(t, &s->counts, &visitor, err);
	known_walk_fini(&known);
	buf_fini(&w.text);
	buf_fini(&w.quoted);
	return ok;
}
