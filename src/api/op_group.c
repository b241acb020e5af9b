/* Groups of users. */
#include "access/people.h"
#include "api/op.h"

static const char *
path_of(struct api_call *c, const struct group *g)
{
	return arena_printf(c->access->memory, "/groups/%s", op_path_part(c, g->name));
}

static struct outcome
list_groups(struct api_call *c)
{
	struct group_list groups;
	struct page page;
	struct outcome o;

	if (refused(o = call_page(c, &page)) ||
	    refused(
		o = access_stored(c->access,
				  store_groups(c->access->store, &page, c->access->memory, &groups),
				  "groups")))
		return o;
	return call_answer_list(c, groups.at, groups.count, sizeof *groups.at, groups.next);
}

static struct outcome
create_group(struct api_call *c)
{
	struct group g = group_new();
	struct outcome o;

	if (refused(o = call_body(c, &g, NULL)) || refused(o = group_add(c->access, &c->actor, &g)))
		return o;
	return call_answer(c, &g, g.version, path_of(c, &g));
}

static struct outcome
show_group(struct api_call *c)
{
	struct outcome o;
	struct group g;

	if (refused(o = group_find(c->access, call_parameter(c, 0), &g)))
		return o;
	return call_answer(c, &g, g.version, NULL);
}

static struct outcome
change_group(struct api_call *c)
{
	struct group before, after;
	struct outcome o;

	if (refused(o = group_find(c->access, call_parameter(c, 0), &before)) ||
	    refused(o = call_match(c, before.version)))
		return o;
	after = before;
	if (refused(o = call_body(c, &after, NULL)) ||
	    refused(o = group_change(c->access, &c->actor, &before, &after)))
		return o;
	return call_answer(c, &after, after.version, NULL);
}

static struct outcome
remove_group(struct api_call *c)
{
	struct outcome o;
	struct group g;

	if (refused(o = group_find(c->access, call_parameter(c, 0), &g)) ||
	    refused(o = call_match(c, g.version)) ||
	    refused(o = group_remove(c->access, &c->actor, &g)))
		return o;
	return call_answer_none(c);
}

static const char *const sorts[] = {"name", "members", "created", NULL};
static const struct parameter narrowed[] = {OP_SORT(sorts)};

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/groups",
     .id = "listGroups",
     .doc = "Lists groups, by name unless sorted otherwise, each with the number of its members.",
     .level = LEVEL_READ,
     .flags = OP_LIST,
     .answer = &shape_group,
     .query = narrowed,
     .query_count = COUNT(narrowed),
     .run = list_groups},
    {.method = METHOD_POST,
     .path = "/groups",
     .id = "createGroup",
     .doc = "Adds a group. What its policy leaves unset is as for everybody.",
     .level = LEVEL_ADMIN,
     .flags = OP_CREATES,
     .body = &shape_group,
     .use = SHAPE_CREATE,
     .answer = &shape_group,
     .run = create_group},
    {.method = METHOD_GET,
     .path = "/groups/{group}",
     .id = "getGroup",
     .doc = "Shows a group, by name or by # and id.",
     .level = LEVEL_READ,
     .answer = &shape_group,
     .run = show_group},
    {.method = METHOD_PATCH,
     .path = "/groups/{group}",
     .id = "changeGroup",
     .doc = "Changes what is given and leaves the rest; its members' connections follow at once.",
     .level = LEVEL_ADMIN,
     .flags = OP_CHANGES,
     .also = ALSO_TAKEN,
     .body = &shape_group,
     .use = SHAPE_CHANGE,
     .answer = &shape_group,
     .run = change_group},
    {.method = METHOD_DELETE,
     .path = "/groups/{group}",
     .id = "removeGroup",
     .doc = "Removes a group with its rules, once it has no members.",
     .level = LEVEL_ADMIN,
     .flags = OP_CHANGES,
     .also = ALSO_TAKEN,
     .run = remove_group},
};

const struct operation_group operations_groups = {"Groups", operations, COUNT(operations)};
