/* Metrics in the text format of Prometheus, version 0.0.4. */
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "access/people.h"
#include "access/signin.h"
#include "api/counters.h"
#include "api/operation.h"
#include "api/system.h"
#include "api/tunnels.h"
#include "store/audit.h"
#include "store/device.h"
#include "store/guard.h"

#define MEDIA "text/plain; version=0.0.4; charset=utf-8"

static bool
put_head(struct buf *out, const char *name, bool now, const char *doc)
{
	return buf_printf(out, "# HELP sallyport_%s %s\n# TYPE sallyport_%s %s\n", name, doc, name,
			  now ? "gauge" : "counter");
}

static bool
put_number(struct buf *out, const char *name, bool now, const char *doc, uint64_t value)
{
	return put_head(out, name, now, doc) &&
	       buf_printf(out, "sallyport_%s %" PRIu64 "\n", name, value);
}

/* A label's value: backslash, quote and new line are escaped, nothing else need be. */
static bool
put_label(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\n' ? !buf_append(out, SPAN_OF("\\n"))
				  : ((*text == '"' || *text == '\\') && !buf_byte(out, '\\')) ||
					!buf_byte(out, (uint8_t)*text))
			return false;
	return true;
}

static bool
put_counters(const struct api_numbers *n, struct buf *out)
{
	const char *family = "";

	for (size_t i = 0; i < counter_row_count; i++) {
		const struct counter_row *row = &counter_rows[i];
		uint64_t value = n->counters[row->counter];

		if (row->family == NULL) {
			if (!put_number(out, row->name, row->now, row->doc, value))
				return false;
			continue;
		}
		if (strcmp(family, row->family) != 0 &&
		    !put_head(out, row->family, row->now, row->doc))
			return false;
		family = row->family;
		if (!buf_printf(out, "sallyport_%s{%s} %" PRIu64 "\n", family, row->label, value))
			return false;
	}
	return true;
}

static bool
put_control(const struct api_numbers *n, struct buf *out)
{
	return put_number(out, "api_started_seconds", true, "When the API began to answer.",
			  (uint64_t)n->started / 1000) &&
	       put_number(out, "api_requests", false, "Requests to the API.", n->requests) &&
	       put_number(out, "api_refused_busy", false,
			  "Requests to the API that there was no room for.", n->refused_busy) &&
	       put_number(out, "api_queued", true, "Requests to the API that wait.", n->queued) &&
	       put_number(out, "api_queued_slow", true,
			  "Requests to the API that wait for a password to be hashed.",
			  n->queued_slow) &&
	       put_number(out, "api_event_listeners", true, "Who is told of events.",
			  n->listeners_of_events);
}

/* Of the store: what cannot be counted now is left out, as that is what it means. */
static bool
put_people(struct access *a, struct buf *out)
{
	int64_t n;
	bool fits = put_head(out, "users", true, "Users who may sign in, by role.");

	for (int role = 0; fits && user_roles[role] != NULL; role++)
		if (store_user_count(a->store, (enum user_role)role, a->now, &n) == STORE_DONE)
			fits = buf_printf(out, "sallyport_users{role=\"%s\"} %" PRId64 "\n",
					  user_roles[role], n);
	if (fits && store_device_count(a->store, 0, &n) == STORE_DONE)
		fits =
		    put_number(out, "devices", true, "Devices that are not revoked.", (uint64_t)n);
	if (fits && !refused(sessions_count(a, &n)))
		fits =
		    put_number(out, "sessions", true,
			       "Sessions of people who are signed in with a browser.", (uint64_t)n);
	if (fits && store_ban_count(a->store, a->now, &n) == STORE_DONE)
		fits = put_number(out, "bans", true, "Bans that stand.", (uint64_t)n);
	if (fits && store_notice_count(a->store, &n) == STORE_DONE)
		fits = put_number(out, "notices_waiting", true,
				  "Notices that wait to be delivered.", (uint64_t)n);
	return fits;
}

static bool
put_expiry(struct buf *out, const char *kind, const char *name, int64_t not_after)
{
	return buf_printf(out, "sallyport_certificate_expiry_seconds{kind=\"%s\",name=\"", kind) &&
	       put_label(out, name) && buf_printf(out, "\"} %" PRId64 "\n", not_after / 1000);
}

static bool
put_own_certificates(const struct access *a, struct buf *out)
{
	static const struct own {
		enum certificate_kind kind;
		const char *name;
	} own[] = {{CERTIFICATE_CA, "ca"}, {CERTIFICATE_SERVER, "server"}};
	struct certificate_row row;

	for (size_t i = 0; i < COUNT(own); i++)
		if (store_certificate_current(a->store, own[i].kind, a->memory, &row) ==
			STORE_DONE &&
		    !put_expiry(out, own[i].name, row.name, row.not_after))
			return false;
	return true;
}

/* A site may have several: the first of them tells when one expires first, as no two lines may have
 * the same labels. 0: the `n`th tells nothing. */
static int64_t
first_expiry(const struct site_certificate_list *sites, size_t n)
{
	int64_t first = sites->at[n].not_after;

	if (sites->at[n].site == NULL || first <= 0)
		return 0;
	for (size_t i = 0; i < sites->count; i++) {
		const struct site_certificate *other = &sites->at[i];

		if (other->site == NULL || other->not_after <= 0 ||
		    strcmp(other->site, sites->at[n].site) != 0)
			continue;
		if (i < n)
			return 0;
		first = other->not_after < first ? other->not_after : first;
	}
	return first;
}

static bool
put_certificates(struct api_call *c, struct buf *out)
{
	struct site_certificate_list sites = {NULL, 0};
	struct span json;

	if (!put_head(out, "certificate_expiry_seconds", true,
		      "When a certificate expires, in seconds since 1970.") ||
	    !put_own_certificates(c->access, out))
		return false;
	if (refused(call_ask(c, CALL_CERTIFICATES, "", SPAN_NONE, &json)) ||
	    refused(shape_read(&shape_site_certificate_list, SHAPE_CREATE, json, c->access->memory,
			       &sites, NULL)))
		return true;
	for (size_t i = 0; i < sites.count; i++) {
		int64_t expiry = first_expiry(&sites, i);

		if (expiry > 0 && !put_expiry(out, "site", sites.at[i].site, expiry))
			return false;
	}
	return true;
}

/* A tunnel that ends is in neither sum for a moment, and a counter must not go back. */
static uint64_t
never_less(atomic_uint_least64_t *most, uint64_t value)
{
	uint64_t before = atomic_load(most);

	while (before < value)
		if (atomic_compare_exchange_weak(most, &before, value))
			return value;
	return before;
}

static bool
put_carried(const struct api_numbers *n, const struct live_tunnel_list *live, struct buf *out)
{
	static atomic_uint_least64_t most_in, most_out;
	uint64_t in = n->vpn_in, from_us = n->vpn_out;

	for (size_t i = 0; i < live->count; i++) {
		in += (uint64_t)live->at[i].bytes_in;
		from_us += (uint64_t)live->at[i].bytes_out;
	}
	return put_number(out, "vpn_bytes_from_clients", false,
			  "Bytes that came through tunnels of the VPN.",
			  never_less(&most_in, in)) &&
	       put_number(out, "vpn_bytes_to_clients", false,
			  "Bytes that went through tunnels of the VPN.",
			  never_less(&most_out, from_us));
}

static bool
put_open(const struct live_tunnel_list *live, struct buf *out)
{
	static const char *const protocols[] = {"udp", "tcp"};
	bool fits = put_head(out, "vpn_tunnels", true, "Who is connected to the VPN.");

	for (size_t p = 0; fits && p < COUNT(protocols); p++) {
		size_t n = 0;

		for (size_t i = 0; i < live->count; i++)
			n += strcmp(live->at[i].protocol, protocols[p]) == 0;
		fits = buf_printf(out, "sallyport_vpn_tunnels{protocol=\"%s\"} %zu\n", protocols[p],
				  n);
	}
	return fits;
}

/* Where the engine does not answer, what it would have said is left out. */
static bool
put_tunnels(struct api_call *c, const struct api_numbers *n, struct buf *out)
{
	struct live_tunnel_list live;

	if (!put_number(out, "vpn_sign_ins", false, "Sign-ins to the VPN.", n->vpn_admitted) ||
	    !put_number(out, "vpn_sign_ins_refused", false,
			"Sign-ins to the VPN that were refused.", n->vpn_refused))
		return false;
	return refused(tunnels_live(c->api, &live)) ||
	       (put_open(&live, out) &&
		put_number(out, "vpn_beginning", true, "Clients of the VPN that are not in yet.",
			   (uint64_t)live.beginning) &&
		put_carried(n, &live, out));
}

static struct outcome
show(struct api_call *c)
{
	struct api_numbers n = {0};
	struct buf *b = call_buf(c);

	c->api->host->numbers(c->api->owner, &n);
	if (!put_counters(&n, b) || !put_control(&n, b) || !put_people(c->access, b) ||
	    !put_certificates(c, b) || !put_tunnels(c, &n, b))
		return call_broken(c, "writing the metrics");
	return call_answer_bytes(c, MEDIA, buf_span(b), NULL);
}

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/metrics",
     .id = "getMetrics",
     .doc = "What is counted, in the text format of Prometheus.",
     .level = LEVEL_READ,
     .flags = OP_ROOT,
     .media = "text/plain",
     .run = show},
};

const struct operation_group operations_metrics = {"Metrics", operations, COUNT(operations)};
