#include "serve/cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/list.h"
#include "serve/type.h"

#define BELIEVED_MS 1000
#define NS_PER_S    1000000000

struct entry {
	struct list link;   /* in files.recent */
	struct entry *next; /* in its bucket */
	uint64_t hash;
	int root;
	int64_t checked_ms;
	struct fs_info info;
	struct span path, content; /* in bytes[] */
	struct facts facts;
	uint8_t bytes[];
};

struct serve_files {
	struct entry **buckets;
	size_t bucket_count; /* a power of two */
	size_t max_files, max_bytes;
	size_t files, bytes;
	struct list recent; /* the longest unused first */
};

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
	return sizeof *e + e->path.len + e->content.len;
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
	f->bytes -= weight(e);
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

/* FNV-1a. Only files that exist get in, so nobody outside can pile up one bucket. */
static uint64_t
hash_of(int root, struct span path)
{
	uint64_t h = 14695981039346656037u ^ (uint64_t)root;

	for (size_t i = 0; i < path.len; i++)
		h = (h ^ path.p[i]) * 1099511628211u;
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

/* Room for one more; false for one that is larger than everything together may be. */
static bool
make_room(struct serve_files *f, size_t bytes)
{
	if (f->max_files == 0 || bytes > f->max_bytes)
		return false;
	while (f->files >= f->max_files || f->bytes + bytes > f->max_bytes)
		drop(f, entry_of(f->recent.next));
	return true;
}

static bool
is_same_file(const struct fs_info *a, const struct fs_info *b)
{
	return a->kind == b->kind && a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && a->mtime_ns == b->mtime_ns;
}

static void
fill_facts(struct facts *facts, const struct fs_info *info, struct span type)
{
	int64_t mtime_s = info->mtime_ns / NS_PER_S - (info->mtime_ns % NS_PER_S < 0);

	snprintf(facts->etag, sizeof facts->etag, "\"%llx-%llx-%llx\"",
		 (unsigned long long)info->inode, (unsigned long long)info->mtime_ns,
		 (unsigned long long)info->size);
	date_format(mtime_s, facts->modified);
	facts->size = info->size;
	facts->type = type;
	facts->validators = (struct validators){span_str(facts->etag), mtime_s};
	facts->fields[0] = (struct field){SPAN_OF("content-type"), type};
	facts->fields[1] = (struct field){SPAN_OF("etag"), span_str(facts->etag)};
	facts->fields[2] = (struct field){SPAN_OF("last-modified"), span_str(facts->modified)};
	facts->fields[3] = (struct field){SPAN_OF("accept-ranges"), SPAN_OF("bytes")};
}

/* A file opened by its path, or by an index name in the directory that the path is. */
struct opened {
	int fd;
	struct fs_info info;
	struct span name;
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

/* All of it, or false: it is shorter than it was a moment ago. */
static bool
read_whole(int fd, uint8_t *to, size_t size)
{
	size_t at = 0;
	ssize_t n;

	while (at < size && (n = fs_read_at(fd, to + at, size - at, at)) > 0)
		at += (size_t)n;
	return at == size;
}

static struct entry *
new_entry(const struct opened *o, uint64_t hash, int root, struct span path)
{
	struct entry *e = mem_new(sizeof *e + path.len + (size_t)o->info.size);

	*e = (struct entry){.hash = hash, .root = root, .info = o->info};
	memcpy(e->bytes, path.p, path.len);
	e->path = span_of(e->bytes, path.len);
	e->content = span_of(e->bytes + path.len, (size_t)o->info.size);
	fill_facts(&e->facts, &o->info, type_of_name(o->name));
	if (!read_whole(o->fd, e->bytes + path.len, e->content.len)) {
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
}

/* Gives `o` away. A directory is only told of. */
static void
hand_over(const struct opened *o, struct arena *memory, struct found *out)
{
	if (o->info.kind == FS_DIRECTORY) {
		close(o->fd);
		out->is_directory = true;
		return;
	}
	struct facts *facts = ARENA_NEW(memory, struct facts);
	fill_facts(facts, &o->info, type_of_name(o->name));
	out->facts = facts;
	out->fd = o->fd;
}

/* The entry for what was just opened: `old` if it is still true. NULL: not to be kept. */
static struct entry *
remember(struct serve_files *f, struct entry *old, const struct opened *o, const struct entry *key)
{
	struct entry *e;

	if (old != NULL && is_same_file(&old->info, &o->info))
		return old;
	if (old != NULL)
		drop(f, old);
	if (o->info.kind != FS_FILE || o->info.size > SMALL_FILE ||
	    !make_room(f, sizeof *e + key->path.len + (size_t)o->info.size))
		return NULL;
	e = new_entry(o, key->hash, key->root, key->path);
	if (e != NULL)
		keep(f, e);
	return e;
}

int
cache_find(struct serve_files *f, int root, struct span path, const char **index, int64_t now_ms,
	   struct arena *memory, struct found *out)
{
	struct entry key = {.hash = hash_of(root, path), .root = root, .path = path};
	struct entry *e = look_up(f, key.hash, root, path);
	struct opened o;
	int why;

	*out = (struct found){.fd = -1};
	if (e != NULL && now_ms - e->checked_ms < BELIEVED_MS) {
		found_entry(f, e, out);
		return 0;
	}
	if ((why = open_path(root, path, index, memory, &o)) != 0) {
		if (e != NULL)
			drop(f, e);
		return why;
	}
	if ((e = remember(f, e, &o, &key)) == NULL) {
		hand_over(&o, memory, out);
		return 0;
	}
	e->checked_ms = now_ms;
	found_entry(f, e, out);
	close(o.fd);
	return 0;
}
