/*
 * The dump of what the frontend sends, after the message's name: one small function per
 * message, found by type in the table at the end. Passwords and cancel keys are never shown.
 */
#include "wire/text.h"

#include "wire/message.h"

/* A list that is left out where it is empty. */
static void show_list(
	struct text *t, const char *label, struct wire_items items, text_items_fn *print)
{
	if (items.count == 0)
		return;
	text_str(t, label);
	print(t, items);
}

static void show_parameters(struct text *t, struct bytes pairs)
{
	struct bytes name, value;

	while (!t->is_full && startup_parameter_next(&pairs, &name, &value)) {
		text_str(t, " ");
		text_quoted(t, name);
		text_str(t, "=");
		text_quoted(t, value);
	}
}

bool text_startup(struct text *t, struct bytes body)
{
	struct msg_startup msg;

	if (!decode_startup(body, &msg))
		return false;
	switch (msg.code) {
	case WIRE_CODE_SSL:
		text_str(t, "SSLRequest");
		break;
	case WIRE_CODE_GSSENC:
		text_str(t, "GSSENCRequest");
		break;
	case WIRE_CODE_CANCEL:
		text_str(t, "CancelRequest");
		text_pid(t, msg.cancel_pid);
		text_str(t, " key=(hidden)");
		break;
	default:
		text_str(t, "StartupMessage ");
		text_int(t, msg.code >> 16);
		text_str(t, ".");
		text_int(t, msg.code & 0xffff);
		show_parameters(t, msg.parameters);
	}
	return true;
}

static bool show_parse(struct text *t, struct bytes body)
{
	struct msg_parse msg;

	if (!decode_parse(body, &msg))
		return false;
	text_str(t, " ");
	text_quoted(t, msg.name);
	text_str(t, " ");
	text_quoted(t, msg.query);
	show_list(t, " types=", msg.types, text_oids);
	return true;
}

static bool show_bind(struct text *t, struct bytes body)
{
	struct msg_bind msg;

	if (!decode_bind(body, &msg))
		return false;
	text_str(t, " ");
	text_quoted(t, msg.portal);
	text_str(t, " ");
	text_quoted(t, msg.statement);
	show_list(t, " formats=", msg.formats, text_int16s);
	show_list(t, " params=", msg.parameters, text_values);
	show_list(t, " results=", msg.result_formats, text_int16s);
	return true;
}

/* Close and Describe. */
static bool show_named(struct text *t, struct bytes body)
{
	struct msg_named msg;

	if (!decode_named(body, &msg))
		return false;
	text_str(t, msg.kind == 'S' ? " statement " : " portal ");
	text_quoted(t, msg.name);
	return true;
}

static bool show_execute(struct text *t, struct bytes body)
{
	struct msg_execute msg;

	if (!decode_execute(body, &msg))
		return false;
	text_str(t, " ");
	text_quoted(t, msg.portal);
	text_str(t, " max=");
	text_int(t, msg.max_rows);
	return true;
}

static bool show_function_call(struct text *t, struct bytes body)
{
	struct msg_function_call msg;

	if (!decode_function_call(body, &msg))
		return false;
	text_str(t, " oid=");
	text_int(t, msg.oid);
	show_list(t, " formats=", msg.formats, text_int16s);
	show_list(t, " args=", msg.arguments, text_values);
	text_str(t, " result=");
	text_int(t, msg.result_format);
	return true;
}

static bool show_password(struct text *t, struct bytes body ATTR_UNUSED)
{
	text_str(t, " (hidden)");
	return true;
}

text_body_fn *text_frontend_body(unsigned char type)
{
	static text_body_fn *const bodies[UINT8_MAX + 1] = {
		[FRONTEND_BIND] = show_bind,
		[FRONTEND_CLOSE] = show_named,
		[FRONTEND_DESCRIBE] = show_named,
		[FRONTEND_EXECUTE] = show_execute,
		[FRONTEND_FUNCTION_CALL] = show_function_call,
		[FRONTEND_PARSE] = show_parse,
		[FRONTEND_QUERY] = text_one_string,
		[FRONTEND_COPY_DATA] = text_copy_data,
		[FRONTEND_COPY_FAIL] = text_one_string,
		[FRONTEND_PASSWORD] = show_password,
	};

	return bodies[type];
}
