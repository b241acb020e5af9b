/* What holds for a user: as he, his group or everybody has it. */
#include "access/people.h"

#include "access/change.h"
#include "access/signin.h"
#include "base/log.h"

#define POLICY_SETTING  "policy"
#define POLICY_TEXT_MAX (16 * 1024)

static const struct user_policy unset = {
    .totp_required = POLICY_UNSET,
    .devices_max = POLICY_UNSET,
    .connections_max = POLICY_UNSET,
    .session_minutes = POLICY_UNSET,
    .tunnel = POLICY_UNSET,
    .client_to_client = POLICY_UNSET,
};

/* Whether all traffic goes through the tunnel, and whether devices reach each other, is for the
 * configuration to say: access/grant.c. */
static const struct user_policy usual = {
    .devices_max = 10,
    .session_minutes = SESSION_USUAL_MINUTES,
    .tunnel = POLICY_UNSET,
    .client_to_client = POLICY_UNSET,
};

struct user
user_new(void)
{
	return (struct user){.role = USER_ROLE_USER, .enabled = true, .policy = unset};
}

struct group
group_new(void)
{
	return (struct group){.policy = unset};
}

#define INHERIT(member)                                                                            \
	do {                                                                                       \
		if (p->member == POLICY_UNSET)                                                     \
			p->member = wider->member;                                                 \
	} while (0)

static void
inherit(struct user_policy *p, const struct user_policy *wider)
{
	INHERIT(totp_required);
	INHERIT(devices_max);
	INHERIT(connections_max);
	INHERIT(session_minutes);
	INHERIT(tunnel);
	INHERIT(client_to_client);
	if (p->dns == NULL)
		p->dns = wider->dns;
}

static struct outcome
read_global(struct access *a, struct user_policy *out, int64_t *version)
{
	const char *text = NULL;
	enum store_result r = store_setting(a->store, POLICY_SETTING, a->memory, &text, version);

	*out = unset;
	if (r == STORE_NONE) {
		*version = 0;
		return OUTCOME_OK;
	}
	if (r != STORE_DONE || text == NULL)
		return access_stored(a, r, "policy");
	struct outcome o =
	    shape_read(&shape_policy, SHAPE_CHANGE, span_str(text), a->memory, out, NULL);
	if (refused(o)) {
		log_error("the policy in the store cannot be read: %s", o.text);
		return outcome_new(OUTCOME_DOWN, "the policy in the database cannot be read");
	}
	return OUTCOME_OK;
}

struct outcome
policy_global(struct access *a, struct everybodys_policy *out, int64_t *version)
{
	out->usual = usual;
	return read_global(a, &out->set, version);
}

static struct outcome
store_global(struct access *a, const struct user_policy *p, int64_t version)
{
	struct buf json = buf_with_cap(POLICY_TEXT_MAX);
	struct outcome o = outcome_new(OUTCOME_TOO_LARGE, "it is too large");

	if (shape_write(&shape_policy, p, &json))
		o = access_stored(a,
				  store_set_setting(a->store, POLICY_SETTING,
						    arena_copy(a->memory, buf_span(&json)),
						    version),
				  "the policy");
	buf_free(&json);
	return o;
}

struct outcome
policy_set_global(struct access *a, const struct actor *who, const struct user_policy *p,
		  int64_t version)
{
	struct user_policy before;
	struct outcome o;
	int64_t now;

	if (who->level < LEVEL_ADMIN)
		return outcome_new(OUTCOME_FORBIDDEN, "only administrators may");
	if (refused(o = change_begin(a)))
		return o;
	o = read_global(a, &before, &now);
	if (!refused(o))
		o = store_global(a, p, version);
	return change_end(a, who, o,
			  &(struct change){.action = "policy.change",
					   .object = "policy",
					   .shape = &shape_policy,
					   .before = &before,
					   .after = p,
					   .event = EVENT_SETTINGS});
}

struct outcome
policy_of_user(struct access *a, const struct user *u, struct user_policy *out)
{
	struct everybodys_policy everybody;
	struct outcome o;
	struct group g;
	int64_t version;

	*out = u->policy;
	if (u->group != 0) {
		o = access_stored(a, store_group(a->store, u->group, a->memory, &g), "group");
		if (refused(o))
			return o;
		inherit(out, &g.policy);
	}
	if (refused(o = policy_global(a, &everybody, &version)))
		return o;
	inherit(out, &everybody.set);
	inherit(out, &everybody.usual);
	return OUTCOME_OK;
}
