#include <stdlib.h>

#include "base/mem.h"
#include "config/access_block.h"
#include "config/reader.h"
#include "config/share_block.h"
#include "config/site_block.h"
#include "config/vpn_block.h"

static const struct place whole_file = {0, 0};

static void
complete_state_dir(struct reader *r)
{
	struct config *c = r->config;

	if (c->state_dir != NULL)
		return;
	c->state_dir = CONFIG_STATE_DIR_OF_ROOT;
	if (!r->defaults->root && !r->dropped)
		FAULT(r, whole_file,
		      "without root, say where certificates and state are kept: write \"state_dir "
		      "DIR\"");
}

static void
add_port(struct reader *r, struct endpoint **list, size_t *count, uint16_t port, bool udp)
{
	*ARENA_PUSH(r->memory, *list, *count) = (struct endpoint){.any = true, .at.port = port};
	*ARENA_PUSH(r->scratch, r->endpoints, r->endpoint_count) =
	    (struct endpoint_mark){(*list)[*count - 1], whole_file, udp};
}

static void
complete_listen(struct reader *r)
{
	struct config *c = r->config;

	if (c->listen_count == 0)
		add_port(r, &c->listen, &c->listen_count, r->defaults->root ? 443 : 8443, false);
	if (c->plain_listen_count == 0 && !r->plain_off)
		add_port(r, &c->plain_listen, &c->plain_listen_count, r->defaults->root ? 80 : 8080,
			 false);
	if (c->admin.wanted && c->admin.listen_count == 0 && !r->admin_off)
		add_port(r, &c->admin.listen, &c->admin.listen_count,
			 r->defaults->root ? 943 : 9443, false);
	if (c->vpn.network.base.family != 0 && c->vpn.listen_count == 0 && !r->vpn_off)
		add_port(r, &c->vpn.listen, &c->vpn.listen_count, 1194, true);
}

static bool
is_all_addresses(const struct endpoint *e)
{
	static const uint8_t zero[16];

	return e->any || memcmp(e->at.ip, zero, e->at.family == 4 ? 4 : 16) == 0;
}

static bool
overlap(const struct endpoint *a, const struct endpoint *b)
{
	if (a->at.port != b->at.port)
		return false;
	if (a->any || b->any)
		return true;
	return a->at.family == b->at.family &&
	       (is_all_addresses(a) || is_all_addresses(b) || address_equal(&a->at, &b->at));
}

static bool
is_after(struct place a, struct place b)
{
	return a.line != b.line ? a.line > b.line : a.column > b.column;
}

static void
endpoint_fault(struct reader *r, const struct endpoint_mark *a, const struct endpoint_mark *b)
{
	const struct endpoint_mark *later = is_after(a->at, b->at) ? a : b;
	const struct endpoint_mark *other = later == a ? b : a;

	if (later->at.line == 0)
		return;
	if (other->at.line == 0)
		FAULT(r, later->at,
		      "port %u is taken twice: it is a default of another listen: shared, plain or "
		      "admin",
		      later->endpoint.at.port);
	else
		FAULT(r, later->at, "port %u is taken twice: line %u listens on it already",
		      later->endpoint.at.port, other->at.line);
}

static void
check_endpoints(struct reader *r)
{
	for (size_t i = 0; i < r->endpoint_count; i++)
		for (size_t j = 0; j < i; j++)
			if (r->endpoints[i].udp == r->endpoints[j].udp &&
			    overlap(&r->endpoints[i].endpoint, &r->endpoints[j].endpoint)) {
				endpoint_fault(r, &r->endpoints[i], &r->endpoints[j]);
				break;
			}
}

/* ALPN protocols apart: a name may be spelt like one. */
static int
by_text_and_place(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;
	int order = (x->kind == MARK_ALPN) - (y->kind == MARK_ALPN);

	if (order == 0)
		order = strcmp(x->text, y->text);
	return order != 0 ? order : is_after(x->at, y->at) - is_after(y->at, x->at);
}

static void
mark_fault(struct reader *r, const struct mark *first, const struct mark *again)
{
	static const char *const whose[] = {[MARK_SITE] = "a site's name",
					    [MARK_SNI] = "in an sni rule",
					    [MARK_ALPN] = "in an alpn rule"};
	const char *text = fault_word(r->scratch, span_str(again->text));

	if (first->kind == again->kind)
		FAULT(r, again->at, "%s is %s already, on line %u", text, whose[first->kind],
		      first->at.line);
	else
		FAULT(r, again->at,
		      "%s is %s and, on line %u, %s: TLS for it either ends here or is passed on",
		      text, whose[again->kind], first->at.line, whose[first->kind]);
}

static void
check_marks(struct reader *r)
{
	if (r->mark_count == 0)
		return;
	qsort(r->marks, r->mark_count, sizeof *r->marks, by_text_and_place);
	for (size_t i = 1; i < r->mark_count; i++) {
		const struct mark *first = &r->marks[i - 1], *again = &r->marks[i];

		if ((first->kind == MARK_ALPN) == (again->kind == MARK_ALPN) &&
		    strcmp(first->text, again->text) == 0)
			mark_fault(r, first, again);
	}
}

static void
check_silent(struct reader *r)
{
	const struct share *share = &r->config->share;

	if (share->silent_after > 0 && share->silent_after >= share->first_byte_timeout)
		FAULT(r, r->silent_at,
		      "this is never reached: first_byte_timeout closes silent connections before");
}

static bool
does_nothing(const struct config *c)
{
	const struct share *s = &c->share;
	const struct door *doors[] = {&s->openvpn, &s->ssh, &s->http,  &s->http2,
				      &s->other,   &s->tls, &s->silent};

	for (size_t i = 0; i < COUNT(doors); i++)
		if (doors[i]->kind != DOOR_NONE)
			return false;
	return c->site_count + s->sni_count + s->alpn_count + c->admin.listen_count == 0;
}

void
check_all(struct reader *r)
{
	complete_state_dir(r);
	complete_listen(r);
	check_endpoints(r);
	check_marks(r);
	check_silent(r);
	share_complete(r);
	vpn_complete(r);
	if (r->faults->count == 0 && does_nothing(r->config))
		FAULT(r, whole_file,
		      "there is nothing to serve: add a site, \"site example.org { ... }\", or a "
		      "rule in "
		      "\"share { ... }\"");
	if (r->faults->count == 0)
		access_complete(r);
	if (r->faults->count == 0)
		site_complete(r);
}
