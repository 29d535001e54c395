/*
 * SCRAM against the example of RFC 7677, section 3, and against a client of its own that makes
 * proofs from a password.
 */
#include "capture/scram.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RFC_NONCE  "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define RFC_FIRST  "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
#define RFC_SERVER "r=rOprNGfwEbeRWgbNEkqO" RFC_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
#define RFC_FINAL  "c=biws,r=rOprNGfwEbeRWgbNEkqO" RFC_NONCE
#define RFC_PROOF  ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define RFC_ANSWER "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

static struct bytes view(const char *text)
{
	return bytes_str(text);
}

static void mac(const unsigned char *key, const char *data, unsigned char *out)
{
	assert_non_null(
		HMAC(EVP_sha256(), key, 32, (const unsigned char *)data, strlen(data), out, NULL));
}

/* The verifier of "pencil" with the RFC's salt, as PostgreSQL would store it. */
static const char *rfc_verifier(void)
{
	static char text[200];
	unsigned char salt[18], salted[32], key[32], stored[32], server[32], out[2][48];

	assert_int_equal(
		EVP_DecodeBlock(salt, (const unsigned char *)"W22ZaJ0SNY7soEsUEjb6gQ==", 24), 18);
	assert_int_equal(
		PKCS5_PBKDF2_HMAC("pencil", 6, salt, 16, 4096, EVP_sha256(), 32, salted), 1);
	mac(salted, "Client Key", key);
	assert_non_null(SHA256(key, 32, stored));
	mac(salted, "Server Key", server);
	EVP_EncodeBlock(out[0], stored, 32);
	EVP_EncodeBlock(out[1], server, 32);
	snprintf(text, sizeof(text), "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$%s:%s",
		(char *)out[0], (char *)out[1]);
	return text;
}

struct scene {
	struct scram scram;
	struct buf reply;
	struct err err;
};

static void open_scene(struct scene *s, bool is_mock)
{
	struct scram_verifier v;

	assert_true(scram_verifier_parse(rfc_verifier(), &v));
	v.is_mock = is_mock;
	scram_init(&s->scram, &v);
	buf_init(&s->reply, 4096);
	s->err.text[0] = '\0';
}

static void close_scene(struct scene *s)
{
	static const unsigned char zeros[SCRAM_KEY_LEN];

	scram_fini(&s->scram);
	assert_memory_equal(s->scram.verifier.server_key, zeros, sizeof(zeros));
	buf_fini(&s->reply);
}

static enum scram_result first(struct scene *s, struct bytes message)
{
	buf_reset(&s->reply);
	return scram_first(&s->scram, message, RFC_NONCE, &s->reply, &s->err);
}

static enum scram_result final(struct scene *s, struct bytes message)
{
	buf_reset(&s->reply);
	return scram_final(&s->scram, message, &s->reply, &s->err);
}

/* --- the example --- */

static void test_rfc_7677(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, false);
	assert_int_equal(first(&s, view(RFC_FIRST)), SCRAM_OK);
	assert_string_equal(buf_cstr(&s.reply), RFC_SERVER);
	assert_int_equal(final(&s, view(RFC_FINAL RFC_PROOF)), SCRAM_OK);
	assert_string_equal(buf_cstr(&s.reply), RFC_ANSWER);
	close_scene(&s);
}

static void test_a_mock_takes_no_proof(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, true);
	assert_int_equal(first(&s, view(RFC_FIRST)), SCRAM_OK);
	assert_string_equal(buf_cstr(&s.reply), RFC_SERVER);
	assert_int_equal(final(&s, view(RFC_FINAL RFC_PROOF)), SCRAM_DENIED);
	assert_int_equal(buf_len(&s.reply), 0);
	close_scene(&s);
}

/* Every bit of the proof counts; so does every character of what it signs. */
static void test_other_proofs_are_denied(void **state)
{
	static const char other_name[] = "n,,n=usex,r=rOprNGfwEbeRWgbNEkqO";
	char message[] = RFC_FINAL RFC_PROOF;
	size_t end = strlen(message) - 1;
	struct scene s;

	(void)state;
	for (size_t i = strlen(RFC_FINAL) + 3; i < end; i++) {
		open_scene(&s, false);
		assert_int_equal(first(&s, view(RFC_FIRST)), SCRAM_OK);
		message[i] ^= 1;
		if (final(&s, view(message)) == SCRAM_OK)
			fail_msg("a changed character %zu was accepted", i);
		message[i] ^= 1;
		close_scene(&s);
	}
	open_scene(&s, false);
	assert_int_equal(first(&s, view(other_name)), SCRAM_OK);
	assert_int_equal(final(&s, view(message)), SCRAM_DENIED);
	close_scene(&s);
}

static void test_extensions_are_signed(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, false);
	assert_int_equal(first(&s, view(RFC_FIRST ",x=ignored")), SCRAM_OK);
	assert_string_equal(buf_cstr(&s.reply), RFC_SERVER);
	/* The RFC's proof does not know of them. */
	assert_int_equal(final(&s, view(RFC_FINAL ",y=z" RFC_PROOF)), SCRAM_DENIED);
	close_scene(&s);
}

/* --- malformed messages --- */

static void assert_first_invalid(struct bytes message)
{
	struct scene s;

	open_scene(&s, false);
	if (first(&s, message) != SCRAM_INVALID)
		fail_msg("accepted: %.*s", (int)message.len, (const char *)message.ptr);
	assert_string_not_equal(s.err.text, "");
	assert_int_equal(buf_len(&s.reply), 0);
	close_scene(&s);
}

static void test_first_messages_that_are_wrong(void **state)
{
	static const char *const wrong[] = {"", "n", "n,", "n,,", "x,,n=,r=a", "n,a=b,n=,r=a",
		"p=tls-unique,,n=,r=a", "n,,m=a,n=,r=a", "n,,n=", "n,,n=,", "n,,r=a",
		"n,,n=,r=", "n,,n=,x=a", "n,,n=,r=a b", "n,,n=,r=a\x7f", "n,,n=,r=\xc3\xa4",
		"n,,n=,r=abc,"};
	static const char with_nul[] = "n,,n=,r=a\0b";
	char huge[SCRAM_MESSAGE_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_first_invalid(view(wrong[i]));
	assert_first_invalid(bytes_of(with_nul, sizeof(with_nul) - 1));
	memset(huge, 'a', sizeof(huge));
	memcpy(huge, "n,,n=,r=", 8);
	assert_first_invalid(bytes_of(huge, SCRAM_MESSAGE_MAX + 1));
}

static void test_the_longest_message(void **state)
{
	char longest[SCRAM_MESSAGE_MAX];
	struct scene s;

	(void)state;
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "y,,n=,r=", 8);
	open_scene(&s, false);
	assert_int_equal(first(&s, bytes_of(longest, sizeof(longest))), SCRAM_OK);
	close_scene(&s);
}

static void test_final_messages_that_are_wrong(void **state)
{
	static const char *const wrong[] = {"", RFC_FINAL, "c=biws" RFC_PROOF,
		"c=eSws,r=rOprNGfwEbeRWgbNEkqO" RFC_NONCE RFC_PROOF,
		"c=biws,r=rOprNGfwEbeRWgbNEkqO" RFC_PROOF, "c=biws,r=" RFC_NONCE RFC_PROOF,
		"r=rOprNGfwEbeRWgbNEkqO" RFC_NONCE RFC_PROOF, RFC_FINAL ",p=", RFC_FINAL ",p=AAAA",
		RFC_FINAL RFC_PROOF ",", RFC_FINAL RFC_PROOF ",x=y", RFC_FINAL RFC_PROOF "AAAA",
		RFC_FINAL ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndV==",
		RFC_FINAL ",p=dHzbZapWIk4jUhN Ute9ytag9zjfMHgsqmmiz7AndVQ="};
	struct scene s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		open_scene(&s, false);
		assert_int_equal(first(&s, view(RFC_FIRST)), SCRAM_OK);
		if (final(&s, view(wrong[i])) != SCRAM_INVALID)
			fail_msg("accepted: %s", wrong[i]);
		assert_int_equal(buf_len(&s.reply), 0);
		close_scene(&s);
	}
}

/* Cut anywhere, and never believed. */
static void test_every_truncation(void **state)
{
	static const char start[] = RFC_FIRST, end[] = RFC_FINAL RFC_PROOF;
	struct scene s;

	(void)state;
	for (size_t n = 0; n < sizeof(start) - 1; n++) {
		enum scram_result result;

		open_scene(&s, false);
		result = first(&s, bytes_of(start, n));
		/* A shorter nonce is one, too. */
		assert_true(result == (n > strlen("n,,n=user,r=") ? SCRAM_OK : SCRAM_INVALID));
		close_scene(&s);
	}
	for (size_t n = 0; n < sizeof(end) - 1; n++) {
		open_scene(&s, false);
		assert_int_equal(first(&s, view(RFC_FIRST)), SCRAM_OK);
		assert_int_equal(final(&s, bytes_of(end, n)), SCRAM_INVALID);
		close_scene(&s);
	}
}

/* --- verifiers --- */

static void test_verifiers(void **state)
{
	static const char key[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	static const char *const wrong[] = {"", "md5abc", "SCRAM-SHA-256", "SCRAM-SHA-1$1:AA==$K:K",
		"SCRAM-SHA-256$0:AA==$K:K", "SCRAM-SHA-256$x:AA==$K:K", "SCRAM-SHA-256$:AA==$K:K",
		"SCRAM-SHA-256$99999999999:AA==$K:K", "SCRAM-SHA-256$1:$K:K",
		"SCRAM-SHA-256$1:A===$K:K", "SCRAM-SHA-256$1:AA=A$K:K", "SCRAM-SHA-256$1:AA$K:K",
		"SCRAM-SHA-256$1:AA==$K", "SCRAM-SHA-256$1:AA==$K:", "SCRAM-SHA-256$1:AA==$:K",
		"SCRAM-SHA-256$1:AA==$AAAA:K", "SCRAM-SHA-256$1:AA==$K:K ",
		" SCRAM-SHA-256$1:AA==$K:K"};
	struct scram_verifier v;
	char text[400];

	(void)state;
	assert_true(scram_verifier_parse(rfc_verifier(), &v));
	assert_int_equal(v.iterations, 4096);
	assert_int_equal(v.salt_len, 16);
	assert_int_equal(v.salt[0], 0x5b);
	assert_false(v.is_mock);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		size_t n = 0;

		/* K stands for a key. */
		for (const char *c = wrong[i]; *c; c++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s",
				*c == 'K' ? 44 : 1, *c == 'K' ? key : c);
		text[n] = '\0';
		if (scram_verifier_parse(text, &v))
			fail_msg("accepted: %s", text);
	}
	snprintf(text, sizeof(text), "SCRAM-SHA-256$1:AA==$%s:%s", key, key);
	assert_true(scram_verifier_parse(text, &v));
	assert_int_equal(v.salt_len, 1);
}

static void test_salts_up_to_the_limit(void **state)
{
	unsigned char salt[SCRAM_SALT_MAX + 1] = {1}, text[100];
	char line[300];
	struct scram_verifier v;

	(void)state;
	for (int n = 1; n <= SCRAM_SALT_MAX + 1; n++) {
		EVP_EncodeBlock(text, salt, n);
		snprintf(line, sizeof(line), "SCRAM-SHA-256$1:%s$%s:%s", (char *)text,
			"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
			"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
		assert_int_equal(scram_verifier_parse(line, &v), n <= SCRAM_SALT_MAX);
		if (n <= SCRAM_SALT_MAX)
			assert_int_equal(v.salt_len, n);
	}
}

static void test_mock_verifiers(void **state)
{
	struct scram_verifier like = {.iterations = 10000, .salt_len = SCRAM_SALT_MAX}, a, b, c, d;

	(void)state;
	assert_true(scram_verifier_mock(&like, view("secret"), "app", &a));
	assert_true(scram_verifier_mock(&like, view("secret"), "app", &b));
	assert_true(scram_verifier_mock(&like, view("secret"), "apq", &c));
	assert_true(scram_verifier_mock(&like, view("secreu"), "app", &d));
	assert_true(a.is_mock);
	assert_int_equal(a.iterations, 10000);
	assert_int_equal(a.salt_len, SCRAM_SALT_MAX);
	assert_memory_equal(a.salt, b.salt, a.salt_len);
	assert_memory_not_equal(a.salt, c.salt, a.salt_len);
	assert_memory_not_equal(a.salt, d.salt, a.salt_len);
}

static void test_nonces(void **state)
{
	char a[SCRAM_NONCE_LEN + 1], b[SCRAM_NONCE_LEN + 1];

	(void)state;
	assert_true(scram_make_nonce(a));
	assert_true(scram_make_nonce(b));
	assert_int_equal(strlen(a), SCRAM_NONCE_LEN);
	assert_string_not_equal(a, b);
	assert_null(strchr(a, ','));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_7677),
		cmocka_unit_test(test_a_mock_takes_no_proof),
		cmocka_unit_test(test_other_proofs_are_denied),
		cmocka_unit_test(test_extensions_are_signed),
		cmocka_unit_test(test_first_messages_that_are_wrong),
		cmocka_unit_test(test_the_longest_message),
		cmocka_unit_test(test_final_messages_that_are_wrong),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_verifiers),
		cmocka_unit_test(test_salts_up_to_the_limit),
		cmocka_unit_test(test_mock_verifiers),
		cmocka_unit_test(test_nonces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
