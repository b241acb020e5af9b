/* SQLite's own way to files, but for one thing: a relative path stays one. */
#ifndef STORE_VFS_H
#define STORE_VFS_H

/*
 * The name of it for sqlite3_open_v2(). The directory of the store may lie below others that the
 * process cannot enter, so that only what is relative to its working directory can be opened;
 * SQLite alone would make every path absolute first. NULL: SQLite cannot be set up.
 */
const char *vfs_name(void);

#endif
