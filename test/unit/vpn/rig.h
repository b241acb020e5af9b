/*
 * A session and a client, joined by a network that loses, repeats and reorders what it is told
 * to, with a clock of its own. No assertions of cmocka here: the fuzz target uses it as well.
 */
#ifndef TEST_VPN_RIG_H
#define TEST_VPN_RIG_H

#include "client.h"
#include "tls/issue.h"
#include "tls/wrap_key.h"

#define RIG_WALL    1700000000000
#define RIG_QUEUE   64
#define RIG_OPTIONS "V4,dev-type tun,link-mtu 1549,tun-mtu 1500,tls-server"

/* --- certificates and contexts, made once */

struct rig_pair {
	struct buf key, certificate, key_pem, certificate_pem;
};

static inline struct rig_pair
rig_issue_until(int64_t not_after, enum issue_use use, const char *name,
		const struct rig_pair *issuer)
{
	struct rig_pair p = {buf_with_cap(1 << 16), buf_with_cap(1 << 16), buf_with_cap(1 << 16),
			     buf_with_cap(1 << 16)};
	const char *const names[] = {name, NULL};
	struct issue_request request = {.use = use,
					.name = name,
					.dns_names = use == ISSUE_SERVER ? names : NULL,
					.not_before = 1000000000000,
					.not_after = not_after};
	char serial[ISSUE_SERIAL_MAX];

	if (issuer != NULL) {
		request.issuer_certificate = buf_span(&issuer->certificate);
		request.issuer_key = buf_span(&issuer->key);
	}
	if (failed(issue_make_key(ISSUE_P256, &p.key)) ||
	    failed(issue_certificate(&request, buf_span(&p.key), &p.certificate, serial)) ||
	    !issue_put_pem(&p.key_pem, "PRIVATE KEY", buf_span(&p.key)) ||
	    !issue_put_pem(&p.certificate_pem, "CERTIFICATE", buf_span(&p.certificate)))
		abort();
	return p;
}

static inline struct rig_pair
rig_issue(enum issue_use use, const char *name, const struct rig_pair *issuer)
{
	return rig_issue_until(4000000000000, use, name, issuer);
}

static inline void
rig_pair_free(struct rig_pair *p)
{
	buf_wipe(&p->key);
	buf_free(&p->certificate);
	buf_wipe(&p->key_pem);
	buf_free(&p->certificate_pem);
}

/* One of the same authority as the server, two others such, the last of old, and one of a
 * stranger's. */
enum rig_client { RIG_ANNA, RIG_BERT, RIG_EXPIRED, RIG_STRANGER, RIG_CLIENTS };

struct rig_world {
	struct tls_library *lib;
	struct engine_context *server, *clients[RIG_CLIENTS];
	uint8_t keys[WRAP_KEYS];
	struct buf wrapped; /* the client's key, and the same as the server wrapped it */
};

static inline struct engine_context *
rig_context(struct rig_world *w, const struct rig_pair *authority, const struct rig_pair *own,
	    bool serves)
{
	struct engine_material m = {buf_span(&authority->certificate_pem),
				    buf_span(&own->certificate_pem), buf_span(&own->key_pem)};
	struct engine_context *out;

	if (failed(engine_context_new(w->lib, &m, serves, &out)))
		abort();
	return out;
}

static inline void
rig_world_make(struct rig_world *w)
{
	struct rig_pair ca = rig_issue(ISSUE_CA, "authority", NULL),
			other = rig_issue(ISSUE_CA, "other", NULL),
			server = rig_issue(ISSUE_SERVER, "vpn.example.org", &ca),
			anna = rig_issue(ISSUE_CLIENT, "anna", &ca),
			bert = rig_issue(ISSUE_CLIENT, "bert", &ca),
			old = rig_issue_until(1500000000000, ISSUE_CLIENT, "anna", &ca),
			stranger = rig_issue(ISSUE_CLIENT, "anna", &other),
			*all[] = {&ca, &other, &server, &anna, &bert, &old, &stranger};
	uint8_t server_key[WRAP_SERVER_KEY];

	*w = (struct rig_world){.lib = tls_library_new(), .wrapped = buf_with_cap(4096)};
	wrap_server_key_make(server_key);
	if (w->lib == NULL || !wrap_key_make(server_key, 7, &w->wrapped))
		abort();
	memcpy(w->keys, buf_span(&w->wrapped).p, sizeof w->keys);
	buf_taken(&w->wrapped, sizeof w->keys);
	w->server = rig_context(w, &ca, &server, true);
	w->clients[RIG_ANNA] = rig_context(w, &ca, &anna, false);
	w->clients[RIG_BERT] = rig_context(w, &ca, &bert, false);
	w->clients[RIG_EXPIRED] = rig_context(w, &ca, &old, false);
	w->clients[RIG_STRANGER] = rig_context(w, &ca, &stranger, false);
	for (size_t i = 0; i < COUNT(all); i++)
		rig_pair_free(all[i]);
}

static inline void
rig_world_free(struct rig_world *w)
{
	engine_context_free(w->server);
	for (size_t i = 0; i < RIG_CLIENTS; i++)
		engine_context_free(w->clients[i]);
	tls_library_free(w->lib);
	buf_free(&w->wrapped);
}

/* --- a network */

struct rig_packet {
	size_t len;
	uint8_t bytes[PACKET_MAX + 16];
};

struct rig_line {
	struct rig_packet packets[RIG_QUEUE];
	size_t first, count;
	unsigned sent;
};

/* When it is full, what comes is lost. */
static inline void
rig_put(struct rig_line *l, struct span packet)
{
	struct rig_packet *p = &l->packets[(l->first + l->count) % RIG_QUEUE];

	l->sent++;
	if (l->count == RIG_QUEUE || packet.len == 0 || packet.len > sizeof p->bytes)
		return;
	p->len = packet.len;
	span_put(p->bytes, packet);
	l->count++;
}

static inline bool
rig_get(struct rig_line *l, struct rig_packet *out)
{
	if (l->count == 0)
		return false;
	*out = l->packets[l->first];
	l->first = (l->first + 1) % RIG_QUEUE;
	l->count--;
	return true;
}

/* --- both */

enum rig_answer { RIG_ADMITS, RIG_WAITS, RIG_REFUSES, RIG_KILLS, RIG_ASKS };

struct rig {
	struct rig_world *world;
	struct session_settings settings;
	struct session_start start;
	struct push_terms terms;
	struct session *s;
	struct client c;
	struct rig_line to_client, to_server;
	int64_t now;
	/* In percent; what is done is told by `luck`. */
	unsigned loss, repeats, swaps;
	uint32_t luck;
	enum rig_answer answer;
	unsigned asked, admits, ups, overs;
	enum session_end end;
	char why[256];
	char name[64], password[64], code[64], common[65]; /* of the last sign-in */
	bool again;
	uint64_t device;
};

static inline int64_t
rig_wall(const struct rig *r)
{
	return RIG_WALL + r->now;
}

static inline void
rig_text(struct span from, char *to, size_t size)
{
	snprintf(to, size, "%.*s", (int)from.len, from.len > 0 ? (const char *)from.p : "");
}

static inline void
rig_to_client(void *owner, struct span packet)
{
	struct rig *r = owner;

	if (r->overs > 0)
		abort();
	rig_put(&r->to_client, packet);
}

static inline void
rig_to_server(void *owner, struct span packet)
{
	struct rig *r = owner;

	rig_put(&r->to_server, packet);
}

static const struct session_challenge rig_challenge = {
    .user = "anna", .state = "a-state", .text = "One-time code"};

static inline void
rig_sign_in(void *owner, const struct session_sign_in *who)
{
	struct rig *r = owner;

	r->asked++;
	r->again = who->again;
	r->device = who->device;
	rig_text(who->name, r->name, sizeof r->name);
	rig_text(who->password, r->password, sizeof r->password);
	rig_text(who->code, r->code, sizeof r->code);
	rig_text(span_str(who->certificate->name), r->common, sizeof r->common);
	if (r->answer == RIG_ADMITS)
		session_admit(r->s, &r->terms, r->now, rig_wall(r));
	else if (r->answer == RIG_REFUSES)
		session_refuse(r->s, "no such user", r->now, rig_wall(r));
	else if (r->answer == RIG_KILLS)
		session_kill(r->s, false, "killed", r->now, rig_wall(r));
	else if (r->answer == RIG_ASKS)
		session_challenge(r->s, &rig_challenge, r->now, rig_wall(r));
}

static inline void
rig_up(void *owner)
{
	struct rig *r = owner;

	r->ups++;
}

static inline void
rig_over(void *owner, enum session_end end, const char *why)
{
	struct rig *r = owner;

	r->overs++;
	r->end = end;
	snprintf(r->why, sizeof r->why, "%s", why);
}

static inline void
rig_open(struct rig *r, struct rig_world *w)
{
	*r = (struct rig){
	    .world = w,
	    .settings = {.engine = w->server,
			 .ciphers = {AEAD_AES_256_GCM, AEAD_AES_128_GCM, AEAD_CHACHA20_POLY1305},
			 .cipher_count = AEAD_KINDS,
			 .hand_window_ms = 60000,
			 .transition_ms = 3600000,
			 .mtu = 1500,
			 .options = RIG_OPTIONS},
	    .start = {.device = 7, .peer_id = 3},
	    .terms = {.ip4 = {4, {10, 86, 0, 2}, 0},
		      .gateway4 = {4, {10, 86, 0, 1}, 0},
		      .bits4 = 20,
		      .ping_s = 10,
		      .ping_restart_s = 120},
	    .c = {.script = {.proto = CLIENT_PROTO,
			     .ciphers = "AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305",
			     .name = "anna",
			     .password = "secret"},
		  .context = w->clients[RIG_ANNA],
		  .wrapped = buf_span(&w->wrapped)},
	};
	memcpy(r->start.keys, w->keys, WRAP_KEYS);
	memcpy(r->c.keys, w->keys, WRAP_KEYS);
	r->c.send = rig_to_server;
	r->c.owner = r;
	client_open(&r->c);
	memcpy(r->start.client_id, r->c.id, SESSION_ID);
	random_bytes(r->start.server_id, SESSION_ID);
}

static inline void
rig_start(struct rig *r)
{
	static const struct session_ops ops = {rig_to_client, rig_sign_in, rig_up, rig_over};

	r->s = session_new(&r->settings, &r->start, &ops, r, r->now);
	if (r->s == NULL)
		abort();
	if (r->start.answered)
		client_start_answered(&r->c, r->start.server_id, rig_wall(r));
	else
		client_start(&r->c, rig_wall(r));
}

static inline void
rig_close(struct rig *r)
{
	session_free(r->s);
	client_close(&r->c);
}

static inline bool
rig_happens(struct rig *r, unsigned percent)
{
	r->luck = r->luck * 1664525 + 1013904223;
	return (r->luck >> 16) % 100 < percent;
}

/* The next packet of a line, as the network has it. */
static inline bool
rig_next(struct rig *r, struct rig_line *l, struct rig_packet *p)
{
	while (rig_get(l, p)) {
		if (rig_happens(r, r->loss))
			continue;
		if (rig_happens(r, r->swaps) && l->count > 0) {
			rig_put(l, span_of(p->bytes, p->len));
			continue;
		}
		if (rig_happens(r, r->repeats))
			rig_put(l, span_of(p->bytes, p->len));
		return true;
	}
	return false;
}

static inline void
rig_server_takes(struct rig *r, struct rig_packet *p)
{
	struct span inner;

	if (r->overs > 0)
		return;
	if (wire_is_control(wire_opcode(p->bytes[0])))
		session_receive(r->s, span_of(p->bytes, p->len), r->now, rig_wall(r));
	else
		(void)!session_open(r->s, p->bytes, p->len, r->now, &inner);
}

/* Until nothing is under way. */
static inline void
rig_exchange(struct rig *r)
{
	struct rig_packet p;
	bool moved = true;

	for (unsigned i = 0; i < 10000 && moved; i++) {
		moved = false;
		if (rig_next(r, &r->to_server, &p)) {
			rig_server_takes(r, &p);
			moved = true;
		}
		if (rig_next(r, &r->to_client, &p)) {
			(void)client_receive(&r->c, p.bytes, p.len, rig_wall(r));
			moved = true;
		}
	}
}

/* Time goes by, in steps. */
static inline void
rig_pass(struct rig *r, int64_t ms)
{
	int64_t until = r->now + ms;

	while (r->now < until) {
		r->now += until - r->now < 100 ? until - r->now : 100;
		if (r->overs == 0 && r->now >= session_when(r->s))
			session_tick(r->s, r->now, rig_wall(r));
		client_flush(&r->c, rig_wall(r));
		rig_exchange(r);
	}
}

/* From the first packet to data. */
static inline void
rig_connect(struct rig *r)
{
	rig_start(r);
	rig_exchange(r);
}

#endif
