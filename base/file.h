/*
 * Reading a whole file into memory, as far as the buffer's ceiling permits.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

/* Appends what is left of the file to `text`. 0, or the error's number: EFBIG where it does not
 * fit (the buffer is full then). */
int file_read_descriptor(int fd, struct buf *text);

/* False with err, which names the file and the reason; EFBIG names the ceiling. */
bool file_read(const char *path, struct buf *text, struct err *err) ATTR_USE_RESULT;

#endif
