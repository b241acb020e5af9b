/*
 * Whether the kernel passes packets on from one device to another: settings below /proc/sys. It is
 * for whoever writes them to know what was there before.
 */
#ifndef OS_FORWARDING_H
#define OS_FORWARDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

#define SETTING_NAME 72

struct setting {
	char name[SETTING_NAME]; /* "net/ipv4/conf/eth0/forwarding" */
	int value;
};

/* False where there is none of that name, or it is no number. */
MUST_CHECK bool setting_read(const char *name, int *value);
MUST_CHECK struct err setting_write(const struct setting *s);

/*
 * What has to be set, and in that order, so that packets of that IP version (4, 6) which come in by
 * one of these devices are passed on. Never NULL for more than 0; the caller's to free(). None
 * where the machine has no such IP.
 */
struct setting *forwarding_settings(int family, const char *const *devices, size_t device_count,
				    size_t *count);

/* Whether somebody wants it for all devices, whatever they are. */
bool forwarding_is_general(int family);

#endif
