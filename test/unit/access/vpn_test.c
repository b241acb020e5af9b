#include "access/vpn.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "access/device_world.h"
#include "access/vpn_token.h"
#include "base/clock.h"
#include "store/guard.h"

#define YEAR (365 * 24 * HOUR)

static const struct implied nothing;

static struct vpn_request
request(const struct device *d)
{
	return (struct vpn_request){.serial = d->serial,
				    .name = SPAN_OF("alice"),
				    .password = SPAN_OF(PASSWORD),
				    .from = world_address("203.0.113.9"),
				    .client = "OpenVPN 2.6.14 \x1B[31mlinux"};
}

static void
assert_turned_away(struct world *w, const struct vpn_request *r, enum outcome_kind kind,
		   const char *reason)
{
	const struct page page = {.limit = 1};
	struct refusal_list refusals;
	struct vpn_admitted g;
	struct outcome o = vpn_admit(&w->a, r, &nothing, &g);

	if (o.kind != kind)
		fail_msg("%s: %d (%s)", reason, o.kind, o.text);
	assert_true(g.grant.user == 0 && g.grant.count == 0 && g.token == NULL);
	assert_int_equal(STORE_DONE,
			 store_refusals(w->a.store, &page, NULL, w->a.memory, &refusals));
	assert_int_equal(refusals.count, 1);
	assert_string_equal(refusals.at[0].reason, reason);
	assert_string_equal(refusals.at[0].where, "vpn");
}

static struct refusal
last_refusal(struct world *w)
{
	const struct page page = {.limit = 1};
	struct refusal_list refusals;

	assert_int_equal(STORE_DONE,
			 store_refusals(w->a.store, &page, NULL, w->a.memory, &refusals));
	assert_int_equal(refusals.count, 1);
	return refusals.at[0];
}

static void
a_locked_device_wants_its_users_password(void **state)
{
	struct world *w = *state;
	struct user u = world_owner(w);
	struct device d = world_device(w, &u, "laptop", DEVICE_LOCKED);
	struct vpn_request r = request(&d);
	struct vpn_admitted g;

	world_user(w, "bob", USER_ROLE_USER);
	assert_taken(vpn_admit(&w->a, &r, &nothing, &g));
	assert_true(g.grant.user == u.id && g.grant.device == d.id);
	r.password = SPAN_OF("wrong");
	assert_turned_away(w, &r, OUTCOME_STRANGER, "The password was wrong");
	r.password = SPAN_NONE;
	assert_turned_away(w, &r, OUTCOME_STRANGER, "The password was wrong");
	r = request(&d);
	r.name = SPAN_OF("bob");
	assert_turned_away(w, &r, OUTCOME_FORBIDDEN,
			   "Somebody else's name was given on this device");
}

static void
a_certificate_is_enough_where_it_was_made_so(void **state)
{
	struct world *w = *state;
	struct user u = world_owner(w), after = u;
	struct device d = world_device(w, &u, "router", DEVICE_AUTO);
	struct vpn_request r = request(&d);
	struct ban ban = {
	    .of = {GUARD_ADDRESS, "203.0.113.9"}, .created = NOON, .by = "root", .reason = "noise"};
	struct vpn_admitted g;

	r.name = r.password = SPAN_NONE;
	assert_taken(vpn_admit(&w->a, &r, &nothing, &g));
	after.enabled = false;
	assert_taken(user_change(&w->a, &world_machine, &u, &after));
	assert_turned_away(w, &r, OUTCOME_FORBIDDEN, "The user is disabled or has expired");
	const struct user disabled = after;
	after.enabled = true;
	assert_taken(user_change(&w->a, &world_machine, &disabled, &after));
	assert_int_equal(STORE_DONE, store_ban_add(w->a.store, &ban));
	assert_turned_away(w, &r, OUTCOME_TOO_OFTEN, "The user or the address is banned");
	assert_string_equal(last_refusal(w).remedy, "sallyport ban lift 203.0.113.9");
}

static void
what_is_no_good_certificate_is_turned_away(void **state)
{
	struct world *w = *state;
	struct user u = world_owner(w);
	struct device d = world_device(w, &u, "router", DEVICE_AUTO);
	const struct authority authority = world_authority(w);
	struct vpn_request r = request(&d);
	struct certificate_row server;
	struct vpn_admitted g;

	r.serial = "00ff";
	assert_turned_away(w, &r, OUTCOME_FORBIDDEN, "Its certificate is not in the database");
	r.serial = NULL;
	assert_outcome(OUTCOME_FORBIDDEN, vpn_admit(&w->a, &r, &nothing, &g));
	assert_int_equal(STORE_DONE, store_certificate_current(w->a.store, CERTIFICATE_SERVER,
							       w->a.memory, &server));
	r.serial = server.serial;
	assert_outcome(OUTCOME_FORBIDDEN, vpn_admit(&w->a, &r, &nothing, &g));
	r = request(&d);
	assert_taken(authority_roll_over(&authority, &authority_usual, NOON + HOUR));
	assert_taken(vpn_admit(&w->a, &r, &nothing, &g));
	w->a.now = NOON + HOUR;
	assert_turned_away(w, &r, OUTCOME_FORBIDDEN,
			   "The authority that signed its certificate is retired");
	w->a.now = NOON + 4 * YEAR;
	assert_turned_away(w, &r, OUTCOME_FORBIDDEN, "Its certificate has expired");
	w->a.now = NOON;
	assert_taken(device_revoke(&w->a, &world_machine, &d));
	assert_turned_away(w, &r, OUTCOME_FORBIDDEN, "The device is revoked");
}

static void
a_change_ends_what_was_admitted(void **state)
{
	struct world *w = *state;
	struct user u = world_owner(w), after = u;
	struct device d = world_device(w, &u, "laptop", DEVICE_LOCKED),
		      other = world_device(w, &u, "b", DEVICE_AUTO);
	struct ban ban = {
	    .of = {GUARD_ACCOUNT, "alice"}, .created = NOON, .by = "root", .reason = "noise"};
	struct vpn_admitted g;

	assert_taken(vpn_still(&w->a, u.id, d.id, &nothing, &g));
	assert_outcome(OUTCOME_FORBIDDEN, vpn_still(&w->a, u.id + 1, d.id, &nothing, &g));
	assert_outcome(OUTCOME_FORBIDDEN, vpn_still(&w->a, u.id, d.id + 99, &nothing, &g));
	assert_taken(device_revoke(&w->a, &world_machine, &d));
	assert_outcome(OUTCOME_FORBIDDEN, vpn_still(&w->a, u.id, d.id, &nothing, &g));
	assert_taken(vpn_still(&w->a, u.id, other.id, &nothing, &g));
	after.expires = NOON + HOUR;
	assert_taken(user_change(&w->a, &world_machine, &u, &after));
	w->a.now = NOON + 2 * HOUR;
	assert_outcome(OUTCOME_FORBIDDEN, vpn_still(&w->a, u.id, other.id, &nothing, &g));
	w->a.now = NOON;
	assert_int_equal(STORE_DONE, store_ban_add(w->a.store, &ban));
	assert_outcome(OUTCOME_TOO_OFTEN, vpn_still(&w->a, u.id, other.id, &nothing, &g));
}

/* --- tokens */

/* What a client has after its user signed in, and the request that it makes with that. */
static struct vpn_request
with_token(struct world *w, const struct device *d, struct vpn_admitted *first)
{
	struct vpn_request r = request(d);

	assert_taken(vpn_admit(&w->a, &r, &nothing, first));
	assert_non_null(first->token);
	r.password = span_str(first->token);
	return r;
}

static void
a_token_stands_for_the_password_as_long_as_the_session_lasts(void **state)
{
	struct world *w = *state;
	struct user u = world_owner(w), after = u;
	struct device d = world_device(w, &u, "laptop", DEVICE_LOCKED);
	struct vpn_admitted first, g;

	after.policy.session_minutes = 60;
	assert_taken(user_change(&w->a, &world_machine, &u, &after));
	struct vpn_request r = with_token(w, &d, &first);
	assert_memory_equal(first.token, "SESS_ID_AT_", 11);
	assert_true(strlen(first.token) < 128); /* what clients have room for */
	w->a.now = NOON + 50 * MINUTE;
	assert_taken(vpn_admit(&w->a, &r, &nothing, &g));
	/* It is the same session: neither its end moves nor what stands for it. */
	assert_int_equal(g.grant.session_until, NOON + 60 * MINUTE);
	assert_string_equal(g.token, first.token);
	r.name = SPAN_OF("ALICE");
	assert_taken(vpn_admit(&w->a, &r, &nothing, &g));
	w->a.now = NOON + 60 * MINUTE;
	assert_turned_away(w, &r, OUTCOME_FORBIDDEN,
			   "The session that its token stands for is over");
	w->a.now = NOON - 1; /* a token from the future */
	assert_outcome(OUTCOME_FORBIDDEN, vpn_admit(&w->a, &r, &nothing, &g));
}

static void
no_bit_of_a_token_may_be_another(void **state)
{
	struct world *w = *state;
	struct user u = world_owner(w);
	struct device d = world_device(w, &u, "laptop", DEVICE_LOCKED);
	struct vpn_admitted first, g;
	struct vpn_request r = with_token(w, &d, &first);
	char *token = arena_copy(w->a.memory, span_str(first.token));

	for (size_t i = 0; token[i] != '\0'; i++) {
		char was = token[i];

		token[i] = was == 'A' ? 'B' : 'A';
		r.password = span_str(token);
		assert_true(refused(vpn_admit(&w->a, &r, &nothing, &g)));
		assert_null(g.token);
		token[i] = was;
		w->a.now += DAY_MS; /* past what a wrong prefix costs as a wrong password */
	}
	w->a.now = NOON;
	for (size_t n = 0; n < strlen(token); n++) {
		r.password = span_head(span_str(token), n);
		assert_true(refused(vpn_admit(&w->a, &r, &nothing, &g)));
		w->a.now += DAY_MS;
	}
}

struct late {
	struct world *w;
	const struct vpn_request *r;
	atomic_bool begun;
	char token[256];
};

static void *
come_in_slowly(void *arg)
{
	struct late *late = arg;
	struct access a = world_access(late->w);
	struct vpn_admitted g;

	atomic_store(&late->begun, true);
	if (!refused(vpn_admit(&a, late->r, &nothing, &g)))
		snprintf(late->token, sizeof late->token, "%s", g.token);
	world_access_end(&a);
	return NULL;
}

/* Whoever has stolen a password would else stay for as long as a session lasts. */
static void
what_he_got_for_a_password_that_was_changed_meanwhile_is_void(void **state)
{
	static const struct password_cost slow = {.memory_kib = 65536, .rounds = 8, .lanes = 1};
	struct world *w = *state;
	struct user u = world_owner(w);
	struct device d = world_device(w, &u, "laptop", DEVICE_LOCKED);
	struct vpn_request r = request(&d);
	char encoded[PASSWORD_ENCODED_MAX];
	struct late late = {.w = w, .r = &r};
	struct vpn_admitted g;
	pthread_t thread;

	assert_true(password_hash(SPAN_OF(PASSWORD), &slow, encoded));
	assert_int_equal(STORE_DONE, store_user_set_password(w->a.store, u.id, encoded, NOON));
	assert_int_equal(0, pthread_create(&thread, NULL, come_in_slowly, &late));
	while (!atomic_load(&late.begun))
		sched_yield();
	usleep(20000); /* to compare takes longer; who begins later is refused in any case */
	w->a.now++;
	assert_taken(
	    password_set(&w->a, &world_machine, &u, SPAN_NONE, SPAN_OF("another river, at 5")));
	pthread_join(thread, NULL);
	r.password = span_str(late.token);
	assert_true(refused(vpn_admit(&w->a, &r, &nothing, &g)));
}

static void
a_token_is_its_users_and_its_devices_alone(void **state)
{
	struct world *w = *state;
	struct user u = world_owner(w), bob = world_user(w, "bob", USER_ROLE_USER);
	struct device d = world_device(w, &u, "laptop", DEVICE_LOCKED),
		      same = world_device(w, &u, "phone", DEVICE_LOCKED),
		      other = world_device(w, &bob, "laptop", DEVICE_LOCKED);
	struct vpn_admitted first, g;
	struct vpn_request r = with_token(w, &d, &first);

	r.serial = same.serial;
	assert_outcome(OUTCOME_FORBIDDEN, vpn_admit(&w->a, &r, &nothing, &g));
	r.serial = other.serial;
	r.name = SPAN_OF("bob");
	assert_outcome(OUTCOME_FORBIDDEN, vpn_admit(&w->a, &r, &nothing, &g));
	r.serial = d.serial;
	assert_turned_away(w, &r, OUTCOME_FORBIDDEN,
			   "Somebody else's name was given on this device");
	r.name = SPAN_NONE;
	assert_outcome(OUTCOME_FORBIDDEN, vpn_admit(&w->a, &r, &nothing, &g));
}

/* By what it was given it is known again, and nothing else comes of that. */
static void
a_machine_that_nobody_signs_in_at_is_known_again(void **state)
{
	struct world *w = *state;
	struct user u = world_owner(w), after = u;
	struct device d = world_device(w, &u, "router", DEVICE_AUTO),
		      same = world_device(w, &u, "phone", DEVICE_AUTO);
	struct vpn_admitted first, g;

	after.policy.session_minutes = 60;
	assert_taken(user_change(&w->a, &world_machine, &u, &after));
	struct vpn_request r = with_token(w, &d, &first);
	assert_int_equal(first.known_since, NOON);
	w->a.now = NOON + 2 * HOUR;
	assert_taken(vpn_admit(&w->a, &r, &nothing, &g));
	assert_int_equal(g.known_since, NOON);
	assert_string_equal(g.token, first.token);
	assert_int_equal(g.grant.session_until, NOON + 3 * HOUR);
	r.password = SPAN_NONE; /* another machine, or one that was started again */
	assert_taken(vpn_admit(&w->a, &r, &nothing, &g));
	assert_int_equal(g.known_since, NOON + 2 * HOUR);
	r = request(&same);
	r.password = span_str(first.token); /* another device's */
	assert_taken(vpn_admit(&w->a, &r, &nothing, &g));
	assert_int_equal(g.known_since, NOON + 2 * HOUR);
	r.password = SPAN_OF("SESS_ID_AT_none");
	assert_taken(vpn_admit(&w->a, &r, &nothing, &g));
	assert_int_equal(g.known_since, NOON + 2 * HOUR);
}

/* A device that is to be locked from now on is: what it got before opens nothing. */
static void
what_says_which_machine_it_is_is_no_password(void **state)
{
	struct world *w = *state;
	struct user u = world_owner(w);
	struct device d = world_device(w, &u, "laptop", DEVICE_LOCKED);
	const char *token;
	struct vpn_request r = request(&d);

	assert_taken(vpn_token_make(&w->a, VPN_TOKEN_MACHINE, &u, d.id, NOON, NOON, &token));
	r.password = span_str(token);
	assert_turned_away(w, &r, OUTCOME_FORBIDDEN,
			   "The session that its token stands for is over");
}

static void
what_ends_sessions_ends_tokens(void **state)
{
	struct world *w = *state;
	struct user u = world_owner(w), after = u;
	struct device d = world_device(w, &u, "laptop", DEVICE_LOCKED);
	struct ban ban = {
	    .of = {GUARD_ADDRESS, "203.0.113.9"}, .created = NOON, .by = "root", .reason = "noise"};
	char encoded[PASSWORD_ENCODED_MAX];
	struct vpn_admitted first, g;
	struct vpn_request r = with_token(w, &d, &first);

	assert_true(password_hash(SPAN_OF("another one, longer"), &world_cost, encoded));
	assert_int_equal(STORE_DONE, store_user_set_password(w->a.store, u.id, encoded, NOON + 1));
	assert_outcome(OUTCOME_FORBIDDEN, vpn_admit(&w->a, &r, &nothing, &g));
	assert_int_equal(STORE_DONE, store_user_set_password(w->a.store, u.id, encoded, NOON));
	assert_taken(vpn_admit(&w->a, &r, &nothing, &g));
	assert_int_equal(STORE_DONE, store_ban_add(w->a.store, &ban));
	assert_outcome(OUTCOME_TOO_OFTEN, vpn_admit(&w->a, &r, &nothing, &g));
	r.from = world_address("198.51.100.1");
	assert_taken(vpn_admit(&w->a, &r, &nothing, &g));
	after.enabled = false;
	assert_taken(user_change(&w->a, &world_machine, &u, &after));
	assert_outcome(OUTCOME_FORBIDDEN, vpn_admit(&w->a, &r, &nothing, &g));
}

static void
a_session_ends_no_later_than_its_user_and_certificate(void **state)
{
	struct world *w = *state;
	struct user u = world_owner(w), after = u;
	struct device d = world_device(w, &u, "router", DEVICE_AUTO);
	struct vpn_request r = request(&d);
	struct vpn_admitted g;

	after.policy.session_minutes = 0;
	assert_taken(user_change(&w->a, &world_machine, &u, &after));
	assert_taken(vpn_admit(&w->a, &r, &nothing, &g));
	assert_int_equal(g.grant.session_until, d.expires);
	u = after;
	after.expires = NOON + HOUR;
	assert_taken(user_change(&w->a, &world_machine, &u, &after));
	assert_taken(vpn_admit(&w->a, &r, &nothing, &g));
	assert_int_equal(g.grant.session_until, NOON + HOUR);
	assert_taken(vpn_still(&w->a, u.id, d.id, &nothing, &g));
	assert_int_equal(g.grant.session_until, NOON + HOUR);
	assert_string_equal(g.user_name, "alice");
	assert_string_equal(g.device_name, "router");
}

/* --- in the engine's words */

static void
the_engine_is_told_what_was_granted(void **state)
{
	struct world *w = *state;
	struct flat_rule rules[] = {
	    {.action = RULE_DENY, .protocol = RULE_TCP, .port_from = 1, .port_to = 9},
	    {.way = RULE_ROUTE, .protocol = RULE_UDP},
	    {.protocol = RULE_ICMP},
	    {.protocol = RULE_ANY},
	};
	struct vpn_admitted of = {.grant = {.user = 3,
					    .device = 5,
					    .tunnel = TUNNEL_FULL,
					    .client_to_client = true,
					    .connections_max = 2,
					    .session_until = NOON,
					    .rules = rules,
					    .count = COUNT(rules)},
				  .user_name = "alice",
				  .device_name = "laptop",
				  .token = "t",
				  .known_since = NOON - 1};
	struct buf json = buf_with_cap(4096);
	struct admission told, read = {0};

	for (size_t i = 0; i < COUNT(rules); i++)
		assert_true(network_parse(SPAN_OF("10.0.0.0/8"), &rules[i].to));
	vpn_admission(&w->a, &of, &told);
	assert_true(shape_write(&shape_admission, &told, &json));
	assert_taken(
	    shape_read(&shape_admission, SHAPE_CREATE, buf_span(&json), w->a.memory, &read, NULL));
	buf_free(&json);
	assert_true(read.user == 3 && read.device == 5 && read.everything);
	assert_true(read.client_to_client && read.connections == 2 && read.dns == NULL);
	assert_true(read.session_until == NOON && read.rule_count == 4);
	assert_string_equal(read.token, "t");
	assert_int_equal(read.known_since, NOON - 1);
	assert_string_equal(read.rules[0].to, "10.0.0.0/8");
	assert_true(!read.rules[0].allow && read.rules[0].protocol == 6);
	assert_true(read.rules[0].port_from == 1 && read.rules[0].port_to == 9);
	assert_string_equal(read.rules[0].way, "nat");
	assert_true(read.rules[1].allow && read.rules[1].protocol == 17);
	assert_string_equal(read.rules[1].way, "route");
	assert_true(read.rules[2].protocol == 1 && read.rules[3].protocol == 0);
}

/* --- what the engine tells */

static void
a_packet_that_was_refused_is_told_with_its_device_and_clock(void **state)
{
	static const struct {
		int64_t clock_ms;
		const char *says;
	} samples[] = {
	    {-3 * HOUR, "3 hours ahead"},     {3 * HOUR, "3 hours behind"},
	    {5 * MINUTE, "5 minutes behind"}, {400 * DAY_MS, "400 days behind"},
	    {-90000, "90 seconds ahead"},     {15000, "15 seconds behind"},
	    {INT64_MIN, "days ahead"},        {INT64_MAX, "days behind"},
	};
	struct world *w = *state;
	struct user u = world_owner(w);
	struct device d = world_device(w, &u, "laptop", DEVICE_LOCKED);
	struct admission_note n = {.what = "stale", .device = d.id, .from = "203.0.113.9"};

	for (size_t i = 0; i < COUNT(samples); i++) {
		n.clock_ms = samples[i].clock_ms;
		assert_taken(vpn_note(&w->a, &n));
		struct refusal r = last_refusal(w);
		if (strstr(r.reason, samples[i].says) == NULL)
			fail_msg("%s: %s", samples[i].says, r.reason);
		assert_string_equal(r.user, "alice");
		assert_string_equal(r.device, "laptop");
		assert_string_equal(r.address, "203.0.113.9");
		assert_non_null(strstr(r.remedy, "clock_skew"));
		w->a.now++;
	}
	n.clock_ms = 900;
	assert_taken(vpn_note(&w->a, &n));
	assert_non_null(strstr(last_refusal(w).reason, "before the VPN engine was started"));
	assert_null(strstr(last_refusal(w).remedy, "clock"));
	n.what = "replayed";
	n.clock_ms = 40000;
	assert_taken(vpn_note(&w->a, &n));
	assert_non_null(
	    strstr(last_refusal(w).reason, "a second time, 40 seconds after it was made"));
}

static void
a_note_of_nobody_known_is_kept_without_names(void **state)
{
	struct world *w = *state;
	struct admission_note n = {.what = "refused", .device = 99, .text = "no\x1B[31mne\n"};

	assert_taken(vpn_note(&w->a, &n));
	assert_null(last_refusal(w).user);
	assert_null(last_refusal(w).device);
	assert_null(strchr(last_refusal(w).reason, '\x1B'));
	int64_t rows = world_rows(w);
	n.what = "ended";
	assert_taken(vpn_note(&w->a, &n));
	assert_int_equal(rows, world_rows(w));
	n.what = "something else";
	assert_outcome(OUTCOME_INVALID, vpn_note(&w->a, &n));
}

static void
a_tunnel_that_ended_is_in_the_audit_log_with_what_it_carried(void **state)
{
	struct world *w = *state;
	struct user u = world_owner(w);
	struct device d = world_device(w, &u, "laptop", DEVICE_LOCKED);
	struct admission_note n = {.what = "ended",
				   .device = d.id,
				   .from = "203.0.113.9",
				   .text = "nothing was heard of it",
				   .bytes_in = 12,
				   .bytes_out = 34,
				   .seconds = 56};

	w->told_count = 0;
	w->a.now = NOON + 5;
	assert_taken(vpn_note(&w->a, &n));
	struct audit_row row = world_last_row(w);
	assert_string_equal(row.action, "vpn.disconnect");
	assert_string_equal(row.object, "device alice/laptop");
	assert_string_equal(row.address, "203.0.113.9");
	assert_string_equal(row.after, "{\"reason\":\"nothing was heard of it\","
				       "\"bytes_in\":12,\"bytes_out\":34,\"seconds\":56}");
	assert_true(world_was_told(w, EVENT_TUNNEL));
	/* Or each who comes or goes would have all others asked about anew. */
	assert_false(world_was_told(w, EVENT_DEVICE));
	assert_taken(device_find(&w->a, &u, "laptop", &d));
	assert_int_equal(d.last_seen, NOON + 5);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    world_test(a_locked_device_wants_its_users_password),
	    world_test(a_certificate_is_enough_where_it_was_made_so),
	    world_test(what_is_no_good_certificate_is_turned_away),
	    world_test(a_change_ends_what_was_admitted),
	    world_test(a_token_stands_for_the_password_as_long_as_the_session_lasts),
	    world_test(no_bit_of_a_token_may_be_another),
	    world_test(what_he_got_for_a_password_that_was_changed_meanwhile_is_void),
	    world_test(a_token_is_its_users_and_its_devices_alone),
	    world_test(a_machine_that_nobody_signs_in_at_is_known_again),
	    world_test(what_says_which_machine_it_is_is_no_password),
	    world_test(what_ends_sessions_ends_tokens),
	    world_test(a_session_ends_no_later_than_its_user_and_certificate),
	    world_test(the_engine_is_told_what_was_granted),
	    world_test(a_packet_that_was_refused_is_told_with_its_device_and_clock),
	    world_test(a_note_of_nobody_known_is_kept_without_names),
	    world_test(a_tunnel_that_ended_is_in_the_audit_log_with_what_it_carried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
