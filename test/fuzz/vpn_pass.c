/*
 * What control answers to the VPN engine, of which it believes nothing: whatever is taken for a
 * client's terms is within bounds, and what it may reach is what the rules say. Behind the first
 * byte, which says what kind of network there is, stands the JSON.
 */
#include "fuzz.h"
#include "role/tunnel_private.h"

static const char *const texts[] = {
    "state_dir /tmp\nlisten 8443\nvpn {\n endpoint a.example\n network 10.86.0.0/20 fd00:86::/64\n"
    " dns 192.0.2.53\n domain a.example\n}\n",
    "state_dir /tmp\nlisten 8443\nvpn {\n endpoint a.example\n network 10.86.0.0/29 off\n"
    " dns system\n}\n",
};

static struct config *
config_of(const char *text)
{
	const struct config_defaults defaults = {.file = "/tmp/a.conf"};
	struct buf errors = buf_with_cap(4096);
	struct config *c = config_read(span_str(text), &defaults, &errors);

	check(c != NULL);
	buf_free(&errors);
	return c;
}

static void
look_at_rules(const struct pass *p)
{
	for (size_t i = 0; i < p->reach_count; i++) {
		const struct reach *r = &p->reach[i];

		check(r->to.base.family == 4 || r->to.base.family == 6);
		check(r->to.bits <= (r->to.base.family == 4 ? 32 : 128));
	}
	check(p->reach_count == 0 || p->reach != NULL);
	check(p->terms.everything == p->who.everything);
	check(!p->terms.everything || p->terms.route_count == 0);
	for (size_t i = 0; i < p->terms.route_count; i++)
		check(p->terms.routes[i].bits > 0);
}

/* It fits into what a client is told, or is refused; and is text all through. */
static void
look_at_push(const struct pass *p)
{
	struct buf out = buf_with_cap(PUSH_MESSAGES_MAX * CONTROL_TEXT_MAX);
	const struct push_line line = {.peer_id = 3, .cipher = AEAD_AES_256_GCM};

	if (push_write(&p->terms, &line, &out))
		for (size_t i = 0; i < buf_len(&out); i++)
			check(buf_span(&out).p[i] == '\0' || buf_span(&out).p[i] >= ' ');
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tunnel tunnels[COUNT(texts)];
	struct tunnel *t;
	struct pass *p;
	uint32_t lease;

	if (size == 0)
		return 0;
	t = &tunnels[data[0] % COUNT(texts)];
	if (t->config == NULL) {
		t->config = config_of(texts[data[0] % COUNT(texts)]);
		t->leases = leases_new(&t->config->vpn.network, &t->config->vpn.network6);
		check(t->leases != NULL);
	}
	p = pass_read(span_tail(span_of(data, size), 1));
	if (p == NULL)
		return 0;
	lease = lease_take(t->leases, p->who.device, 0);
	check(lease != 0);
	pass_complete(p, t, lease);
	look_at_rules(p);
	look_at_push(p);
	lease_give_back(t->leases, lease);
	pass_free(p);
	return 0;
}
