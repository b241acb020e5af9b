#include "role/warden_firewall.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define COMMANDS_MAX 65536

/* Where rules of ours are to stand: before what drops. */
struct place {
	const json_t *base; /* the chain that drops */
	const char *chain;  /* the one to insert into */
};

struct look {
	const json_t *items;
	const char *device;
	struct place *places;
	size_t place_count;
	struct firewall_view *out;
	bool fits;
};

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static bool
is(const json_t *object, const char *key, const char *value)
{
	return strcmp(text_of(object, key), value) == 0;
}

static bool
is_same_table(const json_t *a, const json_t *b)
{
	return is(a, "family", text_of(b, "family")) && is(a, "table", text_of(b, "table"));
}

static bool
is_our_table(const json_t *chain)
{
	return is(chain, "family", "inet") && is(chain, "table", FIREWALL_TABLE);
}

/* --- rules */

/* What a rule's expression `name` holds; NULL: it has none. */
static const json_t *
expression(const json_t *rule, const char *name)
{
	const json_t *all = json_object_get(rule, "expr");

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *found = json_object_get(json_array_get(all, i), name);

		if (found != NULL)
			return found;
	}
	return NULL;
}

/* Whether it asks that a packet comes in (iifname) or goes out (oifname) by the device. */
static bool
names(const json_t *rule, const char *key, const char *device)
{
	const json_t *all = json_object_get(rule, "expr");

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *match = json_object_get(json_array_get(all, i), "match");
		const json_t *left = json_object_get(match, "left");

		if (is(json_object_get(left, "meta"), "key", key) && is(match, "right", device))
			return true;
	}
	return false;
}

/* Whatever comes as far as this rule goes no further. */
static bool
drops_all(const json_t *rule)
{
	static const char *const harmless[] = {"counter", "log", "drop", "reject"};
	const json_t *all = json_object_get(rule, "expr");

	for (size_t i = 0; i < json_array_size(all); i++) {
		bool known = false;

		for (size_t k = 0; k < COUNT(harmless); k++)
			known =
			    known || json_object_get(json_array_get(all, i), harmless[k]) != NULL;
		if (!known)
			return false;
	}
	return expression(rule, "drop") != NULL || expression(rule, "reject") != NULL;
}

/* The next rule of a chain (NULL: of its whole table) from *at on; NULL: there is none. */
static const json_t *
next_rule(const struct look *l, const json_t *base, const char *chain, size_t *at)
{
	while (*at < json_array_size(l->items)) {
		const json_t *rule = json_object_get(json_array_get(l->items, (*at)++), "rule");

		if (rule != NULL && is_same_table(rule, base) &&
		    (chain == NULL || is(rule, "chain", chain)))
			return rule;
	}
	return NULL;
}

/* --- chains */

static bool
is_dropping(const struct look *l, const json_t *chain)
{
	const json_t *last = NULL, *rule;

	if (is(chain, "policy", "drop"))
		return true;
	for (size_t at = 0; (rule = next_rule(l, chain, text_of(chain, "name"), &at)) != NULL;)
		last = rule;
	return last != NULL && drops_all(last);
}

static bool
is_forward_filter(const json_t *chain)
{
	return is(chain, "hook", "forward") && is(chain, "type", "filter") &&
	       (is(chain, "family", "ip") || is(chain, "family", "ip6") ||
		is(chain, "family", "inet")) &&
	       !is_our_table(chain);
}

static bool
has_chain(const struct look *l, const json_t *base, const char *name)
{
	for (size_t i = 0; i < json_array_size(l->items); i++) {
		const json_t *chain = json_object_get(json_array_get(l->items, i), "chain");

		if (chain != NULL && is_same_table(chain, base) && is(chain, "name", name))
			return true;
	}
	return false;
}

static bool
jumps_to(const struct look *l, const json_t *base, const char *target)
{
	const json_t *rule;

	for (size_t at = 0; (rule = next_rule(l, base, text_of(base, "name"), &at)) != NULL;)
		if (is(expression(rule, "jump"), "target", target))
			return true;
	return false;
}

/* --- whose it is, and what can be done */

static bool
is_ufw(const struct look *l, const json_t *base)
{
	return has_chain(l, base, "ufw-before-forward") ||
	       has_chain(l, base, "ufw6-before-forward");
}

static bool
is_firewalld(const struct look *l, const json_t *base)
{
	(void)l;
	return is(base, "table", "firewalld");
}

/* Docker leaves a chain to others, and keeps what is in it. */
static bool
is_docker(const struct look *l, const json_t *base)
{
	return jumps_to(l, base, "DOCKER-USER");
}

/* As iptables has it, with nobody behind who would write it anew. */
static bool
is_plain(const struct look *l, const json_t *base)
{
	(void)l;
	return is(base, "table", "filter") && is(base, "name", "FORWARD") &&
	       !is(base, "family", "inet");
}

static bool
is_any(const struct look *l, const json_t *base)
{
	(void)l;
	(void)base;
	return true;
}

/* In this order: ufw and Docker are both found where an accept for Docker is enough. */
static const struct product {
	bool (*fits)(const struct look *l, const json_t *base);
	const char *chain;          /* to insert into; NULL: that is for a person to do */
	const char *name;           /* who drops */
	const char *before, *after; /* what to run, around the device's name */
} products[] = {
    {is_docker, "DOCKER-USER", NULL, NULL, NULL},
    {is_ufw, NULL, "ufw", "ufw route allow in on ", ""},
    {is_firewalld, NULL, "firewalld",
     "firewall-cmd --permanent --zone=trusted --add-interface=", " && firewall-cmd --reload"},
    {is_plain, "FORWARD", NULL, NULL, NULL},
    {is_any, NULL, NULL, NULL, NULL},
};

/* Whether the administrator has thought of our device already. */
static bool
is_provided_for(const struct look *l, const json_t *base)
{
	const json_t *rule;

	for (size_t at = 0; (rule = next_rule(l, base, NULL, &at)) != NULL;)
		if (names(rule, "iifname", l->device) && !is(rule, "comment", FIREWALL_COMMENT))
			return true;
	return false;
}

static void
complain(struct look *l, const struct product *p, const json_t *base)
{
	static const char begin[] = "clients connect but cannot reach anything";
	char *to = l->out->problem, run[ERR_TEXT_MAX];

	if (to[0] != '\0' || is_provided_for(l, base))
		return;
	if (p->name != NULL) {
		snprintf(to, ERR_TEXT_MAX, "%s: %s drops forwarded packets; run: %s%s%s", begin,
			 p->name, p->before, l->device, p->after);
		return;
	}
	snprintf(run, sizeof run, "%s %s %s", text_of(base, "family"), text_of(base, "table"),
		 text_of(base, "name"));
	snprintf(to, ERR_TEXT_MAX,
		 "%s: nftables' chain %s drops forwarded packets; run: nft insert rule %s iifname "
		 "%s accept; nft insert rule %s oifname %s accept",
		 begin, run, run, l->device, run, l->device);
}

static void
judge(struct look *l, const json_t *base)
{
	const struct product *p = products;

	while (!p->fits(l, base))
		p++;
	if (p->chain == NULL)
		complain(l, p, base);
	else
		*MEM_PUSH(l->places, l->place_count) = (struct place){base, p->chain};
}

/* --- what is to be done */

static bool
is_in_place(const struct look *l, const json_t *rule)
{
	for (size_t i = 0; i < l->place_count; i++)
		if (is_same_table(rule, l->places[i].base) &&
		    is(rule, "chain", l->places[i].chain) &&
		    (names(rule, "iifname", l->device) || names(rule, "oifname", l->device)))
			return true;
	return false;
}

static void
remove_strays(struct look *l)
{
	for (size_t i = 0; i < json_array_size(l->items) && l->fits; i++) {
		const json_t *rule = json_object_get(json_array_get(l->items, i), "rule");

		if (is(rule, "comment", FIREWALL_COMMENT) && !is_our_table(rule) &&
		    !is_in_place(l, rule))
			l->fits = buf_printf(
			    &l->out->commands, "delete rule %s %s %s handle %lld\n",
			    text_of(rule, "family"), text_of(rule, "table"), text_of(rule, "chain"),
			    (long long)json_integer_value(json_object_get(rule, "handle")));
	}
}

static void
insert(struct look *l, const struct place *place, const char *key)
{
	const json_t *rule;

	for (size_t at = 0; (rule = next_rule(l, place->base, place->chain, &at)) != NULL;)
		if (is(rule, "comment", FIREWALL_COMMENT) && names(rule, key, l->device))
			return;
	l->fits =
	    l->fits && buf_printf(&l->out->commands,
				  "insert rule %s %s %s %s \"%s\" counter accept comment "
				  "\"" FIREWALL_COMMENT "\"\n",
				  text_of(place->base, "family"), text_of(place->base, "table"),
				  place->chain, key, l->device);
}

static void
look(struct look *l)
{
	for (size_t i = 0; i < json_array_size(l->items); i++) {
		const json_t *item = json_array_get(l->items, i);
		const json_t *chain = json_object_get(item, "chain");
		const json_t *table = json_object_get(item, "table");

		l->out->ours = l->out->ours ||
			       (is(table, "family", "inet") && is(table, "name", FIREWALL_TABLE));
		if (chain != NULL && l->device != NULL && is_forward_filter(chain) &&
		    is_dropping(l, chain))
			judge(l, chain);
	}
	remove_strays(l);
	for (size_t i = 0; i < l->place_count; i++) {
		insert(l, &l->places[i], "iifname");
		insert(l, &l->places[i], "oifname");
	}
	if (buf_len(&l->out->commands) > 0)
		l->fits = l->fits && buf_byte(&l->out->commands, '\0');
}

struct err
firewall_look(struct span json, const char *device, struct firewall_view *out)
{
	json_t *root = json_loadb((const char *)json.p, json.len, 0, NULL);
	const json_t *items = json_object_get(root, "nftables");
	struct look l = {.items = items, .device = device, .out = out, .fits = true};
	struct err e = ERR_NONE;

	*out = (struct firewall_view){.commands = buf_with_cap(COMMANDS_MAX)};
	if (!json_is_array(items))
		e = err_new("nftables' list of rules cannot be read");
	else
		look(&l);
	if (!l.fits)
		e = err_new("there are too many rules to change");
	free(l.places);
	json_decref(root);
	if (failed(e))
		firewall_view_free(out);
	return e;
}

void
firewall_view_free(struct firewall_view *v)
{
	buf_free(&v->commands);
	*v = (struct firewall_view){.ours = false};
}
