#include "role/warden_bounds.h"

#include <limits.h>

#include "config/paths.h"

/* Without links, where it is there. */
static const char *
real_or_written(const char *path, char real[PATH_MAX])
{
	return bounded_real(path, real, PATH_MAX) ? real : path;
}

static bool
may_lead(const void *owner, const char *real)
{
	const struct config *c = owner;
	char state[PATH_MAX], trusted[PATH_MAX];
	const char *state_dir = real_or_written(c->state_dir, state);

	for (const char **t = c->trusted_paths; t != NULL && *t != NULL; t++)
		if (config_may_lead(state_dir, real_or_written(*t, trusted), real))
			return true;
	return false;
}

struct bounds
bounds_of(const struct config *c, const char *path)
{
	return (struct bounds){config_may_name(c, path) ? may_lead : NULL, c};
}

/* A link's end is not told: who made it may not know what is there. */
static struct err
says_link(const char *path)
{
	return err_new("%s is a link, or below one, that leads out of `trusted_paths` or nowhere: "
		       "name what it leads to, in the file itself, on the server",
		       path);
}

struct err
bounds_explain(struct err e, const struct config *c, const char *path)
{
	return failed(e) && bounded_leads_out(path, bounds_of(c, path)) ? says_link(path) : e;
}

struct err
bounds_open(const struct config *c, const char *path, int *fd)
{
	return bounds_explain(bounded_open(path, bounds_of(c, path), fd), c, path);
}

static bool
stays_inside(void *owner, const char *path)
{
	const struct config *const *running = owner;

	return !bounded_leads_out(path, bounds_of(*running, path));
}

struct err
bounds_check(const struct config *running, const struct config *next)
{
	const char *path = config_new_path(running, next, stays_inside, &running);

	return path == NULL ? ERR_NONE : says_link(path);
}
