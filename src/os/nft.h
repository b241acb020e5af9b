/* The kernel's packet filter (nftables), by the commands that `nft` knows, in one transaction. */
#ifndef OS_NFT_H
#define OS_NFT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

MUST_CHECK struct err nft_run(const char *commands);
/* The ruleset as JSON; for who wants to know what others drop. */
MUST_CHECK struct err nft_list(struct buf *out);

#endif
