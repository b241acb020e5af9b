/* What a client says first, cut anywhere: nothing outside of it is pointed to, or read twice. */
#include "base/buf.h"
#include "fuzz.h"
#include "vpn/key_method.h"

static bool
is_within(struct span part, struct span all)
{
	return part.len == 0 || (part.p >= all.p && part.p + part.len <= all.p + all.len);
}

static void
check_text(const char text[PEER_TEXT])
{
	size_t len = strnlen(text, PEER_TEXT);

	check(len < PEER_TEXT);
	for (size_t i = 0; i < len; i++)
		check(text[i] >= ' ' && text[i] <= '~');
}

static void
check_message(const struct key_method *m, struct span read)
{
	const struct span parts[] = {m->options, m->name, m->password};

	for (size_t i = 0; i < COUNT(parts); i++) {
		check(is_within(parts[i], read));
		check(span_find(parts[i], '\0') == parts[i].len);
	}
	check(m->name.len <= CREDENTIAL_MAX && m->password.len <= CREDENTIAL_MAX);
	check(!m->too_long || (m->name.len == 0 && m->password.len == 0));
	check_text(m->peer.version);
	check_text(m->peer.platform);
	check_text(m->peer.gui);
	check(m->peer.ciphers < 1u << AEAD_KINDS && m->peer.mtu <= UINT16_MAX);
	check(m->peer.tells_ciphers || m->peer.ciphers == 0);
}

static void
check_choice(const struct key_method *m)
{
	static const enum aead_kind order[] = {AEAD_CHACHA20_POLY1305, AEAD_AES_256_GCM,
					       AEAD_AES_128_GCM};
	enum aead_kind kind = cipher_choose(order, COUNT(order), m);

	check(kind <= AEAD_KINDS);
	if (m->peer.tells_ciphers)
		check((kind < AEAD_KINDS) == (m->peer.ciphers != 0));
	if (kind < AEAD_KINDS)
		check(cipher_choose(&kind, 1, m) == kind);
}

/* Less of it wants more, but where it could end without the last string; never is it bad. */
static void
check_heads(struct span read)
{
	struct key_method m;
	unsigned ends = 0;
	size_t used;

	for (size_t n = 0; n < read.len; n += n < 256 ? 1 : 97) {
		enum key_method_result result = key_method_read(span_head(read, n), &m, &used);

		check(result != KEY_METHOD_BAD);
		if (result == KEY_METHOD_DONE)
			check(used == n && ++ends == 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = span_of(data, size), read;
	struct key_method m;
	size_t used;

	if (key_method_read(all, &m, &used) != KEY_METHOD_DONE)
		return 0;
	check(used <= size && used <= KEY_METHOD_MAX);
	read = span_head(all, used);
	check_message(&m, read);
	check_choice(&m);
	check_heads(read);
	return 0;
}
