/*
 * The protocol's state. First byte odd: any messages in any order from either side; the books must
 * stay in order. Even: requests of any kind and a server that answers each as it should, fails
 * where the input says so, and then discards up to the Sync; nothing of that is a violation.
 */
#include "wire/protocol.h"

#include "tests/fuzz/fuzz.h"

#define MODEL_MAX 4096 /* steps of an input that count */

static const unsigned char requests[] = "QPBDECSHFXcdf";
static const unsigned char answers[] = "123ACDEGHIKNRSTVWZcdnstv";

static struct frame frame_of(unsigned char type, const char *body, size_t len)
{
	return (struct frame){.type = type, .body = bytes_of(body, len)};
}

static enum protocol_result request(struct protocol *p, unsigned char type, unsigned choice)
{
	struct frame f = frame_of(type, choice & 1 ? "S" : "P", 2);

	return protocol_on_request(p, &f);
}

static enum protocol_result answer(struct protocol *p, unsigned char type, const char *status)
{
	struct frame f = frame_of(type, status, type == BACKEND_READY_FOR_QUERY ? 1 : 0);
	struct err err;

	return protocol_on_answer(p, &f, &err);
}

static void check(const struct protocol *p)
{
	fuzz_check(p->count <= PROTOCOL_OWED_MAX && p->syncs <= p->count);
	fuzz_check(protocol_is_idle(p) == (p->count == 0 && !p->is_skipping));
	fuzz_check(!protocol_is_idle(p) || protocol_is_settled(p));
	fuzz_check(protocol_owed_name(p));
}

static void any_order(struct protocol *p, struct bytes in)
{
	static const char *const states[] = {"I", "T", "E", "x"};
	struct protocol_mark mark = protocol_mark(p);
	bool is_marked = true;

	while (in.len > 0) {
		unsigned step = fuzz_byte(&in), choice = step >> 1;

		if (step == 0xff && is_marked)
			protocol_rewind(p, &mark);
		else if (step == 0xfe)
			mark = protocol_mark(p);
		else if (step & 1)
			(void)request(p, requests[choice % (sizeof(requests) - 1)], step >> 6);
		else if (answer(p, answers[choice % (sizeof(answers) - 1)], states[step >> 6]) ==
			 PROTOCOL_VIOLATION)
			return;
		/* A mark holds until something is checked off. */
		is_marked = step == 0xfe || (is_marked && (step & 1));
		check(p);
	}
}

struct model { /* a server that has these requests before it */
	unsigned char owed[MODEL_MAX];
	size_t first, count;
	bool is_skipping;
};

static void must(struct protocol *p, unsigned char type, const char *status)
{
	struct frame f = frame_of(type, status, type == BACKEND_READY_FOR_QUERY ? 1 : 0);
	struct err err = {""};

	if (protocol_on_answer(p, &f, &err) != PROTOCOL_OK)
		fuzz_fail("%c: %s", type, err.text);
}

static void answer_simple(struct protocol *p, unsigned how)
{
	if (how & 1)
		must(p, BACKEND_ERROR_RESPONSE, "");
	else if (how & 2)
		must(p, BACKEND_EMPTY_QUERY_RESPONSE, "");
	else {
		must(p, BACKEND_ROW_DESCRIPTION, "");
		must(p, BACKEND_DATA_ROW, "");
		must(p, BACKEND_COMMAND_COMPLETE, "");
	}
	must(p, BACKEND_READY_FOR_QUERY, how & 4 ? "T" : "I");
}

static void answer_execute(struct protocol *p, unsigned how)
{
	if (how & 2)
		must(p, BACKEND_DATA_ROW, "");
	must(p, how & 4 ? BACKEND_PORTAL_SUSPENDED : BACKEND_COMMAND_COMPLETE, "");
}

static void answer_describe(struct protocol *p, bool is_statement, unsigned how)
{
	if (is_statement)
		must(p, BACKEND_PARAMETER_DESCRIPTION, "");
	must(p, how & 2 ? BACKEND_NO_DATA : BACKEND_ROW_DESCRIPTION, "");
}

static void answer_extended(struct protocol *p, unsigned char type, unsigned how)
{
	switch (type) {
	case FRONTEND_PARSE:
		must(p, BACKEND_PARSE_COMPLETE, "");
		break;
	case FRONTEND_BIND:
		must(p, BACKEND_BIND_COMPLETE, "");
		break;
	case FRONTEND_CLOSE:
		must(p, BACKEND_CLOSE_COMPLETE, "");
		break;
	case FRONTEND_EXECUTE:
		answer_execute(p, how);
		break;
	default: /* 's' and 'p': Describe */
		answer_describe(p, type == 's', how);
		break;
	}
}

/* Answers the oldest request, if there is one. */
static void serve(struct protocol *p, struct model *m, unsigned how)
{
	if (how & 8)
		must(p, BACKEND_NOTICE_RESPONSE, "");
	if (m->first == m->count)
		return;
	unsigned char type = m->owed[m->first++];

	if (type == FRONTEND_SYNC) {
		m->is_skipping = false;
		must(p, BACKEND_READY_FOR_QUERY, how & 4 ? "T" : "I");
	} else if (m->is_skipping) {
		return;
	} else if (type == FRONTEND_QUERY) {
		answer_simple(p, how);
	} else if (how & 1) {
		must(p, BACKEND_ERROR_RESPONSE, "");
		m->is_skipping = true;
	} else {
		answer_extended(p, type, how);
	}
}

static void right_server(struct protocol *p, struct bytes in)
{
	static const unsigned char types[] = "PBDECSQS";
	static struct model m;

	m.first = m.count = 0;
	m.is_skipping = false;
	while (in.len > 0 && m.count < MODEL_MAX - 1) {
		unsigned step = fuzz_byte(&in);
		unsigned char type = types[step >> 1 & 7];

		if (step & 1) {
			serve(p, &m, step >> 1);
			continue;
		}
		/* A Query before the Sync that an error waits for would be discarded, too. */
		if (type == FRONTEND_QUERY && m.count > 0 && m.owed[m.count - 1] != FRONTEND_SYNC &&
			m.owed[m.count - 1] != FRONTEND_QUERY)
			type = FRONTEND_SYNC;
		fuzz_check(request(p, type, step >> 4) == PROTOCOL_OK);
		if (type == FRONTEND_DESCRIBE)
			type = step >> 4 & 1 ? 's' : 'p';
		m.owed[m.count++] = type;
		check(p);
	}
	fuzz_check(request(p, FRONTEND_SYNC, 0) == PROTOCOL_OK);
	m.owed[m.count++] = FRONTEND_SYNC;
	while (m.first < m.count)
		serve(p, &m, 0);
	fuzz_check(protocol_is_idle(p));
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct protocol p;

	protocol_init(&p);
	if (fuzz_byte(&in) & 1)
		any_order(&p, in);
	else
		right_server(&p, in);
	protocol_fini(&p);
	return 0;
}
