/* What is alerted of, and how: kept as a setting, its secrets sealed beside it. */
#include <string.h>

#include "access/alert_send.h"
#include "access/change.h"
#include "base/encode.h"
#include "base/log.h"

#define SETTING     "alerts"
#define TEXT_MAX    (128 * 1024)
#define URL_MAX     500
#define MAIL_MAX    254 /* RFC 5321 §4.5.3.1.3, without the brackets */
#define MAIL_TO_MAX 20
#define SECRET_MIN  16
#define SECRET_MAX  500
#define PEM_MAX     (64 * 1024)
#define SEALED_MAX  2048

/* NULL-ended; those that are encrypted come first. */
static const char *const mail_schemes[] = {"smtps", "smtp", NULL};
static const char *const hook_schemes[] = {"https", "http", NULL};

static bool
has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK && text[0] != '\0';

	curl_free(text);
	return has;
}

static bool
has_scheme(CURLU *url, const char *const *schemes)
{
	char *scheme = NULL;
	bool has = false;

	if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
		return false;
	for (; *schemes != NULL && !has; schemes++)
		has = strcmp(scheme, *schemes) == 0;
	curl_free(scheme);
	return has;
}

static const char *
fault_of(CURLU *url, const char *text, const char *const *schemes)
{
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= 0x20 || *c >= 0x7F)
			return "is no URL: it has a space in it, or something else that has to be "
			       "written as %XX";
	if (url == NULL || curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK ||
	    !has_scheme(url, schemes))
		return schemes == mail_schemes ? "is no URL like smtps://mail.example.org or "
						 "smtp://mail.example.org:587"
					       : "is no URL like https://example.org/hook";
	if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
		return "must not have a user name or password in it";
	if (has_part(url, CURLUPART_FRAGMENT))
		return "must not have a # in it";
	return NULL;
}

static const char *
check_url(const char *text, const char *const *schemes)
{
	CURLU *url = curl_url();
	const char *fault = fault_of(url, text, schemes);

	curl_url_cleanup(url);
	return fault;
}

static const char *
check_smtp_url(const char *text)
{
	const char *host = strstr(text, "://");

	/* What stands there libcurl would say as our own name. */
	if (host != NULL && strpbrk(host + 3, "/?") != NULL)
		return "must end with the host, or its port";
	return check_url(text, mail_schemes);
}

static const char *
check_webhook_url(const char *text)
{
	return check_url(text, hook_schemes);
}

/* It becomes a part of SMTP commands and of a message's head. */
static const char *
check_mail(const char *text)
{
	const char *at = strchr(text, '@');

	if (at == NULL || at == text || at[1] == '\0' || strchr(at + 1, '@') != NULL)
		return "is no mail address";
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= 0x20 || *c >= 0x7F || strchr("<>()[],;:\\\"", *c) != NULL)
			return "is no mail address: write it plainly, alice@example.org";
	return NULL;
}

static const char *
check_pem(const char *text)
{
	return strstr(text, "-----BEGIN CERTIFICATE-----") != NULL
		   ? NULL
		   : "has no \"BEGIN CERTIFICATE\" in it: give certificates as PEM";
}

#define RULE(rule, text, about)                                                                    \
	[rule] = {.name = (text),                                                                  \
		  .kind = SHAPE_BOOL,                                                              \
		  .offset =                                                                        \
		      (rule) * sizeof(struct alert_switch) + offsetof(struct alert_switch, on),    \
		  .doc = (about)}

static const struct shape_member rule_members[ALERT_RULES] = {
    RULE(ALERT_ADMIN_NEW_NETWORK, "admin_new_network",
	 "An administrator signed in from a network he never did before."),
    RULE(ALERT_CONSOLE_REFUSED, "console_refused",
	 "The console was asked for from outside of what `allow` names."),
    RULE(ALERT_FAILURES, "failures", "So many sign-ins failed that somebody was banned."),
    RULE(ALERT_NEW_LISTENER, "new_listener",
	 "Something listens on this machine that did not before."),
    RULE(ALERT_CERTIFICATE, "certificate", "A certificate expires within 14 days."),
    RULE(ALERT_AUDIT_BROKEN, "audit_broken", "The audit log was changed or cut."),
    RULE(ALERT_TEST, "test", "Somebody asked for a test; it is sent in any case."),
};
static const struct shape shape_alert_rules = {
    .name = "AlertRules",
    .doc = "Of what to alert.",
    .size = sizeof(struct alert_switch[ALERT_RULES]),
    .members = rule_members,
    .count = COUNT(rule_members),
};

const char *
alert_rule_name(enum alert_rule rule)
{
	return rule_members[rule].name;
}

static const struct shape_member settings_members[] = {
    {.name = "rules",
     .kind = SHAPE_OBJECT,
     .offset = offsetof(struct alert_settings, rules),
     .of = &shape_alert_rules,
     .doc = "Of what to alert."},
    {.name = "smtp_url",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct alert_settings, smtp_url),
     .min = 1,
     .max = URL_MAX,
     .check = check_smtp_url,
     .format = "uri",
     .doc = "The mail server: smtps://HOST, or smtp://HOST:587 with STARTTLS; null: no mail."},
    {.name = "smtp_user",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct alert_settings, smtp_user),
     .max = SECRET_MAX,
     .check = shape_check_line,
     .doc = "Whom the mail server knows us as."},
    {.name = "smtp_password",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL | SHAPE_WRITE_ONLY | SHAPE_WIPED,
     .offset = offsetof(struct alert_settings, smtp_password),
     .max = SECRET_MAX,
     .check = shape_check_line,
     .doc = "With what password; never shown."},
    {.name = "mail_from",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct alert_settings, mail_from),
     .max = MAIL_MAX,
     .check = check_mail,
     .format = "email",
     .doc = "Who mails are from."},
    {.name = "mail_to",
     .kind = SHAPE_TEXTS,
     .offset = offsetof(struct alert_settings, mail_to),
     .max = MAIL_TO_MAX,
     .check = check_mail,
     .format = "email",
     .doc = "Who gets them."},
    {.name = "webhook_url",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL | SHAPE_WIPED, /* many are secrets by themselves */
     .offset = offsetof(struct alert_settings, webhook_url),
     .min = 1,
     .max = URL_MAX,
     .check = check_webhook_url,
     .format = "uri",
     .doc = "Where alerts are posted as JSON; null: nowhere."},
    {.name = "webhook_secret",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL | SHAPE_WRITE_ONLY | SHAPE_WIPED,
     .offset = offsetof(struct alert_settings, webhook_secret),
     .min = SECRET_MIN,
     .max = SECRET_MAX,
     .doc = "By which X-Sallyport-Signature is made, the HMAC-SHA256 of the body; never shown."},
    {.name = "webhook_internal",
     .kind = SHAPE_BOOL,
     .offset = offsetof(struct alert_settings, webhook_internal),
     .doc = "Whether the webhook may lead to this machine or its networks, and by http."},
    {.name = "authorities",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct alert_settings, authorities),
     .max = PEM_MAX,
     .check = check_pem,
     .doc = "PEM certificates by which both servers are verified; null: the system's."},
    /* From here on, what is only shown. */
    {.name = "has_smtp_password",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct alert_shown, has_smtp_password),
     .doc = "Whether there is a password for the mail server."},
    {.name = "has_webhook_secret",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct alert_shown, has_webhook_secret),
     .doc = "Whether there is a secret that signs what the webhook gets."},
};
#define SHOWN_ALONE 2
const struct shape shape_alert_settings = {
    .name = "AlertSettings",
    .doc = "What administrators are alerted of, and how. The journal always has it.",
    .size = sizeof(struct alert_settings),
    .members = settings_members,
    .count = COUNT(settings_members) - SHOWN_ALONE,
};
_Static_assert(offsetof(struct alert_shown, settings) == 0, "both shapes have the same members");
const struct shape shape_alert_shown = {
    .name = "AlertSettingsShown",
    .doc = "What administrators are alerted of, and how; of its secrets, whether they are set.",
    .size = sizeof(struct alert_shown),
    .members = settings_members,
    .count = COUNT(settings_members),
};

struct alert_shown
alerts_shown(const struct alert_settings *s)
{
	return (struct alert_shown){
	    .settings = *s,
	    .has_smtp_password = s->smtp_password != NULL,
	    .has_webhook_secret = s->webhook_secret != NULL,
	};
}

/* The secrets, each in a setting of its own. */
static const struct secret {
	const char *setting;
	size_t offset;
} secrets[] = {
    {"alerts.smtp_password", offsetof(struct alert_settings, smtp_password)},
    {"alerts.webhook_secret", offsetof(struct alert_settings, webhook_secret)},
};

static const char **
secret_at(struct alert_settings *s, const struct secret *which)
{
	return (const char **)(void *)((char *)s + which->offset);
}

static struct outcome
broken(const char *what)
{
	log_error("%s in the database cannot be read: was the key file replaced?", what);
	return outcome_new(OUTCOME_DOWN, "the alert settings in the database cannot be read");
}

static struct outcome
open_secret(struct access *a, const struct secret *which, const char **out)
{
	struct buf sealed = buf_with_cap(SEALED_MAX), text = buf_with_cap(SEALED_MAX);
	struct outcome o = OUTCOME_OK;
	const char *value = NULL;
	int64_t version;
	enum store_result r = store_setting(a->store, which->setting, a->memory, &value, &version);

	*out = NULL;
	if (r != STORE_DONE)
		return access_stored(a, r, "alert settings");
	if (value == NULL)
		return OUTCOME_OK;
	if (base64_read(span_str(value), &sealed) &&
	    vault_unseal(a->vault, which->setting, buf_span(&sealed), &text)) {
		char *copy = arena_copy(a->memory, buf_span(&text));

		arena_wipes(a->memory, copy);
		*out = copy;
	} else {
		o = broken(which->setting);
	}
	buf_free(&sealed);
	buf_wipe(&text);
	return o;
}

static struct outcome
store_secret(struct access *a, const struct secret *which, const char *text)
{
	struct buf sealed = buf_with_cap(SEALED_MAX), value = buf_with_cap(SEALED_MAX);
	struct outcome o = outcome_new(OUTCOME_DOWN, "the secret cannot be sealed");

	if (text == NULL)
		o = access_stored(a, store_set_setting(a->store, which->setting, NULL, -1),
				  "alert settings");
	else if (vault_seal(a->vault, which->setting, span_str(text), &sealed) &&
		 base64_put(&value, buf_span(&sealed), 0))
		o = access_stored(a,
				  store_set_setting(a->store, which->setting,
						    arena_copy(a->memory, buf_span(&value)), -1),
				  "alert settings");
	buf_free(&sealed);
	buf_free(&value);
	return o;
}

struct outcome
alerts_settings(struct access *a, struct alert_settings *out, int64_t *version)
{
	const char *text = NULL;
	enum store_result r = store_setting(a->store, SETTING, a->memory, &text, version);

	*out = (struct alert_settings){0};
	if (r != STORE_DONE)
		return access_stored(a, r, "alert settings");
	if (text == NULL) {
		for (size_t i = 0; i < ALERT_RULES; i++)
			out->rules[i].on = true;
		return OUTCOME_OK;
	}
	if (refused(shape_read(&shape_alert_settings, SHAPE_CREATE, span_str(text), a->memory, out,
			       NULL)))
		return broken("\"" SETTING "\"");
	for (size_t i = 0; i < COUNT(secrets); i++) {
		struct outcome o = open_secret(a, &secrets[i], secret_at(out, &secrets[i]));

		if (refused(o))
			return o;
	}
	return OUTCOME_OK;
}

/* What must go together. */
static struct outcome
check_settings(const struct alert_settings *s)
{
	bool to = s->mail_to != NULL && s->mail_to[0] != NULL;

	if (to && s->smtp_url == NULL)
		return outcome_field(OUTCOME_INVALID, "smtp_url",
				     "smtp_url is missing: name the mail server, or nobody in "
				     "mail_to");
	if (s->smtp_url != NULL && !to)
		return outcome_field(OUTCOME_INVALID, "mail_to",
				     "mail_to is empty: say who gets the mail");
	if (s->smtp_url != NULL && s->mail_from == NULL)
		return outcome_field(OUTCOME_INVALID, "mail_from",
				     "mail_from is missing: say who mails are from");
	if ((s->smtp_user == NULL) != (s->smtp_password == NULL))
		return outcome_field(OUTCOME_INVALID, "smtp_password",
				     "smtp_user and smtp_password go together: give both, or "
				     "neither");
	if (s->webhook_url != NULL && !s->webhook_internal &&
	    strncasecmp(s->webhook_url, "https:", strlen("https:")) != 0)
		return outcome_field(OUTCOME_INVALID, "webhook_url",
				     "webhook_url has to be https: anybody on the way could read "
				     "or forge alerts");
	return OUTCOME_OK;
}

static struct outcome
store_settings(struct access *a, const struct alert_settings *s, int64_t version)
{
	struct outcome o = outcome_new(OUTCOME_TOO_LARGE, "the alert settings are too large");
	struct buf json = buf_with_cap(TEXT_MAX);
	struct alert_settings copy = *s;

	if (shape_write(&shape_alert_settings, s, &json))
		o = access_stored(a,
				  store_set_setting(a->store, SETTING,
						    arena_copy(a->memory, buf_span(&json)),
						    version),
				  "alert settings");
	for (size_t i = 0; !refused(o) && i < COUNT(secrets); i++)
		o = store_secret(a, &secrets[i], *secret_at(&copy, &secrets[i]));
	buf_free(&json);
	return o;
}

struct outcome
alerts_set(struct access *a, const struct actor *who, const struct alert_settings *s,
	   int64_t version)
{
	struct alert_settings before;
	struct outcome o;
	int64_t now;

	if (who->level < LEVEL_ADMIN)
		return outcome_new(OUTCOME_FORBIDDEN, "only administrators may set alerts");
	if (refused(o = check_settings(s)) || refused(o = change_begin(a)))
		return o;
	if (!refused(o = alerts_settings(a, &before, &now)))
		o = store_settings(a, s, version);
	return change_end(a, who, o,
			  &(struct change){.action = "alerts.change",
					   .object = "alerts",
					   .shape = &shape_alert_settings,
					   .before = &before,
					   .after = s,
					   .event = EVENT_SETTINGS});
}
