/*
 * How long a page of each list takes in a store that bench-store-fill has filled.
 *
 *	bench-store-pages PATH|URL [LIST]
 */
#include <time.h>

#include "store/audit.h"
#include "store/device.h"
#include "store/guard.h"
#include "store/link.h"
#include "store/people.h"
#include "store/rule.h"
#include "store/session.h"
#include "store/token.h"
#include "store_fill.h"

#define LIMIT 50
#define PAGES 40 /* of each list, from its start */

struct lists {
	struct store *s;
	struct arena *a;
	struct page page;
	const struct audit_filter *filter;
	int64_t of; /* a user */
};

#define LISTED(type, call)                                                                         \
	struct type##_list list;                                                                   \
                                                                                                   \
	done(l->s, call, "list");                                                                  \
	l->page.after = list.next;                                                                 \
	return list.count

static size_t
list_users(struct lists *l)
{
	LISTED(user, store_users(l->s, &l->page, -1, 0, l->a, &list));
}

static size_t
list_plain_users(struct lists *l)
{
	LISTED(user, store_users(l->s, &l->page, USER_ROLE_USER, 1, l->a, &list));
}

static size_t
list_devices(struct lists *l)
{
	LISTED(device, store_devices(l->s, &l->page, l->of, l->of != 0, l->a, &list));
}

static size_t
list_certificates(struct lists *l)
{
	LISTED(certificate_row, store_certificates(l->s, &l->page, (int)l->of, l->a, &list));
}

static size_t
list_sessions(struct lists *l)
{
	LISTED(session, store_sessions(l->s, &l->page, l->of,
				       &(struct session_end){.now = AT(ROWS)}, l->a, &list));
}

static size_t
list_tokens(struct lists *l)
{
	LISTED(token, store_tokens(l->s, &l->page, l->of, l->a, &list));
}

static size_t
list_links(struct lists *l)
{
	LISTED(link, store_links(l->s, &l->page, l->of, l->a, &list));
}

static size_t
list_rules(struct lists *l)
{
	LISTED(rule, store_rules(l->s, &l->page, l->of != 0 ? RULE_USER : -1, l->of, l->a, &list));
}

static size_t
list_bans(struct lists *l)
{
	LISTED(ban,
	       store_bans(l->s, &l->page, &(struct ban_filter){.kind = l->of > 0 ? (int)l->of : -1},
			  AT(ROWS), l->a, &list));
}

static size_t
list_refusals(struct lists *l)
{
	LISTED(refusal,
	       store_refusals(l->s, &l->page, l->of != 0 ? "name19007" : NULL, l->a, &list));
}

static size_t
list_audit(struct lists *l)
{
	LISTED(audit_row, store_audit(l->s, &l->page, l->filter, l->a, &list));
}

static const struct measured {
	const char *name;
	size_t (*list)(struct lists *l);
	const char *sort, *search;
	bool descending;
	int64_t of;
	struct audit_filter filter;
} lists[] = {
    {"users by name", list_users},
    {"users by last_seen, the last first", list_users, "last_seen", .descending = true},
    {"users by created", list_users, "created"},
    {"users with a role in a group", list_plain_users},
    {"users, a search", list_users, .search = "r0999"},
    {"devices by name", list_devices},
    {"devices by created", list_devices, "created"},
    {"devices by last_seen", list_devices, "last_seen", .descending = true},
    {"devices by expires", list_devices, "expires"},
    {"devices of a user", list_devices, .of = 77},
    {"devices of a user by expires", list_devices, "expires", .of = 77},
    {"devices, a search", list_devices, .search = "r09999"},
    {"devices, a search that finds all", list_devices, .search = "device"},
    {"devices by created, a search", list_devices, "created", .search = "r09999"},
    {"certificates", list_certificates, .of = -1},
    {"certificates by name", list_certificates, "name", .of = -1},
    {"certificates by created", list_certificates, "created", .of = -1},
    {"certificates of devices", list_certificates, .of = CERTIFICATE_DEVICE},
    {"certificates of servers", list_certificates, .of = CERTIFICATE_SERVER},
    {"sessions", list_sessions},
    {"sessions by user", list_sessions, "user"},
    {"sessions by address", list_sessions, "address"},
    {"sessions by seen, the last first", list_sessions, "seen", .descending = true},
    {"sessions by expires", list_sessions, "expires"},
    {"sessions of a user", list_sessions, .of = 77},
    {"tokens", list_tokens},
    {"tokens by name", list_tokens, "name"},
    {"tokens by user", list_tokens, "user"},
    {"tokens by scope", list_tokens, "scope"},
    {"tokens by expires", list_tokens, "expires"},
    {"tokens by last_used", list_tokens, "last_used", .descending = true},
    {"tokens of a user", list_tokens, .of = 77},
    {"links", list_links},
    {"links by kind", list_links, "kind"},
    {"links by user", list_links, "user"},
    {"links by made_by", list_links, "made_by"},
    {"links by expires", list_links, "expires"},
    {"links of a user", list_links, .of = 77},
    {"rules", list_rules},
    {"rules of a user", list_rules, .of = 77},
    {"bans that stand", list_bans},
    {"bans by subject", list_bans, "subject"},
    {"bans by who made them", list_bans, "by"},
    {"bans by until", list_bans, "until", .descending = true},
    {"bans of addresses", list_bans, .of = GUARD_ADDRESS},
    {"refusals", list_refusals},
    {"refusals of a user", list_refusals, .of = 1},
    {"audit", list_audit},
    {"audit, the oldest first", list_audit, "time"},
    {"audit who (seldom), the oldest first", list_audit, "time", .filter = {.who = "user07777"}},
    {"audit object, a beginning (often), the oldest first", list_audit, "time",
     .filter = {.object = "session of user"}},
    {"audit, a search from the oldest", list_audit, "time", .search = "user07777"},
    {"audit who (often)", list_audit, .filter = {.who = "user00000"}},
    {"audit who (seldom)", list_audit, .filter = {.who = "user07777"}},
    {"audit action", list_audit, .filter = {.action = "session.begin"}},
    {"audit action (seldom)", list_audit, .filter = {.action = "config.apply"}},
    {"audit action (long ago)", list_audit, .filter = {.action = "device.add"}},
    {"audit action, its beginning", list_audit, .filter = {.action = "session."}},
    {"audit action, a beginning long ago", list_audit, .filter = {.action = "u"}},
    {"audit object", list_audit, .filter = {.object = "session of user07777"}},
    {"audit object, its beginning", list_audit, .filter = {.object = "device user07777/"}},
    {"audit object, a beginning (often)", list_audit, .filter = {.object = "session of user"}},
    {"audit object, a beginning long ago", list_audit, .filter = {.object = "user user"}},
    {"audit address", list_audit, .filter = {.address = "192.0.2.7"}},
    {"audit since (half)", list_audit, .filter = {.since = AT(ROWS / 2)}},
    {"audit since (the last 500)", list_audit, .filter = {.since = AT(ROWS - 500)}},
    {"audit until (half)", list_audit, .filter = {.until = AT(ROWS / 2)}},
    {"audit of an hour long ago", list_audit, .filter = {.since = AT(5000), .until = AT(5180)}},
    {"audit who and action", list_audit, .filter = {.who = "user07777", .action = "session.end"}},
    {"audit who (often) and action (seldom)", list_audit,
     .filter = {.who = "user00000", .action = "config.apply"}},
    {"audit who (often) and action (long ago)", list_audit,
     .filter = {.who = "user00000", .action = "device.add"}},
    {"audit who (often) since", list_audit,
     .filter = {.who = "user00000", .since = AT(ROWS - 1000)}},
    {"audit, a search", list_audit, .search = "user07777"},
};

static double
ms_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
measure(struct store *s, const struct measured *m)
{
	struct lists l = {.s = s,
			  .a = arena_new(),
			  .page = {.sort = m->sort,
				   .search = m->search,
				   .descending = m->descending,
				   .limit = LIMIT},
			  .filter = &m->filter,
			  .of = m->of};
	double took[PAGES] = {0};
	size_t pages = 0, rows = 0;

	m->list(&l); /* so that statements are prepared */
	l.page.after = NULL;
	do {
		double begun = ms_now();

		rows += m->list(&l);
		took[pages++] = ms_now() - begun;
	} while (l.page.after != NULL && pages < PAGES);
	qsort(took, pages, sizeof *took, compare);
	printf("%-42s %5zu rows %3zu pages  median %8.3f ms  slowest tenth %8.3f ms\n", m->name,
	       rows, pages, took[pages / 2], took[pages * 9 / 10]);
	arena_free(l.a);
}

int
main(int argc, char **argv)
{
	struct store *s;

	must(argc == 2 || argc == 3, "bench-store-pages PATH|URL [LIST]");
	s = store_at(argv[1]);
	for (size_t i = 0; i < COUNT(lists); i++)
		if (argc < 3 || strstr(lists[i].name, argv[2]) != NULL)
			measure(s, &lists[i]);
	store_close(s);
	return 0;
}
