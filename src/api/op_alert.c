/* What administrators want to be told of, and what they were told. */
#include "access/alerts.h"
#include "api/op.h"
#include "base/text.h"

static struct outcome
show_alerts(struct api_call *c)
{
	struct alert_settings settings;
	struct alert_shown shown;
	int64_t version;
	struct outcome o;

	if (refused(o = alerts_settings(c->access, &settings, &version)))
		return o;
	shown = alerts_shown(&settings);
	return call_answer(c, &shown, op_setting_tag(version), NULL);
}

/*
 * A secret that is not given stays, but for another place: what it is for could otherwise be
 * pointed at somebody who is to learn it.
 */
static struct outcome
keep_secret(uint64_t given, const char *member, const char *old, bool same_place, const char **now)
{
	if (old == NULL || op_given(&shape_alert_settings, given, member))
		return OUTCOME_OK;
	if (!same_place)
		return outcome_field(OUTCOME_INVALID, member,
				     "give it again, or null: it was for another server");
	*now = old;
	return OUTCOME_OK;
}

static struct outcome
set_alerts(struct api_call *c)
{
	struct alert_settings before, after = {0};
	uint64_t given;
	int64_t version;
	struct outcome o;

	if (refused(o = alerts_settings(c->access, &before, &version)) ||
	    refused(o = call_match(c, op_setting_tag(version))) ||
	    refused(o = call_body(c, &after, &given)) ||
	    refused(o = keep_secret(given, "smtp_password", before.smtp_password,
				    text_equal(before.smtp_url, after.smtp_url),
				    &after.smtp_password)) ||
	    refused(o = keep_secret(given, "webhook_secret", before.webhook_secret,
				    text_equal(before.webhook_url, after.webhook_url),
				    &after.webhook_secret)) ||
	    refused(o = alerts_set(c->access, &c->actor, &after, version)))
		return o;
	return show_alerts(c);
}

static struct outcome
test_alerts(struct api_call *c)
{
	alert_raise(
	    c->access, ALERT_TEST, "A test, to see that alerts arrive",
	    arena_printf(c->access->memory, "Asked for by %s.", actor_text(c->access, &c->actor)));
	return call_answer_none(c);
}

static struct outcome
list_notices(struct api_call *c)
{
	struct notice_list notices;
	struct page page;
	struct outcome o;

	if (refused(o = call_page(c, &page)) ||
	    refused(
		o = access_stored(c->access,
				  store_notices(c->access->store, &page, op_query_yes(c, "waiting"),
						c->access->memory, &notices),
				  "notices")))
		return o;
	return call_answer_list(c, notices.at, notices.count, sizeof *notices.at, notices.next);
}

static const char *const sorts[] = {"created", "rule", "subject", "channel", NULL};
static const struct parameter narrowed[] = {
    OP_SORT(sorts),
    {"waiting", "boolean", "Only those that are still to be delivered.", NULL},
};

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/alerts",
     .id = "getAlerts",
     .doc = "Shows what is alerted of, and how. Of secrets it is shown "
	    "only whether there are any.",
     .level = LEVEL_READ,
     .answer = &shape_alert_shown,
     .run = show_alerts},
    {.method = METHOD_PUT,
     .path = "/alerts",
     .id = "setAlerts",
     .doc = "Sets what is alerted of, and how. What is not given is off, but that secrets stay "
	    "as they were while the server that they are for is the same.",
     .level = LEVEL_ADMIN,
     .flags = OP_CHANGES | OP_LARGE,
     .body = &shape_alert_settings,
     .use = SHAPE_CHANGE,
     .answer = &shape_alert_shown,
     .run = set_alerts},
    {.method = METHOD_POST,
     .path = "/alerts/test",
     .id = "testAlerts",
     .doc = "Sends a message by every way that is set up. What became of it is in the notices.",
     .level = LEVEL_ADMIN,
     .run = test_alerts},
    {.method = METHOD_GET,
     .path = "/notices",
     .id = "listNotices",
     .doc = "Lists messages that were sent or wait to be, the newest first unless sorted.",
     .level = LEVEL_READ,
     .flags = OP_LIST,
     .answer = &shape_notice,
     .query = narrowed,
     .query_count = COUNT(narrowed),
     .run = list_notices},
};

const struct operation_group operations_alerts = {"Alerts", operations, COUNT(operations)};
