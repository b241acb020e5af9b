#include "serve/admit.h"

#include "serve/limiter.h"

#define ONE_ENDS_MS 1000 /* when one of many requests may be over: nobody knows */

/* One of so many at once; its address is kept, as the exchange's client may be gone first. */
struct admission {
	struct limiter *limiter;
	uint64_t id;
	struct address who;
};

static void
leave(void *arg)
{
	const struct admission *a = arg;

	limiter_leave(a->limiter, a->id, &a->who);
}

void
admit_later(struct exchange *ex, unsigned status, uint64_t ms)
{
	const char *seconds =
	    arena_printf(ex->memory, "%llu", (unsigned long long)((ms + 999) / 1000));
	const struct field field = {SPAN_OF("retry-after"), span_str(seconds)};

	exchange_respond_page(ex, status, &field, 1);
}

static bool
enter(const struct serve *s, struct exchange *ex, const struct policy_set *set)
{
	const struct address *who = ex->who;

	if (!limiter_enter(s->limiter, set->connections_id, set->policy->connections, who))
		return false;
	struct admission *a = ARENA_NEW(ex->memory, struct admission);
	*a = (struct admission){s->limiter, set->connections_id, *who};
	arena_defer(ex->memory, leave, a);
	return true;
}

bool
admit_within_limits(const struct serve *s, struct exchange *ex, const struct policy_set *set)
{
	const struct policy *p = set->policy;
	uint64_t wait = 0;

	if (p->connections > 0 && !enter(s, ex, set))
		wait = ONE_ENDS_MS;
	else if (p->rate.count > 0)
		wait = limiter_ask(s->limiter, set->rate_id, &p->rate, ex->who, ex->began_ms);
	if (wait > 0)
		admit_later(ex, 429, wait);
	return wait == 0;
}
