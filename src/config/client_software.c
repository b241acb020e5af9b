#include "config/client_software.h"

#include "base/encode.h"
#include "base/mem.h"
#include "config/limits.h"
#include "config/printer.h"
#include "config/reader.h"

#define SHA256_BYTES 32
#define URL_MAX      1024

const char *const software_platforms[] = {"windows", "macos", "linux", "android", "ios", NULL};

static size_t
count_platforms(void)
{
	size_t n = 0;

	while (software_platforms[n] != NULL)
		n++;
	return n;
}

static bool
read_platform(struct reader *r, const struct word *w, int *out)
{
	for (*out = 0; software_platforms[*out] != NULL; ++*out)
		if (span_equal(w->text, span_str(software_platforms[*out])))
			return true;
	FAULT(r, w->at, "client_software is for %s, not \"%s\"",
	      read_list_words(r, software_platforms, count_platforms()), reader_shown(r, w));
	return false;
}

/* It becomes a link of a page: nothing that a browser would run, or leave HTTPS for. */
static const char *
url_fault(struct span url)
{
	if (!span_starts_with(url, SPAN_OF("https://")) &&
	    (!span_starts_with(url, SPAN_OF("/")) || span_starts_with(url, SPAN_OF("//"))))
		return "is neither https://... nor a path of the site with access_server, "
		       "\"/files/client.msi\"";
	if (url.len > URL_MAX)
		return "is too long";
	for (size_t i = 0; i < url.len; i++)
		if (url.p[i] <= ' ' || url.p[i] >= 0x7F || url.p[i] == '\\' || url.p[i] == '"')
			return "has bytes that are written as %XX in a URL";
	return NULL;
}

static bool
read_sha256(struct reader *r, const struct word *w, const char **out)
{
	uint8_t digest[SHA256_BYTES];
	char text[HEX_SIZE(SHA256_BYTES)];

	if (!hex_read(w->text, digest, sizeof digest)) {
		FAULT(r, w->at,
		      "\"%s\" is not a SHA-256: 64 hexadecimal digits, as sha256sum "
		      "prints them",
		      reader_shown(r, w));
		return false;
	}
	hex_write(span_of(digest, sizeof digest), text);
	*out = arena_copy(r->memory, span_str(text));
	return true;
}

void
software_read(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct client_software one = {.sha256 = NULL};
	struct vpn *vpn = into;
	const char *why;

	if (!read_count(r, o, d, 2, 3) || !read_platform(r, &d->words[1], &one.platform))
		return;
	if ((why = url_fault(d->words[2].text)) != NULL)
		FAULT(r, d->words[2].at, "\"%s\" %s", reader_shown(r, &d->words[2]), why);
	else if (vpn->software_count >= CONFIG_SOFTWARE_MAX)
		FAULT(r, d->words[0].at, "there are more than %d lines of client_software",
		      CONFIG_SOFTWARE_MAX);
	else if (d->count == 3 || read_sha256(r, &d->words[3], &one.sha256)) {
		one.url = arena_copy(r->memory, d->words[2].text);
		*ARENA_PUSH(r->memory, vpn->software, vpn->software_count) = one;
	}
}

void
software_print(struct printer *p, const struct option *o, const void *from)
{
	const struct vpn *vpn = from;

	for (size_t i = 0; i < vpn->software_count; i++) {
		const struct client_software *one = &vpn->software[i];

		print_name(p, o->name);
		print_word(p, software_platforms[one->platform]);
		print_word(p, one->url);
		if (one->sha256 != NULL)
			print_word(p, one->sha256);
		print_end(p);
	}
}
