/*
 * Cases are collected as text, since the suite's head has their number.
 */
#include "replay/junit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/trace_read.h"

#define TEXT_MAX 1000

struct junit {
	FILE *file, *cases;
	char *text; /* of the cases */
	size_t len;
	int64_t count, failures, errors, left_out;
};

struct junit *junit_open(const char *path, struct err *err)
{
	struct junit *j = calloc(1, sizeof(*j));

	if (j)
		j->cases = open_memstream(&j->text, &j->len);
	if (!j || !j->cases) {
		free(j);
		err_set(err, "out of memory");
		return NULL;
	}
	j->file = fopen(path, "we");
	if (j->file)
		return j;
	err_set(err, "%s: cannot be written: %s", path, strerror(errno));
	fclose(j->cases);
	free(j->text);
	free(j);
	return NULL;
}

static void escape(FILE *out, const char *text)
{
	for (size_t i = 0; text[i] && i < TEXT_MAX; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '<' || c == '>' || c == '&' || c == '"')
			fprintf(out, "&#%d;", c);
		else
			fputc(c < 0x20 || c > 0x7e ? '?' : c, out);
	}
}

void junit_case(struct junit *j, const char *name, enum junit_result result, const char *message)
{
	const char *element = result == JUNIT_FAILED ? "failure" : "error";

	if (!j)
		return;
	j->count++;
	j->failures += result == JUNIT_FAILED;
	j->errors += result == JUNIT_BROKEN;
	if (j->count > JUNIT_CASES_MAX) {
		j->left_out++;
		return;
	}
	fputs("    <testcase classname=\"twinkly.replay\" name=\"", j->cases);
	escape(j->cases, name);
	if (result == JUNIT_PASSED) {
		fputs("\"/>\n", j->cases);
		return;
	}
	fprintf(j->cases, "\">\n      <%s message=\"", element);
	escape(j->cases, message);
	fputs("\"/>\n    </testcase>\n", j->cases);
}

bool junit_close(struct junit *j, struct err *err)
{
	bool ok;

	if (!j)
		return true;
	ok = fclose(j->cases) == 0;
	fprintf(j->file,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
		"  <testsuite name=\"twinkly-replay\" tests=\"%" PRId64 "\" failures=\"%" PRId64
		"\" errors=\"%" PRId64 "\">\n",
		j->count, j->failures, j->errors);
	if (j->left_out > 0)
		fprintf(j->file,
			"    <properties>\n      <property name=\"left-out\" value=\"%" PRId64
			"\"/>\n    </properties>\n",
			j->left_out);
	if (ok)
		fwrite(j->text, 1, j->len, j->file);
	fputs("  </testsuite>\n</testsuites>\n", j->file);
	ok = !ferror(j->file) && ok;
	ok = fclose(j->file) == 0 && ok;
	free(j->text);
	free(j);
	return ok || err_set(err, "the JUnit file could not be written whole");
}

/* --- sessions --- */

static bool on_count(void *context, const struct trace_session_count *row)
{
	char name[64], why[96];

	snprintf(name, sizeof(name), "session %" PRId64, row->session);
	snprintf(why, sizeof(why), "%" PRId64 " of %" PRId64 " exchanges are mismatches",
		row->mismatches, row->exchanges);
	junit_case(context, name, row->mismatches > 0 ? JUNIT_FAILED : JUNIT_PASSED, why);
	return true;
}

bool junit_sessions(struct junit *j, const char *path, struct err *err)
{
	struct trace *trace = trace_open(path, err);
	bool ok = trace && trace_read_session_counts(trace, on_count, j, err);

	if (trace)
		(void)trace_close(trace, NULL); /* it was only read */
	return ok;
}
