/*
 * A configuration file against the table of all keys. What is accepted prints as a file that is
 * accepted and prints the same; what is refused is refused with its place.
 */
#include "diffengine/settings.h"

#include "tests/fuzz/fuzz.h"

/* The printed configuration, free with free; NULL: it was refused. */
static char *printed(const char *text, size_t len)
{
	struct err err = {""};
	struct conf *conf = conf_parse("f.conf", text, len, &err);
	char *out = NULL;
	size_t out_len, count;

	if (!conf) {
		fuzz_check(err.text[0] != '\0');
		return NULL;
	}
	const struct conf_key *keys = settings_keys(&count);
	FILE *file = open_memstream(&out, &out_len);

	fuzz_check(file);
	size_t faults = conf_check(conf, keys, count, file);
	fflush(file);
	fuzz_check((faults > 0) == (out_len > 0));
	if (faults == 0)
		conf_print(conf, file);
	fclose(file);
	conf_free(conf);
	if (faults > 0) {
		free(out);
		return NULL;
	}
	return out;
}

int fuzz_one(const uint8_t *data, size_t size)
{
	char *first = printed((const char *)data, size);

	if (!first)
		return 0;
	char *second = printed(first, strlen(first));

	if (!second)
		fuzz_fail("refused when printed: %s", first);
	fuzz_check(strcmp(first, second) == 0);
	free(first);
	free(second);
	return 0;
}
