/*
 * TLS towards the clients: the certificate, and one SSL object per client that asked for it.
 * The handshake needs no step of its own: the link reads and writes through the object, and
 * OpenSSL shakes hands inside of that (wire/link.h). TLS 1.2 or newer, no renegotiation, no
 * resumption of sessions.
 */
#ifndef CAPTURE_TLS_H
#define CAPTURE_TLS_H

#include "base/attr.h"
#include "base/err.h"

struct ssl_st; /* OpenSSL's SSL */
struct tls;

/* From PEM files: the certificate and its chain, and the private key without a passphrase.
 * NULL: err names the file. */
struct tls *tls_new(const char *cert, const char *key, struct err *err) ATTR_USE_RESULT;
void tls_free(struct tls *tls); /* takes NULL */

/* The server's end on `fd`, to be given to link_attach; NULL: no memory. The caller owns it;
 * tls_end frees it. */
struct ssl_st *tls_accept(struct tls *tls, int fd) ATTR_USE_RESULT;
/* Says goodbye if the socket takes it at once, and frees. Takes NULL; before fd is closed. */
void tls_end(struct ssl_st *ssl);

#endif
