/*
 * One sample at least of every message of both directions, built by the encoders. Tests walk
 * the table, so a new row is framed, truncated, mutated and dumped everywhere at once.
 */
#ifndef TESTS_UNIT_WIRE_SAMPLES_H
#define TESTS_UNIT_WIRE_SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/wire/samples_backend.h"
#include "tests/unit/wire/samples_frontend.h"
#include "wire/frame.h"

#define SAMPLE_CEILING 100000

struct sample {
	enum wire_side from;
	unsigned char type;             /* 0: a startup packet */
	bool (*build)(struct buf *out); /* NULL: the message is nothing but its type */
	bool is_loose;                  /* may lose bytes at the end and still be in order */
	const char *stable;             /* its dump in the stable form, without newline */
};

static const struct sample samples[] = {
	{WIRE_FRONTEND, 0, sample_startup, false,
		"StartupMessage 3.0 \"user\"=\"app\" \"database\"=\"\""},
	{WIRE_FRONTEND, 0, sample_startup_bare, false, "StartupMessage 3.0"},
	{WIRE_FRONTEND, 0, sample_ssl, false, "SSLRequest"},
	{WIRE_FRONTEND, 0, sample_gssenc, false, "GSSENCRequest"},
	{WIRE_FRONTEND, 0, sample_cancel, false, "CancelRequest pid=* key=(hidden)"},
	{WIRE_FRONTEND, FRONTEND_QUERY, sample_query, false, "Query \"select 1\""},
	{WIRE_FRONTEND, FRONTEND_PARSE, sample_parse, false,
		"Parse \"s1\" \"select $1, $2\" types=[23 0]"},
	{WIRE_FRONTEND, FRONTEND_BIND, sample_bind, false,
		"Bind \"\" \"s1\" formats=[0 0 1] params=[\"abc\" NULL hex:0001] results=[1]"},
	{WIRE_FRONTEND, FRONTEND_BIND, sample_bind_bare, false, "Bind \"\" \"\""},
	{WIRE_FRONTEND, FRONTEND_DESCRIBE, sample_describe, false, "Describe portal \"\""},
	{WIRE_FRONTEND, FRONTEND_CLOSE, sample_close, false, "Close statement \"s1\""},
	{WIRE_FRONTEND, FRONTEND_EXECUTE, sample_execute, false, "Execute \"\" max=100"},
	{WIRE_FRONTEND, FRONTEND_FUNCTION_CALL, sample_function_call, false,
		"FunctionCall oid=1598 formats=[1] args=[hex:0102 NULL] result=1"},
	{WIRE_FRONTEND, FRONTEND_FLUSH, encode_flush, false, "Flush"},
	{WIRE_FRONTEND, FRONTEND_SYNC, encode_sync, false, "Sync"},
	{WIRE_FRONTEND, FRONTEND_TERMINATE, encode_terminate, false, "Terminate"},
	{WIRE_FRONTEND, FRONTEND_COPY_DATA, sample_copy_data, true, "CopyData \"1\\tone\\n\""},
	{WIRE_FRONTEND, FRONTEND_COPY_DONE, encode_copy_done, false, "CopyDone"},
	{WIRE_FRONTEND, FRONTEND_COPY_FAIL, sample_copy_fail, false, "CopyFail \"no more\""},
	{WIRE_FRONTEND, FRONTEND_PASSWORD, sample_password, true, "PasswordMessage (hidden)"},
	{WIRE_FRONTEND, FRONTEND_PASSWORD, sample_sasl_initial, true, "PasswordMessage (hidden)"},
	{WIRE_FRONTEND, FRONTEND_PASSWORD, sample_sasl_response, true, "PasswordMessage (hidden)"},

	{WIRE_BACKEND, BACKEND_AUTHENTICATION, sample_authentication_ok, false,
		"Authentication Ok"},
	{WIRE_BACKEND, BACKEND_AUTHENTICATION, sample_authentication_md5, false,
		"Authentication MD5Password (hidden)"},
	{WIRE_BACKEND, BACKEND_AUTHENTICATION, sample_authentication_sasl, false,
		"Authentication SASL [\"SCRAM-SHA-256-PLUS\" \"SCRAM-SHA-256\"]"},
	{WIRE_BACKEND, BACKEND_AUTHENTICATION, sample_authentication_continue, true,
		"Authentication SASLContinue (hidden)"},
	{WIRE_BACKEND, BACKEND_PARAMETER_STATUS, sample_parameter_status, false,
		"ParameterStatus \"TimeZone\" \"UTC\""},
	{WIRE_BACKEND, BACKEND_BACKEND_KEY_DATA, sample_key_data, false,
		"BackendKeyData pid=* key=(hidden)"},
	{WIRE_BACKEND, BACKEND_READY_FOR_QUERY, sample_ready, false, "ReadyForQuery I"},
	{WIRE_BACKEND, BACKEND_NEGOTIATE_PROTOCOL_VERSION, sample_negotiate, false,
		"NegotiateProtocolVersion minor=0 options=[\"_pq_.one\" \"_pq_.two\"]"},
	{WIRE_BACKEND, BACKEND_ROW_DESCRIPTION, sample_row_description, false,
		"RowDescription [id:23:b ?column?:701:t \"two words\":1043(24):t]"},
	{WIRE_BACKEND, BACKEND_ROW_DESCRIPTION, sample_row_description_bare, false,
		"RowDescription []"},
	{WIRE_BACKEND, BACKEND_DATA_ROW, sample_data_row, false, "DataRow [\"1\" NULL \"\"]"},
	{WIRE_BACKEND, BACKEND_COMMAND_COMPLETE, sample_command_complete, false,
		"CommandComplete \"SELECT 1\""},
	{WIRE_BACKEND, BACKEND_PARAMETER_DESCRIPTION, sample_parameter_description, false,
		"ParameterDescription [23 25]"},
	{WIRE_BACKEND, BACKEND_COPY_IN_RESPONSE, sample_copy_in, false,
		"CopyInResponse format=0 columns=[0 0]"},
	{WIRE_BACKEND, BACKEND_COPY_OUT_RESPONSE, sample_copy_out, false,
		"CopyOutResponse format=1 columns=[1 1]"},
	{WIRE_BACKEND, BACKEND_COPY_BOTH_RESPONSE, sample_copy_both, false,
		"CopyBothResponse format=0 columns=[]"},
	{WIRE_BACKEND, BACKEND_COPY_DATA, sample_copy_data, true, "CopyData \"1\\tone\\n\""},
	{WIRE_BACKEND, BACKEND_COPY_DONE, encode_copy_done, false, "CopyDone"},
	{WIRE_BACKEND, BACKEND_FUNCTION_CALL_RESPONSE, sample_function_result, false,
		"FunctionCallResponse \"42\""},
	{WIRE_BACKEND, BACKEND_FUNCTION_CALL_RESPONSE, sample_function_null, false,
		"FunctionCallResponse NULL"},
	{WIRE_BACKEND, BACKEND_NOTIFICATION_RESPONSE, sample_notification, false,
		"NotificationResponse pid=* \"news\" \"hello\""},
	{WIRE_BACKEND, BACKEND_ERROR_RESPONSE, sample_error, false,
		"ErrorResponse ERROR 23505 \"duplicate key\" "
		"detail=\"Key (id)=(1) already exists.\""},
	{WIRE_BACKEND, BACKEND_ERROR_RESPONSE, sample_error_empty, false,
		"ErrorResponse \"\" \"\" \"\""},
	{WIRE_BACKEND, BACKEND_NOTICE_RESPONSE, sample_notice, false,
		"NoticeResponse NOTICE 00000 \"hi\" hint=\"wave back\""},
	{WIRE_BACKEND, BACKEND_PARSE_COMPLETE, NULL, false, "ParseComplete"},
	{WIRE_BACKEND, BACKEND_BIND_COMPLETE, NULL, false, "BindComplete"},
	{WIRE_BACKEND, BACKEND_CLOSE_COMPLETE, NULL, false, "CloseComplete"},
	{WIRE_BACKEND, BACKEND_EMPTY_QUERY_RESPONSE, NULL, false, "EmptyQueryResponse"},
	{WIRE_BACKEND, BACKEND_NO_DATA, NULL, false, "NoData"},
	{WIRE_BACKEND, BACKEND_PORTAL_SUSPENDED, NULL, false, "PortalSuspended"},
};

/* Appends the sample; false as its encoder says. */
static inline bool sample_append(const struct sample *s, struct buf *out)
{
	return s->build ? s->build(out) : encode_empty(out, s->type);
}

/* The sample in a buffer of its own; free with buf_fini. */
static inline struct buf sample_bytes(const struct sample *s)
{
	struct buf out;

	buf_init(&out, SAMPLE_CEILING);
	assert_true(sample_append(s, &out));
	return out;
}

/* Frames `in` the way its sample asks for. */
static inline enum frame_result sample_frame(
	const struct sample *s, struct bytes in, struct frame *frame, struct err *err)
{
	if (s->type == 0)
		return frame_startup(in, frame, err);
	return frame_next(in, s->from, SAMPLE_CEILING, frame, err);
}

#endif
