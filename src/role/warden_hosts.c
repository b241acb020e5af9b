/* The names of back ends: looked up by a child, remembered here. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "role/child.h"
#include "role/warden_private.h"

#define LOOKUP_MS      30000 /* between look-ups */
#define LOOKUP_TAKES   20000 /* a child that takes longer is ended */
#define FIRST_WAITS_MS 3000  /* for names to be known before we begin to serve */

struct host {
	char *name;
	struct address at[MESSAGE_ADDRESSES_MAX];
	size_t count;
	bool failing; /* and that was said */
	bool wanted;
};

struct known_hosts {
	struct warden *warden;
	struct host *hosts;
	size_t count;
	pid_t resolver;
	struct channel *channel;
	size_t pending;
	bool changed;
	struct timer next, limit, first;
	void (*done)(struct warden *w);
};

static void look_up(struct known_hosts *h);

static struct host *
find(const struct known_hosts *h, const char *name)
{
	for (size_t i = 0; i < h->count; i++)
		if (strcmp(h->hosts[i].name, name) == 0)
			return &h->hosts[i];
	return NULL;
}

size_t
hosts_addresses(const struct known_hosts *h, const char *host, uint16_t port, struct address *out)
{
	const struct host *known;

	if (address_parse_ip(span_str(host), &out[0])) {
		out[0].port = port;
		return 1;
	}
	if ((known = find(h, host)) == NULL)
		return 0;
	for (size_t i = 0; i < known->count; i++) {
		out[i] = known->at[i];
		out[i].port = port;
	}
	return known->count;
}

/* The first time only: the program waited for the names before it began to serve. */
static void
tell_done(struct known_hosts *h)
{
	void (*done)(struct warden * w) = h->done;

	h->done = NULL;
	timer_stop(&h->first);
	if (done != NULL)
		done(h->warden);
}

static void
end_lookup(struct known_hosts *h)
{
	bool first = h->done != NULL, changed = h->changed;

	timer_stop(&h->limit);
	channel_free(h->channel);
	h->channel = NULL;
	h->pending = 0;
	h->changed = false;
	tell_done(h);
	if (changed && !first && h->warden->running != NULL) {
		log_info("the addresses of back ends changed: using the new ones");
		warden_reapply(h->warden);
	}
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct address));
}

/* In a fixed order, so that a name server which turns its answers round changes nothing. */
static void
learn(struct known_hosts *h, struct host *host, struct message *m)
{
	size_t size = m->address_count * sizeof *host->at;

	qsort(m->addresses, m->address_count, sizeof *m->addresses, compare);
	if (host->count == m->address_count && memcmp(host->at, m->addresses, size) == 0)
		return;
	memcpy(host->at, m->addresses, size);
	host->count = m->address_count;
	h->changed = true;
}

static void
on_message(struct channel *ch, struct message *m, void *owner)
{
	struct known_hosts *h = owner;

	(void)ch;
	if (m->type != MESSAGE_RESOLVED || m->index >= h->count || h->pending == 0)
		return;
	struct host *host = &h->hosts[m->index];
	if (m->address_count > 0) {
		learn(h, host, m);
		if (host->failing)
			log_info("%s resolves again", host->name);
	} else if (!host->failing) {
		log_warn("%s does not resolve: %s; tried again every 30 s", host->name, m->text);
	}
	host->failing = m->address_count == 0;
	if (--h->pending == 0)
		end_lookup(h);
}

static void
on_closed(struct channel *ch, const char *why, void *owner)
{
	(void)ch;
	(void)why;
	end_lookup(owner);
}

static void
too_long(struct timer *t)
{
	struct known_hosts *h = container_of(t, struct known_hosts, limit);

	if (h->resolver > 0)
		kill(h->resolver, SIGKILL);
	end_lookup(h);
}

static void
first_is_over(struct timer *t)
{
	tell_done(container_of(t, struct known_hosts, first));
}

static void
again(struct timer *t)
{
	look_up(container_of(t, struct known_hosts, next));
}

static void
ask(struct known_hosts *h)
{
	for (size_t i = 0; i < h->count; i++) {
		struct message m = {.type = MESSAGE_RESOLVE, .index = (uint32_t)i};

		if (!h->hosts[i].wanted)
			continue;
		snprintf(m.text, sizeof m.text, "%s", h->hosts[i].name);
		h->pending++;
		struct err e = channel_send(h->channel, &m);
		if (failed(e))
			log_error("%s", e.text);
	}
}

static void
look_up(struct known_hosts *h)
{
	static const struct channel_ops ops = {on_message, on_closed};
	struct loop *l = h->warden->loop;

	if (h->warden->stopping)
		return;
	timer_set(l, &h->next, LOOKUP_MS, again);
	channel_free(h->channel); /* one under way does not know of the newest names */
	h->channel = NULL;
	h->pending = 0;
	struct err e = child_start(l, ROLE_RESOLVER, &ops, h, &h->resolver, &h->channel);
	if (failed(e)) {
		log_error("resolver: %s", e.text);
		tell_done(h);
		return;
	}
	timer_set(l, &h->limit, LOOKUP_TAKES, too_long);
	ask(h);
}

struct known_hosts *
hosts_new(struct warden *w)
{
	struct known_hosts *h = MEM_NEW(struct known_hosts);

	h->warden = w;
	return h;
}

/* Whether it is a name that no address is known of yet. */
static bool
want(struct known_hosts *h, const char *name)
{
	struct address ip;
	struct host *host;

	if (name == NULL || address_parse_ip(span_str(name), &ip))
		return false;
	if ((host = find(h, name)) == NULL) {
		host = MEM_PUSH(h->hosts, h->count);
		host->name = mem_text(name);
	}
	host->wanted = true;
	return host->count == 0;
}

static bool
want_all(struct known_hosts *h, const struct config *c)
{
	bool some_new = false;

	for (size_t i = 0; i < c->backends_count; i++)
		for (size_t k = 0; k < c->backends[i]->count; k++)
			if (want(h, c->backends[i]->at[k].host))
				some_new = true;
	return some_new;
}

static bool
any_wanted(const struct known_hosts *h)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->hosts[i].wanted)
			return true;
	return false;
}

void
hosts_follow(struct known_hosts *h, const struct config *c, void (*done)(struct warden *w))
{
	for (size_t i = 0; i < h->count; i++)
		h->hosts[i].wanted = false;
	bool some_new = want_all(h, c);

	h->done = done;
	if (some_new) {
		timer_set(h->warden->loop, &h->first, FIRST_WAITS_MS, first_is_over);
		look_up(h);
		return;
	}
	if (!any_wanted(h))
		timer_stop(&h->next);
	else if (!list_linked(&h->next.link))
		timer_set(h->warden->loop, &h->next, LOOKUP_MS, again);
	tell_done(h);
}

bool
hosts_resolver_ended(struct known_hosts *h, pid_t pid)
{
	if (pid != h->resolver)
		return false;
	h->resolver = 0;
	return true;
}
