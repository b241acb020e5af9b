#include "config/printer.h"

#include <stdio.h>

#include "config/lex.h"
#include "config/scalar.h"

static void
put(struct printer *p, struct span text)
{
	if (!p->full)
		p->full = !buf_append(p->out, text);
}

static void
indent(struct printer *p)
{
	for (unsigned i = 0; i < p->depth; i++)
		put(p, SPAN_OF("\t"));
}

static void
put_word(struct printer *p, struct span word)
{
	if (lex_is_plain(word)) {
		put(p, word);
		return;
	}
	put(p, SPAN_OF("\""));
	for (size_t i = 0; i < word.len; i++) {
		if (word.p[i] == '"' || word.p[i] == '\\')
			put(p, SPAN_OF("\\"));
		put(p, span_of(word.p + i, 1));
	}
	put(p, SPAN_OF("\""));
}

void
print_name(struct printer *p, const char *name)
{
	indent(p);
	put(p, span_str(name));
}

void
print_word(struct printer *p, const char *word)
{
	put(p, SPAN_OF(" "));
	put_word(p, span_str(word));
}

void
print_marked_word(struct printer *p, const char *mark, const char *word)
{
	struct buf b = buf_with_cap((size_t)CONFIG_WORD_MAX + 2);

	put(p, SPAN_OF(" "));
	if (!buf_printf(&b, "%s%s", mark, word))
		p->full = true;
	put_word(p, buf_span(&b));
	buf_free(&b);
}

void
print_value(struct printer *p, const struct option *o, const void *field)
{
	struct buf b = buf_with_cap(CONFIG_WORD_MAX);

	put(p, SPAN_OF(" "));
	if (!scalar_put(&b, o, field))
		p->full = true;
	put_word(p, buf_span(&b));
	buf_free(&b);
}

void
print_end(struct printer *p)
{
	put(p, SPAN_OF("\n"));
}

void
print_network(struct printer *p, const struct network *net)
{
	char text[NETWORK_TEXT_MAX];

	print_word(p, network_text(net, text));
}

void
print_networks(struct printer *p, const struct option *o, const struct network *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		print_name(p, o->name);
		print_network(p, &list[i]);
		print_end(p);
	}
}

/* A URL, of which the password alone is secret. */
static void
print_secret(struct printer *p, struct span url)
{
	size_t at = span_find(url, '@');
	size_t user = 2 + span_find(url, '/');
	size_t colon = user + span_find(span_tail(url, user), ':');
	struct buf b = buf_with_cap((size_t)CONFIG_WORD_MAX + sizeof PRINT_MASK);

	put(p, SPAN_OF(" "));
	if (at < url.len && colon < at) {
		if (!buf_append(&b, span_head(url, colon + 1)) ||
		    !buf_append(&b, SPAN_OF(PRINT_MASK)))
			p->full = true;
		url = span_tail(url, at);
	}
	if (!buf_append(&b, url))
		p->full = true;
	put_word(p, buf_span(&b));
	buf_free(&b);
}

/* Takes back all that was written after the first `len` bytes. */
static void
take_back(struct printer *p, size_t len)
{
	p->out->end = p->out->start + len;
}

void
print_block(struct printer *p, const struct block *block, const void *from)
{
	size_t before = buf_len(p->out);

	put(p, SPAN_OF(" {\n"));
	size_t opened = buf_len(p->out);
	const void *unsaid = p->unsaid;
	p->unsaid = NULL;
	p->depth++;
	print_options(p, block, from);
	p->depth--;
	p->unsaid = unsaid;
	if (p->full)
		return;
	if (buf_len(p->out) == opened) {
		take_back(p, before);
	} else {
		indent(p);
		put(p, SPAN_OF("}"));
	}
	print_end(p);
}

static void
print_one_block(struct printer *p, const struct option *o, const void *field)
{
	size_t before = buf_len(p->out);

	print_name(p, o->name);
	size_t named = buf_len(p->out) + 1;
	print_block(p, o->block, field);
	if (!p->full && buf_len(p->out) == named)
		take_back(p, before);
}

static const void *
unsaid_field(const struct printer *p, const struct option *o)
{
	return (const char *)p->unsaid + o->offset;
}

static void
print_scalar(struct printer *p, const struct option *o, const void *field)
{
	if (p->unsaid != NULL ? scalar_equal(o, field, unsaid_field(p, o))
			      : scalar_is_initial(o, field))
		return;
	print_name(p, o->name);
	if (p->masked && o->secret)
		print_secret(p, span_str(*(const char *const *)field));
	else
		print_value(p, o, field);
	print_end(p);
}

static bool
same_lists(const char *const *a, const char *const *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	while (*a != NULL && *b != NULL && strcmp(*a, *b) == 0)
		a++, b++;
	return *a == *b;
}

static void
print_list(struct printer *p, const struct option *o, const char **list)
{
	const char **unsaid =
	    p->unsaid != NULL ? *(const char **const *)unsaid_field(p, o) : o->list;

	if (same_lists(list, unsaid))
		return;
	print_name(p, o->name);
	if (list == NULL)
		print_word(p, o->zero);
	for (; list != NULL && *list != NULL; list++)
		print_word(p, *list);
	print_end(p);
}

static void
print_shared(struct printer *p, const struct option *o, const void *field)
{
	const void *before = p->unsaid;

	p->unsaid = p->around;
	print_options(p, o->block, field);
	p->unsaid = before;
}

void
print_options(struct printer *p, const struct block *block, const void *from)
{
	for (size_t i = 0; i < block->count && !p->full; i++) {
		const struct option *o = &block->options[i];
		const void *field = (const char *)from + o->offset;

		if (o->type == OPTION_BLOCK)
			print_one_block(p, o, field);
		else if (o->type == OPTION_SHARED)
			print_shared(p, o, field);
		else if (o->type == OPTION_OWN)
			o->print(p, o, from);
		else if (o->type == OPTION_LIST)
			print_list(p, o, *(const char **const *)field);
		else if (o->type != OPTION_UNBUILT)
			print_scalar(p, o, field);
	}
}

bool
config_print(const struct config *c, struct buf *out)
{
	struct printer p = {.out = out, .config = c};

	print_options(&p, &block_top, c);
	return !p.full;
}

bool
config_print_masked(const struct config *c, struct buf *out)
{
	struct printer p = {.out = out, .config = c, .masked = true};

	print_options(&p, &block_top, c);
	return !p.full;
}
