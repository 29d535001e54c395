/*
 * A file of users. What is refused is refused with its line; a name that is not in it gets a mock.
 */
#include <unistd.h>

#include "capture/userlist.h"
#include "tests/fuzz/fuzz.h"

static void look_up(const char *path)
{
	struct err err = {""};
	struct userlist *list = userlist_load(path, &err);
	struct scram_verifier verifier;

	if (!list) {
		fuzz_check(strstr(err.text, path));
		return;
	}
	fuzz_check(userlist_find(list, "app", &verifier));
	fuzz_check(userlist_find(list, "nobody of this name", &verifier));
	fuzz_check(verifier.is_mock);
	userlist_free(list);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	char path[] = "/tmp/twinkly-fuzz-XXXXXX";
	int fd = mkstemp(path);

	fuzz_check(fd >= 0);
	fuzz_check(write(fd, data, size) == (ssize_t)size);
	close(fd);
	look_up(path);
	fuzz_check(unlink(path) == 0);
	return 0;
}
