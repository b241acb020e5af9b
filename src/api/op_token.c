/* API tokens: for programs, in the name of who made them. */
#include "access/signin.h"
#include "api/op.h"

#define TOKEN_NAME_MAX 64

#define TOKEN(member) offsetof(struct token, member)
static const struct shape_member token_members[] = {
    {.name = "id",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = TOKEN(id),
     .max = INT64_MAX,
     .doc = "Its number, by which it can be revoked."},
    {.name = "name",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED,
     .offset = TOKEN(name),
     .min = 1,
     .max = TOKEN_NAME_MAX,
     .doc = "What it is for: the audit log calls it so."},
    {.name = "user",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = TOKEN(user_name),
     .doc = "Whose it is; null: made on this machine's command line, nobody's."},
    {.name = "hint",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = TOKEN(hint),
     .doc = "Its first characters, to know it by."},
    {.name = "scope",
     .kind = SHAPE_CHOICE,
     .flags = SHAPE_REQUIRED,
     .offset = TOKEN(scope),
     .choices = token_scopes,
     .doc = "What it may do: at most what its owner may."},
    {.name = "created",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = TOKEN(created),
     .doc = "When it was made."},
    {.name = "expires",
     .kind = SHAPE_TIME,
     .flags = SHAPE_OPTIONAL,
     .offset = TOKEN(expires),
     .doc = "When it ends; null: when it is revoked."},
    {.name = "last_used",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = TOKEN(last_used),
     .doc = "When it was last used."},
};
static const struct shape shape_token = {
    .name = "Token",
    .doc = "A token for programs. Its text is shown but once.",
    .size = sizeof(struct token),
    .members = token_members,
    .count = COUNT(token_members),
};

struct new_token {
	struct token token;
	const char *text;
};

static const struct shape_member new_token_members[] = {
    {.name = "token",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct new_token, text),
     .doc = "What goes behind \"Authorization: Bearer\". It is shown this once."},
    {.name = "details",
     .kind = SHAPE_OBJECT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct new_token, token),
     .of = &shape_token,
     .doc = "What else is known of it."},
};
static const struct shape shape_new_token = {
    .name = "NewToken",
    .doc = "A token that was just made.",
    .size = sizeof(struct new_token),
    .members = new_token_members,
    .count = COUNT(new_token_members),
};

/* Administrators see all, others their own: nobody else's exist for them. */
static int64_t
visible_to(const struct actor *who)
{
	return who->level >= LEVEL_ADMIN ? 0 : who->user;
}

static struct outcome
list_tokens(struct api_call *c)
{
	int64_t own = visible_to(&c->actor), user;
	struct token_list tokens;
	struct page page;
	struct outcome o;

	if (refused(o = call_page(c, &page)) || refused(o = op_query_user(c, &user)))
		return o;
	if (c->actor.level < LEVEL_ADMIN && (own == 0 || (user != 0 && user != own)))
		return call_answer_list(c, NULL, 0, sizeof(struct token), NULL);
	o = access_stored(c->access,
			  store_tokens(c->access->store, &page, own != 0 ? own : user,
				       c->access->memory, &tokens),
			  "tokens");
	return refused(o)
		   ? o
		   : call_answer_list(c, tokens.at, tokens.count, sizeof *tokens.at, tokens.next);
}

static struct outcome
find_token(struct api_call *c, struct token *out)
{
	struct outcome o;
	int64_t id;

	if (refused(o = op_id(c, 0, "token", &id)) ||
	    refused(o = access_stored(c->access,
				      store_token(c->access->store, id, c->access->memory, out),
				      "token")))
		return o;
	if (c->actor.level < LEVEL_ADMIN && (out->user == 0 || out->user != c->actor.user))
		return access_stored(c->access, STORE_NONE, "token");
	return OUTCOME_OK;
}

static struct outcome
create_token(struct api_call *c)
{
	struct new_token made = {.token = {.user = c->actor.user}};
	char text[TOKEN_TEXT];
	struct outcome o;

	if (refused(o = call_body(c, &made.token, NULL)) ||
	    refused(o = token_create(c->access, &c->actor, &made.token, text)))
		return o;
	made.text = text;
	o = access_stored(
	    c->access, store_token(c->access->store, made.token.id, c->access->memory, &made.token),
	    "token");
	if (!refused(o))
		o = call_answer(
		    c, &made, 0,
		    arena_printf(c->access->memory, "/tokens/%lld", (long long)made.token.id));
	explicit_bzero(text, sizeof text);
	return o;
}

static struct outcome
show_token(struct api_call *c)
{
	struct outcome o;
	struct token t;

	if (refused(o = find_token(c, &t)))
		return o;
	return call_answer(c, &t, 0, NULL);
}

static struct outcome
revoke_token(struct api_call *c)
{
	struct outcome o;
	struct token t;

	if (refused(o = find_token(c, &t)) || refused(o = token_revoke(c->access, &c->actor, &t)))
		return o;
	return call_answer_none(c);
}

static const char *const sorts[] = {"created", "name",      "user", "scope",
				    "expires", "last_used", NULL};
static const struct parameter narrowed[] = {
    OP_SORT(sorts),
    {"user", "string", "Only those of this user: his name, or # and his id.", NULL},
};

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/tokens",
     .id = "listTokens",
     .doc = "Lists API tokens, the newest first unless sorted: one's own; for administrators, all.",
     .level = LEVEL_READ,
     .flags = OP_LIST,
     .also = ALSO_UNKNOWN,
     .answer = &shape_token,
     .query = narrowed,
     .query_count = COUNT(narrowed),
     .run = list_tokens},
    {.method = METHOD_POST,
     .path = "/tokens",
     .id = "createToken",
     .doc = "Makes a token that may do what its scope says, in the name of who asks, and no more "
	    "than he may himself.",
     .level = LEVEL_OPERATE,
     .flags = OP_CREATES | OP_PROVED,
     .body = &shape_token,
     .use = SHAPE_CREATE,
     .answer = &shape_new_token,
     .run = create_token},
    {.method = METHOD_GET,
     .path = "/tokens/{id}",
     .id = "getToken",
     .doc = "Shows a token, without its text.",
     .level = LEVEL_READ,
     .answer = &shape_token,
     .run = show_token},
    {.method = METHOD_DELETE,
     .path = "/tokens/{id}",
     .id = "revokeToken",
     .doc = "Revokes a token: it is void at once.",
     .level = LEVEL_OPERATE,
     .run = revoke_token},
};

const struct operation_group operations_tokens = {"Tokens", operations, COUNT(operations)};
