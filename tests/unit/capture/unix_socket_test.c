/*
 * The socket's file: its name and mode, what may stand in its way, and its removal.
 */
#include "capture/unix_socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
	char dir[40], path[80];
};

static void open_place(struct place *p)
{
	snprintf(p->dir, sizeof(p->dir), "/tmp/twinkly-socket-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/.s.PGSQL.5431", p->dir);
}

static void close_place(struct place *p)
{
	assert_int_equal(rmdir(p->dir), 0); /* nothing is left in it */
}

static bool can_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool ok;

	memcpy(address.sun_path, path, strlen(path));
	ok = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return ok;
}

static void assert_opens(struct unix_socket *u, const struct place *p)
{
	struct err err;

	if (!unix_socket_open(u, p->dir, 5431, &err))
		fail_msg("%s", err.text);
	assert_true(u->is_open);
	assert_string_equal(u->path, p->path);
}

static void assert_fails(const char *dir, const char *part)
{
	struct unix_socket u = {0};
	struct err err = {.text = ""};

	assert_false(unix_socket_open(&u, dir, 5431, &err));
	assert_false(u.is_open);
	if (!strstr(err.text, part) || strncmp(err.text, "proxy.unix-socket-directory: ", 29) != 0)
		fail_msg("%s", err.text);
	unix_socket_close(&u);
}

static void test_its_life(void **state)
{
	struct unix_socket u = {0};
	struct place p;
	struct stat st;

	(void)state;
	open_place(&p);
	assert_opens(&u, &p);
	assert_int_equal(stat(p.path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(can_connect(p.path));
	unix_socket_close(&u);
	assert_int_equal(access(p.path, F_OK), -1);
	unix_socket_close(&u);
	close_place(&p);
}

static void test_the_umask_stays(void **state)
{
	struct unix_socket u = {0};
	struct place p;
	mode_t before = umask(0027);

	(void)state;
	open_place(&p);
	assert_opens(&u, &p);
	assert_int_equal(umask(before), 0027);
	unix_socket_close(&u);
	close_place(&p);
}

static void test_one_in_use(void **state)
{
	struct unix_socket u = {0};
	struct place p;

	(void)state;
	open_place(&p);
	assert_opens(&u, &p);
	assert_fails(p.dir, "somebody listens");
	assert_true(can_connect(p.path));
	unix_socket_close(&u);
	close_place(&p);
}

static void test_a_stale_one_is_replaced(void **state)
{
	struct unix_socket dead = {0}, u = {0};
	struct place p;

	(void)state;
	open_place(&p);
	assert_opens(&dead, &p);
	close(dead.fd); /* as when its program was killed */
	assert_false(can_connect(p.path));
	assert_opens(&u, &p);
	assert_true(can_connect(p.path));
	unix_socket_close(&u);
	close_place(&p);
}

static void test_other_files_stay(void **state)
{
	struct place p;
	FILE *file;

	(void)state;
	open_place(&p);
	file = fopen(p.path, "w");
	assert_non_null(file);
	fclose(file);
	assert_fails(p.dir, "is not a socket");
	assert_int_equal(unlink(p.path), 0);
	assert_int_equal(symlink("/dev/null", p.path), 0);
	assert_fails(p.dir, "is not a socket");
	assert_int_equal(unlink(p.path), 0);
	close_place(&p);
}

static void test_directories_that_do_not_serve(void **state)
{
	char deep[200];

	(void)state;
	memset(deep, 'x', sizeof(deep) - 1);
	deep[0] = '/';
	deep[sizeof(deep) - 1] = '\0';
	assert_fails(deep, "too long");
	/* 107 characters and the NUL fit: then it is not the length that is wrong. */
	deep[107 - strlen("/.s.PGSQL.5431")] = '\0';
	assert_fails(deep, "No such file");
	deep[strlen(deep)] = 'x';
	assert_fails(deep, "too long");
	assert_fails("/nonexistent", "No such file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_its_life),
		cmocka_unit_test(test_the_umask_stays),
		cmocka_unit_test(test_one_in_use),
		cmocka_unit_test(test_a_stale_one_is_replaced),
		cmocka_unit_test(test_other_files_stay),
		cmocka_unit_test(test_directories_that_do_not_serve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
