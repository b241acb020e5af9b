#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#endif

#include "base/log.h"
#include "os/sanitized.h"

void
sandbox_descriptors(unsigned long want, unsigned long *got)
{
	struct rlimit limit;

	*got = 0;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	*got = limit.rlim_cur;
	if (*got >= want)
		return;
	struct rlimit all = {want, want > limit.rlim_max ? want : limit.rlim_max};
	struct rlimit allowed = {limit.rlim_max, limit.rlim_max};
	/* Past the hard limit only with CAP_SYS_RESOURCE. */
	if (setrlimit(RLIMIT_NOFILE, &all) == 0)
		*got = all.rlim_cur;
	else if (setrlimit(RLIMIT_NOFILE, &allowed) == 0)
		*got = allowed.rlim_cur;
}

/* Becoming somebody else. */

/* Removed before it is entered, so nobody else can ever put anything there. */
static struct err
enter_empty_directory(void)
{
	char path[] = "/tmp/sallyport-XXXXXX";
	struct err e = ERR_NONE;
	int fd;

	if (mkdtemp(path) == NULL)
		return err_sys("cannot make an empty directory in /tmp");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (rmdir(path) < 0 || fd < 0 || fchdir(fd) < 0 || chroot(".") < 0)
		e = err_sys("cannot enter an empty root directory");
	if (fd >= 0)
		close(fd);
	return e;
}

static struct err
find_user(const char *name, uid_t *uid, gid_t *gid)
{
	const struct passwd *user = getpwnam(name);

	if (user == NULL)
		return err_new("there is no user %s: make the service's users with "
			       "`systemd-sysusers`, or this one with `useradd --system "
			       "--no-create-home --shell /usr/sbin/nologin %s`",
			       name, name);
	if (user->pw_uid == 0)
		return err_new("user %s is root by another name", name);
	*uid = user->pw_uid;
	*gid = user->pw_gid;
	return ERR_NONE;
}

static void
empty_bounding_set(void)
{
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
		prctl(PR_CAPBSET_DROP, capability);
}

static struct err
drop_capabilities(void)
{
	cap_t none = cap_init();
	struct err e = ERR_NONE;

	if (none == NULL || cap_set_proc(none) < 0)
		e = err_sys("cannot drop the capabilities");
	cap_free(none);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return e;
}

static struct err
become(uid_t uid, gid_t gid)
{
	struct err e;

	empty_bounding_set(); /* while there is the capability to */
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return err_sys("cannot become user %u", (unsigned)uid);
	e = drop_capabilities();
	if (!failed(e) && (setuid(0) == 0 || setgid(0) == 0))
		e = err_new("could become root again");
	return e;
}

/* Another user's process forgets whose death should be its own (PR_SET_PDEATHSIG(2const)). */
static void
die_with_parent_still(int signal, pid_t parent)
{
	if (signal == 0)
		return;
	prctl(PR_SET_PDEATHSIG, signal);
	if (getppid() != parent)
		raise(signal);
}

static struct err
give_up(const char *user, bool keep_root, bool *became)
{
	struct err e = ERR_NONE;
	pid_t parent = getppid();
	int signal = 0;
	uid_t uid = 0;
	gid_t gid = 0;

	*became = false;
	prctl(PR_GET_PDEATHSIG, &signal);
	if (geteuid() == 0) {
		e = find_user(user, &uid, &gid);
		if (!failed(e) && !keep_root)
			e = enter_empty_directory();
		if (!failed(e))
			e = become(uid, gid);
		if (failed(e))
			return err_in(e, "cannot give up root");
		*became = true;
		die_with_parent_still(signal, parent);
	}
	if ((!SANITIZED && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys("cannot give up privileges to come");
	return ERR_NONE;
}

struct err
sandbox_user(const char *user, bool *became)
{
	return give_up(user, false, became);
}

struct err
sandbox_user_only(const char *user, bool *became)
{
	return give_up(user, true, became);
}

/* Not the whole set: containers take a few away that no administrator misses at a shell. */
bool
sandbox_is_confined(void)
{
	static const int needed[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER};

	for (size_t i = 0; i < COUNT(needed); i++)
		if (prctl(PR_CAPBSET_READ, needed[i]) != 1)
			return true;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0;
}

/* Landlock. */

#ifdef LANDLOCK_ACCESS_FS_MAKE_SYM
/* Those of the first version, which every kernel with Landlock knows. */
#define EVERY_CHANGE                                                                               \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |                              \
	 LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                          \
	 LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |                              \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |                              \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |                            \
	 LANDLOCK_ACCESS_FS_MAKE_SYM)

/* Every change is refused but below `directory` (-1: there too), where nothing can be run either.
 */
static void
refuse_changes(int directory)
{
	const struct landlock_ruleset_attr rules = {.handled_access_fs = EVERY_CHANGE};
	const struct landlock_path_beneath_attr below = {
	    .allowed_access = EVERY_CHANGE & ~LANDLOCK_ACCESS_FS_EXECUTE, .parent_fd = directory};
	int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);

	if (fd < 0)
		return; /* ENOSYS or EOPNOTSUPP: this kernel has none, and the rest stands */
	if ((directory >= 0 &&
	     syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &below, 0) < 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		log_warn("Landlock is there but refuses its ruleset: %s", strerror(errno));
	close(fd);
}
#else
static void
refuse_changes(int directory)
{
	(void)directory; /* built with headers older than Landlock */
}
#endif

void
sandbox_read_only(void)
{
	refuse_changes(-1);
}

void
sandbox_write_below(int fd)
{
	refuse_changes(fd);
}

/* A clean start. */

/* What steers the loader, the allocator or the resolver from outside. */
static const char *const stray[] = {
    "LD_PRELOAD",    "LD_LIBRARY_PATH", "LD_AUDIT",     "MALLOC_TRACE",    "RES_OPTIONS",
    "LOCALDOMAIN",   "HOSTALIASES",     "OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES",
    "SSLKEYLOGFILE", "SSL_CERT_FILE",   "SSL_CERT_DIR", "GCONV_PATH",      "NLSPATH",
};

void
sandbox_clean_start(int keep)
{
	for (size_t i = 0; i < COUNT(stray); i++)
		unsetenv(stray[i]);
	close_range((unsigned)keep + 1, ~0u, 0);
	fcntl(keep, F_SETFD, FD_CLOEXEC);
	prctl(PR_SET_NAME, "sallyport"); /* run by descriptor, it would be named after that */
}
