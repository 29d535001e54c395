/*
 * Sums of row hashes by cursor.
 */
#include "diffengine/ledger.h"

#include "base/hash.h"
#include "diffengine/scan.h"

uint64_t ledger_key(struct bytes name)
{
	uint64_t key = hash_bytes128(name).low;

	return key ? key : 1;
}

static size_t find(const struct ledger *ledger, uint64_t key)
{
	size_t i = 0;

	while (i < LEDGER_ENTRIES_MAX && ledger->entries[i].key != key)
		i++;
	return i;
}

bool ledger_add(struct ledger *ledger, uint64_t key, struct bytes row, bool is_truth)
{
	size_t at = find(ledger, key);
	struct hash128 hash = hash_bytes128(row);
	struct ledger_entry *entry;

	if (at == LEDGER_ENTRIES_MAX) {
		at = find(ledger, 0);
		if (at == LEDGER_ENTRIES_MAX)
			return false;
		ledger->entries[at] = (struct ledger_entry){.key = key};
		ledger->count++;
	}
	entry = &ledger->entries[at];
	entry->low += is_truth ? hash.low : 0 - hash.low;
	entry->high += is_truth ? hash.high : 0 - hash.high;
	if (entry->low == 0 && entry->high == 0)
		ledger_close(ledger, key);
	return true;
}

bool ledger_is_open(const struct ledger *ledger, uint64_t key)
{
	return ledger->count > 0 && find(ledger, key) < LEDGER_ENTRIES_MAX;
}

void ledger_close(struct ledger *ledger, uint64_t key)
{
	size_t at = find(ledger, key);

	if (at == LEDGER_ENTRIES_MAX)
		return;
	ledger->entries[at] = (struct ledger_entry){0};
	ledger->count--;
}

static bool take_number(const struct scan_token *token, int64_t *count)
{
	if (token->kind != SCAN_NUMBER || token->text.len > 17)
		return false;
	*count = 0;
	for (size_t i = 0; i < token->text.len; i++) {
		if (token->text.ptr[i] < '0' || token->text.ptr[i] > '9')
			return false;
		*count = *count * 10 + (token->text.ptr[i] - '0');
	}
	return true;
}

/* One word of what stands between FETCH and the name. False: it is the name. */
static bool take_direction(struct fetch *fetch, const struct scan_token *token)
{
	if (scan_is(token, "from") || scan_is(token, "in") || scan_is(token, "next") ||
		scan_is(token, "forward") || take_number(token, &fetch->count))
		return true;
	if (scan_is(token, "all")) {
		fetch->count = -1;
		return true;
	}
	if (scan_is(token, "backward") || scan_is(token, "prior") || scan_is(token, "first") ||
		scan_is(token, "last") || scan_is(token, "absolute") ||
		scan_is(token, "relative") || scan_is_mark(token, '-')) {
		fetch->is_forward = false;
		return true;
	}
	return false;
}

bool fetch_parse(struct bytes statement, struct fetch *fetch)
{
	struct scan scan;
	struct scan_token token;

	*fetch = (struct fetch){.count = 1, .is_forward = true};
	scan_init(&scan, statement);
	if (!scan_next(&scan, &token) || !scan_is(&token, "fetch"))
		return false;
	while (scan_next(&scan, &token)) {
		if (take_direction(fetch, &token))
			continue;
		fetch->name = token.text;
		return token.kind == SCAN_WORD || token.kind == SCAN_QUOTED;
	}
	return false;
}
