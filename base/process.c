/*
 * Passwords and clients' data are in memory: they must not get into a file by a crash. Not
 * RLIMIT_CORE, which programs that we run would inherit, and which a core_pattern that is a pipe
 * does not ask for.
 */
#include "base/process.h"

#include <sys/prctl.h>

void process_hide_memory(void)
{
	/* It fails for no argument that is given here. */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
