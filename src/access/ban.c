#include "access/guard.h"

#include "access/change.h"
#include "access/people.h"
#include "access/signin.h"

static bool
is_prefix(const struct network *net)
{
	const uint8_t *known = guard_prefixes[net->base.family == 6];

	for (size_t i = 0; i < GUARD_PREFIXES; i++)
		if (net->bits == known[i])
			return true;
	return false;
}

/* In the one form that guard_subjects() has for it. */
static struct outcome
network_subject(const struct access *a, const struct network *net, struct guard_subject *out)
{
	bool is_address = net->bits == (net->base.family == 6 ? 128 : 32);
	char ip[ADDRESS_TEXT_MAX], text[NETWORK_TEXT_MAX];

	if (!is_address && !is_prefix(net))
		return outcome_field(OUTCOME_INVALID, "subject",
				     "a network to ban is a /8, /16 or /24, of IPv6 a /32, /48 or "
				     "/64");
	out->kind = is_address ? GUARD_ADDRESS : GUARD_NETWORK;
	out->name = arena_copy(a->memory, span_str(is_address ? address_ip_text(&net->base, ip)
							      : network_text(net, text)));
	return OUTCOME_OK;
}

struct outcome
ban_subject(struct access *a, const char *word, struct guard_subject *out)
{
	struct network net;

	if (network_parse(span_str(word), &net))
		return network_subject(a, &net, out);
	const char *name = arena_lower(a->memory, span_str(word));
	const char *why = people_check_name(name);
	if (why != NULL)
		return outcome_field(OUTCOME_INVALID, "subject",
				     "\"%.64s\" is no address or network, nor an account: it %s",
				     access_plain(a, word, 64), why);
	*out = (struct guard_subject){GUARD_ACCOUNT, name};
	return OUTCOME_OK;
}

/* An operator bans and lifts only what is no operator's or administrator's account. */
static struct outcome
may_judge(struct access *a, const struct actor *who, const struct guard_subject *of)
{
	struct user u = {.role = USER_ROLE_USER};

	if (of->kind == GUARD_ACCOUNT) {
		enum store_result r = store_user_by_name(a->store, of->name, a->memory, &u);

		if (r == STORE_NONE) /* names that nobody has can be banned too */
			u = (struct user){.role = USER_ROLE_USER};
		else if (r != STORE_DONE)
			return access_stored(a, r, "user");
	}
	return actor_manages(who, &u);
}

static bool
is_in(const struct guard_subject *of, const struct address *from)
{
	struct network net;

	return network_parse(span_str(of->name), &net) && network_has(&net, from);
}

/* He may be signed in from there: found among the few who are signed in at all. */
static struct outcome
has_superior(struct access *a, const struct actor *who, const struct guard_subject *of)
{
	struct page page = {.limit = STORE_PAGE_MAX};
	struct session_list sessions;
	struct outcome o = OUTCOME_OK;
	struct user u;

	do {
		o = sessions_list(a, &page, 0, &sessions);
		for (size_t i = 0; !refused(o) && i < sessions.count; i++) {
			const struct session *s = &sessions.at[i];

			if (s->user == who->user || !is_in(of, &s->from))
				continue;
			o = access_stored(a, store_user(a->store, s->user, a->memory, &u), "user");
			if (!refused(o) && refused(actor_manages(who, &u)))
				o = outcome_field(OUTCOME_FORBIDDEN, "subject",
						  "somebody is signed in from there whom operators "
						  "may not touch");
		}
	} while (!refused(o) && (page.after = sessions.next) != NULL);
	return o;
}

/* Else an operator could leave this machine's command line as administrators' only way in. */
static struct outcome
may_ban_from(struct access *a, const struct actor *who, const struct guard_subject *of)
{
	struct network net;

	if (who->level >= LEVEL_ADMIN || of->kind == GUARD_ACCOUNT)
		return OUTCOME_OK;
	if (of->kind == GUARD_NETWORK && network_parse(span_str(of->name), &net) &&
	    net.bits != guard_prefixes[net.base.family == 6][0])
		return outcome_field(OUTCOME_FORBIDDEN, "subject",
				     "operators ban networks of /24 alone, of IPv6 /64");
	return has_superior(a, who, of);
}

static bool
is_himself(struct access *a, const struct actor *who, const struct guard_subject *of)
{
	struct guard_subject his[GUARD_SUBJECTS];
	const char *name = who->kind == ACTOR_USER ? who->name : NULL;
	size_t count = guard_subjects(a, name, &who->from, his);

	for (size_t i = 0; i < count; i++)
		if (his[i].kind == of->kind && strcmp(his[i].name, of->name) == 0)
			return true;
	return false;
}

static struct outcome
check_ban(struct access *a, const struct actor *who, const struct ban *b)
{
	struct guard_subject canonical = {0};
	struct outcome o = may_judge(a, who, &b->of);

	if (refused(o) || refused(o = ban_subject(a, b->of.name, &canonical)))
		return o;
	if (canonical.kind != b->of.kind || strcmp(canonical.name, b->of.name) != 0)
		return outcome_field(OUTCOME_INVALID, "subject", "\"%.64s\" is written \"%.64s\"",
				     b->of.name, canonical.name);
	if (b->until != 0 && b->until <= a->now)
		return outcome_field(OUTCOME_INVALID, "until", "it would be over already");
	if (who->kind != ACTOR_SELF && is_himself(a, who, &b->of))
		return outcome_field(OUTCOME_INVALID, "subject", "that would shut out yourself");
	return may_ban_from(a, who, &b->of);
}

/* Loopback has no subject: nobody could be shut out by it but this machine's administrator. */
static bool
is_loopback(const struct access *a, const struct guard_subject *of)
{
	struct network net;

	return of->kind != GUARD_ACCOUNT && network_parse(span_str(of->name), &net) &&
	       guard_network(a, &net.base)[0] == '\0';
}

/* Whose account it is has to sign in again, and cannot. Who was only guessed at may stay. */
static struct outcome
throw_out(struct access *a, const struct actor *who, const struct guard_subject *of)
{
	struct user u = {0};
	enum store_result r = STORE_NONE;

	if (of->kind == GUARD_ACCOUNT && who->kind != ACTOR_SELF)
		r = store_user_by_name(a->store, of->name, a->memory, &u);
	if (r == STORE_DONE) {
		r = store_sessions_end(a->store, u.id, 0, NULL);
		change_also(a, EVENT_SESSION, 0);
	}
	return r == STORE_NONE ? OUTCOME_OK : access_stored(a, r, "sessions");
}

/* What a person has banned stays his, whatever the server would ban besides: who was only guessed
 * at may stay (guard_keeps()), he may not. */
static struct outcome
leave_to_person(struct access *a, struct ban *b)
{
	struct ban old;
	enum store_result r = store_ban_of(a->store, &b->of, 1, a->now, a->memory, &old);

	if (r == STORE_DONE && strcmp(old.by, b->by) != 0) {
		b->by = old.by;
		b->reason = old.reason;
	}
	return r == STORE_NONE ? OUTCOME_OK : access_stored(a, r, "ban");
}

struct outcome
ban_add(struct access *a, const struct actor *who, struct ban *b)
{
	struct outcome o = check_ban(a, who, b);
	struct buf note = buf_with_cap(1024);

	if (!refused(o) && is_loopback(a, &b->of))
		o = outcome_field(OUTCOME_INVALID, "subject", "this machine itself is not banned");
	if (refused(o) || refused(o = change_begin(a)))
		return o;
	b->created = a->now;
	b->by = actor_text(a, who);
	if (who->kind == ACTOR_SELF)
		o = leave_to_person(a, b);
	if (!refused(o))
		o = access_stored(a, store_ban_add(a->store, b), "ban");
	if (!refused(o))
		o = throw_out(a, who, &b->of);
	if (!refused(o))
		o = access_stored(a, store_ban(a->store, b->id, a->memory, b), "ban");
	bool fits = buf_append(&note, SPAN_OF("{\"reason\":")) && json_put_text(&note, b->reason) &&
		    buf_append(&note, SPAN_OF(",\"until\":")) && json_put_time(&note, b->until) &&
		    buf_byte(&note, '}');
	if (!refused(o) && !fits)
		o = outcome_field(OUTCOME_INVALID, "reason", "it is too long");
	o = change_end(a, who, o,
		       &(struct change){.action = "ban.add",
					.object = guard_subject_text(a, &b->of),
					.note = arena_copy(a->memory, buf_span(&note)),
					.event = EVENT_BAN,
					.id = b->id});
	buf_free(&note);
	return o;
}

static struct outcome
forget(struct access *a, const struct guard_subject *of)
{
	enum store_result r = store_failures_forget(a->store, of);

	return access_stored(a, r == STORE_NONE ? STORE_DONE : r, "failures");
}

struct outcome
ban_lift(struct access *a, const struct actor *who, const struct ban *b)
{
	struct outcome o = may_judge(a, who, &b->of);

	if (refused(o) || refused(o = change_begin(a)))
		return o;
	o = access_stored(a, store_ban_lift(a->store, b->id, a->now), "ban");
	if (!refused(o))
		o = forget(a, &b->of);
	return change_end(a, who, o,
			  &(struct change){.action = "ban.lift",
					   .object = guard_subject_text(a, &b->of),
					   .event = EVENT_BAN,
					   .id = b->id});
}

struct outcome
lockout_lift(struct access *a, const struct actor *who, const struct lockout *l)
{
	struct outcome o = may_judge(a, who, &l->of);
	struct ban b;

	if (refused(o))
		return o;
	enum store_result r = store_ban_of(a->store, &l->of, 1, a->now, a->memory, &b);
	if (r == STORE_DONE)
		return ban_lift(a, who, &b);
	if (r != STORE_NONE)
		return access_stored(a, r, "ban");
	if (refused(o = change_begin(a)))
		return o;
	o = forget(a, &l->of);
	return change_end(a, who, o,
			  &(struct change){.action = "lockout.lift",
					   .object = guard_subject_text(a, &l->of),
					   .event = EVENT_BAN,
					   .id = l->id});
}
