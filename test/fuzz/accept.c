/* Accept-Encoding, in two fields split at the first NUL; and media types against a list of them. */
#include "fuzz.h"
#include "serve/encode.h"

static void
check_order(const struct codings *c)
{
	unsigned seen = 0;

	check(c->count < CODING_COUNT);
	for (size_t i = 0; i < c->count; i++) {
		check(c->at[i] > CODING_IDENTITY && c->at[i] < CODING_COUNT);
		check(!(seen & 1u << c->at[i]));
		seen |= 1u << c->at[i];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {"text/*", "application/json", "image/", "*", NULL};
	struct span all = span_of(data, size);
	size_t cut = span_find(all, '\0');
	struct field fields[] = {
	    {SPAN_OF("accept-encoding"), span_head(all, cut)},
	    {SPAN_OF("accept-encoding"), span_tail(all, cut + 1)},
	};
	struct codings both = codings_accepted(fields, COUNT(fields));

	check_order(&both);
	struct codings first = codings_accepted(fields, 1);
	check_order(&first);
	check(!coding_suits_type(NULL, all));
	(void)!coding_suits_type(types, all);
	return 0;
}
