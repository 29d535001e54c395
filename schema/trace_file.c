/*
 * The file of a new trace: which names may be used, the lock against a second writer, and
 * the move of an earlier trace to PATH.old. Nothing that is not a trace is ever touched.
 */
#include "schema/trace_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Offsets of SQLite's file format, section 1.3. */
#define HEAD_SIZE           100
#define HEAD_APPLICATION_ID 68

static int fail(struct err *err, const char *path, const char *doing)
{
	err_set(err, "%s: %s: %s", path, doing, strerror(errno));
	return -1;
}

/* Takes the lock, or closes the descriptor. */
static int lock_or_close(int fd, const char *path, struct err *err)
{
	struct stat here, there;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			err_set(err, "%s: another twinkly process writes this trace", path);
		else
			fail(err, path, "cannot be locked");
	} else if (fstat(fd, &here) != 0 || stat(path, &there) != 0 ||
		   here.st_ino != there.st_ino || here.st_dev != there.st_dev) {
		/* Its last writer was moving it away between our open and our lock. */
		err_set(err, "%s: was moved while it was being opened; try again", path);
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

static int make_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		err_set(err, "%s: cannot be made: %s; its directory must exist and be writable",
			path, strerror(errno));
		return -1;
	}
	return lock_or_close(fd, path, err);
}

static int open_file(const char *path, struct stat *st, struct err *err)
{
	if (S_ISLNK(st->st_mode)) {
		err_set(err, "%s: is a symbolic link; name the file itself", path);
		return -1;
	}
	if (!S_ISREG(st->st_mode)) {
		err_set(err, "%s: is %s; name a file", path,
			S_ISDIR(st->st_mode) ? "a directory" : "not a regular file");
		return -1;
	}
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return fail(err, path, "cannot be opened for writing");
	if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) {
		err_set(err, "%s: is not a regular file; name a file", path);
		close(fd);
		return -1;
	}
	return lock_or_close(fd, path, err);
}

static bool is_trace(int fd)
{
	static const unsigned char id[4] = {TRACE_APPLICATION_ID >> 24 & 0xff,
		TRACE_APPLICATION_ID >> 16 & 0xff, TRACE_APPLICATION_ID >> 8 & 0xff,
		TRACE_APPLICATION_ID & 0xff};
	unsigned char head[HEAD_SIZE];
	return pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	       memcmp(head, "SQLite format 3", 16) == 0 &&
	       memcmp(head + HEAD_APPLICATION_ID, id, sizeof(id)) == 0;
}

/* PATH's companion to OLD's; no companion, no failure. */
static bool move_companion(const char *path, const char *old, const char *suffix)
{
	char *from = sqlite3_mprintf("%s%s", path, suffix);
	char *to = sqlite3_mprintf("%s%s", old, suffix);
	/* One that stays behind from an earlier trace would be taken for this one's. */
	bool ok = from && to && (unlink(to) == 0 || errno == ENOENT) &&
		  (rename(from, to) == 0 || errno == ENOENT);
	sqlite3_free(from);
	sqlite3_free(to);
	return ok;
}

/* The log is folded in so that PATH.old is one file. Where that fails (damage, a full disk)
 * or a reader is in the way, the companions move along: SQLite finds them by name. */
static bool move_away(const char *path, struct err *err)
{
	static const char *const suffixes[] = {"-wal", "-journal", "-shm"};
	sqlite3 *db = NULL;
	char *old = sqlite3_mprintf("%s.old", path);
	bool ok = old != NULL;
	if (trace_db_open(path, SQLITE_OPEN_READWRITE, "", &db) == SQLITE_OK)
		(void)trace_db_fold(db);
	sqlite3_close(db);
	for (size_t i = 0; ok && i < ARRAY_LEN(suffixes); i++)
		ok = move_companion(path, old, suffixes[i]);
	ok = ok && rename(path, old) == 0;
	if (!ok)
		err_set(err, "%s: an earlier trace is there and cannot be moved to %s.old: %s",
			path, path, strerror(errno));
	sqlite3_free(old);
	return ok;
}

int trace_file_claim(const char *path, bool *moved, struct err *err)
{
	struct stat st;
	if (lstat(path, &st) != 0)
		return errno == ENOENT ? make_file(path, err) : fail(err, path, "cannot be made");
	int fd = open_file(path, &st, err);
	if (fd < 0 || st.st_size == 0)
		return fd;
	bool is_away = false;
	if (!is_trace(fd))
		err_set(err, "%s: is not a Twinkly trace; it is left alone, name another file",
			path);
	else
		is_away = move_away(path, err);
	close(fd);
	*moved = is_away;
	return is_away ? make_file(path, err) : -1;
}
