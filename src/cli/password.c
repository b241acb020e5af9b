/* sallyport hash-password: the line of basic_auth for a password that nobody else sees. */
#include <crypt.h>
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/attr.h"
#include "cli/command.h"
#include "serve/crypter.h"

#define LINE_SIZE (CRYPTER_PASSWORD_MAX + 3) /* and a line's end */

#define TEXT_OF(macro)    TEXT_OF_IT(macro)
#define TEXT_OF_IT(value) #value

static const struct method {
	const char *name, *prefix; /* crypt(5) */
	unsigned long cost;        /* about a tenth of a second; 0: what crypt(3) thinks right */
} methods[] = {{"yescrypt", "$y$", 0}, {"bcrypt", "$2b$", 11}, {"sha512", "$6$", 100000}};

static struct termios as_it_was;

/* A terminal left without echo is one that the next command cannot be read on. */
static void
interrupted(int number)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &as_it_was);
	signal(number, SIG_DFL);
	raise(number);
}

static void
echo_off(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	struct termios silent = as_it_was;

	for (size_t i = 0; i < COUNT(signals); i++)
		signal(signals[i], interrupted);
	silent.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
}

static int
complain(const char *why)
{
	fprintf(stderr, "sallyport: %s\n", why);
	return 1;
}

/* What is wrong with what was read; NULL: nothing, and it is in `line` without its end. */
static const char *
read_line(char line[LINE_SIZE])
{
	if (fgets(line, LINE_SIZE, stdin) == NULL)
		return "there is no password to be read";
	size_t len = strlen(line), end = strcspn(line, "\r\n");
	if (end == len && len + 1 == LINE_SIZE)
		return "a password has at most " TEXT_OF(CRYPTER_PASSWORD_MAX) " bytes";
	line[end] = '\0';
	for (const char *c = line; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7F)
			return "a password has no control characters (RFC 7617)";
	return end > 0 ? NULL : "an empty password is none";
}

/* Typed twice, as nobody sees it. */
static const char *
ask(char line[LINE_SIZE])
{
	char again[LINE_SIZE] = "";
	const char *why;

	echo_off();
	fputs("Password: ", stderr);
	why = read_line(line);
	if (why == NULL) {
		fputs("\nThe same again: ", stderr);
		why = read_line(again);
	}
	fputs("\n", stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &as_it_was);
	if (why == NULL && strcmp(line, again) != 0)
		why = "these are two different passwords";
	explicit_bzero(again, sizeof again);
	return why;
}

static const struct method *
find_method(const char *name)
{
	for (size_t i = 0; i < COUNT(methods); i++)
		if (name == NULL || strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

/* NAME stands for one to be written in its place. */
static const char *
print_hash(const struct method *m, const char *name, const char *password)
{
	static struct crypt_data data;
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *hash = NULL;

	if (crypt_gensalt_rn(m->prefix, m->cost, NULL, 0, setting, sizeof setting) != NULL)
		hash = crypt_rn(password, setting, &data, sizeof data);
	if (hash == NULL)
		return "crypt(3) does not know this method here";
	printf("user %s %s\n", name != NULL ? name : "NAME", hash);
	explicit_bzero(&data, sizeof data);
	return NULL;
}

/* A word of the configuration as it is. */
static bool
is_name(const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && strchr("-._@+", *c) == NULL)
			return false;
	return name[0] != '\0';
}

int
command_hash_password(const struct arguments *a)
{
	const struct method *m = find_method(a->method);
	char line[LINE_SIZE];
	const char *why;

	if (m == NULL)
		return complain("the methods are yescrypt, bcrypt and sha512");
	if (a->name != NULL && !is_name(a->name))
		return complain(
		    "a name is letters, digits and -._@+; quote others in the file yourself");
	setvbuf(stdin, NULL, _IONBF, 0); /* no copy in a buffer that is not wiped */
	why = tcgetattr(STDIN_FILENO, &as_it_was) == 0 ? ask(line) : read_line(line);
	if (why == NULL)
		why = print_hash(m, a->name, line);
	explicit_bzero(line, sizeof line);
	return why == NULL ? 0 : complain(why);
}
