#include "os/listening.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/holder.h"

#define TCP_LISTEN_STATE 0x0a
#define UDP_BOUND_STATE  0x07

struct table {
	struct listening *at;
	size_t count;
};

static void
add_file(struct table *t, const char *path, bool udp)
{
	FILE *f = fopen(path, "re");
	struct holder_socket s;
	char line[512];

	while (f != NULL && t->count < LISTENING_MAX && fgets(line, sizeof line, f) != NULL) {
		if (!holder_read_line(line, &s) || s.connected ||
		    s.state != (udp ? UDP_BOUND_STATE : TCP_LISTEN_STATE))
			continue;
		struct listening *l = MEM_PUSH(t->at, t->count);
		*l = (struct listening){.udp = udp, .at = s.local, .inode = s.inode};
	}
	if (f != NULL)
		fclose(f);
}

static int
by_inode(const void *a, const void *b)
{
	const struct listening *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

/* systemd's process 1 keeps the sockets that it opens for others: it is told only if alone. */
static bool
is_better(long pid, long than)
{
	return than <= 1 || (pid > 1 && pid < than);
}

static void
claim(struct table *t, const char *target, long pid)
{
	struct listening key = {.inode = 0};

	if (sscanf(target, "socket:[%" SCNu64 "]", &key.inode) != 1)
		return;
	struct listening *l = bsearch(&key, t->at, t->count, sizeof *t->at, by_inode);
	if (l != NULL && is_better(pid, l->pid))
		l->pid = pid;
}

static void
look_at_process(struct table *t, int proc, const char *name)
{
	long pid = strtol(name, NULL, 10);
	char path[64], target[64];

	snprintf(path, sizeof path, "%.20s/fd", name);
	int fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		ssize_t n = readlinkat(fd, entry->d_name, target, sizeof target - 1);

		target[n > 0 ? n : 0] = '\0';
		claim(t, target, pid);
	}
	closedir(dir);
}

static void
find_processes(struct table *t)
{
	DIR *dir = opendir("/proc");

	if (dir == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		if (entry->d_name[strspn(entry->d_name, "0123456789")] == '\0')
			look_at_process(t, dirfd(dir), entry->d_name);
	closedir(dir);
}

static int
by_place(const void *a, const void *b)
{
	const struct listening *x = a, *y = b;

	if (x->udp != y->udp)
		return x->udp - y->udp;
	if (x->at.port != y->at.port)
		return x->at.port - y->at.port;
	if (x->at.family != y->at.family)
		return x->at.family - y->at.family;
	int ip = memcmp(x->at.ip, y->at.ip, sizeof x->at.ip);
	return ip != 0 ? ip : (x->pid > y->pid) - (x->pid < y->pid);
}

/* Sockets of a group are one listener. */
static size_t
merge(struct listening *at, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (kept == 0 || by_place(&at[kept - 1], &at[i]) != 0)
			at[kept++] = at[i];
	return kept;
}

struct listening *
listening_all(size_t *count)
{
	struct table t = {NULL, 0};

	add_file(&t, "/proc/net/tcp", false);
	add_file(&t, "/proc/net/tcp6", false);
	add_file(&t, "/proc/net/udp", true);
	add_file(&t, "/proc/net/udp6", true);
	*count = 0;
	if (t.count == 0)
		return NULL;
	qsort(t.at, t.count, sizeof *t.at, by_inode);
	find_processes(&t);
	qsort(t.at, t.count, sizeof *t.at, by_place);
	*count = merge(t.at, t.count);
	for (size_t i = 0; i < *count; i++)
		holder_name(t.at[i].pid, t.at[i].process, sizeof t.at[i].process, t.at[i].unit,
			    sizeof t.at[i].unit);
	return t.at;
}
