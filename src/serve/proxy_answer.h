/* What a client is told of a server's answer. No I/O. */
#ifndef SERVE_PROXY_ANSWER_H
#define SERVE_PROXY_ANSWER_H

#include "http/call.h"

/* The fields that are passed on, for as long as `fields` are there; in memory of the exchange's. */
struct field *proxy_answer_fields(const struct exchange *ex, const struct field *fields,
				  size_t *count);

/* Of the body that the client is sent, or LENGTH_…: not the server's where trailers follow it. */
int64_t proxy_answer_length(const struct exchange *ex, const struct call_answer *a,
			    bool wants_trailers);

/* Whether it means what the request asked for: a switch that nobody granted does not. */
bool proxy_answer_fits(const struct exchange *ex, const struct call_answer *a);

/* Whether it goes on for as long as somebody listens, with nothing to say at times. */
bool proxy_answer_is_endless(const struct call_answer *a);

#endif
