/* What warden sees of the machine, for control: who listens, and the sites' certificates. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/system.h"
#include "base/mem.h"
#include "os/fs.h"
#include "os/listening.h"
#include "role/warden_bounds.h"
#include "role/warden_private.h"
#include "tls/certificate.h"

#define PEM_MAX      (1 << 20)
#define DNS_NAME_MAX 255

static bool
is_at(const struct endpoint *e, const struct listening *l)
{
	return e->at.port == l->at.port && (e->any || address_equal(&e->at, &l->at));
}

static bool
is_among(const struct endpoint *list, size_t count, const struct listening *l)
{
	for (size_t i = 0; i < count; i++)
		if (is_at(&list[i], l))
			return true;
	return false;
}

/* Why one of ours listens; NULL: it is not ours. */
static const char *
our_reason(const struct config *c, const struct listening *l)
{
	if (l->udp)
		return is_among(c->vpn.listen, c->vpn.listen_count, l) ? "the VPN" : NULL;
	if (is_among(c->listen, c->listen_count, l))
		return "HTTPS and all that shares its port";
	if (is_among(c->plain_listen, c->plain_listen_count, l))
		return "redirects to HTTPS, and ACME";
	if (is_among(c->admin.listen, c->admin.listen_count, l))
		return "console, portal and API";
	return NULL;
}

static bool
leads_to(const struct backend *b, const struct listening *l)
{
	struct address at;

	if (l->udp || b->host == NULL || b->port != l->at.port)
		return false;
	if (strcmp(b->host, "localhost") == 0)
		return true;
	return address_parse_ip(span_str(b->host), &at) &&
	       (at.family != 4 || at.ip[0] == 127 || memcmp(at.ip, l->at.ip, 4) == 0);
}

/* A server behind us. */
static const char *
backend_reason(struct arena *memory, const struct config *c, const struct listening *l)
{
	for (size_t i = 0; i < c->backends_count; i++)
		for (size_t k = 0; k < c->backends[i]->count; k++)
			if (leads_to(&c->backends[i]->at[k], l))
				return arena_printf(memory, "behind this server: %s",
						    c->backends[i]->name);
	return NULL;
}

static void
describe(struct arena *memory, const struct warden *w, const struct listening *l,
	 struct listener *out)
{
	const struct config *c = w->running->config;
	const char *ours = our_reason(c, l);
	char text[ADDRESS_TEXT_MAX];

	*out = (struct listener){
	    .protocol = l->udp ? "udp" : "tcp",
	    .address = arena_copy(memory, span_str(address_ip_text(&l->at, text))),
	    .port = l->at.port,
	    .process = l->process[0] != '\0' ? l->process : NULL,
	    .unit = l->unit[0] != '\0' ? l->unit : NULL,
	    .pid = l->pid,
	    .ours = ours != NULL && (l->pid == 0 || l->pid == getpid() || l->pid == w->edge.pid ||
				     (l->pid != 0 && l->pid == w->tunnel.pid)),
	};
	out->reason = out->ours ? ours : backend_reason(memory, c, l);
}

bool
machine_put_listeners(const struct warden *w, struct buf *out)
{
	struct arena *memory = arena_new();
	struct listener_list list = {NULL, 0};
	struct listening *all = listening_all(&list.count);

	list.at = arena_get(memory, list.count * sizeof *list.at);
	for (size_t i = 0; i < list.count; i++)
		describe(memory, w, &all[i], &list.at[i]);
	bool fits = shape_write(&shape_listener_list, &list, out);
	arena_free(memory);
	free(all);
	return fits;
}

static struct err
read_chain(const struct config *c, const struct site *site, const char *path, struct buf *out)
{
	int fd = -1;
	/* A self-signed one's is the server's own. */
	struct err e = site->self_signed ? fs_read_path(path, out) : bounds_open(c, path, &fd);

	if (fd >= 0) {
		e = err_in(fs_read_fd(fd, out), "%s", path);
		close(fd);
	}
	return e;
}

static void
describe_certificate(struct arena *memory, const struct config *c, const struct site *site,
		     const struct certificate *files, struct site_certificate *out)
{
	struct buf chain = buf_with_cap(PEM_MAX);
	struct certificate_info info = {0};
	struct err e = read_chain(c, site, files->chain, &chain);

	*out = (struct site_certificate){.site = site->name_count > 0 ? site->names[0] : NULL,
					 .chain = files->chain};
	const char **names = arena_get(memory, (site->name_count + 1) * sizeof *names);
	for (size_t i = 0; i < site->name_count; i++)
		names[i] = site->names[i];
	out->names = names;
	if (!failed(e))
		e = certificate_inspect(buf_span(&chain), SPAN_NONE, &info);
	if (failed(e)) {
		out->problem = arena_copy(memory, span_str(e.text));
	} else {
		out->not_before = info.not_before * 1000;
		out->not_after = info.not_after * 1000;
		out->key_type = arena_copy(memory, span_str(info.key_type));
		out->sha256 = arena_copy(memory, span_str(info.sha256));
		out->self_signed = info.self_signed;
	}
	buf_free(&chain);
}

bool
machine_put_certificates(const struct warden *w, struct buf *out)
{
	const struct config *c = w->running->config;
	struct arena *memory = arena_new();
	struct site_certificate_list list = {NULL, 0};

	for (size_t i = 0; i < c->site_count; i++)
		for (size_t k = 0; k < c->sites[i].certificate_count; k++)
			describe_certificate(memory, c, &c->sites[i], &c->sites[i].certificates[k],
					     ARENA_PUSH(memory, list.at, list.count));
	bool fits = shape_write(&shape_site_certificate_list, &list, out);
	arena_free(memory);
	return fits;
}

static bool
is_trusted(const struct config *c, const struct certificate *files, const char *host)
{
	struct buf chain = buf_with_cap(PEM_MAX);
	int fd = -1;
	bool trusted = !failed(bounds_open(c, files->chain, &fd)) &&
		       !failed(fs_read_fd(fd, &chain)) &&
		       certificate_is_trusted(buf_span(&chain), host);

	if (fd >= 0)
		close(fd);
	buf_free(&chain);
	return trusted;
}

bool
machine_trusts(const struct warden *w, struct span host)
{
	const struct config *c = w->running->config;
	const struct site *site = config_site(c, host);
	char name[DNS_NAME_MAX + 1] = "";

	if (site == NULL || site->self_signed || host.len >= sizeof name)
		return false;
	span_put((uint8_t *)name, host);
	for (size_t i = 0; i < site->certificate_count; i++)
		if (!is_trusted(c, &site->certificates[i], name))
			return false;
	return site->certificate_count > 0;
}
