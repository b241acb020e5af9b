#include "config/config.h"

#include "base/mem.h"
#include "base/text.h"
#include "config/foreign.h"
#include "config/reader.h"
#include "config/scalar.h"

#define NEAR            2    /* letters wrong in a word that we still recognize */
#define SUGGESTIONS_MAX 1000 /* past so many faults, each is not worth the search */

const char *
reader_shown(struct reader *r, const struct word *w)
{
	return fault_word(r->scratch, w->text);
}

void
reader_mark(struct reader *r, enum mark_kind kind, const char *text, struct place at)
{
	*ARENA_PUSH(r->scratch, r->marks, r->mark_count) = (struct mark){text, at, kind};
}

const char *
read_list_words(struct reader *r, const char *const *words, size_t count)
{
	const char *list = "";

	for (size_t i = 0; i < count; i++)
		list = arena_printf(r->scratch, "%s%s%s", list,
				    i == 0          ? ""
				    : i + 1 < count ? ", "
						    : " or ",
				    words[i]);
	return list;
}

/* The one of `words` that `w` may have been meant to be; NULL if none is near. */
static const char *
nearest_of(struct span w, const char *const *words, size_t count)
{
	const char *best = NULL;
	unsigned least = NEAR + 1;

	for (size_t i = 0; i < count; i++) {
		unsigned distance = text_distance(w, span_str(words[i]));

		if (distance < least && distance < w.len) {
			least = distance;
			best = words[i];
		}
	}
	return best;
}

const char *
read_args(struct reader *r, const struct option *o)
{
	struct buf b = buf_with_cap(CONFIG_WORD_MAX);
	bool fits = buf_byte(&b, ' ') && option_put_args(&b, o);

	if (fits && buf_len(&b) == 1)
		fits = false; /* it takes none */
	const char *args = arena_copy(r->scratch, fits ? buf_span(&b) : SPAN_NONE);

	buf_free(&b);
	return args;
}

bool
read_count(struct reader *r, const struct option *o, const struct directive *d, size_t least,
	   size_t most)
{
	if (d->count - 1 > most) {
		const struct word *w = &d->words[most + 1];
		const char *what =
		    o->secret ? "here" : arena_printf(r->scratch, "\"%s\"", reader_shown(r, w));

		FAULT(r, w->at, "%s is one word too many: write \"%s%s\"", what, o->name,
		      read_args(r, o));
		return false;
	}
	if (d->count - 1 < least) {
		FAULT(r, directive_place(d), "something is missing: write \"%s%s\"", o->name,
		      read_args(r, o));
		return false;
	}
	return true;
}

bool
read_no_block(struct reader *r, const struct directive *d)
{
	if (d->has_block)
		FAULT(r, directive_place(d), "%s takes no block", reader_shown(r, &d->words[0]));
	return !d->has_block;
}

static void
list_options(struct reader *r, const struct block *block, const char ***names, size_t *count)
{
	for (size_t i = 0; i < block->count; i++) {
		const struct option *o = &block->options[i];

		if (o->type == OPTION_SHARED)
			list_options(r, o->block, names, count);
		else if (o->type != OPTION_UNBUILT)
			*ARENA_PUSH(r->scratch, *names, *count) = o->name;
	}
}

static void
unknown_option(struct reader *r, const struct block *block, const struct word *w)
{
	const char **names = NULL;
	size_t count = 0;

	if (r->faults->count > SUGGESTIONS_MAX) {
		FAULT(r, w->at, "there is no such option");
		return;
	}
	const char *ours = foreign_word(w->text);
	if (ours != NULL) {
		FAULT(r, w->at, "there is no option \"%s\" here; write %s", reader_shown(r, w),
		      ours);
		return;
	}
	list_options(r, block, &names, &count);
	const char *nearest = nearest_of(w->text, names, count);
	if (nearest != NULL)
		FAULT(r, w->at, "there is no option \"%s\" here; did you mean \"%s\"?",
		      reader_shown(r, w), nearest);
	else
		FAULT(r, w->at, "there is no option \"%s\" %s%s; there %s %s", reader_shown(r, w),
		      block == &block_top ? "here" : "in ", block == &block_top ? "" : block->name,
		      count == 1 ? "is only" : "are", read_list_words(r, names, count));
}

static void
read_one_block(struct reader *r, const struct option *o, const struct directive *d, void *field)
{
	if (d->count > 1)
		FAULT(r, d->words[1].at, "\"%s\" stands outside the block: write \"%s { ... }\"",
		      reader_shown(r, &d->words[1]), o->name);
	else if (!d->has_block)
		FAULT(r, directive_place(d), "%s needs a block: write \"%s { ... }\"", o->name,
		      o->name);
	else
		read_block(r, o->block, d, field);
}

static void
read_list(struct reader *r, const struct option *o, const struct directive *d, const char ***list)
{
	if (!read_count(r, o, d, 1, CONFIG_WORDS_MAX))
		return;
	if (o->zero != NULL && d->count == 2 && span_equal(d->words[1].text, span_str(o->zero))) {
		*list = NULL;
		return;
	}
	*list = arena_get(r->memory, d->count * sizeof **list);
	for (size_t i = 1; i < d->count; i++)
		(*list)[i - 1] = o->word(r, &d->words[i]);
}

static void
read_option(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	void *field = (char *)into + o->offset;

	if (o->type == OPTION_UNBUILT)
		FAULT(r, directive_place(d), "%s", o->doc);
	else if (o->type == OPTION_BLOCK)
		read_one_block(r, o, d, field);
	else if (o->block == NULL && !read_no_block(r, d))
		return;
	else if (o->type == OPTION_OWN)
		o->read(r, o, d, into);
	else if (o->type == OPTION_LIST)
		read_list(r, o, d, field);
	else if (read_count(r, o, d, 1, 1))
		scalar_read(r, o, &d->words[1], field);
}

/* Where an option stands that was read before, in this block. */
struct seen {
	struct {
		const struct option *option;
		const struct directive *first;
	} * options;
	size_t count;
};

/* The directive that was the first of this option; itself, when there was none. */
static const struct directive *
first_of(struct reader *r, struct seen *seen, const struct option *o, const struct directive *d)
{
	for (size_t i = 0; i < seen->count; i++)
		if (seen->options[i].option == o)
			return seen->options[i].first;
	size_t last = seen->count;
	ARENA_PUSH(r->scratch, seen->options, seen->count)->option = o;
	seen->options[last].first = d;
	return d;
}

void
read_block(struct reader *r, const struct block *block, const struct directive *d, void *into)
{
	struct seen seen = {.count = 0};

	for (size_t i = 0; i < d->child_count; i++) {
		const struct directive *child = &d->children[i];
		size_t at;
		const struct option *o = option_find(block, child->words[0].text, &at);

		if (o == NULL) {
			unknown_option(r, block, &child->words[0]);
			continue;
		}
		if (o->secret)
			faults_hide_line(r->faults, directive_place(child).line);
		const struct directive *first = first_of(r, &seen, o, child);
		if (first != child && !o->repeats)
			FAULT(r, directive_place(child),
			      "%s is here a second time: line %u has it already", o->name,
			      directive_place(first).line);
		else
			read_option(r, o, child, (char *)into + at);
	}
}

void
read_defaults(const struct block *block, void *into)
{
	for (size_t i = 0; i < block->count; i++) {
		const struct option *o = &block->options[i];
		void *field = (char *)into + o->offset;

		if (o->type == OPTION_BLOCK || o->type == OPTION_SHARED)
			read_defaults(o->block, field);
		else if (o->type == OPTION_LIST)
			*(const char ***)field = o->list;
		else if (scalar_is(o->type) && o->initial != NULL)
			scalar_set_initial(o, field);
	}
}

static void
read_text(struct reader *r, struct span text)
{
	struct tree tree;

	if (text.len > CONFIG_FILE_MAX) {
		FAULT(r, (struct place){0}, "the file has more than %u bytes", CONFIG_FILE_MAX);
		return;
	}
	tree_read(&tree, text, r->faults, r->scratch);
	if (!tree.whole)
		return; /* what stands in which block is anyone's guess */
	r->dropped = r->faults->count > 0;
	read_defaults(&block_top, r->config);
	const struct directive file = {.children = tree.directives, .child_count = tree.count};
	r->file = &file;
	read_block(r, &block_top, &file, r->config);
	check_all(r);
	r->file = NULL;
}

static void
keep_warnings(struct reader *r)
{
	struct config *c = r->config;

	for (size_t i = 0; i < r->warnings->kept; i++) {
		const struct fault *f = &r->warnings->first[i];

		*ARENA_PUSH(r->memory, c->warnings, c->warning_count) =
		    arena_printf(r->memory, "%s:%u:%u: %s", r->defaults->file, f->at.line,
				 f->at.column, f->text);
	}
}

struct config *
config_read(struct span text, const struct config_defaults *defaults, struct buf *errors)
{
	struct arena *memory = arena_new(), *scratch = arena_new();
	struct config *c = ARENA_NEW(memory, struct config);

	c->memory = memory;
	c->text = span_of(arena_copy(memory, text), text.len);
	struct faults faults = {.file = defaults->file, .text = c->text, .memory = scratch};
	struct faults warnings = faults;
	struct reader r = {.config = c,
			   .memory = memory,
			   .scratch = scratch,
			   .defaults = defaults,
			   .faults = &faults,
			   .warnings = &warnings};
	read_text(&r, c->text);
	keep_warnings(&r);
	faults_print(&faults, errors);
	arena_free(scratch);
	if (faults.count == 0)
		return c;
	config_free(c);
	return NULL;
}

void
config_free(struct config *c)
{
	if (c != NULL)
		arena_free(c->memory);
}
