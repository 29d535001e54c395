/*
 * libpg-query, kept where it can do no harm. It recurses over what it has parsed without a
 * limit of its own (a sum of thirty thousand terms is that deep), so it runs in a thread with a
 * stack that suffices for the worst text of ANALYSIS_TEXT_MAX bytes: 2 KiB for every two bytes,
 * measured need is under 150 bytes. Pages of the stack that are not used cost nothing, and the
 * library gives its memory back when the thread ends.
 *
 * Its lexer reads a run of operator characters to the end for every operator it takes off it,
 * and for every comment that begins in it: quadratic, seconds for 64 KB. Texts with long runs
 * are refused.
 */
#include "diffengine/analysis_impl.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include <pg_query.h>

#include "diffengine/scan.h"

#define RUN_MOST      64 /* operator characters in a row, outside of strings and comments */
#define COMMENTS_MOST 16 /* comments that begin in one such run, wherever it is */

struct job {
	char *text;
	struct cJSON *tree;
};

static void *parse(void *context)
{
	struct job *job = context;
	PgQueryParseResult result = pg_query_parse(job->text);

	if (!result.error)
		job->tree = tree_new(result.parse_tree);
	pg_query_free_parse_result(result);
	return NULL;
}

/* Signals stay with the threads that wait for them. */
static bool start(pthread_t *thread, struct job *job)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	bool is_started = false;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_attr_setstacksize(&attributes, ANALYSIS_STACK) == 0)
		is_started = pthread_create(thread, &attributes, parse, job) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return is_started;
}

static bool is_operator(unsigned char c)
{
	return c != '\0' && strchr("~!@#^&|`?+-*/%<>=", c);
}

static bool has_long_operators(struct bytes text)
{
	struct scan scan;
	struct scan_token token;
	const unsigned char *end = NULL; /* of the run so far */
	size_t length = 0;

	scan_init(&scan, text);
	while (scan_next(&scan, &token) && length <= RUN_MOST) {
		if (token.kind != SCAN_MARK || !is_operator(token.text.ptr[0]))
			continue;
		length = token.text.ptr == end ? length + 1 : 1;
		end = token.text.ptr + 1;
	}
	return length > RUN_MOST;
}

static bool has_nested_comments(struct bytes text)
{
	size_t comments = 0;

	for (size_t i = 0; i + 1 < text.len && comments <= COMMENTS_MOST; i++) {
		if (!is_operator(text.ptr[i]))
			comments = 0;
		comments += text.ptr[i] == '/' && text.ptr[i + 1] == '*';
	}
	return comments > COMMENTS_MOST;
}

struct cJSON *analysis_parse(struct bytes text)
{
	struct job job = {.text = NULL};
	pthread_t thread;

	if (text.len == 0 || text.len > ANALYSIS_TEXT_MAX || memchr(text.ptr, '\0', text.len) ||
		has_long_operators(text) || has_nested_comments(text))
		return NULL;
	job.text = strndup((const char *)text.ptr, text.len);
	if (job.text && start(&thread, &job))
		pthread_join(thread, NULL);
	free(job.text);
	return job.tree;
}
