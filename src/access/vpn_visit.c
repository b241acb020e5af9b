#include "access/vpn_visit.h"

#include "access/change.h"
#include "access/proof.h"
#include "store/device.h"

#define CLIENT_MAX 100 /* of what a client calls itself */

struct vpn_visit
vpn_visit_of(const struct access *a, const struct vpn_request *r,
	     const struct vpn_admitted *admitted)
{
	return (struct vpn_visit){.user = admitted->grant.user,
				  .device = admitted->grant.device,
				  .user_name = admitted->user_name,
				  .device_name = admitted->device_name,
				  .client = r->client,
				  .from = r->from,
				  .at = a->now};
}

static struct actor
actor_of(const struct vpn_visit *v)
{
	return (struct actor){.kind = ACTOR_USER,
			      .level = LEVEL_SELF,
			      .user = v->user,
			      .name = v->user_name,
			      .from = v->from};
}

static struct change
row_of(struct access *a, const struct vpn_visit *v)
{
	return (struct change){
	    .action = "vpn.connect",
	    .object = arena_printf(a->memory, "device %s/%s", v->user_name, v->device_name),
	    .note = proof_note(a, "client", access_plain(a, v->client, CLIENT_MAX), NULL, NULL),
	    .event = EVENT_TUNNEL,
	    .id = v->device,
	};
}

/* They may be gone again by now. */
static struct outcome
seen(struct access *a, const struct vpn_visit *v)
{
	enum store_result r = store_device_seen(a->store, v->device, v->at);

	if (r == STORE_DONE || r == STORE_NONE)
		r = store_user_seen(a->store, v->user, v->at);
	return r == STORE_NONE ? OUTCOME_OK : access_stored(a, r, "device");
}

static struct outcome
note(struct access *a, const struct vpn_visit *v)
{
	const struct change row = row_of(a, v);
	const struct actor who = actor_of(v);
	struct outcome o = seen(a, v);

	return refused(o) ? o : change_row(a, &who, &row);
}

struct outcome
vpn_visits_note(struct access *a, const struct vpn_visit *visits, size_t count)
{
	const struct vpn_visit *last = &visits[count - 1];
	const struct change row = row_of(a, last);
	const struct actor who = actor_of(last);
	struct outcome o = change_begin(a);

	if (refused(o))
		return o;
	for (const struct vpn_visit *v = visits; v < last && !refused(o); v++)
		o = note(a, v);
	if (!refused(o))
		o = seen(a, last);
	o = change_end(a, &who, o, &row);
	for (const struct vpn_visit *v = visits; v < last && !refused(o); v++)
		if (a->happened != NULL)
			a->happened(a->owner, EVENT_TUNNEL, v->device);
	return o;
}
