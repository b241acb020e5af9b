/* The inside of callers and calls, for the files that are one: h1_caller*.c, h2_caller*.c. */
#ifndef HTTP_CALL_INNER_H
#define HTTP_CALL_INNER_H

#include "http/call.h"

/* One table for each version. */
struct caller_kind {
	void (*free)(struct caller *c);
	struct call *(*begin)(struct caller *c, const struct call_request *request,
			      const struct call_ops *ops, void *owner);
	size_t (*vacancies)(const struct caller *c);
	bool (*is_dead)(const struct caller *c);
	size_t (*receive)(struct caller *c, struct span in);
	bool (*wants_input)(const struct caller *c);
	void (*receive_end)(struct caller *c);
	void (*fail)(struct caller *c, enum call_failure how, const char *why);
	struct buf *(*output)(struct caller *c);
	bool (*output_ended)(const struct caller *c);
	void (*output_sent)(struct caller *c);
	uint8_t *(*room)(struct call *call, size_t *len);
	void (*sent)(struct call *call, size_t n, bool last);
	void (*trailers)(struct call *call, const struct field *fields, size_t count);
	void (*taken)(struct call *call, size_t n);
	bool (*awaits)(const struct call *call);
	void (*cancel)(struct call *call);
};

struct caller {
	const struct caller_kind *kind;
};

struct call {
	struct caller *caller;
	const struct call_ops *ops;
	void *owner;
};

/* Interim answers to one request that are passed on; more are no answer. */
#define CALL_INTERIM_MAX 32

/*
 * Whether all of it may stand in a head: tokens where tokens belong, no space and no control
 * character elsewhere.
 */
MUST_CHECK bool call_request_is_sound(const struct call_request *request);

/* Why a connection ended, in words that all versions use. */
#define CALL_WHY_UNSOUND "the request cannot be written as it is"
#define CALL_WHY_CLOSED  "the connection was closed before an answer came"
#define CALL_WHY_SHORT   "the request ended before all of its body was there"
#define CALL_WHY_MEMORY  "no memory for the request"
#define CALL_WHY_CUT     "the connection was closed in the middle of the answer"

#endif
