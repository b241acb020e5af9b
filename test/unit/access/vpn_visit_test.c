#include "access/vpn_visit.h"

#include "access/device_world.h"
#include "access/devices.h"
#include "store/audit.h"

struct scene {
	struct user alice;
	struct device laptop;
};

static struct scene
begin(struct world *w)
{
	struct scene s = {.alice = world_owner(w)};

	s.laptop = world_device(w, &s.alice, "laptop", DEVICE_AUTO);
	w->told_count = 0;
	return s;
}

static struct vpn_visit
visit(const struct scene *s)
{
	return (struct vpn_visit){.user = s->alice.id,
				  .device = s->laptop.id,
				  .user_name = "alice",
				  .device_name = "laptop",
				  .client = "OpenVPN 2.6.14 \x1B[31mlinux",
				  .from = world_address("203.0.113.9"),
				  .at = NOON + MINUTE};
}

static struct audit_row_list
rows(struct world *w, unsigned count)
{
	const struct page page = {.limit = count};
	const struct audit_filter all = {0};
	struct audit_row_list rows;

	assert_int_equal(STORE_DONE, store_audit(w->a.store, &page, &all, w->a.memory, &rows));
	assert_int_equal(rows.count, count);
	return rows;
}

static void
a_visit_is_a_row_of_the_audit_log_and_seen(void **state)
{
	struct world *w = *state;
	struct scene s = begin(w);
	const struct vpn_visit v = visit(&s);

	assert_taken(vpn_visits_note(&w->a, &v, 1));
	struct audit_row row = rows(w, 1).at[0];
	assert_string_equal(row.who, "alice");
	assert_string_equal(row.action, "vpn.connect");
	assert_string_equal(row.object, "device alice/laptop");
	assert_string_equal(row.address, "203.0.113.9");
	assert_non_null(strstr(row.after, "OpenVPN 2.6.14"));
	assert_null(strchr(row.after, '\x1B'));
	assert_taken(device_find(&w->a, &s.alice, "laptop", &s.laptop));
	assert_int_equal(s.laptop.last_seen, NOON + MINUTE);
	assert_true(world_was_told(w, EVENT_TUNNEL));
}

static void
many_are_noted_in_the_order_in_which_they_came(void **state)
{
	struct world *w = *state;
	struct scene s = begin(w);
	struct vpn_visit v[3] = {visit(&s), visit(&s), visit(&s)};
	int64_t before = world_rows(w);
	size_t told = 0;

	v[0].from = world_address("192.0.2.1");
	v[2].client = NULL;
	assert_taken(vpn_visits_note(&w->a, v, 3));
	assert_int_equal(before + 3, world_rows(w));
	struct audit_row_list log = rows(w, 3);
	assert_string_equal(log.at[2].address, "192.0.2.1");
	assert_string_equal(log.at[0].address, "203.0.113.9");
	for (size_t i = 0; i < w->told_count; i++)
		told += w->told[i] == EVENT_TUNNEL;
	assert_int_equal(told, 3);
}

static void
who_is_removed_by_then_was_there_nevertheless(void **state)
{
	struct world *w = *state;
	struct scene s = begin(w);
	struct vpn_visit v[2] = {visit(&s), visit(&s)};
	int64_t before;

	assert_taken(user_remove(&w->a, &world_machine, &s.alice));
	before = world_rows(w);
	assert_taken(vpn_visits_note(&w->a, v, 2));
	assert_int_equal(before + 2, world_rows(w));
}

static void
without_the_database_none_is_noted(void **state)
{
	struct world *w = *state;
	struct scene s = begin(w);
	struct vpn_visit v[2] = {visit(&s), visit(&s)};
	struct access other = world_access(w);
	int64_t before = world_rows(w);

	assert_int_equal(STORE_DONE, store_begin(other.store)); /* the others wait in vain */
	struct outcome o = vpn_visits_note(&w->a, v, 2);
	assert_true(o.kind == OUTCOME_DOWN || o.kind == OUTCOME_BUSY);
	world_access_end(&other);
	assert_int_equal(before, world_rows(w));
	assert_false(world_was_told(w, EVENT_TUNNEL));
	assert_taken(vpn_visits_note(&w->a, v, 2));
	assert_int_equal(before + 2, world_rows(w));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    world_test(a_visit_is_a_row_of_the_audit_log_and_seen),
	    world_test(many_are_noted_in_the_order_in_which_they_came),
	    world_test(who_is_removed_by_then_was_there_nevertheless),
	    world_test(without_the_database_none_is_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
