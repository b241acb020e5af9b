#include "serve/cache_inner.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "serve/type.h"

#define BELIEVED_MS 1000

struct serve_files *
serve_files_new(size_t max_files, size_t max_bytes)
{
	struct serve_files *f = MEM_NEW(struct serve_files);

	f->max_files = max_files;
	f->max_bytes = max_bytes;
	f->bucket_count = 16;
	while (f->bucket_count < max_files)
		f->bucket_count *= 2;
	f->buckets = mem_new(f->bucket_count * sizeof *f->buckets);
	list_init(&f->recent);
	return f;
}

static struct entry *
entry_of(struct list *link)
{
	return container_of(link, struct entry, link);
}

static size_t
weight(const struct entry *e)
{
	return sizeof *e + e->served.len + e->content.len;
}

static void
drop(struct serve_files *f, struct entry *e)
{
	struct entry **at = &f->buckets[e->hash & (f->bucket_count - 1)];

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	list_remove(&e->link);
	f->files--;
	f->bytes -= weight(e) + form_drop_all(e);
	free(e);
}

void
serve_files_forget(struct serve_files *f)
{
	while (!list_empty(&f->recent))
		drop(f, entry_of(f->recent.next));
}

void
serve_files_free(struct serve_files *f)
{
	if (f == NULL)
		return;
	serve_files_forget(f);
	free(f->buckets);
	free(f);
}

/*
 * Only files that exist get in, so nobody outside can pile up one bucket. What a directory
 * stands for hangs on the route that is asked.
 */
static uint64_t
hash_of(const struct sought *what)
{
	uint64_t h = hash_bytes(HASH_START ^ (uint64_t)what->root, what->path);
	const char **index = what->policy->index;

	if (what->path.p[what->path.len - 1] == '/')
		for (; index != NULL && *index != NULL; index++)
			h = hash_bytes(h, span_of(*index, strlen(*index) + 1));
	return h ^ h >> 32;
}

static struct entry *
look_up(struct serve_files *f, uint64_t hash, int root, struct span path)
{
	struct entry *e = f->buckets[hash & (f->bucket_count - 1)];

	while (e != NULL && !(e->hash == hash && e->root == root && span_equal(e->path, path)))
		e = e->next;
	return e;
}

bool
cache_make_room(struct serve_files *f, const struct entry *e, size_t bytes)
{
	if (bytes > f->max_bytes)
		return false;
	while (f->bytes + bytes > f->max_bytes) {
		struct entry *oldest = entry_of(f->recent.next);

		if (oldest == e)
			return false;
		drop(f, oldest);
	}
	return true;
}

/* Room for one more; false for one that is larger than everything together may be. */
static bool
make_room(struct serve_files *f, size_t bytes)
{
	if (f->max_files == 0)
		return false;
	while (f->files >= f->max_files)
		drop(f, entry_of(f->recent.next));
	return cache_make_room(f, NULL, bytes);
}

/* A file opened by its path, or by an index name in the directory that the path is. */
struct opened {
	int fd;
	struct fs_info info;
	struct span name;
	struct span index; /* the end of the name that was not asked for */
};

static int
open_name(int root, const char *name, struct opened *out)
{
	int why;

	*out = (struct opened){.fd = -1, .name = span_str(name)};
	if ((why = fs_open_beneath(root, name, &out->fd, &out->info)) != 0)
		return why;
	/* A device, a socket, a FIFO: nothing to see. It was closed again. */
	return out->info.kind == FS_OTHER ? ENOENT : 0;
}

static int
open_index(int root, struct span path, const char **index, struct arena *memory, struct opened *out)
{
	int why = ENOENT;

	for (; why == ENOENT && index != NULL && *index != NULL; index++) {
		why = open_name(root, arena_printf(memory, "%.*s%s", (int)path.len, path.p, *index),
				out);
		out->index = span_str(*index);
		if (why == 0 && out->info.kind != FS_FILE) {
			close(out->fd);
			why = ENOENT;
		}
	}
	return why;
}

static int
open_path(int root, struct span path, const char **index, struct arena *memory, struct opened *out)
{
	struct span relative = span_tail(path, 1);

	if (path.p[path.len - 1] == '/')
		return open_index(root, relative, index, memory, out);
	return open_name(root, arena_copy(memory, relative), out);
}

bool
cache_read_whole(int fd, uint8_t *to, size_t size)
{
	size_t at = 0;
	ssize_t n;

	while (at < size && (n = fs_read_at(fd, to + at, size - at, at)) > 0)
		at += (size_t)n;
	return at == size;
}

/* Of a large file all but what is in it: its bytes are read anew for each answer. */
static size_t
content_length(const struct fs_info *info)
{
	return info->size <= SMALL_FILE ? (size_t)info->size : 0;
}

static struct entry *
new_entry(const struct opened *o, const struct entry *key)
{
	size_t length = content_length(&o->info);
	size_t served = key->path.len + o->index.len;
	struct entry *e = mem_new(sizeof *e + served + length);

	*e = (struct entry){.hash = key->hash, .root = key->root, .info = o->info};
	memcpy(e->bytes, key->path.p, key->path.len);
	if (o->index.len > 0)
		memcpy(e->bytes + key->path.len, o->index.p, o->index.len);
	e->path = span_of(e->bytes, key->path.len);
	e->served = span_of(e->bytes, served);
	facts_fill(&e->facts, &o->info, type_of_name(o->name), CODING_IDENTITY);
	e->packed = type_is_packed(e->facts.type);
	if (o->info.size > SMALL_FILE)
		return e;
	e->content = span_of(e->bytes + served, length);
	if (!cache_read_whole(o->fd, e->bytes + served, length)) {
		free(e);
		return NULL;
	}
	return e;
}

static void
keep(struct serve_files *f, struct entry *e)
{
	struct entry **bucket = &f->buckets[e->hash & (f->bucket_count - 1)];

	e->next = *bucket;
	*bucket = e;
	list_append(&f->recent, &e->link);
	f->files++;
	f->bytes += weight(e);
}

static void
found_entry(struct serve_files *f, struct entry *e, struct found *out)
{
	list_remove(&e->link);
	list_append(&f->recent, &e->link);
	out->facts = &e->facts;
	out->content = e->content;
	out->served = e->served;
}

/* What is not kept. Gives `o` away; a directory is only told of. */
static void
hand_over(const struct opened *o, struct span path, struct arena *memory, struct found *out)
{
	if (o->info.kind == FS_DIRECTORY) {
		close(o->fd);
		out->is_directory = true;
		return;
	}
	struct facts *facts = ARENA_NEW(memory, struct facts);
	facts_fill(facts, &o->info, type_of_name(o->name), CODING_IDENTITY);
	out->facts = facts;
	out->served = o->index.len == 0 ? path
					: span_str(arena_printf(memory, "/%.*s", (int)o->name.len,
								(const char *)o->name.p));
	out->fd = o->fd;
}

/* The entry for what was just opened: `old` if it is still true. NULL: not to be kept. */
static struct entry *
remember(struct serve_files *f, struct entry *old, const struct opened *o, const struct entry *key)
{
	struct entry *e;

	if (old != NULL && fs_is_same(&old->info, &o->info) &&
	    span_equal(span_tail(old->served, old->path.len), o->index))
		return old;
	if (old != NULL)
		drop(f, old);
	if (o->info.kind != FS_FILE ||
	    !make_room(f, sizeof *e + key->path.len + o->index.len + content_length(&o->info)))
		return NULL;
	e = new_entry(o, key);
	if (e != NULL)
		keep(f, e);
	return e;
}

static bool
is_believed(const struct entry *e, int64_t now_ms)
{
	return now_ms - e->checked_ms < BELIEVED_MS;
}

/* Opens the file and finds or makes its entry in *e; NULL: *out has it without. */
static int
open_anew(struct serve_files *f, const struct sought *what, const struct entry *key, int64_t now_ms,
	  struct arena *memory, struct entry **e, struct found *out)
{
	struct opened o;
	int why = open_path(what->root, what->path, what->policy->index, memory, &o);

	if (why != 0) {
		if (*e != NULL)
			drop(f, *e);
		return why;
	}
	if ((*e = remember(f, *e, &o, key)) == NULL) {
		hand_over(&o, what->path, memory, out);
		return 0;
	}
	if (!is_believed(*e, now_ms)) {
		(*e)->checked_ms = now_ms;
		(*e)->looked = 0;
	}
	if ((*e)->content.p == NULL)
		out->fd = o.fd;
	else
		close(o.fd);
	return 0;
}

int
cache_find(struct serve_files *f, const struct sought *what, int64_t now_ms, struct arena *memory,
	   struct found *out)
{
	struct entry key = {.hash = hash_of(what), .root = what->root, .path = what->path};
	struct entry *e = look_up(f, key.hash, what->root, what->path);
	int why;

	*out = (struct found){.fd = -1};
	if (e == NULL || e->content.p == NULL || !is_believed(e, now_ms)) {
		why = open_anew(f, what, &key, now_ms, memory, &e, out);
		if (why != 0 || e == NULL)
			return why;
	}
	found_entry(f, e, out);
	form_choose(f, e, what, memory, out);
	out->varies = out->varies || form_varies(e, what->policy);
	return 0;
}
