/* What the VPN engine tells of clients: who was not answered and why, and who is gone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/change.h"
#include "access/guard.h"
#include "access/proof.h"
#include "access/vpn.h"
#include "base/clock.h"
#include "store/device.h"

#define TEXT_MAX       200              /* of a reason */
#define CLOCK_SKEW_MIN (10 * SECOND_MS) /* no less can be set: the clock is not the cause */

/* Whose device it is, as far as is known. */
struct owner {
	struct device device;
	struct user user;
};

static struct outcome
find_owner(struct access *a, int64_t device, struct owner *out)
{
	enum store_result r = store_device(a->store, device, a->memory, &out->device);

	if (r == STORE_DONE)
		r = store_user(a->store, out->device.user, a->memory, &out->user);
	if (r == STORE_NONE)
		*out = (struct owner){.device = {.id = 0}};
	return r == STORE_NONE ? OUTCOME_OK : access_stored(a, r, "device");
}

/* "3 hours", either way: exact enough to find the cause. */
static const char *
about(struct access *a, int64_t ms)
{
	static const struct unit {
		uint64_t ms;
		const char *name;
	} units[] = {{DAY_MS, "days"}, {HOUR_MS, "hours"}, {MINUTE_MS, "minutes"}};
	uint64_t far = ms >= 0 ? (uint64_t)ms : -(uint64_t)ms;

	for (size_t i = 0; i < COUNT(units); i++)
		if (far >= 2 * units[i].ms)
			return arena_printf(a->memory, "%" PRIu64 " %s", far / units[i].ms,
					    units[i].name);
	return arena_printf(a->memory, "%" PRIu64 " second%s", far / 1000,
			    far / 1000 == 1 ? "" : "s");
}

static const char *
stale_reason(struct access *a, const struct admission_note *n)
{
	if (n->clock_ms >= 0)
		return arena_printf(a->memory,
				    "The device's clock is %s behind this server's, or its first "
				    "packet was kept that long: it was not answered",
				    about(a, n->clock_ms));
	return arena_printf(a->memory,
			    "The device's clock is %s ahead of this server's: it was not answered",
			    about(a, n->clock_ms));
}

static const char *
replayed_reason(struct access *a, const struct admission_note *n)
{
	return arena_printf(a->memory,
			    "The device's first packet came a second time, %s %s by the device's "
			    "clock, as when somebody has recorded it: it was not answered",
			    about(a, n->clock_ms),
			    n->clock_ms >= 0 ? "after it was made" : "before it was made");
}

static const char *
told_reason(struct access *a, const struct admission_note *n)
{
	return n->text != NULL ? access_plain(a, n->text, TEXT_MAX) : "It was refused";
}

static const char *
early_reason(struct access *a, const struct admission_note *n)
{
	(void)a;
	(void)n;
	return "The device's first packet was made before the VPN engine was started, or in the "
	       "same second: it was not answered";
}

static const struct refused_kind {
	const char *what;
	const char *(*reason)(struct access *a, const struct admission_note *n);
	const char *remedy;
} refused_kinds[] = {
    {"stale", stale_reason,
     "set the clocks of device and server, or raise clock_skew in the vpn block of the "
     "configuration"},
    {"replayed", replayed_reason,
     "nothing need be done unless it is the device itself: then "
     "look for what sends its packets twice"},
    {"refused", told_reason, NULL},
};

/* What was seen before a start is forgotten: so what is older is refused, whatever its clock. */
static const struct refused_kind early = {"stale", early_reason,
					  "nothing need be done: the device tries again by itself"};

static bool
is_early(const struct admission_note *n)
{
	return strcmp(n->what, "stale") == 0 && n->clock_ms > -CLOCK_SKEW_MIN &&
	       n->clock_ms < CLOCK_SKEW_MIN;
}

static struct outcome
note_refused(struct access *a, const struct admission_note *n, const struct refused_kind *kind)
{
	struct owner of = {.device = {.id = 0}};
	struct outcome o = find_owner(a, n->device, &of);

	if (refused(o))
		return o;
	struct refusal r = {
	    .where = "vpn",
	    .user = of.user.name,
	    .device = of.device.name,
	    .address =
		n->from != NULL && n->from[0] != '\0' ? access_plain(a, n->from, TEXT_MAX) : NULL,
	    .reason = kind->reason(a, n),
	    .remedy = kind->remedy,
	};
	refusal_note(a, &r);
	return OUTCOME_OK;
}

static const char *
ended_note(struct access *a, const struct admission_note *n)
{
	const char *why = proof_note(a, "reason", access_plain(a, n->text, TEXT_MAX), NULL, NULL);
	size_t len = strlen(why);

	/* Into its object: "{}" and "{"reason":...}" both end with the brace. */
	return arena_printf(
	    a->memory,
	    "%.*s%s\"bytes_in\":%" PRId64 ",\"bytes_out\":%" PRId64 ",\"seconds\":%" PRId64 "}",
	    (int)len - 1, why, len > 2 ? "," : "", n->bytes_in, n->bytes_out, n->seconds);
}

static struct outcome
note_ended(struct access *a, const struct admission_note *n)
{
	struct owner of = {.device = {.id = 0}};
	struct outcome o = find_owner(a, n->device, &of);
	struct actor who = {.kind = ACTOR_USER, .level = LEVEL_SELF};

	/* Of one that was removed with its user nothing is left to tell of. */
	if (refused(o) || of.device.id == 0)
		return o;
	who.user = of.user.id;
	who.name = of.user.name;
	if (n->from != NULL && !address_parse_ip(span_str(n->from), &who.from))
		who.from = (struct address){.family = 0};
	if (refused(o = change_begin(a)))
		return o;
	o = access_stored(a, store_device_seen(a->store, of.device.id, a->now), "device");
	if (!refused(o))
		o = access_stored(a, store_user_seen(a->store, of.user.id, a->now), "user");
	return change_end(
	    a, &who, o,
	    &(struct change){
		.action = "vpn.disconnect",
		.object = arena_printf(a->memory, "device %s/%s", of.user.name, of.device.name),
		.note = ended_note(a, n),
		.event = EVENT_TUNNEL,
		.id = of.device.id,
	    });
}

struct outcome
vpn_note(struct access *a, const struct admission_note *n)
{
	if (strcmp(n->what, "ended") == 0)
		return note_ended(a, n);
	if (is_early(n))
		return note_refused(a, n, &early);
	for (size_t i = 0; i < COUNT(refused_kinds); i++)
		if (strcmp(n->what, refused_kinds[i].what) == 0)
			return note_refused(a, n, &refused_kinds[i]);
	return outcome_new(OUTCOME_INVALID, "nothing is known of \"%.40s\"", n->what);
}
