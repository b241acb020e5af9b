/* sallyport hash-password: the line of basic_auth for a password that nobody else sees. */
#include <crypt.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/buf.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "serve/crypter.h"

#define TEXT_OF(macro)    TEXT_OF_IT(macro)
#define TEXT_OF_IT(value) #value
#define TOO_LONG          "a password has at most " TEXT_OF(CRYPTER_PASSWORD_MAX) " bytes"

static const struct method {
	const char *name, *prefix; /* crypt(5) */
	unsigned long cost;        /* about a tenth of a second; 0: what crypt(3) thinks right */
} methods[] = {{"yescrypt", "$y$", 0}, {"bcrypt", "$2b$", 11}, {"sha512", "$6$", 100000}};

static int
complain(const char *why)
{
	fprintf(stderr, "sallyport: %s\n", why);
	return 1;
}

/* What is wrong with what was read; NULL: nothing. */
static const char *
check(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] < 0x20 || text.p[i] == 0x7F)
			return "a password has no control characters (RFC 7617)";
	return text.len > 0 ? NULL : "an empty password is none";
}

/* Typed twice, as nobody sees it, or a line of a pipe; with its NUL. */
static const char *
read_password(struct buf *out)
{
	const char *why = isatty(STDIN_FILENO) ? ask_typed("Password", ASK_TWICE, out)
					       : ask_line(STDIN_FILENO, out);

	if (why != NULL && buf_len(out) > CRYPTER_PASSWORD_MAX)
		return TOO_LONG;
	if (why != NULL)
		return buf_len(out) == 0 ? "there is no password to be read" : why;
	if ((why = check(buf_span(out))) == NULL && !buf_byte(out, '\0'))
		why = TOO_LONG;
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
command_hash_password(struct command_line *l)
{
	const char *name = l->argument_count > 0 ? l->arguments[0] : NULL, *why;
	const struct method *m = find_method(line_value(l, "--method"));
	struct buf password = buf_with_cap(CRYPTER_PASSWORD_MAX + 1);

	if (m == NULL)
		return complain("the methods are yescrypt, bcrypt and sha512");
	if (name != NULL && !is_name(name))
		return complain(
		    "a name is letters, digits and -._@+; quote others in the file yourself");
	why = read_password(&password);
	if (why == NULL)
		why = print_hash(m, name, (const char *)buf_span(&password).p);
	buf_wipe(&password);
	return why == NULL ? EXIT_DONE : complain(why);
}
