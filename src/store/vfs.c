#include "store/vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>

#define NAME "sallyport"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sqlite3_vfs vfs;
static bool is_there;

static int
full_pathname(sqlite3_vfs *v, const char *name, int size, char *out)
{
	int n = snprintf(out, (size_t)size, "%s", name);

	(void)v;
	return n >= 0 && n < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static void
make(void)
{
	const sqlite3_vfs *usual = sqlite3_vfs_find(NULL);

	if (usual == NULL)
		return;
	vfs = *usual;
	vfs.pNext = NULL;
	vfs.zName = NAME;
	vfs.xFullPathname = full_pathname;
	is_there = sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
}

const char *
vfs_name(void)
{
	pthread_once(&once, make);
	return is_there ? NAME : NULL;
}
