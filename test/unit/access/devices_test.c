#include "access/devices.h"

#include <inttypes.h>

#include "access/device_world.h"
#include "store/guard.h"

#define YEAR (365 * 24 * HOUR)

static void
a_device_has_a_certificate_and_a_profile(void **state)
{
	static const struct profile_remote remotes[] = {{"vpn.example.org", 443, true}};
	const struct endpoints to = {.name = "vpn.example.org", .remotes = remotes, .count = 1};
	struct world *w = *state;
	struct user u = world_owner(w);
	struct device d = world_device(w, &u, "laptop", DEVICE_LOCKED);
	struct buf out = buf_with_cap(64 * 1024);
	struct actor alice = world_actor(&u);

	assert_true(d.expires > NOON && d.certificate > 0 && d.serial != NULL &&
		    d.wrap_key.len > 0);
	assert_string_equal(world_last_row(w).action, "device.add");
	assert_string_equal(world_last_row(w).object, "device alice/laptop");
	assert_null(strstr(world_last_row(w).after, "PRIVATE"));
	assert_taken(device_profile(&w->a, &alice, &u, &d, &to, &out));
	assert_true(buf_byte(&out, '\0'));
	const char *text = (const char *)buf_span(&out).p;
	assert_non_null(strstr(text, "-----BEGIN CERTIFICATE-----"));
	assert_non_null(strstr(text, "auth-user-pass"));
	assert_string_equal(world_last_row(w).action, "device.profile");
	buf_wipe(&out);
}

static void
what_cannot_be_a_device_is_refused(void **state)
{
	static const char *const names[] = {"",    "#7",   ".x",   "-x",   " x",   "x ",
					    "a/b", "a\\b", "a\"b", "a\nb", "a\x7F"};
	struct world *w = *state;
	struct user u = world_owner(w);
	struct device d = world_device(w, &u, "laptop", DEVICE_LOCKED);

	for (size_t i = 0; i < COUNT(names); i++) {
		struct device bad = {.name = names[i]};
		struct outcome o = device_add(&w->a, &world_machine, &u, &bad);

		if (o.kind != OUTCOME_INVALID || strcmp(o.field, "name") != 0)
			fail_msg("\"%s\": %s", names[i], o.text);
	}
	struct device same = {.name = "laptop"}, none = {0};
	assert_outcome(OUTCOME_TAKEN, device_add(&w->a, &world_machine, &u, &same));
	assert_outcome(OUTCOME_INVALID, device_add(&w->a, &world_machine, &u, &none));
	assert_outcome(OUTCOME_UNKNOWN, device_find(&w->a, &u, "phone", &same));
	struct user bob = world_user(w, "bob", USER_ROLE_USER);
	const char *id = arena_printf(w->a.memory, "#%" PRId64, d.id);
	assert_taken(device_find(&w->a, &u, id, &same));
	assert_outcome(OUTCOME_UNKNOWN, device_find(&w->a, &bob, id, &same));
}

static void
devices_are_as_many_as_the_policy_allows(void **state)
{
	struct world *w = *state;
	struct user u = world_owner(w), after = u;
	struct device d = {.name = "third"};

	after.policy.devices_max = 2;
	assert_taken(user_change(&w->a, &world_machine, &u, &after));
	assert_taken(user_find(&w->a, "alice", &u));
	struct device first = world_device(w, &u, "first", DEVICE_LOCKED);
	world_device(w, &u, "second", DEVICE_LOCKED);
	struct outcome o = device_add(&w->a, &world_machine, &u, &d);
	assert_int_equal(o.kind, OUTCOME_TAKEN);
	assert_string_equal(o.type, "devices_max");
	assert_taken(device_revoke(&w->a, &world_machine, &first));
	assert_taken(device_add(&w->a, &world_machine, &u, &d));
}

static void
only_who_administers_a_user_frees_his_device_from_the_password(void **state)
{
	struct world *w = *state;
	struct user u = world_owner(w), bob = world_user(w, "bob", USER_ROLE_USER);
	struct user boss = world_user(w, "boss", USER_ROLE_ADMIN);
	struct user helper = world_user(w, "helper", USER_ROLE_OPERATOR);
	struct actor alice = world_actor(&u), other = world_actor(&bob), h = world_actor(&helper);
	struct device d = {.name = "phone", .kind = DEVICE_AUTO}, after;

	assert_outcome(OUTCOME_FORBIDDEN, device_add(&w->a, &alice, &u, &d));
	assert_outcome(OUTCOME_FORBIDDEN, device_add(&w->a, &other, &u, &d));
	d.kind = DEVICE_LOCKED;
	assert_outcome(OUTCOME_FORBIDDEN, device_add(&w->a, &other, &u, &d));
	assert_outcome(OUTCOME_FORBIDDEN, device_add(&w->a, &h, &boss, &d));
	assert_taken(device_add(&w->a, &alice, &u, &d));
	after = d;
	after.kind = DEVICE_AUTO;
	assert_outcome(OUTCOME_FORBIDDEN, device_change(&w->a, &alice, &d, &after));
	after.name = "tablet";
	assert_taken(device_change(&w->a, &h, &d, &after));
	assert_outcome(
	    OUTCOME_CHANGED,
	    device_change(
		&w->a, &h, &d,
		&(struct device){.id = d.id, .version = d.version, .name = "x", .user = u.id}));
	assert_outcome(OUTCOME_FORBIDDEN, device_revoke(&w->a, &other, &after));
	assert_outcome(OUTCOME_FORBIDDEN, device_renew(&w->a, &other, &u, &after));
	assert_taken(device_revoke(&w->a, &alice, &after));
}

static void
an_address_is_kept_for_one_device_by_who_administers_its_user(void **state)
{
	struct world *w = *state;
	struct user u = world_owner(w), bob = world_user(w, "bob", USER_ROLE_USER);
	struct user helper = world_user(w, "helper", USER_ROLE_OPERATOR);
	struct actor alice = world_actor(&u), h = world_actor(&helper);
	struct device d = {.name = "phone", .address = "10.86.0.9"}, after, other;
	struct device_list kept;

	assert_outcome(OUTCOME_FORBIDDEN, device_add(&w->a, &alice, &u, &d));
	assert_taken(device_add(&w->a, &h, &u, &d));
	assert_string_equal(d.address, "10.86.0.9");
	after = d;
	after.address = "10.86.0.10";
	assert_outcome(OUTCOME_FORBIDDEN, device_change(&w->a, &alice, &d, &after));
	after.address = NULL;
	assert_outcome(OUTCOME_FORBIDDEN, device_change(&w->a, &alice, &d, &after));
	after.address = d.address;
	after.platform = "ios";
	assert_taken(device_change(&w->a, &alice, &d, &after));

	other = (struct device){.name = "laptop", .address = "10.86.0.9"};
	struct outcome o = device_add(&w->a, &h, &bob, &other);
	assert_int_equal(o.kind, OUTCOME_TAKEN);
	assert_string_equal(o.field, "address");
	assert_string_equal(o.text, "10.86.0.9 is kept for device alice/phone");
	assert_int_equal(STORE_DONE, store_devices_with_address(w->a.store, w->a.memory, &kept));
	assert_int_equal(kept.count, 1);
	assert_int_equal(kept.at[0].id, d.id);

	/* It goes with the device. */
	assert_taken(device_revoke(&w->a, &alice, &after));
	assert_int_equal(STORE_DONE, store_devices_with_address(w->a.store, w->a.memory, &kept));
	assert_int_equal(kept.count, 0);
	other = (struct device){.name = "laptop", .address = "10.86.0.9"};
	assert_taken(device_add(&w->a, &h, &bob, &other));
}

static void
a_renewed_device_has_another_certificate_and_a_revoked_one_none(void **state)
{
	static const struct endpoints to = {.name = "vpn.example.org"};
	struct world *w = *state;
	struct user u = world_owner(w);
	struct device d = world_device(w, &u, "laptop", DEVICE_LOCKED), before = d;
	struct buf out = buf_with_cap(64 * 1024);

	w->a.now += HOUR;
	assert_taken(device_renew(&w->a, &world_machine, &u, &d));
	assert_string_not_equal(d.serial, before.serial);
	assert_non_null(strstr(world_last_row(w).before, before.serial));
	assert_taken(device_find(&w->a, &u, "laptop", &d));
	assert_taken(device_revoke(&w->a, &world_machine, &d));
	assert_true(world_was_told(w, EVENT_CERTIFICATE));
	assert_outcome(OUTCOME_TAKEN, device_revoke(&w->a, &world_machine, &d));
	d.revoked = NOON;
	assert_outcome(OUTCOME_TAKEN, device_renew(&w->a, &world_machine, &u, &d));
	assert_outcome(OUTCOME_TAKEN, device_change(&w->a, &world_machine, &d, &d));
	assert_outcome(OUTCOME_TAKEN, device_profile(&w->a, &world_machine, &u, &d, &to, &out));
	assert_int_equal(buf_len(&out), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    world_test(a_device_has_a_certificate_and_a_profile),
	    world_test(what_cannot_be_a_device_is_refused),
	    world_test(devices_are_as_many_as_the_policy_allows),
	    world_test(only_who_administers_a_user_frees_his_device_from_the_password),
	    world_test(an_address_is_kept_for_one_device_by_who_administers_its_user),
	    world_test(a_renewed_device_has_another_certificate_and_a_revoked_one_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
