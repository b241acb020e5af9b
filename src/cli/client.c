#include "cli/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/print.h"
#include "cli/verb.h"
#include "os/fs.h"

#define API          "http://localhost/api/v1"
#define ANSWER_MAX   (64 << 20)
#define CONFIG_MAX   (1 << 20)
#define ERRORS_MAX   (1 << 22)
#define WAIT_S       600L /* a whole audit log may have to be walked */
#define WAIT_QUIET_S 3L

struct client {
	CURL *curl;
	char *socket;
	bool quiet;
};

/* --- finding the server */

static struct config *
read_config(const char *file, bool root)
{
	struct config_defaults defaults = {.file = file, .root = root};
	struct buf text = buf_with_cap(CONFIG_MAX), errors = buf_with_cap(ERRORS_MAX);
	struct config *c = NULL;
	struct err e = fs_read_path(file, &text);

	if (failed(e))
		fprintf(stderr, "sallyport: %s\n", e.text);
	else
		c = config_read(buf_span(&text), &defaults, &errors);
	if (buf_len(&errors) > 0)
		fwrite(buf_span(&errors).p, 1, buf_len(&errors), stderr);
	buf_free(&text);
	buf_free(&errors);
	return c;
}

struct config *
client_config(const char *file)
{
	return read_config(file, geteuid() == 0);
}

static struct client *
client_new(const char *state_dir)
{
	size_t size = strlen(state_dir) + sizeof "/admin.sock";
	struct client *c = MEM_NEW(struct client);

	c->socket = mem_new(size);
	snprintf(c->socket, size, "%s/admin.sock", state_dir);
	c->curl = curl_easy_init();
	return c;
}

/* It may hold a password of the database; who is in the group may ask the server all the same. */
static bool
is_closed_to_us(const char *file)
{
	return strcmp(file, CONFIG_DEFAULT_FILE) == 0 && access(file, R_OK) < 0 && errno == EACCES;
}

/* A server that runs with a file without state_dir was started by root, whoever asks it. */
int
client_open(const char *file, struct client **out)
{
	*out = NULL;
	if (is_closed_to_us(file)) {
		*out = client_new(CONFIG_STATE_DIR_OF_ROOT);
		return EXIT_DONE;
	}
	struct config *config = read_config(file, true);
	bool wanted = config != NULL && config->control != NULL;
	if (wanted) {
		*out = client_new(config->state_dir);
	} else if (config != NULL) {
		fprintf(stderr,
			"sallyport: %s has neither an `admin` block nor a site with "
			"`access_server`: without one this server knows no people; add "
			"\"admin { listen 943 }\" and run sallyport reload\n",
			file);
	}
	config_free(config);
	return wanted ? EXIT_DONE : EXIT_FAILED;
}

void
client_close(struct client *c)
{
	if (c == NULL)
		return;
	curl_easy_cleanup(c->curl);
	free(c->socket);
	free(c);
}

void
client_quiet(struct client *c)
{
	c->quiet = true;
}

/* --- one request */

static size_t
take_body(char *bytes, size_t size, size_t count, void *owner)
{
	struct answer *a = owner;

	return buf_append(&a->body, span_of(bytes, size * count)) ? size * count : 0;
}

static void
keep(char to[ANSWER_FIELD_MAX], struct span value)
{
	snprintf(to, ANSWER_FIELD_MAX, "%.*s", (int)value.len, (const char *)value.p);
}

/* "</api/v1/audit/export?from=7>; rel="next"" without what is before the path. */
static void
keep_next(struct answer *a, struct span value)
{
	size_t open = span_find(value, '<');
	struct span url = span_tail(value, open + 1), prefix = SPAN_OF("/api/v1");

	url = span_head(url, span_find(url, '>'));
	if (span_starts_with(url, prefix))
		keep(a->next, span_tail(url, prefix.len));
}

static size_t
take_field(char *bytes, size_t size, size_t count, void *owner)
{
	struct span line = span_of(bytes, size * count);
	size_t colon = span_find(line, ':');
	struct span name = span_head(line, colon), value = span_tail(line, colon + 1);

	while (value.len > 0 && (*value.p == ' ' || *value.p == '\t'))
		value = span_tail(value, 1);
	while (value.len > 0 && value.p[value.len - 1] <= ' ')
		value.len--;
	if (span_equal_nocase(name, SPAN_OF("etag")))
		keep(((struct answer *)owner)->etag, value);
	else if (span_equal_nocase(name, SPAN_OF("link")))
		keep_next(owner, value);
	return line.len;
}

static struct curl_slist *
fields_for(const char *body, const char *match)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	char field[ANSWER_FIELD_MAX + 16];

	list = curl_slist_append(list,
				 body != NULL ? "Content-Type: application/json" : "Content-Type:");
	if (match != NULL) {
		snprintf(field, sizeof field, "If-Match: %s", match);
		list = curl_slist_append(list, field);
	}
	return list;
}

static CURLcode
perform(struct client *c, const char *method, const char *path, const char *body,
	struct curl_slist *fields, struct answer *out)
{
	struct buf url = buf_with_cap(1 << 20);
	CURLcode code = CURLE_OUT_OF_MEMORY;
	bool sends = body != NULL || strcmp(method, "GET") != 0;

	if (!buf_printf(&url, API "%s", path) || !buf_byte(&url, '\0'))
		goto out;
	curl_easy_reset(c->curl);
	curl_easy_setopt(c->curl, CURLOPT_URL, (const char *)buf_span(&url).p);
	curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, c->socket);
	curl_easy_setopt(c->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, c->quiet ? WAIT_QUIET_S : WAIT_S);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, fields);
	if (sends) {
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body != NULL ? body : "");
		curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
	}
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, out);
	curl_easy_setopt(c->curl, CURLOPT_HEADERFUNCTION, take_field);
	curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, out);
	code = curl_easy_perform(c->curl);
out:
	buf_free(&url);
	return code;
}

/* What kept us from it, and who may. */
static int
unreached(const struct client *c, CURLcode code)
{
	if (code != CURLE_COULDNT_CONNECT) {
		fprintf(stderr, "sallyport: the server did not answer: %s\n",
			curl_easy_strerror(code));
		return EXIT_UNREACHED;
	}
	if (access(c->socket, R_OK | W_OK) < 0 && errno == EACCES)
		fprintf(stderr,
			"sallyport: you may not ask this server: root may, and who is in the group "
			"sallyport-admin (%s cannot be opened)\n",
			c->socket);
	else
		fprintf(stderr,
			"sallyport: no sallyport is running with this configuration (nothing "
			"answers at %s)\n",
			c->socket);
	return EXIT_UNREACHED;
}

int
client_ask(struct client *c, const char *method, const char *path, const char *body,
	   const char *match, struct answer *out)
{
	struct curl_slist *fields = fields_for(body, match);
	CURLcode code;

	*out = (struct answer){.body = buf_with_cap(ANSWER_MAX)};
	code = perform(c, method, path, body, fields, out);
	curl_slist_free_all(fields);
	if (code != CURLE_OK) {
		answer_free(out);
		return c->quiet ? EXIT_UNREACHED : unreached(c, code);
	}
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &out->status);
	if (buf_len(&out->body) > 0)
		out->json = json_loadb((const char *)buf_span(&out->body).p, buf_len(&out->body),
				       JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	return EXIT_DONE;
}

void
answer_free(struct answer *a)
{
	buf_wipe(&a->body);
	json_decref(a->json);
	a->json = NULL;
}

bool
answer_is_good(const struct answer *a)
{
	return a->status >= 200 && a->status < 300;
}

int
answer_refusal(const struct answer *a, const char *before)
{
	const char *detail = json_string_value(json_object_get(a->json, "detail"));
	const json_t *again = json_object_get(a->json, "retry_after");

	fprintf(stderr, "sallyport: %s%s", before, before[0] != '\0' ? ": " : "");
	if (detail != NULL)
		print_text(stderr, detail);
	else
		fprintf(stderr, "the server refused it (%ld)", a->status);
	if (json_is_integer(again))
		fprintf(stderr, " (try again in %lld s)", (long long)json_integer_value(again));
	fputc('\n', stderr);
	return a->status == 404 ? EXIT_UNKNOWN : EXIT_FAILED;
}

int
client_get(struct client *c, const char *path, struct answer *out)
{
	int status = client_ask(c, "GET", path, NULL, NULL, out);

	if (status != EXIT_DONE || answer_is_good(out))
		return status;
	status = answer_refusal(out, "");
	answer_free(out);
	return status;
}
