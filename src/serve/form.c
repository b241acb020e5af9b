#include <stdlib.h>
#include <unistd.h>

#include "serve/cache_inner.h"
#include "serve/compressor.h"

#define GAIN_PARTS 16 /* a form must be smaller by one such part */

static const char *const endings[CODING_COUNT] = {
    [CODING_GZIP] = ".gz", [CODING_ZSTD] = ".zst", [CODING_BR] = ".br"};

static bool
suits(struct entry *e, const struct policy *p)
{
	const char *const *types = (const char *const *)p->compress_types;

	if (e->suits_types != types) {
		e->suits_types = types;
		e->suits = coding_suits_type(types, e->facts.type);
	}
	return e->suits;
}

static bool
is_compressed(struct entry *e, const struct policy *p)
{
	return p->compress != COMPRESS_OFF && e->facts.size >= ENCODE_WORTH_MIN && suits(e, p);
}

/*
 * For other types than those that are compressed, only what has been found counts: who took
 * no coding, and whom nobody told that there is one, can give what he got to everybody.
 */
bool
form_varies(struct entry *e, const struct policy *p)
{
	if (e->packed)
		return false;
	if (is_compressed(e, p) || (p->precompressed && suits(e, p)))
		return true;
	for (size_t c = 0; p->precompressed && c < CODING_COUNT; c++)
		if (e->forms[c] != NULL && !e->forms[c]->made)
			return true;
	return false;
}

static size_t
weight(const struct form *form)
{
	return form != NULL ? sizeof *form + form->length : 0;
}

static void
drop(struct serve_files *f, struct entry *e, enum coding c)
{
	f->bytes -= weight(e->forms[c]);
	free(e->forms[c]);
	e->forms[c] = NULL;
}

size_t
form_drop_all(struct entry *e)
{
	size_t bytes = 0;

	for (size_t c = 0; c < CODING_COUNT; c++) {
		bytes += weight(e->forms[c]);
		free(e->forms[c]);
		e->forms[c] = NULL;
	}
	return bytes;
}

/* A form of `length` bytes that are still to be filled in; NULL: there is no room for it. */
static struct form *
form_new(struct serve_files *f, const struct entry *e, size_t length)
{
	size_t bytes = sizeof(struct form) + length;

	if (!cache_make_room(f, e, bytes))
		return NULL;
	struct form *form = mem_new(bytes);
	form->length = length;
	return form;
}

static void
keep(struct serve_files *f, struct entry *e, enum coding c, struct form *form,
     const struct fs_info *info)
{
	drop(f, e, c);
	form->info = *info;
	facts_fill(&form->facts, info, e->facts.type, c);
	form->facts.size = form->length;
	e->forms[c] = form;
	f->bytes += weight(form);
}

static void
take_form(const struct form *form, struct found *out)
{
	if (out->fd >= 0)
		close(out->fd);
	out->fd = -1;
	out->facts = &form->facts;
	out->content = span_of(form->bytes, form->length);
	out->varies = true;
}

/* What lies beside it, too large to be kept or for want of room. Gives `fd` away. */
static void
take_open(const struct entry *e, enum coding c, int fd, const struct fs_info *info,
	  struct arena *memory, struct found *out)
{
	struct facts *facts = ARENA_NEW(memory, struct facts);

	if (out->fd >= 0)
		close(out->fd);
	facts_fill(facts, info, e->facts.type, c);
	out->fd = fd;
	out->facts = facts;
	out->content = SPAN_NONE;
	out->varies = true;
}

static bool
is_same(const struct form *form, const struct fs_info *info)
{
	return form != NULL && !form->made && fs_is_same(&form->info, info);
}

/* Opens what may lie beside the file. -1: nothing does. */
static int
open_beside(const struct entry *e, enum coding c, struct arena *memory, struct fs_info *info)
{
	struct span name = span_tail(e->served, 1);
	int fd = -1;
	int why = fs_open_beneath(
	    e->root, arena_printf(memory, "%.*s%s", (int)name.len, name.p, endings[c]), &fd, info);

	if (why == 0 && info->kind == FS_FILE && info->size > 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Looks again whether something lies beside it. True: it was too large, and *out has it. */
static bool
look_beside(struct serve_files *f, struct entry *e, enum coding c, struct arena *memory,
	    struct found *out)
{
	struct fs_info info;
	int fd = open_beside(e, c, memory, &info);
	struct form *form;

	e->looked |= (uint8_t)(1u << c);
	if (fd < 0 || is_same(e->forms[c], &info)) {
		if (fd >= 0)
			close(fd);
		else if (e->forms[c] != NULL && !e->forms[c]->made)
			drop(f, e, c);
		return false;
	}
	form = info.size <= SMALL_FILE ? form_new(f, e, (size_t)info.size) : NULL;
	if (form != NULL && cache_read_whole(fd, form->bytes, form->length)) {
		close(fd);
		keep(f, e, c, form, &info);
		return false;
	}
	free(form);
	e->looked &= (uint8_t) ~(1u << c);
	take_open(e, c, fd, &info, memory, out);
	return true;
}

/* The whole of `from` into `to`; 0: it does not fit there, so it is not worth it. */
static size_t
compress(enum coding c, struct span from, uint8_t *to, size_t room)
{
	struct compressor *compressor = compressor_new(c, EFFORT_ONCE);
	struct compressed made = {0};

	if (compressor == NULL)
		return 0;
	if (!compressor_run(compressor, &from, COMPRESS_ENDED, to, room, &made) || !made.done)
		made.made = 0;
	compressor_free(compressor);
	return made.made;
}

static void
make(struct serve_files *f, struct entry *e, enum coding c)
{
	size_t most = e->content.len - e->content.len / GAIN_PARTS;
	uint8_t *to = mem_new(most);
	size_t length = compress(c, e->content, to, most);
	struct form *form = length > 0 ? form_new(f, e, length) : NULL;

	if (form == NULL) {
		e->not_worth |= (uint8_t)(1u << c);
	} else {
		memcpy(form->bytes, to, length);
		form->made = true;
		keep(f, e, c, form, &e->info);
	}
	free(to);
}

/* True: *out has that form. */
static bool
take_coding(struct serve_files *f, struct entry *e, enum coding c, const struct policy *p,
	    struct arena *memory, struct found *out)
{
	unsigned bit = 1u << c;

	if (p->precompressed && !(e->looked & bit) && look_beside(f, e, c, memory, out))
		return true;
	if (e->forms[c] == NULL && e->content.p != NULL && !(e->not_worth & bit) &&
	    is_compressed(e, p))
		make(f, e, c);
	const struct form *form = e->forms[c];
	if (form == NULL || !(form->made ? is_compressed(e, p) : p->precompressed))
		return false;
	take_form(form, out);
	return true;
}

void
form_choose(struct serve_files *f, struct entry *e, const struct sought *what, struct arena *memory,
	    struct found *out)
{
	const struct policy *p = what->policy;

	if (e->packed || what->request == NULL || !(p->precompressed || is_compressed(e, p)))
		return;
	struct codings accepted =
	    codings_accepted(what->request->fields, what->request->field_count);
	for (size_t i = 0; i < accepted.count; i++)
		if (take_coding(f, e, accepted.at[i], p, memory, out))
			return;
}
