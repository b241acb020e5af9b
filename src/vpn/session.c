#include "vpn/session.h"

#include <stdio.h>
#include <stdlib.h>

#include "vpn/session_inner.h"

/* --- beginning and end */

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

struct session *
session_new(const struct session_settings *settings, const struct session_start *start,
	    const struct session_ops *ops, void *owner, int64_t now)
{
	struct session *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	*s = (struct session){.settings = settings,
			      .ops = ops,
			      .owner = owner,
			      .start = *start,
			      .push = buf_with_cap(PUSH_MESSAGES_MAX * CONTROL_TEXT_MAX),
			      .wrap = wrap_new(start->keys, true),
			      .heard = now,
			      .sent = now,
			      .looked = now};
	s->now = key_new(s, 0, now);
	if (s->wrap == NULL || s->now == NULL) {
		session_free(s);
		return NULL;
	}
	if (start->answered)
		wrap_sent_before(s->wrap, 1, start->answered_time);
	return s;
}

void
session_free(struct session *s)
{
	if (s == NULL)
		return;
	key_free(s->now);
	key_free(s->next);
	key_free(s->old);
	wrap_free(s->wrap);
	wrap_free(s->wrap_later);
	buf_wipe(&s->push);
	explicit_bzero(s, sizeof *s);
	free(s);
}

/*
 * Over UDP a client that has left says so again until it is acknowledged, and then must not find
 * nobody there: that would make a new session of it.
 */
void
session_end_by(struct session *s, enum session_end how, const char *why, struct key *tells,
	       int64_t now)
{
	bool lingers = tells != NULL || (how == END_LEFT && !s->start.stream);

	if (s->ending.set)
		return;
	s->ending = (struct ending){
	    .set = true, .how = how, .at = now + (lingers ? LINGER_MS : 0), .tells = tells};
	snprintf(s->ending.why, sizeof s->ending.why, "%s", why);
}

void
session_fail(struct session *s, struct key *k, const char *why, int64_t now)
{
	bool told;

	if (k == s->old || s->ending.set)
		return;
	told = s->up && k != s->now && talk_tell(s->now, "RESTART", "");
	session_end_by(s, END_HANDSHAKE, why, told ? s->now : NULL, now);
}

/* Whether it has control packets, or data alone. */
static bool
talks(const struct key *k)
{
	return k != NULL && k->tls != NULL;
}

static bool
is_at_its_end(const struct session *s, int64_t now)
{
	const struct ending *e = &s->ending;

	return e->set &&
	       (now >= e->at || (e->tells != NULL && reliable_all_acked(e->tells->delivery)));
}

/* What every call ends with: all is said that is to be said now. */
static void
settle(struct session *s, int64_t now, int64_t wall_ms)
{
	struct key *const keys[] = {s->now, s->next, s->old};

	if (--s->busy > 0)
		return;
	for (size_t i = 0; i < COUNT(keys) && !s->ending.deaf; i++)
		if (talks(keys[i]))
			key_flush(s, keys[i], now, wall_ms);
	s->ending.deaf = s->ending.set && s->ending.how == END_LEFT;
	if (is_at_its_end(s, now)) {
		s->over = true;
		s->ops->over(s->owner, s->ending.how, s->ending.why);
	}
}

/* --- control packets */

enum whose { OF_NONE, OF_FIRST, OF_LATER, OF_ANY };

/* What a client may send, and under which keys. */
static const struct kind {
	enum whose whose;
	bool resets;
	bool has_key; /* its wrapped key is behind it */
} kinds[] = {
    [OP_SOFT_RESET_V1] = {.whose = OF_LATER, .resets = true},
    [OP_CONTROL_V1] = {.whose = OF_ANY},
    [OP_ACK_V1] = {.whose = OF_ANY},
    [OP_RESET_CLIENT_V2] = {.whose = OF_FIRST, .resets = true},
    [OP_RESET_CLIENT_V3] = {.whose = OF_FIRST, .resets = true, .has_key = true},
    [OP_CONTROL_WKC_V1] = {.whose = OF_FIRST, .has_key = true},
};

struct arrival {
	unsigned opcode, key_id;
	struct control control;
	struct buf body; /* that it points into */
};

static const struct kind *
kind_of(struct span packet)
{
	unsigned opcode = packet.len > 0 ? wire_opcode(packet.p[0]) : 0;
	enum whose whose;

	if (packet.len > PACKET_MAX || opcode >= COUNT(kinds))
		return NULL;
	whose = kinds[opcode].whose;
	if (whose == OF_ANY || whose == (wire_key_id(packet.p[0]) == 0 ? OF_FIRST : OF_LATER))
		return &kinds[opcode];
	return NULL;
}

/* Number 0 is a reset, and nothing else is. */
static bool
is_of(const struct session *s, const struct kind *kind, const struct wrap_head *head,
      const struct arrival *a)
{
	const struct control *c = &a->control;

	if (memcmp(head->session_id, s->start.client_id, SESSION_ID) != 0 ||
	    (c->ack_count > 0 && memcmp(c->acked, s->start.server_id, SESSION_ID) != 0))
		return false;
	return !wire_has_id(a->opcode) || (c->id == 0) == kind->resets;
}

/* False for what is not genuine, of another session, or came before. */
static bool
unwrap(struct session *s, struct span packet, struct arrival *a)
{
	const struct kind *kind = kind_of(packet);
	struct span key;
	struct wrap_head head;

	if (kind == NULL || (kind->has_key && !wire_split(packet, &packet, &key)))
		return false;
	a->opcode = wire_opcode(packet.p[0]);
	a->key_id = wire_key_id(packet.p[0]);
	struct wrap *wrap = session_wrap(s, a->key_id);
	return wrap_open(wrap, packet, &head, &a->body) &&
	       control_read(a->opcode, buf_span(&a->body), &a->control) &&
	       is_of(s, kind, &head, a) && wrap_take(wrap, &head);
}

/* What was said to a client that goes on to another key is not heard any more: it is said anew by
 * that. Its time stays what it was. */
static bool
begin_next(struct session *s, int64_t now)
{
	const struct ending before = s->ending;

	if (before.set && s->sentence.set && !before.deaf)
		s->ending = (struct ending){.set = false};
	if (!key_begin_next(s, now)) {
		s->ending = before;
		return false;
	}
	if (s->sentence.set)
		s->next->deadline = earlier(s->next->deadline, s->sentence.until);
	return true;
}

/* A hard reset never makes a new state: the client sends its first packet again. */
static struct key *
key_for(struct session *s, const struct arrival *a, int64_t now)
{
	struct key *k = key_of(s, a->key_id);

	if (k == NULL && a->opcode == OP_SOFT_RESET_V1 && a->key_id == key_next_id(s) &&
	    begin_next(s, now))
		k = s->next;
	return talks(k) ? k : NULL;
}

void
session_receive(struct session *s, struct span packet, int64_t now, int64_t wall_ms)
{
	struct arrival a = {.body = buf_with_cap(PACKET_MAX)};
	struct key *k;

	if (!s->over && !s->ending.deaf && unwrap(s, packet, &a) &&
	    (k = key_for(s, &a, now)) != NULL) {
		s->busy++;
		s->heard = now;
		key_receive(s, k, a.opcode, &a.control, now);
		key_go_on(s, k, now);
		settle(s, now, wall_ms);
	}
	buf_wipe(&a.body);
}

/* --- the clock */

static const char *const too_late[] = {
    [KEY_TLS] = "its TLS handshake took too long",
    [KEY_METHOD] = "it did not say in time who it is",
    [KEY_SIGN_IN] = "its sign-in took too long",
    [KEY_PUSH] = "it did not ask in time what it gets",
    [KEY_OPEN] = "it did not take up its new key in time",
};

static void
look_at_deadlines(struct session *s, int64_t now)
{
	struct key *k = s->next != NULL ? s->next : s->now;

	if (now >= k->deadline && s->sentence.set)
		session_end_by(s, END_KILLED, s->sentence.why, NULL, now);
	else if (now >= k->deadline)
		session_fail(s, k, too_late[k->stage], now);
	else if (s->up && s->settings->silence_ms > 0 &&
		 now >= s->heard + (int64_t)s->settings->silence_ms)
		session_end_by(s, END_SILENT, "nothing was heard of it", NULL, now);
}

static void
begin_rekey(struct session *s, int64_t now)
{
	if (key_begin_next(s, now))
		key_begin(s, s->next, now);
}

static bool
wants_rekey(const struct session *s, int64_t now)
{
	return (s->settings->rekey_ms > 0 && now >= s->rekey_at) ||
	       data_keys_are_worn(s->now->data);
}

/* Clients go on by the key before for a while, then only what is still under way is under it. */
static void
outlive_old(struct session *s, int64_t now)
{
	if (talks(s->old) && now >= s->old_talks_until)
		key_fall_silent(s->old);
	if (s->old != NULL && now >= s->old_until) {
		key_free(s->old);
		s->old = NULL;
	}
}

static void
do_chores(struct session *s, int64_t now)
{
	s->looked = now;
	outlive_old(s, now);
	if (s->next == NULL && wants_rekey(s, now))
		begin_rekey(s, now);
	if (s->settings->ping_ms > 0 && now >= s->sent + (int64_t)s->settings->ping_ms)
		session_keep_alive(s, now);
}

void
session_tick(struct session *s, int64_t now, int64_t wall_ms)
{
	if (s->over)
		return;
	s->busy++;
	if (!s->ending.set)
		look_at_deadlines(s, now);
	if (s->up && !s->ending.set)
		do_chores(s, now);
	settle(s, now, wall_ms);
}

/* Of those that are up. */
static int64_t
next_chore(const struct session *s)
{
	const struct session_settings *set = s->settings;
	int64_t when = s->looked + LOOK_MS;

	if (s->old != NULL)
		when = earlier(when, s->old_until);
	if (talks(s->old))
		when = earlier(when, s->old_talks_until);
	if (s->next == NULL && set->rekey_ms > 0)
		when = earlier(when, s->rekey_at);
	if (set->ping_ms > 0)
		when = earlier(when, s->sent + (int64_t)set->ping_ms);
	if (set->silence_ms > 0)
		when = earlier(when, s->heard + (int64_t)set->silence_ms);
	return when;
}

int64_t
session_when(const struct session *s)
{
	const struct key *const keys[] = {s->now, s->next, s->old};
	int64_t when = s->ending.set ? s->ending.at : INT64_MAX;

	if (s->over)
		return INT64_MAX;
	if (s->ending.deaf)
		return when;
	for (size_t i = 0; i < COUNT(keys); i++)
		if (talks(keys[i]))
			when = earlier(when, reliable_when(keys[i]->delivery));
	if (s->ending.set)
		return when;
	when = earlier(when, s->next != NULL ? s->next->deadline : s->now->deadline);
	return s->up ? earlier(when, next_chore(s)) : when;
}

/* --- what the owner decides */

static struct key *
asking(const struct session *s)
{
	struct key *k = s->next != NULL ? s->next : s->now;

	return !s->over && !s->ending.set && k->stage == KEY_SIGN_IN ? k : NULL;
}

void
session_admit(struct session *s, const struct push_terms *terms, int64_t now, int64_t wall_ms)
{
	struct key *k = asking(s);

	if (k == NULL || k->admitted)
		return;
	if (s->certificate.expired) { /* whatever the owner thinks of it */
		session_refuse(s, "this profile has expired: download it anew", now, wall_ms);
		return;
	}
	s->busy++;
	k->admitted = key_answer(s, k, now);
	if (!s->up && !talk_set_terms(s, terms))
		talk_refuse(s, k, "the server has too much to tell", now);
	if (s->up && k->admitted && terms->token != NULL && !talk_token(k, terms->token))
		session_fail(s, k, "its new token could not be told", now);
	if (s->busy == 1)
		key_go_on(s, k, now);
	settle(s, now, wall_ms);
}

void
session_refuse(struct session *s, const char *reason, int64_t now, int64_t wall_ms)
{
	struct key *k = asking(s);

	if (k == NULL || k->admitted)
		return;
	s->busy++;
	if (key_answer(s, k, now))
		talk_refuse(s, k, reason, now);
	settle(s, now, wall_ms);
}

/* Once for each key: who goes on typing for ever holds a place among those who come in. */
static bool
can_ask(const struct session *s, const struct key *k)
{
	return s->peer.sso_crtext && !k->challenged;
}

static void
challenge(struct session *s, struct key *k, const struct session_challenge *c, int64_t now)
{
	if (!can_ask(s, k)) {
		talk_challenge_away(s, k, c, now);
	} else if (talk_challenge(s, k, c)) {
		k->challenged = true;
		k->deadline = now + ANSWER_MS;
	} else {
		session_fail(s, k, "it could not be asked for a code", now);
	}
}

void
session_challenge(struct session *s, const struct session_challenge *c, int64_t now,
		  int64_t wall_ms)
{
	struct key *k = asking(s);

	if (k == NULL || k->admitted)
		return;
	s->busy++;
	if (key_answer(s, k, now))
		challenge(s, k, c, now);
	settle(s, now, wall_ms);
}

static bool
tell_sentence(const struct session *s, struct key *k)
{
	return talk_tell(k, s->sentence.restart ? "RESTART" : "HALT", s->sentence.why);
}

/* A client that does not know yet who we are takes no messages: it finds out by itself. */
void
session_carry_out(struct session *s, struct key *k, int64_t now)
{
	bool told = k->stage > KEY_METHOD && key_answer(s, k, now) && tell_sentence(s, k);

	session_end_by(s, END_KILLED, s->sentence.why, told ? k : NULL, now);
	s->ending.at = earlier(s->ending.at, s->sentence.until);
}

/* From the first packet of another key on a client hears nothing by the one before; but who knows
 * whether that has arrived. */
static void
put_off(struct session *s, int64_t now)
{
	s->next->deadline = earlier(s->next->deadline, s->sentence.until);
	if (!tell_sentence(s, s->now))
		session_end_by(s, END_KILLED, s->sentence.why, NULL, now);
}

void
session_kill(struct session *s, bool restart, const char *reason, int64_t now, int64_t wall_ms)
{
	struct key *k = s->next != NULL ? s->next : s->now;

	if (s->over || s->ending.set || s->sentence.set)
		return;
	s->busy++;
	s->sentence = (struct sentence){.set = true, .restart = restart, .until = now + LINGER_MS};
	snprintf(s->sentence.why, sizeof s->sentence.why, "%s", reason);
	if (k == s->next && k->stage <= KEY_METHOD)
		put_off(s, now);
	else
		session_carry_out(s, k, now);
	settle(s, now, wall_ms);
}

const char *
session_ending(const struct session *s)
{
	if (s->ending.set)
		return s->ending.why;
	return s->sentence.set ? s->sentence.why : NULL;
}

bool
session_renews(const struct session *s)
{
	return s->next != NULL;
}

void
session_rekey(struct session *s, int64_t now, int64_t wall_ms)
{
	if (s->over || !s->up || s->ending.set)
		return;
	s->busy++;
	begin_rekey(s, now);
	settle(s, now, wall_ms);
}

void
session_info(const struct session *s, struct session_info *out)
{
	*out = (struct session_info){.up = s->up,
				     .cipher = s->cipher,
				     .tls = s->up ? engine_version(s->now->tls) : NULL,
				     .peer = s->known ? &s->peer : NULL,
				     .bytes_in = s->bytes_in,
				     .bytes_out = s->bytes_out,
				     .keys = s->keys};
}
