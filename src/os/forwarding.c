#include "os/forwarding.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/span.h"
#include "base/text.h"

#define ROOT      "/proc/sys/"
#define PATH_SIZE (sizeof ROOT + SETTING_NAME)

static bool
is_there(const char *name)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, ROOT "%s", name);
	return access(path, F_OK) == 0;
}

bool
setting_read(const char *name, int *value)
{
	char path[PATH_SIZE], text[32];
	uint64_t number;

	*value = 0;
	snprintf(path, sizeof path, ROOT "%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text) : -1;
	if (fd >= 0)
		close(fd);
	if (n <= 0 || text[n - 1] != '\n' ||
	    !text_to_u64(span_of(text, (size_t)n - 1), INT32_MAX, &number))
		return false;
	*value = (int)number;
	return true;
}

struct err
setting_write(const struct setting *s)
{
	char path[PATH_SIZE], text[16];
	int len = snprintf(text, sizeof text, "%d\n", s->value);

	snprintf(path, sizeof path, ROOT "%s", s->name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, (size_t)len) == len;
	struct err e = done ? ERR_NONE : err_sys("cannot set %s to %d", path, s->value);
	if (fd >= 0)
		close(fd);
	return e;
}

static struct setting *
push(struct setting **list, size_t *count, int value)
{
	struct setting *s = MEM_PUSH(*list, *count);

	s->value = value;
	return s;
}

/* A machine that becomes a router forgets the routers that it heard of, and hears of no more,
 * where this is not 2 (net.ipv6.conf.NAME.accept_ra). */
static void
go_on_listening(struct setting **list, size_t *count)
{
	DIR *dir = opendir(ROOT "net/ipv6/conf");

	if (dir == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		char name[SETTING_NAME];
		int value;

		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "all") == 0 ||
		    strlen(entry->d_name) >= 16)
			continue;
		snprintf(name, sizeof name, "net/ipv6/conf/%.15s/accept_ra", entry->d_name);
		if (setting_read(name, &value) && value == 1)
			memcpy(push(list, count, 2)->name, name, sizeof name);
	}
	closedir(dir);
}

/* IPv6 has it for all devices at once, but for kernels from 6.17 on. */
static void
settings_of_v6(const char *const *devices, size_t device_count, struct setting **list,
	       size_t *count)
{
	if (device_count == 0 || !is_there("net/ipv6/conf/all/forwarding"))
		return;
	if (!is_there("net/ipv6/conf/all/force_forwarding")) {
		if (!forwarding_is_general(6))
			go_on_listening(list, count);
		snprintf(push(list, count, 1)->name, SETTING_NAME, "net/ipv6/conf/all/forwarding");
		return;
	}
	for (size_t i = 0; i < device_count; i++)
		snprintf(push(list, count, 1)->name, SETTING_NAME,
			 "net/ipv6/conf/%.15s/force_forwarding", devices[i]);
}

struct setting *
forwarding_settings(int family, const char *const *devices, size_t device_count, size_t *count)
{
	struct setting *list = NULL;

	*count = 0;
	if (family == 6)
		settings_of_v6(devices, device_count, &list, count);
	for (size_t i = 0; family == 4 && i < device_count; i++)
		snprintf(push(&list, count, 1)->name, SETTING_NAME,
			 "net/ipv4/conf/%.15s/forwarding", devices[i]);
	return list;
}

bool
forwarding_is_general(int family)
{
	int value;

	return setting_read(family == 4 ? "net/ipv4/conf/all/forwarding"
					: "net/ipv6/conf/all/forwarding",
			    &value) &&
	       value != 0;
}
