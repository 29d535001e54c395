/*
 * Plays a harness's corpus without libFuzzer: each file of the directories that are given, or
 * of tests/fuzz/corpus/NAME for the program NAME, once. Writes a line for each as cmocka does for a
 * test (tests/run-unit counts them); what crashes or fails ends the program.
 */
#include <dirent.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define FILE_MAX    ((size_t)1 << 20)
#define SECONDS_MAX 30 /* of one input, under sanitizers on a busy machine */

static void feed(const char *path)
{
	static unsigned char content[FILE_MAX];
	FILE *file = fopen(path, "r");
	unsigned char *exact;
	size_t len;

	if (!file) {
		perror(path);
		exit(1);
	}
	len = fread(content, 1, sizeof(content), file);
	fclose(file);
	exact = fuzz_copy(bytes_of(content, len), 0);
	printf("[ RUN      ] %s\n", path);
	fflush(stdout);
	alarm(SECONDS_MAX);
	fuzz_one(exact, len);
	alarm(0);
	free(exact);
	printf("[       OK ] %s\n", path);
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void feed_directory(const char *directory)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, is_shown, alphasort);
	char path[1024];

	if (count < 0) {
		perror(directory);
		exit(1);
	}
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
		feed(path);
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	char directory[512];

	fuzz_one((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++)
		feed_directory(argv[i]);
	if (argc == 1) {
		snprintf(directory, sizeof(directory), "tests/fuzz/corpus/%s",
			slash ? slash + 1 : argv[0]);
		feed_directory(directory);
	}
	return 0;
}
