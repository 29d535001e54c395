/*
 * The token scan and what is made of it alone: statements, names, normalised texts, FETCH. The
 * pieces lie in the text, in their order, and the split ends.
 */
#include "diffengine/statement.h"

#include "diffengine/ledger.h"
#include "diffengine/normalise.h"
#include "diffengine/object_oids.h"
#include "diffengine/scan.h"
#include "tests/fuzz/fuzz.h"

static void tokens(struct bytes text)
{
	struct scan scan;
	struct scan_token token;
	const unsigned char *at = text.ptr;

	scan_init(&scan, text);
	while (scan_next(&scan, &token)) {
		fuzz_check(token.text.len > 0 && token.text.ptr >= at);
		at = token.text.ptr + token.text.len;
		fuzz_check(at <= text.ptr + text.len);
	}
}

static void statements(struct bytes text)
{
	struct bytes rest = text;
	struct statement_traits traits;
	char name[STATEMENT_NAME_MAX], normal[NORMALISE_MAX];
	size_t count = 0;
	unsigned answered = 0;
	bool is_writing = false;

	while (statement_next(&rest, &traits)) {
		fuzz_check(traits.text.len <= text.len);
		fuzz_check(++count <= text.len + 1);
		answered += !traits.is_empty;
		is_writing |= traits.is_writing;
		if (traits.names)
			fuzz_check(statement_fold_name(traits.name, name).len < sizeof(name));
		fuzz_check(normalise_statement(traits.text, normal) <= sizeof(normal));
	}
	fuzz_check(count > 0);
	fuzz_check(statement_may_write(text) == is_writing);
	if (answered > 0)
		fuzz_check(statement_at(text, answered - 1, &traits));
	fuzz_check(!statement_at(text, answered, &traits));
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data ? data : (const uint8_t *)"", size);
	struct fetch fetch;

	tokens(text);
	statements(text);
	(void)object_oids_concern(text);
	if (fetch_parse(text, &fetch))
		fuzz_check(fetch.name.len > 0 && fetch.count >= -1);
	return 0;
}
