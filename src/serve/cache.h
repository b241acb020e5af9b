/*
 * Files as they are served, and a worker's memory of the small ones.
 *
 * An entry is believed for a second; then its file is opened again, and if it is
 * still the same file, it is believed once more.
 */
#ifndef SERVE_CACHE_H
#define SERVE_CACHE_H

#include "http/date.h"
#include "os/fs.h"
#include "serve/conditional.h"
#include "serve/serve.h"

#define SMALL_FILE (64 * 1024)

/* What answers say of a file. Does not move: fields point into it. */
struct facts {
	uint64_t size;
	struct validators validators;
	struct span type;
	struct field fields[4]; /* content-type, etag, last-modified, accept-ranges */
	char etag[56], modified[DATE_LENGTH + 1];
};

/* A file found: small and in memory, or open. */
struct found {
	const struct facts *facts;
	struct span content; /* of a small file */
	int fd;              /* of a large one, the caller's to close; otherwise -1 */
	bool is_directory;   /* then nothing else is set */
};

/*
 * Finds what `path` (decoded, with its '/') is below the root. 0, or the errno of the
 * way there. What is found stays until the next call; facts of a large file live in `memory`.
 */
MUST_CHECK int cache_find(struct serve_files *f, int root, struct span path, const char **index,
			  int64_t now_ms, struct arena *memory, struct found *out);

#endif
