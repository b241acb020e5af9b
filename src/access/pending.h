/* What a transaction leaves to be done after its commit. In a->memory, while it is open. */
#ifndef ACCESS_PENDING_H
#define ACCESS_PENDING_H

#include "access/access.h"
#include "store/audit.h"

#define PENDING_TOLD 4

struct pending {
	struct told {
		enum access_event event;
		int64_t id;
	} told[PENDING_TOLD];
	size_t count;
	int64_t audit_id; /* of the last row that was added; 0: none */
};

/* Makes it anew. */
struct pending *pending_new(struct access *a);

#endif
