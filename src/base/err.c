#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct err
err_format(const char *fmt, va_list args)
{
	struct err e;

	if (vsnprintf(e.text, sizeof e.text, fmt, args) <= 0)
		snprintf(e.text, sizeof e.text, "unknown error");
	return e;
}

struct err
err_new(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	struct err e = err_format(fmt, args);
	va_end(args);
	return e;
}

struct err
err_sys(const char *fmt, ...)
{
	int saved = errno;
	char why[128];
	va_list args;

	va_start(args, fmt);
	struct err e = err_format(fmt, args);
	va_end(args);
	size_t used = strlen(e.text);
	/* GNU's strerror_r: the text may or may not be in `why`. */
	snprintf(e.text + used, sizeof e.text - used, ": %s", strerror_r(saved, why, sizeof why));
	return e;
}

struct err
err_in(struct err why, const char *fmt, ...)
{
	va_list args;

	if (!failed(why))
		return why;
	va_start(args, fmt);
	struct err e = err_format(fmt, args);
	va_end(args);
	size_t used = strlen(e.text);
	snprintf(e.text + used, sizeof e.text - used, ": %s", why.text);
	return e;
}
