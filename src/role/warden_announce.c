#include "role/warden_announce.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "os/fs.h"
#include "os/sandbox.h"
#include "tls/certificate.h"

#define PEM_MAX (1 << 20)

/* As a browser would be given it: the scheme's own port is left out. */
static void
say_url(const char *scheme, unsigned usual_port, const char *name, const struct endpoint *e)
{
	if (e->at.port == usual_port)
		log_info("  %s://%s/", scheme, name);
	else
		log_info("  %s://%s:%u/", scheme, name, e->at.port);
}

static void
say_site(const struct config *c, const struct site *site)
{
	if (c->listen_count > 0)
		say_url("https", 443, site->names[0], &c->listen[0]);
	if (site->plain_http && c->plain_listen_count > 0)
		say_url("http", 80, site->names[0], &c->plain_listen[0]);
}

static void
say_listener(const struct endpoint *e, const char *what)
{
	char text[ADDRESS_TEXT_MAX];

	if (e->any)
		log_info("listening on port %u, all addresses: %s", e->at.port, what);
	else
		log_info("listening on %s: %s", address_text(&e->at, text), what);
}

static void
say_vpn(const struct vpn *vpn)
{
	if (vpn->network.base.family == 0)
		return;
	for (size_t i = 0; i < vpn->listen_count; i++)
		say_listener(&vpn->listen[i], "the VPN, by UDP");
}

static void
say_door(const char *protocol, const struct door *door)
{
	if (door->kind == DOOR_INETD)
		log_info("  %s goes to %s, which sees the client's own address", protocol,
			 door->command[0]);
	else if (door->kind == DOOR_TUNNEL)
		log_info("  %s is the VPN's, whose clients alone see that there is one", protocol);
	else if (door->kind == DOOR_RELAY)
		log_info("  %s goes to %s", protocol, door->to->at[0].text);
}

static void
say_rules(const char *by, const struct pass_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		log_info("  TLS by %s %s goes to %s, untouched", by, rules[i].values[0],
			 rules[i].to->at[0].text);
}

static void
say_share(const struct share *s)
{
	say_door("OpenVPN", &s->openvpn);
	say_door("SSH", &s->ssh);
	say_door("plain HTTP", &s->http);
	say_door("plain HTTP/2", &s->http2);
	say_door("other TLS", &s->tls);
	say_door("anything else", &s->other);
	say_rules("name", s->sni, s->sni_count);
	say_rules("ALPN", s->alpn, s->alpn_count);
}

/* A login is as confined as we are: no sudo, no other user's files. */
static void
warn_of_confined_logins(const struct share *s)
{
	if (s->ssh.kind == DOOR_INETD && sandbox_is_confined())
		log_warn("`ssh inetd`: logins through this port are confined as this service is, "
			 "so sudo and the like will not work: install the drop-in that "
			 "sallyport(8) names under SSH");
}

void
announce(const struct config *c, bool root)
{
	for (size_t i = 0; i < c->listen_count; i++)
		say_listener(&c->listen[i], "HTTPS and all that shares its port");
	for (size_t i = 0; i < c->plain_listen_count; i++)
		say_listener(&c->plain_listen[i], "redirects to HTTPS");
	for (size_t i = 0; i < c->admin.listen_count; i++)
		say_listener(&c->admin.listen[i], "the console, the portal and their API");
	say_vpn(&c->vpn);
	for (size_t i = 0; i < c->site_count && !c->sites[i].implied; i++)
		say_site(c, &c->sites[i]);
	say_share(&c->share);
	if (root)
		warn_of_confined_logins(&c->share);
	else
		log_info(
		    "without root: no user and no root directory of its own for edge (seccomp "
		    "still holds), no ports below 1024, and `ssh inetd` serves this user alone");
}

/* Where the console is, as somebody at this machine would ask for it. */
static const char *
console_origin(const struct config *c, char *out, size_t size)
{
	const char *name = c->vpn.endpoint;
	unsigned port = 443;

	if (name == NULL)
		name = c->site_count > 0 && c->sites[0].name_count > 0 ? c->sites[0].names[0]
								       : "localhost";
	if (c->admin.listen_count > 0)
		port = c->admin.listen[0].at.port;
	else if (c->listen_count > 0)
		port = c->listen[0].at.port;
	snprintf(out, size, port == 443 ? "https://%s" : "https://%s:%u", name, port);
	return out;
}

static void
say_fingerprint(const struct config *c)
{
	struct buf chain = buf_with_cap(PEM_MAX);
	struct certificate_info info;

	if (c->site_count > 0 && c->sites[0].certificate_count > 0 &&
	    !failed(fs_read_path(c->sites[0].certificates[0].chain, &chain)) &&
	    !failed(certificate_inspect(buf_span(&chain), SPAN_NONE, &info)))
		log_info("  its certificate's SHA-256 is %s", info.sha256);
	buf_free(&chain);
}

/* As it has to be typed for this server. */
static void
say_command(const char *before, const char *file, const char *after)
{
	if (strcmp(file, CONFIG_DEFAULT_FILE) == 0)
		log_info("%s`sallyport setup-link`%s", before, after);
	else
		log_info("%s`sallyport -c %s setup-link`%s", before, file, after);
}

void
announce_setup(const struct config *c, const char *file, const char *token)
{
	char origin[512];

	if (token[0] == '\0') {
		say_command("nobody administers this server yet: run ", file, " on it");
		return;
	}
	log_info("nobody administers this server yet. Whoever opens this within 15 minutes can:");
	log_info("  %s/setup/%s", console_origin(c, origin, sizeof origin), token);
	say_fingerprint(c);
	say_command("for another link: ", file, "");
}
