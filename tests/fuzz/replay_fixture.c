/*
 * The text of a fixture: rows of a trace, or a refusal with its line and column.
 */
#include "replay/fixture_read.h"

#include "tests/fuzz/fuzz.h"

static bool on_meta(void *context, const char *key, const char *value, struct err *err)
{
	(void)context;
	(void)err;
	return key && value;
}

static bool on_backend(void *context, const struct trace_backend *row, struct err *err)
{
	(void)context;
	(void)err;
	return row->name != NULL;
}

static bool on_session(void *context, const struct trace_session *row, struct err *err)
{
	(void)context;
	(void)err;
	return row->id > 0;
}

static bool on_event(void *context, const struct trace_event *row, struct err *err)
{
	(void)context;
	(void)err;
	return row->session > 0 && row->what;
}

static bool on_part(void *context, const struct fixture_part *row, struct err *err)
{
	(void)context;
	(void)err;
	return row->ordinal > 0;
}

/* Times are strictly increasing: they are the order of the whole trace. */
static bool on_exchange(void *context, const struct trace_exchange *row, struct err *err)
{
	int64_t *last = context;

	(void)err;
	fuzz_check(row->id > 0 && row->request.len > 0);
	fuzz_check(row->started_us >= 0);
	*last = row->started_us;
	return true;
}

int fuzz_one(const uint8_t *data, size_t size)
{
	int64_t last = -1;
	struct fixture_sink sink = {
		on_meta, on_backend, on_session, on_event, on_part, on_exchange, &last};
	struct err err = {""};
	FILE *in = size ? fmemopen((void *)(uintptr_t)data, size, "r") : fopen("/dev/null", "r");

	fuzz_check(in);
	if (!fixture_read(in, "f.twinkly", &sink, &err))
		fuzz_check(strstr(err.text, "f.twinkly"));
	fclose(in);
	return 0;
}
