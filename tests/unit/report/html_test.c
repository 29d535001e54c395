/*
 * The HTML page: complete, self-contained, and harmless whatever the trace holds.
 */
#include "report/html.h"

#include "tests/unit/report/trace_sample.h"

/* Reopens and writes the page into s->text. */
static void write_page(struct sample *s, size_t limit, int only)
{
	struct summary summary;
	FILE *out;

	sample_summary(s, &summary, only);
	out = sample_catch(s);
	html_write(out, &summary, limit);
	assert_int_equal(fclose(out), 0);
	summary_fini(&summary);
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
		n++;
	return n;
}

/* Every element that is opened is closed, in order; void elements and <!DOCTYPE> aside. */
static void expect_balanced(const char *page)
{
	static const char *const empty[] = {"meta", "br", "input", "!DOCTYPE"};
	char stack[64][16];
	size_t depth = 0;

	for (const char *at = strchr(page, '<'); at; at = strchr(at + 1, '<')) {
		bool closes = at[1] == '/';
		char name[16] = "";
		bool is_empty = false;

		if (sscanf(at + 1 + closes, "%15[a-zA-Z0-9!]", name) != 1)
			continue; /* "i < n" in the script */
		for (size_t i = 0; i < ARRAY_LEN(empty); i++)
			is_empty = is_empty || strcmp(name, empty[i]) == 0;
		if (is_empty)
			continue;
		if (!closes) {
			assert_true(depth < ARRAY_LEN(stack));
			snprintf(stack[depth++], sizeof(stack[0]), "%s", name);
		} else if (depth == 0 || strcmp(stack[--depth], name) != 0) {
			fail_msg("</%s> closes nothing: %.60s", name, at);
		}
	}
	assert_int_equal(depth, 0);
}

static void test_the_first_screen_says_it_all(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "select 1");
	sample_value_mismatch(&s, "select 2", LITERAL("1.25"), LITERAL("1.35"));
	write_page(&s, 0, SUMMARY_ANY_KIND);
	sample_has(
		&s, "<header class=\"bad\">\n<h1>Not equal</h1>\n<p>1 mismatch in 2 exchanges</p>");
	sample_has(&s, "<dt>Source of truth</dt><dd><b>YugabyteDB</b> 15.12-YB-2.25");
	sample_has(&s, "<dt>Candidate</dt><dd><b>PostgreSQL</b> 15.6");
	sample_has(&s, "2025-11-23 14:05:06.000000Z<br><small>for 12.00 s");
	sample_has(&s, "mismatch</span></td><td class=\"n\">1</td><td class=\"n\">1</td>");
	sample_has(&s, "Truly compared: 100.0 % of 2 commands.");
	expect_balanced(s.text);
	sample_end(&s);
}

static void test_a_group_has_meaning_advice_and_both_values(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	for (int i = 0; i < 5; i++)
		sample_value_mismatch(
			&s, "select price\nfrom item", LITERAL("1.25"), LITERAL("1.35"));
	write_page(&s, 0, SUMMARY_ANY_KIND);
	sample_has(&s, "data-kind=\"value\"");
	sample_has(&s, "<span class=\"kind data\">value</span>");
	sample_has(&s, "5 differences in 5 exchanges");
	sample_has(&s, "a column of a row has different values.");
	sample_has(&s, "<b>What to do</b> look at the expression");
	sample_has(&s, "<pre>select price\nfrom item</pre>");
	sample_has(&s, "<tr><td>1:1</td><td>2</td><td>3 price</td>");
	sample_has(&s, "<td class=\"value\">1.<mark>2</mark>5</td>");
	sample_has(&s, "<td class=\"value\">1.<mark>3</mark>5</td>");
	sample_has(&s, "<b>Parameters</b> <code>$1 = &#39;7&#39;</code>");
	sample_has(&s, "row 2, column &quot;price&quot; differs");
	sample_has(&s, "and 2 more like these");
	assert_int_equal(count(s.text, "class=\"said\""), 3);
	assert_int_equal(count(s.text, "<details class=\"group\""), 1);
	expect_balanced(s.text);
	sample_end(&s);
}

static void test_null_empty_and_nothing_are_told_apart(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_MISMATCH, "select 1");
	sample_difference(&s, (struct trace_difference){.kind = DIFF_VALUE,
				      .row = 1,
				      .column = 1,
				      .truth_null = true,
				      .candidate = LITERAL("")});
	sample_difference(
		&s, (struct trace_difference){
			    .kind = DIFF_TAG, .truth = LITERAL("NULL"), .candidate_null = true});
	write_page(&s, 0, SUMMARY_ANY_KIND);
	sample_has(&s, "<span class=\"none\">NULL</span></td>"
		       "<td class=\"value\"><span class=\"none\">empty</span>");
	sample_has(&s, "<td class=\"value\"><mark>NULL</mark></td>"
		       "<td class=\"value\"><span class=\"none\">nothing</span>");
	sample_end(&s);
}

static void test_what_was_not_compared_sessions_and_gaps_are_there(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "select 1");
	sample_bare_exchange(&s, 1, VERDICT_EXCLUDED, "pattern \"SHOW.*\"");
	sample_command(&s, 0, VERDICT_EXCLUDED, LITERAL("show all"));
	sample_exchange(&s, VERDICT_ALLOWED, "select 2");
	sample_difference(&s, (struct trace_difference){.kind = DIFF_ORDER, .rule = "collation"});
	sample_gap(&s, 4, "disk full");
	sample_meta(&s, "configuration", "proxy { listen-port = 5431 }");
	sample_meta(&s, "command_line", "twinkly-capture -- make test");
	write_page(&s, 0, SUMMARY_ANY_KIND);
	sample_has(&s, "<header class=\"unsure\">\n<h1>Incomplete</h1>");
	sample_has(&s, "excluded</span></td><td>1</td><td><code>show all</code></td>"
		       "<td>pattern &quot;SHOW.*&quot;</td><td>1:2</td>");
	sample_has(&s, "<td>order: collation</td>");
	sample_has(&s, "<td>app</td><td>shop</td><td>suite</td><td>127.0.0.1</td>"
		       "<td>2025-11-23 14:05:06.001000Z</td>");
	sample_has(
		&s, "<td class=\"n\">4</td><td>2025-11-23 14:05:06.000005Z</td><td>disk full</td>");
	sample_has(&s, "proxy { listen-port = 5431 }");
	sample_has(&s, "twinkly-capture -- make test");
	sample_lacks(&s, "id=\"mismatches\"");
	expect_balanced(s.text);
	sample_end(&s);
}

static void test_the_page_needs_nothing_else(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select 1", LITERAL("1"), LITERAL("2"));
	write_page(&s, 0, SUMMARY_ANY_KIND);
	assert_true(strncmp(s.text, "<!DOCTYPE html>", 15) == 0);
	sample_has(&s, "<meta charset=\"utf-8\">");
	sample_has(&s, "content=\"default-src 'none'; style-src 'unsafe-inline'; "
		       "script-src 'unsafe-inline'; ");
	sample_has(&s, "prefers-color-scheme: dark");
	sample_has(&s, "@media print");
	sample_lacks(&s, "http:");
	sample_lacks(&s, "https:");
	sample_lacks(&s, "src=");
	sample_lacks(&s, "href=");
	sample_lacks(&s, "url(");
	sample_lacks(&s, "@import");
	assert_int_equal(count(s.text, "<script>"), 1);
	assert_int_equal(count(s.text, "<style>"), 1);
	/* The filter shows only when the script runs. */
	sample_has(&s, "<div id=\"filter\" hidden>");
	sample_has(&s, "<option>value</option>");
	sample_lacks(&s, "<option>tag</option>");
	sample_end(&s);
}

#define EVIL "</script></style></title></pre><script>alert(1)</script><img src=x onerror='1' \"&"

/* The same attack in every text that a trace has. */
static void write_evil_trace(struct sample *s)
{
	struct trace_session session = {
		.id = 1, .user = EVIL, .database = EVIL, .application_name = EVIL, .client = EVIL};

	sample_begin_bare(s);
	sample_backend(s, TRACE_TRUTH, EVIL, EVIL);
	sample_backend(s, TRACE_CANDIDATE, EVIL "\x1b", "\xff\xfe");
	sample_check(s, trace_write_session(s->trace, &session, &s->err));
	sample_meta(s, "program", EVIL);
	sample_meta(s, "twinkly_version", EVIL);
	sample_meta(s, "command_line", EVIL);
	sample_meta(s, "configuration", EVIL);
	sample_check(
		s, trace_write_word(s->trace, "difference_kind", 99, EVIL, EVIL, EVIL, &s->err));
	for (int kind = 0; kind < 2; kind++) {
		sample_bare_exchange(s, 1, VERDICT_MISMATCH, EVIL);
		sample_command(s, 0, VERDICT_MISMATCH, LITERAL(EVIL "\0\xc3"));
		sample_difference(s, (struct trace_difference){.kind = kind ? 99 : DIFF_VALUE,
					     .row = 1,
					     .column = 1,
					     .column_name = EVIL,
					     .truth = LITERAL(EVIL "\0"),
					     .candidate = LITERAL("\xe2\x82" EVIL),
					     .text = EVIL});
	}
	sample_difference(s, (struct trace_difference){.kind = DIFF_VALUE, .rule = EVIL});
	sample_bare_exchange(s, 1, VERDICT_EXCLUDED, EVIL);
	sample_command(s, 0, VERDICT_EXCLUDED, LITERAL(EVIL));
	sample_gap(s, 1, EVIL);
}

static void test_hostile_data_is_only_text(void **state)
{
	struct sample s;

	(void)state;
	write_evil_trace(&s);
	write_page(&s, 0, SUMMARY_ANY_KIND);
	assert_int_equal(count(s.text, "<script"), 1);
	assert_int_equal(count(s.text, "</script"), 1);
	assert_int_equal(count(s.text, "</style"), 1);
	assert_int_equal(count(s.text, "</title"), 1);
	assert_int_equal(count(s.text, "<img"), 0);
	assert_int_equal(strlen(s.text), s.text_len); /* no NUL */
	assert_null(strchr(s.text, '\x1b'));
	assert_null(strchr(s.text, '\xff'));
	sample_has(&s, "&lt;img src=x onerror=&#39;1&#39; &quot;&amp;");
	expect_balanced(s.text);
	sample_end(&s);
}

static void test_limits_are_said(void **state)
{
	struct sample s;
	char statement[32];

	(void)state;
	sample_begin(&s);
	for (int i = 0; i < SUMMARY_MISMATCH_GROUPS + 7; i++) {
		snprintf(statement, sizeof(statement), "select %d", i);
		sample_value_mismatch(&s, statement, LITERAL("1"), LITERAL("2"));
	}
	write_page(&s, 5, SUMMARY_ANY_KIND);
	assert_int_equal(count(s.text, "<details class=\"group\""), 5);
	sample_has(&s, "1995 more groups are not shown (--limit)");
	sample_has(&s, "7 findings beyond the first 2000 groups are not shown");
	sample_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_screen_says_it_all),
		cmocka_unit_test(test_a_group_has_meaning_advice_and_both_values),
		cmocka_unit_test(test_null_empty_and_nothing_are_told_apart),
		cmocka_unit_test(test_what_was_not_compared_sessions_and_gaps_are_there),
		cmocka_unit_test(test_the_page_needs_nothing_else),
		cmocka_unit_test(test_hostile_data_is_only_text),
		cmocka_unit_test(test_limits_are_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
