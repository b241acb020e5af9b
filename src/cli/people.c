#include "cli/people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/ask.h"
#include "cli/print.h"
#include "cli/resource.h"
#include "cli/value.h"
#include "os/fs.h"
#include "tls/password.h"

#define CSV_MAX (1 << 20)

/* --- passwords */

/* {"password":...}: the caller's, to be forgotten. NULL: it was said why. */
static json_t *
read_password(const struct command_line *l)
{
	struct buf text = buf_with_cap(PASSWORD_MAX);
	json_t *body = NULL;

	if (ask_secret("Password", "--password-file", line_value(l, "--password-file"), ASK_TWICE,
		       &text)) {
		body = json_pack("{s:s%}", "password", (const char *)buf_span(&text).p,
				 buf_len(&text));
		if (body == NULL)
			fputs("sallyport: the password is no text in UTF-8\n", stderr);
	}
	buf_wipe(&text);
	return body;
}

static int
send_password(struct client *c, const char *path, const json_t *body)
{
	char *text = json_dumps(body, JSON_COMPACT);
	struct answer a;
	int status = client_ask(c, "POST", path, text, NULL, &a);

	explicit_bzero(text, strlen(text));
	free(text);
	if (status != EXIT_DONE)
		return status;
	if (!answer_is_good(&a))
		status = answer_refusal(&a, "");
	answer_free(&a);
	return status;
}

int
people_password(struct command_line *l)
{
	struct client *c = NULL;
	int status = client_open(l->file, &c);
	json_t *body = status == EXIT_DONE ? read_password(l) : NULL;
	const char *path = arena_printf(l->memory, "/users/%s/password",
					value_escaped(l->memory, l->arguments[0]));

	if (status == EXIT_DONE)
		status = body != NULL ? send_password(c, path, body) : EXIT_FAILED;
	if (status == EXIT_DONE && !l->json)
		puts(print_sentence(l, l->verb->done, NULL));
	value_forget(body);
	client_close(c);
	return status;
}

/* A user whose password was not taken is not left behind: the command can be said again. */
static int
give_password(struct client *c, struct command_line *l, const struct answer *user,
	      const json_t *password)
{
	const char *name = json_string_value(json_object_get(user->json, "name"));
	const char *path = arena_printf(l->memory, "/users/%s",
					value_escaped(l->memory, name != NULL ? name : ""));
	int status = send_password(c, arena_printf(l->memory, "%s/password", path), password);
	struct answer a;

	if (status == EXIT_DONE)
		return EXIT_DONE;
	if (client_ask(c, "DELETE", path, NULL, user->etag, &a) != EXIT_DONE)
		return status;
	if (answer_is_good(&a))
		fputs("The user was not added.\n", stderr);
	else
		fputs("The user was added, without a password: sallyport user password\n", stderr);
	answer_free(&a);
	return status;
}

int
people_add(struct command_line *l)
{
	bool wants =
	    line_value(l, "--password-file") != NULL || line_value(l, "--ask-password") != NULL;
	struct request r = {NULL, NULL};
	struct client *c = NULL;
	struct answer a;
	int status = client_open(l->file, &c);
	json_t *password = status == EXIT_DONE && wants ? read_password(l) : NULL;

	if (status == EXIT_DONE && wants && password == NULL)
		status = EXIT_FAILED;
	if (status == EXIT_DONE)
		status = request_make(c, l, &r);
	if (status == EXIT_DONE && (status = request_send(c, l, &r, &a)) == EXIT_DONE) {
		if (password != NULL)
			status = give_password(c, l, &a, password);
		if (status == EXIT_DONE)
			status = answer_report(l, &a);
		answer_free(&a);
	}
	value_forget(password);
	request_free(&r);
	client_close(c);
	return status;
}

/* --- many users at once */

static int
send_import(struct client *c, const json_t *csv, bool preview, struct answer *out)
{
	json_t *body = json_pack("{s:O, s:b}", "csv", csv, "preview", (int)preview);
	char *text = json_dumps(body, JSON_COMPACT);
	int status = client_ask(c, "POST", "/users/import", text, NULL, out);

	free(text);
	json_decref(body);
	if (status != EXIT_DONE || answer_is_good(out))
		return status;
	status = answer_refusal(out, "");
	answer_free(out);
	return status;
}

static void
show_import(const struct answer *a)
{
	static const struct column columns[] = {
	    {"LINE", "line"}, {"NAME", "name"}, {"COLUMN", "field"}, {"PROBLEM", "problem"}};

	print_on_terminal(columns, COUNT(columns), json_object_get(a->json, "rows"));
}

/* What it would do; whether it can be done. */
static int
preview(struct client *c, struct command_line *l, const json_t *csv, const char **question)
{
	struct answer a;
	int status = send_import(c, csv, true, &a);

	if (status != EXIT_DONE)
		return status;
	bool bad = json_integer_value(json_object_get(a.json, "problems")) > 0;
	bool only = line_value(l, "--preview") != NULL;
	if (l->json && (only || bad))
		print_json(stdout, a.json);
	else if (!l->json)
		show_import(&a);
	if (bad)
		fputs(print_sentence(l, "{problems} rows cannot be taken, so none would be.\n",
				     a.json),
		      stderr);
	*question = print_sentence(l, "Add these {added} users?", a.json);
	answer_free(&a);
	return bad ? EXIT_FAILED : EXIT_DONE;
}

static json_t *
read_table(const char *file)
{
	struct buf text = buf_with_cap(CSV_MAX);
	struct err e = fs_read_path(file, &text);
	json_t *csv = NULL;

	if (!failed(e)) {
		csv = json_stringn((const char *)buf_span(&text).p, buf_len(&text));
		if (csv == NULL)
			e = err_new("%.200s is no text in UTF-8", file);
	}
	if (failed(e))
		fprintf(stderr, "sallyport: %s\n", e.text);
	buf_free(&text);
	return csv;
}

static int
import(struct client *c, struct command_line *l, const json_t *csv)
{
	const char *question;
	struct answer a;
	int status = preview(c, l, csv, &question);

	if (status != EXIT_DONE || line_value(l, "--preview") != NULL)
		return status;
	if (!ask_first(l, question))
		return EXIT_FAILED;
	if ((status = send_import(c, csv, false, &a)) != EXIT_DONE)
		return status;
	status = answer_report(l, &a);
	answer_free(&a);
	return status;
}

int
people_import(struct command_line *l)
{
	struct client *c = NULL;
	json_t *csv = read_table(l->arguments[0]);
	int status = csv != NULL ? client_open(l->file, &c) : EXIT_FAILED;

	if (status == EXIT_DONE)
		status = import(c, l, csv);
	json_decref(csv);
	client_close(c);
	return status;
}

/* --- the first administrator */

/* Of the certificate that a browser will show for that link, by its site's name. */
static const char *
fingerprint_of(struct client *c, struct command_line *l, const char *url)
{
	const char *host = strstr(url, "://"), *found = NULL;
	json_t *site;
	struct answer a;
	size_t i;

	if (host == NULL || client_get(c, "/site-certificates", &a) != EXIT_DONE)
		return NULL;
	host += strlen("://");
	json_array_foreach(json_object_get(a.json, "items"), i, site)
	{
		const char *name = json_string_value(json_object_get(site, "site"));
		bool fits = name != NULL && strncmp(host, name, strlen(name)) == 0 &&
			    strchr(":/", host[strlen(name)]) != NULL;

		if (fits || found == NULL)
			found = print_short(l->memory, json_object_get(site, "sha256"));
		if (fits)
			break;
	}
	answer_free(&a);
	return found;
}

static void
say_link(struct client *c, struct command_line *l, const struct answer *a)
{
	const char *url = print_short(l->memory, json_object_get(a->json, "url"));
	const char *fingerprint = fingerprint_of(c, l, url);

	printf("%s\n\nWhoever opens it within 15 minutes, until %s, can become the first "
	       "administrator.\n",
	       url, print_short(l->memory, json_object_get(a->json, "expires")));
	if (fingerprint != NULL)
		printf("The certificate's SHA-256 is %s\n", fingerprint);
}

int
people_setup_link(struct command_line *l)
{
	struct request r = {.path = l->verb->path};
	struct client *c = NULL;
	struct answer a;
	int status = client_open(l->file, &c);

	if (status == EXIT_DONE)
		status = request_send(c, l, &r, &a);
	if (status == EXIT_DONE) {
		if (l->json)
			print_json(stdout, a.json);
		else
			say_link(c, l, &a);
		answer_free(&a);
	}
	client_close(c);
	return status;
}
