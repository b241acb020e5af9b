/* A request as a client makes it, for what is asked of the servers behind us. */
#ifndef TEST_SERVE_ASKED_H
#define TEST_SERVE_ASKED_H

#include <stdlib.h>

#include "unit.h"

#include "config/config.h"
#include "http/exchange.h"

struct asked {
	struct arena *memory;
	struct network trusted[2];
	struct config config;
	struct client client;
	struct exchange ex;
	struct field in[12];
};

static inline struct address
asked_ip(const char *text)
{
	struct address a = {0};

	if (text[0] != '\0')
		assert_true(address_parse_ip(span_str(text), &a));
	return a;
}

/* A GET from `peer`; 192.0.2.0/24 and 2001:db8::/64 are proxies of ours. */
static inline void
asked_from(struct asked *a, const char *peer, const char *authority)
{
	a->client = (struct client){.peer = asked_ip(peer), .secure = true};
	a->ex =
	    (struct exchange){.memory = a->memory, .client = &a->client, .who = &a->client.peer};
	a->ex.request = (struct request){.method = METHOD_GET,
					 .method_name = SPAN_OF("GET"),
					 .authority = span_str(authority),
					 .version = 11,
					 .fields = a->in,
					 .length = LENGTH_NONE};
}

static inline void
asked_with(struct asked *a, const char *name, const char *value)
{
	a->in[a->ex.request.field_count++] = (struct field){span_str(name), span_str(value)};
}

static inline struct asked *
asked_new(void)
{
	struct asked *a = calloc(1, sizeof *a);

	assert_non_null(a);
	a->memory = arena_new();
	assert_true(network_parse(SPAN_OF("192.0.2.0/24"), &a->trusted[0]));
	assert_true(network_parse(SPAN_OF("2001:db8::/64"), &a->trusted[1]));
	a->config = (struct config){.trust_forwarded = a->trusted, .trust_forwarded_count = 2};
	return a;
}

static inline void
asked_free(struct asked *a)
{
	arena_free(a->memory);
	free(a);
}

#endif
