#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/copy.h"
#include "store/device.h"
#include "store/people.h"
#include "store/place.h"
#include "store/schema.h"

static int
begin(void **state)
{
	struct test_place *t = MEM_NEW(struct test_place);

	test_place_new(t);
	*state = t;
	return 0;
}

static int
end(void **state)
{
	test_place_free(*state);
	free(*state);
	return 0;
}

static struct store *
opened(const struct test_place *t)
{
	struct store *s;

	assert_ok(store_prepare(&t->place));
	assert_ok(store_open(&t->place, &s));
	return s;
}

static void
a_database_is_prepared_before_it_is_opened(void **state)
{
	struct test_place *t = *state;
	struct store *s;

	assert_fails(store_open(&t->place, &s));
	assert_null(s);
	s = opened(t);
	assert_done(s, store_set_setting(s, "a", "b", 0));
	store_close(s);
}

static void
preparing_again_changes_nothing(void **state)
{
	struct test_place *t = *state;
	struct arena *memory = arena_new();
	struct store *s = opened(t);
	const char *value;

	assert_done(s, store_set_setting(s, "a", "b", 0));
	store_close(s);
	s = opened(t);
	assert_done(s, store_setting(s, "a", memory, &value, NULL));
	assert_string_equal("b", value);
	store_close(s);
	arena_free(memory);
}

/* As other processes see it. */
static bool
is_locked(const char *path)
{
	pid_t other = fork();
	int status;

	if (other == 0) {
		struct flock all = {.l_type = F_WRLCK};
		int fd = open(path, O_RDWR | O_CLOEXEC);

		_exit(fd >= 0 && fcntl(fd, F_GETLK, &all) == 0 && all.l_type != F_UNLCK);
	}
	assert_int_equal(other, waitpid(other, &status, 0));
	return status != 0;
}

/* What its locks keep others from is taking the write-ahead log away. */
static void
one_more_connection_lets_go_of_no_lock(void **state)
{
	struct test_place *t = *state;
	struct store *first, *second;

	if (test_is_postgres())
		skip();
	first = opened(t);
	assert_done(first, store_set_setting(first, "a", "b", 0));
	assert_true(is_locked(t->path));
	second = opened(t);
	assert_true(is_locked(t->path));
	store_close(second);
	assert_true(is_locked(t->path));
	store_close(first);
	assert_false(is_locked(t->path));
}

static void
nobody_else_may_read_the_file(void **state)
{
	struct test_place *t = *state;
	struct store *s;
	struct stat st;

	if (test_is_postgres())
		skip();
	umask(0);
	s = opened(t);
	assert_int_equal(0, stat(t->path, &st));
	assert_int_equal(0600, st.st_mode & 0777);
	store_close(s);
}

static void
a_place_where_nothing_can_be_is_told(void **state)
{
	struct store_place places[] = {
	    {.path = "/nonexistent/store.db"},
	    {.path = "/proc/version"},
	    {.path = "/etc"},
	    {.url = "postgresql:///x?host=/nonexistent"},
	    {.url = "postgresql://["},
	    {.url = "postgresql:///x?no_such_option=1"},
	};
	struct store *s;

	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		assert_fails(store_prepare(&places[i]));
		assert_fails(store_open(&places[i], &s));
	}
}

static void
a_file_that_is_no_database_is_left_alone(void **state)
{
	struct test_place *t = *state;
	const char text[] = "This is somebody's letter, and no database, however long it is.";
	FILE *file = fopen(t->path, "w");
	struct store_place place = {.path = t->path};
	struct stat st;

	assert_int_equal(sizeof text, fwrite(text, 1, sizeof text, file));
	fclose(file);
	assert_fails(store_prepare(&place));
	assert_int_equal(0, stat(t->path, &st));
	assert_int_equal(sizeof text, st.st_size);
}

static int
count_copies(const char *directory)
{
	DIR *dir = opendir(directory);
	int count = 0;

	for (const struct dirent *d = readdir(dir); d != NULL; d = readdir(dir))
		count += d->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void
make_newer(struct store *s)
{
	assert_done(s,
		    sql_run(s, "INSERT INTO migrations (id, applied, program) VALUES (?, 0, 'x')",
			    SQL(INT(schema_newest + 7))));
}

static void
a_newer_database_is_refused(void **state)
{
	struct test_place *t = *state;
	struct store *s = opened(t);
	struct err e;

	make_newer(s);
	store_close(s);
	e = store_prepare(&t->place);
	assert_non_null(strstr(e.text, "use the newer program"));
	assert_non_null(strstr(e.text, "no copy"));
	assert_fails(store_open(&t->place, &s));
}

static void
the_refusal_names_the_newest_copy_that_fits(void **state)
{
	struct test_place *t = *state;
	struct store *s = opened(t);
	char fits[32];
	struct err e;

	assert_ok(copy_make(s, t->copies, schema_newest));
	usleep(2000);
	assert_ok(copy_make(s, t->copies, schema_newest + 1));
	make_newer(s);
	store_close(s);
	e = store_prepare(&t->place);
	snprintf(fits, sizeof fits, "-schema-%d.", schema_newest);
	assert_non_null(strstr(e.text, t->copies));
	assert_non_null(strstr(e.text, fits));
}

static void
the_last_seven_copies_are_kept(void **state)
{
	struct test_place *t = *state;
	struct store *s = opened(t);
	char others[128];
	FILE *file;

	for (int i = 0; i < 10; i++) {
		assert_ok(copy_make(s, t->copies, 1));
		usleep(2000);
	}
	snprintf(others, sizeof others, "%s/notes.txt", t->copies);
	file = fopen(others, "w");
	fclose(file);
	assert_ok(copy_make(s, t->copies, 1));
	assert_int_equal(7 + 1, count_copies(t->copies)); /* what is not ours stays */
	store_close(s);
}

/* Of the copy that stands there alone. */
static void
only_copy(const char *directory, char path[PATH_MAX])
{
	DIR *dir = opendir(directory);

	for (const struct dirent *d = readdir(dir); d != NULL; d = readdir(dir))
		if (d->d_name[0] != '.')
			snprintf(path, PATH_MAX, "%s/%s", directory, d->d_name);
	closedir(dir);
}

static void
a_copy_has_all_that_was_there(void **state)
{
	struct test_place *t = *state;
	struct arena *memory = arena_new();
	struct store *s = opened(t), *copy;
	struct store_place place = {0};
	char path[PATH_MAX];
	const char *value;
	struct stat st;

	assert_done(s, store_set_setting(s, "a", "kept", 0));
	assert_ok(copy_make(s, t->copies, schema_newest));
	only_copy(t->copies, path);
	assert_int_equal(0, stat(path, &st));
	assert_int_equal(0600, st.st_mode & 0777);
	assert_true(st.st_size > 0);
	store_close(s);
	if (!test_is_postgres()) {
		place.path = path;
		assert_ok(store_open(&place, &copy));
		assert_done(copy, store_setting(copy, "a", memory, &value, NULL));
		assert_string_equal("kept", value);
		store_close(copy);
	}
	arena_free(memory);
}

static void
a_copy_that_cannot_be_made_is_told(void **state)
{
	struct test_place *t = *state;
	struct store *s = opened(t);

	assert_fails(copy_make(s, "/proc/version/copies", 1));
	assert_fails(copy_make(s, "/proc/self", 1));
	store_close(s);
}

static void
a_migration_that_fails_leaves_all_as_it_was(void **state)
{
	struct test_place *t = *state;
	struct store *s = opened(t);
	struct user u = {.name = "alice"};
	int64_t number;

	assert_done(s, store_user_add(s, &u));
	assert_done(s, sql_run(s, "DELETE FROM migrations", SQL_NOTHING));
	assert_fails(store_prepare(&t->place)); /* its tables are there */
	assert_done(s, schema_number(s, &number));
	assert_int_equal(0, number);
	assert_done(s, sql_number(s, &number, "SELECT count(*) FROM users", SQL_NOTHING));
	assert_int_equal(1, number);
	store_close(s);
}

/* As schema 3 had it: a user and his device. */
static void
make_older(struct store *s)
{
	assert_done(s, store_begin(s));
	assert_done(s, schema_clear(s));
	assert_done(s, schema_migrate(s, 3));
	assert_done(s, sql_run(s,
			       "INSERT INTO users (version, name, role, enabled, expires, "
			       "totp_required, devices_max, connections_max, session_minutes, "
			       "tunnel, client_to_client, created, last_seen) "
			       "VALUES (1, 'alice', 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
			       SQL_NOTHING));
	assert_done(s, sql_run(s,
			       "INSERT INTO devices (version, user_id, name, kind, created, "
			       "revoked, last_seen, expires) "
			       "SELECT 1, id, 'laptop', 0, 0, 0, 0, 0 FROM users",
			       SQL_NOTHING));
	assert_done(s, store_commit(s));
}

static void
what_an_older_program_wrote_is_found_by_a_search(void **state)
{
	struct test_place *t = *state;
	static const char *const words[] = {"lic", "APT", "alice/laptop"};
	struct arena *memory = arena_new();
	struct store *s = opened(t);
	struct device_list list;

	make_older(s);
	store_close(s);
	s = opened(t);
	for (size_t i = 0; i < COUNT(words); i++) {
		struct page page = {.search = words[i], .limit = 9};

		assert_done(s, store_devices(s, &page, 0, false, memory, &list));
		assert_int_equal(1, list.count);
	}
	store_close(s);
	arena_free(memory);
}

#define place_test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    place_test(a_database_is_prepared_before_it_is_opened),
	    place_test(preparing_again_changes_nothing),
	    place_test(one_more_connection_lets_go_of_no_lock),
	    place_test(nobody_else_may_read_the_file),
	    place_test(a_place_where_nothing_can_be_is_told),
	    place_test(a_file_that_is_no_database_is_left_alone),
	    place_test(a_newer_database_is_refused),
	    place_test(the_refusal_names_the_newest_copy_that_fits),
	    place_test(the_last_seven_copies_are_kept),
	    place_test(a_copy_has_all_that_was_there),
	    place_test(a_copy_that_cannot_be_made_is_told),
	    place_test(a_migration_that_fails_leaves_all_as_it_was),
	    place_test(what_an_older_program_wrote_is_found_by_a_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
