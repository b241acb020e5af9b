/* The audit log's chain: each row's MAC is over the MAC before it and all the row says. */
#ifndef ACCESS_AUDIT_H
#define ACCESS_AUDIT_H

#include "access/access.h"
#include "base/encode.h"
#include "store/audit.h"

/* Adds a row inside the transaction that is open. Its id, time and mac are set here. */
MUST_CHECK enum store_result audit_append(struct access *a, struct audit_row *row);

/* After the commit: notes the new head in a->audit_head, and now and then in the journal. */
void audit_committed(struct access *a);

struct audit_verdict {
	bool whole;
	int64_t rows, first_bad;        /* the id of the first row that is not right; 0: none */
	char why[160];                  /* a sentence either way */
	char head[HEX_SIZE(AUDIT_MAC)]; /* of the last row that is right; "": there is none */
};

/* Walks all rows, and looks whether the noted head is among them. */
MUST_CHECK struct outcome audit_verify(struct access *a, struct audit_verdict *out);

#endif
