#include "tls/password.h"

#include <argon2.h>

#include "base/text.h"
#include "tls/random.h"

#define SALT       16
#define HASH       32
#define MEMORY_MAX (1u << 20) /* KiB: whatever an encoded form says, a comparison takes no more */
#define ROUNDS_MAX 64
#define LANES_MAX  16

/* One lane: many sign in at once, and each has but one thread. */
const struct password_cost password_usual = {.memory_kib = 64 * 1024, .rounds = 3, .lanes = 1};

bool
password_hash(struct span password, const struct password_cost *cost,
	      char out[PASSWORD_ENCODED_MAX])
{
	uint8_t salt[SALT];

	if (password.len > PASSWORD_MAX)
		return false;
	random_bytes(salt, sizeof salt);
	return argon2id_hash_encoded(cost->rounds, cost->memory_kib, cost->lanes, password.p,
				     password.len, salt, sizeof salt, HASH, out,
				     PASSWORD_ENCODED_MAX) == ARGON2_OK;
}

static bool
take_literal(struct cursor *c, struct span literal)
{
	struct span seen;

	return cursor_span(c, literal.len, &seen) && span_equal(seen, literal);
}

/* A number, with `after` behind it. */
static bool
take_number(struct cursor *c, char after, uint32_t *out)
{
	struct span rest = span_of(c->p, cursor_left(c)), text;
	uint64_t n;

	if (!cursor_span(c, span_find(rest, (uint8_t)after), &text) || !cursor_skip(c, 1) ||
	    !text_to_u64(text, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

/* "$argon2id$v=19$m=65536,t=3,p=1$" and what follows. */
static bool
cost_of(const char *encoded, struct password_cost *cost)
{
	struct cursor c = cursor_of(span_str(encoded));

	return take_literal(&c, SPAN_OF("$argon2id$v=19$m=")) &&
	       take_number(&c, ',', &cost->memory_kib) && take_literal(&c, SPAN_OF("t=")) &&
	       take_number(&c, ',', &cost->rounds) && take_literal(&c, SPAN_OF("p=")) &&
	       take_number(&c, '$', &cost->lanes);
}

static bool
is_bearable(const char *encoded)
{
	struct password_cost cost;

	return cost_of(encoded, &cost) && cost.memory_kib <= MEMORY_MAX &&
	       cost.rounds <= ROUNDS_MAX && cost.lanes <= LANES_MAX;
}

bool
password_is_right(struct span password, const char *encoded)
{
	char unused[PASSWORD_ENCODED_MAX];

	if (password.len > PASSWORD_MAX)
		return false;
	if (encoded != NULL)
		return is_bearable(encoded) &&
		       argon2id_verify(encoded, password.p, password.len) == ARGON2_OK;
	(void)!password_hash(password, &password_usual, unused);
	explicit_bzero(unused, sizeof unused);
	return false;
}

bool
password_is_weak_form(const char *encoded, const struct password_cost *cost)
{
	struct password_cost its;

	return !cost_of(encoded, &its) || its.memory_kib < cost->memory_kib ||
	       its.rounds < cost->rounds || its.lanes < cost->lanes;
}

bool
password_key(struct span password, struct span salt, const struct password_cost *cost,
	     uint8_t out[32])
{
	return argon2id_hash_raw(cost->rounds, cost->memory_kib, cost->lanes, password.p,
				 password.len, salt.p, salt.len, out, 32) == ARGON2_OK;
}
