/*
 * SCRAM-SHA-256 from the server's side (RFC 5802, RFC 7677), pure: messages in, messages out.
 * Two steps: the client's first message gets ours, its final message is the proof.
 *
 * A verifier is what a server keeps in place of a password. Who is not known gets a mock one,
 * which no password fits, so that the client is not told which names there are. No channel
 * binding.
 */
#ifndef CAPTURE_SCRAM_H
#define CAPTURE_SCRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

#define SCRAM_MECHANISM   "SCRAM-SHA-256"
#define SCRAM_KEY_LEN     32
#define SCRAM_SALT_MAX    64
#define SCRAM_MESSAGE_MAX 1024 /* of the client, as in PostgreSQL */
#define SCRAM_NONCE_LEN   24   /* characters of our part of the nonce */

struct scram_verifier { /* secret */
	int iterations;
	size_t salt_len;
	unsigned char salt[SCRAM_SALT_MAX];
	unsigned char stored_key[SCRAM_KEY_LEN], server_key[SCRAM_KEY_LEN];
	bool is_mock;
};

/* From "SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey", PostgreSQL's rolpassword. */
bool scram_verifier_parse(const char *text, struct scram_verifier *v) ATTR_USE_RESULT;
/* One that looks like `like` and is always the same for a name and a secret. */
bool scram_verifier_mock(const struct scram_verifier *like, struct bytes secret, const char *user,
	struct scram_verifier *v) ATTR_USE_RESULT;
/* SCRAM_NONCE_LEN random characters and a NUL. */
bool scram_make_nonce(char *nonce) ATTR_USE_RESULT;

enum scram_result {
	SCRAM_OK,
	SCRAM_INVALID, /* against the protocol: err says how */
	SCRAM_DENIED   /* a wrong password, or a name that is not known */
};

struct scram {
	struct scram_verifier verifier;
	struct buf spoken; /* the client's first message without its header, and ours */
	struct buf nonce;  /* both parts */
	char flag;         /* 'n' or 'y': what the client says of channel binding */
};

void scram_init(struct scram *scram, const struct scram_verifier *verifier);
void scram_fini(struct scram *scram); /* wipes; fine on a zeroed one */

/* Both append the answer to `reply`. */
enum scram_result scram_first(struct scram *scram, struct bytes message, const char *nonce,
	struct buf *reply, struct err *err) ATTR_USE_RESULT;
enum scram_result scram_final(struct scram *scram, struct bytes message, struct buf *reply,
	struct err *err) ATTR_USE_RESULT;

#endif
