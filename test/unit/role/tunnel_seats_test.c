/* What is asked of control about those who are in, over a line as between the two. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/fs.h"
#include "os/spawn.h"
#include "role/tunnel_private.h"

#define PATIENCE 20000
#define HASTY    400
#define ASKED    16

/* Control's end of the line, and what it was asked: the device of each CALL_STILL. */
struct desk {
	struct tunnel tunnel;
	struct channel *control;
	struct timer patience;
	struct config config;
	struct tunnel_worker worker;
	uint64_t pleads; /* the number of the last CALL_ADMIT; 0: there was none */
	size_t expected, count;
	struct {
		uint64_t number;
		unsigned device;
	} asked[ASKED];
};

static void
on_message(struct channel *ch, struct message *m, void *owner)
{
	struct desk *d = owner;
	unsigned user, device;

	(void)ch;
	if (m->kind == CALL_ADMIT) {
		d->pleads = m->value;
		loop_stop(d->tunnel.loop);
	}
	if (m->kind != CALL_STILL)
		return;
	assert_true(d->count < ASKED);
	assert_int_equal(sscanf(m->text, "%u %u", &user, &device), 2);
	assert_int_equal(user, device + 100);
	d->asked[d->count].number = m->value;
	d->asked[d->count++].device = device;
	if (d->count == d->expected)
		loop_stop(d->tunnel.loop);
}

static void
on_closed(struct channel *ch, const char *why, void *owner)
{
	struct desk *d = owner;

	(void)why;
	channel_free(ch);
	d->control = NULL;
}

static void
out_of_patience(struct timer *t)
{
	loop_stop(container_of(t, struct desk, patience)->tunnel.loop);
}

/* Waits until it was asked so often, or so long. */
static void
await(struct desk *d, size_t count, uint64_t ms)
{
	d->expected = count;
	timer_set(d->tunnel.loop, &d->patience, ms, out_of_patience);
	loop_run(d->tunnel.loop);
	timer_stop(&d->patience);
	assert_int_equal(d->count, count);
}

static int
begin_with(void **state, uint64_t patience_ms)
{
	static const struct channel_ops ops = {on_message, on_closed};
	const struct network v4 = {.base = {.family = 4, .ip = {10, 86}}, .bits = 20}, v6 = {0};
	struct desk *d = MEM_NEW(struct desk);
	struct tunnel *t = &d->tunnel;
	int pair[2];

	assert_ok(loop_new(&t->loop));
	assert_ok(spawn_pair(pair));
	seats_init(&t->seats);
	t->leases = leases_new(&v4, &v6);
	t->tidy = tidy_new(t);
	t->config = &d->config;
	t->worker_count = 1;
	d->worker = (struct tunnel_worker){.tunnel = t, .loop = t->loop};
	t->control = control_line_new(t, patience_ms);
	control_line_follow(t->control, pair[0]);
	assert_ok(channel_new(t->loop, pair[1], ROLE_TUNNEL, &ops, d, &d->control));
	*state = d;
	return t->leases != NULL ? 0 : -1;
}

static int
begin(void **state)
{
	return begin_with(state, 2 * PATIENCE);
}

static int
begin_hasty(void **state)
{
	return begin_with(state, HASTY);
}

static int
end(void **state)
{
	struct desk *d = *state;
	struct tunnel *t = &d->tunnel;

	control_line_free(t->control);
	timer_stop(&t->ask_again);
	channel_free(d->control);
	seats_free(t);
	tidy_free(t->tidy);
	leases_free(t->leases);
	loop_free(t->loop);
	free(d);
	return 0;
}

/* As many at once as his user may be, who has ten devices; false: there is no more room. */
static bool
sits_as_one_of(struct desk *d, unsigned device, int64_t most)
{
	const struct plea p = {.client = device};
	const struct admission who = {.user = device / 10, .device = device, .connections = most};
	const char *why = "";

	return seat_take(&d->tunnel, &p, &who, &why) != NULL;
}

static void
sit(struct desk *d, unsigned device)
{
	const struct plea p = {.client = device};
	const struct admission who = {.user = device + 100, .device = device};
	const char *why = "";

	if (seat_take(&d->tunnel, &p, &who, &why) == NULL)
		fail_msg("%s", why);
}

static void
get_up(struct desk *d, unsigned device)
{
	struct farewell *f = MEM_NEW(struct farewell);

	*f = (struct farewell){.tunnel = &d->tunnel, .client = device, .device = device};
	farewell_say(f);
}

/* An answer that gives nobody anything new. */
static void
answer_last(struct desk *d)
{
	struct message m = {.type = MESSAGE_RESULT,
			    .kind = ADMISSION_DONE,
			    .value = d->asked[d->count - 1].number,
			    .fd_count = 1};

	assert_ok(fs_sealed("answer", SPAN_OF("{}"), &m.fds[0]));
	assert_ok(channel_send(d->control, &m));
	close(m.fds[0]);
}

static void
after_a_change_each_is_asked_about_once(void **state)
{
	struct desk *d = *state;
	unsigned seen = 0;

	for (unsigned device = 1; device <= 3; device++)
		sit(d, device);
	seats_review(&d->tunnel);
	for (size_t i = 1; i <= 3; i++) {
		await(d, i, PATIENCE);
		seen |= 1u << d->asked[i - 1].device;
		answer_last(d);
	}
	await(d, 3, 50);
	assert_int_equal(seen, 0xe);
	assert_null(d->tunnel.review);
}

static void
changes_while_it_asks_are_asked_about_together_afterwards(void **state)
{
	struct desk *d = *state;

	sit(d, 1);
	seats_review(&d->tunnel);
	await(d, 1, PATIENCE);
	seats_review(&d->tunnel);
	seats_review(&d->tunnel);
	answer_last(d);
	await(d, 2, PATIENCE);
	answer_last(d);
	await(d, 2, 50);
}

/* All that were still to be asked about are gone: who was asked about before is there. */
static void
a_change_is_asked_about_also_if_others_leave_meanwhile(void **state)
{
	struct desk *d = *state;

	sit(d, 1);
	sit(d, 2);
	seats_review(&d->tunnel);
	await(d, 1, PATIENCE);
	unsigned stays = d->asked[0].device;
	seats_review(&d->tunnel);
	get_up(d, 3 - stays);
	await(d, 1, 50);
	answer_last(d);
	await(d, 2, PATIENCE);
	assert_int_equal(d->asked[1].device, stays);
	answer_last(d);
	await(d, 2, 50);
	assert_null(d->tunnel.review);
}

static void
who_is_alone_and_leaves_is_asked_about_no_more(void **state)
{
	struct desk *d = *state;

	sit(d, 1);
	seats_review(&d->tunnel);
	await(d, 1, PATIENCE);
	seats_review(&d->tunnel);
	get_up(d, 1);
	await(d, 1, 50);
	answer_last(d);
	await(d, 1, 50);
	assert_null(d->tunnel.review);
}

/* Somebody signs in, and waits for what control says. */
static void
plead(struct desk *d)
{
	struct plea *p = MEM_NEW(struct plea);

	*p = (struct plea){
	    .tunnel = &d->tunnel, .worker = &d->worker, .client = 1, .body = buf_with_cap(16)};
	plea_begin(p);
	timer_set(d->tunnel.loop, &d->patience, PATIENCE, out_of_patience);
	loop_run(d->tunnel.loop);
	timer_stop(&d->patience);
	assert_int_not_equal(d->pleads, 0);
}

static void
let_in(struct desk *d)
{
	const struct admission who = {
	    .user = 105, .device = 5, .user_name = "demo", .device_name = "laptop"};
	struct message m = {
	    .type = MESSAGE_RESULT, .kind = ADMISSION_DONE, .value = d->pleads, .fd_count = 1};
	struct buf text = buf_with_cap(4096);

	assert_true(shape_write(&shape_admission, &who, &text));
	assert_ok(fs_sealed("answer", buf_span(&text), &m.fds[0]));
	assert_ok(channel_send(d->control, &m));
	close(m.fds[0]);
	buf_free(&text);
}

/* The answer may be of before the change: he had no seat yet when all were asked about. */
static void
who_signs_in_while_there_is_a_change_is_asked_about_too(void **state)
{
	const struct message changed = {.type = MESSAGE_CHANGED};
	struct desk *d = *state;

	plead(d);
	assert_ok(channel_send(d->control, &changed));
	await(d, 0, 50);
	let_in(d);
	await(d, 1, PATIENCE);
	assert_int_equal(d->asked[0].device, 5);
	await(d, 1, 50); /* his client is none, and so he is gone */
}

static void
who_signs_in_while_there_is_none_is_not(void **state)
{
	struct desk *d = *state;

	plead(d);
	let_in(d);
	await(d, 0, 50);
}

#define MANY 4000

static void
among_many_each_is_found(void **state)
{
	struct desk *d = *state;
	const struct tunnel *t = &d->tunnel;

	for (unsigned device = 1; device <= MANY; device++)
		sit(d, device);
	for (unsigned device = 1; device <= MANY; device++) {
		const struct seat *s = seat_find(t, device);

		assert_non_null(s);
		assert_int_equal(s->device, device);
		assert_int_equal(s->user, device + 100);
	}
	assert_null(seat_find(t, 0));
	assert_null(seat_find(t, MANY + 1));
	get_up(d, 7);
	await(d, 0, 50);
	assert_null(seat_find(t, 7));
	assert_non_null(seat_find(t, 8));
}

static void
of_each_user_there_are_as_many_as_may_be(void **state)
{
	struct desk *d = *state;
	unsigned seated = 0;

	for (unsigned device = 0; device < MANY; device++)
		seated += sits_as_one_of(d, device, 3);
	assert_int_equal(seated, MANY / 10 * 3);
}

/* What is asked of a control that says nothing. */
struct question {
	struct ask ask;
	bool answered;
};

static void
on_answer(struct ask *a, enum admission_verdict verdict, struct span text)
{
	(void)text;
	assert_int_equal(verdict, ADMISSION_LATER);
	container_of(a, struct question, ask)->answered = true;
}

static void
what_is_never_answered_is_given_up_whatever_is_asked_behind_it(void **state)
{
	static struct question asked[PATIENCE / (HASTY / 8)];
	struct desk *d = *state;
	size_t count = 0;

	do {
		assert_true(count < COUNT(asked));
		asked[count].ask.answered = on_answer;
		control_ask(d->tunnel.control, &asked[count++].ask, CALL_MATERIAL, "", SPAN_NONE);
		await(d, 0, HASTY / 8);
	} while (!asked[0].answered);
	assert_true(count > 2);
	assert_false(asked[count - 1].answered);
}

#define AT_A_DESK(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    AT_A_DESK(after_a_change_each_is_asked_about_once),
	    AT_A_DESK(changes_while_it_asks_are_asked_about_together_afterwards),
	    AT_A_DESK(a_change_is_asked_about_also_if_others_leave_meanwhile),
	    AT_A_DESK(who_is_alone_and_leaves_is_asked_about_no_more),
	    AT_A_DESK(who_signs_in_while_there_is_a_change_is_asked_about_too),
	    AT_A_DESK(who_signs_in_while_there_is_none_is_not),
	    AT_A_DESK(among_many_each_is_found),
	    AT_A_DESK(of_each_user_there_are_as_many_as_may_be),
	    cmocka_unit_test_setup_teardown(
		what_is_never_answered_is_given_up_whatever_is_asked_behind_it, begin_hasty, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
