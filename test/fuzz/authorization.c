/* Authorization fields: what is taken for credentials is what they say, once. */
#include "serve/authorization.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct credentials c;

	if (!authorization_basic(span_of(data, size), &c))
		return 0;
	check(c.user.len + 1 + c.password.len <= CREDENTIALS_MAX);
	check(c.user.p == c.text && c.password.len == 0 ? true
							: c.password.p == c.text + c.user.len + 1);
	check(span_find(c.user, ':') == c.user.len);
	for (size_t i = 0; i < c.user.len + 1 + c.password.len; i++)
		check(c.text[i] >= 0x20 && c.text[i] != 0x7F);
	return 0;
}
