/*
 * Patterns on PCRE2.
 */
#include "diffengine/pattern.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Steps of backtracking for one pattern and text: a fraction of a second at most. PCRE2
 * counts them anew at every place where a match may begin, so each place gets its share. */
#define STEPS       20000000u
#define STEPS_LEAST 200u /* even `(select|with).*from` needs few with the JIT */
#define STEPS_MOST  100000u
/* What a `(a|b)*` over a long statement takes; PCRE2's own 32 kB end after some hundred turns. */
#define JIT_STACK_LEAST ((size_t)32 * 1024)
#define JIT_STACK_MOST  ((size_t)1024 * 1024)

#define REPLACE_OPTIONS \
	(PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_UNSET_EMPTY | PCRE2_SUBSTITUTE_OVERFLOW_LENGTH)

struct pattern {
	pcre2_code *code;
};

struct pattern_work {
	pcre2_match_data *match;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack;
};

struct pattern_work *pattern_work_new(void)
{
	struct pattern_work *work = calloc(1, sizeof(*work));

	if (!work)
		return NULL;
	work->match = pcre2_match_data_create(1, NULL);
	work->limits = pcre2_match_context_create(NULL);
	if (!work->match || !work->limits) {
		pattern_work_free(work);
		return NULL;
	}
	/* Without a stack (no JIT on this machine) matching goes on without the JIT. */
	work->stack = pcre2_jit_stack_create(JIT_STACK_LEAST, JIT_STACK_MOST, NULL);
	if (work->stack)
		pcre2_jit_stack_assign(work->limits, NULL, work->stack);
	return work;
}

void pattern_work_free(struct pattern_work *work)
{
	if (!work)
		return;
	pcre2_match_data_free(work->match);
	pcre2_match_context_free(work->limits);
	pcre2_jit_stack_free(work->stack);
	free(work);
}

struct pattern *pattern_new(const char *text, struct err *err)
{
	struct pattern *pattern = calloc(1, sizeof(*pattern));
	int code;
	PCRE2_SIZE at;
	PCRE2_UCHAR why[128];

	if (!pattern) {
		err_set(err, "out of memory");
		return NULL;
	}
	pattern->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
		PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_NEVER_UTF, &code, &at, NULL);
	if (pattern->code) {
		pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE);
		return pattern;
	}
	pcre2_get_error_message(code, why, sizeof(why));
	err_set(err, "\"%s\" is not a valid pattern: at character %zu: %s", text, (size_t)at,
		(const char *)why);
	free(pattern);
	return NULL;
}

void pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return;
	pcre2_code_free(pattern->code);
	free(pattern);
}

static uint32_t steps_for(size_t len)
{
	size_t share = STEPS / (len + 1);

	if (share < STEPS_LEAST)
		return STEPS_LEAST;
	return share < STEPS_MOST ? (uint32_t)share : STEPS_MOST;
}

/* PCRE2 wants a pointer for an empty text, too. */
static PCRE2_SPTR pointer_of(struct bytes text)
{
	static const unsigned char empty[1];

	return text.len ? text.ptr : empty;
}

static enum pattern_result result_of(int code)
{
	if (code >= 0)
		return PATTERN_FOUND;
	return code == PCRE2_ERROR_NOMATCH ? PATTERN_ABSENT : PATTERN_TIMEOUT;
}

enum pattern_result pattern_search(
	const struct pattern *pattern, struct pattern_work *work, struct bytes text)
{
	pcre2_set_match_limit(work->limits, steps_for(text.len));
	return result_of(pcre2_match(
		pattern->code, pointer_of(text), text.len, 0, 0, work->match, work->limits));
}

/* The number of the group that `at`, behind a dollar, names; -1: it names none. */
static long group_at(const char *at)
{
	char *end;
	bool in_braces = *at == '{';

	at += in_braces;
	if (*at < '0' || *at > '9')
		return -1;
	long group = strtol(at, &end, 10);
	return in_braces && *end != '}' ? -1 : group;
}

bool pattern_check_replacement(
	const struct pattern *pattern, const char *replacement, struct err *err)
{
	uint32_t groups = 0;

	pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	if (strchr(replacement, '\\'))
		return err_set(err, "\"%s\": a backslash means nothing here", replacement);
	for (const char *at = strchr(replacement, '$'); at; at = strchr(at, '$')) {
		at++;
		long group = group_at(at);
		if (*at == '$')
			at++;
		else if (group < 0 || group > (long)groups)
			return err_set(err,
				"\"%s\": \"$\" must be followed by the number of a group (0 to "
				"%u) or by \"$\"",
				replacement, groups);
	}
	return true;
}

enum pattern_result pattern_replace(const struct pattern *pattern, struct pattern_work *work,
	const char *replacement, struct arena *arena, struct bytes *text)
{
	enum pattern_result found = text->len > PATTERN_REPLACE_MAX
					    ? PATTERN_ABSENT
					    : pattern_search(pattern, work, *text);
	PCRE2_SIZE len = 0;
	PCRE2_UCHAR *out = NULL;
	int code = PCRE2_ERROR_NOMEMORY;

	/* Once with a guess, then with what it says that it needs. */
	if (found == PATTERN_FOUND)
		len = text->len + 64;
	for (int turn = 0; found == PATTERN_FOUND && turn < 2 && code == PCRE2_ERROR_NOMEMORY;
		turn++) {
		out = arena_alloc(arena, len);
		if (!out)
			return PATTERN_TIMEOUT;
		code = pcre2_substitute(pattern->code, pointer_of(*text), text->len, 0,
			REPLACE_OPTIONS, NULL, work->limits, (PCRE2_SPTR)replacement,
			PCRE2_ZERO_TERMINATED, out, &len);
	}
	if (found != PATTERN_FOUND || code < 0)
		return found == PATTERN_FOUND ? PATTERN_TIMEOUT : found;
	*text = bytes_of(out, len);
	return PATTERN_FOUND;
}
