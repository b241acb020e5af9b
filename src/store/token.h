/* API tokens. */
#ifndef STORE_TOKEN_H
#define STORE_TOKEN_H

#include "store/store.h"

enum token_scope { SCOPE_READ, SCOPE_OPERATE, SCOPE_ADMIN };

struct token {
	int64_t id;
	int64_t user; /* whose; 0: the machine's own, made on its command line */
	const char *user_name;
	const char *name;
	uint8_t hash[SECRET_HASH];
	const char *hint; /* its first characters, to know it by */
	int scope;        /* enum token_scope */
	int64_t created, expires, last_used;
};
STORE_LIST(token);

MUST_CHECK enum store_result store_token_add(struct store *s, struct token *t);
MUST_CHECK enum store_result store_token(struct store *s, int64_t id, struct arena *memory,
					 struct token *out);
MUST_CHECK enum store_result store_token_by_hash(struct store *s, const uint8_t hash[SECRET_HASH],
						 struct arena *memory, struct token *out);
MUST_CHECK enum store_result store_token_used(struct store *s, int64_t id, int64_t when);
MUST_CHECK enum store_result store_token_remove(struct store *s, int64_t id);
/* Sorted by created (usual: the newest first), name, user, scope, expires, last_used. `user` 0:
 * everybody's. */
MUST_CHECK enum store_result store_tokens(struct store *s, const struct page *page, int64_t user,
					  struct arena *memory, struct token_list *out);

/* Forgets those that ended before `when`. */
MUST_CHECK enum store_result store_tokens_sweep(struct store *s, int64_t when);
/* And that owner's of this name, if it did. */
MUST_CHECK enum store_result store_token_sweep(struct store *s, int64_t user, const char *name,
					       int64_t when);

#endif
