/*
 * writer PLACE prepare | write FROM | read COUNT
 *
 * For the live tests, which take its database away, or kill it. PLACE is a file or a URL. "write"
 * makes a change of two rows after the other, and says of each "done N", once it is committed, or
 * "down N WHY". "read" says which are there, and "torn N" of one that is there in part.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/store.h"

#define PATIENCE_MS 500
#define PAUSE_US    20000 /* after a change that did not come about */

static void
die(struct err e)
{
	fprintf(stderr, "%s\n", e.text);
	exit(1);
}

static enum store_result
change(struct store *s, long n)
{
	enum store_result r = store_begin(s);

	for (int half = 0; half < 2 && r == STORE_DONE; half++) {
		char name[32];

		snprintf(name, sizeof name, "%ld-%d", n, half);
		r = store_set_setting(s, name, "there", -1);
	}
	if (r == STORE_DONE)
		r = store_commit(s);
	store_abort(s);
	return r;
}

static void
write_on(struct store *s, long n)
{
	for (;; n++) {
		enum store_result r = change(s, n);

		if (r == STORE_DONE)
			printf("done %ld\n", n);
		else
			printf("down %ld %d %s\n", n, r, store_why(s));
		fflush(stdout);
		if (r != STORE_DONE)
			usleep(PAUSE_US);
	}
}

static bool
is_there(struct store *s, struct arena *memory, long n, int half)
{
	char name[32];
	const char *value;

	snprintf(name, sizeof name, "%ld-%d", n, half);
	if (store_setting(s, name, memory, &value, NULL) != STORE_DONE)
		die(err_new("%s", store_why(s)));
	return value != NULL;
}

static void
read_all(struct store *s, long count)
{
	struct arena *memory = arena_new();

	for (long n = 0; n < count; n++) {
		bool first = is_there(s, memory, n, 0), second = is_there(s, memory, n, 1);

		if (first || second)
			printf("%s %ld\n", first && second ? "done" : "torn", n);
		arena_reset(memory);
	}
	arena_free(memory);
}

int
main(int argc, char **argv)
{
	struct store_place place = {.patience_ms = PATIENCE_MS};
	struct store *s;
	struct err e;

	if (argc < 3)
		die(err_new("usage: %s PLACE prepare | write FROM | read COUNT", argv[0]));
	if (strncmp(argv[1], "postgresql:", 11) == 0)
		place.url = argv[1];
	else
		place.path = argv[1];
	if (strcmp(argv[2], "prepare") == 0) {
		if (failed(e = store_prepare(&place)))
			die(e);
		return 0;
	}
	if (failed(e = store_open(&place, &s)))
		die(e);
	if (strcmp(argv[2], "write") == 0 && argc == 4)
		write_on(s, strtol(argv[3], NULL, 10));
	if (strcmp(argv[2], "read") == 0 && argc == 4)
		read_all(s, strtol(argv[3], NULL, 10));
	store_close(s);
	return 0;
}
