/* What is tried, listed, or shown in place of an error, and for how long it is kept. */
#include "unit.h"

#include "site.h"

#define WHEN 784111777

static uint8_t large[SITE_LARGE];

static void
make_tree(const struct site_test *t)
{
	site_write(t, "a.txt", SPAN_OF("a"), WHEN);
	site_write(t, "about.html", SPAN_OF("about"), WHEN);
	site_write(t, "app.html", SPAN_OF("app"), WHEN);
	site_write(t, "app.css", SPAN_OF("css"), WHEN);
	site_write(t, ".secret", SPAN_OF("secret"), WHEN);
	site_write(t, "404.html", SPAN_OF("nothing here"), WHEN);
	site_write(t, "405.html", SPAN_OF("not so"), WHEN);
	site_write(t, "large.html", span_of(large, sizeof large), WHEN);
	mkdir(site_path(t, "docs"), 0755);
	site_write(t, "docs/index.html", SPAN_OF("docs"), WHEN);
	mkdir(site_path(t, "bare"), 0755);
	site_write(t, "bare.html", SPAN_OF("bare page"), WHEN);
	site_write(t, "bare/b.txt", SPAN_OF("b"), WHEN);
	site_write(t, "bare/.secret", SPAN_OF("secret"), WHEN);
	site_write(t, "bare/<i>&\"'.txt", SPAN_OF("12345"), WHEN);
	site_write(t, "bare/a:b%.txt", SPAN_OF("x"), WHEN);
	site_write(t, "bare/\xff\xc3\xa9\n.txt", SPAN_OF("x"), WHEN);
	mkdir(site_path(t, "bare/zdir"), 0755);
	mkdir(site_path(t, "bare/.git"), 0755);
	if (symlink("b.txt", site_path(t, "bare/inside")) != 0 ||
	    symlink("../../../etc/passwd", site_path(t, "bare/outside")) != 0 ||
	    symlink("/etc", site_path(t, "bare/absolute")) != 0 ||
	    symlink("gone", site_path(t, "bare/dangling")) != 0)
		abort();
	mkfifo(site_path(t, "bare/fifo"), 0644);
	mkdir(site_path(t, "empty"), 0755);
}

static int
setup(void **state)
{
	struct site_test *t = calloc(1, sizeof *t);

	memset(large, 'x', sizeof large);
	site_start(t);
	make_tree(t);
	*state = t;
	return 0;
}

struct expected {
	const char *what;
	unsigned status;
	const char *body; /* NULL: not looked at */
};

static void
assert_all(struct site_test *t, const struct expected *all, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *answer = site_get(t, all[i].what, "");

		if (site_status(answer) != all[i].status)
			fail_msg("%s: %u", all[i].what, site_status(answer));
		if (all[i].body != NULL)
			assert_string_equal(site_body(answer), all[i].body);
		assert_null(strstr(answer, "secret"));
	}
}

static void
an_application_of_one_page_answers_for_all_paths(void **state)
{
	static const struct expected all[] = {
	    {"GET /a.txt", 200, "a"},          {"GET /any/where", 200, "app"},
	    {"GET /any/", 200, "app"},         {"GET /", 200, "app"},
	    {"GET /docs", 301, NULL},          {"GET /docs/", 200, "docs"},
	    {"GET /bare", 200, "app"},         {"GET /bare/", 200, "app"},
	    {"GET /.secret", 200, "app"},      {"HEAD /any", 200, ""},
	    {"GET /a.txt/b", 200, "app"},      {"POST /any", 405, NULL},
	    {"GET /bare/outside", 200, "app"},
	};

	site_use(*state, "try /app.html");
	assert_all(*state, all, COUNT(all));
}

static void
tries_are_made_in_order(void **state)
{
	static const struct expected all[] = {
	    {"GET /about", 200, "about"},
	    {"GET /a.txt", 200, "a"},
	    {"GET /docs/x", 404, NULL},
	    {"GET /nothing", 404, NULL},
	    {"GET /bare", 200, "bare page"},
	    {"GET /.secret", 404, NULL},
	    {"GET /", 404, NULL},
	    {"GET /abo", 404, NULL},
	};

	site_use(*state, "try {path}.html {path}/index.html");
	assert_all(*state, all, COUNT(all));
}

/* No try leads to what is hidden, nor out of the root. */
static void
nothing_hidden_is_tried(void **state)
{
	static const struct expected all[] = {
	    {"GET /x", 404, NULL}, {"GET /secret", 404, NULL}, {"GET /bare/x", 404, NULL}};

	site_use(*state, "try /.secret /.{path} /bare/.secret /bare/outside /docs");
	assert_all(*state, all, COUNT(all));
}

static void
assert_follows(const char *page, const char *first, const char *second)
{
	const char *at = strstr(page, first);

	if (at == NULL || strstr(at, second) == NULL)
		fail_msg("\"%s\", then \"%s\": %s", first, second, page);
}

static void
a_directory_is_listed_as_a_page(void **state)
{
	const char *page;

	site_use(*state, "listing on");
	page = site_get(*state, "GET /bare/", "");
	assert_int_equal(site_status(page), 200);
	assert_string_equal(site_field(page, "Content-Type"), "text/html; charset=utf-8");
	assert_int_equal(atoi(site_field(page, "Content-Length")), strlen(site_body(page)));
	assert_follows(page, "href=\"../\"", "href=\"./zdir/\">zdir/</a>");
	assert_follows(page, "href=\"./zdir/\"", "href=\"./a%3Ab%25.txt\">a:b%.txt</a>");
	assert_non_null(strstr(page, "\"./%3Ci%3E%26%22%27.txt\">&lt;i&gt;&amp;&quot;&#39;.txt</a>"
				     "</td><td>5 B</td><td>06 Nov 1994 08:49</td>"));
	assert_non_null(strstr(page, "\"./b.txt\""));
	assert_non_null(strstr(page, "\"./inside\""));
	assert_null(strstr(page, "<i>"));
	for (size_t i = 0; i < 6; i++) {
		static const char *const hidden[] = {"secret",   ".git",     "outside",
						     "absolute", "dangling", "fifo"};
		if (strstr(page, hidden[i]) != NULL)
			fail_msg("%s is listed", hidden[i]);
	}
}

static void
listings_do_not_go_where_files_do_not(void **state)
{
	static const struct expected all[] = {
	    {"GET /docs/", 200, "docs"},
	    {"GET /bare", 301, NULL},
	    {"GET /nothing/", 404, NULL},
	    {"GET /bare/.git/", 404, NULL},
	    {"GET /bare/absolute/", 404, NULL},
	    {"GET /a.txt/", 404, NULL},
	    {"HEAD /bare/", 200, ""},
	    {"POST /bare/", 405, NULL},
	    {"GET /../", 400, NULL},
	};

	site_use(*state, "listing on");
	assert_all(*state, all, COUNT(all));
	site_use(*state, "listing off");
	assert_int_equal(site_status(site_get(*state, "GET /bare/", "")), 404);
}

static void
programs_get_a_listing_as_json(void **state)
{
	static const char json[] = "Accept: application/json\r\n";
	const char *answer;

	site_use(*state, "listing on");
	answer = site_get(*state, "GET /bare/", json);
	assert_string_equal(site_field(answer, "Content-Type"), "application/json");
	assert_string_equal(site_field(answer, "Vary"), "Accept");
	assert_follows(answer, "[\n{\"name\":\"zdir\",\"type\":\"directory\",\"mtime\":\"",
		       "},\n{\"name\":");
	assert_non_null(strstr(answer, "{\"name\":\"b.txt\",\"type\":\"file\",\"mtime\":"
				       "\"Sun, 06 Nov 1994 08:49:37 GMT\",\"size\":1}"));
	assert_non_null(strstr(answer, "\"<i>&\\\"'.txt\""));
	assert_non_null(strstr(answer, "\"\xef\xbf\xbd\xc3\xa9\\n.txt\""));
	assert_string_equal(site_body(site_get(*state, "GET /empty/", json)), "[]\n");
	answer = site_get(*state, "GET /empty/", "Accept: text/html, application/json\r\n");
	assert_string_equal(site_field(answer, "Content-Type"), "text/html; charset=utf-8");
}

/* Of more than ten thousand a part is shown, and it says so. */
static void
a_very_large_directory_is_cut(void **state)
{
	struct site_test *t = *state;
	char name[64];
	size_t rows = 0;

	mkdir(site_path(t, "many"), 0755);
	for (int i = 0; i < 10050; i++) {
		snprintf(name, sizeof name, "many/%d", i);
		int fd = open(site_path(t, name), O_WRONLY | O_CREAT, 0644);
		assert_true(fd >= 0);
		close(fd);
	}
	site_use(t, "listing on");
	const char *page = site_get(t, "GET /many/", "");
	assert_int_equal(site_status(page), 200);
	for (const char *at = page; (at = strstr(at, "<tr><td><a href=\"./")) != NULL; at++)
		rows++;
	assert_true(rows > 0 && rows <= 10000);
	assert_non_null(strstr(page, "There is more"));
}

static void
cache_control_goes_by_the_file_that_is_sent(void **state)
{
	static const struct {
		const char *what, *value;
	} samples[] = {
	    {"GET /app.css", "max-age=60"},
	    {"GET /docs/", "no-cache"},
	    {"GET /docs/index.html", "no-cache"},
	    {"GET /a.txt", "private"},
	    {"GET /about.html", "no-cache"},
	    {"GET /docs/nothing.css", "no-cache"},
	    {"GET /bare/b.txt", ""},
	};
	const char *answer;

	site_use(*state, "try /app.html\ncache_control *.css max-age=60\n"
			 "cache_control *.html no-cache\ncache_control /a.txt private\n"
			 "cache_control /docs/* never");
	for (size_t i = 0; i < COUNT(samples); i++) {
		answer = site_get(*state, samples[i].what, "");
		if (strcmp(site_field(answer, "Cache-Control"), samples[i].value) != 0)
			fail_msg("%s: \"%s\"", samples[i].what,
				 site_field(answer, "Cache-Control"));
	}
	answer = site_get(*state, "GET /a.txt", "If-None-Match: *\r\n");
	assert_int_equal(site_status(answer), 304);
	assert_string_equal(site_field(answer, "Cache-Control"), "private");
	answer = site_get(*state, "GET /a.txt", "Range: bytes=0-0\r\n");
	assert_string_equal(site_field(answer, "Cache-Control"), "private");
	answer = site_get(*state, "GET /a.txt", "If-Match: \"x\"\r\n");
	assert_string_equal(site_field(answer, "Cache-Control"), "");
}

static void
an_error_is_shown_by_a_page_of_the_site(void **state)
{
	static const struct expected all[] = {
	    {"GET /nothing", 404, "nothing here"},
	    {"GET /.secret", 404, "nothing here"},
	    {"HEAD /nothing", 404, ""},
	    {"POST /a.txt", 405, "not so"},
	    {"GET /404.html", 200, "nothing here"},
	    {"PROPFIND /", 501, NULL},
	    {"GET /docs", 301, NULL},
	};
	const char *answer;

	site_use(*state, "error_page 404 /404.html\nerror_page 405 412 /405.html\n"
			 "error_page 501 /nothing.html\nerror_page 416 /large.html\n"
			 "cache_control *.html immutable");
	assert_all(*state, all, COUNT(all));
	answer = site_get(*state, "GET /nothing", "Range: bytes=0-1\r\nAccept-Encoding: br\r\n");
	assert_int_equal(site_status(answer), 404);
	assert_string_equal(site_field(answer, "Content-Type"), "text/html; charset=utf-8");
	assert_string_equal(site_field(answer, "Etag"), "");
	assert_string_equal(site_field(answer, "Last-Modified"), "");
	assert_string_equal(site_field(answer, "Cache-Control"), "");
	assert_string_equal(site_field(site_get(*state, "POST /a.txt", ""), "Allow"), "GET, HEAD");
	assert_string_equal(site_body(site_get(*state, "GET /a.txt", "If-Match: \"x\"\r\n")),
			    "not so");
	answer = site_get(*state, "GET /a.txt", "Range: bytes=9-\r\n");
	assert_int_equal(site_status(answer), 416);
	assert_int_equal(strlen(site_body(answer)), SITE_LARGE);
	assert_string_equal(site_field(answer, "Content-Range"), "bytes */1");
}

static void
each_route_has_its_own_index(void **state)
{
	static const struct expected all[] = {
	    {"GET /", 200, "a"}, {"GET /app/", 200, "app"}, {"GET /", 200, "a"}};
	struct site_test *t = *state;
	char lines[256];

	snprintf(lines, sizeof lines,
		 "index a.txt\nroute /app/* { strip_prefix /app; root %s; index app.html }",
		 t->dir);
	site_use(t, lines);
	assert_all(t, all, COUNT(all));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_application_of_one_page_answers_for_all_paths),
	    cmocka_unit_test(tries_are_made_in_order),
	    cmocka_unit_test(each_route_has_its_own_index),
	    cmocka_unit_test(nothing_hidden_is_tried),
	    cmocka_unit_test(a_directory_is_listed_as_a_page),
	    cmocka_unit_test(listings_do_not_go_where_files_do_not),
	    cmocka_unit_test(programs_get_a_listing_as_json),
	    cmocka_unit_test(a_very_large_directory_is_cut),
	    cmocka_unit_test(cache_control_goes_by_the_file_that_is_sent),
	    cmocka_unit_test(an_error_is_shown_by_a_page_of_the_site),
	};

	return cmocka_run_group_tests(tests, setup, site_teardown);
}
