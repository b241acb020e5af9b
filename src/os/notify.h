/* sd_notify(3) without the library: nothing happens where $NOTIFY_SOCKET is not set. */
#ifndef OS_NOTIFY_H
#define OS_NOTIFY_H

#include "base/attr.h"

void notify_ready(void);
void notify_reloading(void); /* with MONOTONIC_USEC, as Type=notify-reload wants */
void notify_stopping(void);
void notify_status(const char *fmt, ...) PRINTF(1, 2);

#endif
