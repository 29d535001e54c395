/*
 * Pieces of the text dump, private to wire/. A text appends to a buffer; the first piece that
 * does not fit marks it full, and whoever owns the line then takes it back. Nothing a peer
 * sent reaches the buffer as a control character or as invalid UTF-8.
 */
#ifndef WIRE_TEXT_H
#define WIRE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "wire/decode.h"

#define TEXT_VALUE_MAX 64 /* bytes shown of a value unless the style says otherwise */

struct text {
	struct buf *out;
	size_t value_max; /* bytes shown of one value, above 0 */
	bool is_stable;
	bool is_full;
};

void text_str(struct text *t, const char *s);
void text_int(struct text *t, int64_t n);
/* " pid=12", " pid=*" in the stable form. */
void text_pid(struct text *t, uint32_t pid);

/* In quotes, whole; bytes that are not printable UTF-8 as \xNN. */
void text_quoted(struct text *t, struct bytes s);
/* As it is if it is a plain word, else quoted. */
void text_word(struct text *t, struct bytes s);
/* hex:..., cut at value_max. */
void text_hex(struct text *t, struct bytes s);
/* As dump_value has it, cut at value_max. */
void text_value(struct text *t, const struct wire_value *value);

/* Lists in brackets. */
typedef void text_items_fn(struct text *t, struct wire_items items);
void text_int16s(struct text *t, struct wire_items items);
void text_oids(struct text *t, struct wire_items items);
void text_values(struct text *t, struct wire_items items);
/* NUL-terminated strings, quoted. */
void text_strings(struct text *t, struct bytes strings);

/* What follows a message's name. False, with nothing written, where the body cannot be
 * decoded; NULL instead of a function: the message has no body. */
typedef bool text_body_fn(struct text *t, struct bytes body);
text_body_fn *text_frontend_body(unsigned char type);
text_body_fn *text_backend_body(unsigned char type);
/* Bodies of both directions: Query, CommandComplete, CopyFail; CopyData. */
bool text_one_string(struct text *t, struct bytes body);
bool text_copy_data(struct text *t, struct bytes body);
/* The startup packet says its own name, which depends on its code. */
bool text_startup(struct text *t, struct bytes body);

#endif
