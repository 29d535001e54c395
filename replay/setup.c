/*
 * A file, sent as one query.
 */
#include "replay/setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The file as a C string. */
static bool read_file(const char *path, struct buf *out, struct err *err)
{
	FILE *in = fopen(path, "re");
	size_t n = 1;
	bool ok = true;

	if (!in)
		return err_set(err, "%s: cannot be opened: %s", path, strerror(errno));
	while (ok && n > 0) {
		ok = buf_reserve(out, 65536);
		n = ok ? fread(buf_tail(out), 1, 65536, in) : 0;
		buf_added(out, n);
	}
	if (!ok)
		err_set(err, "%s: is longer than 256 MiB", path);
	else if (ferror(in))
		ok = err_set(err, "%s: cannot be read: %s", path, strerror(errno));
	fclose(in);
	if (ok && buf_len(out) > 0 && memchr(buf_bytes(out).ptr, 0, buf_len(out)))
		ok = err_set(err, "%s: holds a NUL byte", path);
	return ok;
}

bool setup_run(struct query *query, const char *path, struct err *err)
{
	struct buf sql;
	bool ok;

	buf_init(&sql, SETUP_FILE_MAX);
	query->what = path;
	ok = read_file(path, &sql, err) && query_run(query, buf_cstr(&sql), err);
	buf_fini(&sql);
	return ok;
}
