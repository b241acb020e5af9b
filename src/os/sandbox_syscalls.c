/*
 * The system calls a role may make. One that is on no list ends the process:
 * who gets to run code in it should find nothing to call.
 */
#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/sanitized.h"

/* Memory, threads that are there already, clocks, the end: what the C library needs. */
static const int common[] = {
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_yield),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getppid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(connect),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
};

static const int edge[] = {
    SCMP_SYS(epoll_create1),  SCMP_SYS(epoll_ctl),       SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),    SCMP_SYS(epoll_pwait2),    SCMP_SYS(eventfd2),
    SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime),
    SCMP_SYS(accept4),        SCMP_SYS(shutdown),        SCMP_SYS(splice),
    SCMP_SYS(sendfile),       SCMP_SYS(pipe2),           SCMP_SYS(openat2),
    SCMP_SYS(fchdir),         SCMP_SYS(getdents64),      SCMP_SYS(signalfd4),
    SCMP_SYS(memfd_create),
};

/* All of its sockets and queues were made by others. */
static const int tunnel[] = {
    SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),  SCMP_SYS(eventfd2),  SCMP_SYS(shutdown),   SCMP_SYS(memfd_create),
};

/* The resolver reads /etc by names of its choosing, and may load a module for them. */
static const int resolver[] = {
    SCMP_SYS(open),       SCMP_SYS(openat),        SCMP_SYS(stat),
    SCMP_SYS(access),     SCMP_SYS(faccessat),     SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),   SCMP_SYS(readlinkat),    SCMP_SYS(mprotect),
    SCMP_SYS(bind),       SCMP_SYS(ioctl),         SCMP_SYS(uname),
    SCMP_SYS(sysinfo),    SCMP_SYS(getrusage),     SCMP_SYS(sched_getaffinity),
    SCMP_SYS(membarrier), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),   SCMP_SYS(eventfd2),
    SCMP_SYS(dup),        SCMP_SYS(shutdown),
};

/* Databases write, lock and map files; curl and libpq look names up, in threads of their own. */
static const int control[] = {
    SCMP_SYS(accept4),
    SCMP_SYS(pwrite64),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir),
    SCMP_SYS(chmod),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat),
    SCMP_SYS(umask),
    SCMP_SYS(lstat),
    SCMP_SYS(getcwd),
    SCMP_SYS(getdents64),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(utimensat),
    SCMP_SYS(pipe2),
    SCMP_SYS(pipe),
    SCMP_SYS(socketpair),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(getcpu),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(memfd_create),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(epoll_pwait2),
    SCMP_SYS(flock),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(getpgrp),
    SCMP_SYS(getresuid),
    SCMP_SYS(getresgid),
    SCMP_SYS(getgroups),
    SCMP_SYS(geteuid),
    SCMP_SYS(signalfd4),
    SCMP_SYS(msync),
};

/* Tried by libraries that do well without. */
static const int refused[] = {
    SCMP_SYS(open),          SCMP_SYS(openat),
    SCMP_SYS(access),        SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),    SCMP_SYS(stat),
    SCMP_SYS(readlink),      SCMP_SYS(readlinkat),
    SCMP_SYS(bind),          SCMP_SYS(ioctl),
    SCMP_SYS(uname),         SCMP_SYS(sysinfo),
    SCMP_SYS(getcpu),        SCMP_SYS(sched_getaffinity),
    SCMP_SYS(get_mempolicy), SCMP_SYS(set_mempolicy),
    SCMP_SYS(membarrier),    SCMP_SYS(getrusage),
};

struct rules {
	scmp_filter_ctx filter;
	int status; /* the first error, a negative errno value */
};

static void
put(struct rules *r, uint32_t action, int call, unsigned count, const struct scmp_arg_cmp *args)
{
	int status = seccomp_rule_add_array(r->filter, action, call, count, args);

	/* -EDOM: a call that this processor does not have. */
	if (r->status == 0 && status != -EDOM && status != -EEXIST)
		r->status = status;
}

static void
put_all(struct rules *r, uint32_t action, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put(r, action, calls[i], 0, NULL);
}

/* Allows `call` where (argument & mask) == value. */
static void
allow_if(struct rules *r, int call, unsigned argument, uint64_t mask, uint64_t value)
{
	const struct scmp_arg_cmp arg = SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, mask, value);

	put(r, SCMP_ACT_ALLOW, call, 1, &arg);
}

/* Sockets towards back ends; never AF_PACKET, AF_NETLINK and the rest of the kernel's attic. */
static void
allow_sockets(struct rules *r, bool netlink)
{
	static const int families[] = {AF_UNIX, AF_INET, AF_INET6};

	for (size_t i = 0; i < COUNT(families); i++)
		allow_if(r, SCMP_SYS(socket), 0, UINT32_MAX, (uint64_t)families[i]);
	if (netlink) /* getaddrinfo() asks which addresses we have */
		allow_if(r, SCMP_SYS(socket), 0, UINT32_MAX, AF_NETLINK);
}

static void
allow_arguments(struct rules *r)
{
	static const int harmless[] = {F_GETFD,      F_SETFD,      F_GETFL,         F_SETFL,
				       F_GETPIPE_SZ, F_SETPIPE_SZ, F_DUPFD_CLOEXEC, F_GET_SEALS};
	const struct scmp_arg_cmp ourselves[] = {SCMP_CMP64(0, SCMP_CMP_EQ, (uint64_t)getpid())};
	const struct scmp_arg_cmp only_read[] = {SCMP_CMP64(2, SCMP_CMP_EQ, 0)};

	for (size_t i = 0; i < COUNT(harmless); i++)
		allow_if(r, SCMP_SYS(fcntl), 1, UINT32_MAX, (uint64_t)harmless[i]);
	put(r, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, ourselves);
	put(r, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, only_read);
	allow_if(r, SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_NAME);
}

/* Nothing is to be run that was not there when it began. */
static void
allow_no_new_code(struct rules *r)
{
	allow_if(r, SCMP_SYS(mmap), 2, PROT_EXEC, 0);
	allow_if(r, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
	put_all(r, SCMP_ACT_ERRNO(EPERM), refused, COUNT(refused));
}

static void
allow_edge(struct rules *r)
{
	put_all(r, SCMP_ACT_ALLOW, edge, COUNT(edge));
	allow_sockets(r, false);
	allow_if(r, SCMP_SYS(fcntl), 1, UINT32_MAX, F_ADD_SEALS);
	allow_if(r, SCMP_SYS(unshare), 0, UINT64_MAX, CLONE_FS);
	allow_no_new_code(r);
}

static void
allow_tunnel(struct rules *r)
{
	put_all(r, SCMP_ACT_ALLOW, tunnel, COUNT(tunnel));
	allow_if(r, SCMP_SYS(fcntl), 1, UINT32_MAX, F_ADD_SEALS);
	allow_no_new_code(r);
}

static void
allow_resolver(struct rules *r)
{
	put_all(r, SCMP_ACT_ALLOW, resolver, COUNT(resolver));
	allow_sockets(r, true);
	put(r, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 0, NULL);
}

/* It may make threads, but no process: glibc takes clone() where there is no clone3(). */
static void
allow_control(struct rules *r)
{
	static const int locks[] = {F_GETLK, F_SETLK, F_SETLKW, F_OFD_SETLK, F_ADD_SEALS};

	allow_resolver(r);
	put_all(r, SCMP_ACT_ALLOW, control, COUNT(control));
	for (size_t i = 0; i < COUNT(locks); i++)
		allow_if(r, SCMP_SYS(fcntl), 1, UINT32_MAX, (uint64_t)locks[i]);
	allow_if(r, SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD);
	put(r, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);
	put(r, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(chown), 0, NULL);
	put(r, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(fchown), 0, NULL);
	put(r, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(setpriority), 0, NULL);
	put(r, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(sched_setscheduler), 0, NULL);
}

static struct err
load(struct rules *r, enum sandbox_profile profile)
{
	r->status = seccomp_attr_set(r->filter, SCMP_FLTATR_CTL_TSYNC, 1);
	put_all(r, SCMP_ACT_ALLOW, common, COUNT(common));
	allow_arguments(r);
	if (profile == SANDBOX_EDGE)
		allow_edge(r);
	else if (profile == SANDBOX_TUNNEL)
		allow_tunnel(r);
	else if (profile == SANDBOX_CONTROL)
		allow_control(r);
	else
		allow_resolver(r);
	if (r->status == 0)
		r->status = seccomp_load(r->filter);
	if (r->status == 0)
		return ERR_NONE;
	errno = -r->status;
	return err_sys("cannot limit the system calls");
}

struct err
sandbox_syscalls(enum sandbox_profile profile)
{
#if SANITIZED
	(void)profile;
	(void)load;
	return ERR_NONE;
#else
	struct rules r = {.filter = seccomp_init(SCMP_ACT_KILL_PROCESS)};
	struct err e;

	if (r.filter == NULL)
		return err_new("cannot limit the system calls: out of memory");
	e = load(&r, profile);
	seccomp_release(r.filter);
	return e;
#endif
}
