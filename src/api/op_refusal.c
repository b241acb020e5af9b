/* Who was refused, why, and what would let him in. */
#include "access/guard.h"
#include "access/proof.h"
#include "api/op.h"

#define WHY_REFUSALS 20
#define OF_MAX       128

#define REFUSAL(member) offsetof(struct refusal, member)
static const struct shape_member refusal_members[] = {
    {.name = "id",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = REFUSAL(id),
     .max = INT64_MAX,
     .doc = "Its number."},
    {.name = "time",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = REFUSAL(time),
     .doc = "When."},
    {.name = "where",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = REFUSAL(where),
     .doc = "What was asked for: web, api, vpn or console."},
    {.name = "user",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = REFUSAL(user),
     .doc = "The name that was given, whether there is such a user or not."},
    {.name = "device",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = REFUSAL(device),
     .doc = "Of the VPN: which device."},
    {.name = "address",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = REFUSAL(address),
     .doc = "From where."},
    {.name = "reason",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = REFUSAL(reason),
     .doc = "Why, for administrators: who was refused is told less."},
    {.name = "remedy",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = REFUSAL(remedy),
     .doc = "The command that would allow it."},
};
static const struct shape shape_refusal = {
    .name = "Refusal",
    .doc = "An attempt that was refused.",
    .size = sizeof(struct refusal),
    .members = refusal_members,
    .count = COUNT(refusal_members),
};

static struct outcome
list_of(struct api_call *c, const struct page *page, const char *of, struct refusal_list *out)
{
	return access_stored(c->access,
			     store_refusals(c->access->store, page, of, c->access->memory, out),
			     "refusals");
}

static struct outcome
list_refusals(struct api_call *c)
{
	struct refusal_list refusals;
	struct page page;
	struct outcome o;

	if (refused(o = call_page(c, &page)) ||
	    refused(o = list_of(c, &page, call_query(c, "of"), &refusals)))
		return o;
	return call_answer_list(c, refusals.at, refusals.count, sizeof *refusals.at, refusals.next);
}

struct why {
	const char *of;
	bool admitted;
	const char *refusal;
	int64_t again, failures;
	struct ban bans[GUARD_SUBJECTS];
	size_t ban_count;
	const struct ban *ban_at;
	const char *account;
	const char *remedies[GUARD_SUBJECTS + 2]; /* one for each ban, then the account's */
	const char **remedy_at;
	struct lockout lockouts[GUARD_SUBJECTS];
	size_t lockout_count;
	const struct lockout *lockout_at;
	struct refusal_list refusals;
};

#define WHY(member) offsetof(struct why, member)
static const struct shape_member why_members[] = {
    {.name = "of",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = WHY(of),
     .doc = "What was asked about."},
    {.name = "admitted",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_READ_ONLY,
     .offset = WHY(admitted),
     .doc = "Whether a sign-in would be looked at now: no ban and no delay stands, and there is "
	    "nothing about the account itself."},
    {.name = "account",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = WHY(account),
     .doc = "What keeps the account out whatever is shown: nobody has it, it is disabled, or has "
	    "expired. He himself is not told."},
    {.name = "standing",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = WHY(refusal),
     .doc = "What he is told now, if it would not."},
    {.name = "again",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = WHY(again),
     .doc = "When it would; null: now, or when the ban is lifted."},
    {.name = "failures",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = WHY(failures),
     .max = INT64_MAX,
     .doc = "How many failures are counted of it now."},
    {.name = "bans",
     .kind = SHAPE_LIST,
     .flags = SHAPE_READ_ONLY,
     .offset = WHY(ban_at),
     .count = WHY(ban_count),
     .of = &shape_ban,
     .doc = "The bans that stand for it, or for the network that it is in."},
    {.name = "remedies",
     .kind = SHAPE_TEXTS,
     .flags = SHAPE_READ_ONLY,
     .offset = WHY(remedy_at),
     .doc = "The commands that lift them, and let the account in."},
    {.name = "lock_outs",
     .kind = SHAPE_LIST,
     .flags = SHAPE_READ_ONLY,
     .offset = WHY(lockout_at),
     .count = WHY(lockout_count),
     .of = &shape_lockout,
     .doc = "What is counted of it, or of the network that it is in, and makes it wait."},
    {.name = "refusals",
     .kind = SHAPE_LIST,
     .flags = SHAPE_READ_ONLY,
     .offset = WHY(refusals.at),
     .count = WHY(refusals.count),
     .of = &shape_refusal,
     .doc = "The last refusals, the newest first, each with what would allow it."},
};
static const struct shape shape_why = {
    .name = "Why",
    .doc = "Why an address or a user is refused.",
    .size = sizeof(struct why),
    .members = why_members,
    .count = COUNT(why_members),
};

static struct outcome
find_ban(struct api_call *c, const struct guard_subject *of, struct why *why)
{
	struct ban *b = &why->bans[why->ban_count];
	enum store_result r =
	    store_ban_of(c->access->store, of, 1, c->access->now, c->access->memory, b);

	if (r == STORE_NONE)
		return OUTCOME_OK;
	if (r == STORE_DONE)
		why->remedies[why->ban_count++] =
		    arena_printf(c->access->memory, "sallyport ban lift %s", b->of.name);
	return access_stored(c->access, r, "bans");
}

static struct outcome
find_lockout(struct api_call *c, const struct guard_subject *of, struct why *why)
{
	struct outcome o = lockout_find_of(c->access, of, &why->lockouts[why->lockout_count]);

	if (o.kind == OUTCOME_UNKNOWN)
		return OUTCOME_OK;
	if (!refused(o))
		why->lockout_count++;
	return o;
}

static struct outcome
count_failures(struct api_call *c, const struct guard_subject *of, struct why *why)
{
	struct failures f;
	struct outcome o =
	    access_stored(c->access, store_failures(c->access->store, of, &f), "failures");

	if (!refused(o))
		why->failures = f.count;
	return o;
}

/* As guard_admits() would say it; that counts nothing. */
static void
judge(struct api_call *c, const struct guard_subject *of, const struct address *from,
      struct why *why)
{
	struct outcome o =
	    guard_admits(c->access, of->kind == GUARD_ACCOUNT ? of->name : NULL, from);

	why->admitted = !refused(o);
	if (why->admitted)
		return;
	why->refusal = arena_printf(c->access->memory, "%s", o.text);
	if (o.wait_ms > 0)
		why->again = c->access->now + (int64_t)o.wait_ms;
}

/* guard_admits() does not look at it: nobody is told whether there is such an account. */
static struct outcome
judge_account(struct api_call *c, const char *name, struct why *why)
{
	const char *remedy;
	struct outcome o = proof_problem(c->access, name, &why->account, &remedy);

	if (refused(o) || why->account == NULL)
		return o;
	why->admitted = false;
	why->remedies[why->ban_count] = remedy;
	return OUTCOME_OK;
}

/* An address is refused by the bans of the networks that it is in, too. */
static struct outcome
explain(struct api_call *c, const struct guard_subject *of, struct why *why)
{
	struct guard_subject all[GUARD_SUBJECTS] = {*of};
	struct address from = {0};
	struct outcome o;
	size_t count = 1;

	if (of->kind == GUARD_ADDRESS && address_parse_ip(span_str(of->name), &from))
		count = guard_subjects(c->access, NULL, &from, all);
	for (size_t i = 0; i < count; i++)
		if (refused(o = find_ban(c, &all[i], why)) ||
		    refused(o = find_lockout(c, &all[i], why)))
			return o;
	if (refused(o = count_failures(c, of, why)))
		return o;
	if (of->kind == GUARD_NETWORK)
		why->admitted = why->ban_count == 0;
	else
		judge(c, of, &from, why);
	return of->kind == GUARD_ACCOUNT ? judge_account(c, of->name, why) : OUTCOME_OK;
}

static struct outcome
say_why(struct api_call *c)
{
	struct page page = {.limit = WHY_REFUSALS};
	struct why why = {.of = call_query(c, "of")};
	struct guard_subject of;
	struct outcome o;

	if (why.of == NULL || strlen(why.of) > OF_MAX)
		return outcome_field(OUTCOME_INVALID, "of",
				     "of is missing: say an address or the name of a user");
	if (refused(o = ban_subject(c->access, why.of, &of)) ||
	    refused(o = explain(c, &of, &why)) ||
	    refused(o = list_of(c, &page, of.name, &why.refusals)))
		return o;
	why.ban_at = why.bans;
	why.remedy_at = why.remedies;
	why.lockout_at = why.lockouts;
	return call_answer(c, &why, 0, NULL);
}

static const char *const sorts[] = {"time", "user", "address", "where", "reason", NULL};
#define OF                                                                                         \
	{                                                                                          \
		"of", "string", "An address, or the name of a user.", NULL                         \
	}
static const struct parameter of_parameter[] = {OF};
static const struct parameter narrowed[] = {
    OP_SORT(sorts),
    OF,
};

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/refusals",
     .id = "listRefusals",
     .doc = "Lists attempts that were refused, the newest first unless sorted, with the reason in "
	    "words and the command that would allow each. The last 10,000 are kept.",
     .level = LEVEL_READ,
     .flags = OP_LIST,
     .answer = &shape_refusal,
     .query = narrowed,
     .query_count = COUNT(narrowed),
     .run = list_refusals},
    {.method = METHOD_GET,
     .path = "/why",
     .id = "why",
     .doc = "Says why an address or a user is refused: the bans and delays that stand, and the "
	    "last refusals, each with the command that would allow it.",
     .level = LEVEL_READ,
     .answer = &shape_why,
     .query = of_parameter,
     .query_count = COUNT(of_parameter),
     .run = say_why},
};

const struct operation_group operations_refusals = {"Refusals", operations, COUNT(operations)};
