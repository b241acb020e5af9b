/*
 * A small server to ask: a store in memory with one person of each kind, and requests to it as
 * each of them. What was asked well is remembered, so that a test can say what was never asked.
 */
#ifndef TEST_API_OPS_H
#define TEST_API_OPS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "access/people.h"
#include "access/signin.h"
#include "api/op.h"
#include "api/router.h"
#include "base/text.h"
#include "tls/password.h"
#include "unit.h"

#define NOW       1790000000000ll
#define PASSWORD  "a long enough one"
#define ASKED_MAX 512

/* Who asks. By sessions but for the token and the command line. */
enum who { STRANGER, USER, READER, OPERATOR, ADMIN, MACHINE, WHO_KINDS };

struct asked_as {
	char cookie[SECRET_TEXT], csrf[SECRET_TEXT];
	char bearer[TOKEN_TEXT];
	struct user user;
};

struct server {
	struct api api;
	struct api_host host;
	struct store *store;
	struct vault *vault;
	struct arena *memory, *kept;
	struct config *config;
	struct asked_as as[WHO_KINDS];
	struct address from;
};

/* An answer; its texts live as long as the server. */
struct reply {
	unsigned status;
	bool unknown;
	const char *body, *etag, *location, *cookie, *media, *next;
	const char *type, *field; /* of a problem */
};

static const enum access_level level_of[] = {LEVEL_NOBODY,  LEVEL_SELF,  LEVEL_READ,
					     LEVEL_OPERATE, LEVEL_ADMIN, LEVEL_ADMIN};

/* Operations that answered well, in this program. */
static const struct operation *asked_well[ASKED_MAX];
static size_t asked_count;

static inline struct outcome
no_warden(void *owner, enum call_kind what, struct span argument, struct span body,
	  struct buf *answer)
{
	(void)owner, (void)what, (void)argument, (void)body, (void)answer;
	return outcome_new(OUTCOME_DOWN, "there is no warden here");
}

static inline struct outcome
no_edge(void *owner, enum edge_call what, struct span argument, struct buf *answer)
{
	(void)owner, (void)what, (void)argument, (void)answer;
	return outcome_new(OUTCOME_DOWN, "there is no edge here");
}

static const char server_config[] = "state_dir /tmp\n"
				    "listen 8443\n"
				    "site vpn.example.org {\n"
				    "    certificate self-signed\n"
				    "    access_server\n"
				    "}\n"
				    "admin {\n"
				    "    listen 9443\n"
				    "    allow any\n"
				    "    portal any\n"
				    "}\n";

static inline struct config *
config_of(const char *text)
{
	struct buf errors = buf_with_cap(64 * 1024);
	struct config *c = config_read(
	    span_str(text), &(struct config_defaults){.file = "/tmp/test.conf"}, &errors);

	if (c == NULL)
		fail_msg("%.*s", (int)buf_len(&errors), (const char *)buf_span(&errors).p);
	buf_free(&errors);
	return c;
}

static const struct actor itself = {.kind = ACTOR_SELF, .level = LEVEL_ADMIN};

#define assert_taken(expr)                                                                         \
	do {                                                                                       \
		struct outcome came_to_ = (expr);                                                  \
		if (refused(came_to_))                                                             \
			fail_msg("%s: %s", #expr, came_to_.text);                                  \
	} while (0)

static inline struct user
server_add(struct server *s, const char *name, enum user_role role)
{
	struct user u = user_new();

	u.name = name;
	u.role = role;
	assert_taken(user_add(&s->api.access, &itself, &u));
	assert_taken(user_find(&s->api.access, name, &u));
	return u;
}

static inline void
server_sign_in(struct server *s, enum who who, const char *name, enum user_role role)
{
	struct asked_as *as = &s->as[who];
	struct signin in = {.where = "web", .from = s->from};
	char encoded[PASSWORD_ENCODED_MAX];
	struct session e;

	as->user = server_add(s, name, role);
	assert_true(password_hash(SPAN_OF(PASSWORD), s->api.access.cost, encoded));
	assert_int_equal(STORE_DONE, store_user_set_password(s->store, as->user.id, encoded, NOW));
	assert_taken(session_grant(&s->api.access, &itself, &as->user, &in, 0, &e, as->cookie));
	assert_true(session_csrf(span_str(as->cookie), as->csrf));
	as->user.name = arena_copy(s->kept, span_str(as->user.name));
}

static inline void
server_make_token(struct server *s)
{
	const struct actor root = {.kind = ACTOR_MACHINE, .level = LEVEL_ADMIN, .name = "root"};
	struct token t = {.name = "reader", .scope = SCOPE_READ};

	assert_taken(token_create(&s->api.access, &root, &t, s->as[READER].bearer));
}

static inline struct server *
server_of(const char *config)
{
	static const struct password_cost cheap = {.memory_kib = 64, .rounds = 1, .lanes = 1};
	static const uint8_t master[32] = {1, 2, 3};
	struct server *s = MEM_NEW(struct server);

	s->memory = arena_new();
	s->kept = arena_new();
	s->config = config_of(config);
	s->from = address_v4((const uint8_t[]){192, 0, 2, 7}, 4711);
	assert_ok(store_open(&(struct store_place){.path = ":memory:"}, &s->store));
	assert_ok(vault_of(master, &s->vault));
	s->host = (struct api_host){.ask = no_warden, .ask_edge = no_edge};
	s->api = (struct api){
	    .access = {.store = s->store,
		       .vault = s->vault,
		       .memory = s->memory,
		       .now = NOW,
		       .cost = &cheap,
		       .authority = &authority_usual},
	    .config = s->config,
	    .host = &s->host,
	    .owner = s,
	};
	return s;
}

static inline void
server_fill(struct server *s)
{
	const struct authority ca = {s->store, s->vault, s->memory, NOW};

	assert_ok(authority_ensure(&ca, &authority_usual, "vpn.example.org"));
	server_sign_in(s, ADMIN, "anna", USER_ROLE_ADMIN);
	server_sign_in(s, OPERATOR, "otto", USER_ROLE_OPERATOR);
	server_sign_in(s, USER, "una", USER_ROLE_USER);
	server_make_token(s);
}

static inline int
server_begin(void **state)
{
	struct server *s = server_of(server_config);

	server_fill(s);
	*state = s;
	return 0;
}

/* Without anybody. */
static inline int
server_begin_empty(void **state)
{
	*state = server_of(server_config);
	return 0;
}

static inline int
server_end(void **state)
{
	struct server *s = *state;

	store_close(s->store);
	vault_free(s->vault);
	config_free(s->config);
	arena_free(s->memory);
	arena_free(s->kept);
	free(s);
	return 0;
}

#define server_test(name) cmocka_unit_test_setup_teardown(name, server_begin, server_end)
#define server_test_empty(name)                                                                    \
	cmocka_unit_test_setup_teardown(name, server_begin_empty, server_end)

struct asking {
	struct field fields[8];
	size_t count;
};

static inline void
asking_add(struct asking *a, const char *name, const char *value)
{
	a->fields[a->count++] = (struct field){span_str(name), span_str(value)};
}

static inline void
asking_as(struct server *s, struct asking *a, enum who who)
{
	const struct asked_as *as = &s->as[who];

	if (as->bearer[0] != '\0')
		asking_add(a, "authorization", arena_printf(s->kept, "Bearer %s", as->bearer));
	if (as->cookie[0] == '\0')
		return;
	asking_add(a, "cookie", arena_printf(s->kept, "__Host-sallyport=%s", as->cookie));
	asking_add(a, "x-csrf-token", as->csrf);
}

static inline const char *
answer_field_of(struct server *s, const struct api_answer *a, const char *name)
{
	const struct span *value = field_find(a->fields, a->field_count, span_str(name));

	return value != NULL ? arena_copy(s->kept, *value) : NULL;
}

static inline const char *
member_of(struct server *s, const char *body, const char *name)
{
	json_t *json = json_loads(body, 0, NULL);
	const char *text = json_string_value(json_object_get(json, name));

	text = text != NULL ? arena_copy(s->kept, span_str(text)) : NULL;
	json_decref(json);
	return text;
}

static inline void
note_asked(enum method method, struct span path)
{
	struct span parameters[API_PARAMETERS_MAX];

	if (asked_count < ASKED_MAX)
		asked_well[asked_count++] = router_match(method, path, parameters);
}

static inline struct span
decoded(struct server *s, struct span path)
{
	char *to = arena_get(s->kept, path.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < path.len; i++) {
		bool escaped = path.p[i] == '%' && i + 2 < path.len;

		to[n++] =
		    escaped
			? (char)(text_hex_digit(path.p[i + 1]) << 4 | text_hex_digit(path.p[i + 2]))
			: (char)path.p[i];
		i += escaped ? 2 : 0;
	}
	return span_of(to, n);
}

/* `target` is below /api/v1. `match` NULL: no If-Match. */
static inline struct reply
ask_with(struct server *s, enum who who, enum method method, const char *target, const char *body,
	 const char *match)
{
	const char *full = arena_printf(s->kept, "/api/v1%s", target);
	struct span all = span_str(full);
	size_t end = span_find(all, '?');
	struct asking a = {.count = 0};
	struct api_answer answer;
	struct reply r;

	asking_as(s, &a, who);
	asking_add(&a, "user-agent", "a test");
	if (match != NULL)
		asking_add(&a, "if-match", match);
	if (body != NULL)
		asking_add(&a, "content-type", "application/json");
	struct api_request request = {
	    .door = who == MACHINE ? API_MACHINE : API_EDGE,
	    .method = method,
	    .target = all,
	    .path = decoded(s, span_head(all, end)),
	    .query = span_tail(all, end + 1),
	    .host = SPAN_OF("vpn.example.org:8443"),
	    .fields = a.fields,
	    .field_count = a.count,
	    .body = body != NULL ? span_str(body) : SPAN_NONE,
	    .client = who == MACHINE ? (struct address){.family = 0} : s->from,
	    .caller = "root",
	};
	api_answer(&s->api, &request, &answer);
	r = (struct reply){
	    .status = answer.status,
	    .unknown = answer.unknown,
	    .body = arena_copy(s->kept, answer.body),
	    .etag = answer_field_of(s, &answer, "etag"),
	    .location = answer_field_of(s, &answer, "location"),
	    .cookie = answer_field_of(s, &answer, "set-cookie"),
	    .media = answer_field_of(s, &answer, "content-type"),
	};
	r.next = member_of(s, r.body, "next");
	r.type = member_of(s, r.body, "type");
	r.field = member_of(s, r.body, "field");
	arena_reset(s->memory);
	if (r.status / 100 == 2)
		note_asked(method, request.path);
	return r;
}

static inline struct reply
ask(struct server *s, enum who who, enum method method, const char *target, const char *body)
{
	return ask_with(s, who, method, target, body, NULL);
}

#define assert_status(wanted, expr)                                                                \
	do {                                                                                       \
		struct reply got_ = (expr);                                                        \
		if (got_.status != (unsigned)(wanted))                                             \
			fail_msg("%s: %u instead of %d: %s", #expr, got_.status, (int)(wanted),    \
				 got_.body);                                                       \
	} while (0)

/* Refused for that member. */
#define assert_at_fault(wanted, expr)                                                              \
	do {                                                                                       \
		struct reply got_ = (expr);                                                        \
		if (got_.status != 400 || got_.field == NULL || strcmp(got_.field, wanted) != 0)   \
			fail_msg("%s: %u, not refused for %s: %s", #expr, got_.status, wanted,     \
				 got_.body);                                                       \
	} while (0)

#define assert_says(r, text)                                                                       \
	do {                                                                                       \
		if (strstr((r).body, text) == NULL)                                                \
			fail_msg("%s is not in %s", text, (r).body);                               \
	} while (0)
#define assert_says_not(r, text)                                                                   \
	do {                                                                                       \
		if (strstr((r).body, text) != NULL)                                                \
			fail_msg("%s is in %s", text, (r).body);                                   \
	} while (0)

/* A number that the answer has, at the top. */
static inline int64_t
number_of(struct reply r, const char *name)
{
	json_t *json = json_loads(r.body, 0, NULL), *value = json_object_get(json, name);
	int64_t number = json_is_integer(value) ? json_integer_value(value) : -1;

	json_decref(json);
	return number;
}

static inline size_t
items_of(struct reply r)
{
	json_t *json = json_loads(r.body, 0, NULL);
	size_t count = json_array_size(json_object_get(json, "items"));

	json_decref(json);
	return count;
}

/* The last part of the location: what a thing that was made is called. */
static inline const char *
made(struct reply r)
{
	if (r.status != 201 || r.location == NULL)
		fail_msg("%u instead of 201: %s", r.status, r.body);
	return strrchr(r.location, '/') + 1;
}

static inline bool
was_asked_well(const struct operation *op)
{
	for (size_t i = 0; i < asked_count; i++)
		if (asked_well[i] == op)
			return true;
	return false;
}

static inline void
assert_all_asked_well(const struct operation_group *group)
{
	for (size_t i = 0; i < group->count; i++)
		if (!was_asked_well(&group->at[i]))
			fail_msg("%s never answered well here", group->at[i].id);
}

/* As `ask` of a host: our certificate is publicly trusted. */
static inline struct outcome
says_trusted(void *owner, enum call_kind what, struct span argument, struct span body,
	     struct buf *answer)
{
	(void)owner, (void)argument, (void)body;
	assert_int_equal(CALL_TRUSTED, what);
	assert_true(buf_append(answer, SPAN_OF("yes")));
	return OUTCOME_OK;
}

#endif
