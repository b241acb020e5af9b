/* Requests as they come by a socket, field by field, to the server of ops.h; and a warden that says
 * what the test gave it. */
#ifndef TEST_API_RAW_H
#define TEST_API_RAW_H

#include "api/history.h"
#include "api/idempotency.h"
#include "ops.h"

#define RAW_FIELDS 8

struct raw {
	enum method method;
	const char *path, *query, *body;
	const char *fields[RAW_FIELDS][2]; /* names and values; NULL ends them */
	bool machine;
	const char *client; /* NULL: 192.0.2.7 */
};

static inline struct address
address_of(const char *text)
{
	struct address a;

	assert_true(address_parse_ip(span_str(text), &a));
	return a;
}

/* The answer lives until the server ends. */
static inline struct api_answer
raw_ask(struct server *s, struct raw r)
{
	struct field fields[RAW_FIELDS];
	struct api_answer answer;
	struct api_request request = {
	    .door = r.machine ? API_MACHINE : API_EDGE,
	    .method = r.method,
	    .target = span_str(r.path),
	    .path = span_str(r.path),
	    .query = r.query != NULL ? span_str(r.query) : SPAN_NONE,
	    .host = SPAN_OF("vpn.example.org:8443"),
	    .fields = fields,
	    .body = r.body != NULL ? span_str(r.body) : SPAN_NONE,
	    .caller = "root",
	    .accepted_ms = 77,
	};

	if (!r.machine)
		request.client = address_of(r.client != NULL ? r.client : "192.0.2.7");
	for (; request.field_count < RAW_FIELDS && r.fields[request.field_count][0] != NULL;
	     request.field_count++)
		fields[request.field_count] =
		    (struct field){span_str(r.fields[request.field_count][0]),
				   span_str(r.fields[request.field_count][1])};
	api_answer(&s->api, &request, &answer);
	return answer;
}

static inline const char *
raw_field(struct server *s, const struct api_answer *a, const char *name)
{
	return answer_field_of(s, a, name);
}

static inline const char *
raw_body(struct server *s, const struct api_answer *a)
{
	return arena_copy(s->kept, a->body);
}

static inline const char *
cookie_of(struct server *s, enum who who)
{
	return arena_printf(s->kept, "a=b; __Host-sallyport=%s; c=d", s->as[who].cookie);
}

static inline const char *
bearer_of(struct server *s, enum who who)
{
	return arena_printf(s->kept, "Bearer %s", s->as[who].bearer);
}

#define assert_raw(wanted, expr)                                                                   \
	do {                                                                                       \
		struct api_answer got_ = (expr);                                                   \
		if (got_.status != (unsigned)(wanted) || got_.unknown)                             \
			fail_msg("%s: %u%s instead of %d: %.*s", #expr, got_.status,               \
				 got_.unknown ? ", unknown," : "", (int)(wanted),                  \
				 (int)got_.body.len, (const char *)got_.body.p);                   \
	} while (0)

/* Edge says the site's own page for it: nothing else is known. */
#define assert_unknown(expr)                                                                       \
	do {                                                                                       \
		struct api_answer got_ = (expr);                                                   \
		if (!got_.unknown)                                                                 \
			fail_msg("%s: %u, and not as if it were unknown", #expr, got_.status);     \
	} while (0)

/* What warden says to each call, and what it was last asked. */
static struct {
	const char *answers[CALL_KINDS], *refusals[CALL_KINDS];
	enum call_kind asked;
	char argument[1024], body[65536];
} warden;

static inline struct outcome
warden_ask(void *owner, enum call_kind what, struct span argument, struct span body,
	   struct buf *answer)
{
	(void)owner;
	warden.asked = what;
	snprintf(warden.argument, sizeof warden.argument, "%.*s", (int)argument.len,
		 argument.len > 0 ? (const char *)argument.p : "");
	snprintf(warden.body, sizeof warden.body, "%.*s", (int)body.len,
		 body.len > 0 ? (const char *)body.p : "");
	if (warden.refusals[what] != NULL)
		return outcome_new(OUTCOME_INVALID, "%s", warden.refusals[what]);
	if (warden.answers[what] == NULL)
		return outcome_new(OUTCOME_DOWN, "warden does not answer");
	assert_true(buf_append(answer, span_str(warden.answers[what])));
	return OUTCOME_OK;
}

static inline void
warden_numbers(void *owner, struct api_numbers *out)
{
	(void)owner;
	*out = (struct api_numbers){.started = NOW, .requests = 7, .queued = 2, .counted = NOW};
	for (size_t i = 0; i < MESSAGE_COUNTERS; i++)
		out->counters[i] = 100 + i;
}

static inline bool
warden_history(void *owner, int64_t since, struct buf *out)
{
	(void)owner;
	if (since != 0)
		return buf_printf(out, "{\"step_ms\":10000,\"times\":[],\"since\":%lld}",
				  (long long)since);
	return buf_append(out, SPAN_OF("{\"step_ms\":10000,\"times\":[]}"));
}

static inline int
raw_begin(void **state)
{
	int status = server_begin(state);
	struct server *s = *state;

	memset(&warden, 0, sizeof warden);
	s->host = (struct api_host){.ask = warden_ask,
				    .ask_edge = no_edge,
				    .numbers = warden_numbers,
				    .history = warden_history};
	return status;
}

/* The same without anybody. */
static inline int
raw_begin_empty(void **state)
{
	return server_begin_empty(state);
}

static inline int
raw_end(void **state)
{
	idempotency_reset();
	return server_end(state);
}

#define raw_test(name)       cmocka_unit_test_setup_teardown(name, raw_begin, raw_end)
#define raw_test_empty(name) cmocka_unit_test_setup_teardown(name, raw_begin_empty, raw_end)

/* Another configuration from now on. */
static inline void
raw_configure(struct server *s, const char *text)
{
	config_free(s->config);
	s->config = config_of(text);
	s->api.config = s->config;
}

#endif
