#include "serve/facts.h"

#include <stdio.h>

#define NS_PER_S 1000000000

/* Unlike a part of its text, the name of a coding cannot be in a tag of the plain form. */
static void
put_etag(struct facts *facts, const struct fs_info *info)
{
	const char *coding = (const char *)coding_name(facts->coding).p;
	bool plain = facts->coding == CODING_IDENTITY;

	snprintf(facts->etag, sizeof facts->etag, "\"%llx-%llx-%llx%s%s\"",
		 (unsigned long long)info->inode, (unsigned long long)info->mtime_ns,
		 (unsigned long long)info->size, plain ? "" : "-", plain ? "" : coding);
}

void
facts_fill(struct facts *facts, const struct fs_info *info, struct span type, enum coding coding)
{
	int64_t mtime_s = info->mtime_ns / NS_PER_S - (info->mtime_ns % NS_PER_S < 0);

	facts->coding = coding;
	put_etag(facts, info);
	date_format(mtime_s, facts->modified);
	facts->size = info->size;
	facts->type = type;
	facts->validators = (struct validators){span_str(facts->etag), mtime_s};

	struct field *f = facts->fields;
	f[FACT_CODING] = (struct field){SPAN_OF("content-encoding"), coding_name(coding)};
	f[FACT_TYPE] = (struct field){SPAN_OF("content-type"), type};
	f[FACT_RANGES] = (struct field){SPAN_OF("accept-ranges"), SPAN_OF("bytes")};
	f[FACT_ETAG] = (struct field){SPAN_OF("etag"), span_str(facts->etag)};
	f[FACT_MODIFIED] = (struct field){SPAN_OF("last-modified"), span_str(facts->modified)};
	f[FACT_VARY] = (struct field){SPAN_OF("vary"), SPAN_OF("Accept-Encoding")};
}

static const struct field *
some(const struct facts *facts, enum fact first, bool varies, size_t *count)
{
	*count = (size_t)(FACT_VARY - first) + varies;
	return &facts->fields[first];
}

const struct field *
facts_whole(const struct facts *facts, bool varies, size_t *count)
{
	return some(facts, facts->coding != CODING_IDENTITY ? FACT_CODING : FACT_TYPE, varies,
		    count);
}

/* RFC 9110 §15.4.5. */
const struct field *
facts_unchanged(const struct facts *facts, bool varies, size_t *count)
{
	return some(facts, FACT_ETAG, varies, count);
}
