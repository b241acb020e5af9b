#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/channel.h"
#include "os/loop.h"
#include "os/spawn.h"

#define MANY 5000 /* more than a socket's buffer holds */

struct line {
	struct loop *loop;
	struct channel *warden, *edge; /* edge: who speaks to edge; warden: the other end */
	unsigned received, expected;
	uint64_t last;
	int fd;
	char why[80];
};

static void
on_message(struct channel *ch, struct message *m, void *owner)
{
	struct line *line = owner;

	(void)ch;
	line->received++;
	line->last = m->generation;
	if (m->type == MESSAGE_LOG) {
		line->fd = m->fds[0];
		m->fds[0] = -1;
	}
	if (line->received == line->expected)
		loop_stop(line->loop);
}

static void
on_closed(struct channel *ch, const char *why, void *owner)
{
	struct line *line = owner;

	(void)ch;
	snprintf(line->why, sizeof line->why, "%s", why);
	loop_stop(line->loop);
}

static const struct channel_ops ops = {on_message, on_closed};

static int
begin(void **state)
{
	static struct line line;
	int pair[2];

	line = (struct line){.fd = -1, .expected = 1};
	assert_ok(loop_new(&line.loop));
	assert_ok(spawn_pair(pair));
	assert_ok(channel_new(line.loop, pair[0], ROLE_EDGE, &ops, &line, &line.edge));
	assert_ok(channel_new(line.loop, pair[1], ROLE_WARDEN, &ops, &line, &line.warden));
	*state = &line;
	return 0;
}

static int
end(void **state)
{
	struct line *line = *state;

	channel_free(line->edge);
	channel_free(line->warden);
	loop_free(line->loop);
	return 0;
}

static void
many_messages_arrive_in_order(void **state)
{
	struct line *line = *state;

	line->expected = MANY;
	for (uint64_t i = 1; i <= MANY; i++)
		assert_ok(channel_send(line->edge,
				       &(struct message){.type = MESSAGE_APPLY, .generation = i}));
	loop_run(line->loop);
	assert_int_equal(line->received, MANY);
	assert_int_equal(line->last, MANY);
}

static void
a_descriptor_travels_and_the_senders_stays_its_own(void **state)
{
	struct line *line = *state;
	struct message m = {.type = MESSAGE_LOG, .fd_count = 1};
	int ends[2];
	char byte = 0;

	assert_int_equal(pipe(ends), 0);
	m.fds[0] = ends[1];
	assert_ok(channel_send(line->edge, &m));
	loop_run(line->loop);
	assert_true(line->fd >= 0);
	assert_int_equal(write(line->fd, "x", 1), 1);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	assert_int_equal(fcntl(ends[1], F_GETFD) & ~FD_CLOEXEC, 0);
	close(line->fd);
	close(ends[0]);
	close(ends[1]);
}

static void
a_message_with_the_wrong_descriptors_is_not_sent(void **state)
{
	struct line *line = *state;

	assert_fails(channel_send(line->edge, &(struct message){.type = MESSAGE_LOG}));
}

static void
who_says_what_it_may_not_is_cut_off(void **state)
{
	struct line *line = *state;

	/* The end that speaks for edge says what only warden may say. */
	assert_ok(channel_send(line->warden, &(struct message){.type = MESSAGE_ASK}));
	loop_run(line->loop);
	assert_int_equal(line->received, 0);
	assert_string_equal(line->why, "it said what it may not say");
	assert_ok(channel_send(line->edge, &(struct message){.type = MESSAGE_ASK}));
}

static void
the_end_of_the_peer_is_told(void **state)
{
	struct line *line = *state;

	channel_free(line->warden);
	line->warden = NULL;
	loop_run(line->loop);
	assert_string_equal(line->why, "it is gone");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(many_messages_arrive_in_order, begin, end),
	    cmocka_unit_test_setup_teardown(a_descriptor_travels_and_the_senders_stays_its_own,
					    begin, end),
	    cmocka_unit_test_setup_teardown(a_message_with_the_wrong_descriptors_is_not_sent, begin,
					    end),
	    cmocka_unit_test_setup_teardown(who_says_what_it_may_not_is_cut_off, begin, end),
	    cmocka_unit_test_setup_teardown(the_end_of_the_peer_is_told, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
