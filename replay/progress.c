/*
 * Progress of long work.
 */
#include "replay/progress.h"

#include <inttypes.h>

#include "base/clock.h"

static int64_t per_second(int64_t count, int64_t us)
{
	return us > 0 ? count * CLOCK_SECOND / us : 0;
}

void progress_show(struct progress *p, int64_t done, int64_t all, int64_t now)
{
	char left[CLOCK_TEXT_MAX] = "?";
	int64_t rate, whole;
	int width;

	if (p->began_us == 0)
		p->began_us = p->shown_us = now;
	if (!p->out || now - p->shown_us < PROGRESS_EVERY_US)
		return;
	rate = per_second(done - p->shown_done, now - p->shown_us);
	whole = per_second(done, now - p->began_us);
	if (whole > 0)
		clock_format_duration((all - done) / whole * CLOCK_SECOND, left);
	width = fprintf(p->out,
		"\r%" PRId64 " of %" PRId64 " exchanges, %" PRId64 " a second, %s left", done, all,
		rate, left);
	fprintf(p->out, "%*s", p->width > width ? p->width - width : 0, "");
	fflush(p->out);
	p->width = width;
	p->shown_us = now;
	p->shown_done = done;
}

void progress_end(struct progress *p)
{
	if (p->out && p->width > 0)
		fprintf(p->out, "\r%*s\r", p->width, "");
	p->width = 0;
}
