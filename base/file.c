/*
 * Reading files: interrupted reads go on, and what does not fit is an error, never cut.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int file_read_descriptor(int fd, struct buf *text)
{
	for (;;) {
		if (!buf_reserve(text, 1))
			return buf_len(text) == text->ceiling ? EFBIG : ENOMEM;
		ssize_t n = read(fd, buf_tail(text), buf_room(text));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			return 0;
		buf_added(text, (size_t)n);
	}
}

bool file_read(const char *path, struct buf *text, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int error = fd < 0 ? errno : file_read_descriptor(fd, text);

	if (fd >= 0)
		close(fd);
	if (error == EFBIG)
		return err_set(err, "%s: is larger than %zu bytes", path, text->ceiling - 1);
	return error == 0 || err_set(err, "cannot read \"%s\": %s", path, strerror(error));
}
