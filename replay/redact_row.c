/*
 * Between rows of a trace and the engine's view of an exchange.
 */
#include "replay/redact_row.h"

struct trace_redaction redact_row(struct redact *r, struct trace_exchange *row)
{
	struct redact_exchange ex = {.request = row->request,
		.truth = row->truth,
		.candidate = row->candidate,
		.has_candidate = row->has_candidate,
		.truth_len = row->truth_len,
		.candidate_len = row->candidate_len};

	redact_exchange(r, &ex);
	row->request = ex.request;
	row->truth = ex.truth;
	row->candidate = ex.candidate;
	row->truth_len = ex.truth_len;
	row->candidate_len = ex.candidate_len;
	row->note = redact_str(r, row->note);
	return (struct trace_redaction){
		.exchange = row->id, .request = ex.requests, .answers = ex.answers};
}
