/* Bans, which web, API and VPN all honour. */
#include "access/guard.h"
#include "api/op.h"

#define SUBJECT_MAX 128
#define REASON_MAX  200

#define BAN(member) offsetof(struct ban, member)
static const struct shape_member ban_members[] = {
    {.name = "id",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = BAN(id),
     .max = INT64_MAX,
     .doc = "Its number, by which it can be lifted."},
    {.name = "kind",
     .kind = SHAPE_CHOICE,
     .flags = SHAPE_READ_ONLY,
     .offset = BAN(of.kind),
     .choices = guard_kinds,
     .doc = "What is banned."},
    {.name = "subject",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED,
     .offset = BAN(of.name),
     .min = 1,
     .max = SUBJECT_MAX,
     .doc = "The user's name, the address, or the network as CIDR."},
    {.name = "reason",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = BAN(reason),
     .max = REASON_MAX,
     .doc = "Why, for administrators; usually: banned by hand."},
    {.name = "by",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = BAN(by),
     .doc = "Who banned it."},
    {.name = "created",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = BAN(created),
     .doc = "Since when."},
    {.name = "until",
     .kind = SHAPE_TIME,
     .flags = SHAPE_OPTIONAL,
     .offset = BAN(until),
     .doc = "Until when; null: until it is lifted."},
    {.name = "lifted",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = BAN(lifted),
     .doc = "When it was lifted, if it was."},
};
const struct shape shape_ban = {
    .name = "Ban",
    .doc = "An account, address or network that is refused whatever it shows.",
    .size = sizeof(struct ban),
    .members = ban_members,
    .count = COUNT(ban_members),
};

enum maker { MADE_BY_SERVER, MADE_BY_PERSON };
static const char *const makers[] = {"server", "person", NULL};

static struct ban_filter
filter_of(const struct api_call *c)
{
	int made_by = op_choice(call_query(c, "made_by"), makers);

	return (struct ban_filter){
	    .all = op_query_yes(c, "all"),
	    .kind = op_choice(call_query(c, "kind"), guard_kinds),
	    .by = made_by == MADE_BY_SERVER ? ACTOR_SELF_TEXT : NULL,
	    .not_by = made_by == MADE_BY_PERSON ? ACTOR_SELF_TEXT : NULL,
	};
}

static struct outcome
list_bans(struct api_call *c)
{
	struct ban_filter filter = filter_of(c);
	struct ban_list bans;
	struct page page;
	struct outcome o;

	if (refused(o = call_page(c, &page)) ||
	    refused(o = access_stored(c->access,
				      store_bans(c->access->store, &page, &filter, c->access->now,
						 c->access->memory, &bans),
				      "bans")))
		return o;
	return call_answer_list(c, bans.at, bans.count, sizeof *bans.at, bans.next);
}

static struct outcome
find_ban(struct api_call *c, int64_t id, struct ban *out)
{
	return access_stored(c->access, store_ban(c->access->store, id, c->access->memory, out),
			     "ban");
}

static struct outcome
create_ban(struct api_call *c)
{
	struct ban b = {0};
	struct outcome o;

	if (refused(o = call_body(c, &b, NULL)))
		return o;
	if (b.reason == NULL)
		b.reason = "banned by hand";
	if (b.until != 0 && b.until <= c->access->now)
		return outcome_field(OUTCOME_INVALID, "until", "until is over already");
	if (refused(o = ban_subject(c->access, b.of.name, &b.of)) ||
	    refused(o = ban_add(c->access, &c->actor, &b)))
		return o;
	return call_answer(c, &b, 0,
			   arena_printf(c->access->memory, "/bans/%lld", (long long)b.id));
}

static struct outcome
find_named(struct api_call *c, struct ban *out)
{
	struct outcome o;
	int64_t id;

	if (refused(o = op_id(c, 0, "ban", &id)))
		return o;
	return find_ban(c, id, out);
}

static struct outcome
show_ban(struct api_call *c)
{
	struct outcome o;
	struct ban b;

	if (refused(o = find_named(c, &b)))
		return o;
	return call_answer(c, &b, 0, NULL);
}

static struct outcome
lift_ban(struct api_call *c)
{
	struct outcome o;
	struct ban b;

	if (refused(o = find_named(c, &b)) || refused(o = ban_lift(c->access, &c->actor, &b)))
		return o;
	return call_answer_none(c);
}

static const char *const sorts[] = {"created", "subject", "by", "until", NULL};
static const struct parameter narrowed[] = {
    OP_SORT(sorts),
    {"all", "boolean", "With those that are over or were lifted.", NULL},
    {"kind", "string", "Only those of accounts, of addresses, or of networks.", guard_kinds},
    {"made_by", "string", "Only those that the server made by itself, or a person.", makers},
};

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/bans",
     .id = "listBans",
     .doc = "Lists the bans that stand, the newest first unless sorted.",
     .level = LEVEL_READ,
     .flags = OP_LIST,
     .answer = &shape_ban,
     .query = narrowed,
     .query_count = COUNT(narrowed),
     .run = list_bans},
    {.method = METHOD_POST,
     .path = "/bans",
     .id = "createBan",
     .doc = "Bans an account, an address or a network. One that stands is made longer, never "
	    "shorter.",
     .level = LEVEL_OPERATE,
     .flags = OP_CREATES,
     .body = &shape_ban,
     .use = SHAPE_CREATE,
     .answer = &shape_ban,
     .run = create_ban},
    {.method = METHOD_GET,
     .path = "/bans/{id}",
     .id = "getBan",
     .doc = "Shows a ban.",
     .level = LEVEL_READ,
     .answer = &shape_ban,
     .run = show_ban},
    {.method = METHOD_DELETE,
     .path = "/bans/{id}",
     .id = "liftBan",
     .doc = "Lifts a ban, and forgets the failures that brought it.",
     .level = LEVEL_OPERATE,
     .run = lift_ban},
};

const struct operation_group operations_bans = {"Bans", operations, COUNT(operations)};
