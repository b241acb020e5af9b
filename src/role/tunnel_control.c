/* The line to control: questions of the tunnel's, by number, and control's own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/fs.h"
#include "role/call_reply.h"
#include "role/tunnel_private.h"

#define ANSWER_MAX (4 << 20)
#define LOOKS      16 /* within its patience, at what is open */

struct control_line {
	struct tunnel *tunnel;
	struct channel *channel; /* NULL: there is no control */
	struct list open;        /* asks that wait for their answers, the oldest first */
	uint64_t last;
	uint64_t patience_ms;
	struct timer look;
};

struct control_line *
control_line_new(struct tunnel *t, uint64_t patience_ms)
{
	struct control_line *c = MEM_NEW(struct control_line);

	c->tunnel = t;
	c->patience_ms = patience_ms;
	c->last = (uint64_t)clock_wall_ms() << 16; /* none is an ask of an earlier tunnel's */
	list_init(&c->open);
	return c;
}

static void
settle(struct ask *a, enum admission_verdict verdict, struct span text)
{
	list_remove(&a->link);
	a->answered(a, verdict, text);
}

static void
settle_all(struct control_line *c)
{
	while (!list_empty(&c->open))
		settle(container_of(c->open.next, struct ask, link), ADMISSION_LATER, SPAN_NONE);
}

void
control_line_free(struct control_line *c)
{
	if (c == NULL)
		return;
	timer_stop(&c->look);
	channel_free(c->channel);
	c->channel = NULL;
	settle_all(c);
	free(c);
}

static void
answered(struct control_line *c, struct message *m)
{
	struct buf text = buf_with_cap(ANSWER_MAX);
	enum admission_verdict verdict = (enum admission_verdict)m->kind;

	for (struct list *l = c->open.next; l != &c->open; l = l->next) {
		struct ask *a = container_of(l, struct ask, link);

		if (a->number != m->value)
			continue;
		if (verdict == ADMISSION_REFUSED)
			settle(a, verdict, span_str(m->text));
		else if (verdict > ADMISSION_CODE || failed(fs_read_fd(m->fds[0], &text)))
			settle(a, ADMISSION_LATER, SPAN_NONE);
		else
			settle(a, verdict, buf_span(&text));
		break;
	}
	buf_wipe(&text);
}

static void
call(struct control_line *c, const struct message *m)
{
	if (m->kind == CALL_TUNNELS)
		tunnel_list(c->tunnel, m->value);
	else if (m->kind == CALL_END)
		tunnel_end(c->tunnel, m->value, m->text);
	else
		control_reply(c, m->value, false, SPAN_OF("that cannot be asked"));
}

static void
on_message(struct channel *ch, struct message *m, void *owner)
{
	struct control_line *c = owner;

	(void)ch;
	switch (m->type) {
	case MESSAGE_RESULT:
		answered(c, m);
		break;
	case MESSAGE_CALL:
		call(c, m);
		break;
	case MESSAGE_ASK:
		tunnel_count(c->tunnel);
		break;
	case MESSAGE_CHANGED:
		tunnel_changed(c->tunnel);
		break;
	default:
		break;
	}
}

static void
on_closed(struct channel *ch, const char *why, void *owner)
{
	struct control_line *c = owner;

	log_warn("control: %s; nobody can sign in to the VPN until it is back", why);
	channel_free(ch);
	c->channel = NULL;
	settle_all(c);
}

void
control_line_follow(struct control_line *c, int fd)
{
	static const struct channel_ops ops = {on_message, on_closed};

	channel_free(c->channel);
	c->channel = NULL;
	settle_all(c);
	struct err e = channel_new(c->tunnel->loop, fd, ROLE_CONTROL, &ops, c, &c->channel);
	if (failed(e))
		log_error("control: %s", e.text);
}

static void look(struct timer *t);

static void
look_later(struct control_line *c)
{
	if (!list_empty(&c->open) && !list_linked(&c->look.link))
		timer_set(c->tunnel->loop, &c->look, c->patience_ms / LOOKS, look);
}

/* Each waits for as long, however many are asked behind it. */
static void
look(struct timer *t)
{
	struct control_line *c = container_of(t, struct control_line, look);
	int64_t since = loop_now(c->tunnel->loop) - (int64_t)c->patience_ms;

	while (!list_empty(&c->open)) {
		struct ask *a = container_of(c->open.next, struct ask, link);

		if (a->at > since)
			break;
		settle(a, ADMISSION_LATER, SPAN_NONE);
	}
	look_later(c);
}

void
control_ask(struct control_line *c, struct ask *a, enum tunnel_call what, const char *argument,
	    struct span body)
{
	struct message m = {.type = MESSAGE_CALL, .kind = what, .value = ++c->last, .fd_count = 1};
	struct err e = c->channel != NULL ? fs_sealed("call", body, &m.fds[0])
					  : err_new("control cannot be asked");

	a->number = c->last;
	a->at = loop_now(c->tunnel->loop);
	list_append(&c->open, &a->link);
	if (!failed(e)) {
		snprintf(m.text, sizeof m.text, "%s", argument);
		e = channel_send(c->channel, &m);
		close(m.fds[0]);
	}
	if (failed(e))
		settle(a, ADMISSION_LATER, SPAN_NONE);
	else
		look_later(c);
}

void
control_line_tell(struct control_line *c, const struct message *m)
{
	struct err e = c->channel != NULL ? channel_send(c->channel, m) : ERR_NONE;

	if (failed(e))
		log_error("control is not told: %s", e.text);
}

void
control_reply(struct control_line *c, uint64_t number, bool done, struct span text)
{
	call_reply(c->channel, number, done, text);
}
