/*
 * A non-blocking byte stream, plain or TLS, with an input and an output buffer. It knows no
 * event loop: it says what it wants (link_wants) and is told to read and write.
 * One owner, one thread. Limits: the input buffer stops asking for bytes at `high_water`
 * unless the one message at its front is longer; the output buffer takes what it is given up
 * to its ceiling, and whoever feeds it stops at link_is_clogged.
 */
#ifndef WIRE_LINK_H
#define WIRE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

struct ssl_st; /* OpenSSL's SSL */

enum link_result {
	LINK_OK,    /* some progress, or none possible now */
	LINK_EOF,   /* the peer closed in order; what it sent before is in `in` */
	LINK_FAILED /* err says why; the link is dead */
};

struct link {
	int fd;             /* -1: closed */
	struct ssl_st *ssl; /* NULL: plain; not owned */
	struct buf in, out;
	size_t high_water; /* bytes in `in` at which reading stops */
	size_t need;       /* bytes the front message needs, may exceed high_water; 0: unknown */
	bool is_paused;    /* reading is held back by the owner */
	bool write_wants_read, read_wants_write; /* TLS renegotiation */
	int64_t received, sent;                  /* bytes so far, without what TLS adds */
};

#define LINK_READ_CHUNK  16384
#define LINK_FIRST_CHUNK 4096 /* of a buffer without storage: an idle link stays small */

/* Takes over `fd` (made non-blocking); link_close closes it only if `owns_fd` was the
 * caller's to give: backends' descriptors belong to libpq, see wire/backend.h. */
void link_init(struct link *link, size_t high_water, size_t ceiling);
bool link_attach(struct link *link, int fd, struct ssl_st *ssl, struct err *err) ATTR_USE_RESULT;
/* Frees the buffers; does not close the descriptor. */
void link_fini(struct link *link);

/* Reads until the socket is dry, the high-water mark is reached or the peer ended. TLS: until
 * OpenSSL holds nothing, since bytes inside it do not raise readiness. */
enum link_result link_read(struct link *link, struct err *err) ATTR_USE_RESULT;

/* Queues bytes, sending at once what the socket takes when nothing is queued before them. */
enum link_result link_send(struct link *link, struct bytes data, struct err *err) ATTR_USE_RESULT;
/* Sends what is queued. When a socket becomes writable, call link_read after it if
 * read_wants_write is set. */
enum link_result link_flush(struct link *link, struct err *err) ATTR_USE_RESULT;

/* More than the high-water mark waits to be sent: do not feed it. */
bool link_is_clogged(const struct link *link);
bool link_wants_read(const struct link *link);
bool link_wants_write(const struct link *link);
/* TLS: OpenSSL holds bytes that the high-water mark kept out of `in`, and there is room for
 * them now. No readiness will announce them: call link_read in the loop's next turn. */
bool link_has_pending(const struct link *link);
/* After consuming: gives the storage of empty buffers back (an idle session is small). */
void link_trim(struct link *link);

#endif
