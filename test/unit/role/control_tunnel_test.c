/* What the VPN engine asks control, over a line as between the two. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access/admission.h"
#include "access/devices.h"
#include "access/people.h"
#include "base/clock.h"
#include "os/fs.h"
#include "os/spawn.h"
#include "os/thread.h"
#include "role/control_private.h"
#include "store/audit.h"
#include "tls/password.h"

#define PASSWORD "a quiet river, at 4"
#define PATIENCE 20000
#define ASKED    64

/* The engine's end of the line, and what it was told. */
struct engine {
	struct control control;
	struct channel *channel;
	struct timer patience;
	struct arena *memory;
	struct store *store;
	char directory[64];
	size_t expected, replies, changes;
	struct reply {
		uint64_t number;
		uint32_t verdict;
		const char *text, *body;
	} reply[ASKED];
	const char *call; /* what it was asked itself: "KIND ARGUMENT" */
	struct user alice;
	struct device laptop, router;
};

static void
keep_reply(struct engine *e, const struct message *m)
{
	struct buf body = buf_with_cap(1 << 20);

	assert_ok(fs_read_fd(m->fds[0], &body));
	assert_true(e->replies < ASKED);
	e->reply[e->replies++] =
	    (struct reply){m->value, m->kind, arena_copy(e->memory, span_str(m->text)),
			   arena_copy(e->memory, buf_span(&body))};
	buf_free(&body);
}

static void
on_message(struct channel *ch, struct message *m, void *owner)
{
	struct engine *e = owner;

	(void)ch;
	if (m->type == MESSAGE_RESULT)
		keep_reply(e, m);
	else if (m->type == MESSAGE_CHANGED)
		e->changes++;
	else if (m->type == MESSAGE_CALL)
		e->call = arena_printf(e->memory, "%u %s", m->kind, m->text);
	if (e->expected > 0 && e->replies >= e->expected)
		loop_stop(e->control.loop);
}

static void
on_closed(struct channel *ch, const char *why, void *owner)
{
	struct engine *e = owner;

	(void)why;
	channel_free(ch);
	e->channel = NULL;
}

static void
out_of_patience(struct timer *t)
{
	loop_stop(container_of(t, struct engine, patience)->control.loop);
}

static void
turn(struct engine *e, uint64_t ms)
{
	timer_set(e->control.loop, &e->patience, ms, out_of_patience);
	loop_run(e->control.loop);
	timer_stop(&e->patience);
}

static void
await(struct engine *e, size_t replies)
{
	e->expected = replies;
	turn(e, PATIENCE);
	e->expected = 0;
	assert_int_equal(replies, e->replies);
}

static void
ask(struct engine *e, uint64_t number, unsigned what, const char *argument, const char *body)
{
	struct message m = {.type = MESSAGE_CALL, .kind = what, .value = number, .fd_count = 1};

	snprintf(m.text, sizeof m.text, "%s", argument);
	assert_ok(fs_sealed("call", span_str(body), &m.fds[0]));
	assert_ok(channel_send(e->channel, &m));
	close(m.fds[0]);
}

/* The one answer to it. */
static struct reply
ask_one(struct engine *e, unsigned what, const char *argument, const char *body)
{
	uint64_t number = 1000 + e->replies;

	ask(e, number, what, argument, body);
	await(e, e->replies + 1);
	assert_int_equal(number, e->reply[e->replies - 1].number);
	return e->reply[e->replies - 1];
}

static const char *
sign_in(struct engine *e, const struct device *d, const char *password)
{
	return arena_printf(e->memory,
			    "{\"serial\":\"%s\",\"name\":\"alice\",\"password\":\"%s\",\"code\":"
			    "null,\"from\":\"203.0.113.9\",\"client\":\"OpenVPN\",\"again\":false}",
			    d->serial, password);
}

static void
connect_line(struct engine *e)
{
	static const struct channel_ops ops = {on_message, on_closed};
	int pair[2];

	assert_ok(spawn_pair(pair));
	channel_free(e->channel);
	assert_ok(channel_new(e->control.loop, pair[0], ROLE_CONTROL, &ops, e, &e->channel));
	tunnel_line_open(e->control.tunnel, pair[1]);
}

static void
add_device(struct engine *e, struct access *a, const char *name, int kind, struct device *out)
{
	const struct actor root = {.kind = ACTOR_MACHINE, .level = LEVEL_ADMIN, .name = "root"};
	struct device d = {.name = name, .kind = kind};

	assert_false(refused(device_add(a, &root, &e->alice, &d)));
	assert_false(refused(device_find(a, &e->alice, name, out)));
}

static void
add_people(struct engine *e)
{
	static const struct password_cost cheap = {.memory_kib = 64, .rounds = 1, .lanes = 1};
	const struct actor root = {.kind = ACTOR_MACHINE, .level = LEVEL_ADMIN, .name = "root"};
	char encoded[PASSWORD_ENCODED_MAX];
	struct user u = user_new();
	struct api api;

	u.name = "alice";
	assert_true(
	    control_api(&e->control, &e->store, e->memory, e->control.config->config, &api));
	api.access.happened = NULL;
	assert_false(refused(user_add(&api.access, &root, &u)));
	assert_true(password_hash(SPAN_OF(PASSWORD), &cheap, encoded));
	assert_int_equal(STORE_DONE, store_user_set_password(e->store, u.id, encoded, 1));
	assert_false(refused(user_find(&api.access, "alice", &e->alice)));
	add_device(e, &api.access, "laptop", DEVICE_LOCKED, &e->laptop);
	add_device(e, &api.access, "router", DEVICE_AUTO, &e->router);
}

static struct shared_config *
make_config(void)
{
	struct buf errors = buf_with_cap(4096);
	struct shared_config *s = MEM_NEW(struct shared_config);

	atomic_init(&s->refs, 1);
	s->config = config_read(SPAN_OF("state_dir /tmp\nlisten 8443\nadmin { listen 9443 }\n"),
				&(struct config_defaults){.file = "/tmp/t.conf"}, &errors);
	if (s->config == NULL)
		fail_msg("%.*s", (int)buf_len(&errors), (const char *)buf_span(&errors).p);
	buf_free(&errors);
	return s;
}

static int
begin(void **state)
{
	struct engine *e = MEM_NEW(struct engine);
	struct control *c = &e->control;

	snprintf(e->directory, sizeof e->directory, "/tmp/control-tunnel.XXXXXX");
	assert_non_null(mkdtemp(e->directory));
	assert_int_equal(0, chdir(e->directory));
	e->memory = arena_new();
	list_init(&c->watchers);
	c->numbers = numbers_new();
	assert_ok(loop_new(&c->loop));
	c->engine = calls_new(c, "the VPN engine", 2000);
	c->tunnel = tunnel_line_new(c);
	c->config = make_config();
	assert_ok(control_open(c, c->config->config, &e->store));
	atomic_store(&c->ready, true);
	add_people(e);
	assert_ok(pool_new(c, &c->pool));
	connect_line(e);
	*state = e;
	return 0;
}

static int
end(void **state)
{
	struct engine *e = *state;
	struct timespec until = thread_deadline(PATIENCE);
	char command[128];

	calls_stop(e->control.engine);
	assert_true(pool_stop(e->control.pool, &until));
	turn(e, 1); /* what threads have posted */
	pool_free(e->control.pool);
	channel_free(e->channel);
	tunnel_line_free(e->control.tunnel);
	calls_free(e->control.engine);
	numbers_free(e->control.numbers);
	store_close(e->store);
	vault_free(e->control.vault);
	control_config_release(e->control.config);
	loop_free(e->control.loop);
	arena_free(e->memory);
	assert_int_equal(0, chdir("/"));
	snprintf(command, sizeof command, "rm -r %s", e->directory);
	assert_int_equal(0, system(command));
	free(e);
	return 0;
}

#define engine_test(name) cmocka_unit_test_setup_teardown(name, begin, end)

static void
read_admission(struct engine *e, struct reply r, struct admission *out)
{
	*out = (struct admission){.user = 0};
	assert_int_equal(ADMISSION_DONE, r.verdict);
	assert_false(refused(
	    shape_read(&shape_admission, SHAPE_CREATE, span_str(r.body), e->memory, out, NULL)));
}

static void
the_engine_gets_its_certificate_and_keys(void **state)
{
	struct engine *e = *state;
	struct reply r = ask_one(e, CALL_MATERIAL, "", "");
	struct admission_material m = {.key = NULL};

	assert_int_equal(ADMISSION_DONE, r.verdict);
	assert_false(refused(shape_read(&shape_admission_material, SHAPE_CREATE, span_str(r.body),
					e->memory, &m, NULL)));
	assert_non_null(strstr(m.authorities, "BEGIN CERTIFICATE"));
	assert_non_null(strstr(m.certificate, "BEGIN CERTIFICATE"));
	assert_non_null(strstr(m.key, "PRIVATE KEY"));
	assert_int_equal(strspn(m.wrap_key, "0123456789abcdef"), 256);
	assert_int_equal(strlen(m.wrap_key), 256);
	assert_int_equal(strspn(m.static_key, "0123456789abcdef"), 512);
	assert_int_equal(strlen(m.static_key), 512);
}

static void
who_signs_in_gets_what_he_may_reach_and_a_token(void **state)
{
	struct engine *e = *state;
	struct admission first, again;

	read_admission(e, ask_one(e, CALL_ADMIT, "", sign_in(e, &e->laptop, PASSWORD)), &first);
	assert_true(first.user == e->alice.id && first.device == e->laptop.id);
	assert_string_equal(first.user_name, "alice");
	assert_true(first.everything && first.rule_count == 2); /* of IPv4 and of IPv6 */
	assert_non_null(first.token);
	read_admission(e, ask_one(e, CALL_ADMIT, "", sign_in(e, &e->laptop, first.token)), &again);
	assert_string_equal(first.token, again.token);
	assert_true(atomic_load(&e->control.vpn_admitted) == 2);
}

/* How often somebody came in, by the audit log; waits until it is that often. */
static void
await_visits(struct engine *e, size_t count)
{
	const struct page page = {.limit = 10};
	const struct audit_filter visits = {.action = "vpn.connect"};
	struct audit_row_list rows = {.count = 0};

	for (size_t i = 0; i < PATIENCE / 10; i++) {
		turn(e, 10);
		assert_int_equal(STORE_DONE,
				 store_audit(e->store, &page, &visits, e->memory, &rows));
		if (rows.count >= count)
			break;
	}
	assert_int_equal(rows.count, count);
}

static void
who_comes_in_is_noted_and_who_has_a_new_key_is_not(void **state)
{
	struct engine *e = *state;
	const char *router = sign_in(e, &e->router, "");
	const char *again = arena_printf(e->memory, "%.*s\"again\":true}",
					 (int)(strstr(router, "\"again\"") - router), router);

	ask_one(e, CALL_ADMIT, "", router);
	await_visits(e, 1);
	assert_int_equal(ADMISSION_DONE, ask_one(e, CALL_ADMIT, "", again).verdict);
	for (unsigned i = 0; i < 5; i++)
		ask(e, i, CALL_ADMIT, "", router);
	await(e, e->replies + 5);
	await_visits(e, 6);
}

static void
who_is_refused_is_told_why(void **state)
{
	struct engine *e = *state;
	struct reply r = ask_one(e, CALL_ADMIT, "", sign_in(e, &e->laptop, "wrong"));
	struct device unknown = {.serial = "00ff"};

	assert_int_equal(ADMISSION_REFUSED, r.verdict);
	assert_true(r.text[0] != '\0' && r.body[0] == '\0');
	r = ask_one(e, CALL_ADMIT, "", sign_in(e, &unknown, PASSWORD));
	assert_string_equal(r.text, "this profile is not known here: download it anew");
	r = ask_one(e, CALL_ADMIT, "", sign_in(e, &e->laptop, "SESS_ID_AT_AAAA"));
	assert_memory_equal(r.text, "SESSION:", 8);
	assert_true(atomic_load(&e->control.vpn_refused) == 3);
}

static void
slow_sign_ins_hold_up_no_other_question(void **state)
{
	struct engine *e = *state;
	size_t fast = 0;

	for (uint64_t i = 0; i < 8; i++)
		ask(e, i, CALL_ADMIT, "", sign_in(e, &e->laptop, "wrong"));
	ask(e, 100, CALL_ADMIT, "", sign_in(e, &e->router, ""));
	await(e, 9);
	while (e->reply[fast].number != 100)
		fast++;
	assert_true(fast < 8);
	assert_int_equal(ADMISSION_DONE, e->reply[fast].verdict);
}

static void
who_is_in_stays_in_until_he_is_put_out(void **state)
{
	struct engine *e = *state;
	const char *pair =
	    arena_printf(e->memory, "%lld %lld", (long long)e->alice.id, (long long)e->router.id);
	struct admission still;

	read_admission(e, ask_one(e, CALL_STILL, pair, ""), &still);
	assert_null(still.token);
	assert_string_equal(still.device_name, "router");
	assert_int_equal(STORE_DONE, store_device_revoke(e->store, e->router.id, 5));
	struct reply r = ask_one(e, CALL_STILL, pair, "");
	assert_int_equal(ADMISSION_REFUSED, r.verdict);
	assert_string_equal(r.text, "this device is revoked: download a profile for a new one");
	static const char *const wrong[] = {"", "1", "1 ", " 1", "x y", "1 2 3", "-1 2"};
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(ADMISSION_REFUSED, ask_one(e, CALL_STILL, wrong[i], "").verdict);
}

static void
what_cannot_be_read_is_refused(void **state)
{
	static const struct {
		unsigned what;
		const char *body;
	} wrong[] = {
	    {CALL_ADMIT, ""},
	    {CALL_ADMIT, "{}"},
	    {CALL_ADMIT, "{\"serial\":7}"},
	    {CALL_ADMIT, "{\"serial\":\"00\",\"from\":\"nowhere\"}"},
	    {CALL_NOTE, "{\"what\":\"ended\",\"bytes_in\":-1}"},
	    {CALL_NOTE, "{\"what\":\"something\"}"},
	    {TUNNEL_CALLS, ""},
	    {77, ""},
	};
	struct engine *e = *state;

	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct reply r = ask_one(e, wrong[i].what, "", wrong[i].body);

		assert_int_equal(ADMISSION_REFUSED, r.verdict);
		assert_string_equal(r.body, "");
	}
	char *large = arena_get(e->memory, (70 << 10) + 1);
	memset(large, ' ', 70 << 10);
	assert_int_equal(ADMISSION_REFUSED, ask_one(e, CALL_ADMIT, "", large).verdict);
}

static void
what_cannot_be_said_now_is_no_refusal(void **state)
{
	struct engine *e = *state;
	const char *pair =
	    arena_printf(e->memory, "%lld %lld", (long long)e->alice.id, (long long)e->router.id);

	atomic_store(&e->control.ready, false);
	assert_int_equal(ADMISSION_LATER, ask_one(e, CALL_STILL, pair, "").verdict);
	assert_int_equal(ADMISSION_LATER, ask_one(e, CALL_MATERIAL, "", "").verdict);
	atomic_store(&e->control.ready, true);
	assert_int_equal(ADMISSION_DONE, ask_one(e, CALL_STILL, pair, "").verdict);
	assert_int_equal(0, e->changes);
	turn(e, 2500);
	assert_int_equal(1, e->changes); /* so that it asks about all of them again */
}

static void
a_note_is_kept_and_counted(void **state)
{
	struct engine *e = *state;
	const char *note = arena_printf(
	    e->memory, "{\"what\":\"ended\",\"device\":%lld,\"bytes_in\":5,\"bytes_out\":7}",
	    (long long)e->laptop.id);

	assert_int_equal(ADMISSION_DONE, ask_one(e, CALL_NOTE, "", note).verdict);
	assert_true(atomic_load(&e->control.vpn_in) == 5);
	assert_true(atomic_load(&e->control.vpn_out) == 7);
}

static void
of_many_changes_the_engine_hears_at_once_and_then_seldom(void **state)
{
	struct engine *e = *state;

	for (int i = 0; i < 100; i++)
		tunnel_line_happened(e->control.tunnel, EVENT_RULE);
	turn(e, 50);
	assert_int_equal(1, e->changes);
	turn(e, 400);
	assert_int_equal(2, e->changes); /* that there was more since */
	turn(e, 300);
	assert_int_equal(2, e->changes);
	tunnel_line_happened(e->control.tunnel, EVENT_TUNNEL);
	tunnel_line_happened(e->control.tunnel, EVENT_SESSION);
	tunnel_line_happened(e->control.tunnel, EVENT_AUDIT);
	turn(e, 50);
	assert_int_equal(2, e->changes);
}

/* An answer to one engine's question is nothing to the next, which may ask by the same number. */
static void
a_new_engine_hears_nothing_of_the_one_before(void **state)
{
	struct engine *e = *state;

	for (uint64_t i = 0; i < 4; i++)
		ask(e, i, CALL_ADMIT, "", sign_in(e, &e->laptop, "wrong"));
	turn(e, 5);
	connect_line(e);
	size_t before = e->replies;
	assert_int_equal(ADMISSION_DONE, ask_one(e, CALL_MATERIAL, "", "").verdict);
	turn(e, 500);
	assert_int_equal(before + 1, e->replies);
}

struct asker {
	struct engine *engine;
	struct outcome outcome;
};

static void
stop(void *arg)
{
	loop_stop(arg);
}

static void *
ask_engine(void *arg)
{
	struct asker *a = arg;
	struct buf answer = buf_with_cap(64);

	a->outcome = calls_ask(a->engine->control.engine, CALL_END, SPAN_OF("7 because"), SPAN_NONE,
			       &answer);
	buf_free(&answer);
	loop_post(a->engine->control.loop, stop, a->engine->control.loop);
	return NULL;
}

static void
an_engine_that_is_not_there_or_says_nothing_is_not_waited_for_long(void **state)
{
	struct engine *e = *state;
	struct asker a = {.engine = e};
	pthread_t thread;

	assert_ok(thread_start(&thread, ask_engine, &a));
	turn(e, PATIENCE);
	pthread_join(thread, NULL);
	assert_int_equal(OUTCOME_DOWN, a.outcome.kind);
	assert_string_equal(e->call, "1 7 because");
	channel_free(e->channel);
	e->channel = NULL;
	turn(e, 50); /* the line is closed */
	int64_t before = clock_ms();
	assert_ok(thread_start(&thread, ask_engine, &a));
	turn(e, PATIENCE);
	pthread_join(thread, NULL);
	assert_int_equal(OUTCOME_DOWN, a.outcome.kind);
	assert_true(clock_ms() - before < PATIENCE / 4);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    engine_test(the_engine_gets_its_certificate_and_keys),
	    engine_test(who_signs_in_gets_what_he_may_reach_and_a_token),
	    engine_test(who_comes_in_is_noted_and_who_has_a_new_key_is_not),
	    engine_test(who_is_refused_is_told_why),
	    engine_test(slow_sign_ins_hold_up_no_other_question),
	    engine_test(who_is_in_stays_in_until_he_is_put_out),
	    engine_test(what_cannot_be_read_is_refused),
	    engine_test(what_cannot_be_said_now_is_no_refusal),
	    engine_test(a_note_is_kept_and_counted),
	    engine_test(of_many_changes_the_engine_hears_at_once_and_then_seldom),
	    engine_test(a_new_engine_hears_nothing_of_the_one_before),
	    engine_test(an_engine_that_is_not_there_or_says_nothing_is_not_waited_for_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
