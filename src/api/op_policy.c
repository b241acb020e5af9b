/* What holds for everybody unless a group or user says otherwise. */
#include "access/people.h"
#include "api/op.h"

static struct outcome
show_policy(struct api_call *c)
{
	struct everybodys_policy policy;
	int64_t version;
	struct outcome o;

	if (refused(o = policy_global(c->access, &policy, &version)))
		return o;
	return call_answer(c, &policy, op_setting_tag(version), NULL);
}

static struct outcome
set_policy(struct api_call *c)
{
	struct user_policy policy = user_new().policy;
	struct everybodys_policy before;
	int64_t version;
	struct outcome o;

	if (refused(o = policy_global(c->access, &before, &version)) ||
	    refused(o = call_match(c, op_setting_tag(version))) ||
	    refused(o = call_body(c, &policy, NULL)) ||
	    refused(o = policy_set_global(c->access, &c->actor, &policy, version)))
		return o;
	return show_policy(c);
}

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/policy",
     .id = "getPolicy",
     .doc = "Shows what holds for everybody unless his group or he himself has it otherwise, and "
	    "what is usual where it says nothing.",
     .level = LEVEL_READ,
     .answer = &shape_everybodys_policy,
     .run = show_policy},
    {.method = METHOD_PUT,
     .path = "/policy",
     .id = "setPolicy",
     .doc = "Sets what holds for everybody. What is not given becomes as it is usually.",
     .level = LEVEL_ADMIN,
     .flags = OP_CHANGES,
     .body = &shape_policy,
     .use = SHAPE_CHANGE,
     .answer = &shape_everybodys_policy,
     .run = set_policy},
};

const struct operation_group operations_policy = {"Policy", operations, COUNT(operations)};
