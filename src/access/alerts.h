/* What an administrator wants to be told of, and how: rules that make notices, and their delivery.
 */
#ifndef ACCESS_ALERTS_H
#define ACCESS_ALERTS_H

#include "access/access.h"
#include "store/audit.h"
#include "json/shape.h"

enum alert_rule {
	ALERT_ADMIN_NEW_NETWORK, /* an administrator signed in from a network he never did before */
	ALERT_CONSOLE_REFUSED,   /* the console was asked for from outside `allow` */
	ALERT_FAILURES,          /* a burst of failed sign-ins: somebody was banned */
	ALERT_NEW_LISTENER,      /* something listens on this machine that did not before */
	ALERT_CERTIFICATE,       /* one expires within 14 days */
	ALERT_AUDIT_BROKEN,      /* the audit log's chain does not hold */
	ALERT_TEST,              /* asked for, to see that it arrives */
	ALERT_RULES
};
const char *alert_rule_name(enum alert_rule rule); /* "admin_new_network" */

struct alert_settings {
	struct alert_switch {
		bool on;
	} rules[ALERT_RULES];
	const char *smtp_url;                  /* "smtps://mail.example.org:465"; NULL: no mail */
	const char *smtp_user, *smtp_password; /* the password is sealed in the store */
	const char *mail_from;
	const char **mail_to;
	const char *webhook_url;    /* https; NULL: none */
	const char *webhook_secret; /* signs the body: X-Sallyport-Signature; sealed */
	bool webhook_internal;      /* it may lead to this machine or its networks, and by http */
	const char *authorities; /* PEM: whom to believe about both servers; NULL: the system's */
};
extern const struct shape shape_alert_settings, shape_notice;

/* The same as an answer: of its secrets, whether there are any. */
struct alert_shown {
	struct alert_settings settings;
	bool has_smtp_password, has_webhook_secret;
};
extern const struct shape shape_alert_shown;
struct alert_shown alerts_shown(const struct alert_settings *s);

/* Once, before there is another thread: libcurl wants it so. */
MUST_CHECK struct err alerts_begin(void);

MUST_CHECK struct outcome alerts_settings(struct access *a, struct alert_settings *out,
					  int64_t *version);
MUST_CHECK struct outcome alerts_set(struct access *a, const struct actor *who,
				     const struct alert_settings *s, int64_t version);

/* Makes a notice for each channel, if the rule is on; the same subject at most once an hour, and
 * of one rule at most 20 subjects. Until settings are made, all rules are on, for the journal. */
void alert_raise(struct access *a, enum alert_rule rule, const char *subject, const char *detail);

/* Delivers one notice: ERR_NONE when it was taken. Blocks for at most 30 s. */
MUST_CHECK struct err alert_deliver(const struct alert_settings *s, const struct notice *n);

/* Delivers what is due; returns ms until there is something to do again. Call from a thread that
 * has nothing else to do. Tries again after 1, 5, 30 min, 2, 6, 24 h, then gives up. */
uint64_t alerts_work(struct access *a);

#endif
