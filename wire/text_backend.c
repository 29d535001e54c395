/*
 * The dump of what the backend sends, after the message's name: one small function per
 * message, found by type in the table at the end. Keys and SASL data are never shown; the
 * stable form leaves out table OIDs, attribute numbers, pids and places in a server's source.
 */
#include "wire/text.h"

#include "wire/message.h"

static void show_column(struct text *t, const struct wire_column *c)
{
	text_word(t, c->name);
	text_str(t, ":");
	text_int(t, c->type_oid);
	if (c->typmod != -1) {
		text_str(t, "(");
		text_int(t, c->typmod);
		text_str(t, ")");
	}
	text_str(t, c->format == 0 ? ":t" : ":b");
	if (t->is_stable || (c->table_oid == 0 && c->attnum == 0))
		return;
	text_str(t, "@");
	text_int(t, c->table_oid);
	text_str(t, ".");
	text_int(t, c->attnum);
}

static bool show_row_description(struct text *t, struct bytes body)
{
	struct wire_items columns;
	struct wire_column c;

	if (!decode_row_description(body, &columns))
		return false;
	text_str(t, " [");
	for (const char *gap = ""; !t->is_full && wire_column_next(&columns, &c); gap = " ") {
		text_str(t, gap);
		show_column(t, &c);
	}
	text_str(t, "]");
	return true;
}

static bool show_data_row(struct text *t, struct bytes body)
{
	struct wire_items values;

	if (!decode_data_row(body, &values))
		return false;
	text_str(t, " ");
	text_values(t, values);
	return true;
}

static bool show_parameter_description(struct text *t, struct bytes body)
{
	struct wire_items oids;

	if (!decode_parameter_description(body, &oids))
		return false;
	text_str(t, " ");
	text_oids(t, oids);
	return true;
}

struct field {
	char code;
	const char *name;
	bool is_volatile; /* differs from server to server: not in the stable form */
};

/* The fields after severity, SQLSTATE and message; "Error and Notice Message Fields". */
static const struct field fields[] = {
	{'D', "detail", false},
	{'H', "hint", false},
	{'P', "position", false},
	{'p', "internal_position", false},
	{'q', "internal_query", false},
	{'W', "where", false},
	{'s', "schema", false},
	{'t', "table", false},
	{'c', "column", false},
	{'d', "type", false},
	{'n', "constraint", false},
	{'F', "file", true},
	{'L', "line", true},
	{'R', "routine", true},
};

/* NULL: a code that the document does not know. */
static const struct field *field_of(char code)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (fields[i].code == code)
			return &fields[i];
	}
	return NULL;
}

static void show_error_field(struct text *t, char code, struct bytes text)
{
	const struct field *field = field_of(code);

	if (code == 'S' || code == 'V' || code == 'C' || code == 'M')
		return;
	if (field && field->is_volatile && t->is_stable)
		return;
	text_str(t, " ");
	if (field)
		text_str(t, field->name);
	else
		text_word(t, bytes_of(&code, 1));
	text_str(t, "=");
	text_quoted(t, text);
}

/* ErrorResponse and NoticeResponse. */
static bool show_error(struct text *t, struct bytes body)
{
	char code;
	struct bytes text;

	if (!decode_error(body))
		return false;
	/* S may be translated; V, which servers before 9.6 did not send, is not. */
	struct bytes severity = error_field(body, 'V');

	text_str(t, " ");
	text_word(t, severity.len ? severity : error_field(body, 'S'));
	text_str(t, " ");
	text_word(t, error_field(body, 'C'));
	text_str(t, " ");
	text_quoted(t, error_field(body, 'M'));
	while (!t->is_full && error_field_next(&body, &code, &text))
		show_error_field(t, code, text);
	return true;
}

/* CopyInResponse, CopyOutResponse, CopyBothResponse. */
static bool show_copy_response(struct text *t, struct bytes body)
{
	struct msg_copy msg;

	if (!decode_copy(body, &msg))
		return false;
	text_str(t, " format=");
	text_int(t, msg.format);
	text_str(t, " columns=");
	text_int16s(t, msg.column_formats);
	return true;
}

static bool show_parameter_status(struct text *t, struct bytes body)
{
	struct msg_parameter_status msg;

	if (!decode_parameter_status(body, &msg))
		return false;
	text_str(t, " ");
	text_quoted(t, msg.name);
	text_str(t, " ");
	text_quoted(t, msg.value);
	return true;
}

static bool show_notification(struct text *t, struct bytes body)
{
	struct msg_notification msg;

	if (!decode_notification(body, &msg))
		return false;
	text_pid(t, msg.pid);
	text_str(t, " ");
	text_quoted(t, msg.channel);
	text_str(t, " ");
	text_quoted(t, msg.payload);
	return true;
}

static bool show_key_data(struct text *t, struct bytes body)
{
	struct msg_key_data msg;

	if (!decode_key_data(body, &msg))
		return false;
	text_pid(t, msg.pid);
	text_str(t, " key=(hidden)");
	return true;
}

static bool show_authentication(struct text *t, struct bytes body)
{
	static const char *const names[] = {
		[0] = "Ok",
		[2] = "KerberosV5",
		[3] = "CleartextPassword",
		[5] = "MD5Password",
		[7] = "GSS",
		[8] = "GSSContinue",
		[9] = "SSPI",
		[10] = "SASL",
		[11] = "SASLContinue",
		[12] = "SASLFinal",
	};
	struct msg_authentication msg;

	if (!decode_authentication(body, &msg))
		return false;
	text_str(t, " ");
	if (msg.code < ARRAY_LEN(names) && names[msg.code])
		text_str(t, names[msg.code]);
	else
		text_int(t, msg.code);
	if (msg.code == 10) { /* names of mechanisms, which are no secret, and a final NUL */
		text_str(t, " ");
		text_strings(t, bytes_of(msg.data.ptr, msg.data.len - 1));
	} else if (msg.data.len > 0) {
		text_str(t, " (hidden)");
	}
	return true;
}

static bool show_negotiate(struct text *t, struct bytes body)
{
	struct msg_negotiate msg;

	if (!decode_negotiate(body, &msg))
		return false;
	text_str(t, " minor=");
	text_int(t, msg.newest_minor);
	text_str(t, " options=");
	text_strings(t, msg.options);
	return true;
}

static bool show_function_result(struct text *t, struct bytes body)
{
	struct wire_value value;

	if (!decode_function_result(body, &value))
		return false;
	text_str(t, " ");
	text_value(t, &value);
	return true;
}

static bool show_ready(struct text *t, struct bytes body)
{
	char status;

	if (!decode_ready(body, &status))
		return false;
	text_str(t, (char[]){' ', status, '\0'});
	return true;
}

text_body_fn *text_backend_body(unsigned char type)
{
	static text_body_fn *const bodies[UINT8_MAX + 1] = {
		[BACKEND_NOTIFICATION_RESPONSE] = show_notification,
		[BACKEND_COMMAND_COMPLETE] = text_one_string,
		[BACKEND_DATA_ROW] = show_data_row,
		[BACKEND_ERROR_RESPONSE] = show_error,
		[BACKEND_COPY_IN_RESPONSE] = show_copy_response,
		[BACKEND_COPY_OUT_RESPONSE] = show_copy_response,
		[BACKEND_BACKEND_KEY_DATA] = show_key_data,
		[BACKEND_NOTICE_RESPONSE] = show_error,
		[BACKEND_AUTHENTICATION] = show_authentication,
		[BACKEND_PARAMETER_STATUS] = show_parameter_status,
		[BACKEND_ROW_DESCRIPTION] = show_row_description,
		[BACKEND_FUNCTION_CALL_RESPONSE] = show_function_result,
		[BACKEND_COPY_BOTH_RESPONSE] = show_copy_response,
		[BACKEND_READY_FOR_QUERY] = show_ready,
		[BACKEND_COPY_DATA] = text_copy_data,
		[BACKEND_PARAMETER_DESCRIPTION] = show_parameter_description,
		[BACKEND_NEGOTIATE_PROTOCOL_VERSION] = show_negotiate,
	};

	return bodies[type];
}
