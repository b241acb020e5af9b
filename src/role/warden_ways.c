#include "role/warden_ways.h"

#include <stdlib.h>

#include "base/encode.h"
#include "base/mem.h"
#include "role/warden_firewall.h"

#define ROWS_MAX  16384 /* of all clients */
#define NAME_SIZE (sizeof "ways_" + HEX_SIZE(16))
#define TABLE     "inet " FIREWALL_TABLE

struct of_client {
	struct address at;
	struct way *list;
	size_t count;
	bool is_there; /* it has a chain */
	bool changed;
};

struct ways {
	struct of_client *at;
	size_t count, rows;
};

struct ways *
ways_new(void)
{
	return MEM_NEW(struct ways);
}

void
ways_free(struct ways *w)
{
	for (size_t i = 0; w != NULL && i < w->count; i++)
		free(w->at[i].list);
	if (w != NULL)
		free(w->at);
	free(w);
}

/* --- whose they are */

static struct of_client *
find(struct ways *w, const struct address *at)
{
	for (size_t i = 0; i < w->count; i++)
		if (address_equal(&w->at[i].at, at))
			return &w->at[i];
	return NULL;
}

static void
forget(struct ways *w, struct of_client *c)
{
	w->rows -= c->count;
	free(c->list);
	c->list = NULL;
	c->count = 0;
	c->changed = true;
}

static size_t
count_of_family(const struct way *list, size_t count, int family)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += list[i].to.base.family == family;
	return n;
}

struct err
ways_set(struct ways *w, const struct address *at, const struct way *list, size_t count)
{
	struct address key = *at;
	size_t rows = count_of_family(list, count, at->family);

	key.port = 0;
	struct of_client *c = find(w, &key);
	if (c != NULL)
		forget(w, c);
	if (rows == 0)
		return ERR_NONE;
	if (w->rows + rows > ROWS_MAX)
		return err_new("clients have more than %d rules with a way of their own: what is "
			       "past that leaves as the configuration says",
			       ROWS_MAX);
	if (c == NULL) {
		c = MEM_PUSH(w->at, w->count);
		*c = (struct of_client){.at = key};
	}
	c->changed = true;
	w->rows += rows;
	for (size_t i = 0; i < count; i++)
		if (list[i].to.base.family == at->family)
			*MEM_PUSH(c->list, c->count) = list[i];
	return ERR_NONE;
}

void
ways_clear(struct ways *w)
{
	for (size_t i = 0; i < w->count; i++)
		forget(w, &w->at[i]);
}

/* --- as commands */

static const char *
name_of(const struct of_client *c, char name[NAME_SIZE])
{
	memcpy(name, "ways_", 5);
	hex_write(span_of(c->at.ip, c->at.family == 4 ? 4 : 16), name + 5);
	return name;
}

static bool
put_match(const struct way *w, struct buf *out)
{
	char to[NETWORK_TEXT_MAX];
	const char *word = w->to.base.family == 4 ? "ip" : "ip6";
	bool fits =
	    w->to.bits == 0 || buf_printf(out, " %s daddr %s", word, network_text(&w->to, to));

	if (w->protocol != 0)
		fits = fits && buf_printf(out, " meta l4proto %u", w->protocol);
	if (w->port_to != 0)
		fits = fits && buf_printf(out, " th dport %u-%u", w->port_from, w->port_to);
	return fits;
}

/* What is accepted here keeps the address that it has. */
static bool
put_chain(const struct of_client *c, struct buf *out)
{
	char name[NAME_SIZE], at[ADDRESS_TEXT_MAX];
	bool fits;

	name_of(c, name);
	fits = buf_printf(out, "add chain " TABLE " %s\nflush chain " TABLE " %s\n", name, name);
	for (size_t i = 0; i < c->count && fits; i++)
		fits = buf_printf(out, "add rule " TABLE " %s", name) &&
		       put_match(&c->list[i], out) &&
		       buf_printf(out, " %s\n", c->list[i].route ? "accept" : "masquerade");
	return fits && buf_printf(out, "add element " TABLE " ways%d { %s : jump %s }\n",
				  c->at.family, address_ip_text(&c->at, at), name);
}

static bool
put_end(const struct of_client *c, struct buf *out)
{
	char name[NAME_SIZE], at[ADDRESS_TEXT_MAX];

	name_of(c, name);
	return buf_printf(out,
			  "delete element " TABLE " ways%d { %s }\nflush chain " TABLE
			  " %s\ndelete chain " TABLE " %s\n",
			  c->at.family, address_ip_text(&c->at, at), name, name);
}

bool
ways_put_maps(struct buf *out)
{
	return buf_append(out, SPAN_OF("map ways4 {\ntype ipv4_addr : verdict\n}\n"
				       "map ways6 {\ntype ipv6_addr : verdict\n}\n"));
}

bool
ways_put_jumps(const char *device, struct buf *out)
{
	return buf_printf(out,
			  "oifname != \"%s\" ip saddr vmap @ways4\n"
			  "oifname != \"%s\" ip6 saddr vmap @ways6\n",
			  device, device);
}

bool
ways_put_all(const struct ways *w, struct buf *out)
{
	bool fits = true;

	for (size_t i = 0; i < w->count && fits; i++)
		if (w->at[i].count > 0)
			fits = put_chain(&w->at[i], out);
	return fits;
}

bool
ways_put_changes(const struct ways *w, struct buf *out)
{
	bool fits = true;

	for (size_t i = 0; i < w->count && fits; i++) {
		const struct of_client *c = &w->at[i];

		if (c->changed && c->count > 0)
			fits = put_chain(c, out);
		else if (c->changed && c->is_there)
			fits = put_end(c, out);
	}
	return fits;
}

void
ways_settled(struct ways *w)
{
	size_t left = 0;

	for (size_t i = 0; i < w->count; i++) {
		struct of_client *c = &w->at[i];

		c->changed = false;
		c->is_there = c->count > 0;
		if (c->is_there)
			w->at[left++] = *c;
	}
	w->count = left;
}
