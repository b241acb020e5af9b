/* Every list, by every column that it can be sorted by. */
#include "store/audit.h"
#include "store/device.h"
#include "store/guard.h"
#include "store/link.h"
#include "store/scene.h"
#include "store/session.h"
#include "store/token.h"

#define ROWS 13

/* Of row `i`, with many alike, where the id decides. */
#define SOME(i)   arena_printf(t->a, "name%d", (i)*7 % 5)
#define TIME(i)   (NOW + 1 + (i)*3 % 7)
#define END(i)    ((i) % 3 == 0 ? 0 : TIME(i)) /* 0: it never does */
#define NOBODY(i) ((i) % 4 == 0 ? 0 : (i) % 4 == 1 ? t->bob : t->alice)

enum kind { IS_NUMBER, IS_INT, IS_TEXT, IS_END, IS_ADDRESS };

/* What a list can be sorted by, and where a row has it. */
struct column {
	const char *sort;
	enum kind kind;
	size_t offset;
};

#define COLUMNS_MAX 6

struct rows {
	void *at;
	size_t count;
	const char *next;
};

struct listed {
	const char *name;
	void (*add)(struct scene *t, int i);
	enum store_result (*list)(struct scene *t, const struct page *page, struct rows *out);
	size_t size, id;
	bool newest_first;                  /* usually; else by the first column */
	struct column columns[COLUMNS_MAX]; /* the usual one first */
};

#define LIST(type, call)                                                                           \
	struct type##_list list = {0};                                                             \
	enum store_result r = call;                                                                \
                                                                                                   \
	*out = (struct rows){list.at, list.count, list.next};                                      \
	return r

static void
add_session(struct scene *t, int i)
{
	struct session e = {.user = i % 3 == 0 ? t->bob : t->alice,
			    .hash = {(uint8_t)i},
			    .created = NOW + i,
			    .seen = TIME(i),
			    .expires = END(i)};

	assert_true(address_parse_ip(span_str(i % 2 == 0 ? "192.0.2.7" : "2001:db8::1"), &e.from));
	assert_done(t->s, store_session_add(t->s, &e));
}

static enum store_result
list_sessions(struct scene *t, const struct page *page, struct rows *out)
{
	LIST(session,
	     store_sessions(t->s, page, 0, &(struct session_end){.now = NOW}, t->a, &list));
}

static void
add_link(struct scene *t, int i)
{
	struct link l = {.kind = i % 4,
			 .hash = {(uint8_t)i},
			 .user = NOBODY(i),
			 .made_by = i % 5 == 0 ? NULL : SOME(i),
			 .created = NOW + i,
			 .expires = END(i)};

	assert_done(t->s, store_link_add(t->s, &l));
}

static enum store_result
list_links(struct scene *t, const struct page *page, struct rows *out)
{
	LIST(link, store_links(t->s, page, 0, t->a, &list));
}

static void
add_token(struct scene *t, int i)
{
	struct token k = {.user = NOBODY(i),
			  .name = arena_printf(t->a, "name%d", i * 7 % ROWS),
			  .hash = {(uint8_t)i},
			  .hint = "slp_",
			  .scope = i % 3,
			  .created = NOW + i,
			  .expires = END(i),
			  .last_used = i % 2 == 0 ? 0 : TIME(i)};

	assert_done(t->s, store_token_add(t->s, &k));
}

static enum store_result
list_tokens(struct scene *t, const struct page *page, struct rows *out)
{
	LIST(token, store_tokens(t->s, page, 0, t->a, &list));
}

static void
add_ban(struct scene *t, int i)
{
	struct ban b = {.of = {i % 3, arena_printf(t->a, "name%d", i / 3)},
			.reason = "banned by hand",
			.by = SOME(i),
			.created = NOW + i,
			.until = END(i) == 0 ? 0 : END(i) + 100};

	assert_done(t->s, store_ban_add(t->s, &b));
}

/* As often as row `i` has it, but at least once. */
static void
add_counted(struct scene *t, int i)
{
	const struct guard_subject of = {i % 3, arena_printf(t->a, "name%d", i / 3)};
	struct failures f;

	for (int n = 0; n <= i * 3 % 4; n++)
		assert_done(t->s, store_failed(t->s, &of, TIME(i), 1000, &f));
}

static enum store_result
list_counted(struct scene *t, const struct page *page, struct rows *out)
{
	static const struct counted_over nothing = {0};

	LIST(counted, store_counted_list(t->s, page, &nothing, t->a, &list));
}

static enum store_result
list_bans(struct scene *t, const struct page *page, struct rows *out)
{
	LIST(ban, store_bans(t->s, page, &(struct ban_filter){.kind = -1}, NOW, t->a, &list));
}

static void
add_notice(struct scene *t, int i)
{
	struct notice n = {.created = NOW + i,
			   .rule = SOME(i),
			   .subject = SOME(i + 1),
			   .body = "{}",
			   .channel = i % 2 == 0 ? "mail" : "webhook"};

	assert_done(t->s, store_notice_add(t->s, &n));
}

static enum store_result
list_notices(struct scene *t, const struct page *page, struct rows *out)
{
	LIST(notice, store_notices(t->s, page, false, t->a, &list));
}

static void
add_certificate(struct scene *t, int i)
{
	struct certificate_row c = {.kind = i % 3,
				    .serial = arena_printf(t->a, "%02d", i),
				    .name = SOME(i),
				    .certificate = SPAN_OF("DER"),
				    .not_before = TIME(i + 1),
				    .not_after = TIME(i) + 1000};

	assert_done(t->s, store_certificate_add(t->s, &c));
}

static enum store_result
list_certificates(struct scene *t, const struct page *page, struct rows *out)
{
	LIST(certificate_row, store_certificates(t->s, page, -1, t->a, &list));
}

static void
add_group(struct scene *t, int i)
{
	struct group g = {.name = arena_printf(t->a, "name%d", i * 7 % ROWS), .created = TIME(i)};

	assert_done(t->s, store_group_add(t->s, &g));
	for (int k = 0; k < i % 3; k++) {
		struct user u = {.name = arena_printf(t->a, "user%d-%d", i, k), .group = g.id};

		assert_done(t->s, store_user_add(t->s, &u));
	}
}

static enum store_result
list_groups(struct scene *t, const struct page *page, struct rows *out)
{
	LIST(group, store_groups(t->s, page, t->a, &list));
}

static void
add_refusal(struct scene *t, int i)
{
	struct refusal f = {.time = NOW + i,
			    .where = i % 2 == 0 ? "web" : "vpn",
			    .user = i % 3 == 0 ? NULL : SOME(i),
			    .address = i % 4 == 0 ? NULL : "192.0.2.7",
			    .reason = SOME(i + 2)};

	assert_done(t->s, store_refusal_add(t->s, &f));
}

static enum store_result
list_refusals(struct scene *t, const struct page *page, struct rows *out)
{
	LIST(refusal, store_refusals(t->s, page, NULL, t->a, &list));
}

static void
add_row(struct scene *t, int i)
{
	struct audit_row row = {.id = i + 1, .time = NOW + i, .who = "alice", .action = "user.add"};

	assert_done(t->s, store_audit_add(t->s, &row));
}

static enum store_result
list_audit(struct scene *t, const struct page *page, struct rows *out)
{
	LIST(audit_row, store_audit(t->s, page, &(struct audit_filter){0}, t->a, &list));
}

#define OF(type) sizeof(struct type), offsetof(struct type, id)

static const struct listed lists[] = {
    {"sessions",
     add_session,
     list_sessions,
     OF(session),
     true,
     {{"created", IS_NUMBER, offsetof(struct session, created)},
      {"user", IS_TEXT, offsetof(struct session, user_name)},
      {"address", IS_ADDRESS, offsetof(struct session, from)},
      {"seen", IS_NUMBER, offsetof(struct session, seen)},
      {"expires", IS_END, offsetof(struct session, expires)}}},
    {"links",
     add_link,
     list_links,
     OF(link),
     true,
     {{"created", IS_NUMBER, offsetof(struct link, created)},
      {"kind", IS_INT, offsetof(struct link, kind)},
      {"user", IS_TEXT, offsetof(struct link, user_name)},
      {"made_by", IS_TEXT, offsetof(struct link, made_by)},
      {"expires", IS_END, offsetof(struct link, expires)}}},
    {"tokens",
     add_token,
     list_tokens,
     OF(token),
     true,
     {{"created", IS_NUMBER, offsetof(struct token, created)},
      {"name", IS_TEXT, offsetof(struct token, name)},
      {"user", IS_TEXT, offsetof(struct token, user_name)},
      {"scope", IS_INT, offsetof(struct token, scope)},
      {"expires", IS_END, offsetof(struct token, expires)},
      {"last_used", IS_NUMBER, offsetof(struct token, last_used)}}},
    {"bans",
     add_ban,
     list_bans,
     OF(ban),
     true,
     {{"created", IS_NUMBER, offsetof(struct ban, created)},
      {"subject", IS_TEXT, offsetof(struct ban, of.name)},
      {"by", IS_TEXT, offsetof(struct ban, by)},
      {"until", IS_END, offsetof(struct ban, until)}}},
    {"failures",
     add_counted,
     list_counted,
     OF(counted),
     true,
     {{"last", IS_NUMBER, offsetof(struct counted, failures.last)},
      {"failures", IS_NUMBER, offsetof(struct counted, failures.count)},
      {"subject", IS_TEXT, offsetof(struct counted, of.name)}}},
    {"notices",
     add_notice,
     list_notices,
     OF(notice),
     true,
     {{"created", IS_NUMBER, offsetof(struct notice, created)},
      {"rule", IS_TEXT, offsetof(struct notice, rule)},
      {"subject", IS_TEXT, offsetof(struct notice, subject)},
      {"channel", IS_TEXT, offsetof(struct notice, channel)}}},
    {"certificates",
     add_certificate,
     list_certificates,
     OF(certificate_row),
     false,
     {{"expires", IS_NUMBER, offsetof(struct certificate_row, not_after)},
      {"created", IS_NUMBER, offsetof(struct certificate_row, not_before)},
      {"name", IS_TEXT, offsetof(struct certificate_row, name)}}},
    {"groups",
     add_group,
     list_groups,
     OF(group),
     false,
     {{"name", IS_TEXT, offsetof(struct group, name)},
      {"members", IS_NUMBER, offsetof(struct group, members)},
      {"created", IS_NUMBER, offsetof(struct group, created)}}},
    {"refusals",
     add_refusal,
     list_refusals,
     OF(refusal),
     true,
     {{"time", IS_NUMBER, offsetof(struct refusal, time)},
      {"user", IS_TEXT, offsetof(struct refusal, user)},
      {"address", IS_TEXT, offsetof(struct refusal, address)},
      {"where", IS_TEXT, offsetof(struct refusal, where)},
      {"reason", IS_TEXT, offsetof(struct refusal, reason)}}},
    {"audit",
     add_row,
     list_audit,
     OF(audit_row),
     true,
     {{"time", IS_NUMBER, offsetof(struct audit_row, time)}}},
};

static int
compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
compare_texts(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int
compare_column(const struct column *c, const char *a, const char *b)
{
	char x[ADDRESS_TEXT_MAX], y[ADDRESS_TEXT_MAX];
	int64_t m, n;

	a += c->offset;
	b += c->offset;
	switch (c->kind) {
	case IS_TEXT:
		return compare_texts(*(const char *const *)a, *(const char *const *)b);
	case IS_ADDRESS:
		return compare_texts(address_text((const struct address *)a, x),
				     address_text((const struct address *)b, y));
	case IS_INT:
		return compare_numbers(*(const int *)a, *(const int *)b);
	default:
		m = *(const int64_t *)a;
		n = *(const int64_t *)b;
		if (c->kind == IS_END)
			return compare_numbers(m == 0 ? INT64_MAX : m, n == 0 ? INT64_MAX : n);
		return compare_numbers(m, n);
	}
}

static int
compare_rows(const struct listed *l, const struct column *c, const char *a, const char *b)
{
	int by = compare_column(c, a, b);

	return by != 0
		   ? by
		   : compare_numbers(*(const int64_t *)(a + l->id), *(const int64_t *)(b + l->id));
}

/* All rows in their order, each once. */
static void
walk(struct scene *t, const struct listed *l, struct page page, const struct column *c,
     bool descending)
{
	const char *before = NULL;
	struct rows rows;
	size_t seen = 0;

	do {
		assert_done(t->s, l->list(t, &page, &rows));
		assert_true(rows.count <= page.limit);
		for (size_t i = 0; i < rows.count; i++, seen++) {
			const char *row = (const char *)rows.at + i * l->size;
			int by = before == NULL ? 0 : compare_rows(l, c, row, before);

			if (before != NULL && (descending ? by >= 0 : by <= 0))
				fail_msg("%s by %s, limit %u: row %zu is out of order", l->name,
					 page.sort != NULL ? page.sort : "its usual order",
					 page.limit, seen);
			before = row;
		}
	} while ((page.after = rows.next) != NULL);
	if (seen != ROWS)
		fail_msg("%s by %s, limit %u: %zu rows", l->name, c->sort, page.limit, seen);
}

static void
fill(struct scene *t, const struct listed *l)
{
	for (int i = 0; i < ROWS; i++)
		l->add(t, i);
}

static void
every_list_has_each_row_once_by_every_column(void **state)
{
	struct scene *t = *state;

	for (const struct listed *l = lists; l < lists + COUNT(lists); l++) {
		fill(t, l);
		for (const struct column *c = l->columns;
		     c < l->columns + COLUMNS_MAX && c->sort != NULL; c++)
			for (unsigned limit = 1; limit <= ROWS + 1; limit++) {
				struct page page = {.sort = c->sort, .limit = limit};

				walk(t, l, page, c, false);
				page.descending = true;
				walk(t, l, page, c, true);
			}
	}
}

static void
without_a_column_a_list_is_in_its_usual_order(void **state)
{
	struct scene *t = *state;

	for (const struct listed *l = lists; l < lists + COUNT(lists); l++) {
		struct page page = {.limit = 3};

		fill(t, l);
		walk(t, l, page, l->columns, l->newest_first);
		page.descending = true;
		walk(t, l, page, l->columns, true);
	}
}

static void
what_a_list_cannot_be_sorted_by_is_refused(void **state)
{
	static const char *const sorts[] = {"id", "hash",     "b.name",  "name; DROP TABLE users",
					    "",   "created ", "CREATED", "value_after"};
	struct scene *t = *state;
	struct rows rows;

	for (const struct listed *l = lists; l < lists + COUNT(lists); l++)
		for (size_t i = 0; i < COUNT(sorts); i++) {
			struct page page = {.sort = sorts[i], .limit = 5};

			assert_store(t->s, STORE_NO_SORT, l->list(t, &page, &rows));
		}
}

/* Made by hand, or of a list sorted otherwise: a place, or none, but no harm. */
static void
a_cursor_of_somebody_elses_making_does_no_harm(void **state)
{
	static const char *const afters[] = {"",
					     "x",
					     "\037",
					     "\0371",
					     "x\037y",
					     "a\037\0371",
					     "9\03799999999999999999999",
					     "-1\037-1",
					     "9223372036854775807\0379223372036854775807",
					     "9223372036854775807",
					     "99999999999999999999\0371",
					     "') OR 1=1 --\0371"};
	struct scene *t = *state;
	struct rows rows;

	for (const struct listed *l = lists; l < lists + COUNT(lists); l++) {
		fill(t, l);
		for (const struct column *c = l->columns;
		     c < l->columns + COLUMNS_MAX && c->sort != NULL; c++)
			for (size_t i = 0; i < 2 * COUNT(afters); i++) {
				struct page page = {.sort = c->sort,
						    .after = afters[i / 2],
						    .descending = i % 2 != 0,
						    .limit = 5};
				enum store_result r = l->list(t, &page, &rows);

				if (r != STORE_DONE && r != STORE_NO_PLACE)
					fail_msg("%s by %s after \"%s\": %s", l->name, c->sort,
						 page.after, store_why(t->s));
			}
	}
}

static void
a_number_cannot_come_after_a_text(void **state)
{
	struct scene *t = *state;
	struct page page = {.sort = "created", .after = "alice\0371", .limit = 5};
	struct rows rows;

	assert_store(t->s, STORE_NO_PLACE, list_sessions(t, &page, &rows));
	page.sort = "user";
	assert_done(t->s, list_sessions(t, &page, &rows));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    scene_test(every_list_has_each_row_once_by_every_column),
	    scene_test(without_a_column_a_list_is_in_its_usual_order),
	    scene_test(what_a_list_cannot_be_sorted_by_is_refused),
	    scene_test(a_cursor_of_somebody_elses_making_does_no_harm),
	    scene_test(a_number_cannot_come_after_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
