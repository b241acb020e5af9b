#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/span.h"
#include "config/config.h"
#include "ipc/channel.h"
#include "os/fs.h"
#include "os/loop.h"
#include "os/spawn.h"
#include "role/warden_private.h"

#define SITE                                                                                       \
	"state_dir /nonexistent\nsite a.example { certificate self-signed; respond 200 \"a\" }\n"

/* Control, fallen to somebody who asks what it is not meant to. */
struct scene {
	struct warden warden;
	struct provision running;
	struct channel *control;
	bool answered, done;
	char said[256];
};

static void
on_answer(struct channel *ch, struct message *m, void *owner)
{
	struct scene *s = owner;

	(void)ch;
	s->answered = true;
	s->done = m->kind;
	snprintf(s->said, sizeof s->said, "%s", m->text);
	loop_stop(s->warden.loop);
}

static void
on_closed(struct channel *ch, const char *why, void *owner)
{
	(void)ch;
	(void)owner;
	fail_msg("%s", why);
}

static const struct channel_ops ops = {on_answer, on_closed};

static void
run_with(struct scene *s, const char *text)
{
	const struct config_defaults defaults = {.file = "/nonexistent/sallyport.conf",
						 .root = true};
	struct buf errors = buf_with_cap(4096);

	config_free(s->running.config);
	s->running.config = config_read(span_str(text), &defaults, &errors);
	if (s->running.config == NULL)
		fail_msg("%.*s", (int)buf_len(&errors), (const char *)buf_span(&errors).p);
	buf_free(&errors);
}

static int
begin(void **state)
{
	static struct scene s;
	int pair[2];

	s = (struct scene){.warden = {.file = "/nonexistent/sallyport.conf"}};
	s.warden.running = &s.running;
	assert_ok(loop_new(&s.warden.loop));
	assert_ok(spawn_pair(pair));
	assert_ok(
	    channel_new(s.warden.loop, pair[0], ROLE_CONTROL, &ops, &s, &s.warden.control.channel));
	assert_ok(channel_new(s.warden.loop, pair[1], ROLE_WARDEN, &ops, &s, &s.control));
	*state = &s;
	return 0;
}

static int
end(void **state)
{
	struct scene *s = *state;

	timer_stop(&s->warden.rollback);
	channel_free(s->warden.control.channel);
	channel_free(s->control);
	config_free(s->running.config);
	loop_free(s->warden.loop);
	return 0;
}

static void
ask(struct scene *s, unsigned kind, const char *argument)
{
	struct message m = {.type = MESSAGE_CALL, .kind = kind, .value = 7, .fd_count = 1};

	snprintf(m.text, sizeof m.text, "%s", argument);
	assert_ok(fs_sealed("call", SPAN_OF(SITE), &m.fds[0]));
	s->answered = false;
	call_begin(&s->warden, &m);
	close(m.fds[0]);
	loop_run(s->warden.loop);
	assert_true(s->answered);
	assert_int_equal(0, s->warden.calls);
}

static void
assert_refused(struct scene *s, const char *why)
{
	assert_false(s->done);
	if (strstr(s->said, why) == NULL)
		fail_msg("should say %s: %s", why, s->said);
}

static void
not_yet(struct timer *t)
{
	(void)t;
	fail_msg("it went back");
}

#define BASE "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void
what_is_read_only_neither_changes_nor_goes_back(void **state)
{
	struct scene *s = *state;

	run_with(s, "config read_only\n" SITE);
	timer_set(s->warden.loop, &s->warden.rollback, 60000, not_yet);
	ask(s, CALL_CONFIG_ROLLBACK, "");
	assert_refused(s, "read_only");
	ask(s, CALL_CONFIG_APPLY, "0 " BASE);
	assert_refused(s, "read_only");
	assert_true(confirm_pending(&s->warden));
	assert_int_equal(confirm_left_s(&s->warden), 60);
	assert_null(s->warden.going_back);
}

static void
there_must_be_something_to_go_back_from(void **state)
{
	struct scene *s = *state;

	run_with(s, SITE);
	assert_int_equal(confirm_left_s(&s->warden), 0);
	ask(s, CALL_CONFIG_ROLLBACK, "");
	assert_refused(s, "nothing awaits confirmation");
}

static void
what_makes_no_sense_is_refused(void **state)
{
	static const char *const changes[] = {
	    "", "0", "x " BASE, "-1 " BASE, "0 " BASE "0", "99999999999999999999 " BASE};
	struct scene *s = *state;

	run_with(s, SITE);
	ask(s, CALL_KINDS, "");
	assert_refused(s, "cannot be asked");
	for (size_t i = 0; i < COUNT(changes); i++) {
		ask(s, CALL_CONFIG_APPLY, changes[i]);
		assert_refused(s, "seconds to confirm in");
	}
	ask(s, CALL_CONFIG_CONFIRM, "yesterday");
	assert_refused(s, "older than the change");
}

/* Whose certificate is its own, and whom nothing is served for. */
static void
nobody_vouches_for_what_no_authority_signed(void **state)
{
	static const char *const names[] = {"a.example", "b.example", "", ".example",
					    "a.example\n"};
	struct scene *s = *state;
	char longest[512];

	run_with(s, SITE);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_false(machine_trusts(&s->warden, span_str(names[i])));
	memset(longest, 'a', sizeof longest);
	assert_false(machine_trusts(&s->warden, span_of(longest, sizeof longest)));
	ask(s, CALL_TRUSTED, "a.example");
	assert_true(s->done);
}

#define call_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    call_test(what_is_read_only_neither_changes_nor_goes_back),
	    call_test(there_must_be_something_to_go_back_from),
	    call_test(what_makes_no_sense_is_refused),
	    call_test(nobody_vouches_for_what_no_authority_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
