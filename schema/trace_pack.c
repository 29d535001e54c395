/*
 * Long answers, compressed: exchange.truth and exchange.candidate keep the first PACK_HEAD bytes,
 * `packed` has the rest as one zstd frame. A reader that does not know of `packed` sees an answer
 * that was cut, which is what its columns have always been able to say.
 */
#include "schema/trace_impl.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define LEVEL        3
#define UNPACKED_MAX (1 << 30) /* trace.max-response is less */

struct pack {
	ZSTD_CCtx *context;
	struct {
		void *data;
		size_t cap;
	} sides[2];
};

void pack_free(struct pack *pack)
{
	if (!pack)
		return;
	ZSTD_freeCCtx(pack->context);
	free(pack->sides[0].data);
	free(pack->sides[1].data);
	free(pack);
}

static struct pack *pack_new(void)
{
	struct pack *pack = calloc(1, sizeof(*pack));
	if (!pack)
		return NULL;
	pack->context = ZSTD_createCCtx();
	if (pack->context &&
		!ZSTD_isError(
			ZSTD_CCtx_setParameter(pack->context, ZSTD_c_compressionLevel, LEVEL)) &&
		!ZSTD_isError(ZSTD_CCtx_setParameter(pack->context, ZSTD_c_checksumFlag, 1)))
		return pack;
	ZSTD_freeCCtx(pack->context);
	free(pack);
	return NULL;
}

/* The compressed bytes; ptr NULL: no memory, or they would not be fewer. */
static struct bytes compress(struct pack *pack, enum trace_role side, struct bytes rest)
{
	size_t need = ZSTD_compressBound(rest.len);
	if (need > pack->sides[side].cap) {
		free(pack->sides[side].data);
		pack->sides[side].data = malloc(need);
		pack->sides[side].cap = pack->sides[side].data ? need : 0;
	}
	if (!pack->sides[side].data)
		return bytes_of(NULL, 0);
	size_t len = ZSTD_compress2(
		pack->context, pack->sides[side].data, pack->sides[side].cap, rest.ptr, rest.len);
	if (ZSTD_isError(len) || len >= rest.len)
		return bytes_of(NULL, 0);
	return bytes_of(pack->sides[side].data, len);
}

struct packed_side trace_pack_side(struct trace *t, enum trace_role side, struct bytes answer)
{
	struct packed_side result = {.head = answer};
	if (answer.len < PACK_LEAST)
		return result;
	if (!t->pack)
		t->pack = pack_new();
	if (!t->pack)
		return result;
	struct bytes rest = bytes_skip(answer, PACK_HEAD);
	result.rest = compress(t->pack, side, rest);
	if (result.rest.ptr) {
		result.head.len = PACK_HEAD;
		result.rest_len = rest.len;
	}
	return result;
}

static bool damaged(const struct trace *t, int64_t exchange, struct err *err)
{
	return err_set(err, "%s: the packed answer of exchange %lld is damaged", t->path,
		(long long)exchange);
}

struct side { /* of a row of `packed`, and where it belongs */
	struct bytes frame;
	int64_t len;
	struct bytes *answer;
	unsigned char **whole;
};

/* *answer becomes head and rest in *whole. The columns may hold anything. */
static bool unpack_side(
	const struct trace *t, int64_t exchange, const struct side *side, struct err *err)
{
	struct bytes frame = side->frame, *answer = side->answer;
	size_t len = (size_t)side->len;
	if (!frame.ptr)
		return true;
	if (side->len <= 0 || side->len > UNPACKED_MAX ||
		ZSTD_getFrameContentSize(frame.ptr, frame.len) != len)
		return damaged(t, exchange, err);
	unsigned char *whole = *side->whole = malloc(answer->len + len);
	if (!whole)
		return err_set(err, "%s: no memory for the answer of exchange %lld", t->path,
			(long long)exchange);
	if (answer->len)
		memcpy(whole, answer->ptr, answer->len);
	if (ZSTD_decompress(whole + answer->len, len, frame.ptr, frame.len) != len)
		return damaged(t, exchange, err);
	*answer = bytes_of(whole, answer->len + len);
	return true;
}

static bool unpack_row(struct trace *t, sqlite3_stmt *s, struct trace_exchange *row,
	struct unpacked *u, struct err *err)
{
	struct side truth = {
		trace_column_bytes(s, 0), trace_column_int(s, 1, 0), &row->truth, &u->truth};
	struct side candidate = {trace_column_bytes(s, 2), trace_column_int(s, 3, 0),
		&row->candidate, &u->candidate};

	return unpack_side(t, row->id, &truth, err) &&
	       (!row->has_candidate || unpack_side(t, row->id, &candidate, err));
}

bool trace_unpack(struct trace *t, struct trace_exchange *row, struct unpacked *u, struct err *err)
{
	bool ok = true,
	     is_whole = row->truth_len <= (int64_t)row->truth.len &&
			(!row->has_candidate || row->candidate_len <= (int64_t)row->candidate.len);
	*u = (struct unpacked){NULL, NULL};
	if (is_whole || !t->has[EXTRA_PACKED])
		return true;
	sqlite3_stmt *s = trace_take(t, SQL_READ_PACKED,
		"SELECT truth, truth_len, candidate, candidate_len FROM packed WHERE exchange = ?",
		err);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, row->id);
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW && trace_row_is_whole(s, &rc))
		ok = unpack_row(t, s, row, u, err);
	return trace_read_end(t, SQL_READ_PACKED, s, rc, ok ? err : NULL) && ok;
}

void trace_unpacked_fini(struct unpacked *u)
{
	free(u->truth);
	free(u->candidate);
}
