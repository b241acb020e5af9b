/* Who is connected to the VPN, as the engine tells of it. */
#include "raw.h"

#include "access/admission.h"
#include "api/tunnels.h"

/* What the engine says, and what it was asked last. */
static struct {
	struct live_tunnel tunnels[8];
	size_t count;
	const char *broken; /* instead */
	bool is_down, has_just_ended;
	size_t asked;
	char argument[256];
} engine;

static struct outcome
engine_ask(void *owner, enum control_call what, struct span argument, struct buf *answer)
{
	const struct live_tunnel_list list = {engine.tunnels, engine.count};

	(void)owner;
	engine.asked++;
	snprintf(engine.argument, sizeof engine.argument, "%.*s", (int)argument.len,
		 argument.len > 0 ? (const char *)argument.p : "");
	if (engine.is_down)
		return outcome_new(OUTCOME_DOWN, "it does not answer");
	if (what == CALL_END)
		return engine.has_just_ended ? outcome_new(OUTCOME_INVALID, "there is none")
					     : OUTCOME_OK;
	if (engine.broken != NULL)
		assert_true(buf_append(answer, span_str(engine.broken)));
	else
		assert_true(shape_write(&shape_live_tunnel_list, &list, answer));
	return OUTCOME_OK;
}

static void
add(int64_t id, const struct user *u, const char *device, const char *protocol)
{
	static const char *inside[] = {"10.86.0.2", "fd86::2", NULL};

	engine.tunnels[engine.count++] = (struct live_tunnel){.id = id,
							      .user = u->id,
							      .device = 10 + id,
							      .user_name = u->name,
							      .device_name = device,
							      .from = "203.0.113.9:40000",
							      .inside = inside,
							      .since = NOW,
							      .bytes_in = 100 * id,
							      .bytes_out = 1000 * id,
							      .cipher = "AES-256-GCM",
							      .tls = "TLSv1.3",
							      .client = "2.6.14 linux",
							      .protocol = protocol};
}

/* Una has two, in an order of the engine's; the administrator has one. */
static int
tunnels_begin(void **state)
{
	int status = raw_begin(state);
	struct server *s = *state;

	memset(&engine, 0, sizeof engine);
	tunnels_forget();
	s->host.ask_engine = engine_ask;
	s->config->vpn.network.base.family = 4;
	add(7, &s->as[USER].user, "phone", "tcp");
	add(3, &s->as[USER].user, "laptop", "udp");
	add(5, &s->as[ADMIN].user, "desk", "udp");
	return status;
}

#define tunnel_test(name) cmocka_unit_test_setup_teardown(name, tunnels_begin, raw_end)

static void
live_tunnels_are_listed_by_their_numbers(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, READER, METHOD_GET, "/tunnels", NULL);

	assert_int_equal(200, r.status);
	assert_int_equal(3, items_of(r));
	assert_says(r, "{\"items\":[{\"id\":3,");
	assert_says(r, "\"from\":\"203.0.113.9:40000\",\"inside\":[\"10.86.0.2\",\"fd86::2\"],"
		       "\"since\":\"2026-09-21");
	assert_says(r, "\"bytes_in\":700,\"bytes_out\":7000,\"foreign\":0,\"denied\":0,"
		       "\"cipher\":\"AES-256-GCM\"");
	assert_int_equal(2, items_of(ask(s, READER, METHOD_GET, "/tunnels?user=una", NULL)));
	assert_int_equal(1, items_of(ask(s, READER, METHOD_GET, "/tunnels?search=LAPT", NULL)));
	assert_int_equal(3, items_of(ask(s, READER, METHOD_GET, "/tunnels?search=fd86", NULL)));
	assert_int_equal(0, items_of(ask(s, READER, METHOD_GET, "/tunnels?search=zzz", NULL)));
	assert_status(404, ask(s, READER, METHOD_GET, "/tunnels?user=nobody7", NULL));
	assert_status(403, ask(s, USER, METHOD_GET, "/tunnels", NULL));
	assert_status(401, ask(s, STRANGER, METHOD_GET, "/tunnels", NULL));
}

static void
a_list_of_tunnels_comes_in_parts(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, READER, METHOD_GET, "/tunnels?limit=2", NULL);

	assert_int_equal(2, items_of(r));
	assert_says_not(r, "\"id\":7");
	r = ask(s, READER, METHOD_GET, arena_printf(s->kept, "/tunnels?limit=2&after=%s", r.next),
		NULL);
	assert_int_equal(1, items_of(r));
	assert_says(r, "\"id\":7");
	assert_says(r, "\"next\":null");
	assert_at_fault("after", ask(s, READER, METHOD_GET, "/tunnels?after=bm8", NULL));
}

/* Whose id stands where, in the whole of it. */
static void
assert_order(struct server *s, const char *path, const char *ids)
{
	struct reply r = ask(s, READER, METHOD_GET, path, NULL);
	json_t *json = json_loads(r.body, 0, NULL), *one;
	char found[64] = "";
	size_t i;

	json_array_foreach(json_object_get(json, "items"), i, one)
	    snprintf(found + strlen(found), sizeof found - strlen(found), "%s%lld",
		     i > 0 ? " " : "", (long long)json_integer_value(json_object_get(one, "id")));
	json_decref(json);
	if (strcmp(ids, found) != 0)
		fail_msg("%s: %s, not %s", path, found, ids);
}

static void
tunnels_are_sorted_by_any_column(void **state)
{
	static const struct {
		const char *query, *ids;
	} samples[] = {
	    {"sort=since", "3 5 7"},
	    {"descending=true", "7 5 3"},
	    {"sort=user", "5 3 7"}, /* of equal ones who came first */
	    {"sort=user&descending=true", "7 3 5"},
	    {"sort=device", "5 3 7"},
	    {"sort=from", "5 3 7"},
	    {"sort=inside", "7 5 3"},
	    {"sort=client", "7 3 5"},
	    {"sort=bytes&descending=true", "5 7 3"},
	    {"sort=bytes&user=una", "3 7"},
	};
	static const char *far[] = {"10.86.0.30", NULL}, *near[] = {"10.86.0.4", NULL};
	struct server *s = *state;

	engine.tunnels[0].inside = NULL;
	engine.tunnels[0].client = NULL;
	engine.tunnels[1].inside = far;
	engine.tunnels[1].from = "203.0.113.10:5";
	engine.tunnels[1].client = "2.4 linux";
	engine.tunnels[2].inside = near;
	engine.tunnels[2].from = "203.0.113.9:443";
	engine.tunnels[2].bytes_out = 90000;
	engine.tunnels[0].from = "[2001:db8::1]:1";
	for (size_t i = 0; i < COUNT(samples); i++)
		assert_order(s, arena_printf(s->kept, "/tunnels?%s", samples[i].query),
			     samples[i].ids);
	struct reply r = ask(s, USER, METHOD_GET, "/me/tunnels?sort=device&limit=1", NULL);
	assert_says(r, "\"id\":3");
	r = ask(s, USER, METHOD_GET,
		arena_printf(s->kept, "/me/tunnels?sort=device&limit=1&after=%s", r.next), NULL);
	assert_says(r, "\"id\":7");
	assert_null(r.next);
	assert_at_fault("sort", ask(s, READER, METHOD_GET, "/tunnels?sort=cipher", NULL));
	assert_at_fault("descending", ask(s, READER, METHOD_GET, "/tunnels?descending=1", NULL));
}

/* What `next` said is the place of one order alone. */
static void
a_place_in_another_order_is_none(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, READER, METHOD_GET, "/tunnels?sort=user&limit=1", NULL);

	assert_at_fault("after",
			ask(s, READER, METHOD_GET,
			    arena_printf(s->kept, "/tunnels?sort=bytes&after=%s", r.next), NULL));
}

static void
one_tunnel_is_shown_by_its_number(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, READER, METHOD_GET, "/tunnels/5", NULL);

	assert_int_equal(200, r.status);
	assert_says(r, "{\"id\":5,");
	assert_status(404, ask(s, READER, METHOD_GET, "/tunnels/4", NULL));
	assert_status(404, ask(s, READER, METHOD_GET, "/tunnels/x", NULL));
	assert_status(403, ask(s, USER, METHOD_GET, "/tunnels/5", NULL));
	assert_status(401, ask(s, STRANGER, METHOD_GET, "/tunnels/5", NULL));
}

static void
an_operator_cuts_off_whom_he_manages(void **state)
{
	struct server *s = *state;

	assert_status(204, ask(s, OPERATOR, METHOD_DELETE, "/tunnels/3", NULL));
	assert_memory_equal(engine.argument, "3 an administrator", 18);
	assert_status(403, ask(s, OPERATOR, METHOD_DELETE, "/tunnels/5", NULL));
	assert_string_equal(engine.argument, ""); /* it was not asked to */
	assert_status(204, ask(s, ADMIN, METHOD_DELETE, "/tunnels/5", NULL));
	assert_status(403, ask(s, READER, METHOD_DELETE, "/tunnels/3", NULL));
	assert_status(403, ask(s, USER, METHOD_DELETE, "/tunnels/3", NULL));
	assert_status(404, ask(s, ADMIN, METHOD_DELETE, "/tunnels/99", NULL));
	assert_status(404, ask(s, ADMIN, METHOD_DELETE, "/tunnels/x", NULL));
	engine.has_just_ended = true;
	assert_status(404, ask(s, ADMIN, METHOD_DELETE, "/tunnels/3", NULL));
	assert_says(ask(s, ADMIN, METHOD_GET, "/audit?action=vpn.end", NULL),
		    "\"object\":\"device una/laptop\"");
	assert_int_equal(2, items_of(ask(s, ADMIN, METHOD_GET, "/audit?action=vpn.end", NULL)));
}

static void
people_see_and_end_their_own_alone(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, USER, METHOD_GET, "/me/tunnels", NULL);

	assert_int_equal(2, items_of(r));
	assert_says_not(r, "desk");
	assert_status(204, ask(s, USER, METHOD_DELETE, "/me/tunnels/7", NULL));
	assert_memory_equal(engine.argument, "7 you have", 10);
	assert_status(404, ask(s, USER, METHOD_DELETE, "/me/tunnels/5", NULL));
	assert_status(403, ask(s, READER, METHOD_GET, "/me/tunnels", NULL));
}

static void
an_engine_that_fails_is_no_fault_of_who_asks(void **state)
{
	static const char *const broken[] = {"",
					     "{",
					     "[]",
					     "{\"items\":[{\"id\":-1}]}",
					     "{\"items\":[{\"id\":1}]}",
					     "{\"nothing\":1}"};
	struct server *s = *state;

	engine.is_down = true;
	assert_status(503, ask(s, READER, METHOD_GET, "/tunnels", NULL));
	assert_status(503, ask(s, ADMIN, METHOD_DELETE, "/tunnels/3", NULL));
	engine.is_down = false;
	for (size_t i = 1; i < COUNT(broken); i++) {
		engine.broken = broken[i];
		assert_status(503, ask(s, READER, METHOD_GET, "/tunnels", NULL));
	}
}

static void
without_a_vpn_there_are_none(void **state)
{
	struct server *s = *state;

	s->config->vpn.network.base.family = 0;
	engine.is_down = true;
	assert_int_equal(0, items_of(ask(s, READER, METHOD_GET, "/tunnels", NULL)));
	assert_status(404, ask(s, ADMIN, METHOD_DELETE, "/tunnels/3", NULL));
}

static const char *
metrics(struct server *s)
{
	struct api_answer a = raw_ask(s, (struct raw){.path = "/metrics", .machine = true});

	assert_int_equal(200, a.status);
	return raw_body(s, &a);
}

static void
what_tunnels_carry_is_counted_and_never_goes_back(void **state)
{
	struct server *s = *state;
	const char *text = metrics(s);

	assert_non_null(strstr(text, "sallyport_vpn_tunnels{protocol=\"udp\"} 2\n"));
	assert_non_null(strstr(text, "sallyport_vpn_tunnels{protocol=\"tcp\"} 1\n"));
	assert_non_null(strstr(text, "sallyport_vpn_bytes_from_clients 1500\n"));
	assert_non_null(strstr(text, "sallyport_vpn_bytes_to_clients 15000\n"));
	engine.count = 1;
	text = metrics(s);
	assert_non_null(strstr(text, "sallyport_vpn_bytes_from_clients 1500\n"));
	engine.is_down = true;
	assert_null(strstr(metrics(s), "sallyport_vpn_tunnels"));
}

static void
status_counts_who_is_connected(void **state)
{
	struct server *s = *state;

	warden.answers[CALL_STATUS] = "{}";
	assert_says(ask(s, READER, METHOD_GET, "/status", NULL), "\"tunnels\":3");
	engine.is_down = true;
	assert_says(ask(s, READER, METHOD_GET, "/status", NULL), "\"tunnels\":0");
}

/* --- `vpn` in the lists of who may reach the console */

#define CONFIG(lists) "state_dir /tmp\nlisten 8443\nadmin {\n listen 9443\n " lists "\n}\n"

static void
configure(struct server *s, const char *text)
{
	raw_configure(s, text);
	s->config->vpn.network = (struct network){address_of("10.86.0.0"), 20};
	s->config->vpn.network6 = (struct network){address_of("fd86::"), 64};
	tunnels_forget();
}

/* What GET `path` comes to from there, as a page that nobody knows or otherwise. */
static bool
is_let_in(struct server *s, enum who who, const char *path, const char *client)
{
	struct raw r = {.path = path, .client = client};
	struct api_answer a;

	if (who == READER)
		r.fields[0][0] = "authorization", r.fields[0][1] = bearer_of(s, who);
	else if (who != STRANGER)
		r.fields[0][0] = "cookie", r.fields[0][1] = cookie_of(s, who);
	a = raw_ask(s, r);
	return !a.unknown;
}

static void
who_is_in_the_vpn_is_let_in_where_the_list_says_so(void **state)
{
	static const struct {
		const char *client;
		bool expected;
	} samples[] = {{"10.86.0.2", true}, {"10.86.15.255", true}, {"10.86.16.0", false},
		       {"fd86::2", true},   {"fd87::2", false},     {"::ffff:10.86.0.2", true}};
	struct server *s = *state;

	engine.count = 0;
	configure(s, CONFIG("allow loopback vpn"));
	for (size_t i = 0; i < COUNT(samples); i++)
		assert_int_equal(samples[i].expected,
				 is_let_in(s, ADMIN, "/api/v1/users", samples[i].client));
	configure(s, CONFIG("allow loopback"));
	assert_false(is_let_in(s, ADMIN, "/api/v1/users", "10.86.0.2"));
	configure(s, CONFIG("allow loopback\n portal vpn"));
	assert_false(is_let_in(s, ADMIN, "/api/v1/users", "10.86.0.2"));
	assert_true(is_let_in(s, USER, "/api/v1/me", "fd86::2"));
	assert_false(is_let_in(s, USER, "/api/v1/me", "192.0.2.7"));
}

static void
from_where_a_tunnel_comes_its_own_user_is_let_in(void **state)
{
	struct server *s = *state;

	configure(s, CONFIG("allow loopback vpn"));
	engine.tunnels[2].from = "198.51.100.3:50000"; /* the administrator's */
	assert_true(is_let_in(s, ADMIN, "/api/v1/users", "198.51.100.3"));
	assert_true(is_let_in(s, ADMIN, "/api/v1/users", "::ffff:198.51.100.3"));
	assert_false(is_let_in(s, ADMIN, "/api/v1/users", "203.0.113.9")); /* una's */
	assert_false(is_let_in(s, OPERATOR, "/api/v1/users", "198.51.100.3"));
	assert_false(is_let_in(s, READER, "/api/v1/users", "198.51.100.3")); /* nobody's token */
	assert_false(is_let_in(s, ADMIN, "/api/v1/users", "192.0.2.7"));
	/* Who has not signed in has to be able to. */
	assert_true(is_let_in(s, STRANGER, "/api/v1/session", "198.51.100.3"));
	assert_true(is_let_in(s, STRANGER, "/api/v1/users", "198.51.100.3"));
	assert_false(is_let_in(s, STRANGER, "/api/v1/users", "192.0.2.7"));
	configure(s, CONFIG("allow loopback"));
	assert_false(is_let_in(s, ADMIN, "/api/v1/users", "198.51.100.3"));
}

static void
who_came_from_an_address_is_forgotten_with_the_tunnel(void **state)
{
	struct server *s = *state;

	configure(s, CONFIG("allow loopback vpn"));
	engine.tunnels[2].from = "[2001:db8::7]:50000";
	assert_true(is_let_in(s, ADMIN, "/api/v1/users", "2001:db8::7"));
	engine.count = 2;
	tunnels_forget(); /* as time does */
	assert_false(is_let_in(s, ADMIN, "/api/v1/users", "2001:db8::7"));
	engine.count = 3;
	engine.is_down = true;
	tunnels_forget();
	assert_false(is_let_in(s, ADMIN, "/api/v1/users", "2001:db8::7"));
	engine.is_down = false;
	engine.tunnels[2].from = "nonsense";
	tunnels_forget();
	assert_false(is_let_in(s, ADMIN, "/api/v1/users", "2001:db8::7"));
}

/* Strangers could else have the engine asked as often as they like. */
static void
the_engine_is_not_asked_for_each_stranger(void **state)
{
	struct server *s = *state;

	configure(s, CONFIG("allow loopback vpn"));
	assert_false(is_let_in(s, STRANGER, "/api/v1/users", "192.0.2.7"));
	engine.asked = 0;
	for (int i = 0; i < 50; i++)
		assert_false(is_let_in(s, STRANGER, "/api/v1/users", "192.0.2.7"));
	assert_true(engine.asked <= 1);
}

static void
all_of_them_answered_well_once(void **state)
{
	(void)state;
	assert_all_asked_well(&operations_tunnels);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    tunnel_test(live_tunnels_are_listed_by_their_numbers),
	    tunnel_test(a_list_of_tunnels_comes_in_parts),
	    tunnel_test(tunnels_are_sorted_by_any_column),
	    tunnel_test(a_place_in_another_order_is_none),
	    tunnel_test(one_tunnel_is_shown_by_its_number),
	    tunnel_test(an_operator_cuts_off_whom_he_manages),
	    tunnel_test(people_see_and_end_their_own_alone),
	    tunnel_test(an_engine_that_fails_is_no_fault_of_who_asks),
	    tunnel_test(without_a_vpn_there_are_none),
	    tunnel_test(what_tunnels_carry_is_counted_and_never_goes_back),
	    tunnel_test(status_counts_who_is_connected),
	    tunnel_test(who_is_in_the_vpn_is_let_in_where_the_list_says_so),
	    tunnel_test(from_where_a_tunnel_comes_its_own_user_is_let_in),
	    tunnel_test(who_came_from_an_address_is_forgotten_with_the_tunnel),
	    tunnel_test(the_engine_is_not_asked_for_each_stranger),
	    cmocka_unit_test(all_of_them_answered_well_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
