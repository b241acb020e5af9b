#include "serve/send.h"

#include <unistd.h>

#include "os/fs.h"

struct sender {
	int fd;
	const struct piece *at, *end;
	uint64_t done; /* of *at, its text included */
	/* Who handled the exchange before, and must be told when it is over. */
	const struct handler_ops *handler;
	void *handling;
};

/* The next bytes of a piece into `to`; 0: the file does not have them any more. */
static size_t
copy_piece(const struct sender *s, uint8_t *to, size_t len)
{
	const struct piece *p = s->at;

	if (s->done < p->text.len) {
		struct span text = span_head(span_tail(p->text, (size_t)s->done), len);

		memcpy(to, text.p, text.len);
		return text.len;
	}
	uint64_t done = s->done - p->text.len, left = p->length - done;
	ssize_t n = fs_read_at(s->fd, to, left < len ? (size_t)left : len, p->offset + done);
	return n > 0 ? (size_t)n : 0;
}

static void
skip_finished(struct sender *s)
{
	while (s->at < s->end && s->done == s->at->text.len + s->at->length) {
		s->at++;
		s->done = 0;
	}
}

static size_t
fill(struct sender *s, uint8_t *to, size_t len)
{
	size_t filled = 0, n;

	for (skip_finished(s); s->at < s->end && filled < len; skip_finished(s)) {
		if ((n = copy_piece(s, to + filled, len - filled)) == 0)
			break;
		s->done += n;
		filled += n;
	}
	return filled;
}

/* After the last bytes the exchange may be gone, and so may `s`. */
static void
send_more(struct exchange *ex)
{
	struct sender *s = ex->handling;
	uint8_t *room;
	size_t len;
	bool last = false;

	while (!last && (room = exchange_room(ex, &len)) != NULL) {
		size_t n = fill(s, room, len);

		if (n == 0) {
			exchange_abort(ex);
			return;
		}
		last = s->at == s->end;
		exchange_sent(ex, n, last);
	}
}

static void
send_gone(struct exchange *ex)
{
	struct sender *s = ex->handling;

	if (s->fd >= 0)
		close(s->fd);
	ex->handling = s->handling;
	if (s->handler != NULL && s->handler->gone != NULL)
		s->handler->gone(ex);
}

static const struct handler_ops send_ops = {.writable = send_more, .gone = send_gone};

void
send_pieces(struct exchange *ex, unsigned status, const struct field *fields, size_t count, int fd,
	    const struct piece *pieces, size_t piece_count)
{
	struct sender *s = ARENA_NEW(ex->memory, struct sender);
	uint64_t length = 0;

	*s = (struct sender){fd, pieces, pieces + piece_count, 0, ex->handler, ex->handling};
	for (size_t i = 0; i < piece_count; i++)
		length += pieces[i].text.len + pieces[i].length;
	ex->handler = &send_ops;
	ex->handling = s;
	exchange_start(ex, status, fields, count, (int64_t)length);
	if (ex->answered)
		exchange_sent(ex, 0, true);
	else
		send_more(ex);
}
