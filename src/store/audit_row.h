/* How a row of the audit log is read: for the files that list it and walk it. */
#ifndef STORE_AUDIT_ROW_H
#define STORE_AUDIT_ROW_H

#include "store/audit.h"
#include "store/sql.h"

#define AUDIT_COLUMNS                                                                              \
	"a.id, a.time, a.who, a.address, a.action, a.object, a.value_before, a.value_after, a.mac"

void audit_read(struct row *r, void *out); /* a struct audit_row */

#endif
