#include "api/tunnels.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "os/thread.h"

#define FRESH_MS  5000 /* for strangers, who may ask as often as they like */
#define RECENT_MS 1000 /* for those who have signed in */

/* Where tunnels come from, as it was told last: to be asked for each request it is too much. */
struct origin {
	struct address from; /* without its port */
	int64_t user;
};

static struct {
	struct origin *at;
	size_t count;
	int64_t told; /* clock_ms(); 0: never */
	bool asking;  /* somebody does already: the others go by what they have */
} origins;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct outcome
tunnels_live(struct api *api, struct live_tunnel_list *out)
{
	struct arena *memory = api->access.memory;
	struct buf json = buf_with_cap(TUNNELS_JSON_MAX);
	struct outcome o = OUTCOME_OK;

	*out = (struct live_tunnel_list){.count = 0};
	if (api->config->vpn.network.base.family != 0)
		o = api->host->ask_engine(api->owner, CALL_TUNNELS, SPAN_NONE, &json);
	if (!refused(o) && buf_len(&json) > 0)
		o = shape_read(&shape_live_tunnel_list, SHAPE_CREATE, buf_span(&json), memory, out,
			       NULL);
	buf_free(&json);
	/* That nothing can be made of its answer is nothing that who asks has done wrong. */
	return refused(o) ? outcome_new(OUTCOME_DOWN, "the VPN engine does not answer") : o;
}

static bool
must_ask(int64_t age_ms)
{
	pthread_mutex_lock(&lock);
	int64_t now = clock_ms();
	bool yes = !origins.asking && (origins.told == 0 || now - origins.told >= age_ms);
	origins.asking = origins.asking || yes;
	pthread_mutex_unlock(&lock);
	return yes;
}

/* An engine that does not answer has nobody to speak for. */
static void
ask_origins(struct api *api)
{
	struct live_tunnel_list list;
	struct origin *all = NULL;
	size_t count = 0;

	if (refused(tunnels_live(api, &list)))
		list.count = 0;
	for (size_t i = 0; i < list.count; i++) {
		struct address from;

		if (!address_parse(span_str(list.at[i].from), &from))
			continue;
		from.port = 0;
		*MEM_PUSH(all, count) = (struct origin){from, list.at[i].user};
	}
	pthread_mutex_lock(&lock);
	free(origins.at);
	origins.at = all;
	origins.count = count;
	origins.told = clock_ms();
	origins.asking = false;
	pthread_mutex_unlock(&lock);
}

bool
tunnels_come_from(struct api *api, const struct address *from, int64_t user)
{
	struct address at = from->family == 6 ? address_v6(from->ip, 0) : *from;
	bool found = false;

	if (api->config->vpn.network.base.family == 0 || at.family == 0)
		return false;
	if (must_ask(user != 0 ? RECENT_MS : FRESH_MS))
		ask_origins(api);
	at.port = 0;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < origins.count && !found; i++)
		found = address_equal(&origins.at[i].from, &at) &&
			(user == 0 || origins.at[i].user == user);
	pthread_mutex_unlock(&lock);
	return found;
}

void
tunnels_forget(void)
{
	pthread_mutex_lock(&lock);
	free(origins.at);
	origins.at = NULL;
	origins.count = 0;
	origins.told = 0;
	pthread_mutex_unlock(&lock);
}
