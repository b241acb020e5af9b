#include "http/h1_inner.h"

#include "http/h1_write.h"

void
h1_switch(struct exchange *ex, const struct field *fields, size_t count)
{
	struct h1_exchange *x = h1_exchange_of(ex);
	struct h1 *h = x->h;
	const char *server = h->settings->server_name;
	struct h1_answer answer = {
	    .status = 101,
	    .fields = fields,
	    .field_count = count,
	    .length = LENGTH_NONE,
	    .date = h->host->date(h->owner),
	    .server = server != NULL ? span_str(server) : SPAN_NONE,
	    .protocol = ex->request.protocol,
	};

	if (h->host->switched != NULL)
		h->host->switched(ex, h->owner);
	ex->status = 101;
	h->close = true;
	x->framing = FRAMING_CLOSE;
	h->stage = STAGE_SWITCHED;
	uint8_t *room = buf_room(&h->out, h1_head_size(&answer));
	if (room == NULL)
		h1_give_up(x);
	else
		buf_added(&h->out, (size_t)(h1_put_head(room, &answer) - room));
	h1_tell(h);
}

size_t
h1_take_switched(struct h1 *h, struct span in)
{
	struct span piece = span_head(in, h1_window(h));

	if (piece.len == 0)
		return 0;
	if (h1_wants_body(h))
		h1_give(h, piece, false);
	h1_settle(h);
	return piece.len;
}

void
h1_end_switched(struct h1 *h)
{
	struct h1_exchange *x = h->now;

	if (x->told_end)
		return;
	x->told_end = true;
	if (h1_wants_body(h))
		h1_give(h, SPAN_NONE, true);
	h1_settle(h);
}
