#include "config/paths.h"

#include <string.h>

#include "base/text.h"

/* Calls `each` for every path until it says false. */
struct walk {
	bool (*each)(void *owner, const char *path);
	void *owner;
};

static bool
visit(const struct walk *w, const char *path)
{
	return path == NULL || w->each(w->owner, path);
}

static bool
visit_site(const struct walk *w, const struct site *site)
{
	/* A self-signed one's are the server's own. */
	for (size_t i = 0; !site->self_signed && i < site->certificate_count; i++)
		if (!visit(w, site->certificates[i].chain) || !visit(w, site->certificates[i].key))
			return false;
	return true;
}

static bool
visit_backends(const struct walk *w, const struct config *c)
{
	for (size_t i = 0; i < c->backends_count; i++)
		for (size_t k = 0; k < c->backends[i]->count; k++)
			if (c->control == NULL || c->backends[i] != c->control->to)
				if (!visit(w, c->backends[i]->at[k].unix_path))
					return false;
	return true;
}

static bool
visit_all(const struct walk *w, const struct config *c)
{
	for (size_t i = 0; i < c->site_count; i++)
		if (!visit_site(w, &c->sites[i]))
			return false;
	for (size_t i = 0; i < c->root_count; i++)
		if (!visit(w, c->roots[i]))
			return false;
	for (size_t i = 0; i < c->proxy_count; i++)
		if (!visit(w, c->proxies[i]->ca_file))
			return false;
	return visit(w, c->log.access_file) && visit_backends(w, c);
}

struct search {
	const char *path;
	bool found;
};

static bool
compare(void *owner, const char *path)
{
	struct search *s = owner;

	s->found = strcmp(path, s->path) == 0;
	return !s->found;
}

static bool
names(const struct config *c, const char *path)
{
	struct search s = {.path = path};
	const struct walk walk = {compare, &s};

	(void)visit_all(&walk, c);
	return s.found;
}

/* "/srv/../etc" is below nothing. */
static bool
climbs(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")) != NULL; p += 2)
		if ((p == path || p[-1] == '/') && (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}

static bool
is_below(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	while (len > 1 && directory[len - 1] == '/')
		len--;
	return !climbs(path) && strncmp(path, directory, len) == 0 &&
	       (directory[len - 1] == '/' || path[len] == '/' || path[len] == '\0');
}

/* What the server keeps for itself, and what that lies in: no site may show it, and no log be
 * written there, though the state directory is trusted. */
static bool
is_our_own(const char *state_dir, const char *path)
{
	static const char *const names[] = {"acme-challenge", "admin.sock",  "control",
					    "forwarding",     "history",     "self-signed",
					    "sockets",        "unconfirmed", "warden.sock"};
	size_t len = strlen(state_dir);

	if (is_below(state_dir, path))
		return true;
	if (!is_below(path, state_dir))
		return false;
	const char *rest = path + len + strspn(path + len, "/");
	for (size_t i = 0; i < COUNT(names); i++)
		if (is_below(rest, names[i]))
			return true;
	return false;
}

bool
config_may_lead(const char *state_dir, const char *below, const char *real)
{
	return is_below(real, below) && !is_our_own(state_dir, real);
}

bool
config_may_name(const struct config *c, const char *path)
{
	for (const char **t = c->trusted_paths; t != NULL && *t != NULL; t++)
		if (config_may_lead(c->state_dir, *t, path))
			return true;
	return false;
}

struct change {
	const struct config *running;
	bool (*each)(void *owner, const char *path);
	void *owner;
	const char *refused;
};

static bool
visit_new(void *owner, const char *path)
{
	struct change *change = owner;

	if (!names(change->running, path) && !change->each(change->owner, path))
		change->refused = path;
	return change->refused == NULL;
}

const char *
config_new_path(const struct config *running, const struct config *next,
		bool (*each)(void *owner, const char *path), void *owner)
{
	struct change change = {.running = running, .each = each, .owner = owner};
	const struct walk walk = {visit_new, &change};

	(void)visit_all(&walk, next);
	return change.refused;
}

static bool
same_list(const char *const *a, const char *const *b)
{
	size_t i = 0;

	if (a == NULL || b == NULL)
		return a == b;
	while (a[i] != NULL && b[i] != NULL && strcmp(a[i], b[i]) == 0)
		i++;
	return a[i] == b[i];
}

static bool
same_command(const struct door *a, const struct door *b)
{
	return b->kind != DOOR_INETD ||
	       (a->kind == DOOR_INETD &&
		same_list((const char *const *)a->command, (const char *const *)b->command));
}

/* What only the file's owner decides: NULL, or its name. */
static const char *
owners_own(const struct config *a, const struct config *b)
{
	const struct share *x = &a->share, *y = &b->share;

	if (!same_list(a->trusted_paths, b->trusted_paths))
		return "trusted_paths";
	if (!text_equal(a->state_dir, b->state_dir))
		return "state_dir";
	if (!text_equal(a->store_url, b->store_url))
		return "store";
	if (a->config_read_only != b->config_read_only)
		return "config";
	if (!same_command(&x->ssh, &y->ssh) || !same_command(&x->openvpn, &y->openvpn) ||
	    !same_command(&x->silent, &y->silent))
		return "command";
	return NULL;
}

static bool
is_allowed(void *owner, const char *path)
{
	const struct config *const *running = owner;

	return config_may_name(*running, path);
}

struct err
config_may_become(const struct config *running, const struct config *next)
{
	const char *own = owners_own(running, next);

	if (own != NULL)
		return err_new("`%s` can be changed in the file itself alone, on the server", own);
	const char *path = config_new_path(running, next, is_allowed, &running);
	if (path != NULL)
		return err_new(
		    "%s is not below `trusted_paths`: put it there, or write it into the "
		    "file itself, on the server",
		    path);
	return ERR_NONE;
}
