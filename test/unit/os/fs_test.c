#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/fs.h"
#include "os/sandbox.h"

static char dir[64];

static const char *
below(const char *name)
{
	static char paths[4][128];
	static unsigned turn;
	char *path = paths[turn++ % COUNT(paths)];

	snprintf(path, sizeof paths[0], "%s/%s", dir, name);
	return path;
}

static int
make_directory(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/fs-test-XXXXXX");
	return mkdtemp(dir) == NULL || chmod(dir, 0755) < 0;
}

static int
remove_directory(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return system(command);
}

static void
put(const char *name, const char *text)
{
	assert_ok(fs_write_path(below(name), span_str(text), 0644));
}

static void
a_file_is_written_whole_and_read_back(void **state)
{
	struct buf got = buf_with_cap(100);
	struct fs_info info;
	struct stat st;

	(void)state;
	put("a", "first");
	put("a", "second");
	assert_ok(fs_read_path(below("a"), &got));
	assert_true(span_equal(buf_span(&got), SPAN_OF("second")));
	buf_free(&got);
	assert_ok(fs_stat(below("a"), &info));
	assert_int_equal(info.kind, FS_FILE);
	assert_int_equal(info.size, 6);
	assert_true(info.mtime_ns > 1600000000LL * 1000000000LL);
	assert_int_equal(stat(below("a"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_ok(fs_write_path(below("a"), SPAN_NONE, 0600));
	assert_int_equal(stat(below("a"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 0);
	assert_fails(fs_write_path(below("none/a"), SPAN_OF("x"), 0600));
	assert_fails(fs_write_path(dir, SPAN_OF("x"), 0600));
	assert_int_equal(rmdir(below("a")), -1);
}

static void
a_file_past_the_cap_is_refused(void **state)
{
	struct buf exact = buf_with_cap(5), small = buf_with_cap(4);
	struct err e;

	(void)state;
	put("a", "12345");
	assert_ok(fs_read_path(below("a"), &exact));
	assert_int_equal(buf_len(&exact), 5);
	e = fs_read_path(below("a"), &small);
	assert_non_null(strstr(e.text, "is larger than 4 bytes"));
	assert_fails(fs_read_path(below("none"), &small));
	assert_fails(fs_read_path(dir, &small));
	buf_free(&exact);
	buf_free(&small);
}

static void
a_descriptor_is_read_from_the_start_wherever_it_stands(void **state)
{
	struct buf got = buf_with_cap(100);
	char three[3];
	int fd;

	(void)state;
	put("a", "12345");
	fd = open(below("a"), O_RDONLY);
	lseek(fd, 0, SEEK_END);
	assert_ok(fs_read_fd(fd, &got));
	assert_int_equal(buf_len(&got), 5);
	assert_int_equal(fs_read_at(fd, three, 3, 3), 2);
	assert_memory_equal(three, "45", 2);
	assert_int_equal(fs_read_at(fd, three, 3, 5), 0);
	close(fd);
	assert_int_equal(fs_read_at(fd, three, 3, 0), -1);
	buf_free(&got);
}

static void
directories_are_made_with_their_parents(void **state)
{
	struct stat st;

	(void)state;
	assert_ok(fs_make_directory(below("x/y/z"), 0700));
	assert_ok(fs_make_directory(below("x/y/z"), 0700));
	assert_int_equal(stat(below("x/y/z"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	put("file", "");
	assert_fails(fs_make_directory(below("file"), 0700));
	assert_fails(fs_make_directory(below("file/y"), 0700));
	assert_fails(fs_make_directory("", 0700));
}

static void
a_log_only_grows(void **state)
{
	struct buf got = buf_with_cap(100);
	int one, two;

	(void)state;
	assert_ok(fs_open_log(below("log"), &one));
	assert_ok(fs_open_log(below("log"), &two));
	assert_int_equal(write(one, "a", 1), 1);
	assert_int_equal(write(two, "b", 1), 1);
	assert_int_equal(write(one, "c", 1), 1);
	assert_ok(fs_read_path(below("log"), &got));
	assert_true(span_equal(buf_span(&got), SPAN_OF("abc")));
	assert_fails(fs_open_log(below("none/log"), &one));
	assert_int_equal(mkfifo(below("fifo"), 0600), 0);
	assert_fails(fs_open_log(below("fifo"), &one)); /* and does not wait for a reader */
	buf_free(&got);
	close(two);
}

static void
a_sealed_file_can_be_read_but_not_changed(void **state)
{
	struct buf got = buf_with_cap(100);
	int fd;

	(void)state;
	assert_ok(fs_sealed("test", SPAN_OF("secret"), &fd));
	assert_ok(fs_read_fd(fd, &got));
	assert_true(span_equal(buf_span(&got), SPAN_OF("secret")));
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_true(mmap(NULL, 6, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	buf_free(&got);
	close(fd);
}

static int
kind_below(int root, const char *path, enum fs_kind *kind)
{
	struct fs_info info;
	int fd, code = fs_open_beneath(root, path, &fd, &info);

	*kind = info.kind;
	assert_int_equal(fd >= 0, code == 0 && info.kind != FS_OTHER);
	if (fd >= 0)
		close(fd);
	return code;
}

static void
make_socket(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	close(fd);
}

static void
what_lies_below_is_opened_and_told_by_kind(void **state)
{
	enum fs_kind kind;
	int root;

	(void)state;
	assert_ok(fs_make_directory(below("site/sub"), 0755));
	put("site/sub/page", "hello");
	put("outside", "no");
	assert_int_equal(mkfifo(below("site/fifo"), 0644), 0);
	make_socket(below("site/socket"));
	assert_int_equal(symlink("sub/page", below("site/inner")), 0);
	assert_int_equal(symlink("../outside", below("site/climbs")), 0);
	assert_int_equal(symlink("/etc/passwd", below("site/absolute")), 0);
	assert_int_equal(symlink("loop", below("site/loop")), 0);
	assert_ok(fs_root_open(below("site"), &root));
	assert_int_equal(kind_below(root, "sub/page", &kind), 0);
	assert_int_equal(kind, FS_FILE);
	assert_int_equal(kind_below(root, "sub", &kind), 0);
	assert_int_equal(kind, FS_DIRECTORY);
	assert_int_equal(kind_below(root, "inner", &kind), 0);
	assert_int_equal(kind, FS_FILE);
	assert_int_equal(kind_below(root, "sub/../sub/page", &kind), 0);
	assert_int_equal(kind_below(root, "fifo", &kind), 0);
	assert_int_equal(kind, FS_OTHER);
	assert_int_equal(kind_below(root, "socket", &kind), 0);
	assert_int_equal(kind, FS_OTHER);
	assert_int_equal(kind_below(root, "none", &kind), ENOENT);
	assert_int_equal(kind_below(root, "", &kind), ENOENT);
	assert_int_equal(kind_below(root, "sub/page/x", &kind), ENOTDIR);
	assert_int_equal(kind_below(root, "climbs", &kind), EXDEV);
	assert_int_equal(kind_below(root, "absolute", &kind), EXDEV);
	assert_int_equal(kind_below(root, "../outside", &kind), EXDEV);
	assert_int_equal(kind_below(root, "/etc/passwd", &kind), EXDEV);
	assert_int_equal(kind_below(root, "loop", &kind), ELOOP);
	close(root);
	assert_fails(fs_root_open(below("none"), &root));
	assert_fails(fs_root_open(below("outside"), &root));
	assert_int_equal(root, -1);
}

static void
devices_are_not_files(void **state)
{
	enum fs_kind kind;
	int root;

	(void)state;
	root = open("/dev", O_PATH | O_DIRECTORY);
	assert_int_equal(kind_below(root, "null", &kind), 0);
	assert_int_equal(kind, FS_OTHER);
	close(root);
}

/* In a child that gave up everything: can `fd` still be climbed out of? */
static bool
climbs_out(int fd)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		bool became;

		if (failed(sandbox_user("nobody", &became)) || !became)
			_exit(2);
		_exit(openat(fd, "../../../../etc/passwd", O_RDONLY) >= 0 ? 1 : 0);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 1;
}

/* The control shows what an empty chroot is worth around a plain directory descriptor. */
static void
a_role_in_an_empty_chroot_cannot_climb_out_of_a_root(void **state)
{
	int root, plain;

	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root can enter a chroot and make private mounts\n");
		skip();
	}
	plain = open(dir, O_PATH | O_DIRECTORY);
	assert_true(climbs_out(plain));
	close(plain);
	assert_ok(fs_root_open(dir, &root));
	assert_false(climbs_out(root));
	close(root);
}

static void
nothing_can_be_written_below_a_root(void **state)
{
	int root;

	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root can make private mounts\n");
		skip();
	}
	put("a", "x");
	assert_ok(fs_root_open(dir, &root));
	assert_int_equal(openat(root, "a", O_WRONLY), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(openat(root, "b", O_WRONLY | O_CREAT, 0600), -1);
	assert_int_equal(errno, EROFS);
	close(root);
	put("a", "y"); /* the original is as before */
}

/* What a listing told of; at most `most`. */
struct told {
	const char *names[16];
	enum fs_kind kinds[16];
	uint64_t sizes[16];
	size_t count, most;
};

static bool
note(void *owner, const char *name, const struct fs_info *info)
{
	struct told *t = owner;

	assert_true(t->count < COUNT(t->names));
	t->names[t->count] = strdup(name);
	t->kinds[t->count] = info->kind;
	t->sizes[t->count++] = info->size;
	return t->count < t->most;
}

static void
assert_told(struct told *t, const char *name, enum fs_kind kind, uint64_t size)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->names[i], name) == 0) {
			assert_int_equal(t->kinds[i], kind);
			assert_true(kind == FS_DIRECTORY || t->sizes[i] == size);
			return;
		}
	fail_msg("%s was not told", name);
}

static void
forget(struct told *t)
{
	for (size_t i = 0; i < t->count; i++)
		free((void *)(uintptr_t)t->names[i]);
	t->count = 0;
}

static void
a_directory_tells_what_could_be_opened_in_it(void **state)
{
	struct told t = {.most = 16};
	int root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	put("file", "12345");
	assert_int_equal(mkdirat(root, "sub", 0755), 0);
	assert_int_equal(mkfifoat(root, "fifo", 0644), 0);
	assert_int_equal(symlinkat("../file", root, "sub/inside"), 0);
	assert_int_equal(symlinkat("../..", root, "sub/above"), 0);
	assert_int_equal(symlinkat("/etc", root, "sub/absolute"), 0);
	assert_int_equal(symlinkat("gone", root, "sub/dangling"), 0);
	assert_int_equal(symlinkat("loop", root, "sub/loop"), 0);

	assert_int_equal(fs_list_beneath(root, ".", note, &t), 0);
	assert_int_equal(t.count, 3);
	assert_told(&t, "file", FS_FILE, 5);
	assert_told(&t, "sub", FS_DIRECTORY, 0);
	assert_told(&t, "fifo", FS_OTHER, 0);
	forget(&t);
	assert_int_equal(fs_list_beneath(root, "sub", note, &t), 0);
	assert_int_equal(t.count, 1);
	assert_told(&t, "inside", FS_FILE, 5);
	forget(&t);
	t.most = 1;
	assert_int_equal(fs_list_beneath(root, ".", note, &t), 0);
	assert_int_equal(t.count, 1);
	forget(&t);
	close(root);
}

static void
what_is_no_directory_below_cannot_be_listed(void **state)
{
	int root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	put("file", "x");
	assert_int_equal(symlinkat("/etc", root, "absolute"), 0);
	assert_int_equal(fs_list_beneath(root, "file", note, NULL), ENOTDIR);
	assert_int_equal(fs_list_beneath(root, "gone", note, NULL), ENOENT);
	assert_int_equal(fs_list_beneath(root, "..", note, NULL), EXDEV);
	assert_int_equal(fs_list_beneath(root, "/etc", note, NULL), EXDEV);
	assert_int_equal(fs_list_beneath(root, "absolute", note, NULL), EXDEV);
	close(root);
}

static void
a_file_is_the_same_until_it_is_changed(void **state)
{
	struct fs_info before, after;
	int root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;

	(void)state;
	put("file", "1");
	assert_int_equal(fs_open_beneath(root, "file", &fd, &before), 0);
	close(fd);
	assert_true(fs_is_same(&before, &before));
	put("file", "22");
	assert_int_equal(fs_open_beneath(root, "file", &fd, &after), 0);
	close(fd);
	assert_false(fs_is_same(&before, &after));
	close(root);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_directory, remove_directory)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_file_is_written_whole_and_read_back),
	    TEST(a_file_past_the_cap_is_refused),
	    TEST(a_descriptor_is_read_from_the_start_wherever_it_stands),
	    TEST(directories_are_made_with_their_parents),
	    TEST(a_log_only_grows),
	    TEST(a_sealed_file_can_be_read_but_not_changed),
	    TEST(what_lies_below_is_opened_and_told_by_kind),
	    TEST(devices_are_not_files),
	    TEST(a_role_in_an_empty_chroot_cannot_climb_out_of_a_root),
	    TEST(nothing_can_be_written_below_a_root),
	    TEST(a_directory_tells_what_could_be_opened_in_it),
	    TEST(what_is_no_directory_below_cannot_be_listed),
	    TEST(a_file_is_the_same_until_it_is_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
