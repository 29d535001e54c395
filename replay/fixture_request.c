/*
 * From messages to items.
 */
#include "replay/fixture_request.h"

#include <string.h>

#include "replay/fixture_types.h"
#include "replay/fixture_value.h"
#include "wire/message.h"

#define SESSION_NAME_MAX 64 /* longer names of statements are not known: their values are hex */

void fixture_known_init(struct fixture_known *known)
{
	prepared_init(&known->types);
}

void fixture_known_fini(struct fixture_known *known)
{
	prepared_fini(&known->types);
}

/* A statement's name with its session's number before it; empty: too long. */
static struct bytes key_of(int64_t session, struct bytes name, unsigned char *out)
{
	if (name.len > SESSION_NAME_MAX)
		return bytes_of(out, 0);
	memcpy(out, &session, sizeof(session));
	if (name.len > 0)
		memcpy(out + sizeof(session), name.ptr, name.len);
	return bytes_of(out, sizeof(session) + name.len);
}

struct printing {
	struct text *text;
	struct fixture_known *known;
	int64_t session;
};

/* --- pieces --- */

static void print_name(struct text *t, struct bytes name)
{
	text_str(t, " ");
	fixture_print_word(t, name);
}

static void print_format(struct text *t, int16_t format)
{
	if (format == 0 || format == 1)
		text_str(t, format ? "b" : "t");
	else
		text_int(t, format);
}

static void print_formats(struct text *t, const char *label, struct wire_items formats)
{
	int16_t format;

	text_str(t, label);
	for (const char *gap = "["; wire_int16_next(&formats, &format) && !t->is_full; gap = " ") {
		text_str(t, gap);
		print_format(t, format);
	}
	text_str(t, "]");
}

static void print_type(struct text *t, uint32_t oid)
{
	const struct fixture_type *type = fixture_type_by_oid(oid);

	text_str(t, type ? type->name : oid == 0 ? "-" : "oid:");
	if (!type && oid != 0)
		text_int(t, oid);
}

static void print_types(struct text *t, struct wire_items types)
{
	uint32_t oid;

	text_str(t, " types=");
	for (const char *gap = "["; wire_oid_next(&types, &oid) && !t->is_full; gap = " ") {
		text_str(t, gap);
		print_type(t, oid);
	}
	text_str(t, "]");
}

/* The format of the next value, as the protocol has it: none, one for all, or one each. */
static int16_t next_format(struct wire_items *formats, uint16_t total, int16_t last)
{
	int16_t format = last;

	(void)(total > 1 || formats->count == 1 ? wire_int16_next(formats, &format) : false);
	return format;
}

/* Whether the formats are those that a reader takes for granted: none where all values are text,
 * else one each, text for NULL. */
static bool are_derived(struct wire_items formats, struct wire_items values)
{
	bool is_any_binary = false;
	struct wire_value value;
	int16_t format;

	if (formats.count == 0)
		return true;
	if (formats.count != values.count)
		return false;
	while (wire_int16_next(&formats, &format) && wire_value_next(&values, &value)) {
		if (format != 0 && (format != 1 || value.is_null))
			return false;
		is_any_binary |= format == 1;
	}
	return is_any_binary;
}

static void print_values(
	struct text *t, struct wire_items formats, struct wire_items values, struct bytes types)
{
	uint16_t total = formats.count;
	struct wire_value value;
	int16_t format = 0;

	for (const char *gap = "["; wire_value_next(&values, &value) && !t->is_full; gap = " ") {
		uint32_t type = 0;

		if (types.len >= sizeof(type))
			memcpy(&type, types.ptr, sizeof(type));
		types = bytes_skip(types, sizeof(type));
		format = next_format(&formats, total, format);
		text_str(t, gap);
		fixture_print_value(t, &value, format, type);
	}
	text_str(t, "]");
}

/* --- messages; false: the body cannot be decoded --- */

static bool print_query(const struct printing *p, struct bytes body)
{
	struct bytes sql;

	if (!decode_string(body, &sql))
		return false;
	text_str(p->text, " ");
	text_quoted(p->text, sql);
	return true;
}

static void remember(const struct printing *p, const struct msg_parse *msg)
{
	unsigned char name[sizeof(int64_t) + SESSION_NAME_MAX];
	struct bytes key = key_of(p->session, msg->name, name);
	struct wire_items types = msg->types;
	struct buf oids;
	uint32_t oid;

	if (key.len == 0)
		return;
	buf_init(&oids, 4 * 65536);
	while (wire_oid_next(&types, &oid) && buf_append(&oids, &oid, sizeof(oid)))
		continue;
	prepared_set(&p->known->types, 'S', key, statement_new(buf_bytes(&oids)));
	buf_fini(&oids);
}

static bool print_parse(const struct printing *p, struct bytes body)
{
	struct msg_parse msg;

	if (!decode_parse(body, &msg))
		return false;
	print_name(p->text, msg.name);
	text_str(p->text, " ");
	text_quoted(p->text, msg.query);
	if (msg.types.count > 0)
		print_types(p->text, msg.types);
	remember(p, &msg);
	return true;
}

static bool print_bind(const struct printing *p, struct bytes body)
{
	unsigned char name[sizeof(int64_t) + SESSION_NAME_MAX];
	struct statement *types = NULL;
	struct msg_bind msg;
	struct bytes key;

	if (!decode_bind(body, &msg))
		return false;
	key = key_of(p->session, msg.statement, name);
	if (key.len > 0)
		types = prepared_get(&p->known->types, 'S', key);
	print_name(p->text, msg.portal);
	print_name(p->text, msg.statement);
	if (!are_derived(msg.formats, msg.parameters))
		print_formats(p->text, " formats=", msg.formats);
	if (msg.parameters.count > 0) {
		text_str(p->text, " params=");
		print_values(p->text, msg.formats, msg.parameters,
			types ? statement_text(types) : bytes_of(NULL, 0));
	}
	if (msg.result_formats.count > 0)
		print_formats(p->text, " results=", msg.result_formats);
	return true;
}

static bool print_named(const struct printing *p, struct bytes body)
{
	struct msg_named msg;

	if (!decode_named(body, &msg))
		return false;
	text_str(p->text, msg.kind == 'S' ? " statement" : " portal");
	print_name(p->text, msg.name);
	return true;
}

static bool print_execute(const struct printing *p, struct bytes body)
{
	struct msg_execute msg;

	if (!decode_execute(body, &msg))
		return false;
	print_name(p->text, msg.portal);
	text_str(p->text, " max=");
	text_int(p->text, msg.max_rows);
	return true;
}

static bool print_function_call(const struct printing *p, struct bytes body)
{
	struct msg_function_call msg;

	if (!decode_function_call(body, &msg))
		return false;
	text_str(p->text, " ");
	text_int(p->text, msg.oid);
	if (!are_derived(msg.formats, msg.arguments))
		print_formats(p->text, " formats=", msg.formats);
	if (msg.arguments.count > 0) {
		text_str(p->text, " args=");
		print_values(p->text, msg.formats, msg.arguments, bytes_of(NULL, 0));
	}
	text_str(p->text, " result=");
	print_format(p->text, msg.result_format);
	return true;
}

static bool print_data(const struct printing *p, struct bytes body)
{
	text_str(p->text, " ");
	text_quoted(p->text, body);
	return true;
}

static bool print_nothing(const struct printing *p, struct bytes body)
{
	(void)p;
	return body.len == 0;
}

typedef bool print_fn(const struct printing *p, struct bytes body);

static print_fn *printer_of(unsigned char type)
{
	static print_fn *const printers[UINT8_MAX + 1] = {
		[FRONTEND_BIND] = print_bind,
		[FRONTEND_CLOSE] = print_named,
		[FRONTEND_DESCRIBE] = print_named,
		[FRONTEND_EXECUTE] = print_execute,
		[FRONTEND_FUNCTION_CALL] = print_function_call,
		[FRONTEND_FLUSH] = print_nothing,
		[FRONTEND_PARSE] = print_parse,
		[FRONTEND_QUERY] = print_query,
		[FRONTEND_SYNC] = print_nothing,
		[FRONTEND_COPY_DONE] = print_nothing,
		[FRONTEND_COPY_DATA] = print_data,
		[FRONTEND_COPY_FAIL] = print_query,
	};

	return printers[type];
}

static void print_raw(struct text *t, const struct frame *frame)
{
	char type[] = {(char)frame->type, '\0'};

	text_str(t, "Raw ");
	text_str(t, type);
	text_str(t, " ");
	text_hex(t, frame->body);
}

/* Whether the item means exactly the message. */
static bool reads_back(struct bytes item, const struct frame *frame)
{
	struct arena arena;
	struct fixture_cursor c = {.file = "", .text = item, .arena = &arena};
	struct buf again;
	bool same;

	arena_init(&arena, 4 * (size_t)WIRE_MESSAGE_MAX);
	buf_init(&again, 2 * (size_t)WIRE_MESSAGE_MAX);
	same = fixture_parse_message(&c, &again) && cursor_is_at_end(&c) &&
	       bytes_equal(buf_bytes(&again), frame->whole);
	buf_fini(&again);
	arena_fini(&arena);
	return same;
}

bool fixture_print_message(
	struct fixture_known *known, int64_t session, const struct frame *frame, struct buf *out)
{
	struct text text = {.out = out, .value_max = SIZE_MAX};
	struct printing p = {.text = &text, .known = known, .session = session};
	const char *name = message_info(WIRE_FRONTEND, frame->type)->name;
	print_fn *print = printer_of(frame->type);
	size_t before = buf_len(out);

	text_str(&text, name ? name : "");
	if (print && print(&p, frame->body) && !text.is_full &&
		reads_back(bytes_skip(buf_bytes(out), before), frame))
		return true;
	buf_truncate(out, before);
	text.is_full = false;
	print_raw(&text, frame);
	return !text.is_full;
}
