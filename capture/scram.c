/*
 * The two messages of a client, taken apart and answered, and the arithmetic of RFC 5802,
 * section 3. Secrets are compared in constant time and wiped.
 */
#include "capture/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BASE64_MAX (4 * ((SCRAM_SALT_MAX + 2) / 3))
/* The client's message twice, our nonce, salt and count. */
#define SPOKEN_MAX (4 * SCRAM_MESSAGE_MAX)

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* --- base64 --- */

/* Strict: OpenSSL's own decoder would take white space and padding anywhere. */
static bool decode(struct bytes text, unsigned char *out, size_t max, size_t *len)
{
	unsigned char whole[BASE64_MAX / 4 * 3];
	size_t padding = 0;

	while (padding < 2 && padding < text.len && text.ptr[text.len - 1 - padding] == '=')
		padding++;
	if (text.len == 0 || text.len % 4 != 0 || text.len > BASE64_MAX)
		return false;
	for (size_t i = 0; i < text.len - padding; i++)
		if (text.ptr[i] == '\0' || !strchr(base64, text.ptr[i]))
			return false;
	if (EVP_DecodeBlock(whole, text.ptr, (int)text.len) < 0)
		return false;
	*len = text.len / 4 * 3 - padding;
	if (*len <= max)
		memcpy(out, whole, *len);
	explicit_bzero(whole, sizeof(whole));
	return *len <= max;
}

static bool decode_key(struct bytes text, unsigned char *key)
{
	size_t len;

	return decode(text, key, SCRAM_KEY_LEN, &len) && len == SCRAM_KEY_LEN;
}

static bool encode(struct buf *out, const unsigned char *data, size_t len)
{
	unsigned char text[BASE64_MAX + 1];
	int n = EVP_EncodeBlock(text, data, (int)len);

	return n > 0 && buf_append(out, text, (size_t)n);
}

/* --- verifiers --- */

/* Cuts the text up to `mark` off the front of *rest. */
static bool cut(struct bytes *rest, char mark, struct bytes *part)
{
	const unsigned char *at = rest->len ? memchr(rest->ptr, mark, rest->len) : NULL;

	if (!at)
		return false;
	*part = bytes_of(rest->ptr, (size_t)(at - rest->ptr));
	*rest = bytes_skip(*rest, part->len + 1);
	return true;
}

static bool parse_count(struct bytes text, int *count)
{
	*count = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || *count > 99999999)
			return false;
		*count = *count * 10 + (text.ptr[i] - '0');
	}
	return *count > 0;
}

bool scram_verifier_parse(const char *text, struct scram_verifier *v)
{
	struct bytes rest = bytes_str(text), mechanism, count, salt, stored;

	*v = (struct scram_verifier){0};
	return cut(&rest, '$', &mechanism) && bytes_equal_str(mechanism, SCRAM_MECHANISM) &&
	       cut(&rest, ':', &count) && parse_count(count, &v->iterations) &&
	       cut(&rest, '$', &salt) && decode(salt, v->salt, sizeof(v->salt), &v->salt_len) &&
	       cut(&rest, ':', &stored) && decode_key(stored, v->stored_key) &&
	       decode_key(rest, v->server_key);
}

/* HMAC-SHA-256 to 32 bytes. */
static bool mac(struct bytes key, struct bytes data, unsigned char *out)
{
	unsigned len = 0;

	return HMAC(EVP_sha256(), key.ptr, (int)key.len, data.ptr, data.len, out, &len) &&
	       len == SCRAM_KEY_LEN;
}

bool scram_verifier_mock(const struct scram_verifier *like, struct bytes secret, const char *user,
	struct scram_verifier *v)
{
	unsigned char salt[SCRAM_KEY_LEN];

	if (!mac(secret, bytes_str(user), salt) ||
		!mac(secret, bytes_of(salt, sizeof(salt)), v->stored_key))
		return false;
	v->is_mock = true;
	v->iterations = like->iterations;
	v->salt_len = like->salt_len;
	/* Salts are longer than a MAC only where somebody made them so. */
	for (size_t i = 0; i < v->salt_len; i++)
		v->salt[i] = i < sizeof(salt) ? salt[i] : v->stored_key[i - sizeof(salt)];
	memcpy(v->server_key, v->stored_key, sizeof(v->server_key));
	return true;
}

bool scram_make_nonce(char *nonce)
{
	unsigned char raw[SCRAM_NONCE_LEN / 4 * 3];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return false;
	return EVP_EncodeBlock((unsigned char *)nonce, raw, sizeof(raw)) == SCRAM_NONCE_LEN;
}

/* --- messages: "name=value" separated by commas --- */

static enum scram_result invalid(struct err *err, const char *text)
{
	err_set(err, "%s", text);
	return SCRAM_INVALID;
}

static bool take_any(struct bytes *rest, char *name, struct bytes *value)
{
	const unsigned char *comma;

	if (rest->len < 2 || rest->ptr[1] != '=')
		return false;
	*name = (char)rest->ptr[0];
	*rest = bytes_skip(*rest, 2);
	comma = rest->len ? memchr(rest->ptr, ',', rest->len) : NULL;
	*value = bytes_of(rest->ptr, comma ? (size_t)(comma - rest->ptr) : rest->len);
	*rest = bytes_skip(*rest, value->len + (comma ? 1 : 0));
	return true;
}

static bool take(struct bytes *rest, char name, struct bytes *value)
{
	char found;

	return take_any(rest, &found, value) && found == name;
}

static bool is_sane(struct bytes message)
{
	return message.len > 0 && message.len <= SCRAM_MESSAGE_MAX &&
	       message.ptr[message.len - 1] != ',' && !memchr(message.ptr, '\0', message.len);
}

static bool is_printable(struct bytes nonce)
{
	for (size_t i = 0; i < nonce.len; i++)
		if (nonce.ptr[i] < 0x21 || nonce.ptr[i] > 0x7e)
			return false;
	return nonce.len > 0;
}

/* "n,," or "y,,": cuts it off. */
static enum scram_result take_header(struct scram *s, struct bytes *message, struct err *err)
{
	if (!is_sane(*message))
		return invalid(err, "malformed SCRAM message");
	s->flag = (char)message->ptr[0];
	if (s->flag == 'p')
		return invalid(err, "the client wants channel binding, which was not offered");
	if ((s->flag != 'n' && s->flag != 'y') || message->len < 3 || message->ptr[1] != ',')
		return invalid(err, "malformed SCRAM message: no GS2 header");
	if (message->ptr[2] != ',')
		return invalid(err, "the client uses an authorization identity, which is not "
				    "supported");
	*message = bytes_skip(*message, 3);
	return SCRAM_OK;
}

void scram_init(struct scram *s, const struct scram_verifier *verifier)
{
	*s = (struct scram){.verifier = *verifier};
	buf_init(&s->spoken, SPOKEN_MAX);
	buf_init(&s->nonce, SPOKEN_MAX);
}

void scram_fini(struct scram *s)
{
	buf_fini(&s->spoken);
	buf_fini(&s->nonce);
	explicit_bzero(s, sizeof(*s));
}

static bool say_first(struct scram *s, struct buf *reply)
{
	size_t before = buf_len(reply);
	const struct scram_verifier *v = &s->verifier;
	bool ok = buf_append_str(reply, "r=") && buf_append_bytes(reply, buf_bytes(&s->nonce)) &&
		  buf_append_str(reply, ",s=") && encode(reply, v->salt, v->salt_len) &&
		  buf_printf(reply, ",i=%d", v->iterations);

	return ok && buf_append_str(&s->spoken, ",") &&
	       buf_append_bytes(&s->spoken, bytes_skip(buf_bytes(reply), before));
}

enum scram_result scram_first(struct scram *s, struct bytes message, const char *nonce,
	struct buf *reply, struct err *err)
{
	enum scram_result result = take_header(s, &message, err);
	struct bytes rest = message, user, theirs;

	if (result != SCRAM_OK)
		return result;
	if (rest.len > 0 && rest.ptr[0] == 'm')
		return invalid(err, "the client requires an unsupported SCRAM extension");
	/* The name is that of the startup packet, whatever this one says; extensions after the
	 * nonce are ignored. */
	if (!take(&rest, 'n', &user) || !take(&rest, 'r', &theirs))
		return invalid(err, "malformed SCRAM message");
	if (!is_printable(theirs))
		return invalid(err, "non-printable characters in SCRAM nonce");
	if (!buf_append_bytes(&s->spoken, message) || !buf_append_bytes(&s->nonce, theirs) ||
		!buf_append_str(&s->nonce, nonce) || !say_first(s, reply))
		return SCRAM_DENIED;
	return SCRAM_OK;
}

/* The client's signature undoes the proof and must leave the key whose hash we keep; `both`
 * are the messages up to the proof. */
static bool is_proven(const struct scram_verifier *v, struct bytes both, const unsigned char *proof)
{
	unsigned char key[SCRAM_KEY_LEN], hash[SCRAM_KEY_LEN];
	bool ok = mac(bytes_of(v->stored_key, SCRAM_KEY_LEN), both, key);

	for (size_t i = 0; i < SCRAM_KEY_LEN; i++)
		key[i] ^= proof[i];
	ok = ok && SHA256(key, sizeof(key), hash) &&
	     CRYPTO_memcmp(hash, v->stored_key, sizeof(hash)) == 0;
	explicit_bzero(key, sizeof(key));
	return ok && !v->is_mock;
}

static bool say_final(const struct scram *s, struct buf *reply)
{
	unsigned char signature[SCRAM_KEY_LEN];

	return mac(bytes_of(s->verifier.server_key, SCRAM_KEY_LEN), buf_bytes(&s->spoken),
		       signature) &&
	       buf_append_str(reply, "v=") && encode(reply, signature, sizeof(signature));
}

/* Extensions may stand before the proof, which is the last; `*before` gets the length of what
 * precedes it and its comma. */
static bool take_proof(
	struct bytes message, struct bytes rest, size_t *before, unsigned char *proof)
{
	struct bytes value;
	char name = '\0';

	while (rest.len > 0 && name != 'p') {
		*before = message.len - rest.len - 1;
		if (!take_any(&rest, &name, &value))
			return false;
	}
	return name == 'p' && rest.len == 0 && decode_key(value, proof);
}

enum scram_result scram_final(
	struct scram *s, struct bytes message, struct buf *reply, struct err *err)
{
	unsigned char proof[SCRAM_KEY_LEN];
	struct bytes rest = message, binding, nonce;
	size_t before = 0;

	if (!is_sane(message) || !take(&rest, 'c', &binding) || !take(&rest, 'r', &nonce) ||
		!take_proof(message, rest, &before, proof))
		return invalid(err, "malformed SCRAM message");
	/* "n,," and "y,,": the header again. */
	if (!bytes_equal_str(binding, s->flag == 'n' ? "biws" : "eSws"))
		return invalid(err, "unexpected SCRAM channel-binding attribute");
	if (!bytes_equal(nonce, buf_bytes(&s->nonce)))
		return invalid(err, "invalid SCRAM response: the nonce does not match");
	if (!buf_append_str(&s->spoken, ",") ||
		!buf_append_bytes(&s->spoken, bytes_of(message.ptr, before)) ||
		!is_proven(&s->verifier, buf_bytes(&s->spoken), proof) || !say_final(s, reply))
		return SCRAM_DENIED;
	return SCRAM_OK;
}
