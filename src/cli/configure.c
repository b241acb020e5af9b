#include "cli/configure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/print.h"
#include "cli/resource.h"
#include "os/fs.h"

#define TEXT_MAX (1 << 20)

static const char *
text_of(const struct answer *a, const char *member)
{
	const char *text = json_string_value(json_object_get(a->json, member));

	return text != NULL ? text : "";
}

int
config_show(struct command_line *l)
{
	struct request r = {NULL, NULL};
	struct client *c = NULL;
	struct answer a;
	int status = client_open(l->file, &c);

	if (status == EXIT_DONE)
		status = request_make(c, l, &r);
	if (status == EXIT_DONE && (status = request_send(c, l, &r, &a)) == EXIT_DONE) {
		if (l->json)
			print_json(stdout, a.json);
		else
			print_lines(stdout, text_of(&a, "text"));
		if (!l->json && json_is_true(json_object_get(a.json, "differs"))) {
			fputs("\nThis is not what runs. From what runs to the file:\n", stderr);
			print_lines(stderr, text_of(&a, "diff"));
		}
		answer_free(&a);
	}
	request_free(&r);
	client_close(c);
	return status;
}

/* --- a text that may become it */

/* As JSON; NULL: it was said why. */
static json_t *
read_file(const char *file)
{
	struct buf text = buf_with_cap(TEXT_MAX);
	struct err e = fs_read_path(file, &text);
	json_t *json = NULL;

	if (!failed(e) &&
	    (json = json_stringn((const char *)buf_span(&text).p, buf_len(&text))) == NULL)
		e = err_new("%.200s is no text in UTF-8", file);
	if (failed(e))
		fprintf(stderr, "sallyport: %s\n", e.text);
	buf_wipe(&text);
	return json;
}

/* EXIT_DONE: the answer is a good one, and the caller's. */
static int
post(struct client *c, const char *path, const json_t *body, struct answer *out)
{
	char *text = json_dumps(body, JSON_COMPACT);
	int status = client_ask(c, "POST", path, text, NULL, out);

	explicit_bzero(text, strlen(text));
	free(text);
	if (status != EXIT_DONE || answer_is_good(out))
		return status;
	status = answer_refusal(out, "");
	answer_free(out);
	return status;
}

static int
ask_about(struct client *c, const char *path, json_t *text, struct answer *out)
{
	json_t *body = json_pack("{s:O}", "text", text);
	int status = post(c, path, body, out);

	json_decref(body);
	return status;
}

static int
say_verdict(const struct answer *a)
{
	bool valid = json_is_true(json_object_get(a->json, "valid"));

	print_lines(stderr, text_of(a, "faults"));
	print_lines(stderr, text_of(a, "warnings"));
	if (!valid && text_of(a, "faults")[0] != '\0')
		fputc('\n', stderr);
	if (valid && text_of(a, "needs_restart")[0] != '\0')
		fprintf(stderr, "A restart is needed for \"%s\".\n", text_of(a, "needs_restart"));
	return valid ? EXIT_DONE : EXIT_FAILED;
}

static int
check(struct client *c, const struct command_line *l, json_t *text, bool quietly)
{
	struct answer a;
	int status = ask_about(c, "/config/check", text, &a);

	if (status != EXIT_DONE)
		return status;
	if (l->json && !quietly)
		print_json(stdout, a.json);
	status = l->json && !quietly
		     ? json_is_true(json_object_get(a.json, "valid")) ? EXIT_DONE : EXIT_FAILED
		     : say_verdict(&a);
	if (status == EXIT_DONE && !l->json && !quietly)
		puts("It could be applied.");
	answer_free(&a);
	return status;
}

/* Whether there is a difference, which was shown. */
static int
diff(struct client *c, const struct command_line *l, json_t *text, FILE *to, bool *changed)
{
	struct answer a;
	int status = ask_about(c, "/config/diff", text, &a);

	if (status != EXIT_DONE)
		return status;
	*changed = json_is_true(json_object_get(a.json, "changed"));
	if (l->json && to == stdout)
		print_json(to, a.json);
	else
		print_lines(to, text_of(&a, "diff"));
	answer_free(&a);
	return EXIT_DONE;
}

int
config_check(struct command_line *l)
{
	struct client *c = NULL;
	json_t *text = read_file(l->arguments[0]);
	int status = text != NULL ? client_open(l->file, &c) : EXIT_FAILED;

	if (status == EXIT_DONE)
		status = check(c, l, text, false);
	json_decref(text);
	client_close(c);
	return status;
}

int
config_diff(struct command_line *l)
{
	struct client *c = NULL;
	json_t *text = read_file(l->arguments[0]);
	int status = text != NULL ? client_open(l->file, &c) : EXIT_FAILED;
	bool changed;

	if (status == EXIT_DONE)
		status = diff(c, l, text, stdout, &changed);
	json_decref(text);
	client_close(c);
	return status;
}

/* Shown, asked about, and applied; `base` is of the file that it was made from. */
static int
apply(struct client *c, struct command_line *l, json_t *text, const char *base)
{
	struct request r = {NULL, NULL};
	bool changed = false;
	struct answer a;
	int status = check(c, l, text, true);

	if (status == EXIT_DONE)
		status = diff(c, l, text, stderr, &changed);
	if (status == EXIT_DONE && !changed)
		fputs("It is the same as the file.\n", stderr);
	if (status == EXIT_DONE && !ask_first(l, l->verb->ask))
		status = EXIT_FAILED;
	if (status == EXIT_DONE)
		status = request_make(c, l, &r);
	if (status == EXIT_DONE) {
		json_object_set(r.body, "text", text);
		json_object_set_new(r.body, "base", json_string(base));
		status = request_send(c, l, &r, &a);
	}
	request_free(&r);
	if (status != EXIT_DONE)
		return status;
	status = answer_report(l, &a);
	answer_free(&a);
	if (!l->json && is_to_be_confirmed(line_value(l, "--confirm")))
		printf("It comes back in %s s unless you run: sallyport config confirm -c %s\n",
		       line_value(l, "--confirm"), l->file);
	return status;
}

int
config_apply(struct command_line *l)
{
	struct client *c = NULL;
	struct answer now;
	json_t *text = read_file(l->arguments[0]);
	int status = text != NULL ? client_open(l->file, &c) : EXIT_FAILED;

	if (status == EXIT_DONE && (status = client_get(c, "/config", &now)) == EXIT_DONE) {
		status = apply(c, l, text, text_of(&now, "sha256"));
		answer_free(&now);
	}
	json_decref(text);
	client_close(c);
	return status;
}

/* --- edit */

/* $VISUAL and $EDITOR may be a command with words of its own. */
static bool
run_editor(const char *file)
{
	const char *editor = getenv("VISUAL");
	int status = -1;

	if (editor == NULL || editor[0] == '\0')
		editor = getenv("EDITOR");
	if (editor == NULL || editor[0] == '\0')
		editor = "vi";
	pid_t pid = fork();
	if (pid == 0) {
		setenv("SALLYPORT_EDITOR", editor, 1);
		execl("/bin/sh", "sh", "-c", "eval \"$SALLYPORT_EDITOR \\\"\\$1\\\"\"", "sh", file,
		      (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* What it became; NULL: it was said why not. */
static json_t *
edit_text(const char *file, const char *text)
{
	struct err e = fs_write_path(file, span_str(text), 0600);

	if (failed(e))
		fprintf(stderr, "sallyport: %s\n", e.text);
	else if (!run_editor(file))
		fputs("sallyport: the editor failed, so nothing was done\n", stderr);
	else
		return read_file(file);
	return NULL;
}

/* What was refused stays in `file`: somebody has typed it. */
static int
edit(struct client *c, struct command_line *l, const struct answer *now, const char *file)
{
	json_t *text = edit_text(file, text_of(now, "text"));
	bool changed = text != NULL && strcmp(json_string_value(text), text_of(now, "text")) != 0;
	int status = text != NULL ? EXIT_DONE : EXIT_FAILED;

	if (changed)
		status = apply(c, l, text, text_of(now, "sha256"));
	else if (text != NULL)
		fputs("Nothing was changed.\n", stderr);
	if (changed && status != EXIT_DONE)
		fprintf(stderr, "What you wrote is in %s\n", file);
	else
		unlink(file);
	json_decref(text);
	return status;
}

int
config_edit(struct command_line *l)
{
	char file[] = "/tmp/sallyport-XXXXXX.conf";
	struct client *c = NULL;
	struct answer now;
	int status = client_open(l->file, &c);

	if (status == EXIT_DONE && (status = client_get(c, "/config", &now)) == EXIT_DONE) {
		int fd = mkstemps(file, (int)strlen(".conf"));

		if (fd >= 0) {
			close(fd);
			status = edit(c, l, &now, file);
		} else {
			perror("sallyport: /tmp");
			status = EXIT_FAILED;
		}
		answer_free(&now);
	}
	client_close(c);
	return status;
}
