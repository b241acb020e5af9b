#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/span.h"
#include "os/bounded.h"
#include "os/fs.h"

static char dir[64];

static const char *
below(const char *name)
{
	static char paths[4][160];
	static unsigned turn;
	char *path = paths[turn++ % COUNT(paths)];

	snprintf(path, sizeof paths[0], "%s/%s", dir, name);
	return path;
}

/* in/ is within bounds, but for in/ours; out/ is not. */
static bool
is_inside(const void *owner, const char *real)
{
	const char *inside = below("in"), *ours = below("in/ours");

	(void)owner;
	return strncmp(real, inside, strlen(inside)) == 0 && strncmp(real, ours, strlen(ours)) != 0;
}

static const struct bounds bounds = {is_inside, NULL}, unbounded = {NULL, NULL};

static void
link_to(const char *target, const char *name)
{
	assert_int_equal(symlink(target, below(name)), 0);
}

static int
make_files(void **state)
{
	static const char *const directories[] = {"in", "in/deep", "in/ours", "out"};
	static const char *const files[] = {"in/file", "in/deep/file", "in/ours/file", "out/file"};

	(void)state;
	snprintf(dir, sizeof dir, "/tmp/bounded-test-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	for (size_t i = 0; i < COUNT(directories); i++)
		assert_int_equal(mkdir(below(directories[i]), 0755), 0);
	for (size_t i = 0; i < COUNT(files); i++)
		assert_ok(fs_write_path(below(files[i]), span_str(files[i]), 0644));
	link_to("deep/file", "in/relative");
	link_to(below("in/deep/file"), "in/absolute");
	link_to(below("out"), "in/away");
	link_to("../out/file", "in/file-away");
	link_to("ours", "in/to-ours");
	link_to("../in/deep", "out/back");
	link_to("loop", "in/loop");
	link_to("nothing", "in/dangling");
	link_to(below("out/new"), "in/dangling-away");
	link_to("/proc/self/root", "in/magic");
	return 0;
}

static int
remove_files(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return system(command);
}

static const struct way {
	const char *path;
	bool opens, leads_out;
} ways[] = {
    {"in/file", true, false},          {"in/relative", true, false},
    {"in/absolute", true, false},      {"in/deep/../file", true, false},
    {"out/back/file", true, false},    {"in/none", false, false},
    {"in/none/none", false, false},    {"in/file/none", false, false},
    {"in/away/file", false, true},     {"in/away/none", false, true},
    {"in/file-away", false, true},     {"in/to-ours/file", false, true},
    {"in/to-ours/none", false, true},  {"in/ours/file", false, true},
    {"in/../out/file", false, true},   {"out/file", false, true},
    {"in/loop", false, true},          {"in/dangling", false, true},
    {"in/dangling/none", false, true}, {"in/dangling-away", false, true},
};

static void
a_file_opens_where_its_way_ends_within_bounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		int fd;
		struct err e = bounded_open(below(ways[i].path), bounds, &fd);

		if (failed(e) == ways[i].opens || (fd >= 0) != ways[i].opens)
			fail_msg("%s: %s", ways[i].path, e.text);
		if (bounded_leads_out(below(ways[i].path), bounds) != ways[i].leads_out)
			fail_msg("%s should%s lead out", ways[i].path,
				 ways[i].leads_out ? "" : " not");
		if (fd >= 0)
			close(fd);
	}
}

static void
without_bounds_a_link_is_a_link(void **state)
{
	char bytes[16] = "";
	int fd;

	(void)state;
	assert_ok(bounded_open(below("in/file-away"), unbounded, &fd));
	assert_int_equal(read(fd, bytes, sizeof bytes), 8);
	assert_string_equal(bytes, "out/file");
	close(fd);
	assert_false(bounded_leads_out(below("in/file-away"), unbounded));
	assert_fails(bounded_open(below("none"), unbounded, &fd));
	assert_int_equal(fd, -1);
}

/* What /proc links to may be seen through another namespace, where names are anybody's. */
static void
links_of_proc_are_not_followed(void **state)
{
	char path[200];
	int fd;

	(void)state;
	snprintf(path, sizeof path, "%s%s", below("in/magic"), below("in/file"));
	assert_fails(bounded_open(path, bounds, &fd));
	assert_fails(bounded_open(path, unbounded, &fd));
	assert_fails(bounded_root(below("in/magic"), unbounded, &fd));
	assert_true(bounded_leads_out(path, bounds));
}

static void
a_pipe_is_not_waited_for(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(mkfifo(below("in/pipe"), 0644), 0);
	assert_ok(bounded_open(below("in/pipe"), bounds, &fd));
	close(fd);
}

static void
directories_are_held_by_the_same_rule(void **state)
{
	struct fs_info info;
	int root, fd;

	(void)state;
	assert_ok(bounded_root(below("out/back"), bounds, &root));
	assert_int_equal(fs_open_beneath(root, "file", &fd, &info), 0);
	close(fd);
	close(root);
	assert_fails(bounded_root(below("in/away"), bounds, &root));
	assert_int_equal(root, -1);
	assert_fails(bounded_root(below("in/file"), bounds, &root));
	assert_fails(bounded_root(below("in/none"), bounds, &root));
	assert_ok(bounded_root(below("in/away"), unbounded, &root));
	close(root);
	assert_ok(bounded_root_around(below("in/a.sock"), bounds, &root));
	close(root);
	assert_fails(bounded_root_around(below("in/away/a.sock"), bounds, &root));
	assert_fails(bounded_root_around(below("in/ours"), bounds, &root));
	assert_fails(bounded_root_around("a.sock", bounds, &root));
}

static void
a_log_is_made_within_bounds_alone(void **state)
{
	static const char *const refused[] = {"in/away/log",      "in/file-away", "in/relative",
					      "in/dangling-away", "in/ours/log",  "in/dangling",
					      "in/none/log",      "in/"};
	struct stat st;
	int fd;

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		assert_fails(bounded_open_log(below(refused[i]), bounds, &fd));
		assert_int_equal(fd, -1);
	}
	assert_int_not_equal(stat(below("out/new"), &st), 0);
	assert_int_not_equal(stat(below("out/log"), &st), 0);
	assert_ok(bounded_open_log(below("out/back/log"), bounds, &fd));
	assert_int_equal(write(fd, "a", 1), 1);
	close(fd);
	assert_ok(bounded_open_log(below("in/deep/log"), bounds, &fd));
	assert_int_equal(write(fd, "b", 1), 1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 2);
	close(fd);
	assert_ok(bounded_open_log(below("in/file-away"), unbounded, &fd));
	close(fd);
}

static void
where_a_path_really_is_has_no_links(void **state)
{
	char real[256];

	(void)state;
	assert_true(bounded_real(below("out/back/../relative"), real, sizeof real));
	assert_string_equal(real, below("in/deep/file"));
	assert_false(bounded_real(below("in/none"), real, sizeof real));
	assert_false(bounded_real(below("in/file"), real, 8));
	assert_true(bounded_real("/", real, sizeof real));
	assert_string_equal(real, "/");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_opens_where_its_way_ends_within_bounds),
	    cmocka_unit_test(without_bounds_a_link_is_a_link),
	    cmocka_unit_test(links_of_proc_are_not_followed),
	    cmocka_unit_test(a_pipe_is_not_waited_for),
	    cmocka_unit_test(directories_are_held_by_the_same_rule),
	    cmocka_unit_test(a_log_is_made_within_bounds_alone),
	    cmocka_unit_test(where_a_path_really_is_has_no_links),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
