#include "config/top_block.h"

#include <stdio.h>

#include "base/mem.h"
#include "config/printer.h"
#include "config/reader.h"
#include "config/value.h"

static void
read_endpoints(struct reader *r, const struct directive *d, struct endpoint **list, size_t *count)
{
	struct endpoint e;

	for (size_t i = 1; i < d->count; i++) {
		if (*count >= CONFIG_ENDPOINTS_MAX) {
			FAULT(r, d->words[i].at,
			      "%d endpoints are enough: use a port without address",
			      CONFIG_ENDPOINTS_MAX);
			return;
		}
		if (!value_endpoint(r, &d->words[i], &e))
			continue;
		*ARENA_PUSH(r->memory, *list, *count) = e;
		*ARENA_PUSH(r->scratch, r->endpoints, r->endpoint_count) =
		    (struct endpoint_mark){e, d->words[i].at};
	}
}

static void
print_endpoints(struct printer *p, const struct endpoint *list, size_t count)
{
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < count; i++) {
		if (list[i].any)
			snprintf(text, sizeof text, "%u", list[i].at.port);
		else
			address_text(&list[i].at, text);
		print_name(p, "listen");
		print_word(p, text);
		print_end(p);
	}
}

void
top_read_listen(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct config *c = into;

	if (read_count(r, o, d, 1, CONFIG_WORDS_MAX))
		read_endpoints(r, d, &c->listen, &c->listen_count);
}

void
top_print_listen(struct printer *p, const struct option *o, const void *from)
{
	const struct config *c = from;

	(void)o;
	print_endpoints(p, c->listen, c->listen_count);
}

void
plain_read_listen(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct config *c = into;

	if (!read_count(r, o, d, 1, CONFIG_WORDS_MAX))
		return;
	bool off = d->count == 2 && span_equal(d->words[1].text, SPAN_OF("off"));
	if (off ? c->plain_listen_count > 0 : r->plain_off)
		FAULT(r, d->words[1].at, "listen is either off or at endpoints, not both");
	else if (off)
		r->plain_off = true;
	else
		read_endpoints(r, d, &c->plain_listen, &c->plain_listen_count);
}

void
plain_print_listen(struct printer *p, const struct option *o, const void *from)
{
	const struct config *c = from;

	print_endpoints(p, c->plain_listen, c->plain_listen_count);
	if (c->plain_listen_count > 0)
		return;
	print_name(p, o->name);
	print_word(p, "off");
	print_end(p);
}

static void
trust(struct reader *r, const struct network *net)
{
	*ARENA_PUSH(r->memory, r->config->trust_proxy, r->config->trust_proxy_count) = *net;
}

static void
trust_loopback(struct reader *r)
{
	static const uint8_t v4[4] = {127, 0, 0, 0}, v6[16] = {[15] = 1};

	trust(r, &(struct network){address_v4(v4, 0), 8});
	trust(r, &(struct network){address_v6(v6, 0), 128});
}

static void
read_network(struct reader *r, const struct word *w)
{
	struct network net;

	if (span_equal(w->text, SPAN_OF("loopback"))) {
		trust_loopback(r);
	} else if (!network_parse(w->text, &net)) {
		FAULT(r, w->at,
		      "\"%s\" is not a network: write 10.0.0.0/8, 2001:db8::/32 (no bits set past "
		      "the "
		      "prefix), an address, or loopback",
		      reader_shown(r, w));
	} else {
		if (net.bits == 0)
			WARN(r, w->at,
			     "trust_proxy %s lets every client claim any address: name the "
			     "networks of your "
			     "load balancers only",
			     reader_shown(r, w));
		trust(r, &net);
	}
}

void
top_read_trust_proxy(struct reader *r, const struct option *o, const struct directive *d,
		     void *into)
{
	(void)into;
	if (!read_count(r, o, d, 1, CONFIG_WORDS_MAX))
		return;
	for (size_t i = 1; i < d->count; i++)
		read_network(r, &d->words[i]);
}

void
top_print_trust_proxy(struct printer *p, const struct option *o, const void *from)
{
	const struct config *c = from;
	char ip[ADDRESS_TEXT_MAX], text[ADDRESS_TEXT_MAX + 4];

	for (size_t i = 0; i < c->trust_proxy_count; i++) {
		const struct network *net = &c->trust_proxy[i];

		snprintf(text, sizeof text, "%s/%u", address_ip_text(&net->base, ip), net->bits);
		print_name(p, o->name);
		print_word(p, text);
		print_end(p);
	}
}
