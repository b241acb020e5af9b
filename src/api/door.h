/* Who stands before the API, and whether he is let in: lists, bans, and forged requests. */
#ifndef API_DOOR_H
#define API_DOOR_H

#include "api/api.h"

struct visitor {
	struct actor actor;
	struct session session;
	struct span token;  /* the secret of the session's cookie; empty: he came otherwise */
	struct outcome why; /* refused: what he showed does not make him anybody */
};

/* Which of the lists guards what he asks for. */
enum door_list {
	DOOR_CONSOLE,
	DOOR_PORTAL, /* who may reach the console may reach this too: he signs in here */
	DOOR_OPEN,   /* what is behind has a lock of its own */
};

/* Who it is. His level is LEVEL_NOBODY unless he has shown it. */
void door_look(struct api *api, const struct api_request *r, struct visitor *out);

/* Whether his address is in the list, or that of a tunnel of his where `vpn` is. One who is not
 * must see nothing but an unknown page. May wait. */
bool door_admits(struct api *api, const struct api_request *r, const struct visitor *v,
		 enum door_list list);

/* The same, where nobody can be told from anybody, by address alone. */
bool door_admits_address(const struct config *config, const struct api_request *r,
			 enum door_list list);

/* Notes that the console was asked for from where nobody may, and how one would allow it. */
void door_note_refused(struct api *api, const struct api_request *r);

/* OUTCOME_TOO_OFTEN for one who is banned. */
MUST_CHECK struct outcome door_keeps(struct api *api, const struct api_request *r,
				     const struct visitor *v);

/* Whether a request that changes something was meant by him: not made by another page that his
 * browser shows, which would send his cookie along. */
MUST_CHECK struct outcome door_meant(const struct api_request *r, const struct visitor *v);

/* The same for a form of ours, which cannot send a field: by what browsers say of its origin. */
bool door_is_own_form(const struct api_request *r);

#endif
