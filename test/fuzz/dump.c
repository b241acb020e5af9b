/*
 * The lines of a dump, as a backup has them. What is refused leaves the database as empty as it
 * was; what is taken makes the same dump again, and that one is taken too.
 */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "fuzz.h"
#include "store/schema.h"

#define DUMP_MAX (4u << 20)
#define ROUNDS   500 /* after so many another database is made */

static struct {
	struct store *store;
	unsigned asked;
} server;

static bool
next_line(void *owner, struct span *line, struct err *why)
{
	struct span *rest = owner;
	bool there = rest->len > 0;

	(void)why;
	*line = span_head(*rest, span_find(*rest, '\n'));
	*rest = span_tail(*rest, line->len + 1);
	return there;
}

static bool
put_line(void *owner, struct span line)
{
	return buf_append(owner, line) && buf_byte(owner, '\n');
}

static struct store *
empty_store(void)
{
	struct store *s;

	check(!failed(store_open(&(struct store_place){.path = ":memory:"}, &s)));
	return s;
}

static struct buf
dump_of(struct store *s)
{
	struct buf text = buf_with_cap(DUMP_MAX);

	check(!failed(store_dump(s, put_line, &text)));
	return text;
}

static void
check_again(struct store *s)
{
	struct buf first = dump_of(s), second;
	struct store *other = empty_store();
	struct span rest = buf_span(&first);

	check(!failed(store_load(other, next_line, &rest)));
	second = dump_of(other);
	check(span_equal(buf_span(&first), buf_span(&second)));
	buf_free(&first);
	buf_free(&second);
	store_close(other);
}

static void
renew(void)
{
	store_close(server.store);
	server.store = empty_store();
	server.asked = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of(data, size);
	int64_t number;
	bool empty;

	if (server.asked++ % ROUNDS == 0)
		renew();
	struct err e = store_load(server.store, next_line, &rest);
	check(schema_number(server.store, &number) == STORE_DONE && number == schema_newest);
	if (failed(e)) {
		check(e.text[0] != '\0' && memchr(e.text, '\n', strlen(e.text)) == NULL);
		check(schema_is_empty(server.store, &empty) == STORE_DONE && empty);
	} else {
		check_again(server.store);
		renew();
	}
	return 0;
}
