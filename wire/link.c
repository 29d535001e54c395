/*
 * Bytes in and out of a non-blocking socket, plain or through OpenSSL. Both kinds are
 * reduced to read_some and write_some with the same four answers; everything above them
 * does not know which it is.
 */
#include "wire/link.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>

enum io { IO_DONE, IO_AGAIN, IO_EOF, IO_FAILED };

void link_init(struct link *link, size_t high_water, size_t ceiling)
{
	*link = (struct link){.fd = -1, .high_water = high_water};
	buf_init(&link->in, ceiling);
	buf_init(&link->out, ceiling);
}

bool link_attach(struct link *link, int fd, struct ssl_st *ssl, struct err *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_set(err, "cannot make the socket non-blocking: %s", strerror(errno));
	/* What SSL_write could not finish is tried again from `out`, at another address. */
	if (ssl)
		SSL_set_mode(
			ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	link->fd = fd;
	link->ssl = ssl;
	return true;
}

void link_fini(struct link *link)
{
	buf_fini(&link->in);
	buf_fini(&link->out);
	link->fd = -1;
	link->ssl = NULL;
}

/* --- one attempt, plain or TLS --- */

static enum io failed_errno(const char *what, struct err *err)
{
	err_set(err, "cannot %s: %s", what, strerror(errno));
	return IO_FAILED;
}

/* How a plain call ended that returned a negative number; EINTR is the caller's. */
static enum io plain_result(const char *what, struct err *err)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return IO_AGAIN;
	return failed_errno(what, err);
}

/* How an OpenSSL call ended that did not succeed; `*crossed` is set when it waits for the
 * opposite direction. A peer that ends without close_notify counts as an orderly end: the
 * protocol above knows whether something is missing. */
static enum io tls_result(
	struct link *link, int wanted, bool *crossed, const char *what, struct err *err)
{
	char text[256];
	unsigned long code;
	int saved = errno;
	int reason = SSL_get_error(link->ssl, 0);

	if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
		*crossed = reason != wanted;
		return IO_AGAIN;
	}
	if (reason == SSL_ERROR_ZERO_RETURN)
		return IO_EOF;
	code = ERR_get_error();
	if (reason == SSL_ERROR_SYSCALL && code == 0) {
		errno = saved;
		return saved == 0 ? IO_EOF : failed_errno(what, err);
	}
	if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return IO_EOF;
	ERR_error_string_n(code, text, sizeof(text));
	ERR_clear_error();
	err_set(err, "cannot %s: TLS: %s", what, text);
	return IO_FAILED;
}

static enum io read_some(
	struct link *link, unsigned char *at, size_t n, size_t *got, struct err *err)
{
	ssize_t r;

	if (link->ssl) {
		link->read_wants_write = false;
		ERR_clear_error();
		errno = 0;
		if (SSL_read_ex(link->ssl, at, n, got) == 1)
			return IO_DONE;
		return tls_result(
			link, SSL_ERROR_WANT_READ, &link->read_wants_write, "receive", err);
	}
	do {
		r = recv(link->fd, at, n, 0);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return plain_result("receive", err);
	*got = (size_t)r;
	return r == 0 ? IO_EOF : IO_DONE;
}

static enum io write_some(struct link *link, struct bytes data, size_t *put, struct err *err)
{
	enum io result;
	ssize_t r;

	if (link->ssl) {
		link->write_wants_read = false;
		ERR_clear_error();
		errno = 0;
		if (SSL_write_ex(link->ssl, data.ptr, data.len, put) == 1)
			return IO_DONE;
		result = tls_result(
			link, SSL_ERROR_WANT_WRITE, &link->write_wants_read, "send", err);
		if (result != IO_EOF)
			return result;
		err_set(err, "cannot send: the peer closed the connection");
		return IO_FAILED;
	}
	do {
		r = send(link->fd, data.ptr, data.len, MSG_NOSIGNAL);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return plain_result("send", err);
	*put = (size_t)r;
	return IO_DONE;
}

/* --- buffers --- */

/* Bytes that `in` may still take. */
static size_t room(const struct link *link)
{
	size_t limit = link->need > link->high_water ? link->need : link->high_water;
	size_t held = buf_len(&link->in);

	return held < limit ? limit - held : 0;
}

static enum link_result closed(struct err *err)
{
	err_set(err, "the connection is closed");
	return LINK_FAILED;
}

/* Why a buffer does not take `n` bytes more. */
static enum link_result no_room(
	const char *what, const char *name, const struct buf *b, size_t n, struct err *err)
{
	if (n > b->ceiling - buf_len(b))
		err_set(err, "cannot %s: the %s buffer may not hold more than %zu bytes", what,
			name, b->ceiling);
	else
		err_set(err, "cannot %s: out of memory, twinkly holds %zu bytes of it already",
			what, buf_len(b));
	return LINK_FAILED;
}

/* One attempt to read; *is_dry: the socket has no more now. */
static enum link_result read_once(struct link *link, bool *is_dry, struct err *err)
{
	size_t got = 0, n = room(link);
	size_t chunk = link->in.cap == 0 ? LINK_FIRST_CHUNK : LINK_READ_CHUNK;

	/* What there is no storage for yet is read in the next round. */
	if (!buf_reserve(&link->in, n < chunk ? n : chunk))
		return no_room("receive", "input", &link->in, n < chunk ? n : chunk, err);
	if (n > buf_room(&link->in))
		n = buf_room(&link->in);
	switch (read_some(link, buf_tail(&link->in), n, &got, err)) {
	case IO_DONE:
		buf_added(&link->in, got);
		link->received += (int64_t)got;
		/* A short read from a plain socket spares the one that would say EAGAIN. */
		*is_dry = !link->ssl && got < n;
		return LINK_OK;
	case IO_AGAIN:
		*is_dry = true;
		return LINK_OK;
	case IO_EOF:
		return LINK_EOF;
	case IO_FAILED:
		break;
	}
	return LINK_FAILED;
}

enum link_result link_read(struct link *link, struct err *err)
{
	enum link_result result = LINK_OK;
	bool is_dry = false;

	if (link->fd < 0)
		return closed(err);
	if (link->write_wants_read)
		result = link_flush(link, err);
	while (result == LINK_OK && !is_dry && !link->is_paused && room(link) > 0)
		result = read_once(link, &is_dry, err);
	return result;
}

/* Sends from the front of *data what the socket takes and shortens it by that. */
static enum link_result send_all(struct link *link, struct bytes *data, struct err *err)
{
	size_t put = 0;

	while (data->len > 0) {
		enum io io = write_some(link, *data, &put, err);

		if (io == IO_AGAIN)
			break;
		if (io != IO_DONE)
			return LINK_FAILED;
		*data = bytes_skip(*data, put);
		link->sent += (int64_t)put;
	}
	return LINK_OK;
}

enum link_result link_send(struct link *link, struct bytes data, struct err *err)
{
	if (link->fd < 0)
		return closed(err);
	if (buf_len(&link->out) == 0 && send_all(link, &data, err) != LINK_OK)
		return LINK_FAILED;
	if (data.len > 0 && !buf_append_bytes(&link->out, data))
		return no_room("send", "output", &link->out, data.len, err);
	return LINK_OK;
}

enum link_result link_flush(struct link *link, struct err *err)
{
	struct bytes rest = buf_bytes(&link->out);
	enum link_result result;

	if (link->fd < 0)
		return closed(err);
	result = send_all(link, &rest, err);
	buf_consume(&link->out, buf_len(&link->out) - rest.len);
	return result;
}

bool link_is_clogged(const struct link *link)
{
	return buf_len(&link->out) > link->high_water;
}

bool link_wants_read(const struct link *link)
{
	if (link->fd < 0)
		return false;
	if (link->write_wants_read)
		return true;
	return !link->is_paused && !link->read_wants_write && room(link) > 0;
}

bool link_wants_write(const struct link *link)
{
	if (link->fd < 0)
		return false;
	return link->read_wants_write || (buf_len(&link->out) > 0 && !link->write_wants_read);
}

bool link_has_pending(const struct link *link)
{
	return link->ssl && link_wants_read(link) && SSL_pending(link->ssl) > 0;
}

static void trim(struct buf *b)
{
	if (buf_len(b) == 0 && b->cap > LINK_FIRST_CHUNK)
		buf_release(b);
}

void link_trim(struct link *link)
{
	trim(&link->in);
	trim(&link->out);
}
