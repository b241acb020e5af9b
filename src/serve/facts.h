/* What answers say of a file. */
#ifndef SERVE_FACTS_H
#define SERVE_FACTS_H

#include "http/date.h"
#include "os/fs.h"
#include "serve/conditional.h"
#include "serve/encode.h"

/* In this order, so that those that go together lie together. */
enum fact {
	FACT_CODING, /* only of coded ones */
	FACT_TYPE,
	FACT_RANGES,
	FACT_ETAG,
	FACT_MODIFIED,
	FACT_VARY, /* only where it varies */
	FACT_COUNT,
};

/* Does not move: fields point into it. */
struct facts {
	uint64_t size;
	struct validators validators;
	struct span type;
	enum coding coding;
	struct field fields[FACT_COUNT];
	char etag[64], modified[DATE_LENGTH + 1];
};

/* `type` must outlive it. Of the same file, each coding has a tag of its own. */
void facts_fill(struct facts *facts, const struct fs_info *info, struct span type,
		enum coding coding);

/* The fields of an answer with the file, or of one that says that it has not changed:
 * the first, and how many. */
const struct field *facts_whole(const struct facts *facts, bool varies, size_t *count);
const struct field *facts_unchanged(const struct facts *facts, bool varies, size_t *count);

#endif
