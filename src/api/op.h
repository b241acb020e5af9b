/*
 * What the operations about people and their things share. Each op_*.c is a table of what can be
 * asked; the deciding is done in access/.
 */
#ifndef API_OP_H
#define API_OP_H

#include "access/devices.h"
#include "api/live_list.h"
#include "api/operation.h"

/* The user whom the first part of the path names; where people do for themselves (OP_PORTAL), the
 * one who asks, who then must have signed in: a token that may read shall change nothing of its
 * owner's. */
MUST_CHECK struct outcome op_owner(struct api_call *c, struct user *out);

/* Answers with him, and with the policy that holds for him. */
MUST_CHECK struct outcome op_show_owner(struct api_call *c);
MUST_CHECK struct outcome op_show_policy(struct api_call *c);

/* The n-th part of the path as the id of a `thing`: unknown when it is no number. */
MUST_CHECK struct outcome op_id(const struct api_call *c, size_t n, const char *thing,
				int64_t *out);

/* Of the query, which was checked by its parameters' types: a yes-or-no (absent: no), a number (0),
 * a time (0). */
bool op_query_yes(const struct api_call *c, const char *name);
MUST_CHECK struct outcome op_query_number(const struct api_call *c, const char *name, int64_t max,
					  int64_t *out);
MUST_CHECK struct outcome op_query_time(const struct api_call *c, const char *name, int64_t *out);

/* The id of the user that the query's `user` names; 0: it does not. */
MUST_CHECK struct outcome op_query_user(struct api_call *c, int64_t *out);

/* A row of a list's `query`: the columns, NULL-ended, as the store calls them. */
#define OP_SORT(columns)                                                                           \
	{                                                                                          \
		"sort", "string", "By what the list is sorted.", columns                           \
	}

/* Answers with a page of the `count` rows that are wanted, in any order. */
MUST_CHECK struct outcome op_answer_live(struct api_call *c, const struct live_list *list,
					 const struct page *page, void *rows, size_t count);

/* Whether the part occurs in the text (NULL: in none), no matter the case. */
bool op_text_has(const char *text, const char *part);

/* The ETag of settings by their version: one that was never set has version 0, which would be none.
 */
int64_t op_setting_tag(int64_t version);

/* Which of the choices it is; -1: none, or no text. */
int op_choice(const char *text, const char *const *choices);

/* Whether a body had that member, by what call_body() said was given. */
bool op_given(const struct shape *s, uint64_t given, const char *member);

/* What people say of themselves in bodies of fewer members is held to what holds for a user's. */
MUST_CHECK struct outcome op_check_user(const struct user *u);

/* A text as one part of a path (RFC 3986 §3.3). */
const char *op_path_part(struct api_call *c, const char *text);

/* Wipes a password that came in a body, once it was used; NULL is fine. */
void op_forget(const char *secret);

/* The User-Agent; NULL: it says none. */
const char *op_agent(struct api_call *c);

/* A body that is a password and nothing else. */
struct password_body {
	const char *password;
};
extern const struct shape shape_new_password, shape_ban, shape_lockout;

/* --- one-time links (op_link.c) */

extern const struct shape shape_new_link;

/* Makes one and answers with it: 201. */
MUST_CHECK struct outcome op_new_link(struct api_call *c, enum link_kind kind, int64_t user,
				      int64_t device);

/* --- profiles (op_device.c) */

#define OP_PROFILE_MEDIA "application/x-openvpn-profile"

/* Answers with a device's profile, as a download of `who`. */
MUST_CHECK struct outcome op_answer_profile(struct api_call *c, const struct actor *who,
					    const struct user *u, const struct device *d);

/* --- sessions (op_session.c) */

extern const struct shape shape_signed_in, shape_session;

/* Answers somebody whose session has just begun, and gives him its cookie. */
MUST_CHECK struct outcome op_signed_in(struct api_call *c, const struct user *u,
				       const struct session *e, const char *token);

/* Sessions of `user`, 0: everybody's, as a list. */
MUST_CHECK struct outcome op_list_sessions(struct api_call *c, int64_t user);
MUST_CHECK struct outcome op_end_session(struct api_call *c, int64_t user, int64_t id);

#endif
