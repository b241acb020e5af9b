/* Who has to wait, or is banned, for the sign-ins that failed. */
#include "access/guard.h"
#include "api/op.h"

#define LOCKOUT(member) offsetof(struct lockout, member)
static const struct shape_member lockout_members[] = {
    {.name = "id",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = LOCKOUT(id),
     .max = INT64_MAX,
     .doc = "Its number, by which it can be lifted."},
    {.name = "kind",
     .kind = SHAPE_CHOICE,
     .flags = SHAPE_READ_ONLY,
     .offset = LOCKOUT(of.kind),
     .choices = guard_kinds,
     .doc = "What the failures are counted of."},
    {.name = "subject",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_REQUIRED,
     .offset = LOCKOUT(of.name),
     .doc = "The name that was given, whether there is such a user or not; the address, or the "
	    "network as CIDR."},
    {.name = "failures",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = LOCKOUT(failures),
     .max = INT64_MAX,
     .doc = "How many are counted."},
    {.name = "last",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = LOCKOUT(last),
     .doc = "When the last one was."},
    {.name = "ban_at",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = LOCKOUT(ban_at),
     .max = INT64_MAX,
     .doc = "At how many failures it is banned next."},
    {.name = "banned",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_READ_ONLY,
     .offset = LOCKOUT(banned),
     .doc = "Whether a ban of it stands."},
    {.name = "until",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = LOCKOUT(until),
     .doc = "Until when it is refused unheard; null: it may try now, or, if it is banned, never."},
    {.name = "forgotten",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = LOCKOUT(forgotten),
     .doc = "When the failures are forgotten, if no other comes."},
};
const struct shape shape_lockout = {
    .name = "LockOut",
    .doc = "An account, address or network that failed so often that each further failure makes it "
	   "wait longer, or has it banned.",
    .size = sizeof(struct lockout),
    .members = lockout_members,
    .count = COUNT(lockout_members),
};

static struct outcome
list_lockouts(struct api_call *c)
{
	struct lockout_list list;
	struct page page;
	struct outcome o;

	if (refused(o = call_page(c, &page)) || refused(o = lockouts(c->access, &page, &list)))
		return o;
	return call_answer_list(c, list.at, list.count, sizeof *list.at, list.next);
}

static struct outcome
find_named(struct api_call *c, struct lockout *out)
{
	struct outcome o;
	int64_t id;

	if (refused(o = op_id(c, 0, "lock-out", &id)))
		return o;
	return lockout_find(c->access, id, out);
}

static struct outcome
show_lockout(struct api_call *c)
{
	struct lockout l;
	struct outcome o;

	if (refused(o = find_named(c, &l)))
		return o;
	return call_answer(c, &l, 0, NULL);
}

static struct outcome
lift_lockout(struct api_call *c)
{
	struct lockout l;
	struct outcome o;

	if (refused(o = find_named(c, &l)) || refused(o = lockout_lift(c->access, &c->actor, &l)))
		return o;
	return call_answer_none(c);
}

static const char *const sorts[] = {"last", "failures", "subject", NULL};
static const struct parameter sorted[] = {OP_SORT(sorts)};

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/lock-outs",
     .id = "listLockOuts",
     .doc = "Lists the accounts, addresses and networks whose failed sign-ins make them wait, or "
	    "had them banned; who failed last comes first unless sorted.",
     .level = LEVEL_READ,
     .flags = OP_LIST,
     .answer = &shape_lockout,
     .query = sorted,
     .query_count = COUNT(sorted),
     .run = list_lockouts},
    {.method = METHOD_GET,
     .path = "/lock-outs/{id}",
     .id = "getLockOut",
     .doc = "Shows what is counted of one, also where that is too little to wait for.",
     .level = LEVEL_READ,
     .answer = &shape_lockout,
     .run = show_lockout},
    {.method = METHOD_DELETE,
     .path = "/lock-outs/{id}",
     .id = "liftLockOut",
     .doc = "Forgets the failures that are counted of one, and lifts the ban of it, if one stands.",
     .level = LEVEL_OPERATE,
     .run = lift_lockout},
};

const struct operation_group operations_lockouts = {"Lock-outs", operations, COUNT(operations)};
