#include "api/web.h"

#include "raw.h"

static const struct web_file files[] = {
    {"/admin", "text/html; charset=utf-8", "c", SPAN_INIT("<p>console"), SPAN_INIT("gz console"),
     SPAN_INIT("br console")},
    {"/admin/assets/a-1.js", "text/javascript; charset=utf-8", "d", SPAN_INIT("console()"),
     SPAN_INIT("gz"), SPAN_INIT("br")},
    {"/portal", "text/html; charset=utf-8", "p", SPAN_INIT("<p>portal"), SPAN_INIT("gz portal"),
     SPAN_INIT("br portal")},
    {"/portal/assets/p-1.css", "text/css; charset=utf-8", "s", SPAN_INIT("p{}"), SPAN_INIT("gz"),
     SPAN_INIT("br")},
};
static const struct web web = {files, COUNT(files)};

static struct api_answer
get(struct server *s, const char *path, const char *name, const char *value)
{
	s->api.web = &web;
	return raw_ask(s, (struct raw){.path = path, .fields = {{name, value}}});
}

static void
every_path_of_theirs_shows_the_page(void **state)
{
	static const char *const paths[][2] = {
	    {"/admin", "<p>console"},
	    {"/admin/", "<p>console"},
	    {"/admin/people", "<p>console"},
	    {"/portal", "<p>portal"},
	    {"/portal/devices/my phone", "<p>portal"},
	};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct api_answer a = get(s, paths[i][0], "x-other", "x");

		assert_raw(200, a);
		assert_string_equal(paths[i][1], raw_body(s, &a));
		assert_string_equal("private, no-cache", raw_field(s, &a, "cache-control"));
		assert_string_equal("same-origin", raw_field(s, &a, "cross-origin-opener-policy"));
		const char *policy = raw_field(s, &a, "content-security-policy");
		assert_non_null(strstr(policy, "require-trusted-types-for 'script'"));
		assert_null(strstr(policy, "unsafe"));
	}
	struct api_answer start = get(s, "/", "x-other", "x");
	assert_raw(302, start);
	assert_string_equal("/portal", raw_field(s, &start, "location"));
}

static void
what_is_called_by_its_bytes_is_kept_for_good(void **state)
{
	struct server *s = *state;
	struct api_answer a = get(s, "/portal/assets/p-1.css", "x-other", "x");

	assert_raw(200, a);
	assert_string_equal("text/css; charset=utf-8", raw_field(s, &a, "content-type"));
	assert_string_equal("private, max-age=31536000, immutable",
			    raw_field(s, &a, "cache-control"));
	assert_string_equal("nosniff", raw_field(s, &a, "x-content-type-options"));
	assert_string_equal("accept-encoding", raw_field(s, &a, "vary"));
}

static void
the_smallest_form_is_sent_that_the_client_takes(void **state)
{
	static const struct {
		const char *accepts, *body, *coding;
	} cases[] = {
	    {"gzip, deflate, br, zstd", "br portal", "br"},
	    {"GZIP", "gz portal", "gzip"},
	    {"br;q=0, gzip;q=0.5", "gz portal", "gzip"},
	    {"br; q=0.000", "<p>portal", NULL},
	    {"br;q=0.01", "br portal", "br"},
	    {"brotli, xgzip, gzipx", "<p>portal", NULL},
	    {"", "<p>portal", NULL},
	    {",;,;q=0,br ", "br portal", "br"},
	};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct api_answer a = get(s, "/portal", "accept-encoding", cases[i].accepts);
		const char *coding = raw_field(s, &a, "content-encoding");

		if (strcmp(cases[i].body, raw_body(s, &a)) != 0)
			fail_msg("\"%s\": %s", cases[i].accepts, raw_body(s, &a));
		assert_string_equal(cases[i].coding != NULL ? cases[i].coding : "none",
				    coding != NULL ? coding : "none");
	}
}

static void
who_has_it_already_is_not_sent_it_again(void **state)
{
	static const struct {
		const char *has;
		unsigned status;
	} cases[] = {
	    {"\"p\"", 304},  {"W/\"p\"", 304}, {"\"x\", \"p\"", 304}, {"*", 304}, {"\"p-br\"", 200},
	    {"\"pp\"", 200}, {"p", 200},       {"W/", 200},           {"", 200},
	};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct api_answer a = get(s, "/portal", "if-none-match", cases[i].has);

		if (a.status != cases[i].status)
			fail_msg("\"%s\": %u", cases[i].has, a.status);
		assert_string_equal("\"p\"", raw_field(s, &a, "etag"));
		assert_int_equal(a.status == 304, a.body.len == 0);
	}
}

static void
there_is_nothing_beside_the_files(void **state)
{
	static const char *const paths[] = {
	    "/portal/assets/",
	    "/portal/assets/p-1.cs",
	    "/portal/assets/p-1.css/",
	    "/portal/assets/p-1.cssx",
	    "/admin/assets/p-1.css",
	    "/portal/assets/a-1.js",
	    "/portal/assets/../../admin",
	    "/portal/assets/\xFF",
	};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(paths); i++)
		assert_unknown(get(s, paths[i], "x-other", "x"));
	assert_raw(405, raw_ask(s, (struct raw){.method = METHOD_POST, .path = "/portal"}));
}

/* From elsewhere the console's files are as unknown as the console. */
static void
whom_the_list_leaves_out_gets_no_file_of_the_console(void **state)
{
	struct server *s = *state;

	raw_configure(s, "state_dir /tmp\nlisten 8443\n"
			 "site a.example {\n    certificate self-signed\n    access_server\n}\n"
			 "admin {\n    listen 9443\n    allow loopback\n    portal any\n}\n");
	assert_unknown(get(s, "/admin", "x-other", "x"));
	assert_unknown(get(s, "/admin/assets/a-1.js", "x-other", "x"));
	assert_raw(200, get(s, "/portal/assets/p-1.css", "x-other", "x"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    raw_test(every_path_of_theirs_shows_the_page),
	    raw_test(what_is_called_by_its_bytes_is_kept_for_good),
	    raw_test(the_smallest_form_is_sent_that_the_client_takes),
	    raw_test(who_has_it_already_is_not_sent_it_again),
	    raw_test(there_is_nothing_beside_the_files),
	    raw_test(whom_the_list_leaves_out_gets_no_file_of_the_console),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
