/*
 * The HTML page: complete, self-contained, and harmless whatever the trace holds.
 */
#include "report/html.h"

#include "tests/unit/report/answers.h"
#include "tests/unit/report/trace_sample.h"

/* Reopens and writes the page into s->text. */
static void write_page(struct sample *s, size_t limit, int only)
{
	struct summary summary;
	struct html_report report = {.summary = &summary, .limit = limit};

	sample_summary(s, &summary, only);
	report.trace = s->trace;
	report.out = sample_catch(s);
	sample_check(s, html_write(&report, &s->err));
	assert_int_equal(fclose(report.out), 0);
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
	static const char *const empty[] = {"meta", "br", "input", "rect", "line", "!DOCTYPE"};
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
	sample_has(&s, "<p>Truly compared: 100.0 % of 2 commands.</p>\n</header>");
	sample_has(&s, "<section id=\"first\">");
	sample_has(&s, "twinkly-replay --sessions 1 /tmp/");
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
	sample_has(&s, "<pre class=\"sql\"><b>select</b> price\n<b>from</b> item</pre>");
	sample_has(&s, "<tr><td>1:1</td><td>2</td><td>3 price</td>");
	sample_has(&s, "<td class=\"value\">1.<mark>2</mark>5</td>");
	sample_has(&s, "<td class=\"value\">1.<mark>3</mark>5</td>");
	sample_has(&s, "<b>Parameters</b> <code>$1 = &#39;7&#39;</code>");
	sample_has(&s, "row 2, column &quot;price&quot; differs");
	sample_has(&s, "and 2 more like these");
	assert_int_equal(count(s.text, "class=\"said\""), 3);
	assert_int_equal(count(s.text, "<details class=\"group"), 1);
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
	sample_has(&s, "excluded</span></td><td class=\"n\">1</td><td><code class=\"sql\">"
		       "<b>show</b> <b>all</b></code></td>"
		       "<td>pattern &quot;SHOW.*&quot;</td><td>1:2</td>");
	sample_has(&s, "<td class=\"n\">1</td><td>pattern &quot;SHOW.*&quot;</td><td>2</td>");
	sample_has(&s, "<tr><td>collation</td><td class=\"n\">1</td><td class=\"n\">1</td>");
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
	assert_int_equal(count(s.text, "href="), count(s.text, "href=\"#"));
	sample_lacks(&s, "url(");
	sample_lacks(&s, "@import");
	assert_int_equal(count(s.text, "<script>"), 1);
	assert_int_equal(count(s.text, "<style>"), 1);
	/* The filter shows only when the script runs. */
	sample_has(&s, "<form id=\"filter\" hidden");
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
	assert_int_equal(count(s.text, "</title"), count(s.text, "<title>"));
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
		snprintf(statement, sizeof(statement), "select a%d", i);
		sample_value_mismatch(&s, statement, LITERAL("1"), LITERAL("2"));
	}
	write_page(&s, 5, SUMMARY_ANY_KIND);
	assert_int_equal(count(s.text, "<details class=\"group"), 5);
	sample_has(&s, "1995 more groups are not shown (--limit, or");
	sample_has(&s, "7 findings beyond the first 2000 groups are not shown");
	sample_end(&s);
}

/* An exchange of session 1 with these answers. */
static void write_answered(struct sample *s, const char *statement, const struct buf *truth,
	const struct buf *candidate)
{
	struct trace_exchange row = {.id = ++s->exchanges,
		.session = 1,
		.started_us = s->exchanges * CLOCK_SECOND,
		.truth_us = 1500,
		.candidate_us = 2500000,
		.verdict = VERDICT_MISMATCH,
		.truth_status = 'T',
		.candidate_status = 'E',
		.truth = buf_bytes(truth),
		.has_candidate = true,
		.candidate = buf_bytes(candidate)};

	sample_check(s, trace_write_exchange(s->trace, &row, &s->err));
	sample_command(s, 0, VERDICT_MISMATCH, bytes_str(statement));
}

static void test_rows_stand_side_by_side(void **state)
{
	struct sample s;
	struct buf truth, candidate;

	(void)state;
	answer_begin(&truth);
	answer_begin(&candidate);
	for (int side = 0; side < 2; side++) {
		struct buf *b = side ? &candidate : &truth;

		answer_columns(b, "id name");
		answer_row(b, "1 ann");
		answer_row(b, "2 bob");
		answer_row(b, side ? "3 carla" : "3 carol");
		answer_row(b, "4 \\N");
		answer_complete(b, "SELECT 4");
		answer_ready(b, 'I');
	}
	sample_begin(&s);
	write_answered(&s, "select id, name from t order by id", &truth, &candidate);
	sample_difference(&s, (struct trace_difference){.kind = DIFF_VALUE, .row = 3, .column = 2});
	write_page(&s, 0, SUMMARY_ANY_KIND);
	sample_has(&s, "<caption>YugabyteDB, 4 rows</caption>");
	sample_has(&s, "<tr><th scope=\"row\">2</th><td>2</td><td>bob</td></tr>");
	sample_has(&s, "<tr class=\"changed\"><th scope=\"row\">3</th><td>3</td>"
		       "<td class=\"diff\">car<mark>ol</mark></td></tr>");
	sample_has(&s, "<td class=\"diff\">car<mark>la</mark></td>");
	sample_has(&s, "<td>4</td><td><span class=\"none\">NULL</span></td>");
	expect_balanced(s.text);
	sample_end(&s);
	buf_fini(&truth);
	buf_fini(&candidate);
}

static void test_errors_have_all_their_fields(void **state)
{
	struct sample s;
	struct buf truth, candidate;
	static const char fields[] = "SERROR\0C23505\0Mduplicate key\0DKey (id)=(1) exists.\0";

	(void)state;
	answer_begin(&truth);
	answer_begin(&candidate);
	answer_complete(&truth, "INSERT 0 1");
	answer_ready(&truth, 'T');
	answer_error(&candidate, fields, sizeof(fields));
	answer_ready(&candidate, 'E');
	sample_begin(&s);
	write_answered(&s, "insert into t values (1)", &truth, &candidate);
	sample_difference(&s, (struct trace_difference){.kind = DIFF_ERROR_SUCCESS});
	write_page(&s, 0, SUMMARY_ANY_KIND);
	sample_has(&s, "<th scope=\"row\">Answer</th><td><mark>INSERT 0 1</mark></td>"
		       "<td><mark>error</mark></td>");
	sample_has(&s, "<th scope=\"row\">SQLSTATE</th><td></td><td><mark>23505</mark></td>");
	sample_has(&s, "<th scope=\"row\">Detail</th><td></td><td><mark>Key (id)=(1) exists.");
	sample_has(&s, "<th scope=\"row\">Took</th><td>1.5 ms</td><td>2.50 s</td>");
	sample_has(&s, "data-tables=\"t\"");
	expect_balanced(s.text);
	sample_end(&s);
	buf_fini(&truth);
	buf_fini(&candidate);
}

static void test_the_transaction_up_to_there_is_told(void **state)
{
	struct sample s;
	struct buf none;

	(void)state;
	buf_init(&none, 16);
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "select 'before it'");
	write_answered(&s, "begin", &none, &none);
	sample_session(&s, 2, "other");
	(void)sample_bare_exchange(&s, 2, VERDICT_EQUAL, NULL);
	sample_command(&s, 0, VERDICT_EQUAL, LITERAL("select 'of another session'"));
	write_answered(&s, "update t set a = 5", &none, &none);
	sample_difference(&s, (struct trace_difference){.kind = DIFF_TAG, .text = "a tag"});
	write_page(&s, 0, SUMMARY_ANY_KIND);
	sample_has(&s, "<h4>The transaction up to there</h4>\n<ol class=\"timeline\"");
	sample_has(&s, "<code class=\"sql\"><b>begin</b></code> <small>1.5 ms and 2.50 s</small>");
	assert_int_equal(count(s.text, "before it"), 0);
	assert_int_equal(count(s.text, "of another session"), 0);
	sample_end(&s);
	buf_fini(&none);
}

/* Answers that are no messages, cut in the middle, or of absurd lengths. */
static void test_spoiled_answers_are_said_to_be_cut(void **state)
{
	const struct bytes spoiled[] = {LITERAL("\xff\xff\xff\xff\xff\xff"),
		LITERAL("T\x7f\xff\xff\xff"), LITERAL("D\0\0\0\6\0"), LITERAL("C\0")};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spoiled); i++) {
		struct sample s;
		struct buf truth, candidate;

		answer_begin(&truth);
		answer_begin(&candidate);
		assert_true(buf_append_bytes(&truth, spoiled[i]));
		answer_columns(&candidate, "a");
		answer_row(&candidate, "1");
		sample_begin(&s);
		write_answered(&s, "select a from t", &truth, &candidate);
		sample_difference(&s, (struct trace_difference){.kind = DIFF_VALUE});
		write_page(&s, 0, SUMMARY_ANY_KIND);
		sample_has(&s, "in the part that was kept");
		expect_balanced(s.text);
		sample_end(&s);
		buf_fini(&truth);
		buf_fini(&candidate);
	}
}

static void test_statements_of_one_shape_are_one_group(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select a from t where b = 1", LITERAL("1"), LITERAL("2"));
	sample_value_mismatch(&s, "SELECT a FROM t WHERE b = 22", LITERAL("1"), LITERAL("2"));
	write_page(&s, 0, SUMMARY_ANY_KIND);
	assert_int_equal(count(s.text, "<details class=\"group"), 1);
	sample_has(&s, "<b>where</b> b = ?</code>");
	sample_has(&s, "b = <em>22</em>");
	sample_has(&s, "data-sessions=\"1\"");
	sample_end(&s);
}

static void test_pictures_have_numbers(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "select 1");
	sample_exchange(&s, VERDICT_EQUAL, "select 2");
	sample_value_mismatch(&s, "select 3 from x", LITERAL("1"), LITERAL("2"));
	write_page(&s, 0, SUMMARY_ANY_KIND);
	sample_has(&s, "<svg viewBox=");
	sample_has(&s, "<title>1 mismatch, from ");
	sample_has(&s, "<title>3: 10 us against 10 us</title>");
	sample_has(&s, "<section id=\"slowest\">");
	expect_balanced(s.text);
	sample_end(&s);
}

/* A thousand groups with statements of eight kilobytes each. */
static void test_the_page_stays_below_its_size(void **state)
{
	struct sample s;
	size_t size = 8000;
	char *statement = malloc(size);

	(void)state;
	assert_non_null(statement);
	sample_begin(&s);
	for (int i = 0; i < 1500; i++) {
		int head = snprintf(statement, size, "select c%d /* ", i);

		memset(statement + head, '&', size - (size_t)head);
		statement[size - 1] = '\0';
		sample_value_mismatch(&s, statement, LITERAL("1"), LITERAL("2"));
	}
	free(statement);
	write_page(&s, 0, SUMMARY_ANY_KIND);
	assert_true(s.text_len < (size_t)10 << 20);
	assert_true(count(s.text, "<details class=\"group") > 1000);
	sample_has(&s, "Shown in short: the page would grow too large.");
	sample_end(&s);
}

static void put_consequence(struct sample *s, int64_t cause)
{
	struct trace_consequence row = {.exchange = s->exchanges, .cause = cause, .table = "t"};

	sample_check(s, trace_write_consequence(s->trace, &row, &s->err));
}

static void test_consequences_are_folded_under_their_root(void **state)
{
	struct sample s;
	const char *root, *follow, *second, *other;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select root", LITERAL("1"), LITERAL("2"));
	sample_value_mismatch(&s, "select follows", LITERAL("1"), LITERAL("2"));
	put_consequence(&s, 1);
	sample_value_mismatch(&s, "select later", LITERAL("1"), LITERAL("2"));
	put_consequence(&s, 2);
	sample_value_mismatch(&s, "select second", LITERAL("1"), LITERAL("2"));
	sample_value_mismatch(&s, "select elsewhere", LITERAL("1"), LITERAL("2"));
	put_consequence(&s, 77);
	write_page(&s, 0, SUMMARY_ANY_KIND);
	root = strstr(s.text, "<b>select</b> root</code>");
	follow = strstr(s.text, "<summary>2 groups possibly follow from this</summary>");
	second = strstr(s.text, "<b>select</b> second</code>");
	other = strstr(s.text, "<summary>1 group possibly follows from exchanges that are not");
	assert_true(root && follow && second && other);
	assert_true(root < follow && follow < second && second < other);
	sample_has(&s, "Possibly a consequence of exchange 1.");
	expect_balanced(s.text);
	sample_end(&s);
}

static void test_plans_are_shown_where_there_are_any(void **state)
{
	struct sample s;
	struct trace_plan row = {.exchange = 1, .role = "candidate", .text = "Seq Scan on <t>"};

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select a from t", LITERAL("1"), LITERAL("2"));
	sample_check(&s, trace_write_plan(s.trace, &row, &s.err));
	write_page(&s, 0, SUMMARY_ANY_KIND);
	sample_has(&s, "<summary>Plan of PostgreSQL</summary><pre>Seq Scan on &lt;t&gt;</pre>");
	assert_int_equal(count(s.text, "Seq Scan"), 2); /* at the group, and at the statement */
	expect_balanced(s.text);
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
		cmocka_unit_test(test_rows_stand_side_by_side),
		cmocka_unit_test(test_errors_have_all_their_fields),
		cmocka_unit_test(test_the_transaction_up_to_there_is_told),
		cmocka_unit_test(test_spoiled_answers_are_said_to_be_cut),
		cmocka_unit_test(test_statements_of_one_shape_are_one_group),
		cmocka_unit_test(test_pictures_have_numbers),
		cmocka_unit_test(test_plans_are_shown_where_there_are_any),
		cmocka_unit_test(test_consequences_are_folded_under_their_root),
		cmocka_unit_test(test_the_page_stays_below_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
