/* What reads directives into a struct config has at hand. */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include "config/fault.h"
#include "config/option.h"
#include "config/tree.h"

/* Something that may stand only once in the file, and where it does. */
struct mark {
	const char *text;
	struct place at;
	enum mark_kind { MARK_SITE, MARK_SNI, MARK_ALPN } kind;
};

struct endpoint_mark {
	struct endpoint endpoint;
	struct place at;
	bool udp;
};

struct reader {
	struct config *config;
	const struct directive *file; /* all of it */
	struct arena *memory;         /* the configuration's */
	struct arena *scratch;        /* gone when the reading ends */
	const struct config_defaults *defaults;
	struct faults *faults, *warnings;
	struct mark *marks;
	size_t mark_count;
	struct endpoint_mark *endpoints;
	size_t endpoint_count;
	bool plain_off; /* "plain { listen off }" */
	bool admin_off; /* "admin { listen off }" */
	bool vpn_off;   /* "vpn { listen off }" */
	bool dropped;   /* a directive was left out, having a bad word in it */
	struct {
		bool has_certificate;                  /* right or wrong */
		const char *name;                      /* its first, for messages and logs */
		const struct directive *access_server; /* NULL: it has none */
	} site;                                        /* the one being read */
	const char *path; /* of the route being read: all paths, for the site itself */
	const struct directive *handler; /* what answers there; NULL: nothing yet */
	const struct word *silent;       /* "ssh" or "openvpn", for which a rule must be found */
	struct place silent_at;
};

#define FAULT(r, at, ...) fault_add((r)->faults, (at), __VA_ARGS__)
#define WARN(r, at, ...)  fault_add((r)->warnings, (at), __VA_ARGS__)

const char *reader_shown(struct reader *r, const struct word *w);
void reader_mark(struct reader *r, enum mark_kind kind, const char *text, struct place at);

/* Reads what stands in the braces of `d` (nothing, without) into the struct of `block`. */
void read_block(struct reader *r, const struct block *block, const struct directive *d, void *into);

/* The defaults that the table gives, into the struct of `block`. */
void read_defaults(const struct block *block, void *into);

/* Tells of words missing, or too many (a name and `least` to `most` more); true when right. */
bool read_count(struct reader *r, const struct option *o, const struct directive *d, size_t least,
		size_t most);

/* Tells of a block where none belongs; true when there is none. */
bool read_no_block(struct reader *r, const struct directive *d);

/* How the arguments are written, for a message, after a space; "" where there are none. */
const char *read_args(struct reader *r, const struct option *o);

/* "a, b or c" */
const char *read_list_words(struct reader *r, const char *const *words, size_t count);

/* Checks that need the whole file; completes what depends on it. */
void check_all(struct reader *r);

#endif
