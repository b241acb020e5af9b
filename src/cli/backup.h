/* All of a server in one encrypted file, and back. */
#ifndef CLI_BACKUP_H
#define CLI_BACKUP_H

#include "cli/verb.h"

int backup_make(struct command_line *l);
int backup_restore(struct command_line *l);

/* --- what both sides call things, in this order:
 *
 *	manifest.json       {"format":1,"program":"0.1.0","made":"2026-...","schema":3}
 *	secret.key          the key of what is sealed in the store
 *	audit.head          the last row of the audit log that was noted; not always there
 *	store.jsonl         store_dump()
 *	sallyport.conf
 *	site/NAME/N/chain   of the N-th certificate of the site with that first name
 *	site/NAME/N/key
 */
#define BACKUP_FORMAT   1
#define BACKUP_MANIFEST "manifest.json"
#define BACKUP_KEY      "secret.key"
#define BACKUP_HEAD     "audit.head"
#define BACKUP_STORE    "store.jsonl"
#define BACKUP_CONFIG   "sallyport.conf"

#define BACKUP_SMALL_MAX (4 << 20) /* of all but the store */

#endif
