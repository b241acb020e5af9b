#include "access/devices.h"

#include <inttypes.h>

#include "access/change.h"
#include "access/people.h"
#include "base/text.h"
#include "store/link.h"

static struct authority
authority_of(const struct access *a)
{
	return (struct authority){a->store, a->vault, a->memory, a->now};
}

/* "device alice/laptop" */
static const char *
object_of(const struct access *a, const struct device *d)
{
	return arena_printf(a->memory, "device %s/%s", d->user_name != NULL ? d->user_name : "?",
			    d->name);
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static struct outcome
check_device(const struct actor *who, const struct user *u, const struct device *before,
	     const struct device *d)
{
	const char *why = d->name != NULL ? device_check_name(d->name) : "is missing";
	bool was_auto = before != NULL && before->kind == DEVICE_AUTO;

	if (why != NULL)
		return outcome_field(OUTCOME_INVALID, "name", "name %s", why);
	/* What lets a device in without a password is not for its user to decide. */
	if (d->kind == DEVICE_AUTO && !was_auto && refused(actor_manages(who, u)))
		return outcome_field(OUTCOME_FORBIDDEN, "kind",
				     "only an administrator may let a device in without a "
				     "password: choose \"locked\"");
	if (!is_same(d->address, before != NULL ? before->address : NULL) &&
	    refused(actor_manages(who, u)))
		return outcome_field(OUTCOME_FORBIDDEN, "address",
				     "only an administrator may keep an address for a device");
	return OUTCOME_OK;
}

struct outcome
device_find(struct access *a, const struct user *u, const char *word, struct device *out)
{
	const char *thing = arena_printf(a->memory, "device %s", access_plain(a, word, 64));
	enum store_result r;
	uint64_t id;

	if (word[0] == '#' && text_to_u64(span_str(word + 1), INT64_MAX, &id))
		r = store_device(a->store, (int64_t)id, a->memory, out);
	else
		r = store_device_by_name(a->store, u->id, word, a->memory, out);
	if (r == STORE_DONE && out->user != u->id)
		r = STORE_NONE;
	return access_stored(a, r, thing);
}

/* Inside the transaction, so that two at once do not both find room. */
static struct outcome
has_room(struct access *a, const struct user *u)
{
	struct user_policy p;
	int64_t count = 0;
	struct outcome o = policy_of_user(a, u, &p);

	if (!refused(o))
		o = access_stored(a, store_device_count(a->store, u->id, &count), "devices");
	if (refused(o) || p.devices_max <= 0 || count < p.devices_max)
		return o;
	return outcome_typed(OUTCOME_TAKEN, "devices_max",
			     "%s has %" PRId64
			     " devices, as many as may be: revoke one, or allow more",
			     u->name, count);
}

static struct outcome
taken_to_field(struct outcome o, const struct user *u, const struct device *d)
{
	if (o.kind != OUTCOME_TAKEN)
		return o;
	return outcome_field(OUTCOME_TAKEN, "name",
			     "%s has a device %s already: choose another name", u->name, d->name);
}

/* Inside the transaction, as has_room(). */
static struct outcome
address_is_free(struct access *a, const struct device *d)
{
	struct device other;
	enum store_result r;

	if (d->address == NULL)
		return OUTCOME_OK;
	r = store_device_by_address(a->store, d->address, a->memory, &other);
	if (r == STORE_NONE || (r == STORE_DONE && other.id == d->id))
		return OUTCOME_OK;
	if (r != STORE_DONE)
		return access_stored(a, r, "device");
	return outcome_field(OUTCOME_TAKEN, "address", "%s is kept for %s", d->address,
			     object_of(a, &other));
}

struct outcome
device_add(struct access *a, const struct actor *who, const struct user *u, struct device *d)
{
	const struct authority authority = authority_of(a);
	struct outcome o;

	if (refused(o = actor_is_or_manages(who, u)) ||
	    refused(o = check_device(who, u, NULL, d)) || refused(o = change_begin(a)))
		return o;
	*d = (struct device){.user = u->id,
			     .user_name = u->name,
			     .name = d->name,
			     .platform = d->platform,
			     .kind = d->kind,
			     .address = d->address,
			     .created = a->now};
	if (!refused(o = has_room(a, u)) && !refused(o = address_is_free(a, d)) &&
	    !refused(o = taken_to_field(
			 access_stored(a, store_device_add(a->store, d), object_of(a, d)), u, d)))
		o = authority_issue(&authority, a->authority, u->name, d);
	if (!refused(o))
		o = device_find(a, u, d->name, d);
	return change_end(a, who, o,
			  &(struct change){.action = "device.add",
					   .object = object_of(a, d),
					   .shape = &shape_device,
					   .after = d,
					   .event = EVENT_DEVICE,
					   .id = d->id});
}

/* The user whose it is, whom `who` is or administers. */
static struct outcome
owner_of(struct access *a, const struct actor *who, const struct device *d, struct user *u)
{
	struct outcome o =
	    access_stored(a, store_user(a->store, d->user, a->memory, u), "such user");

	return refused(o) ? o : actor_is_or_manages(who, u);
}

static struct outcome
is_in_use(const struct device *d)
{
	return d->revoked == 0
		   ? OUTCOME_OK
		   : outcome_new(OUTCOME_TAKEN, "device %s is revoked: add a new one instead",
				 d->name);
}

struct outcome
device_change(struct access *a, const struct actor *who, const struct device *before,
	      struct device *after)
{
	struct outcome o;
	struct user u;

	if (refused(o = owner_of(a, who, before, &u)) || refused(o = is_in_use(before)) ||
	    refused(o = check_device(who, &u, before, after)) || refused(o = change_begin(a)))
		return o;
	if (!refused(o = address_is_free(a, after)))
		o = taken_to_field(
		    access_stored(a, store_device_change(a->store, after), object_of(a, before)),
		    &u, after);
	if (!refused(o))
		o = device_find(a, &u, after->name, after);
	return change_end(a, who, o,
			  &(struct change){.action = "device.change",
					   .object = object_of(a, before),
					   .shape = &shape_device,
					   .before = before,
					   .after = after,
					   .event = EVENT_DEVICE,
					   .id = before->id});
}

struct outcome
device_renew(struct access *a, const struct actor *who, const struct user *u, struct device *d)
{
	const struct authority authority = authority_of(a);
	const struct device before = *d;
	struct outcome o;

	if (refused(o = actor_is_or_manages(who, u)) || refused(o = is_in_use(d)) ||
	    refused(o = change_begin(a)))
		return o;
	o = authority_issue(&authority, a->authority, u->name, d);
	if (!refused(o))
		o = device_find(a, u, d->name, d);
	return change_end(a, who, o,
			  &(struct change){.action = "device.renew",
					   .object = object_of(a, d),
					   .shape = &shape_device,
					   .before = &before,
					   .after = d,
					   .event = EVENT_DEVICE,
					   .id = d->id});
}

/* Its links go with it: what they lead to is good for nothing. */
static struct outcome
revoke(struct access *a, const struct device *d)
{
	enum store_result r = store_device_revoke(a->store, d->id, a->now);

	if (r == STORE_CHANGED)
		return is_in_use(&(struct device){.name = d->name, .revoked = a->now});
	if (r == STORE_DONE)
		r = store_links_remove(a->store, LINK_PROFILE, d->user, d->id);
	return access_stored(a, r, object_of(a, d));
}

struct outcome
device_revoke(struct access *a, const struct actor *who, const struct device *d)
{
	struct device after = *d;
	struct outcome o;
	struct user u;

	if (refused(o = owner_of(a, who, d, &u)) || refused(o = change_begin(a)))
		return o;
	after.revoked = a->now;
	o = revoke(a, d);
	change_also(a, EVENT_CERTIFICATE, d->certificate);
	return change_end(a, who, o,
			  &(struct change){.action = "device.revoke",
					   .object = object_of(a, d),
					   .shape = &shape_device,
					   .before = d,
					   .after = &after,
					   .event = EVENT_DEVICE,
					   .id = d->id});
}

static struct outcome
write_profile(struct access *a, const struct user *u, const struct device *d,
	      const struct endpoints *to, bool asks_code, struct buf *out)
{
	const struct authority authority = authority_of(a);
	struct device_material material = {0};
	struct outcome o = authority_material(&authority, d, &material);
	const struct profile p = {
	    .name = arena_printf(a->memory, "%s@%s (%s)", u->name, to->name, d->name),
	    .remotes = to->remotes,
	    .remote_count = to->count,
	    .asks_password = d->kind == DEVICE_LOCKED,
	    .asks_code = d->kind == DEVICE_LOCKED && asks_code,
	    .legacy = to->legacy,
	    .material = &material,
	};

	if (!refused(o) && to->legacy)
		o = authority_use_static(&authority, &material);
	if (!refused(o) && !profile_write(&p, out))
		o = outcome_new(OUTCOME_DOWN, "the profile cannot be written");
	device_material_wipe(&material);
	return o;
}

struct outcome
device_profile(struct access *a, const struct actor *who, const struct user *u,
	       const struct device *d, const struct endpoints *to, struct buf *out)
{
	struct user_policy p;
	struct outcome o;

	if (refused(o = actor_is_or_manages(who, u)) || refused(o = is_in_use(d)) ||
	    refused(o = policy_of_user(a, u, &p)))
		return o;
	if (!access_is_good(a, u) && refused(actor_manages(who, u)))
		return outcome_new(OUTCOME_FORBIDDEN,
				   "this account is disabled or has expired: ask your "
				   "administrator");
	o = write_profile(a, u, d, to, u->has_totp || p.totp_required > 0, out);
	if (!refused(o))
		o = change_note(a, who,
				&(struct change){.action = "device.profile",
						 .object = object_of(a, d),
						 .event = EVENT_AUDIT});
	if (refused(o))
		buf_wipe(out);
	return o;
}
