/*
 * Fills an empty store, so that its lists can be measured: 10,000 users, 50,000 devices, 20,000
 * sessions, links, tokens, rules, bans and refusals, and 1,000,000 rows of the audit log.
 *
 *	bench-store-fill PATH|URL
 *
 * A server that is started on it makes its keys and authority itself. The audit log's rows are not
 * chained: whoever verifies it finds that.
 */
#include "store_fill.h"

#include "store/audit.h"
#include "store/device.h"
#include "store/guard.h"
#include "store/link.h"
#include "store/people.h"
#include "store/rule.h"
#include "store/session.h"
#include "store/token.h"

#define BATCH 50000 /* rows of a transaction */
#define LATER (AT(ROWS) + 20 * 365 * 24 * 3600 * 1000ll)

/* The same numbers each time. */
static unsigned
number_below(unsigned most)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % most;
}

static void
add_users(struct store *s)
{
	struct group g = {.name = "staff", .created = BEGIN};
	char name[32];

	done(s, store_group_add(s, &g), "group");
	for (int i = 0; i < USERS; i++) {
		struct user u = {.name = name,
				 .role = i == 0 ? USER_ROLE_ADMIN : USER_ROLE_USER,
				 .enabled = true,
				 .group = i % 3 == 0 ? g.id : 0,
				 .created = AT(i),
				 .last_seen = AT(number_below(ROWS))};

		snprintf(name, sizeof name, "user%05d", i);
		done(s, store_user_add(s, &u), "user");
	}
}

static void
add_device(struct store *s, int i)
{
	static const uint8_t blob[700];
	char name[32], serial[40];
	struct certificate_row c = {.kind = CERTIFICATE_DEVICE,
				    .serial = serial,
				    .name = name,
				    .certificate = span_of(blob, sizeof blob),
				    .key = span_of(blob, 250),
				    .not_before = AT(i),
				    .not_after = LATER};
	struct device d = {.user = 1 + i % USERS,
			   .name = name,
			   .platform = i % 2 == 0 ? "linux" : "ios",
			   .created = AT(i),
			   .last_seen = AT(number_below(ROWS)),
			   .wrap_key = span_of(blob, 600)};

	snprintf(name, sizeof name, "device-%d", i / USERS);
	snprintf(serial, sizeof serial, "%08x%08x", number_below(1u << 30), (unsigned)i);
	done(s, store_certificate_add(s, &c), "certificate");
	d.certificate = c.id;
	done(s, store_device_add(s, &d), "device");
	if (i % 5 == 4 && i % 3 == 0)
		done(s, store_device_revoke(s, d.id, AT(i)), "revoke");
}

/* Most rows are sign-ins; some things were done in the beginning alone, and some hardly ever. */
static void
add_row(struct store *s, int i)
{
	static const char *const common[] = {"session.begin", "session.end", "device.profile",
					     "session.failed"};
	char who[32], address[32], object[48];
	unsigned user = number_below(10) < 4 ? 0 : number_below(USERS);
	struct audit_row row = {.id = i + 1,
				.time = AT(i) - number_below(30000),
				.who = who,
				.address = address,
				.action = common[number_below(COUNT(common))],
				.object = object,
				.after = "{\"agent\":\"Mozilla/5.0 (X11; Linux x86_64)\"}"};

	snprintf(who, sizeof who, "user%05u", user);
	snprintf(address, sizeof address, "192.0.%u.%u", number_below(256), number_below(200));
	snprintf(object, sizeof object, "session of user%05u", user);
	if (i < USERS) {
		row.action = "user.add";
		snprintf(object, sizeof object, "user user%05d", i);
	} else if (i < USERS + DEVICES) {
		row.action = "device.add";
		snprintf(object, sizeof object, "device user%05d/device-%d", i % USERS, i / USERS);
	} else if (i % 2000 == 0) {
		row.action = "config.apply";
		snprintf(object, sizeof object, "configuration");
	}
	done(s, store_audit_add(s, &row), "audit row");
}

static void
add_doors(struct store *s, int i)
{
	struct session e = {
	    .user = 1 + i % USERS, .created = AT(i), .seen = LATER, .expires = LATER};
	struct link l = {.kind = LINK_INVITE, .user = 1 + i % USERS, .expires = LATER};
	struct rule r = {.scope = RULE_USER, .of = 1 + i % USERS, .destination = "10.0.0.0/8"};
	char name[32];
	struct token k = {.user = 1 + i % USERS, .name = name, .hint = "sp_"};
	struct ban b = {.of = {GUARD_ACCOUNT, name}, .reason = "failures", .by = "sallyport"};
	struct refusal f = {.where = "web", .user = name, .address = name, .reason = "banned"};

	snprintf(name, sizeof name, "name%05d", i);
	memcpy(e.hash, &i, sizeof i);
	memcpy(l.hash, &i, sizeof i);
	memcpy(k.hash, &i, sizeof i);
	b.until = i % 4 == 0 ? LATER : AT(1) + i;
	done(s, store_session_add(s, &e), "session");
	done(s, store_link_add(s, &l), "link");
	done(s, store_rule_add(s, &r), "rule");
	done(s, store_token_add(s, &k), "token");
	done(s, store_ban_add(s, &b), "ban");
	done(s, store_refusal_add(s, &f), "refusal");
}

static void
add_many(struct store *s, void (*add)(struct store *s, int i), int count)
{
	for (int i = 0; i < count; i++) {
		if (i % BATCH == 0)
			done(s, store_begin(s), "begin");
		add(s, i);
		if (i % BATCH == BATCH - 1 || i == count - 1)
			done(s, store_commit(s), "commit");
	}
}

int
main(int argc, char **argv)
{
	struct store *s;
	int64_t users;

	must(argc == 2, "bench-store-fill PATH|URL");
	s = store_at(argv[1]);
	done(s, store_user_count(s, USER_ROLE_USER, 0, &users), "count");
	must(users == 0, "there are users already");
	done(s, store_begin(s), "begin");
	add_users(s);
	done(s, store_commit(s), "commit");
	add_many(s, add_device, DEVICES);
	add_many(s, add_doors, DOORS);
	add_many(s, add_row, ROWS);
	store_close(s);
	return 0;
}
