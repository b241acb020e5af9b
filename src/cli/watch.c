#include "cli/watch.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/print.h"
#include "cli/resource.h"
#include "os/terminal.h"

/* Asks as the row says; the answer is the caller's. */
static int
ask(struct command_line *l, struct client **c, struct answer *out)
{
	struct request r = {NULL, NULL};
	int status = client_open(l->file, c);

	if (status == EXIT_DONE)
		status = request_make(*c, l, &r);
	if (status == EXIT_DONE)
		status = request_send(*c, l, &r, out);
	request_free(&r);
	return status;
}

/* --- rule add */

/* Whose it is decides its scope. */
static int
set_scope(struct command_line *l, struct request *r)
{
	bool user = line_value(l, "--user") != NULL, group = line_value(l, "--group") != NULL;

	if (user && group) {
		fputs("sallyport rule add: a rule is a user's or a group's: not both --user and "
		      "--group\n",
		      stderr);
		return EXIT_USAGE;
	}
	json_object_set_new(r->body, "scope",
			    json_string(user    ? "user"
					: group ? "group"
						: "global"));
	return EXIT_DONE;
}

int
watch_rule_add(struct command_line *l)
{
	struct request r = {NULL, NULL};
	struct client *c = NULL;
	struct answer a;
	int status = client_open(l->file, &c);

	if (status == EXIT_DONE)
		status = request_make(c, l, &r);
	if (status == EXIT_DONE)
		status = set_scope(l, &r);
	if (status == EXIT_DONE && (status = request_send(c, l, &r, &a)) == EXIT_DONE) {
		status = answer_report(l, &a);
		answer_free(&a);
	}
	request_free(&r);
	client_close(c);
	return status;
}

/* --- why */

static void
show_why(struct command_line *l, const json_t *why)
{
	const json_t *standing = json_object_get(why, "standing");
	const json_t *account = json_object_get(why, "account");
	const json_t *again = json_object_get(why, "again"), *command;
	size_t i;

	puts(print_sentence(l,
			    json_is_true(json_object_get(why, "admitted"))
				? "{of} is not refused now: no ban and no delay stands."
				: "{of} is refused now.",
			    why));
	if (json_is_string(account))
		printf("%s\n", print_short(l->memory, account));
	if (json_is_string(standing))
		printf("%s\n", print_short(l->memory, standing));
	if (json_is_string(again))
		printf("The next try is looked at from %s on.\n", print_short(l->memory, again));
	json_array_foreach(json_object_get(why, "remedies"), i, command)
	    printf("To let it in again: %s\n", print_short(l->memory, command));
}

static void
show_refusals(struct command_line *l, const json_t *refusals)
{
	json_t *one;
	size_t i;

	puts(json_array_size(refusals) > 0 ? "\nThe last refusals:" : "\nNo refusal is known.");
	json_array_foreach(refusals, i, one)
	{
		puts(print_sentence(l, "  {time}  {where}  user {user}, from {address}: {reason}",
				    one));
		if (json_is_string(json_object_get(one, "remedy")))
			puts(print_sentence(l, "      to allow it: {remedy}", one));
	}
}

int
watch_why(struct command_line *l)
{
	struct client *c = NULL;
	struct answer a;
	int status = ask(l, &c, &a);

	if (status == EXIT_DONE) {
		if (l->json) {
			print_json(stdout, a.json);
		} else {
			show_why(l, a.json);
			show_refusals(l, json_object_get(a.json, "refusals"));
		}
		answer_free(&a);
	}
	client_close(c);
	return status;
}

/* --- audit */

int
watch_audit_verify(struct command_line *l)
{
	struct client *c = NULL;
	struct answer a;
	int status = ask(l, &c, &a);

	if (status == EXIT_DONE) {
		if (!json_is_true(json_object_get(a.json, "whole")))
			status = EXIT_FAILED;
		if (l->json)
			print_json(stdout, a.json);
		else
			puts(print_sentence(l, "{why} ({rows} rows)", a.json));
		answer_free(&a);
	}
	client_close(c);
	return status;
}

/* It comes in parts, each of which says where the next begins. */
static int export(struct client *c, const struct request *r, FILE *to)
{
	char path[ANSWER_FIELD_MAX];
	struct answer a;
	int status;

	snprintf(path, sizeof path, "%s", r->path);
	do {
		if ((status = client_get(c, path, &a)) != EXIT_DONE)
			return status;
		snprintf(path, sizeof path, "%s", a.next);
		if (fwrite(buf_span(&a.body).p, 1, buf_len(&a.body), to) != buf_len(&a.body))
			status = EXIT_FAILED;
		answer_free(&a);
	} while (status == EXIT_DONE && path[0] != '\0');
	return status;
}

int
watch_audit_export(struct command_line *l)
{
	struct request r = {NULL, NULL};
	struct client *c = NULL;
	int status = client_open(l->file, &c);
	FILE *to = NULL;

	if (status == EXIT_DONE)
		status = request_make(c, l, &r);
	if (status == EXIT_DONE && (to = output_open(l)) == NULL)
		status = EXIT_FAILED;
	if (status == EXIT_DONE)
		status = output_close(l, to, export(c, &r, to));
	request_free(&r);
	client_close(c);
	return status;
}
