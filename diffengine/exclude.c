/*
 * Exclusion patterns on PCRE2, compiled once (with its JIT where the machine has it).
 */
#include "diffengine/exclude.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Steps of backtracking for one pattern and statement: a fraction of a second at most. PCRE2
 * counts them anew at every place where a match may begin, so each place gets its share. */
#define STEPS       20000000u
#define STEPS_LEAST 200u /* even `(select|with).*from` needs few with the JIT */
#define STEPS_MOST  100000u
/* What a `(a|b)*` over a long statement takes; PCRE2's own 32 kB end after some hundred turns. */
#define JIT_STACK_LEAST ((size_t)32 * 1024)
#define JIT_STACK_MOST  ((size_t)1024 * 1024)

struct exclude {
	size_t count;
	pcre2_match_data *match;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack;
	struct {
		pcre2_code *code;
		const char *pattern;
	} rows[];
};

static bool compile(struct exclude *x, const char *pattern, struct err *err)
{
	int code;
	PCRE2_SIZE at;
	PCRE2_UCHAR why[128];
	pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
		PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_NEVER_UTF, &code, &at, NULL);

	if (!compiled) {
		pcre2_get_error_message(code, why, sizeof(why));
		return err_set(err, "\"%s\" is not a valid pattern: at character %zu: %s", pattern,
			(size_t)at, (const char *)why);
	}
	pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
	x->rows[x->count].code = compiled;
	x->rows[x->count++].pattern = pattern;
	return true;
}

struct exclude *exclude_new(const char *const *patterns, size_t count, struct err *err)
{
	struct exclude *x = calloc(1, sizeof(*x) + count * sizeof(x->rows[0]));

	if (!x) {
		err_set(err, "out of memory");
		return NULL;
	}
	x->match = pcre2_match_data_create(1, NULL);
	x->limits = pcre2_match_context_create(NULL);
	if (!x->match || !x->limits) {
		err_set(err, "out of memory");
		exclude_free(x);
		return NULL;
	}
	/* Without a stack (no JIT on this machine) matching goes on without the JIT. */
	x->stack = pcre2_jit_stack_create(JIT_STACK_LEAST, JIT_STACK_MOST, NULL);
	if (x->stack)
		pcre2_jit_stack_assign(x->limits, NULL, x->stack);
	for (size_t i = 0; i < count; i++) {
		if (!compile(x, patterns[i], err)) {
			exclude_free(x);
			return NULL;
		}
	}
	return x;
}

void exclude_free(struct exclude *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->count; i++)
		pcre2_code_free(x->rows[i].code);
	pcre2_match_data_free(x->match);
	pcre2_match_context_free(x->limits);
	pcre2_jit_stack_free(x->stack);
	free(x);
}

static uint32_t steps_for(size_t len)
{
	size_t share = STEPS / (len + 1);

	if (share < STEPS_LEAST)
		return STEPS_LEAST;
	return share < STEPS_MOST ? (uint32_t)share : STEPS_MOST;
}

const char *exclude_match(const struct exclude *x, struct bytes statement)
{
	static const unsigned char empty[1];

	pcre2_set_match_limit(x->limits, steps_for(statement.len));
	for (size_t i = 0; i < x->count; i++)
		if (pcre2_match(x->rows[i].code, statement.len ? statement.ptr : empty,
			    statement.len, 0, 0, x->match, x->limits) >= 0)
			return x->rows[i].pattern;
	return NULL;
}
