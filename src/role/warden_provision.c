#include "role/warden_provision.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "os/fs.h"
#include "os/routes.h"
#include "os/tun.h"
#include "role/site_tls.h"
#include "role/warden_bounds.h"
#include "tls/certificate.h"
#include "tls/client.h"

#define CONFIG_MAX       (1 << 20)
#define PEM_MAX          (1 << 20)
#define SELF_SIGNED_DAYS 90
#define RENEW_DAYS       30
#define WARN_DAYS        14
#define DAY_S            86400
#define DEVICE           "sally" /* and a number: interfaces of our own */

static int64_t
days_left(const struct certificate_info *info)
{
	return (info->not_after - clock_wall_ms() / 1000) / DAY_S;
}

static void
mix_file(uint64_t *hash, const char *path)
{
	struct fs_info info = {.inode = 0};

	if (failed(fs_stat(path, &info)))
		info.inode = 0;
	*hash = hash_number(*hash, info.inode);
	*hash = hash_number(*hash, info.size);
	*hash = hash_number(*hash, (uint64_t)info.mtime_ns);
}

/* Which directory it is, not what is in it. While one is open, no other has its number. */
static void
mix_directory(uint64_t *hash, const char *path)
{
	struct fs_info info = {.inode = 0};

	if (failed(fs_stat(path, &info)))
		info.inode = 0;
	*hash = hash_number(*hash, info.inode);
}

static void
mix_socket(uint64_t *hash, const char *path)
{
	size_t len = strlen(path);
	char *copy = mem_new(len + 1);

	memcpy(copy, path, len);
	mix_directory(hash, dirname(copy));
	free(copy);
}

static uint64_t
fingerprint(const struct config *c)
{
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < c->site_count; i++)
		for (size_t k = 0; k < c->sites[i].certificate_count; k++) {
			mix_file(&hash, c->sites[i].certificates[k].chain);
			mix_file(&hash, c->sites[i].certificates[k].key);
		}
	for (size_t i = 0; i < c->authority_count; i++)
		mix_file(&hash, c->authorities[i]);
	for (size_t i = 0; i < c->root_count; i++)
		mix_directory(&hash, c->roots[i]);
	for (size_t i = 0; i < c->backends_count; i++)
		for (size_t k = 0; k < c->backends[i]->count; k++)
			if (c->backends[i]->at[k].unix_path != NULL)
				mix_socket(&hash, c->backends[i]->at[k].unix_path);
	return hash;
}

/* Opens both files; what does not open is -1. */
static struct err
open_files(const struct config *c, const struct site *site, const struct certificate *files,
	   int pair[2])
{
	const char *const paths[2] = {files->chain, files->key};
	struct err e = ERR_NONE;

	for (size_t i = 0; i < COUNT(paths) && !failed(e); i++)
		/* A self-signed one's are the server's own. */
		e = site->self_signed
			? bounded_open(paths[i], (struct bounds){.has = NULL}, &pair[i])
			: bounds_open(c, paths[i], &pair[i]);
	return e;
}

/* Reads both files and looks whether they belong together. */
static struct err
inspect(const struct certificate *files, const int pair[2], struct buf *chain,
	struct certificate_info *info)
{
	struct buf key = buf_with_cap(PEM_MAX);
	struct err e = err_in(fs_read_fd(pair[0], chain), "%s", files->chain);

	if (!failed(e))
		e = err_in(fs_read_fd(pair[1], &key), "%s", files->key);
	if (!failed(e) && buf_len(&key) == 0)
		e = err_new("%s: the key file is empty", files->key);
	if (!failed(e))
		e = err_in(certificate_inspect(buf_span(chain), buf_span(&key), info), "%s",
			   files->chain);
	buf_wipe(&key);
	return e;
}

static bool
names_fit(const struct site *site, struct span chain)
{
	for (size_t i = 0; i < site->name_count; i++)
		if (!certificate_has_name(chain, site->names[i]))
			return false;
	return true;
}

static void
close_pair(int pair[2])
{
	for (size_t i = 0; i < 2; i++)
		if (pair[i] >= 0)
			close(pair[i]);
}

/* Whether the self-signed one on disk will do: there, for these names, and fresh. */
static bool
self_signed_will_do(const struct config *c, const struct site *site)
{
	struct buf chain = buf_with_cap(PEM_MAX);
	struct certificate_info info;
	int pair[2] = {-1, -1};
	bool will_do = !failed(open_files(c, site, &site->certificates[0], pair)) &&
		       !failed(inspect(&site->certificates[0], pair, &chain, &info)) &&
		       days_left(&info) >= RENEW_DAYS && names_fit(site, buf_span(&chain));

	close_pair(pair);
	buf_free(&chain);
	return will_do;
}

static struct err
make_parent(const char *path)
{
	size_t len = strlen(path);
	char *copy = mem_new(len + 1);

	memcpy(copy, path, len);
	struct err e = fs_make_directory(dirname(copy), 0700);
	free(copy);
	return e;
}

static struct err
make_self_signed(const struct site *site)
{
	const struct certificate *files = &site->certificates[0];
	struct buf chain = buf_with_cap(PEM_MAX), key = buf_with_cap(PEM_MAX);

	struct err e = make_parent(files->chain);
	if (!failed(e))
		e = certificate_self_signed(site->names, site->name_count, SELF_SIGNED_DAYS, &chain,
					    &key);
	if (!failed(e))
		e = fs_write_path(files->key, buf_span(&key), 0600);
	if (!failed(e))
		e = fs_write_path(files->chain, buf_span(&chain), 0644);
	buf_free(&chain);
	buf_wipe(&key);
	if (!failed(e))
		log_info("site %s: a self-signed certificate was made, for %d days", site->names[0],
			 SELF_SIGNED_DAYS);
	return e;
}

static void
warn_about(const struct site *site, const char *path, struct span chain,
	   const struct certificate_info *info)
{
	int64_t days = days_left(info);

	if (days < 0)
		log_warn("site %s: %s has expired: renew it; the new file is used by itself",
			 site->names[0], path);
	else if (days < WARN_DAYS)
		log_warn("site %s: %s expires in %d days", site->names[0], path, (int)days);
	for (size_t i = 0; i < site->name_count; i++)
		if (!certificate_has_name(chain, site->names[i]))
			log_warn("site %s: %s is not for %s: browsers will refuse it there",
				 site->names[0], path, site->names[i]);
}

static struct err
open_pair(const struct config *c, const struct site *site, const struct certificate *files,
	  int pair[2])
{
	struct buf chain = buf_with_cap(PEM_MAX);
	struct certificate_info info;

	struct err e = open_files(c, site, files, pair);
	if (!failed(e))
		e = inspect(files, pair, &chain, &info);
	if (!failed(e))
		warn_about(site, files->chain, buf_span(&chain), &info);
	buf_free(&chain);
	return e;
}

/* What edge will do with them, for a fault that only shows then: two of one type, say. */
static struct err
try_pairs(const struct site *site, int (*pairs)[2])
{
	struct tls_library *lib = tls_library_new();
	struct tls_context *ctx = NULL;

	if (lib == NULL)
		return err_new("TLS cannot be set up");
	struct err e = site_context(lib, site, pairs, &ctx);
	tls_context_free(ctx);
	tls_library_free(lib);
	return e;
}

static struct err
open_site(struct provision *p, size_t i, bool only_look)
{
	const struct site *site = &p->config->sites[i];
	struct err e = ERR_NONE;

	if (site->self_signed && !self_signed_will_do(p->config, site)) {
		if (only_look)
			return ERR_NONE; /* it will be made */
		e = make_self_signed(site);
	}
	for (size_t k = 0; k < site->certificate_count && !failed(e); k++)
		e = open_pair(p->config, site, &site->certificates[k], p->pairs[i][k]);
	/* One alone was looked at already, and thousands of sites have one. */
	if (!failed(e) && site->certificate_count > 1)
		e = try_pairs(site, p->pairs[i]);
	return e;
}

static void
open_roots(struct provision *p)
{
	const struct config *c = p->config;

	for (size_t i = 0; i < c->root_count; i++) {
		struct err e = bounded_root(c->roots[i], bounds_of(c, c->roots[i]), &p->roots[i]);

		e = bounds_explain(e, c, c->roots[i]);
		if (failed(e))
			log_warn("%s: requests below it get 404 until it is there", e.text);
	}
}

static struct err
open_acme_root(struct provision *p, bool only_look)
{
	char *path = arena_printf(p->config->memory, "%s/acme-challenge", p->config->state_dir);

	if (only_look)
		return ERR_NONE;
	struct err e = fs_make_directory(path, 0755);
	return failed(e) ? e : fs_root_open(path, &p->acme_root);
}

/* Where control's socket will be: control begins after edge, and may be away at times. */
static struct err
make_control_directory(const struct config *c, bool only_look)
{
	if (c->control == NULL || only_look)
		return ERR_NONE;
	char *path = arena_copy(c->memory, span_str(c->control->to->at[0].unix_path));
	return fs_make_directory(dirname(path), 0755);
}

/* What edge will do with them, so that a file of other things is refused here. */
static struct err
try_authorities(const char *path, int fd)
{
	struct buf pem = buf_with_cap(TLS_AUTHORITIES_MAX);
	struct tls_library *lib = tls_library_new();
	struct tls_client *client = NULL;
	struct err e = lib != NULL ? err_in(fs_read_fd(fd, &pem), "%s", path)
				   : err_new("TLS cannot be set up");

	if (!failed(e))
		e = err_in(tls_client_new(lib,
					  &(struct tls_client_settings){
					      .authorities = buf_span(&pem), .name = "localhost"},
					  &client),
			   "%s", path);
	tls_client_free(client);
	tls_library_free(lib);
	buf_free(&pem);
	return e;
}

/* Which proxy's they are; the first of them that asks for them. */
static const struct proxy *
proxy_of(const struct config *c, size_t authority)
{
	for (size_t i = 0; i < c->proxy_count; i++)
		if ((c->proxies[i]->verify == VERIFY_SYSTEM ||
		     c->proxies[i]->verify == VERIFY_CA) &&
		    c->proxies[i]->ca_index == authority)
			return c->proxies[i];
	return NULL;
}

static struct err
open_authorities(struct provision *p)
{
	const struct config *c = p->config;
	struct err e = ERR_NONE;

	for (size_t i = 0; i < c->authority_count && !failed(e); i++) {
		const struct proxy *proxy = proxy_of(c, i);

		e = bounds_open(c, c->authorities[i], &p->authorities[i]);
		if (!failed(e))
			e = try_authorities(c->authorities[i], p->authorities[i]);
		if (failed(e) && proxy != NULL)
			e = err_in(e, "proxy of %s, `verify %s", proxy->to->name,
				   proxy->verify == VERIFY_SYSTEM
				       ? "system` (usually of the package ca-certificates)"
				       : "ca`");
	}
	return e;
}

static void
open_socket(struct provision *p, const struct backends *b, size_t member)
{
	const struct config *c = p->config;
	const char *path = b->at[member].unix_path;
	const struct bounds bounds = c->control != NULL && b == c->control->to
					 ? (struct bounds){.has = NULL} /* the server's own */
					 : bounds_of(c, path);
	struct err e = bounded_root_around(path, bounds, &p->sockets[b->index][member]);

	e = bounds_explain(e, c, path);
	if (failed(e))
		log_warn("%s: %s; tried again when it is there", b->name, e.text);
}

static void
open_sockets(struct provision *p, bool only_look)
{
	for (size_t i = 0; i < p->config->backends_count; i++) {
		const struct backends *b = p->config->backends[i];

		if (only_look && p->config->control != NULL && b == p->config->control->to)
			continue; /* its directory will be made */
		for (size_t k = 0; k < b->count; k++)
			if (b->at[k].unix_path != NULL)
				open_socket(p, b, k);
	}
}

/* The network of the VPN that has addresses in common with where a route leads; NULL: none has. */
static const struct network *
met_by(const struct vpn *vpn, const struct machine_route *r)
{
	if (r->to.bits == 0 || strncmp(r->device, DEVICE, strlen(DEVICE)) == 0)
		return NULL;
	if (config_networks_meet(&r->to, &vpn->network))
		return &vpn->network;
	return config_networks_meet(&r->to, &vpn->network6) ? &vpn->network6 : NULL;
}

static struct err
check_route(const struct vpn *vpn, const struct machine_route *r)
{
	char text[NETWORK_TEXT_MAX], to[NETWORK_TEXT_MAX];
	const struct network *net = met_by(vpn, r);

	if (net == NULL)
		return ERR_NONE;
	return err_new("vpn: network %s meets this machine's route to %s by %s: take another one, "
		       "such as `sallyport vpn network` prints",
		       network_text(net, text), network_text(&r->to, to), r->device);
}

/* What a route leads to would be lost to this machine, or the VPN's clients would. */
static struct err
check_network(const struct vpn *vpn)
{
	struct machine_route *routes;
	size_t count;

	if (vpn->network.base.family == 0)
		return ERR_NONE;
	struct err e = routes_list(NULL, &routes, &count);
	if (failed(e)) {
		log_warn("whether the VPN's network is free is not known: %s", e.text);
		return ERR_NONE;
	}
	for (size_t i = 0; i < count && !failed(e); i++)
		e = check_route(vpn, &routes[i]);
	free(routes);
	return e;
}

/* The rest of the server goes on without. */
static void
look_for_device(const struct vpn *vpn)
{
	struct err e = vpn->network.base.family != 0 ? tun_look() : ERR_NONE;

	if (failed(e))
		log_warn("there will be no VPN: %s", e.text);
}

static void
fill_none(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fds[i] = -1;
}

static struct provision *
provision_new(struct config *c, const char *file)
{
	struct provision *p = MEM_NEW(struct provision);

	p->config = c;
	p->file = mem_text(file);
	p->root = geteuid() == 0;
	p->acme_root = -1;
	p->roots = mem_new(c->root_count * sizeof *p->roots);
	fill_none(p->roots, c->root_count);
	p->pairs = mem_new(c->site_count * sizeof *p->pairs);
	for (size_t i = 0; i < c->site_count; i++) {
		p->pairs[i] = mem_new(c->sites[i].certificate_count * sizeof **p->pairs);
		fill_none(&p->pairs[i][0][0], 2 * c->sites[i].certificate_count);
	}
	p->authorities = mem_new(c->authority_count * sizeof *p->authorities);
	fill_none(p->authorities, c->authority_count);
	p->sockets = mem_new(c->backends_count * sizeof *p->sockets);
	for (size_t i = 0; i < c->backends_count; i++) {
		p->sockets[i] = mem_new(c->backends[i]->count * sizeof **p->sockets);
		fill_none(p->sockets[i], c->backends[i]->count);
	}
	return p;
}

/* `anew`: it was checked against this machine's routes before; one that came since is no reason to
 * keep an old certificate. */
static struct provision *
make(struct span text, const char *file, bool only_look, bool anew, struct buf *errors)
{
	struct config_defaults defaults = {.file = file, .root = geteuid() == 0};
	struct config *c = config_read(text, &defaults, errors);

	if (c == NULL)
		return NULL;
	struct provision *p = provision_new(c, file);
	struct err e = anew ? ERR_NONE : check_network(&c->vpn);
	if (!failed(e))
		e = open_acme_root(p, only_look);
	if (!failed(e) && only_look)
		look_for_device(&c->vpn);
	if (!failed(e))
		e = make_control_directory(c, only_look);
	for (size_t i = 0; i < c->site_count && !failed(e); i++)
		e = err_in(open_site(p, i, only_look), "site %s (line %u)", c->sites[i].names[0],
			   c->sites[i].line);
	if (!failed(e))
		e = open_authorities(p);
	if (failed(e)) {
		if (!buf_printf(errors, "%s: %s\n", file, e.text))
			log_error("%s", e.text);
		provision_free(p);
		return NULL;
	}
	open_roots(p);
	open_sockets(p, only_look);
	p->fingerprint = fingerprint(c);
	return p;
}

struct provision *
provision_make(struct span text, const char *file, bool only_look, struct buf *errors)
{
	return make(text, file, only_look, false, errors);
}

struct provision *
provision_load(const char *file, bool only_look, struct buf *errors)
{
	struct buf text = buf_with_cap(CONFIG_MAX);
	struct provision *p = NULL;
	struct err e = fs_read_path(file, &text);

	if (!failed(e))
		p = provision_make(buf_span(&text), file, only_look, errors);
	else if (!buf_printf(errors, "%s\n", e.text))
		log_error("%s", e.text);
	buf_free(&text);
	return p;
}

struct provision *
provision_again(const struct provision *p, struct buf *errors)
{
	return make(p->config->text, p->file, false, true, errors);
}

bool
provision_is_stale(const struct provision *p)
{
	if (fingerprint(p->config) != p->fingerprint)
		return true;
	for (size_t i = 0; i < p->config->site_count; i++)
		if (p->config->sites[i].self_signed &&
		    !self_signed_will_do(p->config, &p->config->sites[i]))
			return true;
	return false;
}

static void
close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(fds);
}

void
provision_free(struct provision *p)
{
	if (p == NULL)
		return;
	struct config *c = p->config;
	close_all(p->roots, c->root_count);
	close_all(p->authorities, c->authority_count);
	if (p->acme_root >= 0)
		close(p->acme_root);
	for (size_t i = 0; i < c->site_count; i++)
		close_all(&p->pairs[i][0][0], 2 * c->sites[i].certificate_count);
	for (size_t i = 0; i < c->backends_count; i++)
		close_all(p->sockets[i], c->backends[i]->count);
	free(p->pairs);
	free(p->sockets);
	free(p->file);
	config_free(c);
	free(p);
}
