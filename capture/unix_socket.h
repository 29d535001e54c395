/*
 * The Unix-domain socket beside the TCP port: DIRECTORY/.s.PGSQL.PORT, as clients of
 * PostgreSQL expect it, for the user alone who runs the proxy (mode 0600).
 */
#ifndef CAPTURE_UNIX_SOCKET_H
#define CAPTURE_UNIX_SOCKET_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

struct unix_socket { /* zeroed: there is none */
	bool is_open;
	int fd;
	char path[108]; /* sizeof(sockaddr_un.sun_path) */
};

/* Listens. A socket that is there and that nobody listens on is replaced; whatever else has
 * the name is left alone. Changes the umask for a moment: before there are threads. */
bool unix_socket_open(
	struct unix_socket *u, const char *directory, int port, struct err *err) ATTR_USE_RESULT;
/* Removes it; harmless when repeated. */
void unix_socket_close(struct unix_socket *u);

#endif
