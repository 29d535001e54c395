/*
 * SCRAM from the server's side: any verifier, any two messages. Nobody who does not know the
 * password gets in: the proofs here are made of nothing. Lines: verifier, first message, final
 * message; the first line empty: a verifier that is known.
 */
#include "capture/scram.h"

#include "tests/fuzz/fuzz.h"

#define VERIFIER                                                                             \
	"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtb" \
	"sT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="

static void talk(const struct scram_verifier *verifier, struct bytes first, struct bytes final)
{
	struct scram scram;
	struct buf reply;
	struct err err = {""};

	scram_init(&scram, verifier);
	buf_init(&reply, 8192);
	if (scram_first(&scram, first, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", &reply, &err) ==
		SCRAM_OK) {
		fuzz_check(buf_len(&reply) > 0);
		buf_reset(&reply);
		enum scram_result result = scram_final(&scram, final, &reply, &err);

		fuzz_check(result == SCRAM_INVALID || result == SCRAM_DENIED);
		fuzz_check(buf_len(&reply) == 0);
	}
	buf_fini(&reply);
	scram_fini(&scram);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size), line = fuzz_until(&in, '\n');
	struct bytes first = fuzz_until(&in, '\n');
	char *text = line.len ? fuzz_string(line) : NULL;
	struct scram_verifier verifier;

	if (scram_verifier_parse(text ? text : VERIFIER, &verifier)) {
		fuzz_check(verifier.salt_len <= SCRAM_SALT_MAX && verifier.iterations > 0);
		talk(&verifier, first, in);
	} else {
		fuzz_check(text);
	}
	free(text);
	return 0;
}
