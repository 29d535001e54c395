/*
 * Makes and removes the socket's file.
 */
#include "capture/unix_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 512

static int new_socket(struct err *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err_set(err, "no socket to listen on: %s", strerror(errno));
	return fd;
}

/* A socket that refuses connections is left over from a program that was killed. */
static bool remove_stale(const struct sockaddr_un *address, struct err *err)
{
	struct stat st;
	int fd, failed;

	if (lstat(address->sun_path, &st) != 0)
		return errno == ENOENT || err_set(err, "cannot look at \"%s\": %s",
						  address->sun_path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, "\"%s\" is there and is not a socket", address->sun_path);
	fd = new_socket(err);
	if (fd < 0)
		return false;
	failed = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? errno : 0;
	close(fd);
	if (failed != ECONNREFUSED)
		return err_set(err, "somebody listens on \"%s\" already", address->sun_path);
	if (unlink(address->sun_path) != 0)
		return err_set(err, "cannot remove \"%s\", on which nobody listens: %s",
			address->sun_path, strerror(errno));
	return true;
}

/* From its first moment on nobody else may connect. */
static bool bind_private(int fd, const struct sockaddr_un *address)
{
	mode_t before = umask(0177);
	bool ok = bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

	umask(before);
	return ok;
}

bool unix_socket_open(struct unix_socket *u, const char *directory, int port, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int n = snprintf(u->path, sizeof(u->path), "%s/.s.PGSQL.%d", directory, port);

	if (n < 0 || (size_t)n >= sizeof(u->path))
		return err_set(err, "proxy.unix-socket-directory: \"%s\" is too long for a socket",
			directory);
	memcpy(address.sun_path, u->path, (size_t)n);
	if (!remove_stale(&address, err))
		return err_prefix(err, "proxy.unix-socket-directory: ");
	u->fd = new_socket(err);
	if (u->fd < 0)
		return false;
	if (!bind_private(u->fd, &address) || listen(u->fd, BACKLOG) < 0) {
		err_set(err, "proxy.unix-socket-directory: cannot listen on \"%s\": %s", u->path,
			strerror(errno));
		close(u->fd);
		return false;
	}
	u->is_open = true;
	return true;
}

void unix_socket_close(struct unix_socket *u)
{
	if (!u->is_open)
		return;
	unlink(u->path);
	close(u->fd);
	u->is_open = false;
}
