/* What goes wrong by itself, and who is told. */
#include "access/alerts.h"
#include "access/world.h"
#include "role/control_private.h"
#include "store/device.h"

#define DAY (24 * HOUR)

static const char *listeners, *sites; /* as warden answers */

static struct outcome
ask(void *owner, enum call_kind what, struct span argument, struct span body, struct buf *answer)
{
	const char *text = what == CALL_LISTENERS ? listeners : sites;

	(void)owner;
	(void)argument;
	(void)body;
	return buf_append(answer, span_str(text)) ? OUTCOME_OK : access_short_of_memory();
}

static void
look(struct world *w)
{
	static const struct api_host host = {.ask = ask};
	struct api api = {.access = w->a, .host = &host};

	control_look(&api);
	w->a.pending = api.access.pending;
}

static size_t
told_of(struct world *w, const char *subject)
{
	const struct page page = {.limit = STORE_PAGE_MAX};
	struct notice_list list;
	size_t count = 0;

	assert_int_equal(STORE_DONE, store_notices(w->a.store, &page, false, w->a.memory, &list));
	for (size_t i = 0; i < list.count; i++)
		count += strstr(list.at[i].subject, subject) != NULL;
	return count;
}

static int64_t
add_certificate(struct world *w, enum certificate_kind kind, const char *serial, int64_t not_after)
{
	struct certificate_row c = {.kind = kind,
				    .serial = serial,
				    .name = "a name",
				    .certificate = SPAN_OF("DER"),
				    .not_before = 1,
				    .not_after = not_after,
				    .current = kind != CERTIFICATE_DEVICE};

	assert_int_equal(STORE_DONE, store_certificate_add(w->a.store, &c));
	return c.id;
}

static int
begin(void **state)
{
	listeners = sites = "{\"items\":[]}";
	return world_begin(state);
}

static void
certificates_that_have_expired_hide_none_that_will(void **state)
{
	struct world *w = *state;
	const int64_t soon = w->a.now + 3 * DAY;

	for (int i = 0; i < 150; i++)
		(void)add_certificate(w, CERTIFICATE_DEVICE, arena_printf(w->a.memory, "0ld%d", i),
				      w->a.now - i);
	(void)add_certificate(w, CERTIFICATE_DEVICE, "50on", soon);
	(void)add_certificate(w, CERTIFICATE_DEVICE, "1ate", w->a.now + 15 * DAY);
	look(w);
	assert_int_equal(1, told_of(w, "50on"));
	assert_int_equal(0, told_of(w, "0ld"));
	assert_int_equal(0, told_of(w, "1ate"));
}

static void
what_a_device_has_another_of_is_not_told(void **state)
{
	struct world *w = *state;
	struct user alice = world_user(w, "alice", USER_ROLE_USER);
	struct device d = {.user = alice.id, .name = "laptop", .created = NOON};
	int64_t soon = w->a.now + DAY;

	d.certificate = add_certificate(w, CERTIFICATE_DEVICE, "01d", soon);
	assert_int_equal(STORE_DONE, store_device_add(w->a.store, &d));
	look(w);
	assert_int_equal(1, told_of(w, "certificate 01d"));
	d.certificate = add_certificate(w, CERTIFICATE_DEVICE, "2ew", w->a.now + 800 * DAY);
	assert_int_equal(STORE_DONE, store_device_change(w->a.store, &d));
	w->a.now += 2 * HOUR;
	look(w);
	assert_int_equal(1, told_of(w, "certificate 01d"));
}

static void
of_many_that_expire_what_most_depends_on_is_told(void **state)
{
	struct world *w = *state;
	const int64_t soon = w->a.now + 3 * DAY;

	sites = "{\"items\":[{\"site\":\"example.org\",\"not_after\":\"2026-09-23T00:00:00Z\"}]}";
	for (int i = 0; i < 50; i++)
		(void)add_certificate(w, CERTIFICATE_DEVICE, arena_printf(w->a.memory, "de%d", i),
				      soon + i);
	(void)add_certificate(w, CERTIFICATE_CA, "ca", soon + DAY);
	(void)add_certificate(w, CERTIFICATE_SERVER, "5erver", soon + DAY);
	look(w);
	assert_int_equal(1, told_of(w, "certificate ca"));
	assert_int_equal(1, told_of(w, "5erver"));
	assert_int_equal(1, told_of(w, "site example.org"));
	assert_true(told_of(w, "certificate de") > 0);
}

#define LISTENER "{\"protocol\":\"%s\",\"address\":\"%s\",\"port\":%d,\"process\":\"%s\"}"

static void
listen_by(struct world *w, const char *process, int port)
{
	listeners = arena_printf(
	    w->a.memory, "{\"items\":[" LISTENER "," LISTENER "," LISTENER "]}", "tcp", "0.0.0.0",
	    22, "sshd", "tcp", "127.0.0.1", 5432, "postgres", "udp", "192.0.2.1", port, process);
}

static void
who_begins_to_listen_is_told_of_once(void **state)
{
	struct world *w = *state;

	listen_by(w, "named", 53);
	look(w);
	assert_int_equal(0, told_of(w, "/")); /* all is new */
	listen_by(w, "xmrig", 4444);
	for (int i = 0; i < 3; i++, w->a.now += 2 * HOUR)
		look(w);
	assert_int_equal(1, told_of(w, "udp/192.0.2.1:4444/xmrig"));
	listen_by(w, "named", 53); /* was there before */
	look(w);
	assert_int_equal(0, told_of(w, "named"));
	assert_int_equal(0, told_of(w, "postgres"));
	assert_int_equal(1, told_of(w, "/"));
}

static void
what_is_known_does_not_grow_without_end(void **state)
{
	struct world *w = *state;
	const struct alert_settings off = {.mail_to = (const char *[]){NULL}};
	const char *known = NULL;

	assert_taken(alerts_set(&w->a, &world_machine, &off, 0));
	for (int i = 0; i < 700; i++) {
		listen_by(w,
			  "a-resolver-that-takes-another-port-for-each-question-that-it-asks-"
			  "and-has-a-long-name",
			  1024 + i);
		look(w);
	}
	assert_int_equal(STORE_DONE,
			 store_setting(w->a.store, "known_listeners", w->a.memory, &known, NULL));
	assert_true(strlen(known) < 70000);
	assert_non_null(strstr(known, "sshd"));
	assert_non_null(strstr(known, ":1723/a-resolver"));
}

#define look_test(name) cmocka_unit_test_setup_teardown(name, begin, world_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    look_test(certificates_that_have_expired_hide_none_that_will),
	    look_test(what_a_device_has_another_of_is_not_told),
	    look_test(of_many_that_expire_what_most_depends_on_is_told),
	    look_test(who_begins_to_listen_is_told_of_once),
	    look_test(what_is_known_does_not_grow_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
