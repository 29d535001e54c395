/*
 * The messages of PostgreSQL's protocol 3.0, one table. Names are those of the protocol
 * document (chapter "Message Formats"). From it come the enums, the names for dumps, and the
 * framer's idea of which types and lengths are sane.
 */
#ifndef WIRE_MESSAGE_H
#define WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

/* X(type byte, ENUM, "Name", smallest body, largest body) - body without type and length.
 * SHORT: no field of unbounded length, or only names. LONG: limited by WIRE_MESSAGE_MAX. */
#define WIRE_SHORT_MAX   30000
#define WIRE_MESSAGE_MAX 0x3fffffff /* PostgreSQL's own: PQ_LARGE_MESSAGE_LIMIT, 1 GiB - 1 */

#define WIRE_FRONTEND_MESSAGES(X)                                   \
	X('B', BIND, "Bind", 8, WIRE_MESSAGE_MAX)                   \
	X('C', CLOSE, "Close", 2, WIRE_SHORT_MAX)                   \
	X('D', DESCRIBE, "Describe", 2, WIRE_SHORT_MAX)             \
	X('E', EXECUTE, "Execute", 5, WIRE_SHORT_MAX)               \
	X('F', FUNCTION_CALL, "FunctionCall", 10, WIRE_MESSAGE_MAX) \
	X('H', FLUSH, "Flush", 0, 0)                                \
	X('P', PARSE, "Parse", 4, WIRE_MESSAGE_MAX)                 \
	X('Q', QUERY, "Query", 1, WIRE_MESSAGE_MAX)                 \
	X('S', SYNC, "Sync", 0, 0)                                  \
	X('X', TERMINATE, "Terminate", 0, 0)                        \
	X('c', COPY_DONE, "CopyDone", 0, 0)                         \
	X('d', COPY_DATA, "CopyData", 0, WIRE_MESSAGE_MAX)          \
	X('f', COPY_FAIL, "CopyFail", 1, WIRE_SHORT_MAX)            \
	X('p', PASSWORD, "PasswordMessage", 0, 65535)

#define WIRE_BACKEND_MESSAGES(X)                                                    \
	X('1', PARSE_COMPLETE, "ParseComplete", 0, 0)                               \
	X('2', BIND_COMPLETE, "BindComplete", 0, 0)                                 \
	X('3', CLOSE_COMPLETE, "CloseComplete", 0, 0)                               \
	X('A', NOTIFICATION_RESPONSE, "NotificationResponse", 6, WIRE_SHORT_MAX)    \
	X('C', COMMAND_COMPLETE, "CommandComplete", 1, WIRE_SHORT_MAX)              \
	X('D', DATA_ROW, "DataRow", 2, WIRE_MESSAGE_MAX)                            \
	X('E', ERROR_RESPONSE, "ErrorResponse", 1, WIRE_MESSAGE_MAX)                \
	X('G', COPY_IN_RESPONSE, "CopyInResponse", 3, 200000)                       \
	X('H', COPY_OUT_RESPONSE, "CopyOutResponse", 3, 200000)                     \
	X('I', EMPTY_QUERY_RESPONSE, "EmptyQueryResponse", 0, 0)                    \
	X('K', BACKEND_KEY_DATA, "BackendKeyData", 8, 8)                            \
	X('N', NOTICE_RESPONSE, "NoticeResponse", 1, WIRE_MESSAGE_MAX)              \
	X('R', AUTHENTICATION, "Authentication", 4, WIRE_SHORT_MAX)                 \
	X('S', PARAMETER_STATUS, "ParameterStatus", 2, WIRE_MESSAGE_MAX)            \
	X('T', ROW_DESCRIPTION, "RowDescription", 2, WIRE_MESSAGE_MAX)              \
	X('V', FUNCTION_CALL_RESPONSE, "FunctionCallResponse", 4, WIRE_MESSAGE_MAX) \
	X('W', COPY_BOTH_RESPONSE, "CopyBothResponse", 3, 200000)                   \
	X('Z', READY_FOR_QUERY, "ReadyForQuery", 1, 1)                              \
	X('c', COPY_DONE, "CopyDone", 0, 0)                                         \
	X('d', COPY_DATA, "CopyData", 0, WIRE_MESSAGE_MAX)                          \
	X('n', NO_DATA, "NoData", 0, 0)                                             \
	X('s', PORTAL_SUSPENDED, "PortalSuspended", 0, 0)                           \
	X('t', PARAMETER_DESCRIPTION, "ParameterDescription", 2, 400000)            \
	X('v', NEGOTIATE_PROTOCOL_VERSION, "NegotiateProtocolVersion", 8, WIRE_SHORT_MAX)

#define WIRE_X_ENUM(byte, NAME, name, min, max) FRONTEND_##NAME = byte,
enum frontend_message { WIRE_FRONTEND_MESSAGES(WIRE_X_ENUM) FRONTEND_STARTUP = 0 };
#undef WIRE_X_ENUM

#define WIRE_X_ENUM(byte, NAME, name, min, max) BACKEND_##NAME = byte,
enum backend_message { WIRE_BACKEND_MESSAGES(WIRE_X_ENUM) BACKEND_NONE = 0 };
#undef WIRE_X_ENUM

enum wire_side { WIRE_FRONTEND, WIRE_BACKEND };

struct message_info {
	const char *name; /* NULL: no such message from that side */
	size_t min_body, max_body;
};

/* Never NULL; an unknown type gives a row whose name is NULL. */
const struct message_info *message_info(enum wire_side from, unsigned char type);

/* Codes in place of a protocol version in the first packet of a connection. */
#define WIRE_PROTOCOL_3_0 0x00030000
#define WIRE_CODE_CANCEL  80877102
#define WIRE_CODE_SSL     80877103
#define WIRE_CODE_GSSENC  80877104
#define WIRE_STARTUP_MAX  10000 /* PostgreSQL's MAX_STARTUP_PACKET_LENGTH */

#endif
