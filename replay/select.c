/*
 * Statements of an exchange, by their words and by a pattern.
 */
#include "replay/select.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diffengine/pattern.h"
#include "diffengine/prepared.h"
#include "diffengine/scan.h"
#include "diffengine/statement.h"
#include "wire/decode.h"
#include "wire/message.h"

struct select {
	const struct roster *roster;
	bool is_read_only;
	struct pattern *pattern; /* NULL: every statement */
	struct pattern_work *work;
	struct prepared *names; /* by place in the roster */
};

struct look { /* at one exchange */
	struct select *select;
	struct prepared *names;
	bool writes, matches, has_other;
};

/* --- sessions --- */

static bool mark_range(struct roster *roster, int64_t first, int64_t last, struct err *err)
{
	bool found = false;

	for (size_t i = 0; i < roster->count; i++) {
		struct roster_session *s = &roster->sessions[i];

		if (s->id < first || s->id > last)
			continue;
		s->is_left_out = false;
		found = true;
	}
	return found || err_set(err, "--sessions: the trace has no session %" PRId64, first);
}

static bool mark_sessions(struct roster *roster, const char *list, struct err *err)
{
	const char *rest = list;
	bool ok = true, goes_on = true;

	for (size_t i = 0; i < roster->count; i++)
		roster->sessions[i].is_left_out = true;
	while (goes_on) {
		int64_t first = 0, last;
		int n = 0;

		if (sscanf(rest, "%18" SCNd64 "%n", &first, &n) != 1 || first < 1)
			break;
		rest += n;
		last = first;
		if (*rest == '-' && sscanf(rest + 1, "%18" SCNd64 "%n", &last, &n) == 1)
			rest += 1 + n;
		if (last < first)
			break;
		ok = ok && mark_range(roster, first, last, err);
		goes_on = *rest == ',';
		rest += goes_on;
	}
	if (goes_on || *rest)
		return err_set(err, "--sessions \"%s\": expected numbers such as 1,3,7-9", list);
	return ok;
}

static void drop_sessions(struct roster *roster)
{
	for (size_t i = 0; i < roster->count; i++)
		if (roster->sessions[i].is_left_out)
			roster->sessions[i].left = 0;
}

/* --- life --- */

static bool open_pattern(struct select *s, const char *text, struct err *err)
{
	if (!text)
		return true;
	s->pattern = pattern_new(text, err);
	if (!s->pattern)
		return err_prefix(err, "--statements: ");
	s->work = pattern_work_new();
	return s->work || err_set(err, "out of memory");
}

bool select_new(struct select **select, const struct replay_wishes *wishes, struct roster *roster,
	struct err *err)
{
	struct select *s;

	*select = NULL;
	if (wishes->sessions && !mark_sessions(roster, wishes->sessions, err))
		return false;
	drop_sessions(roster);
	if (!wishes->statements && !wishes->is_read_only)
		return true;
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, "out of memory");
	*s = (struct select){.roster = roster, .is_read_only = wishes->is_read_only};
	s->names = calloc(roster->count + 1, sizeof(*s->names));
	if ((!s->names && !err_set(err, "out of memory")) ||
		!open_pattern(s, wishes->statements, err)) {
		select_free(s);
		return false;
	}
	for (size_t i = 0; i < roster->count; i++)
		prepared_init(&s->names[i]);
	*select = s;
	return true;
}

void select_free(struct select *select)
{
	if (!select)
		return;
	for (size_t i = 0; select->names && i < select->roster->count; i++)
		prepared_fini(&select->names[i]);
	free(select->names);
	pattern_free(select->pattern);
	pattern_work_free(select->work);
	free(select);
}

/* --- statements --- */

/* SET and transaction control that could make the session writable, or act on a prepared
 * transaction. */
static bool frees_writing(struct bytes text)
{
	static const char *const words[] = {"write", "prepared", "prepare",
		"default_transaction_read_only", "transaction_read_only"};
	struct scan scan;
	struct scan_token token;

	scan_init(&scan, text);
	while (scan_next(&scan, &token)) {
		if (token.kind == SCAN_QUOTED &&
			memmem(token.text.ptr, token.text.len, "read_only", 9))
			return true;
		for (size_t i = 0; i < ARRAY_LEN(words); i++)
			if (scan_is(&token, words[i]))
				return true;
	}
	return false;
}

static bool begins_with(struct bytes text, const char *const *words, size_t count)
{
	struct scan scan;
	struct scan_token token;

	scan_init(&scan, text);
	if (!scan_next(&scan, &token))
		return false;
	for (size_t i = 0; i < count; i++)
		if (scan_is(&token, words[i]))
			return true;
	return false;
}

/* COPY TO writes files and runs programs on the server; a cursor's query is run by FETCH. */
static bool copies_to_server(struct bytes text)
{
	static const char *const copy[] = {"copy"};
	struct scan scan;
	struct scan_token token;

	if (!begins_with(text, copy, ARRAY_LEN(copy)))
		return false;
	scan_init(&scan, text);
	while (scan_next(&scan, &token))
		if (token.depth == 0 && scan_is(&token, "stdout"))
			return false;
	return true;
}

static bool may_write(const struct statement_traits *t)
{
	static const char *const session[] = {"set", "reset", "discard"};

	if (t->is_control || begins_with(t->text, session, ARRAY_LEN(session)))
		return frees_writing(t->text);
	return t->is_writing || copies_to_server(t->text);
}

static void look_at(struct look *l, const struct statement_traits *t)
{
	struct select *s = l->select;

	l->writes |= may_write(t);
	if (!s->pattern || t->is_control)
		return;
	if (pattern_search(s->pattern, s->work, t->text) == PATTERN_FOUND)
		l->matches = true;
	else
		l->has_other = true;
}

static void look_at_text(struct look *l, struct bytes text)
{
	struct statement_traits traits;

	while (statement_next(&text, &traits))
		look_at(l, &traits);
}

/* --- messages --- */

static void on_parse(struct look *l, struct bytes body)
{
	struct msg_parse msg;

	if (decode_parse(body, &msg))
		prepared_set(l->names, 'S', msg.name, statement_new(msg.query));
}

static void on_bind(struct look *l, struct bytes body)
{
	struct msg_bind msg;

	if (decode_bind(body, &msg))
		prepared_set(l->names, 'P', msg.portal,
			statement_keep(prepared_get(l->names, 'S', msg.statement)));
}

static void look_at_prepared(struct look *l, const struct statement *statement)
{
	if (statement) {
		look_at_text(l, statement_text(statement));
	} else {
		l->writes = true;
		l->has_other = l->select->pattern != NULL;
	}
}

static void on_execute(struct look *l, struct bytes body)
{
	struct msg_execute msg;

	look_at_prepared(
		l, decode_execute(body, &msg) ? prepared_get(l->names, 'P', msg.portal) : NULL);
}

static void on_describe(struct look *l, struct bytes body)
{
	struct msg_named msg;

	/* Nothing is run, but what is not there cannot be described. */
	if (decode_named(body, &msg) && prepared_get(l->names, msg.kind, msg.name) == NULL)
		look_at_prepared(l, NULL);
}

static void on_query(struct look *l, struct bytes body)
{
	struct bytes text;

	if (decode_string(body, &text))
		look_at_text(l, text);
	else
		l->writes = true;
}

static void look_at_message(struct look *l, const struct frame *f)
{
	struct msg_named named;

	if (f->type == FRONTEND_QUERY)
		on_query(l, f->body);
	else if (f->type == FRONTEND_PARSE)
		on_parse(l, f->body);
	else if (f->type == FRONTEND_BIND)
		on_bind(l, f->body);
	else if (f->type == FRONTEND_DESCRIBE)
		on_describe(l, f->body);
	else if (f->type == FRONTEND_EXECUTE)
		on_execute(l, f->body);
	else if (f->type == FRONTEND_FUNCTION_CALL)
		look_at_prepared(l, NULL);
	else if (f->type == FRONTEND_CLOSE && decode_named(f->body, &named))
		prepared_remove(l->names, named.kind, named.name);
}

/* What the left out exchange would have prepared is not there. */
static void forget_message(struct look *l, const struct frame *f)
{
	struct msg_parse parse;
	struct msg_bind bind;

	if (f->type == FRONTEND_PARSE && decode_parse(f->body, &parse))
		prepared_remove(l->names, 'S', parse.name);
	else if (f->type == FRONTEND_BIND && decode_bind(f->body, &bind))
		prepared_remove(l->names, 'P', bind.portal);
}

static bool walk(struct look *l, struct request *request,
	void (*on_message)(struct look *, const struct frame *), struct err *err)
{
	enum request_result result;
	struct frame f;

	while ((result = request_next(request, &f, err)) == REQUEST_MESSAGE)
		on_message(l, &f);
	return result == REQUEST_END;
}

static enum select_result judge(const struct look *l)
{
	if (l->select->is_read_only && l->writes)
		return SELECT_WRITES;
	return l->has_other && !l->matches ? SELECT_OTHER : SELECT_PLAY;
}

enum select_result select_exchange(struct select *select, const struct roster_session *of,
	struct request *request, struct err *err)
{
	struct look l = {.select = select, .names = &select->names[of - select->roster->sessions]};
	enum request_state state;
	enum select_result result;

	if (!walk(&l, request, look_at_message, err))
		return SELECT_FAILED;
	result = judge(&l);
	if (!request_open(request, request->exchange, &state, err))
		return SELECT_FAILED;
	if (result == SELECT_PLAY)
		return result;
	return walk(&l, request, forget_message, err) ? result : SELECT_FAILED;
}
