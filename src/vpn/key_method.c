#include "vpn/key_method.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"

#define KEY_METHOD 2
#define NCP_GCM    2 /* the IV_NCP of those who take both AES-GCM, before there were lists */

static const struct span head = SPAN_INIT("\0\0\0\0\2"); /* a reserved word, the method */

static const char *const cipher_names[AEAD_KINDS] = {
    [AEAD_AES_256_GCM] = "AES-256-GCM",
    [AEAD_AES_128_GCM] = "AES-128-GCM",
    [AEAD_CHACHA20_POLY1305] = "CHACHA20-POLY1305",
};

const char *
cipher_name(enum aead_kind kind)
{
	assert(kind < AEAD_KINDS);
	return cipher_names[kind];
}

enum aead_kind
cipher_of(struct span name)
{
	enum aead_kind kind = 0;

	while (kind < AEAD_KINDS && !span_equal_nocase(name, span_str(cipher_names[kind])))
		kind++;
	return kind;
}

/* A set's bit; none for AEAD_KINDS. */
static unsigned
cipher_bit(enum aead_kind kind)
{
	return kind < AEAD_KINDS ? 1u << kind : 0;
}

static bool
next_item(struct span *rest, char separator, struct span *item)
{
	size_t end = span_find(*rest, (uint8_t)separator);

	if (rest->len == 0)
		return false;
	*item = span_head(*rest, end);
	*rest = span_tail(*rest, end + 1);
	return true;
}

static bool
list_has(struct span list, struct span word)
{
	struct span item;

	while (next_item(&list, ',', &item))
		if (span_equal(item, word))
			return true;
	return false;
}

/* --- what the client says of itself: lines of NAME=VALUE */

static void
copy_printable(char to[PEER_TEXT], struct span value)
{
	struct span shown = span_head(value, PEER_TEXT - 1);

	for (size_t i = 0; i < shown.len; i++)
		to[i] = shown.p[i] >= ' ' && shown.p[i] <= '~' ? (char)shown.p[i] : '?';
	to[shown.len] = '\0';
}

static uint64_t
number(struct span value, uint64_t max)
{
	uint64_t n;

	return text_to_u64(value, max, &n) ? n : 0;
}

static void
take_version(struct peer_info *peer, struct span value)
{
	copy_printable(peer->version, value);
}

static void
take_platform(struct peer_info *peer, struct span value)
{
	copy_printable(peer->platform, value);
}

static void
take_gui(struct peer_info *peer, struct span value)
{
	copy_printable(peer->gui, value);
}

static void
take_proto(struct peer_info *peer, struct span value)
{
	peer->proto = (uint32_t)number(value, UINT32_MAX);
}

static void
take_ciphers(struct peer_info *peer, struct span value)
{
	struct span name;

	peer->tells_ciphers = true;
	peer->ciphers = 0;
	while (next_item(&value, ':', &name))
		peer->ciphers |= cipher_bit(cipher_of(name));
}

static void
take_ncp(struct peer_info *peer, struct span value)
{
	if (peer->tells_ciphers || number(value, UINT32_MAX) < NCP_GCM)
		return;
	peer->tells_ciphers = true;
	peer->ciphers = cipher_bit(AEAD_AES_256_GCM) | cipher_bit(AEAD_AES_128_GCM);
}

static void
take_mtu(struct peer_info *peer, struct span value)
{
	peer->mtu = (unsigned)number(value, UINT16_MAX);
}

static void
take_stub_v2(struct peer_info *peer, struct span value)
{
	peer->stub_v2 = number(value, 1) == 1;
}

static void
take_sso(struct peer_info *peer, struct span value)
{
	peer->sso_crtext = list_has(value, SPAN_OF("crtext"));
	peer->sso_webauth = list_has(value, SPAN_OF("webauth"));
}

static void
take_tcp_nonlinear(struct peer_info *peer, struct span value)
{
	peer->tcp_nonlinear = number(value, 1) == 1;
}

static const struct {
	struct span name;
	void (*take)(struct peer_info *peer, struct span value);
} peer_lines[] = {
    {SPAN_INIT("IV_VER="), take_version},     {SPAN_INIT("IV_PLAT="), take_platform},
    {SPAN_INIT("IV_GUI_VER="), take_gui},     {SPAN_INIT("IV_PROTO="), take_proto},
    {SPAN_INIT("IV_CIPHERS="), take_ciphers}, {SPAN_INIT("IV_NCP="), take_ncp},
    {SPAN_INIT("IV_MTU="), take_mtu},         {SPAN_INIT("IV_COMP_STUBv2="), take_stub_v2},
    {SPAN_INIT("IV_SSO="), take_sso},         {SPAN_INIT("IV_TCPNL="), take_tcp_nonlinear},
};

/* Lines that are not known are for others. */
static void
read_peer(struct span info, struct peer_info *peer)
{
	struct span line;

	while (next_item(&info, '\n', &line))
		for (size_t i = 0; i < COUNT(peer_lines); i++)
			if (span_starts_with(line, peer_lines[i].name))
				peer_lines[i].take(peer, span_tail(line, peer_lines[i].name.len));
}

/* --- the message */

struct reader {
	struct cursor c;
	size_t room; /* what is left of KEY_METHOD_MAX */
};

static enum key_method_result
read_fixed(struct reader *r, uint8_t *to, size_t len)
{
	struct span bytes;

	if (!cursor_span(&r->c, len, &bytes))
		return KEY_METHOD_MORE;
	span_put(to, bytes);
	r->room -= len;
	return KEY_METHOD_DONE;
}

static enum key_method_result
read_head(struct reader *r, struct key_random *random)
{
	uint8_t bytes[5];
	enum key_method_result result;

	if ((result = read_fixed(r, bytes, sizeof bytes)) != KEY_METHOD_DONE)
		return result;
	if (!span_equal(span_of(bytes, sizeof bytes), head))
		return KEY_METHOD_BAD;
	if ((result = read_fixed(r, random->pre_master, sizeof random->pre_master)) !=
		KEY_METHOD_DONE ||
	    (result = read_fixed(r, random->r1, sizeof random->r1)) != KEY_METHOD_DONE)
		return result;
	return read_fixed(r, random->r2, sizeof random->r2);
}

/* Its length counts a NUL at the end, and there is no other; or it is 0. */
static enum key_method_result
read_string(struct reader *r, struct span *out)
{
	struct span string;
	uint16_t len;

	if (r->room < sizeof len)
		return KEY_METHOD_BAD;
	if (!cursor_be16(&r->c, &len))
		return KEY_METHOD_MORE;
	r->room -= sizeof len;
	if (len > r->room)
		return KEY_METHOD_BAD;
	if (!cursor_span(&r->c, len, &string))
		return KEY_METHOD_MORE;
	r->room -= len;
	if (len == 0)
		return KEY_METHOD_DONE;
	*out = span_head(string, len - 1u);
	return span_find(string, '\0') == out->len ? KEY_METHOD_DONE : KEY_METHOD_BAD;
}

static enum key_method_result
read_strings(struct reader *r, struct key_method *m, struct span *info)
{
	struct span *const strings[] = {&m->options, &m->name, &m->password};
	enum key_method_result result;

	for (size_t i = 0; i < COUNT(strings); i++)
		if ((result = read_string(r, strings[i])) != KEY_METHOD_DONE)
			return result;
	if (cursor_left(&r->c) == 0)
		return KEY_METHOD_DONE;
	if ((result = read_string(r, info)) == KEY_METHOD_DONE && info->len > PEER_INFO_MAX)
		return KEY_METHOD_BAD;
	return result;
}

enum key_method_result
key_method_read(struct span bytes, struct key_method *out, size_t *used)
{
	struct reader r = {cursor_of(bytes), KEY_METHOD_MAX};
	struct span info = SPAN_NONE;
	enum key_method_result result;

	*out = (struct key_method){0};
	if ((result = read_head(&r, &out->random)) != KEY_METHOD_DONE ||
	    (result = read_strings(&r, out, &info)) != KEY_METHOD_DONE) {
		explicit_bzero(out, sizeof *out);
		return result;
	}
	if (out->name.len > CREDENTIAL_MAX || out->password.len > CREDENTIAL_MAX) {
		out->too_long = true;
		out->name = out->password = SPAN_NONE;
	}
	read_peer(info, &out->peer);
	out->peer.lzo = list_has(out->options, SPAN_OF("comp-lzo"));
	*used = bytes.len - cursor_left(&r.c);
	return KEY_METHOD_DONE;
}

bool
key_method_write(const struct key_random *random, const char *options, struct buf *out)
{
	struct span string = span_of(options, strlen(options) + 1);
	static const struct span none = SPAN_INIT("\0\0\0\0\0\0"); /* name, password, peer info */

	if (string.len > UINT16_MAX ||
	    buf_room(out, head.len + sizeof random->r1 + sizeof random->r2 + sizeof(uint16_t) +
			      string.len + none.len) == NULL)
		return false;
	return buf_append(out, head) && buf_append(out, span_of(random->r1, sizeof random->r1)) &&
	       buf_append(out, span_of(random->r2, sizeof random->r2)) &&
	       buf_be16(out, (uint16_t)string.len) && buf_append(out, string) &&
	       buf_append(out, none);
}

/* The one cipher of those who tell no list stands among their options. */
static unsigned
ciphers_of(const struct key_method *client)
{
	struct span rest = client->options, name = SPAN_OF("cipher "), item;

	if (client->peer.tells_ciphers)
		return client->peer.ciphers;
	while (next_item(&rest, ',', &item))
		if (span_starts_with(item, name))
			return cipher_bit(cipher_of(span_tail(item, name.len)));
	return 0;
}

enum aead_kind
cipher_choose(const enum aead_kind *order, size_t count, const struct key_method *client)
{
	unsigned ciphers = ciphers_of(client);

	for (size_t i = 0; i < count; i++)
		if ((ciphers & cipher_bit(order[i])) != 0)
			return order[i];
	return AEAD_KINDS;
}
