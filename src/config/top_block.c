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
		    (struct endpoint_mark){.endpoint = e, .at = d->words[i].at};
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
read_listen_or_off(struct reader *r, const struct directive *d, struct endpoint **list,
		   size_t *count, bool *is_off)
{
	bool off = d->count == 2 && span_equal(d->words[1].text, SPAN_OF("off"));

	if (off ? *count > 0 : *is_off)
		FAULT(r, d->words[1].at, "listen is either off or at endpoints, not both");
	else if (off)
		*is_off = true;
	else
		read_endpoints(r, d, list, count);
}

void
print_listen_or_off(struct printer *p, const struct endpoint *list, size_t count)
{
	print_endpoints(p, list, count);
	if (count > 0)
		return;
	print_name(p, "listen");
	print_word(p, "off");
	print_end(p);
}

void
plain_read_listen(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct config *c = into;

	if (read_count(r, o, d, 1, CONFIG_WORDS_MAX))
		read_listen_or_off(r, d, &c->plain_listen, &c->plain_listen_count, &r->plain_off);
}

void
plain_print_listen(struct printer *p, const struct option *o, const void *from)
{
	const struct config *c = from;

	(void)o;
	print_listen_or_off(p, c->plain_listen, c->plain_listen_count);
}

static void
warn_of_all(struct reader *r, const struct option *o, const struct directive *d)
{
	struct network net;

	for (size_t i = 1; i < d->count; i++)
		if (network_parse(d->words[i].text, &net) && net.bits == 0)
			WARN(r, d->words[i].at,
			     "%s %s lets every client claim any address: name the networks of "
			     "your load balancers only",
			     o->name, reader_shown(r, &d->words[i]));
}

void
top_read_trust_proxy(struct reader *r, const struct option *o, const struct directive *d,
		     void *into)
{
	struct config *c = into;

	value_networks(r, o, d, &c->trust_proxy, &c->trust_proxy_count);
	warn_of_all(r, o, d);
}

void
top_print_trust_proxy(struct printer *p, const struct option *o, const void *from)
{
	const struct config *c = from;

	print_networks(p, o, c->trust_proxy, c->trust_proxy_count);
}

void
top_read_trust_forwarded(struct reader *r, const struct option *o, const struct directive *d,
			 void *into)
{
	struct config *c = into;

	value_networks(r, o, d, &c->trust_forwarded, &c->trust_forwarded_count);
	warn_of_all(r, o, d);
}

void
top_print_trust_forwarded(struct printer *p, const struct option *o, const void *from)
{
	const struct config *c = from;

	print_networks(p, o, c->trust_forwarded, c->trust_forwarded_count);
}

void
plain_read_http2(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct config *c = into;

	value_networks(r, o, d, &c->plain_http2, &c->plain_http2_count);
}

void
plain_print_http2(struct printer *p, const struct option *o, const void *from)
{
	const struct config *c = from;

	print_networks(p, o, c->plain_http2, c->plain_http2_count);
}
