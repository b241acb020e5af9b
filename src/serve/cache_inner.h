/* The inside of the cache of files, for the files that are it: cache.c, form.c. */
#ifndef SERVE_CACHE_INNER_H
#define SERVE_CACHE_INNER_H

#include "base/list.h"
#include "serve/cache.h"

/* Another form of an entry's file: one that lies beside it, or was made of it. */
struct form {
	bool made;
	struct fs_info info; /* of what lies beside it */
	struct facts facts;
	size_t length;
	uint8_t bytes[];
};

struct entry {
	struct list link;   /* in files.recent */
	struct entry *next; /* in its bucket */
	uint64_t hash;
	int root;
	int64_t checked_ms;
	struct fs_info info;
	struct span path, served, content; /* in bytes[]; content is NULL for a large file */
	struct facts facts;
	struct form *forms[CODING_COUNT];
	uint8_t looked;    /* bits of enum coding: what lies beside it is known since the check */
	uint8_t not_worth; /* the same: made of it, that form was hardly smaller */
	bool packed;       /* its type is small as it is: no other form is looked for */
	bool suits;        /* its type is one of `suits_types` */
	const char *const *suits_types; /* who was asked last */
	uint8_t bytes[];
};

struct serve_files {
	struct entry **buckets;
	size_t bucket_count; /* a power of two */
	size_t max_files, max_bytes;
	size_t files, bytes;
	struct list recent; /* the longest unused first */
};

/* Room for so many more bytes, at others' cost; false: there is none but at the cost of `e`. */
MUST_CHECK bool cache_make_room(struct serve_files *f, const struct entry *e, size_t bytes);

/* All of it, or false: it is shorter than it was a moment ago. */
MUST_CHECK bool cache_read_whole(int fd, uint8_t *to, size_t size);

/*
 * Puts another form in the place of `e` in *out, if the client would rather have that and the
 * policy allows it. A descriptor in *out is closed then.
 */
void form_choose(struct serve_files *f, struct entry *e, const struct sought *what,
		 struct arena *memory, struct found *out);

/* Frees them; returns how many bytes they were. */
size_t form_drop_all(struct entry *e);

/* Whether the bytes of the entry's file, as they are, are only one of its forms. */
bool form_varies(struct entry *e, const struct policy *p);

#endif
