#include "http/method.h"

#include "base/text.h"

static const struct {
	struct span name;
	enum method method;
} methods[] = {
    {SPAN_INIT("GET"), METHOD_GET},         {SPAN_INIT("HEAD"), METHOD_HEAD},
    {SPAN_INIT("POST"), METHOD_POST},       {SPAN_INIT("PUT"), METHOD_PUT},
    {SPAN_INIT("DELETE"), METHOD_DELETE},   {SPAN_INIT("OPTIONS"), METHOD_OPTIONS},
    {SPAN_INIT("CONNECT"), METHOD_CONNECT}, {SPAN_INIT("TRACE"), METHOD_TRACE},
    {SPAN_INIT("PATCH"), METHOD_PATCH},
};

unsigned
method_check(struct span name)
{
	if (name.len > 0 && !text_is_token(span_head(name, METHOD_MAX + 1)))
		return 400;
	return name.len > METHOD_MAX ? 501 : 0;
}

enum method
method_of(struct span name)
{
	for (size_t i = 0; i < COUNT(methods); i++)
		if (span_equal(name, methods[i].name))
			return methods[i].method;
	return METHOD_OTHER;
}
