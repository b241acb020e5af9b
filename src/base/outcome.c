#include "base/outcome.h"

#include <stdarg.h>
#include <stdio.h>

struct outcome
outcome_new(enum outcome_kind kind, const char *fmt, ...)
{
	struct outcome o = {.kind = kind};
	va_list args;

	va_start(args, fmt);
	vsnprintf(o.text, sizeof o.text, fmt, args);
	va_end(args);
	return o;
}

struct outcome
outcome_field(enum outcome_kind kind, const char *field, const char *fmt, ...)
{
	struct outcome o = {.kind = kind};
	va_list args;

	snprintf(o.field, sizeof o.field, "%s", field);
	va_start(args, fmt);
	vsnprintf(o.text, sizeof o.text, fmt, args);
	va_end(args);
	return o;
}

struct outcome
outcome_typed(enum outcome_kind kind, const char *type, const char *fmt, ...)
{
	struct outcome o = {.kind = kind, .type = type};
	va_list args;

	va_start(args, fmt);
	vsnprintf(o.text, sizeof o.text, fmt, args);
	va_end(args);
	return o;
}
