/* What could be safer, each with what to do. Only what can be known for certain is said. */
#include <inttypes.h>
#include <string.h>

#include "api/operation.h"
#include "api/system.h"
#include "base/clock.h"
#include "store/device.h"
#include "store/token.h"

#define EXPIRES_SOON  (14 * DAY_MS)
#define PASSWORD_OLD  (365 * DAY_MS)
#define PEOPLE_LOOKED 200

enum severity { SEVERITY_NOTICE, SEVERITY_WARNING, SEVERITY_DANGER };
static const char *const severities[] = {"notice", "warning", "danger", NULL};

struct finding {
	const char *kind;
	int severity;
	const char *subject, *text, *remedy;
};

struct finding_list {
	struct finding *at;
	size_t count;
};

#define TEXT(member, words)                                                                        \
	{                                                                                          \
		.name = #member, .kind = SHAPE_TEXT, .offset = offsetof(struct finding, member),   \
		.doc = words                                                                       \
	}
static const struct shape_member finding_members[] = {
    TEXT(kind, "A word for programs."),
    {.name = "severity",
     .kind = SHAPE_CHOICE,
     .offset = offsetof(struct finding, severity),
     .choices = severities,
     .doc = "How much it matters."},
    TEXT(subject, "What it is about: a site, a user, a listener."),
    TEXT(text, "What is the matter."),
    TEXT(remedy, "What to do."),
};
static const struct shape shape_finding = {.name = "Finding",
					   .doc = "Something that could be safer.",
					   .size = sizeof(struct finding),
					   .members = finding_members,
					   .count = COUNT(finding_members)};
static const struct shape_member finding_list_members[] = {
    {.name = "items",
     .kind = SHAPE_LIST,
     .offset = offsetof(struct finding_list, at),
     .count = offsetof(struct finding_list, count),
     .of = &shape_finding,
     .doc = "All of them."},
};
static const struct shape shape_finding_list = {.name = "FindingList",
						.doc = "What could be safer.",
						.size = sizeof(struct finding_list),
						.members = finding_list_members,
						.count = COUNT(finding_list_members)};

static void
add(struct api_call *c, struct finding_list *to, struct finding f)
{
	*ARENA_PUSH(c->access->memory, to->at, to->count) = f;
}

static bool
is_everybody(const struct allow_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->networks[i].bits == 0)
			return true;
	return list->any;
}

static void
look_at_lists(struct api_call *c, struct finding_list *to)
{
	if (is_everybody(&c->api->config->admin.allow))
		add(c, to,
		    (struct finding){"console_open", SEVERITY_DANGER, "admin",
				     "The console answers the whole Internet.",
				     "Write \"allow loopback vpn\" in the admin block of the "
				     "configuration."});
}

static void
look_at_sites(struct api_call *c, struct finding_list *to)
{
	const struct config *config = c->api->config;

	for (size_t i = 0; i < config->site_count; i++) {
		const struct site *s = &config->sites[i];

		if (s->self_signed)
			add(c, to,
			    (struct finding){
				"self_signed", SEVERITY_WARNING, s->names[0],
				"Its certificate is signed by itself: browsers warn of "
				"it, and people learn to ignore warnings.",
				"Give the site a certificate that browsers know."});
		else if (s->hsts == 0)
			add(c, to,
			    (struct finding){"no_hsts", SEVERITY_NOTICE, s->names[0],
					     "Browsers may be led to it without TLS.",
					     "Take \"hsts off\" out of the site's block."});
	}
}

static void
look_at_proxies(struct api_call *c, struct finding_list *to)
{
	const struct config *config = c->api->config;

	for (size_t i = 0; i < config->proxy_count; i++) {
		const struct proxy *p = config->proxies[i];

		if (p->scheme == SCHEME_HTTPS && p->verify == VERIFY_OFF && p->to->count > 0)
			add(c, to,
			    (struct finding){
				"unverified", SEVERITY_WARNING, p->to->at[0].text,
				"Whoever answers there is believed to be the back end.",
				"Write \"verify ca FILE\" or \"verify pin\" in the "
				"proxy's block."});
	}
}

static const char *
expiry_text(const struct access *a, int64_t not_after)
{
	if (not_after <= a->now)
		return "Its certificate has expired.";
	return arena_printf(a->memory, "Its certificate expires in %" PRId64 " days.",
			    (int64_t)((not_after - a->now) / DAY_MS));
}

static void
look_at_site_certificate(struct api_call *c, const struct site_certificate *s,
			 struct finding_list *to)
{
	const struct access *a = c->access;
	const char *name = s->site != NULL ? s->site : "?";

	if (s->problem != NULL)
		add(c, to,
		    (struct finding){
			"certificate_unusable", SEVERITY_DANGER, name,
			arena_printf(a->memory, "Its certificate cannot be used: %s.", s->problem),
			"Put another one into its file, and reload."});
	else if (s->not_after > 0 && s->not_after - a->now < EXPIRES_SOON)
		add(c, to,
		    (struct finding){"certificate_expires",
				     s->not_after > a->now ? SEVERITY_WARNING : SEVERITY_DANGER,
				     name, expiry_text(a, s->not_after),
				     "Renew it, and reload the configuration."});
}

static void
look_at_certificates(struct api_call *c, struct finding_list *to)
{
	struct site_certificate_list sites = {NULL, 0};
	struct span json;

	if (refused(call_ask(c, CALL_CERTIFICATES, "", SPAN_NONE, &json)) ||
	    refused(shape_read(&shape_site_certificate_list, SHAPE_CREATE, json, c->access->memory,
			       &sites, NULL)))
		return;
	for (size_t i = 0; i < sites.count; i++)
		look_at_site_certificate(c, &sites.at[i], to);
}

static void
look_at_authority(struct api_call *c, struct finding_list *to)
{
	const struct access *a = c->access;
	struct certificate_row row;

	if (store_certificate_current(a->store, CERTIFICATE_CA, a->memory, &row) == STORE_DONE &&
	    row.not_after - a->now < PASSWORD_OLD)
		add(c, to,
		    (struct finding){
			"authority_expires", SEVERITY_WARNING, row.name,
			expiry_text(a, row.not_after),
			"Roll the CA over: profiles that are out stay good for as long "
			"as you say, and people fetch new ones meanwhile."});
}

static void
look_at_administrator(struct api_call *c, const struct user *u, struct finding_list *to)
{
	const struct access *a = c->access;
	struct user_secret secret;

	if (!u->enabled || (u->expires > 0 && u->expires <= a->now))
		return;
	if (!u->has_totp)
		add(c, to,
		    (struct finding){"no_totp", SEVERITY_WARNING, u->name,
				     "This administrator signs in with a password alone.",
				     "Let him set up one-time codes, or require them by policy."});
	if (store_user_secret(a->store, u->id, a->memory, &secret) == STORE_DONE &&
	    u->has_password && a->now - secret.password_changed > PASSWORD_OLD)
		add(c, to,
		    (struct finding){"old_password", SEVERITY_NOTICE, u->name,
				     "This administrator's password is more than a year old.",
				     "Let him choose another one."});
}

static void
look_at_administrators(struct api_call *c, struct finding_list *to)
{
	const struct page page = {.limit = PEOPLE_LOOKED};
	struct user_list users;

	if (store_users(c->access->store, &page, USER_ROLE_ADMIN, 0, c->access->memory, &users) !=
	    STORE_DONE)
		return;
	for (size_t i = 0; i < users.count; i++)
		look_at_administrator(c, &users.at[i], to);
}

static void
look_at_tokens(struct api_call *c, struct finding_list *to)
{
	const struct page page = {.limit = PEOPLE_LOOKED};
	struct token_list tokens;

	if (store_tokens(c->access->store, &page, 0, c->access->memory, &tokens) != STORE_DONE)
		return;
	for (size_t i = 0; i < tokens.count; i++)
		if (tokens.at[i].expires == 0)
			add(c, to,
			    (struct finding){"token_forever", SEVERITY_NOTICE, tokens.at[i].name,
					     "This API token never expires.",
					     "Make another one that does, and revoke this one."});
}

/* What is open to other machines and is none of ours. */
static bool
is_exposed(const struct listener *l)
{
	return !l->ours && l->address != NULL &&
	       (strcmp(l->address, "0.0.0.0") == 0 || strcmp(l->address, "::") == 0);
}

static void
look_at_listeners(struct api_call *c, struct finding_list *to)
{
	struct arena *memory = c->access->memory;
	struct listener_list list = {NULL, 0};
	struct span json;

	if (refused(call_ask(c, CALL_LISTENERS, "", SPAN_NONE, &json)) ||
	    refused(shape_read(&shape_listener_list, SHAPE_CREATE, json, memory, &list, NULL)))
		return;
	for (size_t i = 0; i < list.count; i++) {
		const struct listener *l = &list.at[i];

		if (is_exposed(l))
			add(c, to,
			    (struct finding){
				"exposed", SEVERITY_NOTICE,
				arena_printf(memory, "%s %s:%d",
					     l->protocol != NULL ? l->protocol : "", l->address,
					     (int)l->port),
				arena_printf(memory, "%s listens on all addresses of this machine.",
					     l->process != NULL ? l->process : "Some program"),
				"If only this machine needs it, let it listen on 127.0.0.1; or "
				"shut "
				"the port in the firewall."});
	}
}

static void (*const looks[])(struct api_call *c, struct finding_list *to) = {
    look_at_lists,     look_at_sites,          look_at_proxies, look_at_certificates,
    look_at_authority, look_at_administrators, look_at_tokens,  look_at_listeners,
};

static struct outcome
list(struct api_call *c)
{
	struct finding_list findings = {NULL, 0};

	for (size_t i = 0; i < COUNT(looks); i++)
		looks[i](c, &findings);
	return call_answer(c, &findings, 0, NULL);
}

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/findings",
     .id = "listFindings",
     .doc = "Lists what could be safer here, each with what to do.",
     .level = LEVEL_READ,
     .answer = &shape_finding_list,
     .run = list},
};

const struct operation_group operations_findings = {"Findings", operations, COUNT(operations)};
