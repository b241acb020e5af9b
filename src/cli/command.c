#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "config/config.h"
#include "os/fs.h"
#include "os/local.h"
#include "role/warden.h"
#include "role/warden_provision.h"

#define OUTPUT_MAX  (1 << 22)
#define CONFIG_MAX  (1 << 20)
#define REQUEST_MAX 64
#define PATH_SIZE   4096

static int
complain(struct err e)
{
	fprintf(stderr, "sallyport: %s\n", e.text);
	return 1;
}

static void
put_span(FILE *to, struct span text)
{
	if (text.len > 0)
		fwrite(text.p, 1, text.len, to);
}

static void
put(FILE *to, const struct buf *b)
{
	put_span(to, buf_span(b));
}

int
command_serve(const struct arguments *a)
{
	return warden_main(a->file);
}

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
command_check(const struct arguments *a)
{
	struct buf errors = buf_with_cap(OUTPUT_MAX);
	struct provision *p = provision_load(a->file, true, &errors);
	int status = p != NULL ? 0 : 1;

	put(stderr, &errors);
	if (p != NULL) {
		say_warnings(p->config);
		printf("%s is good: %zu site%s, %zu back end%s\n", a->file, p->config->site_count,
		       plural(p->config->site_count), p->config->backends_count,
		       plural(p->config->backends_count));
	}
	provision_free(p);
	buf_free(&errors);
	return status;
}

/* The configuration alone: nothing that it names is looked at. */
static struct config *
read_config(const char *file)
{
	struct config_defaults defaults = {.file = file, .root = geteuid() == 0};
	struct buf text = buf_with_cap(CONFIG_MAX), errors = buf_with_cap(OUTPUT_MAX);
	struct config *c = NULL;
	struct err e = fs_read_path(file, &text);

	if (failed(e))
		complain(e);
	else
		c = config_read(buf_span(&text), &defaults, &errors);
	put(stderr, &errors);
	buf_free(&text);
	buf_free(&errors);
	return c;
}

int
command_config(const struct arguments *a)
{
	struct buf out = buf_with_cap(OUTPUT_MAX);
	struct config *c = NULL;
	bool fits = false;

	if (a->defaults)
		fits = config_print_defaults(&out);
	else if (a->manual)
		fits = config_print_manual(&out);
	else if ((c = read_config(a->file)) != NULL)
		fits = config_print(c, &out);
	put(stdout, &out);
	buf_free(&out);
	config_free(c);
	return fits ? 0 : 1;
}

/* Asks the server that runs with this configuration. */
static int
ask(const struct arguments *a, const char *request)
{
	struct config *c = read_config(a->file);
	struct buf answer = buf_with_cap(OUTPUT_MAX);
	char path[PATH_SIZE];

	if (c == NULL)
		return 1;
	snprintf(path, sizeof path, "%s/warden.sock", c->state_dir);
	config_free(c);
	struct err e = local_ask(path, span_str(request), &answer);
	struct span text = buf_span(&answer);
	size_t line = span_find(text, '\n');
	bool ok = span_equal(span_head(text, line), SPAN_OF("ok"));
	if (!failed(e) && text.len == 0)
		e = err_new("the server ended before it answered");
	text = span_tail(text, line + 1);
	put_span(ok ? stdout : stderr, text);
	buf_free(&answer);
	return failed(e) ? complain(e) : ok ? 0 : 1;
}

int
command_reload(const struct arguments *a)
{
	char request[REQUEST_MAX];

	snprintf(request, sizeof request, "reload%s%s\n", a->confirm != NULL ? " " : "",
		 a->confirm != NULL ? a->confirm : "");
	int status = ask(a, request);
	if (status == 0 && a->confirm != NULL)
		printf("it comes back in %s s unless you run: sallyport confirm -c %s\n",
		       a->confirm, a->file);
	return status;
}

int
command_confirm(const struct arguments *a)
{
	return ask(a, "confirm\n");
}

int
command_status(const struct arguments *a)
{
	return ask(a, a->json ? "status json\n" : "status\n");
}

int
command_reopen_log(const struct arguments *a)
{
	return ask(a, "reopen-log\n");
}
