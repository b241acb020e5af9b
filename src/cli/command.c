#include "cli/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/print.h"
#include "os/local.h"
#include "role/warden.h"
#include "role/warden_provision.h"

#define OUTPUT_MAX  (1 << 22)
#define REQUEST_MAX 64
#define PATH_SIZE   4096

static int
complain(struct err e, int status)
{
	fprintf(stderr, "sallyport: %s\n", e.text);
	return status;
}

static void
put(FILE *to, struct span text)
{
	if (text.len > 0)
		fwrite(text.p, 1, text.len, to);
}

int
command_serve(struct command_line *l)
{
	return warden_main(l->file);
}

int
command_version(struct command_line *l)
{
	(void)l;
	puts("sallyport " SALLYPORT_VERSION);
	return EXIT_DONE;
}

/* --- the file */

static void
say_warnings(const struct config *c)
{
	for (size_t i = 0; i < c->warning_count; i++)
		fprintf(stderr, "%s\n", c->warnings[i]);
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

int
command_check(struct command_line *l)
{
	struct buf errors = buf_with_cap(OUTPUT_MAX);
	struct provision *p = provision_load(l->file, true, &errors);
	int status = p != NULL ? EXIT_DONE : EXIT_FAILED;

	put(stderr, buf_span(&errors));
	if (p != NULL) {
		say_warnings(p->config);
		const struct config *c = p->config;
		size_t sites = c->site_count - (c->site_count > 0 && c->sites[0].implied);
		size_t servers = c->backends_count - (c->control != NULL);

		printf("%s is good: %zu site%s, %zu back end%s\n", l->file, sites, plural(sites),
		       servers, plural(servers));
	}
	provision_free(p);
	buf_free(&errors);
	return status;
}

int
command_config(struct command_line *l)
{
	struct buf out = buf_with_cap(OUTPUT_MAX);
	struct config *c = NULL;
	bool fits = false;

	if (line_value(l, "--defaults") != NULL)
		fits = config_print_defaults(&out);
	else if (line_value(l, "--manual") != NULL)
		fits = config_print_manual(&out);
	else if ((c = client_config(l->file)) != NULL)
		fits = config_print_masked(c, &out);
	put(stdout, buf_span(&out));
	buf_free(&out);
	config_free(c);
	return fits ? EXIT_DONE : EXIT_FAILED;
}

/* --- asking warden */

/* What it says is added to `answer`, without its first line, which says whether it is good. */
static int
ask(const struct config *config, const char *request, struct buf *answer)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "%s/warden.sock", config->state_dir);
	struct err e = local_ask(path, span_str(request), answer);
	struct span text = buf_span(answer);
	size_t line = span_find(text, '\n');
	bool ok = span_equal(span_head(text, line), SPAN_OF("ok"));

	if (!failed(e) && text.len == 0)
		e = err_new("the server ended before it answered");
	buf_taken(answer, line < text.len ? line + 1 : text.len);
	if (failed(e))
		return complain(e, EXIT_UNREACHED);
	return ok ? EXIT_DONE : EXIT_FAILED;
}

static int
ask_and_say(const struct command_line *l, const char *request)
{
	struct buf answer = buf_with_cap(OUTPUT_MAX);
	struct config *config = client_config(l->file);
	int status = config != NULL ? ask(config, request, &answer) : EXIT_FAILED;

	put(status == EXIT_DONE ? stdout : stderr, buf_span(&answer));
	buf_free(&answer);
	config_free(config);
	return status;
}

bool
is_to_be_confirmed(const char *seconds)
{
	uint64_t n = 0;

	return seconds != NULL && text_to_u64(span_str(seconds), UINT64_MAX, &n) && n > 0;
}

int
command_reload(struct command_line *l)
{
	const char *confirm = line_value(l, "--confirm");
	char request[REQUEST_MAX];

	snprintf(request, sizeof request, "reload%s%s\n", confirm != NULL ? " " : "",
		 confirm != NULL ? confirm : "");
	int status = ask_and_say(l, request);
	if (status == EXIT_DONE && is_to_be_confirmed(confirm))
		printf("it comes back in %s s unless you run: sallyport confirm -c %s\n", confirm,
		       l->file);
	return status;
}

int
command_confirm(struct command_line *l)
{
	return ask_and_say(l, "confirm\n");
}

int
command_reopen_log(struct command_line *l)
{
	return ask_and_say(l, "reopen-log\n");
}

/* --- status */

/* What control counts, where it can be asked; NULL: it cannot, and that is no fault. */
static json_t *
ask_control(const struct command_line *l)
{
	struct client *c = NULL;
	json_t *counts = NULL;
	struct answer a;

	if (client_open(l->file, &c) != EXIT_DONE)
		return NULL;
	client_quiet(c);
	if (client_ask(c, "GET", "/status", NULL, NULL, &a) == EXIT_DONE) {
		if (answer_is_good(&a))
			counts = json_incref(a.json);
		answer_free(&a);
	}
	client_close(c);
	return counts;
}

static void
put_counts(const json_t *counts, const char *part)
{
	const char *name;
	json_t *value;

	putchar('\n');
	json_object_foreach(json_object_get(counts, part), name, value)
	{
		if (!json_is_integer(value))
			continue;
		printf("%12" JSON_INTEGER_FORMAT " ", json_integer_value(value));
		for (const char *c = name; *c != '\0'; c++)
			putchar(*c == '_' ? ' ' : *c);
		puts(strcmp(part, "control") == 0 ? " (of the API)" : "");
	}
}

static void
put_status(const struct command_line *l, struct span warden, const json_t *counts)
{
	json_t *all = l->json && counts != NULL
			  ? json_loadb((const char *)warden.p, warden.len, 0, NULL)
			  : NULL;

	if (all != NULL) {
		json_object_set(all, "people", json_object_get(counts, "people"));
		json_object_set(all, "control", json_object_get(counts, "control"));
		print_json(stdout, all);
		json_decref(all);
		return;
	}
	put(stdout, warden);
	if (counts == NULL || l->json)
		return;
	put_counts(counts, "people");
	put_counts(counts, "control");
}

int
command_status(struct command_line *l)
{
	struct buf answer = buf_with_cap(OUTPUT_MAX);
	struct config *config = client_config(l->file);
	int status = config != NULL ? ask(config, l->json ? "status json\n" : "status\n", &answer)
				    : EXIT_FAILED;
	json_t *counts = status == EXIT_DONE && config->control != NULL ? ask_control(l) : NULL;

	if (status == EXIT_DONE)
		put_status(l, buf_span(&answer), counts);
	else
		put(stderr, buf_span(&answer));
	json_decref(counts);
	buf_free(&answer);
	config_free(config);
	return status;
}
