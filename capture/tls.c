/*
 * OpenSSL's server side.
 */
#include "capture/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"

struct tls {
	SSL_CTX *context;
};

/* Always false; OpenSSL's queue of errors is empty afterwards. */
static bool failed(struct err *err, const char *what, const char *path)
{
	const char *reason = ERR_reason_error_string(ERR_get_error());

	ERR_clear_error();
	return err_set(
		err, "%s \"%s\": %s", what, path, reason ? reason : "OpenSSL does not say why");
}

/* In place of OpenSSL's question on the terminal. */
static int refuse_passphrase(char *text, int size, int is_writing, void *context)
{
	bool *was_asked = context;

	(void)text;
	(void)size;
	(void)is_writing;
	*was_asked = true;
	return -1;
}

static void warn_of_readers(const char *key)
{
	struct stat st;

	if (stat(key, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		log_warning(
			"proxy.tls.key: \"%s\" can be used by others than its owner (mode %03o)",
			key, (unsigned)st.st_mode & 0777);
}

static bool load(SSL_CTX *context, const char *cert, const char *key, struct err *err)
{
	bool was_asked = false, ok;

	if (SSL_CTX_use_certificate_chain_file(context, cert) != 1)
		return failed(err, "proxy.tls.cert: cannot use", cert);
	SSL_CTX_set_default_passwd_cb(context, refuse_passphrase);
	SSL_CTX_set_default_passwd_cb_userdata(context, &was_asked);
	ok = SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1;
	SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
	if (was_asked) {
		ERR_clear_error();
		return err_set(
			err, "proxy.tls.key: \"%s\" needs a passphrase; store it without one", key);
	}
	if (!ok)
		return failed(err, "proxy.tls.key: cannot use", key);
	if (SSL_CTX_check_private_key(context) != 1)
		return failed(err, "proxy.tls.key: does not belong to the certificate:", key);
	warn_of_readers(key);
	return true;
}

static bool configure(SSL_CTX *context, struct err *err)
{
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
		SSL_CTX_set_num_tickets(context, 0) != 1)
		return failed(err, "proxy.tls: cannot set up", "TLS 1.2");
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
					     SSL_OP_NO_COMPRESSION |
					     SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	/* An idle session keeps no buffers of 16 KB. */
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	return true;
}

struct tls *tls_new(const char *cert, const char *key, struct err *err)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	if (tls)
		tls->context = SSL_CTX_new(TLS_server_method());
	if (!tls || !tls->context) {
		ERR_clear_error();
		tls_free(tls);
		err_set(err, "proxy.tls: out of memory");
		return NULL;
	}
	if (!configure(tls->context, err) || !load(tls->context, cert, key, err)) {
		tls_free(tls);
		return NULL;
	}
	return tls;
}

void tls_free(struct tls *tls)
{
	if (tls)
		SSL_CTX_free(tls->context);
	free(tls);
}

struct ssl_st *tls_accept(struct tls *tls, int fd)
{
	SSL *ssl = SSL_new(tls->context);

	if (!ssl || SSL_set_fd(ssl, fd) != 1) {
		ERR_clear_error();
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return ssl;
}

void tls_end(struct ssl_st *ssl)
{
	if (!ssl)
		return;
	if (SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	ERR_clear_error();
	SSL_free(ssl);
}
