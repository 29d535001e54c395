/*
 * FILE.tmp, fsync, rename. A FILE.tmp that is there already is from a report that was killed;
 * it is replaced, never followed if it is a link.
 */
#include "report/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *tmp_name(const char *path)
{
	size_t size = strlen(path) + sizeof(".tmp");
	char *name = malloc(size);

	if (name)
		snprintf(name, size, "%s.tmp", path);
	return name;
}

/* A descriptor for writing or -1 with errno. */
static int open_descriptor(struct output *o)
{
	struct stat st;

	if (stat(o->path, &st) == 0 && !S_ISREG(st.st_mode))
		return open(o->path, O_WRONLY | O_CLOEXEC);
	o->tmp = tmp_name(o->path);
	if (!o->tmp || (unlink(o->tmp) != 0 && errno != ENOENT))
		return -1;
	return open(o->tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

bool output_open(struct output *o, const char *path, struct err *err)
{
	int fd;

	*o = (struct output){.path = path};
	fd = open_descriptor(o);
	if (fd >= 0)
		o->file = fdopen(fd, "w");
	if (o->file)
		return true;
	err_set(err, "cannot write \"%s\": %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(o->tmp);
	o->tmp = NULL;
	return false;
}

/* All that was written is on the disk; errno otherwise. */
static bool is_whole(struct output *o)
{
	errno = 0; /* an earlier failure that stdio only remembers has no reason any more */
	if (fflush(o->file) != 0 || ferror(o->file))
		return false;
	return !o->tmp || fsync(fileno(o->file)) == 0;
}

bool output_close(struct output *o, struct err *err)
{
	int reason = 0;

	if (!is_whole(o))
		reason = errno ? errno : EIO;
	if (fclose(o->file) != 0 && reason == 0)
		reason = errno;
	o->file = NULL;
	if (reason == 0 && o->tmp && rename(o->tmp, o->path) != 0)
		reason = errno;
	if (reason != 0 && o->tmp)
		unlink(o->tmp);
	free(o->tmp);
	o->tmp = NULL;
	return reason == 0 || err_set(err, "cannot write \"%s\": %s", o->path, strerror(reason));
}

void output_abandon(struct output *o)
{
	fclose(o->file);
	o->file = NULL;
	if (o->tmp)
		unlink(o->tmp);
	free(o->tmp);
	o->tmp = NULL;
}
