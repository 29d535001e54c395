/*
 * Only elements and attributes of the schema that Jenkins, GitLab, Azure and others share:
 * testsuites, testsuite, properties, property, testcase, failure, error.
 */
#include "report/junit.h"

#include <inttypes.h>

#include "diffengine/verdict.h"
#include "report/html_escape.h"
#include "report/text.h"

#define TITLE_MAX   160 /* bytes of a statement in a name */
#define DETAIL_MAX  20  /* groups in the text of one test */
#define WHOLE_TRACE "the trace as a whole"

static void write_title(FILE *out, struct bytes text)
{
	struct bytes head = text_cut(text, TITLE_MAX);

	html_escape(out, head);
	if (head.len < text.len)
		fputs(" ...", out);
}

static void open_case(FILE *out, const char *group, struct bytes name, int64_t us)
{
	fprintf(out, "    <testcase classname=\"twinkly.%s\" name=\"", group);
	write_title(out, name);
	fprintf(out, "\" time=\"%" PRId64 ".%06" PRId64 "\">\n", us / 1000000, us % 1000000);
}

static void close_case(FILE *out)
{
	fputs("    </testcase>\n", out);
}

static void write_trace_case(FILE *out, const struct summary *s)
{
	char why[SUMMARY_WHY_MAX];
	enum summary_status status = summary_status(s, why);
	const char *element = status == SUMMARY_MISMATCH ? "failure" : "error";

	open_case(out, "trace", bytes_str(WHOLE_TRACE), 0);
	if (status != SUMMARY_EQUAL) {
		fprintf(out, "      <%s type=\"%s\" message=\"", element,
			status == SUMMARY_MISMATCH ? "mismatch" : "incomplete");
		html_escape(out, bytes_str(why));
		fprintf(out, "\"/>\n");
	}
	close_case(out);
}

static const char *kind_name(const struct group *g)
{
	return diff_kind_info((enum diff_kind)g->key.kind)->name;
}

static void write_detail(FILE *out, const struct group *g)
{
	html_escape(out, g->key.statement.len > 0 ? g->key.statement : bytes_str("(no statement)"));
	fprintf(out, "\n%s: %" PRId64 " difference%s in %" PRId64 " exchange%s\n", kind_name(g),
		g->count, g->count == 1 ? "" : "s", g->exchanges, g->exchanges == 1 ? "" : "s");
	if (g->cause > 0)
		fprintf(out, "possibly a consequence of exchange %" PRId64 "\n", g->cause);
	for (int i = 0; i < g->example_count; i++) {
		const struct group_example *e = &g->examples[i];

		fprintf(out, "%" PRId64 ":%" PRId64 "  ", e->session, e->exchange);
		html_escape(out, e->text);
		fputc('\n', out);
		if (e->parameters.len > 0) {
			fputs("  parameters: ", out);
			html_escape(out, e->parameters);
			fputc('\n', out);
		}
	}
}

static void open_failure(FILE *out, const struct group *g)
{
	fprintf(out, "      <failure type=\"%s\" message=\"", kind_name(g));
	write_title(out, g->example_count > 0 ? g->examples[0].text : g->key.statement);
	fputs("\">", out);
}

static void write_group_case(FILE *out, const struct group *g)
{
	struct bytes name =
		g->key.statement.len > 0 ? g->key.statement : bytes_str("(no statement)");

	open_case(out, kind_name(g), name, 0);
	open_failure(out, g);
	write_detail(out, g);
	fputs("</failure>\n", out);
	close_case(out);
}

static bool is_of(const struct group *g, const struct label *test)
{
	return g->key.test.len == test->name.len &&
	       hash_bytes64(g->key.test) == hash_bytes64(test->name);
}

/* The first root causes of one test, in one element. */
static void write_test_failure(FILE *out, const struct summary *s, const struct label *test)
{
	const struct groups *groups = &s->mismatches;
	int64_t shown = 0;

	fprintf(out,
		"      <failure type=\"mismatch\" message=\"%" PRId64 " of %" PRId64
		" exchanges differ\">",
		test->mismatches, test->exchanges);
	for (size_t i = 0; i < groups->count && shown < DETAIL_MAX; i++) {
		if (!is_of(&groups->items[i], test))
			continue;
		if (shown++ > 0)
			fputc('\n', out);
		write_detail(out, &groups->items[i]);
	}
	fputs("</failure>\n", out);
}

static void write_test_case(FILE *out, const struct summary *s, const struct label *test)
{
	open_case(out, "test", test->name, test->truth_us);
	if (test->mismatches > 0)
		write_test_failure(out, s, test);
	else if (test->inconclusive > 0)
		fprintf(out,
			"      <error type=\"inconclusive\" message=\"%" PRId64 " of %" PRId64
			" exchanges are inconclusive\"/>\n",
			test->inconclusive, test->exchanges);
	close_case(out);
}

struct totals {
	size_t cases, failures, errors, left_out;
};

static void count_tests(struct totals *n, const struct summary *s)
{
	for (size_t i = 0; i < n->cases; i++) {
		const struct label *test = &s->labels.items[i];

		n->failures += test->mismatches > 0;
		n->errors += test->mismatches == 0 && test->inconclusive > 0;
	}
}

static struct totals count_cases(const struct summary *s, size_t limit)
{
	size_t all = s->labels.items ? s->labels.count : s->mismatches.count;
	struct totals n = {.cases = all < limit ? all : limit};
	char why[SUMMARY_WHY_MAX];
	enum summary_status status = summary_status(s, why);

	n.left_out = all - n.cases;
	if (s->labels.items)
		count_tests(&n, s);
	else
		n.failures = n.cases;
	n.failures += status == SUMMARY_MISMATCH;
	n.errors += status == SUMMARY_INCOMPLETE;
	return n;
}

static void write_property(FILE *out, const char *name, struct bytes value)
{
	fprintf(out, "      <property name=\"%s\" value=\"", name);
	html_escape(out, value);
	fputs("\"/>\n", out);
}

static void write_properties(FILE *out, const struct summary *s, const struct totals *n)
{
	char text[64];

	fputs("    <properties>\n", out);
	write_property(out, "trace", bytes_str(s->path));
	write_property(out, "truth.version", s->truth.version);
	write_property(out, "candidate.version", s->candidate.version);
	snprintf(text, sizeof(text), "%" PRId64, s->counts.exchanges);
	write_property(out, "exchanges", bytes_str(text));
	snprintf(text, sizeof(text), "%zu", n->left_out);
	write_property(out, "cases-left-out", bytes_str(text));
	snprintf(text, sizeof(text), "%" PRId64, s->mismatches.dropped);
	write_property(out, "differences-without-case", bytes_str(text));
	fputs("    </properties>\n", out);
}

static void write_suite_head(FILE *out, const struct summary *s, const struct totals *n)
{
	char at[CLOCK_TEXT_MAX];
	const char *time = summary_time(s, 0, at);
	int64_t took = s->ended_wall_us >= s->began_wall_us && s->began_wall_us >= 0
			       ? s->ended_wall_us - s->began_wall_us
			       : 0;

	fprintf(out,
		"<testsuites name=\"twinkly\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\">\n"
		"  <testsuite name=\"",
		n->cases + 1, n->failures, n->errors);
	html_escape(out, s->truth.name);
	fputs(" against ", out);
	html_escape(out, s->candidate.name);
	fprintf(out,
		"\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"0\" time=\"%" PRId64
		".%06" PRId64 "\"",
		n->cases + 1, n->failures, n->errors, took / 1000000, took % 1000000);
	if (*time) /* "YYYY-MM-DD HH:MM:SS...": the schema wants T and no fraction */
		fprintf(out, " timestamp=\"%.10sT%.8s\"", time, time + 11);
	fputs(">\n", out);
}

void junit_write(FILE *out, const struct summary *s, size_t limit)
{
	struct totals n = count_cases(s, limit > 0 ? limit : SIZE_MAX);

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
	write_suite_head(out, s, &n);
	write_properties(out, s, &n);
	write_trace_case(out, s);
	for (size_t i = 0; i < n.cases; i++)
		if (s->labels.items)
			write_test_case(out, s, &s->labels.items[i]);
		else
			write_group_case(out, &s->mismatches.items[i]);
	fputs("  </testsuite>\n</testsuites>\n", out);
}
