#include "config/proxy_block.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/printer.h"
#include "config/reader.h"
#include "config/route_block.h"
#include "config/value.h"
#include "config/value_http.h"

#define URL_MAX 320 /* bytes: a scheme, a host name and a port */

static bool
add_server(struct reader *r, struct backends *to, const struct backend *b, struct place at)
{
	for (size_t i = 0; i < to->count; i++)
		if (strcmp(to->at[i].text, b->text) == 0) {
			FAULT(r, at, "%s is in this rule already", b->text);
			return false;
		}
	*ARENA_PUSH(r->memory, to->at, to->count) = *b;
	return true;
}

/* One scheme for all: what is said of TLS is said of each. */
static void
read_servers(struct reader *r, const struct directive *d, struct proxy_form *form)
{
	enum scheme scheme;
	struct backend b;
	bool first = true;

	for (size_t i = 1; i < d->count; i++) {
		if (!value_server(r, &d->words[i], &scheme, &b))
			continue;
		if (first)
			form->proxy.scheme = scheme;
		first = false;
		if (scheme != form->proxy.scheme) {
			FAULT(r, d->words[i].at,
			      "servers of one proxy are all asked by http, or all by https");
			return;
		}
		if (!add_server(r, &form->to, &b, d->words[i].at))
			return;
	}
}

static void
check_proxy(struct reader *r, const struct directive *d, const struct proxy_form *form)
{
	const struct proxy *proxy = &form->proxy;

	if (proxy->scheme == SCHEME_HTTP && form->to.count > 0 &&
	    (proxy->sni != NULL || proxy->verify != VERIFY_SYSTEM))
		FAULT(r, directive_place(d),
		      "sni and verify are of TLS, and these servers are asked without: write "
		      "https://");
	if (proxy->http2 && form->to.proxy_protocol != PROXY_HEADER_OFF)
		FAULT(r, directive_place(d),
		      "an HTTP/2 connection is many clients', and a PROXY header names one: leave "
		      "out "
		      "http2 or proxy_protocol");
	if (form->to.check == 0 && (proxy->check_path != NULL || proxy->check_status != 0))
		WARN(r, directive_place(d),
		     "nothing is checked: write how often, \"check 10s\", beside check_path and "
		     "check_status");
	if (proxy->check_path == NULL && proxy->check_status != 0)
		WARN(r, directive_place(d),
		     "check_status does nothing without check_path, what the check asks for");
}

void
proxy_read(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct route *route = into;
	struct proxy_form form = {.proxy.index = 0};

	if (!route_take_handler(r, o, d, route, ROUTE_PROXY) ||
	    !read_count(r, o, d, 1, CONFIG_MEMBERS_MAX))
		return;
	read_defaults(o->block, &form);
	form.to.name =
	    arena_printf(r->memory, "%s %s", r->site.name, r->path != NULL ? r->path : "");
	read_servers(r, d, &form);
	read_block(r, o->block, d, &form);
	check_proxy(r, d, &form);
	route->proxy = ARENA_NEW(r->memory, struct proxy);
	*route->proxy = form.proxy;
	route->proxy->to = ARENA_NEW(r->memory, struct backends);
	*route->proxy->to = form.to;
}

static void
print_server(struct printer *p, enum scheme scheme, const struct backend *b)
{
	static const char *const prefixes[] = {
	    [SCHEME_HTTP] = "http://", [SCHEME_HTTPS] = "https://"};
	char url[URL_MAX];

	if (b->unix_path != NULL) {
		print_word(p, b->text);
		return;
	}
	snprintf(url, sizeof url, "%s%s", prefixes[scheme], b->authority);
	print_word(p, url);
}

void
proxy_print(struct printer *p, const struct option *o, const void *from)
{
	const struct route *route = from;

	if (route->handler != ROUTE_PROXY)
		return;
	struct proxy_form form = {*route->proxy, *route->proxy->to};
	print_name(p, o->name);
	for (size_t i = 0; i < form.to.count; i++)
		print_server(p, form.proxy.scheme, &form.to.at[i]);
	print_block(p, o->block, &form);
}

/* 64 hexadecimal digits, with colons or without, as openssl and browsers show them. */
static bool
read_pin(struct span text, uint8_t pin[32])
{
	size_t digits = 0;

	memset(pin, 0, 32);
	for (size_t i = 0; i < text.len; i++) {
		int digit = text_hex_digit(text.p[i]);

		if (text.p[i] == ':' && digits > 0 && digits % 2 == 0)
			continue;
		if (digit < 0 || digits == 64)
			return false;
		pin[digits / 2] = (uint8_t)(pin[digits / 2] << 4 | digit);
		digits++;
	}
	return digits == 64;
}

static void
read_pins(struct reader *r, const struct directive *d, struct proxy *proxy)
{
	uint8_t pin[32];

	if (d->count < 3)
		FAULT(r, d->words[1].at,
		      "pin needs the SHA-256 of the server's certificate, as \"openssl x509 "
		      "-fingerprint -sha256\" shows it");
	for (size_t i = 2; i < d->count; i++)
		if (read_pin(d->words[i].text, pin))
			memcpy(*ARENA_PUSH(r->memory, proxy->pins, proxy->pin_count), pin, 32);
		else
			FAULT(r, d->words[i].at, "\"%s\" is not a SHA-256: 64 hexadecimal digits",
			      reader_shown(r, &d->words[i]));
}

static const struct trust {
	const char *name;
	enum verify verify;
	size_t least, most; /* words after it */
} trusts[] = {
    {"system", VERIFY_SYSTEM, 0, 0},
    {"ca", VERIFY_CA, 1, 1},
    {"pin", VERIFY_PIN, 0, CONFIG_WORDS_MAX},
    {"off", VERIFY_OFF, 0, 0},
};

static const struct trust *
read_trust(struct reader *r, const struct word *w)
{
	for (size_t i = 0; i < COUNT(trusts); i++)
		if (span_equal(w->text, span_str(trusts[i].name)))
			return &trusts[i];
	FAULT(r, w->at, "verify is system, ca, pin or off, not \"%s\"", reader_shown(r, w));
	return NULL;
}

void
proxy_read_verify(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct proxy *proxy = &((struct proxy_form *)into)->proxy;
	const struct trust *trust;

	if (!read_count(r, o, d, 1, CONFIG_WORDS_MAX) ||
	    (trust = read_trust(r, &d->words[1])) == NULL ||
	    !read_count(r, o, d, 1 + trust->least, 1 + trust->most))
		return;
	proxy->verify = trust->verify;
	if (trust->verify == VERIFY_CA)
		proxy->ca_file = value_path(r, &d->words[2]);
	else if (trust->verify == VERIFY_PIN)
		read_pins(r, d, proxy);
	else if (trust->verify == VERIFY_OFF)
		WARN(r, directive_place(d),
		     "whoever answers in this server's place is believed: \"verify pin SHA256\" "
		     "trusts its certificate alone, self-signed or not");
}

static void
print_pins(struct printer *p, const struct proxy *proxy)
{
	char text[65];

	for (size_t i = 0; i < proxy->pin_count; i++) {
		for (size_t j = 0; j < 32; j++)
			snprintf(text + j * 2, 3, "%02x", proxy->pins[i][j]);
		print_word(p, text);
	}
}

void
proxy_print_verify(struct printer *p, const struct option *o, const void *from)
{
	const struct proxy *proxy = &((const struct proxy_form *)from)->proxy;

	if (proxy->verify == VERIFY_SYSTEM)
		return;
	print_name(p, o->name);
	for (size_t i = 0; i < COUNT(trusts); i++)
		if (trusts[i].verify == proxy->verify)
			print_word(p, trusts[i].name);
	if (proxy->verify == VERIFY_CA)
		print_word(p, proxy->ca_file);
	print_pins(p, proxy);
	print_end(p);
}

const char *
proxy_server_name(struct reader *r, const struct word *w)
{
	const char *name = value_site_name(r, w);

	if (name == NULL || name[0] != '*')
		return name;
	FAULT(r, w->at, "a server is asked for by one name, without \"*\"");
	return NULL;
}

static const char *const balances[] = {
    [BALANCE_ROUND_ROBIN] = "round_robin",
    [BALANCE_LEAST] = "least_connections",
    [BALANCE_HASH] = "hash",
};

void
proxy_read_balance(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct proxy *proxy = &((struct proxy_form *)into)->proxy;
	size_t i = 0;

	if (!read_count(r, o, d, 1, 2))
		return;
	while (i < COUNT(balances) && !span_equal(d->words[1].text, span_str(balances[i])))
		i++;
	if (i == COUNT(balances)) {
		FAULT(r, d->words[1].at, "balance is %s, not \"%s\"",
		      read_list_words(r, balances, COUNT(balances)), reader_shown(r, &d->words[1]));
		return;
	}
	proxy->balance = (enum balance)i;
	if (d->count == 2)
		return;
	if (proxy->balance != BALANCE_HASH)
		FAULT(r, d->words[2].at, "only hash goes by a field: write \"balance hash %s\"",
		      reader_shown(r, &d->words[2]));
	else
		proxy->hash_field = value_field_name(r, &d->words[2]);
}

void
proxy_print_balance(struct printer *p, const struct option *o, const void *from)
{
	const struct proxy *proxy = &((const struct proxy_form *)from)->proxy;

	if (proxy->balance == BALANCE_ROUND_ROBIN)
		return;
	print_name(p, o->name);
	print_word(p, balances[proxy->balance]);
	if (proxy->hash_field != NULL)
		print_word(p, proxy->hash_field);
	print_end(p);
}
