/*
 * Log lines on standard error: time (UTC), level, text. A line is written with one write(2),
 * so lines of threads do not mix; control characters of quoted data are shown as \xNN.
 * The level and the lead are the mutable globals of the product beside the signal flag.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/attr.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* What each line begins with, before its time: what clears a line on a terminal. At most 15 bytes,
 * a string that lives on; "" at first. */
void log_set_lead(const char *lead);
void log_set_level(enum log_level level);
/* "error", "warning", "info", "debug"; false for any other word. */
bool log_level_parse(const char *word, enum log_level *level);
bool log_is_on(enum log_level level);
void log_write(enum log_level level, const char *fmt, ...) ATTR_PRINTF(2, 3);

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)                                           \
	do {                                                     \
		if (log_is_on(LOG_LEVEL_DEBUG))                  \
			log_write(LOG_LEVEL_DEBUG, __VA_ARGS__); \
	} while (0)

#endif
