#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "http/h1.h"
#include "http/pool.h"
#include "os/fs.h"
#include "serve/serve.h"

#define CHALLENGES "/.well-known/acme-challenge/"

static char dir[64];
static struct serve serve;

static void
on_request(struct exchange *ex, void *owner)
{
	(void)owner;
	serve_plain(&serve, ex);
}

static int64_t
on_now(void *owner)
{
	(void)owner;
	return 1000;
}

static const struct http_host host = {on_request, host_over, host_output, host_date, on_now};

/* What is answered to one request, as text. */
static const char *
answer_to(const char *request)
{
	static char text[4096];
	const struct http_settings settings = {
	    .header_bytes = 4096, .header_fields = 16, .body_bytes = 1024};
	const struct client client = {.secure = false};
	struct http_session *h = h1_new(&host, NULL, &settings, &client);

	session_receive(h, span_str(request));
	struct span out = buf_span(session_output(h));
	snprintf(text, sizeof text, "%.*s", (int)out.len, (const char *)out.p);
	session_free(h);
	pool_thread_end();
	return text;
}

/* The status of a GET for `target`, and that `expected` is somewhere in the answer. */
static void
assert_get(const char *name, const char *target, unsigned status, const char *expected)
{
	char request[512], line[32];

	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, name);
	snprintf(line, sizeof line, "HTTP/1.1 %u ", status);
	const char *answer = answer_to(request);
	if (strncmp(answer, line, strlen(line)) != 0 || strstr(answer, expected) == NULL)
		fail_msg("GET %s of %s should be %u with \"%s\", but is:\n%s", target, name, status,
			 expected, answer);
}

static void
put(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_ok(fs_write_path(path, span_str(text), 0644));
}

static void
make_directory_below(const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_ok(fs_make_directory(path, 0755));
}

static int
set_up(void **state)
{
	static const char text[] = "state_dir /tmp\n"
				   "site a.example { certificate self-signed; root /srv }\n";
	const struct config_defaults defaults = {"/tmp/sallyport.conf", true};
	struct buf errors = buf_with_cap(4096);
	int root;

	(void)state;
	snprintf(dir, sizeof dir, "/tmp/plain-test-XXXXXX");
	if (mkdtemp(dir) == NULL || failed(fs_root_open(dir, &root)))
		return 1;
	serve = (struct serve){.config = config_read(span_str(text), &defaults, &errors),
			       .acme_root = root,
			       .redirect_port = 443};
	buf_free(&errors);
	return serve.config == NULL;
}

static int
tear_down(void **state)
{
	char command[96];

	(void)state;
	config_free((struct config *)serve.config);
	close(serve.acme_root);
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return system(command);
}

static void
a_challenge_is_found_in_the_directory_itself(void **state)
{
	(void)state;
	put("token_-1", "token_-1.thumb");
	assert_get("a.example", CHALLENGES "token_-1", 200, "\r\n\r\ntoken_-1.thumb");
	assert_get("other.example", CHALLENGES "token_-1", 200, "\r\n\r\ntoken_-1.thumb");
}

static void
a_challenge_is_found_where_certbot_puts_it_and_that_one_first(void **state)
{
	(void)state;
	make_directory_below(CHALLENGES);
	put(CHALLENGES "both", "of certbot");
	put("both", "of another");
	put(CHALLENGES "certbot", "certbot.thumb");
	assert_get("a.example", CHALLENGES "certbot", 200, "\r\n\r\ncertbot.thumb");
	assert_get("a.example", CHALLENGES "both", 200, "\r\n\r\nof certbot");
}

static void
nothing_but_a_token_names_a_challenge(void **state)
{
	static const char *const targets[] = {
	    CHALLENGES,
	    CHALLENGES "missing",
	    CHALLENGES ".well-known",
	    CHALLENGES ".well-known/acme-challenge/here",
	    CHALLENGES "here%2f..%2fhere",
	    CHALLENGES "a/here",
	    CHALLENGES "here.txt",
	    CHALLENGES "directory",
	    CHALLENGES "large",
	    CHALLENGES "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	char large[2048];

	(void)state;
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	make_directory_below(CHALLENGES);
	make_directory_below(CHALLENGES "directory");
	make_directory_below("directory");
	put(CHALLENGES "here", "secret");
	put("here.txt", "secret");
	put("large", large);
	for (size_t i = 0; i < COUNT(targets); i++)
		assert_get("a.example", targets[i], 404, "");
}

static void
a_challenge_is_not_to_be_written(void **state)
{
	(void)state;
	const char *answer = answer_to("PUT " CHALLENGES "t HTTP/1.1\r\nHost: a.example\r\n"
				       "Content-Length: 0\r\n\r\n");
	assert_memory_equal(answer, "HTTP/1.1 405", 12);
	assert_non_null(strstr(answer, "GET, HEAD"));
}

static void
without_a_challenge_directory_there_is_no_challenge(void **state)
{
	int root = serve.acme_root;

	(void)state;
	serve.acme_root = -1;
	assert_get("a.example", CHALLENGES "token", 404, "");
	serve.acme_root = root;
}

static void
all_else_is_redirected_to_the_same_by_https(void **state)
{
	(void)state;
	assert_get("a.example", "/x?y=z", 301, "https://a.example/x?y=z\r\n");
	assert_get("a.example:80", "/", 301, "https://a.example/\r\n");
	assert_get("[::1]:80", "//evil.example/", 301, "https://[::1]//evil.example/\r\n");
	serve.redirect_port = 8443;
	assert_get("a.example:8080", "/", 301, "https://a.example:8443/\r\n");
	serve.redirect_port = 443;
}

static void
a_method_with_a_body_stays_what_it_is(void **state)
{
	(void)state;
	const char *answer = answer_to("POST /form HTTP/1.1\r\nHost: a.example\r\n"
				       "Content-Length: 0\r\n\r\n");
	assert_memory_equal(answer, "HTTP/1.1 308", 12);
}

static void
who_names_no_host_cannot_be_redirected(void **state)
{
	(void)state;
	assert_memory_equal(answer_to("GET / HTTP/1.0\r\n\r\n"), "HTTP/1.1 400", 12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_challenge_is_found_in_the_directory_itself),
	    cmocka_unit_test(a_challenge_is_found_where_certbot_puts_it_and_that_one_first),
	    cmocka_unit_test(nothing_but_a_token_names_a_challenge),
	    cmocka_unit_test(a_challenge_is_not_to_be_written),
	    cmocka_unit_test(without_a_challenge_directory_there_is_no_challenge),
	    cmocka_unit_test(all_else_is_redirected_to_the_same_by_https),
	    cmocka_unit_test(a_method_with_a_body_stays_what_it_is),
	    cmocka_unit_test(who_names_no_host_cannot_be_redirected),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
