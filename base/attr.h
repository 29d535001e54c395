/*
 * Compiler attributes under short names. No state, no code.
 */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define ATTR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define ATTR_USE_RESULT        __attribute__((warn_unused_result))
#define ATTR_UNUSED            __attribute__((unused))
#define ARRAY_LEN(a)           (sizeof(a) / sizeof((a)[0]))

#endif
