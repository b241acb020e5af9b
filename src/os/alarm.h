/*
 * A moment that a loop is woken at, exact to the microsecond as far as the machine is: timers count
 * in milliseconds, from the turn's beginning, and the kernel may let them sleep a little longer.
 */
#ifndef OS_ALARM_H
#define OS_ALARM_H

#include "os/loop.h"

struct alarm {
	struct watch watch;
	struct loop *loop;
	void (*ring)(struct alarm *a);
};

MUST_CHECK struct err alarm_begin(struct loop *l, struct alarm *a, void (*ring)(struct alarm *a));
void alarm_end(struct alarm *a); /* harmless for one that was never begun, but is zeroed */

/* Rings once, when clock_us() is `at_us` or as soon as it can be after that. Setting it again moves
 * it. */
void alarm_set(struct alarm *a, int64_t at_us);

#endif
