/*
 * The messages of a request, noted as the session itself will note them.
 */
#include "replay/reading.h"

#include <stdlib.h>

bool reading_init(struct reading *reading, const struct roster *roster)
{
	*reading = (struct reading){.roster = roster};
	reading->names = calloc(roster->count + 1, sizeof(*reading->names));
	for (size_t i = 0; reading->names && i < roster->count; i++)
		prepared_init(&reading->names[i]);
	return reading->names != NULL;
}

void reading_fini(struct reading *reading)
{
	for (size_t i = 0; reading->names && i < reading->roster->count; i++)
		prepared_fini(&reading->names[i]);
	free(reading->names);
	steps_fini(&reading->steps);
	*reading = (struct reading){.roster = NULL};
}

bool reading_is(struct reading *reading, const struct roster_session *of, struct bytes request)
{
	struct prepared *names = &reading->names[of - reading->roster->sessions];
	struct frame f;
	bool writes;

	if (request.len > READING_REQUEST_MAX)
		return false;
	while (frame_next(request, WIRE_FRONTEND, READING_REQUEST_MAX + 5, &f, NULL) == FRAME_OK) {
		steps_note(&reading->steps, names, &f);
		request = bytes_skip(request, f.whole.len);
	}
	writes = reading->steps.unit_writes || request.len > 0;
	steps_reset(&reading->steps);
	return !writes;
}
