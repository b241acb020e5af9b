#include "vpn/push.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "vpn/key_method.h"
#include "vpn/wire.h"

#define OPTION_MAX 255 /* clients of 2.x cut off what is longer, and take the rest for another */

/* Bytes of datagrams for which the client's system is asked to have room. What we send at once is
 * more than the usual 208 KiB hold, packets as they are counted there; it may give less. */
#define ROOM (1 << 20)

#define MESSAGE_START "PUSH_REPLY"
#define MORE_FOLLOWS  ",push-continuation 2"
#define NONE_FOLLOWS  ",push-continuation 1"

/*
 * Only what has an address and a route in the tunnel goes into it to be refused there. These are
 * of no network; openvpn(8) has them in its example of block-ipv6.
 */
#define BLOCKED_IP6      "fd15:53b6:dead::2/64"
#define BLOCKED_GATEWAY6 "fd15:53b6:dead::1"

struct writer {
	struct buf all;
	unsigned messages;
	size_t message_len; /* of the last one, so far */
};

static bool
put(struct writer *w, struct span bytes)
{
	w->message_len += bytes.len;
	return buf_append(&w->all, bytes);
}

static bool
begin_message(struct writer *w)
{
	if (w->messages++ == PUSH_MESSAGES_MAX)
		return false;
	w->message_len = 0;
	return put(w, SPAN_OF(MESSAGE_START));
}

static bool
end_message(struct writer *w, bool last)
{
	struct span end = last ? SPAN_OF(NONE_FOLLOWS) : SPAN_OF(MORE_FOLLOWS);

	if (last && w->messages == 1)
		end = SPAN_NONE;
	return put(w, end) && buf_byte(&w->all, '\0');
}

static bool
put_option(struct writer *w, struct span option)
{
	size_t end = sizeof MORE_FOLLOWS; /* with the NUL */

	if (w->message_len + 1 + option.len + end > CONTROL_TEXT_MAX &&
	    !(end_message(w, false) && begin_message(w)))
		return false;
	return put(w, SPAN_OF(",")) && put(w, option);
}

MUST_CHECK PRINTF(2, 3) static bool say(struct writer *w, const char *fmt, ...)
{
	char option[OPTION_MAX + 1];
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(option, sizeof option, fmt, args);
	va_end(args);
	bool fits =
	    n >= 0 && (size_t)n < sizeof option && put_option(w, span_of(option, (size_t)n));
	explicit_bzero(option, sizeof option); /* it may be the token */
	return fits;
}

/* One word to a client's parser of options, which knows quotes, escapes and comments. */
static bool
is_word(const char *text)
{
	const char *c = text;

	while (*c > ' ' && *c <= '~' && strchr(",\"'\\#;", *c) == NULL)
		c++;
	return c > text && *c == '\0';
}

static bool
say_word(struct writer *w, const char *name, const char *word)
{
	return word == NULL || (is_word(word) && say(w, "%s %s", name, word));
}

/* In base64: what is in a name might not be a word. */
static bool
say_user(struct writer *w, const char *name)
{
	struct buf text = buf_with_cap(OPTION_MAX);
	bool fits =
	    name == NULL || (base64_put(&text, span_str(name), 0) && buf_byte(&text, '\0') &&
			     say(w, "auth-token-user %s", (const char *)buf_span(&text).p));

	buf_free(&text);
	return fits;
}

static bool
say_number(struct writer *w, const char *name, unsigned number)
{
	return number == 0 || say(w, "%s %u", name, number);
}

static const char *
mask_text(unsigned bits, char text[ADDRESS_TEXT_MAX])
{
	const struct address ones = {.family = 4, .ip = {255, 255, 255, 255}};
	struct network mask = address_network(&ones, bits);

	return address_ip_text(&mask.base, text);
}

static bool
say_ip4(struct writer *w, const struct push_terms *t)
{
	char ip[ADDRESS_TEXT_MAX], mask[ADDRESS_TEXT_MAX], gateway[ADDRESS_TEXT_MAX];

	if (t->ip4.family != 4)
		return true;
	if (t->gateway4.family == 4 &&
	    !say(w, "route-gateway %s", address_ip_text(&t->gateway4, gateway)))
		return false;
	return say(w, "topology subnet") &&
	       say(w, "ifconfig %s %s", address_ip_text(&t->ip4, ip), mask_text(t->bits4, mask));
}

static bool
say_ip6(struct writer *w, const struct push_terms *t)
{
	char ip[ADDRESS_TEXT_MAX], gateway[ADDRESS_TEXT_MAX];

	if (t->ip6.family == 6)
		return say(w, "tun-ipv6") &&
		       say(w, "ifconfig-ipv6 %s/%u %s", address_ip_text(&t->ip6, ip), t->bits6,
			   address_ip_text(&t->gateway6, gateway));
	if (t->everything && t->block_ipv6)
		return say(w, "tun-ipv6") &&
		       say(w, "ifconfig-ipv6 " BLOCKED_IP6 " " BLOCKED_GATEWAY6);
	return true;
}

/* A client has no way to follow a route of a family that it has no address of. */
static bool
say_route(struct writer *w, const struct push_terms *t, const struct network *net)
{
	char text[NETWORK_TEXT_MAX], mask[ADDRESS_TEXT_MAX];

	if (net->base.family == 4 && t->ip4.family == 4)
		return say(w, "route %s %s", address_ip_text(&net->base, text),
			   mask_text(net->bits, mask));
	if (net->base.family == 6 && t->ip6.family == 6)
		return say(w, "route-ipv6 %s", network_text(net, text));
	return true;
}

static bool
say_routes(struct writer *w, const struct push_terms *t)
{
	bool takes_ip6 = t->ip6.family == 6 || t->block_ipv6;

	if (t->everything && !say(w, "redirect-gateway def1%s", takes_ip6 ? " ipv6" : ""))
		return false;
	if (t->everything && t->block_ipv6 && !say(w, "block-ipv6"))
		return false;
	for (size_t i = 0; i < t->route_count; i++)
		if (!say_route(w, t, &t->routes[i]))
			return false;
	return true;
}

static bool
say_names(struct writer *w, const struct push_terms *t)
{
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < t->dns_count; i++)
		if (!say(w, "dhcp-option %s %s", t->dns[i].family == 6 ? "DNS6" : "DNS",
			 address_ip_text(&t->dns[i], text)))
			return false;
	return say_word(w, "dhcp-option DOMAIN", t->domain);
}

static bool
say_flags(struct writer *w, const struct push_line *l)
{
	if (!l->flags_known)
		return !l->tls_ekm || say(w, "key-derivation tls-ekm");
	if (!l->cc_exit && !l->tls_ekm && !l->dyn_tls_crypt)
		return true;
	return say(w, "protocol-flags%s%s%s", l->cc_exit ? " cc-exit" : "",
		   l->tls_ekm ? " tls-ekm" : "", l->dyn_tls_crypt ? " dyn-tls-crypt" : "");
}

static bool
say_line(struct writer *w, const struct push_line *l)
{
	if (l->peer_id != PEER_ID_NONE && !say(w, "peer-id %u", (unsigned)l->peer_id))
		return false;
	if (l->stub != NULL && !say(w, "%s", l->stub))
		return false;
	if (l->datagrams &&
	    !(say(w, "explicit-exit-notify 1") && say(w, "rcvbuf %u", (unsigned)ROOM)))
		return false;
	return say(w, "cipher %s", cipher_name(l->cipher)) && say_flags(w, l) &&
	       say_number(w, "tun-mtu", l->mtu);
}

bool
push_write(const struct push_terms *t, const struct push_line *l, struct buf *out)
{
	struct writer w = {.all = buf_with_cap(PUSH_MESSAGES_MAX * CONTROL_TEXT_MAX)};
	bool fits = begin_message(&w) && say_ip4(&w, t) && say_ip6(&w, t) && say_routes(&w, t) &&
		    say_names(&w, t) && say_number(&w, "ping", t->ping_s) &&
		    say_number(&w, "ping-restart", t->ping_restart_s) && say_line(&w, l) &&
		    say_user(&w, t->token_user) && say_word(&w, "auth-token", t->token) &&
		    end_message(&w, true) && buf_append(out, buf_span(&w.all));

	buf_wipe(&w.all);
	return fits;
}
