#include "http/h1.h"
#include "os/sock.h"
#include "role/edge_http.h"
#include "role/edge_worker.h"

#define REFUSAL_MAX 2048

/* A first byte as in a TLS record or an SSLv2 hello: a TLS server would say nothing in clear. */
static bool
looks_like_tls(const uint8_t *scratch)
{
	return scratch[0] == 0x16 || (scratch[0] & 0x80) != 0;
}

void
http_refuse(struct conn *c, bool is_http)
{
	struct worker *w = c->worker;
	struct buf out = buf_with_cap(REFUSAL_MAX);
	/* What was only peeked at is read now: unread, it would make close() send RST. */
	ssize_t n = sock_read(c->fd, w->scratch, SCRATCH_SIZE);

	if (n > 0 && (is_http || !looks_like_tls(w->scratch))) {
		bool made = is_http ? h1_plain_to_tls(&out, worker_date(w), w->http.server_name)
				    : h1_bad_request(&out, worker_date(w), w->http.server_name);
		if (made)
			(void)sock_write(c->fd, buf_span(&out).p, buf_len(&out));
	}
	buf_free(&out);
	conn_linger(c);
}
