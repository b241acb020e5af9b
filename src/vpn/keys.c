#include <endian.h>
#include <stdlib.h>

#include "tls/engine.h"
#include "vpn/keys_inner.h"

#define MASTER      48 /* the TLS 1.0 master secret's size, which the older derivation kept */
#define SLOT        64 /* in key material: cipher0, hmac0, cipher1, hmac1 */
#define HALF        (2 * SLOT)
#define AES_BLOCK   16
#define NUMBER_SIZE 4

_Static_assert(2 * HALF == DATA_KEYS, "two directions");
_Static_assert(NUMBER_SIZE + NONCE_SALT == AEAD_NONCE, "the nonce is the number and the salt");
_Static_assert(4 + NUMBER_SIZE + AEAD_TAG == DATA_HEAD, "what stands before the ciphertext");

/* PRF(pre_master, "OpenVPN master secret" ‖ c.r1 ‖ s.r1) */
static bool
derive_master(const struct key_random *client, const struct key_random *server, uint8_t out[MASTER])
{
	uint8_t seed[sizeof client->r1 + sizeof server->r1], *to = seed;

	to = span_put(to, span_of(client->r1, sizeof client->r1));
	span_put(to, span_of(server->r1, sizeof server->r1));
	bool good = engine_prf(span_of(client->pre_master, sizeof client->pre_master),
			       "OpenVPN master secret", span_of(seed, sizeof seed), out, MASTER);
	explicit_bzero(seed, sizeof seed);
	return good;
}

/* PRF(master, "OpenVPN key expansion" ‖ c.r2 ‖ s.r2 ‖ client_sid ‖ server_sid) */
bool
keys_derive(const struct key_random *client, const struct key_random *server,
	    const uint8_t client_id[SESSION_ID], const uint8_t server_id[SESSION_ID],
	    uint8_t out[DATA_KEYS])
{
	uint8_t seed[sizeof client->r2 + sizeof server->r2 + 2 * SESSION_ID], *to = seed;
	uint8_t master[MASTER];

	to = span_put(to, span_of(client->r2, sizeof client->r2));
	to = span_put(to, span_of(server->r2, sizeof server->r2));
	to = span_put(to, span_of(client_id, SESSION_ID));
	span_put(to, span_of(server_id, SESSION_ID));
	bool good = derive_master(client, server, master) &&
		    engine_prf(span_of(master, sizeof master), "OpenVPN key expansion",
			       span_of(seed, sizeof seed), out, DATA_KEYS);
	explicit_bzero(master, sizeof master);
	explicit_bzero(seed, sizeof seed);
	return good;
}

static bool
way_begin(struct data_way *w, enum aead_kind kind, const uint8_t *half, bool seals)
{
	w->aead = aead_new(kind, half, seals);
	span_put(w->salt, span_of(half + SLOT, NONCE_SALT));
	return w->aead != NULL;
}

struct data_keys *
data_keys_new(enum aead_kind kind, const uint8_t material[DATA_KEYS], unsigned key_id, bool serves)
{
	const uint8_t *out = serves ? material + HALF : material;
	const uint8_t *in = serves ? material : material + HALF;
	struct data_keys *k = calloc(1, sizeof *k);

	if (k == NULL)
		return NULL;
	k->key_id = key_id;
	k->most = kind == AEAD_CHACHA20_POLY1305 ? UINT64_MAX : GCM_MOST;
	replay_begin(&k->seen);
	if (!way_begin(&k->out, kind, out, true) || !way_begin(&k->in, kind, in, false)) {
		data_keys_free(k);
		return NULL;
	}
	return k;
}

void
data_keys_free(struct data_keys *k)
{
	if (k == NULL)
		return;
	aead_free(k->out.aead);
	aead_free(k->in.aead);
	explicit_bzero(k, sizeof *k);
	free(k);
}

static uint8_t *
put_be32(uint8_t *to, uint32_t n)
{
	uint32_t big = htobe32(n);

	return span_put(to, span_of(&big, sizeof big));
}

static void
nonce_of(const struct data_way *w, uint32_t number, uint8_t nonce[AEAD_NONCE])
{
	span_put(put_be32(nonce, number), span_of(w->salt, sizeof w->salt));
}

/* What a packet of `len` bytes costs of what a key is good for. */
static uint64_t
cost_of(size_t len)
{
	return 1 + len / AES_BLOCK + (len % AES_BLOCK > 0);
}

/* The number is used up whatever becomes of the packet. False: there is none left. */
static bool
take_number(struct data_keys *k, size_t len, uint32_t *number)
{
	struct data_way *w = &k->out;
	uint64_t cost = cost_of(len);

	if (w->number >= NUMBER_MAX || w->used > k->most || cost > k->most - w->used)
		return false;
	w->used += cost;
	*number = (uint32_t)++w->number;
	return true;
}

bool
data_seal(struct data_keys *k, uint32_t peer_id, uint8_t *inner, size_t len)
{
	uint8_t *packet = inner - DATA_HEAD, *tag;
	uint8_t nonce[AEAD_NONCE];
	uint32_t number;

	if (!take_number(k, len, &number))
		return false;
	tag = put_be32(packet, (uint32_t)wire_first(OP_DATA_V2, k->key_id) << 24 |
				   (peer_id & PEER_ID_NONE));
	tag = put_be32(tag, number);
	nonce_of(&k->out, number, nonce);
	return aead_seal(k->out.aead, nonce, span_of(packet, (size_t)(tag - packet)), inner, len,
			 tag);
}

struct head {
	uint32_t number;
	struct span about, tag; /* what is authenticated in clear, and by what */
	size_t len;             /* of all before the ciphertext */
};

static bool
read_head(const struct data_keys *k, struct span packet, struct head *out)
{
	struct cursor c = cursor_of(packet), about = c;
	uint8_t first;

	if (!cursor_u8(&c, &first) || wire_key_id(first) != k->key_id)
		return false;
	if (wire_opcode(first) == OP_DATA_V1)
		about = c; /* the number alone */
	else if (wire_opcode(first) != OP_DATA_V2 || !cursor_skip(&c, 3))
		return false;
	if (!cursor_be32(&c, &out->number))
		return false;
	out->about = span_of(about.p, (size_t)(c.p - about.p));
	if (!cursor_span(&c, AEAD_TAG, &out->tag))
		return false;
	out->len = packet.len - cursor_left(&c);
	return true;
}

bool
data_open(struct data_keys *k, uint8_t *packet, size_t len, struct span *inner)
{
	uint8_t nonce[AEAD_NONCE];
	struct head head;

	*inner = SPAN_NONE;
	if (!read_head(k, span_of(packet, len), &head) || !replay_would_take(&k->seen, head.number))
		return false;
	nonce_of(&k->in, head.number, nonce);
	if (!aead_open(k->in.aead, nonce, head.about, packet + head.len, len - head.len,
		       head.tag.p) ||
	    !replay_take(&k->seen, head.number))
		return false;
	if (head.number > k->in.number)
		k->in.number = head.number;
	k->in.used += cost_of(len - head.len);
	*inner = span_of(packet + head.len, len - head.len);
	return true;
}

static bool
is_worn(const struct data_way *w, uint64_t most)
{
	return w->number >= (NUMBER_MAX + 1ull) / 8 * 7 || w->used >= most / 8 * 7;
}

/* What the peer has sent counts too: not every client looks after its own keys. */
bool
data_keys_are_worn(const struct data_keys *k)
{
	return is_worn(&k->out, k->most) || is_worn(&k->in, k->most);
}

const uint8_t data_ping[16] = {0x2a, 0x18, 0x7b, 0xf3, 0x64, 0x1e, 0xb4, 0xcb,
			       0x07, 0xed, 0x2d, 0x0a, 0x98, 0x1f, 0xc7, 0x48};

/* "OCC" messages begin with these 16; 6 is EXIT. */
static const uint8_t occ_exit[] = {0x28, 0x7f, 0x34, 0x6b, 0xd4, 0xef, 0x7a, 0x81, 0x2d,
				   0x56, 0xb8, 0xd3, 0xaf, 0xc5, 0x45, 0x9c, 0x06};

bool
data_is_ping(struct span inner)
{
	return span_equal(inner, span_of(data_ping, sizeof data_ping));
}

bool
data_is_exit(struct span inner)
{
	return span_equal(inner, span_of(occ_exit, sizeof occ_exit));
}
