/*
 * Files as they are served, and a worker's memory of the small ones.
 *
 * An entry is believed for a second; then its file is opened again, and if it is
 * still the same file, it is believed once more. With it goes what is known of its
 * other forms: those that lie beside it (FILE.br), and those that we made of it.
 */
#ifndef SERVE_CACHE_H
#define SERVE_CACHE_H

#include "serve/facts.h"
#include "serve/serve.h"

#define SMALL_FILE (64 * 1024)

/* What is looked for: by which of a site's rules, and for whom. */
struct sought {
	int root;
	struct span path; /* decoded, with its '/' */
	const struct policy *policy;
	const struct request *request; /* what it accepts; NULL: the bytes as they are */
};

/* A file found: small and in memory, or open. */
struct found {
	const struct facts *facts;
	struct span content; /* of a small file */
	struct span served;  /* its path below the root: with the index's name, if it is one */
	int fd;              /* of a large one, the caller's to close; otherwise -1 */
	bool varies;         /* others may get the same in another coding */
	bool is_directory;   /* then nothing else is set */
};

/*
 * Finds what is to be served. 0, or the errno of the way there. What is found stays until
 * the next call, or lives in `memory`.
 */
MUST_CHECK int cache_find(struct serve_files *f, const struct sought *what, int64_t now_ms,
			  struct arena *memory, struct found *out);

#endif
