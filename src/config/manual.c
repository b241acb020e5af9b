/* The option table, told to people: the commented file, and the manual page. */
#include <stdio.h>

#include "config/scalar.h"

#define LINE_WIDTH 92

MUST_CHECK static bool
put_range(struct buf *out, const struct option *o)
{
	if (o->max == 0)
		return true;
	return buf_append(out, SPAN_OF(" Range: ")) && scalar_put(out, o, &o->min) &&
	       buf_append(out, SPAN_OF(" to ")) && scalar_put(out, o, &o->max) &&
	       (o->zero == NULL || buf_printf(out, ", or %s", o->zero)) && buf_byte(out, '.');
}

MUST_CHECK static bool
put_default(struct buf *out, const struct option *o)
{
	const char *initial = o->initial != NULL ? o->initial : o->silence;

	if (o->list == NULL && initial == NULL)
		return true;
	return buf_append(out, SPAN_OF(" Default: ")) &&
	       (o->list != NULL ? option_put_list(out, o->list)
				: buf_append(out, span_str(initial))) &&
	       buf_byte(out, '.');
}

/* What it does, its default and range, and what makes it count: one paragraph. */
MUST_CHECK static bool
put_prose(struct buf *out, const struct option *o)
{
	return buf_append(out, span_str(o->doc)) &&
	       (!o->repeats || buf_append(out, SPAN_OF(" May be written more than once."))) &&
	       put_default(out, o) && put_range(out, o) &&
	       (!o->restart || buf_append(out, SPAN_OF(" Applied by a restart only.")));
}

/* Lines that all begin with `prefix`. */
MUST_CHECK static bool
put_wrapped(struct buf *out, const char *prefix, struct span text)
{
	size_t column = 0;

	while (text.len > 0) {
		struct span word = span_head(text, span_find(text, ' '));
		bool fresh = column == 0 || column + 1 + word.len > LINE_WIDTH;

		if (fresh ? !buf_printf(out, "%s%s", column > 0 ? "\n" : "", prefix)
			  : !buf_byte(out, ' '))
			return false;
		column = fresh ? strlen(prefix) + word.len : column + 1 + word.len;
		if (!buf_append(out, word))
			return false;
		text = span_tail(text, word.len + 1);
	}
	return buf_byte(out, '\n');
}

/* A block is told of once, at the first option that may have it. */
struct told {
	const struct block *blocks[20];
	size_t count;
};

static bool
is_told(struct told *told, const struct block *b)
{
	for (size_t i = 0; i < told->count; i++)
		if (told->blocks[i] == b)
			return true;
	if (told->count < COUNT(told->blocks))
		told->blocks[told->count++] = b;
	return false;
}

/* The option as it may be written. */
MUST_CHECK static bool
put_sample(struct buf *out, const struct option *o)
{
	const char *sample = o->initial != NULL ? o->initial : o->sample;

	if (!buf_append(out, span_str(o->name)))
		return false;
	if (o->list != NULL)
		return buf_byte(out, ' ') && option_put_list(out, o->list);
	return sample == NULL || sample[0] == '\0' || buf_printf(out, " %s", sample);
}

MUST_CHECK static bool
put_option_comment(struct buf *out, const struct option *o, int depth)
{
	struct buf text = buf_with_cap(4096);
	char prefix[64];

	snprintf(prefix, sizeof prefix, "# %*s", depth * 4, "");
	bool fits = buf_printf(&text, "%s ", o->name) && option_put_args(&text, o) &&
		    put_wrapped(out, prefix, buf_span(&text));
	buf_taken(&text, buf_len(&text));
	fits = fits && put_prose(&text, o) && put_wrapped(out, prefix, buf_span(&text));
	buf_free(&text);
	return fits;
}

static bool put_block_comment(struct buf *out, struct told *told, const struct block *b, int depth);

/* Where another option has the place of this one, it is an example, and no part of the file. */
MUST_CHECK static bool
put_instead(struct buf *out, const struct option *o, int depth)
{
	return buf_printf(out, "# %*sExample: ", depth * 4, "") && put_sample(out, o) &&
	       buf_byte(out, '\n');
}

MUST_CHECK static bool
put_option(struct buf *out, struct told *told, const struct option *o, int depth)
{
	static const char tabs[] = "\t\t\t\t\t\t\t\t";
	bool block = o->block != NULL && !is_told(told, o->block);

	if (!put_option_comment(out, o, depth))
		return false;
	if (o->instead)
		return put_instead(out, o, depth);
	if (!buf_printf(out, "#%.*s", depth, tabs) || !put_sample(out, o) ||
	    !buf_append(out, block ? SPAN_OF(" {\n") : SPAN_OF("\n")))
		return false;
	if (!block)
		return true;
	return put_block_comment(out, told, o->block, depth + 1) &&
	       buf_printf(out, "#%.*s}\n", depth, tabs);
}

/* The options of another block that may stand here too; told of in full once. */
MUST_CHECK static bool
put_shared(struct buf *out, struct told *told, const struct option *o, int depth)
{
	char prefix[64];

	if (!is_told(told, o->block))
		return put_block_comment(out, told, o->block, depth);
	snprintf(prefix, sizeof prefix, "# %*s", depth * 4, "");
	return put_wrapped(out, prefix, span_str(o->doc));
}

static bool
put_block_comment(struct buf *out, struct told *told, const struct block *b, int depth)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct option *o = &b->options[i];

		if (o->type == OPTION_UNBUILT)
			continue;
		if (i > 0 && !buf_append(out, depth > 0 ? SPAN_OF("#\n") : SPAN_OF("\n")))
			return false;
		if (o->type == OPTION_SHARED ? !put_shared(out, told, o, depth)
					     : !put_option(out, told, o, depth))
			return false;
	}
	return true;
}

bool
config_print_defaults(struct buf *out)
{
	static const char head[] =
	    "# Every option there is. Lines that begin with \"# \" explain; lines that begin with\n"
	    "# \"#\" alone are options, with their defaults or, where there is none, an "
	    "example.\n\n";
	struct told told = {.count = 0};

	return buf_append(out, SPAN_OF(head)) && put_block_comment(out, &told, &block_top, 0);
}

/* Where mdoc(7) would take a byte for its own. */
MUST_CHECK static bool
put_escaped(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		bool first = i == 0 && (text.p[i] == '.' || text.p[i] == '\'');

		if (first && !buf_append(out, SPAN_OF("\\&")))
			return false;
		if (text.p[i] == '\\' ? !buf_append(out, SPAN_OF("\\e"))
				      : !buf_byte(out, text.p[i]))
			return false;
	}
	return true;
}

/* Text in lines of one sentence each, as mdoc wants it. */
MUST_CHECK static bool
put_sentences(struct buf *out, struct span text)
{
	while (text.len > 0) {
		size_t n = 0;

		while (n < text.len &&
		       !(text.p[n] == '.' && n + 1 < text.len && text.p[n + 1] == ' '))
			n++;
		if (!put_escaped(out, span_head(text, n + 1)) || !buf_byte(out, '\n'))
			return false;
		text = span_tail(text, n + 2);
	}
	return true;
}

MUST_CHECK static bool
put_manual_option(struct buf *out, const struct option *o)
{
	struct buf text = buf_with_cap(4096);
	bool fits = buf_printf(out, ".It Ic %s", o->name);

	if (fits && o->type != OPTION_BLOCK)
		fits = option_put_args(&text, o);
	if (fits && buf_len(&text) > 0)
		fits = buf_append(out, SPAN_OF(" Ar ")) && put_escaped(out, buf_span(&text));
	buf_taken(&text, buf_len(&text));
	fits = fits && buf_byte(out, '\n') && put_prose(&text, o) &&
	       put_sentences(out, buf_span(&text));
	buf_free(&text);
	return fits;
}

static const struct {
	const struct block *block;
	const char *title;
} chapters[] = {
    {&block_top, "Outside of all blocks"},
    {&block_plain, "plain"},
    {&block_admin, "admin"},
    {&block_vpn, "vpn"},
    {&block_log, "log"},
    {&block_limits, "limits"},
    {&block_site, "site"},
    {&block_route, "route, in a site"},
    {&block_policy, "policy, in a site or in a route"},
    {&block_accounts, "The block of basic_auth"},
    {&block_handler, "Handlers, in a route or in a site"},
    {&block_proxy, "The block of proxy"},
    {&block_share, "share"},
    {&block_backends, "The block of a rule with back ends"},
    {&block_inetd, "The block of ssh inetd"},
};

/* Unbuilt options are told of to those who write them, and to nobody else. */
MUST_CHECK static bool
put_manual_row(struct buf *out, const struct option *o)
{
	if (o->type == OPTION_UNBUILT)
		return true;
	if (o->type != OPTION_SHARED)
		return put_manual_option(out, o);
	return buf_printf(out, ".It %s\n", o->args) && put_sentences(out, span_str(o->doc));
}

bool
config_print_manual(struct buf *out)
{
	for (size_t i = 0; i < COUNT(chapters); i++) {
		const struct block *b = chapters[i].block;

		if (!buf_printf(out, ".Ss %s\n.Bl -tag -width Ds\n", chapters[i].title))
			return false;
		for (size_t j = 0; j < b->count; j++)
			if (!put_manual_row(out, &b->options[j]))
				return false;
		if (!buf_append(out, SPAN_OF(".El\n")))
			return false;
	}
	return true;
}
