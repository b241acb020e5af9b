/*
 * The inside of struct h1, for the files that are h1: h1.c, h1_answer.c, h1_request.c,
 * h1_switch.c. */
#ifndef HTTP_H1_INNER_H
#define HTTP_H1_INNER_H

#include "http/h1.h"
#include "http/h1_body.h"
#include "http/h1_parse.h"

#define H1_DRAIN_MAX (64 * 1024) /* bytes of a body nobody wants, read to keep a connection */

enum stage {
	STAGE_HEAD,
	STAGE_BODY, /* of the request; its answer may be complete already */
	STAGE_ANSWER,
	STAGE_SWITCHED, /* to another protocol: bytes go both ways as they are */
	STAGE_CLOSED,
};

enum framing { FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE };

struct h1_exchange {
	struct exchange ex;
	struct h1 *h;
	int64_t left;   /* of the answer's body, where its length is known */
	size_t granted; /* bytes of the last exchange_room() */
	size_t given;   /* bytes that the handler has been given and has not taken yet */
	struct buf trailers;
	enum framing framing;
	bool keep_alive; /* asked for by name */
	bool continues;  /* waits for "100 Continue" */
	bool told_end;   /* STAGE_SWITCHED: the handler knows of the peer's FIN */
};

/* Small: most connections are idle most of the time, and this is all they hold. */
struct h1 {
	struct http_session session;
	const struct http_host *host;
	void *owner;
	const struct http_settings *settings;
	const struct client *client;
	struct h1_exchange *now; /* NULL between exchanges */
	struct buf out;
	struct h1_body body;
	struct h1_scan scan;
	struct h1_line line;
	uint32_t drained;
	uint8_t stage;
	uint8_t calls;  /* of ours to a handler, under way: the exchange must stay */
	bool blank;     /* an empty line came before the request */
	bool left_over; /* the last h1_receive() could not take everything */
	bool ended;     /* the peer said FIN */
	bool draining;  /* no more requests after this one */
	bool close;     /* the connection ends after this answer */
};

static inline struct h1_exchange *
h1_exchange_of(struct exchange *ex)
{
	return container_of(ex, struct h1_exchange, ex);
}

/* h1_answer.c: exchanges, from begun to forgotten, and what they ask of us. */
struct exchange *h1_begin(struct h1 *h);
void h1_forget(struct h1 *h);
void h1_settle(struct h1 *h);           /* forgets it if it was answered, and goes on */
void h1_give_up(struct h1_exchange *x); /* the connection's end says that the answer is not whole */
void h1_refuse(struct h1 *h, unsigned status);
void h1_next_head(struct h1 *h);
void h1_tell(struct h1 *h); /* the owner, of output, if nobody else will */

/* h1_request.c: each takes what it can of `in` and returns how much that was. */
size_t h1_take_head(struct h1 *h, struct span in);
size_t h1_take_body(struct h1 *h, struct span in);
void h1_refuse_head(struct h1 *h, struct span in, unsigned status);

bool h1_wants_body(const struct h1 *h);

/* How much more may be taken of a body now: EXCHANGE_WINDOW, less what the handler has. */
size_t h1_window(const struct h1 *h);

/* Gives it to the handler, which must have a `body`. */
void h1_give(struct h1 *h, struct span bytes, bool last);

/* h1_switch.c: the same once a request has become another protocol (RFC 9110 §7.8). */
void h1_switch(struct exchange *ex, const struct field *fields, size_t count);
size_t h1_take_switched(struct h1 *h, struct span in);
void h1_end_switched(struct h1 *h); /* the peer said FIN, and all it said before was taken */

#endif
