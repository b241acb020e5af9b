#include "os/alarm.h"

#include <stdint.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void
ready(struct watch *w, uint32_t events)
{
	struct alarm *a = container_of(w, struct alarm, watch);
	uint64_t times;

	(void)events;
	/* One that was moved meanwhile has nothing to be read. */
	if (read(w->fd, &times, sizeof times) == (ssize_t)sizeof times)
		a->ring(a);
}

struct err
alarm_begin(struct loop *l, struct alarm *a, void (*ring)(struct alarm *a))
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	struct err e;

	*a = (struct alarm){.watch = {.fd = -1}, .loop = l, .ring = ring};
	if (fd < 0)
		return err_sys("cannot make an alarm");
	if (failed(e = watch_start(l, &a->watch, fd, READY_IN, ready)))
		close(fd);
	return e;
}

void
alarm_end(struct alarm *a)
{
	if (a->loop != NULL)
		watch_close(a->loop, &a->watch);
	a->loop = NULL;
}

void
alarm_set(struct alarm *a, int64_t at_us)
{
	struct itimerspec t = {
	    .it_value = {.tv_sec = at_us / 1000000, .tv_nsec = at_us % 1000000 * 1000}};

	/* It fails for no time that can be written so. */
	(void)timerfd_settime(a->watch.fd, TFD_TIMER_ABSTIME, &t, NULL);
}
