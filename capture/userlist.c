/*
 * Reads the file once, at the start of the program.
 */
#include "capture/userlist.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/log.h"

struct user {
	char *name;
	struct scram_verifier verifier;
};

struct userlist {
	struct user *users;
	size_t count, room;
	unsigned char secret[SCRAM_KEY_LEN]; /* of this process: makes mock verifiers */
};

/* What a user looks like that PostgreSQL makes by default. */
static const struct scram_verifier usual = {.iterations = 4096, .salt_len = 16};

/* At a quote: takes the text up to the closing one, undoubling quotes in place. NULL: it is
 * not closed. */
static char *take_quoted(char **at)
{
	char *start, *to;

	if (**at != '"')
		return NULL;
	start = to = ++*at;
	while (**at && (**at != '"' || (*at)[1] == '"')) {
		if (**at == '"')
			++*at;
		*to++ = *(*at)++;
	}
	if (!**at)
		return NULL;
	++*at;
	*to = '\0';
	return start;
}

static void skip_blanks(char **at)
{
	*at += strspn(*at, " \t\r\n");
}

static bool add_user(struct userlist *list, const char *name, const struct scram_verifier *v)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 16;
		struct user *users = calloc(room, sizeof(*users));

		if (!users)
			return false;
		if (list->count) {
			memcpy(users, list->users, list->count * sizeof(*users));
			explicit_bzero(list->users, list->count * sizeof(*users));
		}
		free(list->users);
		list->users = users;
		list->room = room;
	}
	list->users[list->count] = (struct user){.name = strdup(name), .verifier = *v};
	return list->users[list->count].name && ++list->count > 0;
}

static bool take_line(struct userlist *list, char *line, struct err *err)
{
	struct scram_verifier verifier;
	char *name, *secret;
	bool ok;

	skip_blanks(&line);
	if (*line == '\0' || *line == ';')
		return true;
	name = take_quoted(&line);
	skip_blanks(&line);
	secret = name ? take_quoted(&line) : NULL;
	skip_blanks(&line);
	if (!secret || *line)
		return err_set(err, "expected \"user\" \"verifier\", both in double quotes");
	if (!scram_verifier_parse(secret, &verifier))
		return err_set(err,
			"the secret of \"%s\" is not a verifier of the form "
			"SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey",
			name);
	ok = add_user(list, name, &verifier) || err_set(err, "out of memory");
	explicit_bzero(&verifier, sizeof(verifier));
	return ok;
}

static bool read_lines(struct userlist *list, FILE *file, const char *path, struct err *err)
{
	char *line = NULL;
	size_t size = 0, number = 0;
	bool ok = true;

	while (ok && getline(&line, &size, file) >= 0) {
		number++;
		ok = take_line(list, line, err);
		explicit_bzero(line, size);
	}
	free(line);
	if (!ok)
		return err_prefix(err, "%s:%zu: ", path, number);
	return !ferror(file) || err_set(err, "cannot read \"%s\": %s", path, strerror(errno));
}

static bool check_file(FILE *file, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode))
		return err_set(err, "\"%s\" is not a file", path);
	if ((size_t)st.st_size > USERLIST_FILE_MAX)
		return err_set(err, "\"%s\" is longer than %zu bytes", path, USERLIST_FILE_MAX);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		log_warning("proxy.auth-file: \"%s\" can be used by others than its owner (mode "
			    "%03o)",
			path, (unsigned)st.st_mode & 0777);
	return true;
}

struct userlist *userlist_load(const char *path, struct err *err)
{
	struct userlist *list = calloc(1, sizeof(*list));
	FILE *file = fopen(path, "re");
	bool ok = false;

	if (!file)
		err_set(err, "cannot open \"%s\": %s", path, strerror(errno));
	else if (!list ||
		 getrandom(list->secret, sizeof(list->secret), 0) != (ssize_t)sizeof(list->secret))
		err_set(err, "no memory or no random bytes");
	else
		ok = check_file(file, path, err) && read_lines(list, file, path, err);
	if (file)
		fclose(file);
	if (ok)
		return list;
	userlist_free(list);
	err_prefix(err, "proxy.auth-file: ");
	return NULL;
}

void userlist_free(struct userlist *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->count; i++)
		free(list->users[i].name);
	if (list->users)
		explicit_bzero(list->users, list->room * sizeof(*list->users));
	free(list->users);
	explicit_bzero(list, sizeof(*list));
	free(list);
}

bool userlist_find(const struct userlist *list, const char *user, struct scram_verifier *verifier)
{
	const struct user *found = NULL;
	const struct scram_verifier *like = list->count ? &list->users[0].verifier : &usual;

	/* All of them and the mock one, whether it is needed or not: the time tells nothing. */
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->users[i].name, user) == 0 && !found)
			found = &list->users[i];
	if (!scram_verifier_mock(
		    like, bytes_of(list->secret, sizeof(list->secret)), user, verifier))
		return false;
	if (found)
		*verifier = found->verifier;
	return true;
}
