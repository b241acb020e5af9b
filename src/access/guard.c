#include "access/guard.h"

#include "access/alerts.h"
#include "access/change.h"
#include "access/people.h"
#include "base/text.h"

#define REFUSAL_PLAIN_MAX 64
#define REFUSAL_AGAIN_MS  MINUTE_MS

const struct guard_limits guard_limits[3] = {
    [GUARD_ACCOUNT] = {.free = 3, .ban = 10},
    [GUARD_ADDRESS] = {.free = 5, .ban = 15},
    [GUARD_NETWORK] = {.free = 20, .ban = 60},
};

const char *const guard_kinds[] = {"account", "address", "network", NULL};

const uint8_t guard_prefixes[2][GUARD_PREFIXES] = {{24, 16, 8}, {64, 48, 32}};

static bool
is_counted(const struct address *from)
{
	static const struct network loopback[] = {
	    {.base = {.family = 4, .ip = {127}}, .bits = 8},
	    {.base = {.family = 6, .ip = {[15] = 1}}, .bits = 128},
	};

	return from->family != 0 && !network_any_has(loopback, COUNT(loopback), from);
}

static const char *
network_of(const struct access *a, const struct address *from, unsigned bits)
{
	struct network net = address_network(from, bits);
	char text[NETWORK_TEXT_MAX];

	return arena_copy(a->memory, span_str(network_text(&net, text)));
}

const char *
guard_network(const struct access *a, const struct address *from)
{
	return is_counted(from) ? network_of(a, from, guard_prefixes[from->family == 6][0]) : "";
}

static const char *
ip_text(const struct access *a, const struct address *from)
{
	char text[ADDRESS_TEXT_MAX];

	return arena_copy(a->memory, span_str(address_ip_text(from, text)));
}

size_t
guard_subjects(const struct access *a, const char *account, const struct address *from,
	       struct guard_subject out[GUARD_SUBJECTS])
{
	size_t n = 0;

	if (account != NULL)
		out[n++] = (struct guard_subject){GUARD_ACCOUNT, account};
	if (!is_counted(from))
		return n;
	out[n++] = (struct guard_subject){GUARD_ADDRESS, ip_text(a, from)};
	for (size_t i = 0; i < GUARD_PREFIXES; i++)
		out[n++] = (struct guard_subject){
		    GUARD_NETWORK, network_of(a, from, guard_prefixes[from->family == 6][i])};
	return n;
}

/* Of them, those that failures are counted of: not the wider networks, but for the IPv6 /48 that
 * one customer may have all of (RFC 6177), where he never comes from the same /64 twice. */
static size_t
counted_subjects(const struct access *a, const char *account, const struct address *from,
		 struct guard_subject out[GUARD_SUBJECTS])
{
	size_t n = guard_subjects(a, account, from, out);
	size_t most = (account != NULL ? 1 : 0) + (from->family == 6 ? 3 : 2);

	return n < most ? n : most;
}

static struct guard_limits
limits_of(const struct guard_subject *of)
{
	struct guard_limits limits = guard_limits[of->kind];
	struct network net;

	if (of->kind == GUARD_NETWORK && network_parse(span_str(of->name), &net) &&
	    net.bits == guard_prefixes[1][1]) {
		limits.free *= GUARD_SITE_FACTOR;
		limits.ban *= GUARD_SITE_FACTOR;
	}
	return limits;
}

const char *
guard_subject_text(const struct access *a, const struct guard_subject *of)
{
	return arena_printf(a->memory, "%s %s", guard_kinds[of->kind], of->name);
}

/* One sentence, whoever it is: that an account is banned does not tell that there is one. */
static struct outcome
too_often(int64_t wait_ms)
{
	struct outcome o;

	if (wait_ms < 0)
		o = outcome_new(OUTCOME_TOO_OFTEN, "you have been shut out: ask an administrator");
	else if (wait_ms < MINUTE_MS)
		o = outcome_new(OUTCOME_TOO_OFTEN, "too many attempts: try again in %d seconds",
				(int)(wait_ms / SECOND_MS) + 1);
	else
		o = outcome_new(OUTCOME_TOO_OFTEN, "too many attempts: try again in %d minutes",
				(int)((wait_ms + MINUTE_MS - 1) / MINUTE_MS));
	o.wait_ms = wait_ms > 0 ? (uint64_t)wait_ms : 0;
	return o;
}

static struct outcome
ban_of(struct access *a, const struct guard_subject *of, size_t count, struct ban *out)
{
	enum store_result r = STORE_NONE;

	*out = (struct ban){0};
	if (count > 0)
		r = store_ban_of(a->store, of, count, a->now, a->memory, out);
	if (r == STORE_NONE)
		return OUTCOME_OK;
	if (r != STORE_DONE)
		return access_stored(a, r, "ban");
	return too_often(out->until == 0 ? -1 : out->until - a->now);
}

/* How long the next try has to wait still. A clock that was set back makes nobody wait longer. */
static int64_t
delay_left(const struct access *a, const struct guard_subject *of, const struct failures *f)
{
	int64_t over = f->count - limits_of(of).free, since = a->now - f->last, delay;

	if (over <= 0 || since >= GUARD_FORGET_MS)
		return 0;
	delay = over > 6 ? GUARD_DELAY_MAX : GUARD_DELAY_MS << (over - 1);
	if (delay > GUARD_DELAY_MAX)
		delay = GUARD_DELAY_MAX;
	return since < 0 ? delay : delay - since;
}

struct outcome
guard_admits(struct access *a, const char *account, const struct address *from)
{
	struct guard_subject of[GUARD_SUBJECTS];
	size_t count = guard_subjects(a, account, from, of);
	int64_t longest = 0;
	struct ban ban;
	struct outcome o = ban_of(a, of, count, &ban);

	if (refused(o))
		return o;
	count = counted_subjects(a, account, from, of);
	for (size_t i = 0; i < count; i++) {
		struct failures f;
		enum store_result r = store_failures(a->store, &of[i], &f);

		if (r != STORE_DONE)
			return access_stored(a, r, "failures");
		int64_t left = delay_left(a, &of[i], &f);
		longest = left > longest ? left : longest;
	}
	return longest > 0 ? too_often(longest) : OUTCOME_OK;
}

/* What `sallyport ... lift` would lift of it; NULL: nothing has to be. */
static const char *
lifted(struct access *a, const struct guard_subject *of)
{
	struct failures f;
	struct ban ban;

	if (ban_of(a, of, 1, &ban).kind == OUTCOME_TOO_OFTEN)
		return "ban";
	if (store_failures(a->store, of, &f) == STORE_DONE && delay_left(a, of, &f) > 0)
		return "lockout";
	return NULL;
}

const char *
guard_remedy(struct access *a, const char *account, const struct address *from)
{
	struct guard_subject of[GUARD_SUBJECTS];
	size_t count = guard_subjects(a, account, from, of);
	const char *commands = NULL, *what;

	for (size_t i = 0; i < count; i++)
		if ((what = lifted(a, &of[i])) != NULL)
			commands = arena_printf(a->memory, "%s%ssallyport %s lift %s",
						commands != NULL ? commands : "",
						commands != NULL ? "; " : "", what, of[i].name);
	return commands;
}

struct outcome
guard_keeps(struct access *a, const char *account, const struct address *from)
{
	struct guard_subject of[GUARD_SUBJECTS];
	size_t count = guard_subjects(a, NULL, from, of);
	struct actor self = {.kind = ACTOR_SELF};
	struct ban ban;
	struct outcome o = ban_of(a, of, count, &ban);

	if (refused(o) || account == NULL)
		return o;
	of[0] = (struct guard_subject){GUARD_ACCOUNT, account};
	o = ban_of(a, of, 1, &ban);
	if (o.kind == OUTCOME_TOO_OFTEN && ban.by != NULL &&
	    strcmp(ban.by, actor_text(a, &self)) == 0)
		return OUTCOME_OK;
	return o;
}

static int64_t
ban_length(int64_t failures, int64_t each)
{
	int64_t before = failures / each - 1; /* bans that came before this one */
	int64_t length = before > 10 ? GUARD_BAN_MAX : GUARD_BAN_MS << before;

	return length < GUARD_BAN_MAX ? length : GUARD_BAN_MAX;
}

static struct outcome
ban_for_failures(struct access *a, const struct guard_subject *of, int64_t failures)
{
	const char *subject = guard_subject_text(a, of);
	struct actor self = {.kind = ACTOR_SELF, .level = LEVEL_ADMIN};
	struct ban b = {
	    .of = *of,
	    .reason = arena_printf(a->memory, "%lld failed sign-ins", (long long)failures),
	    .until = a->now + ban_length(failures, limits_of(of).ban),
	};
	struct outcome o = ban_add(a, &self, &b);

	if (!refused(o))
		alert_raise(a, ALERT_FAILURES,
			    arena_printf(a->memory, "Banned after failed sign-ins: %s", subject),
			    arena_printf(a->memory, "%s. To let it in again: sallyport ban lift %s",
					 b.reason, of->name));
	return o;
}

/* Each number of failures is told to one caller alone, so that of several at once just one bans. */
struct outcome
guard_failed(struct access *a, const char *where, const char *account, const struct address *from)
{
	struct guard_subject of[GUARD_SUBJECTS];
	size_t count = counted_subjects(a, account, from, of);
	struct outcome o = OUTCOME_OK;

	for (size_t i = 0; i < count; i++) {
		struct failures f;
		enum store_result r = store_failed(a->store, &of[i], a->now, GUARD_FORGET_MS, &f);

		if (r != STORE_DONE)
			return access_stored(a, r, where);
		if (f.count % limits_of(&of[i]).ban == 0 && !refused(o))
			o = ban_for_failures(a, &of[i], f.count);
	}
	return o;
}

static struct lockout
lockout_of(const struct access *a, const struct counted *c)
{
	const int64_t count = c->failures.count, ban = limits_of(&c->of).ban;
	const int64_t wait = delay_left(a, &c->of, &c->failures);
	const bool banned = c->ban != 0 && (c->until == 0 || c->until > a->now);

	return (struct lockout){
	    .id = c->id,
	    .of = c->of,
	    .failures = count,
	    .last = c->failures.last,
	    .ban_at = (count / ban + 1) * ban,
	    .forgotten = c->failures.last + GUARD_FORGET_MS,
	    .banned = banned,
	    .until = banned     ? c->until
		     : wait > 0 ? a->now + wait
				: 0,
	};
}

struct outcome
lockouts(struct access *a, const struct page *page, struct lockout_list *out)
{
	const struct counted_over over = {
	    .account = guard_limits[GUARD_ACCOUNT].free,
	    .address = guard_limits[GUARD_ADDRESS].free,
	    .network = guard_limits[GUARD_NETWORK].free,
	    .site = guard_limits[GUARD_NETWORK].free * GUARD_SITE_FACTOR,
	    .since = a->now - GUARD_FORGET_MS,
	};
	struct counted_list list;
	enum store_result r = store_counted_list(a->store, page, &over, a->memory, &list);

	*out = (struct lockout_list){0};
	if (r != STORE_DONE)
		return access_stored(a, r, "lock-outs");
	for (size_t i = 0; i < list.count; i++)
		*ARENA_PUSH(a->memory, out->at, out->count) = lockout_of(a, &list.at[i]);
	out->next = list.next;
	return OUTCOME_OK;
}

struct outcome
lockout_find(struct access *a, int64_t id, struct lockout *out)
{
	struct counted c;
	enum store_result r = store_counted(a->store, id, a->memory, &c);

	*out = (struct lockout){0};
	if (r == STORE_DONE)
		*out = lockout_of(a, &c);
	return access_stored(a, r, "lock-out");
}

struct outcome
lockout_find_of(struct access *a, const struct guard_subject *of, struct lockout *out)
{
	struct counted c;
	enum store_result r = store_counted_of(a->store, of, a->memory, &c);

	*out = (struct lockout){0};
	if (r == STORE_DONE &&
	    (c.failures.count <= limits_of(of).free || a->now - c.failures.last >= GUARD_FORGET_MS))
		r = STORE_NONE;
	if (r == STORE_DONE)
		*out = lockout_of(a, &c);
	return access_stored(a, r, "lock-out");
}

/*
 * His address and network begin anew as well: else the mistakes of a whole office would add up
 * to a ban. Who guesses at others between sign-ins of his own is slowed by their accounts.
 */
void
guard_succeeded(struct access *a, const char *account, const struct address *from)
{
	struct guard_subject of[GUARD_SUBJECTS];
	size_t count = counted_subjects(a, account, from, of);

	for (size_t i = 0; i < count; i++)
		if (store_failures_forget(a->store, &of[i]) == STORE_DOWN)
			return; /* they count on, on the safe side */
}

struct outcome
guard_sweep(struct access *a)
{
	return access_stored(a, store_guard_sweep(a->store, a->now - GUARD_FORGET_MS), "failures");
}

/* Who is shut out and tries on would push all else out of the list. */
static bool
is_noted_already(struct access *a, const struct refusal *r)
{
	const struct page page = {.limit = 1};
	const char *of = r->address != NULL ? r->address : r->user;
	struct refusal_list list = {0};

	if (of == NULL || store_refusals(a->store, &page, of, a->memory, &list) != STORE_DONE ||
	    list.count == 0)
		return false;
	const struct refusal *last = &list.at[0];
	return text_equal(last->reason, r->reason) && text_equal(last->user, r->user) &&
	       text_equal(last->device, r->device) && last->time <= a->now &&
	       a->now - last->time < REFUSAL_AGAIN_MS;
}

void
refusal_note(struct access *a, struct refusal *r)
{
	r->time = a->now;
	r->user = access_plain(a, r->user, REFUSAL_PLAIN_MAX);
	r->device = access_plain(a, r->device, REFUSAL_PLAIN_MAX);
	if (is_noted_already(a, r))
		return;
	if (store_refusal_add(a->store, r) == STORE_DONE && a->happened != NULL)
		a->happened(a->owner, EVENT_REFUSAL, r->id);
}
