/*
 * What a process does for the secrets in its memory.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

/* From now on no core dump is written, and no process of the same user may read this one's
 * memory (ptrace, /proc/PID/mem); root may. Programs that it runs do not inherit that. */
void process_hide_memory(void);

#endif
