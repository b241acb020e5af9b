/* Looks now and then at what goes wrong by itself, and raises alerts for those who want them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/alerts.h"
#include "access/audit.h"
#include "api/system.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/control_private.h"
#include "store/device.h"
#include "store/list_place.h"

#define WARN_MS    (14 * DAY_MS)
#define ANSWER_MAX (4 << 20)
#define KNOWN      "known_listeners" /* a setting: those that were seen before */
#define KNOWN_MAX  (64 << 10)

static const char *
listener_text(struct arena *memory, const struct listener *l)
{
	return arena_printf(memory, "%s/%s:%u/%s", l->protocol, l->address, (unsigned)l->port,
			    l->process != NULL ? l->process : "?");
}

/* Whether one of the lines of the text is this one. */
static bool
has_line(struct span text, struct span line)
{
	while (text.len > 0) {
		struct span one = span_head(text, span_find(text, '\n'));

		if (span_equal(one, line))
			return true;
		text = span_tail(text, one.len + 1);
	}
	return false;
}

/* What only this machine can reach, and what we open ourselves, is no news. */
static bool
is_news(const struct listener *l)
{
	struct address at;

	if (l->ours || !address_parse_ip(span_str(l->address), &at))
		return false;
	return !(at.family == 4 && at.ip[0] == 127) && strcmp(l->address, "::1") != 0;
}

/* Adds those that listen now to `all`. Whether one of them is not known; NULL: nothing is yet, so
 * that nothing is told of. */
static bool
look_for_news(struct access *a, const struct listener_list *list, const char *known,
	      struct buf *all)
{
	bool news = known == NULL;

	for (size_t i = 0; i < list->count; i++) {
		const char *text = listener_text(a->memory, &list->at[i]);
		struct span line = span_str(text);

		if (!is_news(&list->at[i]) || has_line(buf_span(all), line))
			continue;
		if (known != NULL && !has_line(span_str(known), line)) {
			alert_raise(a, ALERT_NEW_LISTENER, text,
				    "something listens here that did not before");
			news = true;
		}
		if (!buf_append(all, line) || !buf_byte(all, '\n'))
			break;
	}
	return news;
}

/* What listened before stays known, but not without end: some programs take another port each
 * time. */
static void
keep_known(struct access *a, const char *known, struct buf *all)
{
	struct span rest = known != NULL ? span_str(known) : SPAN_NONE, line;
	bool fits = true;

	for (; fits && rest.len > 0 && buf_len(all) < KNOWN_MAX;
	     rest = span_tail(rest, line.len + 1)) {
		line = span_head(rest, span_find(rest, '\n'));
		if (!has_line(buf_span(all), line))
			fits = buf_append(all, line) && buf_byte(all, '\n');
	}
	if (!fits || !buf_byte(all, '\0') ||
	    store_set_setting(a->store, KNOWN, (const char *)buf_span(all).p, -1) != STORE_DONE)
		log_warn("which listeners are known is not kept: %s", store_why(a->store));
}

static void
look_at_listeners(struct api *api)
{
	struct access *a = &api->access;
	struct buf answer = buf_with_cap(ANSWER_MAX), all = buf_with_cap(ANSWER_MAX);
	struct listener_list list = {NULL, 0};
	const char *known = NULL;

	if (!refused(api->host->ask(api->owner, CALL_LISTENERS, SPAN_NONE, SPAN_NONE, &answer)) &&
	    !refused(shape_read(&shape_listener_list, SHAPE_CREATE, buf_span(&answer), a->memory,
				&list, NULL)) &&
	    store_setting(a->store, KNOWN, a->memory, &known, NULL) == STORE_DONE &&
	    look_for_news(a, &list, known, &all))
		keep_known(a, known, &all);
	buf_free(&answer);
	buf_free(&all);
}

/* One that another took the place of is missed by nobody. */
static bool
is_replaced(struct access *a, const struct certificate_row *c)
{
	struct device d;

	if (c->kind != CERTIFICATE_DEVICE)
		return !c->current;
	return c->device != 0 && store_device(a->store, c->device, a->memory, &d) == STORE_DONE &&
	       d.certificate != c->id;
}

/* Those that expire next; what has expired already is not in the way of them. */
static void
look_at_our_certificates(struct access *a, enum certificate_kind kind)
{
	const struct list_place now = {.number = a->now, .id = INT64_MAX};
	const struct page page = {.after = list_place_write(&now, a->memory), .limit = 100};
	struct certificate_row_list list;

	if (store_certificates(a->store, &page, kind, a->memory, &list) != STORE_DONE)
		return;
	for (size_t i = 0; i < list.count; i++) {
		const struct certificate_row *c = &list.at[i];

		if (c->revoked == 0 && c->not_after - a->now < WARN_MS && !is_replaced(a, c))
			alert_raise(
			    a, ALERT_CERTIFICATE,
			    arena_printf(a->memory, "certificate %s (%s)", c->serial, c->name),
			    "expires within 14 days: renew it");
	}
}

static void
look_at_sites(struct api *api)
{
	struct access *a = &api->access;
	struct buf answer = buf_with_cap(ANSWER_MAX);
	struct site_certificate_list list = {NULL, 0};

	if (refused(api->host->ask(api->owner, CALL_CERTIFICATES, SPAN_NONE, SPAN_NONE, &answer)) ||
	    refused(shape_read(&shape_site_certificate_list, SHAPE_CREATE, buf_span(&answer),
			       a->memory, &list, NULL)))
		goto out;
	for (size_t i = 0; i < list.count; i++)
		if (list.at[i].not_after > 0 && list.at[i].not_after - a->now < WARN_MS)
			alert_raise(a, ALERT_CERTIFICATE,
				    arena_printf(a->memory, "site %s", list.at[i].site),
				    list.at[i].not_after < a->now
					? "its certificate has expired"
					: "its certificate expires within 14 days");
out:
	buf_free(&answer);
}

/* In an hour one rule raises so many alerts: what most depends on comes first. */
void
control_look(struct api *api)
{
	look_at_listeners(api);
	look_at_our_certificates(&api->access, CERTIFICATE_CA);
	look_at_our_certificates(&api->access, CERTIFICATE_SERVER);
	look_at_sites(api);
	look_at_our_certificates(&api->access, CERTIFICATE_DEVICE);
}
