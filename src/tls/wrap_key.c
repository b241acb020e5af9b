#include "tls/wrap_key.h"

#include <endian.h>

#include "tls/random.h"
#include "tls/siv.h"

#define TAG           SIV_TAG
#define USER_METADATA 0 /* any bytes; 1 is a time stamp */
#define METADATA      9 /* ours: its type, and the device's id, big-endian */
#define PLAIN_MAX     (WRAPPED_MAX - TAG - 2)

_Static_assert(WRAP_SERVER_KEY <= RANDOM_MAX && WRAP_CLIENT_KEY <= RANDOM_MAX, "are made at once");

void
wrap_server_key_make(uint8_t key[WRAP_SERVER_KEY])
{
	random_bytes(key, WRAP_SERVER_KEY);
}

void
wrap_static_key_make(uint8_t key[WRAP_CLIENT_KEY])
{
	random_bytes(key, WRAP_CLIENT_KEY);
}

/* What is bound without being in it: the length of WKc. */
static struct span
about_of(size_t plain, uint8_t room[2])
{
	uint16_t len = htobe16((uint16_t)(TAG + plain + sizeof len));

	span_put(room, span_of(&len, sizeof len));
	return span_of(room, sizeof len);
}

static struct siv *
siv_of(const uint8_t *server)
{
	return siv_new(server, server + 64);
}

static bool
seal(const uint8_t *server, struct span plain, uint8_t *tag, uint8_t *text)
{
	struct siv *siv = siv_of(server);
	uint8_t room[2];
	bool good = siv != NULL && siv_seal(siv, about_of(plain.len, room), plain, tag, text);

	siv_free(siv);
	return good;
}

static bool
open_sealed(const uint8_t *server, const uint8_t *tag, struct span text, uint8_t *plain)
{
	struct siv *siv = siv_of(server);
	uint8_t room[2];
	bool good = siv != NULL && siv_open(siv, about_of(text.len, room), tag, text, plain);

	siv_free(siv);
	return good;
}

bool
wrap_key_make(const uint8_t server[WRAP_SERVER_KEY], uint64_t device, struct buf *out)
{
	uint8_t plain[WRAP_CLIENT_KEY + METADATA], wrapped[TAG + sizeof plain];
	uint64_t id = htobe64(device);
	size_t held = buf_len(out);
	bool good;

	random_bytes(plain, WRAP_CLIENT_KEY);
	plain[WRAP_CLIENT_KEY] = USER_METADATA;
	span_put(plain + WRAP_CLIENT_KEY + 1, span_of(&id, sizeof id));
	good = seal(server, span_of(plain, sizeof plain), wrapped, wrapped + TAG) &&
	       buf_append(out, span_of(plain, WRAP_CLIENT_KEY)) &&
	       buf_append(out, span_of(wrapped, sizeof wrapped)) &&
	       buf_be16(out, sizeof wrapped + 2);
	if (!good)
		out->end = out->start + held;
	explicit_bzero(plain, sizeof plain);
	return good;
}

struct wrapped {
	struct span tag, text;
};

static bool
take_apart(struct span bytes, struct wrapped *out)
{
	struct cursor c = cursor_of(bytes);
	uint16_t len;

	return bytes.len >= WRAPPED_MIN && bytes.len <= WRAPPED_MAX &&
	       cursor_span(&c, TAG, &out->tag) &&
	       cursor_span(&c, bytes.len - TAG - sizeof len, &out->text) && cursor_be16(&c, &len) &&
	       len == bytes.len;
}

static uint64_t
device_of(struct span metadata)
{
	uint64_t id;

	if (metadata.len != METADATA || metadata.p[0] != USER_METADATA)
		return 0;
	span_put((uint8_t *)&id, span_tail(metadata, 1));
	return be64toh(id);
}

bool
wrap_key_open(const uint8_t server[WRAP_SERVER_KEY], struct span bytes, struct wrap_key *out)
{
	uint8_t room[PLAIN_MAX];
	struct wrapped w;
	struct span plain;
	bool good;

	*out = (struct wrap_key){.device = 0};
	if (!take_apart(bytes, &w))
		return false;
	plain = span_of(room, w.text.len);
	good = open_sealed(server, w.tag.p, w.text, room);
	if (good) {
		span_put(out->key, span_head(plain, WRAP_CLIENT_KEY));
		out->device = device_of(span_tail(plain, WRAP_CLIENT_KEY));
	}
	explicit_bzero(room, sizeof room);
	return good;
}
