#include "api/op.h"

#include <string.h>

#include "access/people.h"
#include "base/text.h"

#define AGENT_MAX 200

struct outcome
op_owner(struct api_call *c, struct user *out)
{
	*out = (struct user){.id = 0};
	if (!(c->op->flags & OP_PORTAL))
		return user_find(c->access, call_parameter(c, 0), out);
	if (c->actor.kind != ACTOR_USER)
		return outcome_new(
		    OUTCOME_FORBIDDEN,
		    "this is for people who have signed in: tokens and the command line "
		    "use /users/{user}");
	return user_find(c->access,
			 arena_printf(c->access->memory, "#%lld", (long long)c->actor.user), out);
}

struct outcome
op_show_owner(struct api_call *c)
{
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)))
		return o;
	return call_answer(c, &u, u.version, NULL);
}

struct outcome
op_show_policy(struct api_call *c)
{
	struct user_policy policy;
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)) || refused(o = policy_of_user(c->access, &u, &policy)))
		return o;
	return call_answer(c, &policy, 0, NULL);
}

struct outcome
op_id(const struct api_call *c, size_t n, const char *thing, int64_t *out)
{
	uint64_t id;

	if (!text_to_u64(span_str(call_parameter(c, n)), INT64_MAX, &id) || id == 0)
		return outcome_new(OUTCOME_UNKNOWN, "there is no %s of that number", thing);
	*out = (int64_t)id;
	return OUTCOME_OK;
}

struct outcome
op_answer_live(struct api_call *c, const struct live_list *list, const struct page *page,
	       void *rows, size_t count)
{
	const char *next;
	struct outcome o = live_list_page(list, page, c->access->memory, &rows, &count, &next);

	return refused(o) ? o : call_answer_list(c, rows, count, list->size, next);
}

bool
op_text_has(const char *text, const char *part)
{
	return text != NULL && strcasestr(text, part) != NULL;
}

bool
op_query_yes(const struct api_call *c, const char *name)
{
	const char *value = call_query(c, name);

	return value != NULL && strcmp(value, "true") == 0;
}

struct outcome
op_query_number(const struct api_call *c, const char *name, int64_t max, int64_t *out)
{
	const char *value = call_query(c, name);
	uint64_t number = 0;

	if (value != NULL && !text_to_u64(span_str(value), (uint64_t)max, &number))
		return outcome_field(OUTCOME_INVALID, name, "%s goes from 0 to %lld", name,
				     (long long)max);
	*out = (int64_t)number;
	return OUTCOME_OK;
}

struct outcome
op_query_time(const struct api_call *c, const char *name, int64_t *out)
{
	const char *value = call_query(c, name);

	*out = 0;
	if (value != NULL && !time_parse(span_str(value), out))
		return outcome_field(OUTCOME_INVALID, name,
				     "%s is no time like 2026-11-21T16:52:30Z", name);
	return OUTCOME_OK;
}

struct outcome
op_query_user(struct api_call *c, int64_t *out)
{
	const char *word = call_query(c, "user");
	struct outcome o;
	struct user u;

	*out = 0;
	if (word == NULL)
		return OUTCOME_OK;
	if (!refused(o = user_find(c->access, word, &u)))
		*out = u.id;
	return o;
}

int64_t
op_setting_tag(int64_t version)
{
	return version + 1;
}

int
op_choice(const char *text, const char *const *choices)
{
	for (int i = 0; text != NULL && choices[i] != NULL; i++)
		if (strcmp(text, choices[i]) == 0)
			return i;
	return -1;
}

bool
op_given(const struct shape *s, uint64_t given, const char *member)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->members[i].name, member) == 0)
			return given >> i & 1;
	return false;
}

struct outcome
op_check_user(const struct user *u)
{
	for (size_t i = 0; i < shape_user.count; i++) {
		const struct shape_member *m = &shape_user.members[i];
		const char *text, *why;

		if (m->kind != SHAPE_TEXT || m->check == NULL)
			continue;
		text = *(const char *const *)(const void *)((const char *)u + m->offset);
		if (text != NULL && (why = m->check(text)) != NULL)
			return outcome_field(OUTCOME_INVALID, m->name, "%s %s", m->name, why);
	}
	return OUTCOME_OK;
}

static bool
is_unreserved(uint8_t c)
{
	return (c >= '0' && c <= '9') || (text_lower(c) >= 'a' && text_lower(c) <= 'z') ||
	       (c != '\0' && strchr("-._~", c) != NULL);
}

const char *
op_path_part(struct api_call *c, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	struct span from = span_str(text);
	char *out = arena_get(c->access->memory, 3 * from.len + 1), *to = out;

	for (size_t i = 0; i < from.len; i++) {
		if (is_unreserved(from.p[i])) {
			*to++ = (char)from.p[i];
			continue;
		}
		*to++ = '%';
		*to++ = digits[from.p[i] >> 4];
		*to++ = digits[from.p[i] & 15];
	}
	return out;
}

void
op_forget(const char *secret)
{
	if (secret != NULL)
		explicit_bzero((char *)(uintptr_t)secret, strlen(secret));
}

const char *
op_agent(struct api_call *c)
{
	struct span agent = call_header(c, "user-agent");

	return agent.len > 0 ? arena_copy(c->access->memory, span_head(agent, AGENT_MAX)) : NULL;
}
