/* Whatever reads as a configuration is printed so that it reads back, and prints the same again. */
#include <stdlib.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PRINTED_MAX (1 << 20)

static const struct config_defaults defaults = {"/etc/sallyport/sallyport.conf", true};

static struct config *
read_quietly(struct span text)
{
	struct buf errors = buf_with_cap(PRINTED_MAX);
	struct config *c = config_read(text, &defaults, &errors);

	if ((c == NULL) != (buf_len(&errors) > 0))
		abort(); /* refused without a word, or taken with one */
	buf_free(&errors);
	return c;
}

static void
print(const struct config *c, struct buf *out)
{
	struct buf shown = buf_with_cap(PRINTED_MAX);

	if (!config_print(c, out) || !config_print_masked(c, &shown))
		abort();
	buf_free(&shown);
}

static void
search(const struct config *c, struct span text)
{
	for (size_t i = 0; i < c->site_count; i++)
		for (size_t j = 0; j < c->sites[i].name_count; j++) {
			const char *name = c->sites[i].names[j];

			if (name[0] != '*' && !c->sites[i].implied &&
			    config_site(c, span_str(name)) != &c->sites[i])
				abort();
		}
	config_site(c, text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = buf_with_cap(PRINTED_MAX), second = buf_with_cap(PRINTED_MAX);
	struct config *a = read_quietly(span_of(data, size)), *b;

	if (a == NULL)
		return 0;
	print(a, &first);
	if ((b = read_quietly(buf_span(&first))) == NULL)
		abort();
	print(b, &second);
	if (!span_equal(buf_span(&first), buf_span(&second)) || config_needs_restart(a, b) != NULL)
		abort();
	search(a, span_of(data, size));
	config_free(a);
	config_free(b);
	buf_free(&first);
	buf_free(&second);
	return 0;
}
