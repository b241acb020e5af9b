#include "os/resolvers.h"

#include <ctype.h>

#include "os/fs.h"

#define TEXT_MAX 65536

static bool
is_loopback(const struct address *a)
{
	static const uint8_t one[16] = {[15] = 1};

	return a->family == 4 ? a->ip[0] == 127 : memcmp(a->ip, one, sizeof one) == 0;
}

static struct span
next_word(struct span *line)
{
	size_t from = 0, to;

	while (from < line->len && isspace(line->p[from]))
		from++;
	for (to = from; to < line->len && !isspace(line->p[to]);)
		to++;
	struct span word = span_head(span_tail(*line, from), to - from);
	*line = span_tail(*line, to);
	return word;
}

size_t
resolvers_read(struct span text, struct address *out, size_t max)
{
	size_t count = 0;

	while (text.len > 0 && count < max) {
		size_t len = span_find(text, '\n');
		struct span line = span_head(text, len);
		struct address a;

		text = span_tail(text, len + 1);
		if (span_equal(next_word(&line), SPAN_OF("nameserver")) &&
		    address_parse_ip(next_word(&line), &a) && !is_loopback(&a))
			out[count++] = a;
	}
	return count;
}

size_t
resolvers_list(struct address *out, size_t max)
{
	/* What the machine uses, and what stands behind a resolver of its own. */
	static const char *const files[] = {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf",
					    "/run/NetworkManager/no-stub-resolv.conf"};
	size_t count = 0;

	for (size_t i = 0; i < COUNT(files) && count == 0; i++) {
		struct buf text = buf_with_cap(TEXT_MAX);

		if (!failed(fs_read_path(files[i], &text)))
			count = resolvers_read(buf_span(&text), out, max);
		buf_free(&text);
	}
	return count;
}
