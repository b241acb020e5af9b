/*
 * The client's half of the protocol, on the same modules: as a stock client does it, but by a
 * script. No assertions of cmocka here: the fuzz target uses it as well.
 */
#ifndef TEST_VPN_CLIENT_H
#define TEST_VPN_CLIENT_H

#include <stdio.h>
#include <stdlib.h>

#include "tls/engine.h"
#include "tls/random.h"
#include "vpn/keys.h"
#include "vpn/push.h"
#include "vpn/reliable.h"
#include "vpn/session.h"
#include "vpn/wrap.h"

#define CLIENT_TLS_ROOM 1100

/* What OpenVPN 2.6 tells. */
#define CLIENT_PROTO                                                                               \
	(IV_DATA_V2 | IV_REQUEST_PUSH | IV_TLS_EKM | IV_AUTH_PENDING | IV_DNS_OLD | IV_CC_EXIT |   \
	 IV_AUTH_FAIL_TEMP | IV_DYN_TLS_CRYPT)

struct client_script {
	uint32_t proto;
	const char *ciphers;                   /* IV_CIPHERS; NULL: none are told */
	const char *more;                      /* lines of peer info besides */
	const char *name, *password, *options; /* NULL: none; of options, the usual ones */
	size_t long_name;                      /* so many bytes of name instead */
	bool mute;                             /* says no key method */
};

struct client_key {
	unsigned id;
	struct reliable *delivery;
	struct engine *tls;
	enum engine_state state;
	struct buf in;
	struct key_random mine, theirs;
	bool began, said, heard; /* the reset; the key methods */
	struct data_keys *data;
};

struct client {
	struct client_script script;
	struct engine_context *context;
	uint8_t keys[WRAP_KEYS], id[SESSION_ID], server_id[SESSION_ID];
	struct span wrapped; /* goes behind the first packets */
	bool met, dynamic;
	bool asked_again; /* for the wrapped key, by one who kept nothing of the first packet */
	struct wrap *wrap, *wrap_later;
	struct client_key *now, *next, *old;
	struct buf told; /* by the server inside TLS: messages, each with its NUL */
	bool up, ekm;
	enum aead_kind cipher;
	uint32_t peer_id;
	unsigned received, datas;
	void (*send)(void *owner, struct span packet);
	void *owner;
};

/* --- keys */

static inline struct client_key *
client_key_new(struct client *c, unsigned id, uint32_t from)
{
	struct client_key *k = calloc(1, sizeof *k);

	if (k == NULL)
		abort();
	*k = (struct client_key){.id = id,
				 .delivery = reliable_new(from, from),
				 .tls = engine_new(c->context),
				 .in = buf_with_cap(1 << 16)};
	if (k->delivery == NULL || k->tls == NULL)
		abort();
	random_bytes(k->mine.pre_master, sizeof k->mine.pre_master);
	random_bytes(k->mine.r1, sizeof k->mine.r1);
	random_bytes(k->mine.r2, sizeof k->mine.r2);
	return k;
}

static inline void
client_key_free(struct client_key *k)
{
	if (k == NULL)
		return;
	reliable_free(k->delivery);
	engine_free(k->tls);
	data_keys_free(k->data);
	buf_wipe(&k->in);
	free(k);
}

static inline struct client_key *
client_key_of(const struct client *c, unsigned id)
{
	struct client_key *const keys[] = {c->now, c->next, c->old};

	for (size_t i = 0; i < COUNT(keys); i++)
		if (keys[i] != NULL && keys[i]->id == id)
			return keys[i];
	return NULL;
}

static inline struct wrap *
client_wrap(const struct client *c, unsigned id)
{
	return id > 0 && c->wrap_later != NULL ? c->wrap_later : c->wrap;
}

/* --- what it sends */

static inline void
client_seal(struct client *c, unsigned first, struct span body, struct span behind, int64_t now)
{
	struct buf packet = buf_with_cap(4096);

	if (!wrap_seal(client_wrap(c, wire_key_id((uint8_t)first)), (uint8_t)first, c->id, body,
		       (uint32_t)(now / 1000), &packet) ||
	    !buf_append(&packet, behind))
		abort();
	c->send(c->owner, buf_span(&packet));
	buf_free(&packet);
}

/* One packet of any kind, with as many acknowledgements as are there. */
static inline void
client_packet(struct client *c, struct client_key *k, unsigned opcode, uint32_t id,
	      struct span payload, int64_t now)
{
	struct control control = {.id = id, .payload = payload};
	struct buf body = buf_with_cap(4096);
	bool wrapped = opcode == OP_RESET_CLIENT_V3 || opcode == OP_CONTROL_WKC_V1;

	control.ack_count = c->met ? reliable_acks(k->delivery, control.acks, 4) : 0;
	memcpy(control.acked, c->server_id, SESSION_ID);
	if (!control_write(opcode, &control, &body))
		abort();
	client_seal(c, wire_first(opcode, k->id), buf_span(&body), wrapped ? c->wrapped : SPAN_NONE,
		    now);
	buf_free(&body);
}

/* Of what TLS says next. */
static inline unsigned
client_tls_opcode(struct client *c)
{
	bool brings = c->wrapped.len > 0 && (!c->met || c->asked_again);

	c->asked_again = false;
	return brings ? OP_CONTROL_WKC_V1 : OP_CONTROL_V1;
}

static inline void
client_flush_key(struct client *c, struct client_key *k, int64_t now)
{
	uint8_t bytes[CONTROL_MAX];
	struct reliable_packet p;
	size_t n;

	while (k->began && reliable_has_room(k->delivery) &&
	       (n = engine_take(k->tls, bytes, CLIENT_TLS_ROOM)) > 0)
		if (!reliable_send(k->delivery, client_tls_opcode(c), span_of(bytes, n), now))
			abort();
	while (reliable_due(k->delivery, now, &p)) {
		struct span payload = span_of(bytes, p.payload.len);

		span_put(bytes, p.payload);
		client_packet(c, k, p.opcode, p.id, payload, now);
	}
	if (c->met && reliable_owes_ack(k->delivery))
		client_packet(c, k, OP_ACK_V1, 0, SPAN_NONE, now);
}

static inline void
client_flush(struct client *c, int64_t now)
{
	struct client_key *const keys[] = {c->now, c->next, c->old};

	for (size_t i = 0; i < COUNT(keys); i++)
		if (keys[i] != NULL)
			client_flush_key(c, keys[i], now);
}

/* Inside TLS, by the newest key that has heard from the server. */
static inline void
client_write(struct client *c, struct span bytes, int64_t now)
{
	if (!engine_write(c->now->tls, bytes))
		abort();
	client_flush(c, now);
}

static inline void
client_say(struct client *c, const char *text, int64_t now)
{
	client_write(c, span_of(text, strlen(text) + 1), now);
}

/* --- key method 2 */

static inline void
client_put_string(struct buf *out, const char *text)
{
	size_t len = text != NULL && text[0] != '\0' ? strlen(text) + 1 : 0;

	if (!buf_be16(out, (uint16_t)len) || !buf_append(out, span_of(text, len)))
		abort();
}

static inline void
client_put_name(const struct client_script *s, struct buf *out)
{
	if (s->long_name == 0) {
		client_put_string(out, s->name);
		return;
	}
	if (!buf_be16(out, (uint16_t)(s->long_name + 1)))
		abort();
	for (size_t i = 0; i < s->long_name; i++)
		if (!buf_byte(out, 'n'))
			abort();
	if (!buf_byte(out, 0))
		abort();
}

static inline void
client_put_info(const struct client_script *s, struct buf *out)
{
	char info[1024];

	snprintf(info, sizeof info,
		 "IV_VER=2.6.14\nIV_PLAT=linux\nIV_PROTO=%u\nIV_MTU=1600\n%s%s%s%s", s->proto,
		 s->ciphers != NULL ? "IV_CIPHERS=" : "", s->ciphers != NULL ? s->ciphers : "",
		 s->ciphers != NULL ? "\n" : "", s->more != NULL ? s->more : "");
	client_put_string(out, info);
}

static inline void
client_tell_method(struct client *c, struct client_key *k)
{
	static const struct span head = SPAN_INIT("\0\0\0\0\2");
	const struct client_script *s = &c->script;
	struct buf out = buf_with_cap(1 << 16);

	k->said = true;
	if (!buf_append(&out, head) ||
	    !buf_append(&out, span_of(k->mine.pre_master, sizeof k->mine.pre_master)) ||
	    !buf_append(&out, span_of(k->mine.r1, sizeof k->mine.r1)) ||
	    !buf_append(&out, span_of(k->mine.r2, sizeof k->mine.r2)))
		abort();
	client_put_string(&out, s->options != NULL ? s->options : "V4,dev-type tun,tls-client");
	client_put_name(s, &out);
	client_put_string(&out, s->password);
	client_put_info(s, &out);
	if (!engine_write(k->tls, buf_span(&out)))
		abort();
	buf_free(&out);
}

/* The server's: no pre-master secret, and three empty strings at the end. */
static inline bool
client_hear_method(struct client_key *k)
{
	struct cursor c = cursor_of(buf_span(&k->in));
	struct span r1, r2, string;

	if (!cursor_skip(&c, 5) || !cursor_span(&c, sizeof k->theirs.r1, &r1) ||
	    !cursor_span(&c, sizeof k->theirs.r2, &r2))
		return false;
	for (size_t i = 0; i < 4; i++)
		if (!cursor_vec16(&c, &string))
			return false;
	span_put(k->theirs.r1, r1);
	span_put(k->theirs.r2, r2);
	buf_taken(&k->in, buf_len(&k->in) - cursor_left(&c));
	return k->heard = true;
}

static inline void
client_make_data(struct client *c, struct client_key *k)
{
	uint8_t material[DATA_KEYS];
	bool made = c->ekm ? engine_export(k->tls, DATA_LABEL, material, sizeof material)
			   : keys_derive(&k->mine, &k->theirs, c->id, c->server_id, material);

	if (!made || (k->data = data_keys_new(c->cipher, material, k->id, false)) == NULL)
		abort();
}

/* --- what it is told */

static inline bool
client_was_told(const struct client *c, const char *text)
{
	struct span all = buf_span(&c->told);

	return all.len > 0 && memmem(all.p, all.len, text, strlen(text)) != NULL;
}

static inline void
client_come_up(struct client *c)
{
	static const char *const ciphers[AEAD_KINDS] = {"cipher AES-256-GCM", "cipher AES-128-GCM",
							"cipher CHACHA20-POLY1305"};
	struct span all = buf_span(&c->told);
	const char *peer = memmem(all.p, all.len, "peer-id ", 8);
	uint8_t keys[WRAP_KEYS];

	for (unsigned i = 0; i < AEAD_KINDS; i++)
		if (client_was_told(c, ciphers[i]))
			c->cipher = (enum aead_kind)i;
	c->peer_id = peer != NULL ? (uint32_t)strtoul(peer + 8, NULL, 10) : PEER_ID_NONE;
	c->ekm = client_was_told(c, "tls-ekm");
	c->dynamic = client_was_told(c, "dyn-tls-crypt");
	client_make_data(c, c->now);
	if (c->dynamic) {
		if (!engine_export(c->now->tls, DYNAMIC_LABEL, keys, sizeof keys))
			abort();
		for (size_t i = 0; i < sizeof keys; i++)
			keys[i] ^= c->keys[i];
		c->wrap_later = wrap_new(keys, false);
	}
	c->up = true;
}

static inline void
client_read_tls(struct client *c, struct client_key *k)
{
	if (k->state != ENGINE_OPEN)
		return;
	if (!k->said && !c->script.mute)
		client_tell_method(c, k);
	if (!engine_read(k->tls, &k->in)) {
		k->state = engine_give(k->tls, SPAN_NONE);
		return;
	}
	if (!k->heard && client_hear_method(k) && c->up)
		client_make_data(c, k);
	if (!k->heard)
		return;
	if (!buf_append(&c->told, buf_span(&k->in)))
		abort();
	buf_free(&k->in);
	/* The last part says so, or is the only one. */
	if (!c->up && client_was_told(c, "PUSH_REPLY") &&
	    (!client_was_told(c, "push-continuation 2") ||
	     client_was_told(c, "push-continuation 1")))
		client_come_up(c);
}

/* --- what comes */

static inline void
client_take(struct client *c, struct client_key *k, const struct reliable_packet *p, int64_t now)
{
	if (p->opcode == OP_CONTROL_V1) {
		if (k->state != ENGINE_FAILED)
			k->state = engine_give(k->tls, p->payload);
		client_read_tls(c, k);
		return;
	}
	if (!k->began && !reliable_send(k->delivery, OP_SOFT_RESET_V1, SPAN_NONE, now))
		abort();
	k->began = true;
	c->asked_again = p->opcode == OP_RESET_SERVER_V2 && p->payload.len > 0;
	k->state = engine_begin(k->tls);
}

static inline void
client_use_next(struct client *c)
{
	client_key_free(c->old);
	c->old = c->now;
	c->now = c->next;
	c->next = NULL;
}

static inline struct client_key *
client_key_for(struct client *c, unsigned opcode, unsigned id)
{
	struct client_key *k = client_key_of(c, id);

	if (k == NULL && opcode == OP_SOFT_RESET_V1 && c->next == NULL)
		k = c->next = client_key_new(c, id, 0);
	return k;
}

static inline void
client_receive_control(struct client *c, struct span packet, int64_t now)
{
	unsigned opcode = wire_opcode(packet.p[0]), id = wire_key_id(packet.p[0]);
	struct buf body = buf_with_cap(4096);
	struct control control;
	struct reliable_packet p;
	struct wrap_head head;
	struct client_key *k;

	if (!wire_is_control(opcode) || !wrap_open(client_wrap(c, id), packet, &head, &body) ||
	    !wrap_take(client_wrap(c, id), &head) ||
	    !control_read(opcode, buf_span(&body), &control) ||
	    (k = client_key_for(c, opcode, id)) == NULL)
		goto out;
	c->received++;
	if (!c->met)
		memcpy(c->server_id, head.session_id, SESSION_ID);
	c->met = true;
	reliable_acked(k->delivery, control.acks, control.ack_count, now);
	if (wire_has_id(opcode))
		(void)reliable_received(k->delivery, opcode, control.id, control.payload);
	while (reliable_next(k->delivery, &p))
		client_take(c, k, &p, now);
	if (k == c->next && k->data != NULL && reliable_all_acked(k->delivery))
		client_use_next(c);
	client_flush(c, now);
out:
	buf_wipe(&body);
}

/* The bytes inside a data packet; nothing for what is none. */
static inline struct span
client_receive(struct client *c, uint8_t *packet, size_t len, int64_t now)
{
	unsigned opcode = wire_opcode(packet[0]);
	struct client_key *k = client_key_of(c, wire_key_id(packet[0]));
	struct span inner = SPAN_NONE;

	if (opcode != OP_DATA_V2) {
		client_receive_control(c, span_of(packet, len), now);
		return SPAN_NONE;
	}
	if (k == NULL || k->data == NULL || !data_open(k->data, packet, len, &inner))
		return SPAN_NONE;
	c->datas++;
	return inner;
}

/* --- its life */

static inline void
client_open(struct client *c)
{
	c->wrap = wrap_new(c->keys, false);
	c->told = buf_with_cap(1 << 20);
	random_bytes(c->id, sizeof c->id);
	if (c->wrap == NULL)
		abort();
}

/* Says that its wrapped key can come again, as clients by UDP do: before client_start(). */
static inline void
client_tell_resends(struct client *c, int64_t now)
{
	wrap_sent_before(c->wrap, 0x0f000000, (uint32_t)(now / 1000));
}

static inline void
client_start(struct client *c, int64_t now)
{
	c->now = client_key_new(c, 0, 0);
	c->now->began = true;
	if (!reliable_send(c->now->delivery, OP_RESET_CLIENT_V3, SPAN_NONE, now))
		abort();
	client_flush(c, now);
}

/* After a reset that was answered by one who kept nothing. */
static inline void
client_start_answered(struct client *c, const uint8_t server_id[SESSION_ID], int64_t now)
{
	memcpy(c->server_id, server_id, SESSION_ID);
	c->now = client_key_new(c, 0, 1);
	c->now->began = true;
	c->now->state = engine_begin(c->now->tls);
	client_flush(c, now);
}

static inline void
client_rekey(struct client *c, int64_t now)
{
	c->next = client_key_new(c, c->now->id % (KEY_IDS - 1) + 1, 0);
	c->next->began = true;
	if (!reliable_send(c->next->delivery, OP_SOFT_RESET_V1, SPAN_NONE, now))
		abort();
	client_flush(c, now);
}

/* Seals by `k`, `len` bytes with DATA_HEAD of room before them. */
static inline void
client_send_data(struct client *c, struct client_key *k, uint8_t *inner, size_t len)
{
	if (!data_seal(k->data, c->peer_id, inner, len))
		abort();
	c->send(c->owner, span_of(inner - DATA_HEAD, len + DATA_HEAD));
}

static inline void
client_close(struct client *c)
{
	client_key_free(c->now);
	client_key_free(c->next);
	client_key_free(c->old);
	wrap_free(c->wrap);
	wrap_free(c->wrap_later);
	buf_free(&c->told);
	*c = (struct client){0};
}

#endif
