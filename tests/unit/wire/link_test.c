/*
 * Two ends of a socket pair: the link under test, and a plain descriptor or an OpenSSL
 * session that the test plays by hand.
 */
#include "wire/link.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define HIGH_WATER 40000
#define CEILING    (1 << 20)

struct pair {
	struct link link;
	int peer;
	struct err err;
};

static void open_pair(struct pair *p)
{
	int fds[2], small = 4096;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	link_init(&p->link, HIGH_WATER, CEILING);
	assert_int_equal(p->link.fd, -1);
	assert_true(link_attach(&p->link, fds[0], NULL, &p->err));
	p->peer = fds[1];
}

static void close_pair(struct pair *p)
{
	close(p->link.fd);
	if (p->peer >= 0)
		close(p->peer);
	link_fini(&p->link);
}

static void peer_sends(struct pair *p, const void *data, size_t len)
{
	assert_int_equal(send(p->peer, data, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* Bytes that can be told apart by their place. */
static unsigned char *pattern(size_t len)
{
	unsigned char *data = malloc(len);

	assert_non_null(data);
	for (size_t i = 0; i < len; i++)
		data[i] = (unsigned char)(i * 7 + i / 251);
	return data;
}

static void test_closed(void **unused)
{
	struct link link;
	struct err err;

	(void)unused;
	link_init(&link, HIGH_WATER, CEILING);
	assert_false(link_wants_read(&link));
	assert_false(link_wants_write(&link));
	assert_false(link_has_pending(&link));
	assert_int_equal(link_read(&link, &err), LINK_FAILED);
	assert_int_equal(link_flush(&link, &err), LINK_FAILED);
	assert_int_equal(link_send(&link, bytes_str("x"), &err), LINK_FAILED);
	assert_string_equal(err.text, "the connection is closed");
	assert_false(link_attach(&link, -1, NULL, &err));
	assert_non_null(strstr(err.text, "non-blocking"));
	link_fini(&link);
}

static void test_read_and_eof(void **unused)
{
	struct pair p;

	(void)unused;
	open_pair(&p);
	assert_true(fcntl(p.link.fd, F_GETFL) & O_NONBLOCK);
	assert_true(link_wants_read(&p.link));
	assert_int_equal(link_read(&p.link, &p.err), LINK_OK);
	assert_int_equal(buf_len(&p.link.in), 0);
	peer_sends(&p, "hello", 5);
	assert_int_equal(link_read(&p.link, &p.err), LINK_OK);
	peer_sends(&p, " world", 6);
	close(p.peer);
	p.peer = -1;
	while (link_read(&p.link, &p.err) == LINK_OK)
		;
	assert_int_equal(link_read(&p.link, &p.err), LINK_EOF);
	assert_true(bytes_equal_str(buf_bytes(&p.link.in), "hello world"));
	close_pair(&p);
}

static void test_pause(void **unused)
{
	struct pair p;

	(void)unused;
	open_pair(&p);
	p.link.is_paused = true;
	peer_sends(&p, "x", 1);
	assert_false(link_wants_read(&p.link));
	assert_int_equal(link_read(&p.link, &p.err), LINK_OK);
	assert_int_equal(buf_len(&p.link.in), 0);
	p.link.is_paused = false;
	assert_true(link_wants_read(&p.link));
	assert_int_equal(link_read(&p.link, &p.err), LINK_OK);
	assert_int_equal(buf_len(&p.link.in), 1);
	close_pair(&p);
}

static void test_high_water(void **unused)
{
	unsigned char *data = pattern(100000);
	struct pair p;

	(void)unused;
	open_pair(&p);
	peer_sends(&p, data, 100000);
	assert_int_equal(link_read(&p.link, &p.err), LINK_OK);
	assert_int_equal(buf_len(&p.link.in), HIGH_WATER);
	assert_false(link_wants_read(&p.link));
	assert_int_equal(link_read(&p.link, &p.err), LINK_OK);
	assert_int_equal(buf_len(&p.link.in), HIGH_WATER);
	/* a message that is longer */
	p.link.need = 90000;
	assert_true(link_wants_read(&p.link));
	assert_int_equal(link_read(&p.link, &p.err), LINK_OK);
	assert_int_equal(buf_len(&p.link.in), 90000);
	assert_false(link_wants_read(&p.link));
	/* shorter ones again */
	p.link.need = 10;
	buf_consume(&p.link.in, 60000);
	assert_true(link_wants_read(&p.link));
	assert_int_equal(link_read(&p.link, &p.err), LINK_OK);
	assert_int_equal(buf_len(&p.link.in), HIGH_WATER);
	assert_memory_equal(buf_bytes(&p.link.in).ptr, data + 60000, HIGH_WATER);
	free(data);
	close_pair(&p);
}

static void test_input_ceiling(void **unused)
{
	unsigned char *data = pattern(100000);
	struct pair p;

	(void)unused;
	open_pair(&p);
	peer_sends(&p, data, 100000);
	p.link.in.ceiling = 50000;
	p.link.need = 60000;
	assert_int_equal(link_read(&p.link, &p.err), LINK_FAILED);
	assert_non_null(strstr(p.err.text, "more than 50000 bytes"));
	assert_true(buf_len(&p.link.in) <= 50000);
	free(data);
	close_pair(&p);
}

/* Whatever the sizes of the pieces and of the socket's buffer, the bytes come in order. */
static void test_send_more_than_fits(void **unused)
{
	enum { TOTAL = 600000 };
	unsigned char *data = pattern(TOTAL), *got = malloc(TOTAL);
	size_t sent = 0, received = 0;
	struct pair p;

	(void)unused;
	assert_non_null(got);
	open_pair(&p);
	while (received < TOTAL) {
		size_t piece = sent * 31 % 20000 + 1;
		ssize_t n;

		if (piece > TOTAL - sent)
			piece = TOTAL - sent;
		if (!link_is_clogged(&p.link) && piece > 0) {
			assert_int_equal(
				link_send(&p.link, bytes_of(data + sent, piece), &p.err), LINK_OK);
			sent += piece;
		}
		assert_int_equal(link_wants_write(&p.link), buf_len(&p.link.out) > 0);
		n = recv(p.peer, got + received, 3000, 0);
		if (n > 0)
			received += (size_t)n;
		assert_int_equal(link_flush(&p.link, &p.err), LINK_OK);
	}
	assert_int_equal(sent, TOTAL);
	assert_memory_equal(got, data, TOTAL);
	assert_false(link_wants_write(&p.link));
	free(data);
	free(got);
	close_pair(&p);
}

static void test_clogged(void **unused)
{
	unsigned char *data = pattern(HIGH_WATER);
	struct pair p = {.err = {.text = ""}};

	(void)unused;
	open_pair(&p);
	p.link.out.ceiling = 100000;
	assert_false(link_is_clogged(&p.link));
	for (int i = 0; i < 20 && !link_is_clogged(&p.link); i++)
		assert_int_equal(link_send(&p.link, bytes_of(data, HIGH_WATER), &p.err), LINK_OK);
	assert_true(link_is_clogged(&p.link));
	assert_true(buf_len(&p.link.out) > HIGH_WATER);
	/* far beyond the mark, at the ceiling, it fails and says so */
	for (int i = 0; i < 20 && link_send(&p.link, bytes_of(data, 20000), &p.err) == LINK_OK; i++)
		;
	assert_true(buf_len(&p.link.out) <= 100000);
	assert_non_null(strstr(p.err.text, "output buffer may not hold more than 100000 bytes"));
	free(data);
	close_pair(&p);
}

static void test_peer_is_gone(void **unused)
{
	struct pair p;

	(void)unused;
	signal(SIGPIPE, SIG_DFL); /* a link must not raise it */
	open_pair(&p);
	close(p.peer);
	p.peer = -1;
	assert_int_equal(link_send(&p.link, bytes_str("x"), &p.err), LINK_FAILED);
	assert_string_equal(p.err.text, "cannot send: Broken pipe");
	assert_int_equal(link_send(&p.link, bytes_str(""), &p.err), LINK_OK);
	close_pair(&p);
}

/* Unread data at the peer's end turns its close into a reset. */
static void test_reset(void **unused)
{
	struct pair p;

	(void)unused;
	open_pair(&p);
	assert_int_equal(link_send(&p.link, bytes_str("never read"), &p.err), LINK_OK);
	close(p.peer);
	p.peer = -1;
	assert_int_equal(link_read(&p.link, &p.err), LINK_FAILED);
	assert_string_equal(p.err.text, "cannot receive: Connection reset by peer");
	close_pair(&p);
}

static void test_trim(void **unused)
{
	unsigned char *data = pattern(HIGH_WATER);
	struct pair p;

	(void)unused;
	open_pair(&p);
	peer_sends(&p, data, HIGH_WATER);
	while (buf_len(&p.link.in) < HIGH_WATER)
		assert_int_equal(link_read(&p.link, &p.err), LINK_OK);
	link_trim(&p.link);
	assert_int_equal(buf_len(&p.link.in), HIGH_WATER);
	buf_consume(&p.link.in, HIGH_WATER);
	assert_true(p.link.in.cap > LINK_READ_CHUNK);
	link_trim(&p.link);
	assert_int_equal(p.link.in.cap, 0);
	/* what an ordinary read allocates is kept */
	peer_sends(&p, "x", 1);
	assert_int_equal(link_read(&p.link, &p.err), LINK_OK);
	buf_consume(&p.link.in, 1);
	link_trim(&p.link);
	assert_true(p.link.in.cap > 0);
	free(data);
	close_pair(&p);
}

/* --- TLS --- */

struct tls {
	struct pair pair;
	SSL_CTX *server_context, *client_context;
	SSL *server, *client; /* the link's is the client */
};

static SSL_CTX *new_server_context(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();

	assert_non_null(context);
	assert_non_null(key);
	assert_non_null(certificate);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(context, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, key), 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return context;
}

static void open_tls(struct tls *t)
{
	open_pair(&t->pair);
	t->server_context = new_server_context();
	t->client_context = SSL_CTX_new(TLS_client_method());
	t->server = SSL_new(t->server_context);
	t->client = SSL_new(t->client_context);
	assert_int_equal(SSL_set_fd(t->server, t->pair.peer), 1);
	assert_int_equal(SSL_set_fd(t->client, t->pair.link.fd), 1);
	SSL_set_accept_state(t->server);
	SSL_set_connect_state(t->client);
	for (int i = 0; i < 20; i++) {
		SSL_do_handshake(t->client);
		SSL_do_handshake(t->server);
	}
	assert_true(SSL_is_init_finished(t->client) && SSL_is_init_finished(t->server));
	assert_true(link_attach(&t->pair.link, t->pair.link.fd, t->client, &t->pair.err));
}

static void close_tls(struct tls *t)
{
	SSL_free(t->server);
	SSL_free(t->client);
	SSL_CTX_free(t->server_context);
	SSL_CTX_free(t->client_context);
	close_pair(&t->pair);
}

static void test_tls_read(void **unused)
{
	struct tls t;
	struct link *link = &t.pair.link;
	size_t n;

	(void)unused;
	open_tls(&t);
	assert_int_equal(link_read(link, &t.pair.err), LINK_OK);
	assert_int_equal(buf_len(&link->in), 0);
	assert_int_equal(SSL_write_ex(t.server, "hello", 5, &n), 1);
	assert_int_equal(SSL_write_ex(t.server, " world", 6, &n), 1);
	assert_int_equal(link_read(link, &t.pair.err), LINK_OK);
	assert_true(bytes_equal_str(buf_bytes(&link->in), "hello world"));
	assert_int_equal(SSL_write_ex(t.server, "!", 1, &n), 1);
	SSL_shutdown(t.server);
	assert_int_equal(link_read(link, &t.pair.err), LINK_EOF);
	assert_true(bytes_equal_str(buf_bytes(&link->in), "hello world!"));
	close_tls(&t);
}

/* A record that the high-water mark cuts: its rest is inside OpenSSL, where no poll sees it. */
static void test_tls_pending(void **unused)
{
	unsigned char *data = pattern(16000);
	struct tls t;
	struct link *link = &t.pair.link;
	size_t n;

	(void)unused;
	open_tls(&t);
	link->high_water = 1000;
	assert_int_equal(SSL_write_ex(t.server, data, 16000, &n), 1);
	assert_int_equal(link_read(link, &t.pair.err), LINK_OK);
	assert_int_equal(buf_len(&link->in), 1000);
	assert_false(link_has_pending(link)); /* no room for it */
	buf_consume(&link->in, 1000);
	assert_true(link_has_pending(link));
	link->is_paused = true;
	assert_false(link_has_pending(link));
	link->is_paused = false;
	link->high_water = HIGH_WATER;
	assert_int_equal(link_read(link, &t.pair.err), LINK_OK);
	assert_false(link_has_pending(link));
	assert_int_equal(buf_len(&link->in), 15000);
	assert_memory_equal(buf_bytes(&link->in).ptr, data + 1000, 15000);
	free(data);
	close_tls(&t);
}

/* The buffer moves between the tries of one record: SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER. */
static void test_tls_send_more_than_fits(void **unused)
{
	enum { TOTAL = 500000 };
	unsigned char *data = pattern(TOTAL), *got = malloc(TOTAL);
	size_t sent = 0, received = 0, n;
	bool was_queued = false;
	struct tls t;

	(void)unused;
	assert_non_null(got);
	open_tls(&t);
	while (received < TOTAL) {
		size_t piece = sent * 31 % 50000 + 1;

		if (piece > TOTAL - sent)
			piece = TOTAL - sent;
		if (!link_is_clogged(&t.pair.link) && piece > 0) {
			unsigned char *copy = malloc(piece); /* gone after the call */

			assert_non_null(copy);
			memcpy(copy, data + sent, piece);
			assert_int_equal(
				link_send(&t.pair.link, bytes_of(copy, piece), &t.pair.err),
				LINK_OK);
			free(copy);
			sent += piece;
		}
		was_queued |= link_wants_write(&t.pair.link);
		if (SSL_read_ex(t.server, got + received, 3000, &n) == 1)
			received += n;
		assert_int_equal(link_flush(&t.pair.link, &t.pair.err), LINK_OK);
	}
	assert_true(was_queued);
	assert_memory_equal(got, data, TOTAL);
	free(data);
	free(got);
	close_tls(&t);
}

static void test_tls_cut_off(void **unused)
{
	struct tls t;

	(void)unused;
	open_tls(&t);
	/* the tickets of TLS 1.3 first, then nothing: no close_notify */
	assert_int_equal(link_read(&t.pair.link, &t.pair.err), LINK_OK);
	assert_int_equal(shutdown(t.pair.peer, SHUT_WR), 0);
	assert_int_equal(link_read(&t.pair.link, &t.pair.err), LINK_EOF);
	close_tls(&t);
}

static void test_tls_garbage(void **unused)
{
	struct tls t;

	(void)unused;
	open_tls(&t);
	assert_int_equal(link_read(&t.pair.link, &t.pair.err), LINK_OK);
	peer_sends(&t.pair, "this is no TLS record at all", 28);
	assert_int_equal(link_read(&t.pair.link, &t.pair.err), LINK_FAILED);
	assert_non_null(strstr(t.pair.err.text, "cannot receive: TLS: error:"));
	assert_int_not_equal(link_read(&t.pair.link, &t.pair.err), LINK_OK);
	close_tls(&t);
}

static void test_tls_peer_is_gone(void **unused)
{
	struct tls t;

	(void)unused;
	signal(SIGPIPE, SIG_IGN); /* OpenSSL's own socket BIO writes here, not libpq's */
	open_tls(&t);
	close(t.pair.peer);
	t.pair.peer = -1;
	assert_int_equal(link_send(&t.pair.link, bytes_str("x"), &t.pair.err), LINK_FAILED);
	assert_string_equal(t.pair.err.text, "cannot send: Broken pipe");
	close_tls(&t);
}

/* What TLS may want crosswise: reading to be able to write, and the reverse. */
static void test_crossed_wants(void **unused)
{
	struct pair p;

	(void)unused;
	open_pair(&p);
	assert_true(buf_append_str(&p.link.out, "x"));
	p.link.is_paused = true;
	p.link.write_wants_read = true;
	assert_true(link_wants_read(&p.link));
	assert_false(link_wants_write(&p.link));
	/* paused: reading only makes the write go on */
	peer_sends(&p, "y", 1);
	assert_int_equal(link_read(&p.link, &p.err), LINK_OK);
	assert_int_equal(buf_len(&p.link.out), 0);
	assert_int_equal(buf_len(&p.link.in), 0);
	p.link.is_paused = p.link.write_wants_read = false;
	p.link.read_wants_write = true;
	assert_false(link_wants_read(&p.link));
	assert_true(link_wants_write(&p.link));
	close_pair(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_read_and_eof),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_high_water),
		cmocka_unit_test(test_input_ceiling),
		cmocka_unit_test(test_send_more_than_fits),
		cmocka_unit_test(test_clogged),
		cmocka_unit_test(test_peer_is_gone),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_tls_read),
		cmocka_unit_test(test_tls_pending),
		cmocka_unit_test(test_tls_send_more_than_fits),
		cmocka_unit_test(test_tls_cut_off),
		cmocka_unit_test(test_tls_garbage),
		cmocka_unit_test(test_tls_peer_is_gone),
		cmocka_unit_test(test_crossed_wants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
