#include "os/holder.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of sockets that wait for anybody (the kernel's enum of TCP's states, used for UDP too). */
#define TCP_LISTEN_STATE 0x0a
#define UDP_BOUND_STATE  0x07

static bool
is_any(const struct address *a)
{
	static const uint8_t zero[16];

	return memcmp(a->ip, zero, a->family == 4 ? 4 : 16) == 0;
}

/* /proc/net/tcp writes an address as 32-bit words in the machine's own order. */
static bool
read_words(const char *hex, struct address *a)
{
	size_t words = strlen(hex) / 8;

	for (size_t i = 0; i < words && i < 4; i++) {
		char word[9] = {0};
		uint32_t value;

		memcpy(word, hex + i * 8, 8);
		value = (uint32_t)strtoul(word, NULL, 16);
		memcpy(a->ip + i * 4, &value, 4);
	}
	a->family = words == 1 ? 4 : 6;
	return words == 1 || words == 4;
}

static bool
covers(const struct address *held, const struct address *at)
{
	if (held->port != at->port)
		return false;
	return is_any(held) || is_any(at) || address_same_ip(held, at);
}

bool
holder_read_line(const char *line, struct holder_socket *out)
{
	char ip[33], peer[33];
	unsigned port, peer_port;

	*out = (struct holder_socket){.state = 0};
	if (sscanf(line, " %*u: %32[0-9A-F]:%4x %32[0-9A-F]:%4x %2x %*s %*s %*s %*u %*u %" SCNu64,
		   ip, &port, peer, &peer_port, &out->state, &out->inode) != 6)
		return false;
	out->connected = peer_port != 0;
	if (!read_words(ip, &out->local))
		return false;
	out->local.port = (uint16_t)port;
	return true;
}

static bool
listener_inode(const char *table, unsigned state, const struct address *at, uint64_t *inode)
{
	FILE *f = fopen(table, "re");
	char line[512];
	bool found = false;

	if (f == NULL)
		return false;
	while (!found && fgets(line, sizeof line, f) != NULL) {
		struct holder_socket s;

		found = holder_read_line(line, &s) && s.state == state && covers(&s.local, at);
		*inode = s.inode;
	}
	fclose(f);
	return found;
}

static bool
is_number(const char *name)
{
	return name[0] != '\0' && name[strspn(name, "0123456789")] == '\0';
}

static bool
process_holds(int proc, const char *pid, const char *socket)
{
	char path[64], target[64];
	bool holds = false;
	DIR *dir;
	int fd;

	snprintf(path, sizeof path, "%s/fd", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	for (struct dirent *entry; !holds && (entry = readdir(dir)) != NULL;) {
		ssize_t n = readlinkat(fd, entry->d_name, target, sizeof target - 1);

		target[n > 0 ? n : 0] = '\0';
		holds = strcmp(target, socket) == 0;
	}
	closedir(dir);
	return holds;
}

/*
 * The lowest number: the master, not one of its workers. But systemd's process 1
 * keeps the sockets that it opens for others, so it is named only if alone.
 */
static long
pid_of_socket(uint64_t inode)
{
	char socket[40];
	long best = 0;
	DIR *dir = opendir("/proc");

	if (dir == NULL)
		return 0;
	snprintf(socket, sizeof socket, "socket:[%" PRIu64 "]", inode);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		long pid = is_number(entry->d_name) ? strtol(entry->d_name, NULL, 10) : 0;

		if (pid > 0 && (best <= 1 || (pid > 1 && pid < best)) &&
		    process_holds(dirfd(dir), entry->d_name, socket))
			best = pid;
	}
	closedir(dir);
	return best;
}

/* Reads the first line of /proc/PID/NAME that starts with `prefix`; any user may have chosen it. */
static bool
read_line(long pid, const char *name, const char *prefix, char *line, size_t size)
{
	char path[64];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%ld/%s", pid, name);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	while (!found && fgets(line, (int)size, f) != NULL)
		found = strncmp(line, prefix, strlen(prefix)) == 0;
	fclose(f);
	line[found ? strcspn(line, "\n") : 0] = '\0';
	for (char *p = line; *p != '\0'; p++)
		if (!isprint((unsigned char)*p))
			*p = '?';
	return found;
}

static bool
is_unit(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && (strcmp(dot, ".service") == 0 || strcmp(dot, ".scope") == 0);
}

/* The unit is the last part of the control group's path that is named like one. */
static bool
unit_of(long pid, char *unit, size_t size)
{
	char line[512], *slash;

	if (!read_line(pid, "cgroup", "0::/", line, sizeof line) &&
	    !read_line(pid, "cgroup", "1:name=systemd:/", line, sizeof line))
		return false;
	while ((slash = strrchr(line, '/')) != NULL) {
		if (is_unit(slash + 1)) {
			snprintf(unit, size, "%s", slash + 1);
			return true;
		}
		*slash = '\0';
	}
	return false;
}

void
holder_name(long pid, char *process, size_t process_size, char *unit, size_t unit_size)
{
	process[0] = unit[0] = '\0';
	if (!read_line(pid, "comm", "", process, process_size))
		process[0] = '\0';
	else if (!unit_of(pid, unit, unit_size))
		unit[0] = '\0';
}

static bool
name_holder(uint64_t inode, char *text, size_t size)
{
	char comm[32], unit[128];
	long pid = pid_of_socket(inode);

	if (pid == 0 || !read_line(pid, "comm", "", comm, sizeof comm))
		return false;
	if (unit_of(pid, unit, sizeof unit))
		snprintf(text, size, "%s (pid %ld, %s)", comm, pid, unit);
	else
		snprintf(text, size, "%s (pid %ld)", comm, pid);
	return true;
}

bool
holder_of_tcp(const struct address *at, char *text, size_t size)
{
	uint64_t inode;

	return (listener_inode("/proc/net/tcp", TCP_LISTEN_STATE, at, &inode) ||
		listener_inode("/proc/net/tcp6", TCP_LISTEN_STATE, at, &inode)) &&
	       name_holder(inode, text, size);
}

bool
holder_of_udp(const struct address *at, char *text, size_t size)
{
	uint64_t inode;

	return (listener_inode("/proc/net/udp", UDP_BOUND_STATE, at, &inode) ||
		listener_inode("/proc/net/udp6", UDP_BOUND_STATE, at, &inode)) &&
	       name_holder(inode, text, size);
}
