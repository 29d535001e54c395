/*
 * A trace that is damaged: read whole and checked, every row or an error. An input is a list of
 * patches of a small trace: three bytes of offset, a length, that many bytes; length 255 cuts the
 * file there.
 */
#include <unistd.h>

#include "schema/trace_read.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/schema/place.h"

#define TRACE_BYTES_MAX ((size_t)1 << 20)

static struct place *place;
static unsigned char whole[TRACE_BYTES_MAX];
static size_t whole_len;

static void write_rows(struct trace *t)
{
	struct trace_event event = {1, 15, "connect", NULL};
	struct trace_difference difference = {.exchange = 2,
		.kind = 1,
		.row = 1,
		.column = 1,
		.truth = bytes_str("a"),
		.candidate = bytes_str("b"),
		.text = "Row 1"};
	struct trace_gap gap = {50000, 3, "disk"};

	put_session(t, 1);
	MUST(trace_write_event(t, &event, &err));
	put_statement(t, 1, "select name from item where id = 1");
	put_statement(t, 2, "select 2");
	for (int i = 1; i <= 3; i++) {
		MUST(write_exchange(t, i, i == 2 ? 2 : 0, &err));
		MUST(write_command(t, i, 0, i == 2 ? 2 : 0, &err));
	}
	MUST(trace_write_difference(t, &difference, &err));
	MUST(trace_write_gap(t, &gap, &err));
}

static void remove_place(void)
{
	void *state = place;

	place_teardown(&state);
}

static void make_trace(void)
{
	void *state;

	fuzz_check(place_setup(&state) == 0);
	place = state;
	atexit(remove_place);
	struct trace *t = create_trace(place->trace);

	write_rows(t);
	close_trace(t);
	FILE *file = fopen(place->trace, "r");

	fuzz_check(file);
	whole_len = fread(whole, 1, sizeof(whole), file);
	fuzz_check(whole_len > 4096 && whole_len < sizeof(whole));
	fclose(file);
}

static void put_damaged(struct bytes in)
{
	static unsigned char damaged[TRACE_BYTES_MAX];
	size_t len = whole_len;

	memcpy(damaged, whole, whole_len);
	while (in.len > 0) {
		size_t at = (size_t)fuzz_number(&in, 3) % whole_len;
		unsigned n = fuzz_byte(&in);
		struct bytes patch = fuzz_take(&in, n == 255 ? 0 : n);

		if (n == 255)
			len = at;
		for (size_t i = 0; i < patch.len && at + i < whole_len; i++)
			damaged[at + i] = patch.ptr[i];
	}
	place_put(place->trace, damaged, len);
}

/* --- reading: touches what it is given --- */

static size_t touched;

static void touch(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		touched += b.ptr[i];
}

static void touch_text(const char *text)
{
	touched += text ? strlen(text) : 0;
}

static bool on_backend(void *context, const struct trace_backend *row)
{
	(void)context;
	touch_text(row->name);
	touch_text(row->server_version);
	return true;
}

static bool on_session(void *context, const struct trace_session *row)
{
	(void)context;
	touch_text(row->user);
	touch_text(row->client);
	touch(row->startup);
	return true;
}

static bool on_event(void *context, const struct trace_event *row)
{
	(void)context;
	touch_text(row->what);
	touch_text(row->detail);
	return true;
}

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	(void)context;
	touch(row->request);
	touch(row->truth);
	touch(row->candidate);
	touch_text(row->note);
	return true;
}

static bool on_command(void *context, const struct trace_command *row, struct bytes statement)
{
	(void)context;
	touch_text(row->tag);
	touch_text(row->parameters);
	touch(statement);
	return true;
}

static bool on_difference(void *context, const struct trace_difference_context *row)
{
	(void)context;
	touch(row->difference->truth);
	touch_text(row->difference->text);
	touch_text(row->kind);
	touch_text(row->user);
	touch(row->statement);
	return true;
}

static bool on_statement(void *context, struct bytes text, int verdict)
{
	(void)context;
	(void)verdict;
	touch(text);
	return true;
}

static bool on_gap(void *context, const struct trace_gap *row)
{
	(void)context;
	touch_text(row->reason);
	return true;
}

static void on_problem(void *context, const char *text)
{
	(void)context;
	touch_text(text);
}

static void read_all(struct trace *t)
{
	struct trace_counts counts;
	struct err err;

	touch_text(trace_read_meta(t, "version"));
	touched += trace_read_backends(t, on_backend, NULL, &err);
	touched += trace_read_sessions(t, on_session, NULL, &err);
	touched += trace_read_events(t, on_event, NULL, &err);
	touched += trace_read_exchanges(t, 0, 0, on_exchange, NULL, &err);
	touched += trace_read_commands(t, 2, on_command, NULL, &err);
	touched += trace_read_differences(t, 0, on_difference, NULL, &err);
	touched += trace_read_statements(t, on_statement, NULL, &err);
	touched += trace_read_gaps(t, on_gap, NULL, &err);
	touched += trace_count(t, &counts, &err);
	touched += trace_check(t, on_problem, NULL, &err);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct err err = {""};

	if (!place)
		make_trace();
	put_damaged(bytes_of(data, size));
	struct trace *t = trace_open(place->trace, &err);

	if (t) {
		read_all(t);
		trace_close(t, &err);
	} else {
		fuzz_check(strstr(err.text, "run.trace"));
	}
	return 0;
}
