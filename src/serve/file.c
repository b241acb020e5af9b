#include "serve/file.h"

#include <errno.h>
#include <unistd.h>

#include "http/field.h"
#include "serve/cache.h"
#include "serve/location.h"
#include "serve/range.h"
#include "serve/send.h"

bool
file_method_allowed(struct exchange *ex)
{
	static const struct field allow = {SPAN_INIT("allow"), SPAN_INIT("GET, HEAD")};
	enum method m = ex->request.method;

	if (m == METHOD_GET || m == METHOD_HEAD)
		return true;
	if (m == METHOD_OTHER)
		exchange_respond_status(ex, 501, SPAN_NONE);
	else
		exchange_respond_page(ex, 405, &allow, 1);
	return false;
}

/* What is not there and what leads out of the root must look the same. */
static const struct {
	int why;
	unsigned status;
} statuses[] = {
    {ENOENT, 404}, {ENOTDIR, 404}, {EXDEV, 404},  {ELOOP, 404},  {ENAMETOOLONG, 404},
    {EACCES, 403}, {EPERM, 403},   {EMFILE, 503}, {ENFILE, 503}, {ENOMEM, 503},
};

void
file_respond_errno(struct exchange *ex, int why)
{
	unsigned status = 500;

	for (size_t i = 0; i < COUNT(statuses); i++)
		if (statuses[i].why == why)
			status = statuses[i].status;
	exchange_respond_status(ex, status, SPAN_NONE);
}

/* ".git", ".htpasswd" and their like; RFC 8615 names the one exception, at the root. */
static bool
is_hidden(struct span path)
{
	static const struct span well_known = SPAN_INIT("/.well-known/");

	if (span_starts_with(path, well_known))
		path = span_tail(path, well_known.len - 1);
	for (size_t i = 0; i + 1 < path.len; i++)
		if (path.p[i] == '/' && path.p[i + 1] == '.')
			return true;
	return false;
}

static void
respond_directory(struct exchange *ex)
{
	const struct request *r = &ex->request;

	exchange_respond_status(ex, 301,
				location_encode(ex->memory, r->path, SPAN_OF("/"), r->query));
}

/* One field more than the file's own. */
static struct field *
fields_with(struct arena *memory, const struct facts *facts, struct field more)
{
	struct field *fields = arena_get(memory, (COUNT(facts->fields) + 1) * sizeof *fields);

	memcpy(fields, facts->fields, sizeof facts->fields);
	fields[COUNT(facts->fields)] = more;
	return fields;
}

static struct span
content_range(struct arena *memory, const struct range *r, uint64_t size)
{
	const char *text;

	if (r != NULL)
		text = arena_printf(memory, "bytes %llu-%llu/%llu", (unsigned long long)r->first,
				    (unsigned long long)(r->first + r->length - 1),
				    (unsigned long long)size);
	else
		text = arena_printf(memory, "bytes */%llu", (unsigned long long)size);
	return span_str(text);
}

static void
respond_nowhere(struct exchange *ex, const struct facts *facts)
{
	struct field field = {SPAN_OF("content-range"),
			      content_range(ex->memory, NULL, facts->size)};

	exchange_respond_page(ex, 416, &field, 1);
}

static uint8_t *
put(uint8_t *to, struct span bytes)
{
	if (bytes.len > 0)
		memcpy(to, bytes.p, bytes.len);
	return to + bytes.len;
}

/* A body made of parts of a file, wherever its bytes are. */
static void
respond_pieces(struct exchange *ex, const struct found *file, unsigned status,
	       const struct field *fields, size_t count, const struct piece *pieces,
	       size_t piece_count)
{
	if (file->fd >= 0) {
		send_pieces(ex, status, fields, count, file->fd, pieces, piece_count);
		return;
	}
	size_t length = 0;
	for (size_t i = 0; i < piece_count; i++)
		length += pieces[i].text.len + (size_t)pieces[i].length;
	uint8_t *body = arena_get(ex->memory, length + 1), *to = body;
	for (size_t i = 0; i < piece_count; i++) {
		struct span bytes = span_head(span_tail(file->content, (size_t)pieces[i].offset),
					      (size_t)pieces[i].length);

		to = put(put(to, pieces[i].text), bytes);
	}
	exchange_respond(ex, status, fields, count, span_of(body, (size_t)(to - body)));
}

static void
respond_whole(struct exchange *ex, const struct found *file)
{
	const struct facts *facts = file->facts;

	if (file->fd < 0) {
		exchange_respond(ex, 200, facts->fields, COUNT(facts->fields), file->content);
		return;
	}
	struct piece *piece = ARENA_NEW(ex->memory, struct piece);
	piece->length = facts->size;
	send_pieces(ex, 200, facts->fields, COUNT(facts->fields), file->fd, piece, 1);
}

static void
respond_range(struct exchange *ex, const struct found *file, const struct range *r)
{
	struct field more = {SPAN_OF("content-range"),
			     content_range(ex->memory, r, file->facts->size)};
	struct field *fields = fields_with(ex->memory, file->facts, more);
	struct piece *piece = ARENA_NEW(ex->memory, struct piece);

	*piece = (struct piece){SPAN_NONE, r->first, r->length};
	respond_pieces(ex, file, 206, fields, COUNT(file->facts->fields) + 1, piece, 1);
}

/* Parts end by their length, too; a number that differs from answer to answer will do. */
static const char *
boundary(const struct exchange *ex)
{
	static _Thread_local uint64_t number;

	number = number * 6364136223846793005u + (uint64_t)ex->began_ms + 1442695040888963407u;
	return arena_printf(ex->memory, "%020llu", (unsigned long long)number);
}

/* multipart/byteranges (RFC 9110 §14.6). */
static void
respond_ranges(struct exchange *ex, const struct found *file, const struct range *ranges,
	       size_t count)
{
	const struct facts *facts = file->facts;
	struct piece *pieces = arena_get(ex->memory, (count + 1) * sizeof *pieces);
	const char *mark = boundary(ex);
	struct field fields[COUNT(facts->fields)];

	for (size_t i = 0; i < count; i++) {
		struct span range = content_range(ex->memory, &ranges[i], facts->size);
		const char *head = arena_printf(
		    ex->memory, "\r\n--%s\r\nContent-Type: %.*s\r\nContent-Range: %.*s\r\n\r\n",
		    mark, (int)facts->type.len, facts->type.p, (int)range.len, range.p);

		pieces[i] = (struct piece){span_str(head), ranges[i].first, ranges[i].length};
	}
	pieces[count].text = span_str(arena_printf(ex->memory, "\r\n--%s--\r\n", mark));
	memcpy(fields, facts->fields, sizeof fields);
	fields[0].value =
	    span_str(arena_printf(ex->memory, "multipart/byteranges; boundary=%s", mark));
	respond_pieces(ex, file, 206, fields, COUNT(fields), pieces, count + 1);
}

static void
close_found(const struct found *file)
{
	if (file->fd >= 0)
		close(file->fd);
}

/* Answers without the body, so without the file. */
static bool
respond_condition(struct exchange *ex, const struct found *file, const struct conditions *c)
{
	const struct facts *facts = file->facts;
	enum condition verdict = condition_check(c, &facts->validators);

	if (verdict == CONDITION_SEND)
		return false;
	close_found(file);
	if (verdict == CONDITION_FAILED)
		exchange_respond_status(ex, 412, SPAN_NONE);
	else /* ETag and Last-Modified only: RFC 9110 §15.4.5 */
		exchange_respond_bare(ex, 304, &facts->fields[1], 2);
	return true;
}

static void
respond_file(struct exchange *ex, const struct found *file)
{
	struct conditions c;
	struct range ranges[RANGES_MAX];
	enum range_verdict verdict = RANGE_WHOLE;
	size_t count = 0;

	conditions_of(&ex->request, &c);
	if (respond_condition(ex, file, &c))
		return;
	if (condition_wants_range(&c, &file->facts->validators))
		verdict = range_parse(c.range, file->facts->size, ranges, &count);
	if (verdict == RANGE_NOWHERE) {
		close_found(file);
		respond_nowhere(ex, file->facts);
	} else if (verdict == RANGE_WHOLE) {
		respond_whole(ex, file);
	} else if (count == 1) {
		respond_range(ex, file, &ranges[0]);
	} else {
		respond_ranges(ex, file, ranges, count);
	}
}

void
file_serve(const struct serve *s, struct exchange *ex, const struct site *site,
	   const struct route *route, struct span path)
{
	struct found file;
	int why = ENOENT;

	(void)site;
	if (!file_method_allowed(ex))
		return;
	if (s->roots[route->root_index] >= 0 && path.p[0] == '/' && !is_hidden(path))
		why = cache_find(s->files, s->roots[route->root_index], path, route->policy.index,
				 s->now_ms(), ex->memory, &file);
	if (why != 0)
		file_respond_errno(ex, why);
	else if (file.is_directory)
		respond_directory(ex);
	else
		respond_file(ex, &file);
}
