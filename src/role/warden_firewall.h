/*
 * Packets that others drop. An accept in our own table cannot undo a drop in another's, so what
 * Docker, ufw, firewalld or an administrator has there decides whether clients reach anything.
 * Pure: told of the ruleset, it says what to change in it, and what only a person can.
 */
#ifndef ROLE_WARDEN_FIREWALL_H
#define ROLE_WARDEN_FIREWALL_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define FIREWALL_TABLE   "sallyport" /* of family inet */
#define FIREWALL_COMMENT "sallyport" /* on each rule of ours in another's table */

struct firewall_view {
	bool ours;                  /* our own table is there */
	struct buf commands;        /* for nft_run(), NUL-ended; empty: nothing is to be done */
	char problem[ERR_TEXT_MAX]; /* whose drop stands, and what to run; empty: nobody's */
};

/* `json` is nft_list()'s, `device` ours; NULL: no rule of ours is to be left in others' tables. On
 * success *out is to be freed with firewall_view_free(). */
MUST_CHECK struct err firewall_look(struct span json, const char *device,
				    struct firewall_view *out);
void firewall_view_free(struct firewall_view *v);

#endif
