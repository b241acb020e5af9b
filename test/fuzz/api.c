/*
 * One request to the API: who asks (a digit), then "METHOD TARGET", lines of "name: value", an
 * empty line and the body. Whatever it is, the answer is well-formed, tells no secret, and gives
 * nobody what is above his level.
 */
#include <jansson.h>
#include <string.h>

#include "access/people.h"
#include "access/signin.h"
#include "api/idempotency.h"
#include "api/operation.h"
#include "api/router.h"
#include "fuzz.h"
#include "http/method.h"
#include "http/target.h"
#include "tls/password.h"

#define NOW      1790000000000ll
#define ROUNDS   256 /* after so many requests another server is made */
#define FIELDS   16
#define BODY_MAX (1 << 16)

enum who { STRANGER, USER, READER, OPERATOR, ADMIN, MACHINE, WHO_KINDS };

static struct {
	struct api api;
	struct store *store;
	struct vault *vault;
	struct arena *memory;
	struct config *config;
	char cookie[WHO_KINDS][SECRET_TEXT + 32], csrf[WHO_KINDS][SECRET_TEXT];
	char bearer[SECRET_TEXT + 32];
	unsigned asked;
} server;

static const char config_text[] = "state_dir /tmp\n"
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

static struct outcome
ask(void *owner, enum call_kind what, struct span argument, struct span body, struct buf *answer)
{
	(void)owner;
	(void)argument;
	(void)body;
	if (what == CALL_CONFIG || what == CALL_CONFIG_RUNNING || what == CALL_CONFIG_VERSION)
		check(buf_append(answer, SPAN_OF(config_text)));
	else if (what == CALL_CONFIG_HISTORY)
		check(buf_append(answer, SPAN_OF("a 1790000000000 7\n")));
	else
		check(buf_append(answer, SPAN_OF("{\"items\":[]}")));
	return OUTCOME_OK;
}

/* One is relayed, and is there again whenever it is asked for. */
static struct outcome
ask_edge(void *owner, enum edge_call what, struct span argument, struct buf *answer)
{
	(void)owner;
	(void)argument;
	if (what == CALL_RELAYS)
		check(buf_append(
		    answer,
		    SPAN_OF("{\"items\":[{\"id\":7,\"rule\":\"ssh\",\"from\":\"192.0.2.1:4\","
			    "\"at\":null,\"to\":null,\"since\":\"2026-01-01T00:00:00Z\","
			    "\"bytes_in\":1,\"bytes_out\":2}],\"more\":false}")));
	return OUTCOME_OK;
}

static void
numbers(void *owner, struct api_numbers *out)
{
	(void)owner;
	*out = (struct api_numbers){.started = NOW};
}

static bool
history(void *owner, int64_t since, struct buf *out)
{
	(void)owner, (void)since;
	return buf_append(out, SPAN_OF("{}"));
}

/* What no answer has, nor any request, which could have it said again. */
static bool
has_hash(struct span s)
{
	static const struct span hash = SPAN_INIT("$argon2");

	return s.len > 0 && memmem(s.p, s.len, hash.p, hash.len) != NULL;
}

static void
sign_in(enum who who, const char *name, enum user_role role)
{
	const struct actor self = {.kind = ACTOR_SELF, .level = LEVEL_ADMIN};
	const struct signin in = {.where = "web",
				  .from = address_v4((const uint8_t[]){192, 0, 2, 7}, 0)};
	struct access *a = &server.api.access;
	struct user u = user_new();
	char token[SECRET_TEXT];
	struct session e;

	u.name = name;
	u.role = role;
	check(!refused(user_add(a, &self, &u)));
	check(!refused(user_find(a, name, &u)));
	check(!refused(session_grant(a, &self, &u, &in, 0, &e, token)));
	snprintf(server.cookie[who], sizeof server.cookie[who], "__Host-sallyport=%s", token);
	check(session_csrf(span_str(token), server.csrf[who]));
}

static void
make_token(void)
{
	const struct actor root = {.kind = ACTOR_MACHINE, .level = LEVEL_ADMIN, .name = "root"};
	struct token t = {.name = "reader", .scope = SCOPE_READ};
	char text[TOKEN_TEXT];

	check(!refused(token_create(&server.api.access, &root, &t, text)));
	snprintf(server.bearer, sizeof server.bearer, "Bearer %s", text);
}

static void
stop(void)
{
	store_close(server.store);
	vault_free(server.vault);
	config_free(server.config);
	arena_free(server.memory);
	idempotency_reset();
	memset(&server, 0, sizeof server);
}

static void
start(void)
{
	static const struct password_cost cheap = {.memory_kib = 64, .rounds = 1, .lanes = 1};
	static const struct api_host host = {
	    .ask = ask, .ask_edge = ask_edge, .history = history, .numbers = numbers};
	static const uint8_t master[32] = {1};
	struct buf errors = buf_with_cap(4096);

	server.memory = arena_new();
	server.config = config_read(SPAN_OF(config_text),
				    &(struct config_defaults){.file = "/tmp/a.conf"}, &errors);
	check(server.config != NULL);
	check(!failed(store_open(&(struct store_place){.path = ":memory:"}, &server.store)));
	check(!failed(vault_of(master, &server.vault)));
	server.api = (struct api){.access = {.store = server.store,
					     .vault = server.vault,
					     .memory = server.memory,
					     .now = NOW,
					     .cost = &cheap,
					     .authority = &authority_usual},
				  .config = server.config,
				  .host = &host};
	const struct authority ca = {server.store, server.vault, server.memory, NOW};
	check(!failed(authority_ensure(&ca, &authority_usual, "vpn.example.org")));
	sign_in(ADMIN, "anna", USER_ROLE_ADMIN);
	sign_in(OPERATOR, "otto", USER_ROLE_OPERATOR);
	sign_in(USER, "una", USER_ROLE_USER);
	make_token();
	arena_reset(server.memory);
	buf_free(&errors);
}

static struct span
next_line(struct span *text)
{
	struct span line = span_head(*text, span_find(*text, '\n'));

	*text = span_tail(*text, line.len + 1);
	return line;
}

static size_t
read_fields(struct span *text, struct field *fields)
{
	size_t count = 0;
	struct span line;

	while ((line = next_line(text)).len > 0) {
		size_t colon = span_find(line, ':');
		struct field f = {span_head(line, colon), field_trim(span_tail(line, colon + 1))};

		if (f.name.len > 0 && count < FIELDS - 4 && field_is_sound(&f)) {
			f.name = span_str(arena_lower(server.memory, f.name));
			fields[count++] = f;
		}
	}
	return count;
}

static size_t
show_who(enum who who, struct field *fields)
{
	size_t n = 0;

	fields[n++] = (struct field){SPAN_OF("content-type"), SPAN_OF("application/json")};
	if (who == READER) {
		fields[n++] = (struct field){SPAN_OF("authorization"), span_str(server.bearer)};
	} else if (who != STRANGER && who != MACHINE) {
		fields[n++] = (struct field){SPAN_OF("cookie"), span_str(server.cookie[who])};
		fields[n++] = (struct field){SPAN_OF("x-csrf-token"), span_str(server.csrf[who])};
	}
	return n;
}

static void
check_json(struct span body)
{
	json_t *json = json_loadb((const char *)body.p, body.len, JSON_REJECT_DUPLICATES, NULL);

	check(json != NULL);
	json_decref(json);
}

static void
check_answer(const struct api_request *r, const struct api_answer *a, enum who who)
{
	const struct span *media = field_find(a->fields, a->field_count, SPAN_OF("content-type"));
	struct span parameters[API_PARAMETERS_MAX];
	const struct operation *op = router_match(r->method, r->path, parameters);

	check(a->status >= 200 && a->status < 600 && a->field_count <= API_FIELDS_MAX);
	for (size_t i = 0; i < a->field_count; i++)
		check(field_is_sound(&a->fields[i]));
	if (media != NULL && a->body.len > 0 &&
	    (span_equal(*media, SPAN_OF("application/json")) ||
	     span_equal(*media, SPAN_OF("application/problem+json"))))
		check_json(a->body);
	check(!has_hash(a->body));
	/* Of the others, one who may has made them more. */
	if (who == STRANGER || who == READER)
		check(op == NULL || a->status >= 300 ||
		      op->level <= (who == READER ? LEVEL_READ : LEVEL_NOBODY));
}

static void
ask_one(enum who who, struct span text)
{
	struct span line = next_line(&text), method, target;
	struct field fields[FIELDS];
	struct target_parts parts;
	struct api_answer answer;

	method = span_head(line, span_find(line, ' '));
	target = span_tail(line, method.len + 1);
	if (!target_parse(target, method_of(method), server.memory, &parts))
		return;
	struct api_request r = {.door = who == MACHINE ? API_MACHINE : API_EDGE,
				.method = method_of(method),
				.target = target,
				.path = parts.path,
				.query = parts.query,
				.host = SPAN_OF("vpn.example.org"),
				.fields = fields,
				.caller = "root"};
	if (who != MACHINE)
		r.client = address_v4((const uint8_t[]){192, 0, 2, 7}, 0);
	r.field_count = show_who(who, fields);
	r.field_count += read_fields(&text, fields + r.field_count);
	r.body = span_head(text, BODY_MAX);
	(void)api_is_slow(&r);
	api_answer(&server.api, &r, &answer);
	check_answer(&r, &answer, who);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || has_hash(span_of(data, size)))
		return 0;
	if (server.asked++ % ROUNDS == 0) {
		if (server.store != NULL)
			stop();
		start();
		server.asked = 1;
	}
	server.api.access.now += 1000;
	ask_one((enum who)(data[0] % WHO_KINDS), span_of(data + 1, size - 1));
	arena_reset(server.memory);
	return 0;
}
