#include "unit.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "site.h"

#define WHEN      784111777
#define WHEN_TEXT "Sun, 06 Nov 1994 08:49:37 GMT"
#define TEXT      "0123456789abcdefghijklmnopqrstuvwxyz"

static uint8_t large[SITE_LARGE];

static void
link_to(const struct site_test *t, const char *target, const char *name)
{
	assert_int_equal(symlink(target, site_path(t, name)), 0);
}

static void
make_special(const struct site_test *t)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(mkfifo(site_path(t, "fifo"), 0644), 0);
	snprintf(at.sun_path, sizeof at.sun_path, "%s", site_path(t, "socket"));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	close(fd);
}

static int
setup(void **state)
{
	struct site_test *t = calloc(1, sizeof *t);

	site_start(t);
	for (size_t i = 0; i < sizeof large; i++)
		large[i] = (uint8_t)('a' + i % 26);
	site_write(t, "a.txt", SPAN_OF(TEXT), WHEN);
	site_write(t, "index.html", SPAN_OF("<p>home"), WHEN);
	site_write(t, "empty.css", SPAN_NONE, WHEN);
	site_write(t, "large.bin", span_of(large, sizeof large), WHEN);
	site_write(t, ".secret", SPAN_OF("secret"), WHEN);
	site_write(t, "a b;c.html", SPAN_OF("odd"), WHEN);
	mkdir(site_path(t, "dir"), 0755);
	mkdir(site_path(t, "none"), 0755);
	mkdir(site_path(t, ".git"), 0755);
	mkdir(site_path(t, ".well-known"), 0755);
	site_write(t, "dir/index.htm", SPAN_OF("<p>dir"), WHEN);
	site_write(t, ".git/config", SPAN_OF("secret"), WHEN);
	site_write(t, ".well-known/security.txt", SPAN_OF("Contact"), WHEN);
	site_write(t, ".well-known/.secret", SPAN_OF("secret"), WHEN);
	link_to(t, "a.txt", "inside.txt");
	link_to(t, "/etc/passwd", "absolute.txt");
	link_to(t, "../../etc/passwd", "outside.txt");
	link_to(t, "/etc", "etc");
	link_to(t, "loop", "loop");
	link_to(t, "nowhere", "dangling");
	link_to(t, "/dev/zero", "zero");
	make_special(t);
	*state = t;
	return 0;
}

static const struct {
	const char *what;
	unsigned status;
	const char *type, *body; /* NULL: not looked at */
} gets[] = {
    {"GET /a.txt", 200, "text/plain; charset=utf-8", TEXT},
    {"GET /a.txt?v=1", 200, "text/plain; charset=utf-8", TEXT},
    {"GET /", 200, "text/html; charset=utf-8", "<p>home"},
    {"GET /dir/", 200, "text/html; charset=utf-8", "<p>dir"},
    {"GET /dir/index.htm", 200, "text/html; charset=utf-8", "<p>dir"},
    {"GET /dir/../a.txt", 200, NULL, TEXT},
    {"GET /empty.css", 200, "text/css; charset=utf-8", ""},
    {"GET /inside.txt", 200, NULL, TEXT},
    {"GET /a%20b%3bc.html", 200, "text/html; charset=utf-8", "odd"},
    {"GET /.well-known/security.txt", 200, NULL, "Contact"},
    {"HEAD /a.txt", 200, "text/plain; charset=utf-8", ""},
    {"HEAD /large.bin", 200, "application/octet-stream", ""},
    {"GET /dir", 301, NULL, NULL},
    {"GET /nothing", 404, NULL, NULL},
    {"GET /nothing/", 404, NULL, NULL},
    {"GET /a.txt/", 404, NULL, NULL},
    {"GET /a.txt/b", 404, NULL, NULL},
    {"GET /none/", 404, NULL, NULL},
    {"GET /.secret", 404, NULL, NULL},
    {"GET /.git/config", 404, NULL, NULL},
    {"GET /.git/", 404, NULL, NULL},
    {"GET /%2egit/config", 404, NULL, NULL},
    {"GET /.well-known/.secret", 404, NULL, NULL},
    {"GET /dir/.well-known/x", 404, NULL, NULL},
    {"GET /absolute.txt", 404, NULL, NULL},
    {"GET /outside.txt", 404, NULL, NULL},
    {"GET /etc/passwd", 404, NULL, NULL},
    {"GET /etc/", 404, NULL, NULL},
    {"GET /loop", 404, NULL, NULL},
    {"GET /dangling", 404, NULL, NULL},
    {"GET /zero", 404, NULL, NULL},
    {"GET /fifo", 404, NULL, NULL},
    {"GET /socket", 404, NULL, NULL},
    {"GET /a%0ab", 404, NULL, NULL},
    {"GET /%2e%2e/a.txt", 400, NULL, NULL},
    {"GET /dir%2fa.txt", 400, NULL, NULL},
    {"GET /a.txt%00.html", 400, NULL, NULL},
    {"POST /a.txt", 405, NULL, NULL},
    {"DELETE /a.txt", 405, NULL, NULL},
    {"OPTIONS /a.txt", 405, NULL, NULL},
    {"OPTIONS *", 204, NULL, ""},
    {"PROPFIND /a.txt", 501, NULL, NULL},
};

static void
what_is_there_is_served_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(gets); i++) {
		const char *answer = site_get(*state, gets[i].what, "");

		if (site_status(answer) != gets[i].status)
			fail_msg("%s: %u", gets[i].what, site_status(answer));
		if (gets[i].type != NULL)
			assert_string_equal(site_field(answer, "Content-Type"), gets[i].type);
		if (gets[i].body != NULL)
			assert_string_equal(site_body(answer), gets[i].body);
		assert_null(strstr(answer, "secret"));
		assert_null(strstr(answer, "root:"));
	}
}

static void
a_name_too_long_is_not_there(void **state)
{
	char what[1024] = "GET /";

	memset(what + 5, 'x', 600);
	assert_int_equal(site_status(site_get(*state, what, "")), 404);
}

static void
a_directory_redirects_to_itself_only(void **state)
{
	struct site_test *t = *state;

	mkdir(site_path(t, "evil.example"), 0755);
	mkdir(site_path(t, "a\r\nb"), 0755);
	assert_string_equal(site_field(site_get(t, "GET /dir?x=1", ""), "Location"), "/dir/?x=1");
	assert_string_equal(site_field(site_get(t, "GET //evil.example", ""), "Location"),
			    "/evil.example/");
	assert_string_equal(site_field(site_get(t, "GET /a%0D%0Ab", ""), "Location"), "/a%0D%0Ab/");
	assert_string_equal(site_field(site_get(t, "GET http://one.example/dir", ""), "Location"),
			    "/dir/");
}

static void
a_method_that_is_not_allowed_is_told_which_are(void **state)
{
	const char *answer = site_get(*state, "PUT /a.txt", "");

	assert_string_equal(site_field(answer, "Allow"), "GET, HEAD");
}

static void
validators_are_told_and_taken_back(void **state)
{
	struct site_test *t = *state;
	char field[128], etag[64];
	const char *answer = site_get(t, "GET /a.txt", "");

	snprintf(etag, sizeof etag, "%s", site_field(answer, "Etag"));
	assert_true(etag[0] == '"' && strlen(etag) > 5);
	assert_string_equal(site_field(answer, "Last-Modified"), WHEN_TEXT);
	assert_string_equal(site_field(answer, "Accept-Ranges"), "bytes");

	snprintf(field, sizeof field, "If-None-Match: %s\r\n", etag);
	answer = site_get(t, "GET /a.txt", field);
	assert_int_equal(site_status(answer), 304);
	assert_string_equal(site_field(answer, "Etag"), etag);
	assert_string_equal(site_field(answer, "Content-Length"), "");
	assert_string_equal(site_body(answer), "");

	snprintf(field, sizeof field, "If-Match: %s\r\n", etag);
	assert_int_equal(site_status(site_get(t, "GET /a.txt", field)), 200);
	assert_int_equal(site_status(site_get(t, "GET /a.txt", "If-Match: \"x\"\r\n")), 412);
	assert_int_equal(
	    site_status(site_get(t, "HEAD /a.txt", "If-Modified-Since: " WHEN_TEXT "\r\n")), 304);
	assert_int_equal(
	    site_status(site_get(t, "GET /large.bin", "If-Modified-Since: " WHEN_TEXT "\r\n")),
	    304);
}

static void
one_range_is_that_part(void **state)
{
	struct site_test *t = *state;
	const char *answer = site_get(t, "GET /a.txt", "Range: bytes=2-5\r\n");

	assert_int_equal(site_status(answer), 206);
	assert_string_equal(site_field(answer, "Content-Range"), "bytes 2-5/36");
	assert_string_equal(site_field(answer, "Content-Length"), "4");
	assert_string_equal(site_field(answer, "Content-Type"), "text/plain; charset=utf-8");
	assert_string_equal(site_body(answer), "2345");
	assert_string_equal(site_body(site_get(t, "GET /a.txt", "Range: bytes=-3\r\n")), "xyz");
	assert_int_equal(site_status(site_get(t, "HEAD /a.txt", "Range: bytes=2-5\r\n")), 200);
	assert_string_equal(site_body(site_get(t, "GET /a.txt", "Range: bytes=0-1,1-2\r\n")), TEXT);
	assert_string_equal(
	    site_body(site_get(t, "GET /a.txt", "Range: bytes=0-1\r\nIf-Range: \"old\"\r\n")),
	    TEXT);
}

static void
a_range_behind_the_end_is_416(void **state)
{
	const char *answer = site_get(*state, "GET /a.txt", "Range: bytes=36-\r\n");

	assert_int_equal(site_status(answer), 416);
	assert_string_equal(site_field(answer, "Content-Range"), "bytes */36");
	answer = site_get(*state, "GET /large.bin", "Range: bytes=300000-\r\n");
	assert_int_equal(site_status(answer), 416);
}

/* RFC 9110 §14.6: what is promised in Content-Length, and parts that each say what they are. */
static void
assert_multipart(struct site_test *t, const char *target, const char *first, const char *second)
{
	const char *answer = site_get(t, target, "Range: bytes=0-2,10-12\r\n");
	char mark[64];

	assert_int_equal(site_status(answer), 206);
	assert_int_equal(
	    sscanf(site_field(answer, "Content-Type"), "multipart/byteranges; boundary=%40s", mark),
	    1);
	assert_int_equal(atoi(site_field(answer, "Content-Length")), strlen(site_body(answer)));
	assert_non_null(strstr(answer, first));
	assert_non_null(strstr(answer, second));
	const char *end = strrchr(site_body(answer), '\n') - strlen(mark) - 7;
	assert_memory_equal(end, "\r\n--", 4);
	assert_memory_equal(end + 4, mark, strlen(mark));
	assert_string_equal(end + 4 + strlen(mark), "--\r\n");
}

static void
several_ranges_are_parts(void **state)
{
	assert_multipart(*state, "GET /a.txt", "Content-Range: bytes 0-2/36\r\n\r\n012\r\n--",
			 "Content-Range: bytes 10-12/36\r\n\r\nabc\r\n--");
	assert_multipart(*state, "GET /large.bin",
			 "Content-Range: bytes 0-2/300000\r\n\r\nabc\r\n--",
			 "Content-Range: bytes 10-12/300000\r\n\r\nklm\r\n--");
}

static void
a_large_file_is_sent_whole_and_in_part(void **state)
{
	struct site_test *t = *state;
	const char *answer = site_get(t, "GET /large.bin", "");

	assert_int_equal(site_status(answer), 200);
	assert_int_equal(strlen(site_body(answer)), SITE_LARGE);
	assert_memory_equal(site_body(answer), large, SITE_LARGE);
	answer = site_get(t, "GET /large.bin", "Range: bytes=1000-200999\r\n");
	assert_int_equal(strlen(site_body(answer)), 200000);
	assert_memory_equal(site_body(answer), large + 1000, 200000);
}

static void
a_file_cut_while_it_is_sent_ends_the_connection(void **state)
{
	struct site_test *t = *state;
	const char *request = "GET /large.bin HTTP/1.1\r\nHost: one.example\r\n\r\n";

	site_connect(t);
	buf_taken(&t->out, buf_len(&t->out));
	(void)session_receive(t->h1, span_str(request));
	assert_int_equal(session_state(t->h1), SESSION_ANSWERING);
	site_write(t, "large.bin", SPAN_OF("short"), WHEN);
	const char *answer = site_collect(t);
	assert_int_equal(session_state(t->h1), SESSION_CLOSING);
	assert_string_equal(site_field(answer, "Content-Length"), "300000");
	assert_true(strlen(site_body(answer)) < SITE_LARGE);
}

/* A descriptor for each answer under way, and none after it. */
static void
no_descriptor_is_left_open(void **state)
{
	struct site_test *t = *state;
	static const char *const fields[] = {"", "If-None-Match: *\r\n", "If-Match: \"x\"\r\n",
					     "Range: bytes=400000-\r\n",
					     "Range: bytes=0-1,5-6\r\n"};
	int before = dup(0);

	close(before);
	for (size_t i = 0; i < COUNT(fields); i++) {
		(void)site_get(t, "GET /large.bin", fields[i]);
		(void)site_get(t, "HEAD /large.bin", fields[i]);
		(void)site_get(t, "GET /a.txt", fields[i]);
		(void)site_get(t, "GET /dir", fields[i]);
		(void)site_get(t, "GET /none/", fields[i]);
	}
	site_connect(t); /* and when the client leaves in the middle */
	(void)session_receive(t->h1,
			      SPAN_OF("GET /large.bin HTTP/1.1\r\nHost: one.example\r\n\r\n"));
	site_connect(t);
	int after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

static void
what_may_not_be_read_is_403(void **state)
{
	struct site_test *t = *state;

	site_write(t, "locked.txt", SPAN_OF("secret"), WHEN);
	assert_int_equal(chmod(site_path(t, "locked.txt"), 0), 0);
	uid_t me = geteuid();
	if (me == 0) /* who may read anything */
		assert_int_equal(seteuid(65534), 0);
	unsigned status = site_status(site_get(t, "GET /locked.txt", ""));
	assert_int_equal(seteuid(me), 0);
	assert_int_equal(status, 403);
}

static void
without_descriptors_it_is_503(void **state)
{
	struct site_test *t = *state;
	struct rlimit usual, none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	none = (struct rlimit){3, usual.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	unsigned status = site_status(site_get(t, "GET /large.bin", ""));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
	assert_int_equal(status, 503);
	assert_int_equal(site_status(site_get(t, "GET /large.bin", "")), 200);
}

static void
a_root_that_could_not_be_opened_has_nothing(void **state)
{
	struct site_test *t = *state;
	int root = t->roots[0];

	t->roots[0] = -1;
	assert_int_equal(site_status(site_get(t, "GET /a.txt", "")), 404);
	t->roots[0] = root;
}

static void
a_changed_file_is_noticed_after_a_second(void **state)
{
	struct site_test *t = *state;

	site_write(t, "c.txt", SPAN_OF("old"), WHEN);
	assert_string_equal(site_body(site_get(t, "GET /c.txt", "")), "old");
	site_write(t, "c.txt", SPAN_OF("newer"), WHEN + 1);
	site_now += 999;
	assert_string_equal(site_body(site_get(t, "GET /c.txt", "")), "old");
	site_now += 1;
	assert_string_equal(site_body(site_get(t, "GET /c.txt", "")), "newer");
	assert_int_equal(unlink(site_path(t, "c.txt")), 0);
	site_now += 1000;
	assert_int_equal(site_status(site_get(t, "GET /c.txt", "")), 404);
	assert_int_equal(mkdir(site_path(t, "c.txt"), 0755), 0);
	assert_int_equal(site_status(site_get(t, "GET /c.txt", "")), 301);
}

static void
a_small_file_grown_large_is_streamed(void **state)
{
	struct site_test *t = *state;

	site_write(t, "g.txt", SPAN_OF("small"), WHEN);
	assert_string_equal(site_body(site_get(t, "GET /g.txt", "")), "small");
	site_write(t, "g.txt", span_of(large, 70000), WHEN);
	site_now += 1000;
	assert_int_equal(strlen(site_body(site_get(t, "GET /g.txt", ""))), 70000);
	site_write(t, "g.txt", SPAN_OF("small"), WHEN + 1);
	assert_string_equal(site_body(site_get(t, "GET /g.txt", "")), "small");
}

static void
what_was_forgotten_is_read_again(void **state)
{
	struct site_test *t = *state;

	site_write(t, "f.txt", SPAN_OF("old"), WHEN);
	assert_string_equal(site_body(site_get(t, "GET /f.txt", "")), "old");
	site_write(t, "f.txt", SPAN_OF("new"), WHEN + 1);
	serve_files_forget(t->serve.files);
	assert_string_equal(site_body(site_get(t, "GET /f.txt", "")), "new");
}

/* More files, and more bytes, than the cache may hold: all are served all the same. */
static void
a_full_cache_gives_up_what_was_unused_longest(void **state)
{
	struct site_test *t = *state;
	char name[32], what[64];

	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 20; i++) {
			snprintf(name, sizeof name, "n%d.txt", i);
			site_write(t, name, span_of(large, 40000 + (size_t)i), WHEN);
			snprintf(what, sizeof what, "GET /%s", name);
			assert_int_equal(strlen(site_body(site_get(t, what, ""))), 40000 + i);
		}
}

static void
a_cache_of_nothing_serves_everything(void **state)
{
	struct site_test *t = *state;
	struct serve_files *usual = t->serve.files;

	t->serve.files = serve_files_new(0, 0);
	assert_string_equal(site_body(site_get(t, "GET /a.txt", "")), TEXT);
	assert_string_equal(site_body(site_get(t, "GET /a.txt", "Range: bytes=0-0\r\n")), "0");
	assert_string_equal(site_body(site_get(t, "GET /empty.css", "")), "");
	serve_files_free(t->serve.files);
	t->serve.files = usual;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_there_is_served_and_nothing_else),
	    cmocka_unit_test(a_name_too_long_is_not_there),
	    cmocka_unit_test(a_directory_redirects_to_itself_only),
	    cmocka_unit_test(a_method_that_is_not_allowed_is_told_which_are),
	    cmocka_unit_test(validators_are_told_and_taken_back),
	    cmocka_unit_test(one_range_is_that_part),
	    cmocka_unit_test(a_range_behind_the_end_is_416),
	    cmocka_unit_test(several_ranges_are_parts),
	    cmocka_unit_test(a_large_file_is_sent_whole_and_in_part),
	    cmocka_unit_test(no_descriptor_is_left_open),
	    cmocka_unit_test(without_descriptors_it_is_503),
	    cmocka_unit_test(a_file_cut_while_it_is_sent_ends_the_connection),
	    cmocka_unit_test(what_may_not_be_read_is_403),
	    cmocka_unit_test(a_root_that_could_not_be_opened_has_nothing),
	    cmocka_unit_test(a_changed_file_is_noticed_after_a_second),
	    cmocka_unit_test(a_small_file_grown_large_is_streamed),
	    cmocka_unit_test(what_was_forgotten_is_read_again),
	    cmocka_unit_test(a_full_cache_gives_up_what_was_unused_longest),
	    cmocka_unit_test(a_cache_of_nothing_serves_everything),
	};

	return cmocka_run_group_tests(tests, setup, site_teardown);
}
