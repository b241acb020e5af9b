/*
 * What makes clients of the VPN reach more than this machine: the kernel forwards for our interface
 * and its ways out, packets get an address that answers come back to (a table of our own in
 * nftables), and whoever else drops forwarded packets lets ours through.
 *
 * STATE_DIR/forwarding has what was set before, so that it is as it was when we have gone, also
 * after a crash. What was not forwarded before is not forwarded now, but for the VPN.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "os/forwarding.h"
#include "os/fs.h"
#include "os/nft.h"
#include "os/routes.h"
#include "os/tun.h"
#include "role/warden_firewall.h"
#include "role/warden_private.h"
#include "role/warden_ways.h"

#define LOOK_MS      5000 /* between looks at the ways out */
#define LOOKS        6    /* the last of so many is at others' packet filters, too */
#define PATH_SIZE    4096
#define KEPT_MAX     65536
#define TABLE_MAX    (1 << 20)
#define RULES_MAX    (64 << 20) /* of all that others have */
#define BOOT_MAX     64
#define ALL_V4       "net/ipv4/conf/all/forwarding"
#define ALL_V6       "net/ipv6/conf/all/forwarding"
#define CANNOT_REACH "clients connect but cannot reach anything"

/* A setting that we changed, or (both the same) that we go by. */
struct kept {
	char name[SETTING_NAME];
	int before, ours;
};

struct forward {
	struct warden *warden;
	struct timer look;
	unsigned looks;
	bool begun, read; /* it is in force; what an earlier life left is known */
	char device[TUN_NAME];
	struct network network, network6;
	struct kept *kept;
	size_t kept_count;
	struct buf table; /* our commands that are in force, but for clients' ways */
	char problem[ERR_TEXT_MAX];
};

static struct forward *
forward_of(struct warden *w)
{
	if (w->forward == NULL) {
		w->forward = MEM_NEW(struct forward);
		w->forward->warden = w;
		w->forward->table = buf_with_cap(TABLE_MAX);
		w->ways = ways_new();
	}
	return w->forward;
}

/* --- what was before */

static void
path_of(const struct warden *w, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/forwarding", w->running->config->state_dir);
}

/* Tells one boot from the next, which begins with settings of its own. */
static bool
put_boot(struct buf *out)
{
	struct buf id = buf_with_cap(BOOT_MAX);
	bool good = !failed(fs_read_path("/proc/sys/kernel/random/boot_id", &id)) &&
		    buf_append(out, buf_span(&id));

	buf_free(&id);
	return good;
}

static void
save(const struct warden *w)
{
	const struct forward *f = w->forward;
	struct buf text = buf_with_cap(KEPT_MAX);
	char path[PATH_SIZE];
	bool fits = put_boot(&text);

	for (size_t i = 0; i < f->kept_count; i++)
		fits = fits && buf_printf(&text, "%s %d %d\n", f->kept[i].name, f->kept[i].before,
					  f->kept[i].ours);
	path_of(w, path);
	struct err e = fits ? fs_write_path(path, buf_span(&text), 0600)
			    : err_new("there is too much to keep");
	if (failed(e))
		log_error("what forwarding was before is forgotten at a crash: %s", e.text);
	buf_free(&text);
}

static struct kept *
find_kept(const struct forward *f, const char *name)
{
	for (size_t i = 0; i < f->kept_count; i++)
		if (strcmp(f->kept[i].name, name) == 0)
			return &f->kept[i];
	return NULL;
}

static void
keep(struct forward *f, const char *name, int before, int ours)
{
	struct kept *k = MEM_PUSH(f->kept, f->kept_count);

	snprintf(k->name, sizeof k->name, "%s", name);
	k->before = before;
	k->ours = ours;
}

/* "NAME BEFORE OURS". */
static void
read_kept(struct forward *f, struct span line)
{
	size_t first = span_find(line, ' ');
	struct span name = span_head(line, first), rest = span_tail(line, first + 1);
	size_t second = span_find(rest, ' ');
	char text[SETTING_NAME];
	uint64_t before, ours;

	if (name.len >= sizeof text || !span_starts_with(name, SPAN_OF("net/ipv")) ||
	    !text_to_u64(span_head(rest, second), INT32_MAX, &before) ||
	    !text_to_u64(span_tail(rest, second + 1), INT32_MAX, &ours))
		return;
	snprintf(text, sizeof text, "%.*s", (int)name.len, (const char *)name.p);
	if (strstr(text, "..") == NULL)
		keep(f, text, (int)before, (int)ours);
}

/* True when an earlier life of ours ended without putting things back. */
static bool
read_left(struct warden *w)
{
	struct buf text = buf_with_cap(KEPT_MAX), boot = buf_with_cap(BOOT_MAX);
	char path[PATH_SIZE];

	path_of(w, path);
	bool left = !failed(fs_read_path(path, &text));
	struct span rest = buf_span(&text);
	if (left && put_boot(&boot) && span_starts_with(rest, buf_span(&boot))) {
		rest = span_tail(rest, buf_len(&boot));
		while (rest.len > 0) {
			size_t len = span_find(rest, '\n');

			read_kept(w->forward, span_head(rest, len));
			rest = span_tail(rest, len + 1);
		}
	}
	buf_free(&text);
	buf_free(&boot);
	return left;
}

/* Whether somebody has turned it on for all devices since: then it is wanted for each. */
static bool
is_wanted_by_others(const struct forward *f, const struct kept *k)
{
	const struct kept *all = find_kept(f, ALL_V4);
	int now;

	return all != NULL && all->before == all->ours && setting_read(ALL_V4, &now) &&
	       now != all->before && strncmp(k->name, "net/ipv4/", strlen("net/ipv4/")) == 0;
}

/* The last first: what IPv6's one flag changes for all devices is put back by itself. */
static void
restore(struct warden *w)
{
	struct forward *f = w->forward;
	char path[PATH_SIZE];

	for (size_t i = f->kept_count; i-- > 0;) {
		const struct kept *k = &f->kept[i];
		struct setting s = {.value = k->before};
		int now;

		if (k->before == k->ours || !setting_read(k->name, &now) || now != k->ours ||
		    is_wanted_by_others(f, k))
			continue;
		snprintf(s.name, sizeof s.name, "%s", k->name);
		struct err e = setting_write(&s);
		if (failed(e))
			log_error("%s", e.text);
	}
	free(f->kept);
	f->kept = NULL;
	f->kept_count = 0;
	path_of(w, path);
	unlink(path);
}

/* --- the ways out */

struct devices {
	const char **at;
	size_t count;
};

static void
add_device(struct devices *d, const char *name)
{
	for (size_t i = 0; i < d->count; i++)
		if (strcmp(d->at[i], name) == 0)
			return;
	*MEM_PUSH(d->at, d->count) = name;
}

/* Any route may lead to what some client reaches: that is for access rules to say, at any time.
 * Ours comes first. */
static struct devices
devices_of(const struct forward *f, int family, const struct machine_route *routes, size_t count)
{
	struct devices d = {NULL, 0};

	if ((family == 4 ? f->network : f->network6).base.family == 0)
		return d;
	add_device(&d, f->device);
	for (size_t i = 0; i < count; i++)
		if (routes[i].to.base.family == family)
			add_device(&d, routes[i].device);
	return d;
}

/* Ours, whose settings go with it. */
static bool
is_of_device(const char *name, const char *device)
{
	char part[TUN_NAME + 2];

	snprintf(part, sizeof part, "/%s/", device);
	return strstr(name, part) != NULL;
}

/* Or, with `now` false, what it was is kept and no more. */
static struct err
turn_on(struct warden *w, const struct setting *s, bool now)
{
	struct forward *f = w->forward;
	int before, all;

	if (!setting_read(s->name, &before) || before == s->value)
		return ERR_NONE; /* a device may have gone in between */
	if (find_kept(f, ALL_V4) == NULL && setting_read(ALL_V4, &all))
		keep(f, ALL_V4, all, all);
	if (find_kept(f, s->name) == NULL && !is_of_device(s->name, f->device)) {
		keep(f, s->name, before, s->value);
		save(w);
	}
	return now ? setting_write(s) : ERR_NONE;
}

static struct err
turn_all_on(struct warden *w, int family, const struct devices *d, bool now)
{
	size_t count;
	struct setting *list = forwarding_settings(family, d->at, d->count, &count);
	struct err e = ERR_NONE;

	for (size_t i = 0; i < count && !failed(e); i++)
		e = turn_on(w, &list[i], now);
	free(list);
	return e;
}

/* --- our table */

static bool
is_local(const struct network *n)
{
	return n->base.family == 6 && (n->base.ip[0] & 0xfe) == 0xfc; /* RFC 4193 */
}

static const char *
word_of(const struct network *n)
{
	return n->base.family == 4 ? "ip" : "ip6";
}

/* One network's clients: what they get an address of ours for. Public IPv6 addresses need none. */
static bool
put_nat(const struct forward *f, const struct vpn *v, const struct network *inside, struct buf *out)
{
	char from[NETWORK_TEXT_MAX], to[NETWORK_TEXT_MAX];
	const char *word = word_of(inside);
	bool fits = true;

	network_text(inside, from);
	for (size_t i = 0; i < v->route_count && fits; i++) {
		if (v->routes[i].to.base.family != inside->base.family)
			continue;
		network_text(&v->routes[i].to, to);
		fits = buf_printf(out, "%s saddr %s %s daddr %s oifname != \"%s\" %s\n", word, from,
				  word, to, f->device,
				  v->routes[i].way == VPN_NAT ? "masquerade" : "return");
	}
	if (inside->base.family == 4 || is_local(inside))
		fits = fits && buf_printf(out, "%s saddr %s oifname != \"%s\" masquerade\n", word,
					  from, f->device);
	return fits;
}

/* What comes in by our interface is from an address inside. */
static bool
put_source(const struct forward *f, const struct network *inside, int family, struct buf *out)
{
	char text[NETWORK_TEXT_MAX];

	if (inside->base.family == 0)
		return buf_printf(out, "iifname \"%s\" meta nfproto ipv%d drop\n", f->device,
				  family);
	return buf_printf(out, "iifname \"%s\" %s saddr != %s drop\n", f->device, word_of(inside),
			  network_text(inside, text));
}

/* Others may begin with clients only where their network is reached without NAT. */
static bool
put_towards(const struct forward *f, const struct vpn *v, struct buf *out)
{
	char text[NETWORK_TEXT_MAX];
	bool fits =
	    buf_printf(out, "oifname \"%s\" ct state established,related accept\n", f->device);

	for (size_t i = 0; i < v->route_count && fits; i++)
		if (v->routes[i].way == VPN_ROUTE)
			fits = buf_printf(out, "oifname \"%s\" %s saddr %s accept\n", f->device,
					  word_of(&v->routes[i].to),
					  network_text(&v->routes[i].to, text));
	return fits && buf_printf(out, "oifname \"%s\" drop\n", f->device);
}

static bool
is_turned_on_by_us(const struct forward *f, const char *name)
{
	const struct kept *k = find_kept(f, name);

	return k != NULL && k->before == 0 && k->ours != 0;
}

/* Devices that forward because of us alone do so for the VPN alone. */
static bool
put_guard(const struct forward *f, int family, const struct devices *d, struct buf *out)
{
	const char *flag = family == 4 ? "forwarding" : "force_forwarding";
	char name[SETTING_NAME];
	bool fits = true;

	if (family == 6 && is_turned_on_by_us(f, ALL_V6))
		return buf_append(out, SPAN_OF("meta nfproto ipv6 drop\n"));
	for (size_t i = 0; i < d->count && fits && !forwarding_is_general(family); i++) {
		snprintf(name, sizeof name, "net/ipv%d/conf/%.15s/%s", family, d->at[i], flag);
		if (is_turned_on_by_us(f, name))
			fits = buf_printf(out, "meta nfproto ipv%d iifname \"%s\" drop\n", family,
					  d->at[i]);
	}
	return fits;
}

/* All of it, in place of what was there. */
static bool
put_table(const struct forward *f, const struct vpn *v, const struct devices d[2], struct buf *out)
{
	bool fits =
	    buf_printf(out, "table inet " FIREWALL_TABLE "\n"
			    "delete table inet " FIREWALL_TABLE "\n"
			    "table inet " FIREWALL_TABLE " {\n") &&
	    ways_put_maps(out) &&
	    buf_printf(out, "chain forward {\n"
			    "type filter hook forward priority filter; policy accept;\n") &&
	    put_source(f, &f->network, 4, out) && put_source(f, &f->network6, 6, out) &&
	    buf_printf(out, "iifname \"%s\" oifname \"%s\" %s\niifname \"%s\" accept\n", f->device,
		       f->device, v->client_to_client ? "accept" : "drop", f->device) &&
	    put_towards(f, v, out) && put_guard(f, 4, &d[0], out) && put_guard(f, 6, &d[1], out) &&
	    buf_printf(out, "}\nchain postrouting {\n"
			    "type nat hook postrouting priority srcnat; policy accept;\n") &&
	    ways_put_jumps(f->device, out);

	if (f->network.base.family != 0)
		fits = fits && put_nat(f, v, &f->network, out);
	if (f->network6.base.family != 0)
		fits = fits && put_nat(f, v, &f->network6, out);
	return fits && buf_append(out, SPAN_OF("}\n}\n"));
}

static struct err
run(const struct buf *commands)
{
	return buf_len(commands) > 0 ? nft_run((const char *)buf_span(commands).p) : ERR_NONE;
}

/* With the ways of clients, which went with the table that was there. */
static struct err
make_table(struct warden *w, const struct buf *table)
{
	struct buf commands = buf_with_cap(TABLE_MAX + WAYS_TEXT_MAX);
	struct err e = err_new("there are too many ways to make");

	if (buf_append(&commands, buf_span(table)) && ways_put_all(w->ways, &commands) &&
	    buf_byte(&commands, '\0'))
		e = run(&commands);
	if (!failed(e))
		ways_settled(w->ways);
	buf_free(&commands);
	return e;
}

static struct err
set_table(struct forward *f, const struct vpn *v, const struct devices d[2])
{
	struct buf table = buf_with_cap(TABLE_MAX);
	struct err e = ERR_NONE;

	if (!put_table(f, v, d, &table))
		e = err_new("there are too many `route` lines");
	else if (!span_equal(buf_span(&table), buf_span(&f->table)))
		e = make_table(f->warden, &table);
	buf_free(&f->table);
	f->table = table;
	if (failed(e))
		buf_free(&f->table);
	return e;
}

/* --- others */

/* `device` NULL: nothing of ours is to be left. */
static struct err
look_at_others(struct forward *f, const char *device, char problem[ERR_TEXT_MAX])
{
	struct buf json = buf_with_cap(RULES_MAX);
	struct firewall_view view;
	struct err e = nft_list(&json);

	problem[0] = '\0';
	if (!failed(e))
		e = firewall_look(buf_span(&json), device, &view);
	buf_free(&json);
	if (failed(e))
		return e;
	if (buf_len(&view.commands) > 0)
		e = nft_run((const char *)buf_span(&view.commands).p);
	if (!view.ours)
		buf_free(&f->table); /* somebody removed it: made anew at the next look */
	snprintf(problem, ERR_TEXT_MAX, "%s", view.problem);
	firewall_view_free(&view);
	return e;
}

/* --- all of it */

/* The table is there before what was not forwarded is: it keeps others from it. */
static struct err
settle(struct warden *w)
{
	struct forward *f = w->forward;
	struct machine_route *routes;
	struct devices d[2];
	size_t count;
	struct err e = routes_list(f->device, &routes, &count);

	for (int i = 0; i < 2; i++) {
		d[i] = devices_of(f, i == 0 ? 4 : 6, routes, count);
		if (!failed(e))
			e = turn_all_on(w, i == 0 ? 4 : 6, &d[i], false);
	}
	if (!failed(e))
		e = set_table(f, &w->running->config->vpn, d);
	for (int i = 0; i < 2; i++) {
		if (!failed(e))
			e = turn_all_on(w, i == 0 ? 4 : 6, &d[i], true);
		free(d[i].at);
	}
	free(routes);
	return e;
}

static void
tell_problem(struct forward *f, const char *problem)
{
	if (problem[0] != '\0' && strcmp(f->problem, problem) != 0)
		log_warn("vpn: %s", problem);
	else if (problem[0] == '\0' && f->problem[0] != '\0')
		log_info("vpn: clients reach what is behind this server");
	snprintf(f->problem, sizeof f->problem, "%s", problem);
}

static void
look(struct warden *w)
{
	struct forward *f = w->forward;
	char problem[ERR_TEXT_MAX];
	struct err e = settle(w);

	snprintf(problem, sizeof problem, "%s", f->problem);
	if (!failed(e) && f->looks++ % LOOKS == 0)
		e = look_at_others(f, f->device, problem);
	if (!failed(e) && buf_len(&f->table) == 0)
		e = settle(w);
	if (failed(e)) {
		f->looks = 0;
		snprintf(problem, sizeof problem, CANNOT_REACH ": %s", e.text);
	}
	tell_problem(f, problem);
}

static void
look_again(struct timer *t)
{
	struct warden *w = container_of(t, struct forward, look)->warden;

	look(w);
	timer_set(w->loop, t, LOOK_MS, look_again);
}

/* Where the table is not as we left it, it is made anew. */
void
forward_follow(struct warden *w)
{
	struct forward *f = forward_of(w);
	struct buf commands = buf_with_cap(WAYS_TEXT_MAX);
	struct err e = err_new("there are too many ways to change");

	if (!f->begun)
		return;
	if (ways_put_changes(w->ways, &commands) &&
	    (buf_len(&commands) == 0 || buf_byte(&commands, '\0')))
		e = run(&commands);
	buf_free(&commands);
	if (!failed(e)) {
		ways_settled(w->ways);
		return;
	}
	log_warn("vpn: ways of clients: %s; the table is made anew", e.text);
	buf_free(&f->table);
	look(w);
}

void
forward_begin(struct warden *w, const char *device, const struct network *network,
	      const struct network *network6)
{
	struct forward *f = forward_of(w);

	if (!f->read)
		read_left(w);
	f->read = f->begun = true;
	f->looks = 0;
	snprintf(f->device, sizeof f->device, "%s", device);
	f->network = *network;
	f->network6 = *network6;
	save(w);
	look(w);
	timer_set(w->loop, &f->look, LOOK_MS, look_again);
}

void
forward_end(struct warden *w)
{
	struct forward *f = forward_of(w);
	bool left = !f->read && read_left(w);
	char problem[ERR_TEXT_MAX];

	f->read = true;
	if (!f->begun && !left)
		return;
	f->begun = false;
	timer_stop(&f->look);
	restore(w);
	struct err e = look_at_others(f, NULL, problem);
	if (!failed(e))
		e = nft_run("table inet " FIREWALL_TABLE "\ndelete table inet " FIREWALL_TABLE
			    "\n");
	if (failed(e))
		log_error("the packet filter keeps rules of the VPN: %s", e.text);
	buf_free(&f->table);
	f->problem[0] = '\0';
}

const char *
forward_problem(const struct warden *w)
{
	return w->forward != NULL && w->forward->problem[0] != '\0' ? w->forward->problem : NULL;
}
