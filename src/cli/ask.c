#include "cli/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/print.h"

static struct termios as_it_was;

/* A terminal left without echo is one that the next command cannot be read on. */
static void
interrupted(int number)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &as_it_was);
	signal(number, SIG_DFL);
	raise(number);
}

static void echo_off(void);

/* It was stopped, and the terminal another program's meanwhile: what is typed now is secret still.
 */
static void
resumed(int number)
{
	(void)number;
	echo_off();
}

static void
echo_off(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	struct termios silent = as_it_was;

	for (size_t i = 0; i < COUNT(signals); i++)
		signal(signals[i], interrupted);
	signal(SIGCONT, resumed);
	silent.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
}

/* Byte by byte: no copy in a buffer that is not wiped, and what follows stays to be read. */
const char *
ask_line(int fd, struct buf *out)
{
	bool any = false;
	uint8_t byte;
	ssize_t n;

	while ((n = read(fd, &byte, 1)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return strerror(errno);
		any = true;
		if (byte == '\n')
			return NULL;
		if (byte != '\r' && !buf_byte(out, byte))
			return "it is too long";
	}
	return any ? NULL : "there is none to be read";
}

static const char *
type(const char *what, enum ask_how how, struct buf *out, struct buf *again)
{
	const char *why;

	fprintf(stderr, "%s: ", what);
	why = ask_line(STDIN_FILENO, out);
	if (why == NULL && how == ASK_TWICE) {
		fputs("\nThe same again: ", stderr);
		why = ask_line(STDIN_FILENO, again);
	}
	fputc('\n', stderr);
	if (why == NULL && how == ASK_TWICE && !span_equal(buf_span(out), buf_span(again)))
		why = "these are two different ones";
	return why;
}

const char *
ask_typed(const char *what, enum ask_how how, struct buf *out)
{
	struct buf again = buf_with_cap(out->cap);
	const char *why;

	if (tcgetattr(STDIN_FILENO, &as_it_was) < 0)
		return "there is no terminal to ask for it";
	echo_off();
	why = type(what, how, out, &again);
	signal(SIGCONT, SIG_DFL);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &as_it_was);
	buf_wipe(&again);
	return why;
}

static const char *
read_secret(const char *file, struct buf *out)
{
	int fd = strcmp(file, "-") == 0 ? dup(STDIN_FILENO)
					: open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	const char *why;
	char more;

	if (fd < 0)
		return strerror(errno);
	why = ask_line(fd, out);
	if (why == NULL && strcmp(file, "-") != 0 && read(fd, &more, 1) == 1)
		why = "it has more than one line";
	close(fd);
	return why;
}

bool
ask_secret(const char *what, const char *option, const char *file, enum ask_how how,
	   struct buf *out)
{
	const char *why = file != NULL ? read_secret(file, out) : ask_typed(what, how, out);

	if (why == NULL && buf_len(out) == 0)
		why = "an empty one is none";
	if (why == NULL)
		return true;
	fprintf(stderr, "sallyport: %s: %s", file != NULL ? file : what, why);
	if (file == NULL && !isatty(STDIN_FILENO))
		fprintf(stderr, "; give it with %s FILE", option);
	fputc('\n', stderr);
	buf_wipe(out);
	return false;
}

bool
ask_first(const struct command_line *l, const char *question)
{
	struct buf said = buf_with_cap(64);
	bool yes;

	if (l->yes)
		return true;
	if (!isatty(STDIN_FILENO)) {
		fprintf(stderr, "sallyport: %s There is no terminal to ask at: add --yes\n",
			question);
		return false;
	}
	fprintf(stderr, "%s [y/N] ", question);
	yes = ask_line(STDIN_FILENO, &said) == NULL &&
	      (span_equal_nocase(buf_span(&said), SPAN_OF("y")) ||
	       span_equal_nocase(buf_span(&said), SPAN_OF("yes")));
	buf_free(&said);
	if (!yes)
		fputs("Nothing was done.\n", stderr);
	return yes;
}
