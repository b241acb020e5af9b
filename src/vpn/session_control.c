#include <stdio.h>

#include "base/encode.h"
#include "tls/digest.h"
#include "vpn/session_inner.h"

/* --- what the client says */

static void
hear_push_request(struct session *s, struct key *k, struct span more, int64_t now)
{
	(void)more;
	s->push_asked = true;
	if (s->up && now - s->pushed >= PUSH_REPEAT_MS && !talk_push(s, k, now))
		session_fail(s, k, "its terms could not be told", now);
}

static void
hear_exit(struct session *s, struct key *k, struct span more, int64_t now)
{
	(void)k;
	(void)more;
	session_end_by(s, END_LEFT, "the client left", NULL, now);
}

/* What the person has typed, in base64. Nobody who was not asked has anything to answer. */
static void
hear_answer(struct session *s, struct key *k, struct span more, int64_t now)
{
	struct buf code = buf_with_cap(ANSWER_MAX), state = k->challenge;

	if (buf_len(&state) == 0 || k->stage != KEY_SIGN_IN || k->admitted)
		return;
	k->challenge = buf_with_cap(CONTROL_TEXT_MAX); /* the answer to it is one */
	if (base64_read(more, &code))
		s->ops->sign_in(s->owner, &(struct session_sign_in){.certificate = &s->certificate,
								    .device = s->start.device,
								    .password = buf_span(&state),
								    .code = buf_span(&code),
								    .peer = &s->peer,
								    .again = s->up});
	else
		talk_refuse(s, k, "the code that came cannot be read", now);
	buf_wipe(&code);
	buf_wipe(&state);
}

static const struct message {
	struct span text;
	bool has_more; /* behind it */
	void (*hear)(struct session *s, struct key *k, struct span more, int64_t now);
} messages[] = {
    {SPAN_INIT("PUSH_REQUEST"), false, hear_push_request},
    {SPAN_INIT("EXIT"), false, hear_exit},
    {SPAN_INIT("CR_RESPONSE,"), true, hear_answer},
};

static bool
is_message(const struct message *m, struct span text)
{
	return m->has_more ? span_starts_with(text, m->text) : span_equal(text, m->text);
}

static bool
is_printable(uint8_t c)
{
	return c >= ' ' && c <= '~';
}

/* Some end their messages with CR or LF besides the NUL; what else is not text is no message. */
static void
hear_one(struct session *s, struct key *k, struct span text, int64_t now)
{
	while (text.len > 0 && (text.p[text.len - 1] == '\r' || text.p[text.len - 1] == '\n'))
		text.len--;
	for (size_t i = 0; i < COUNT(messages) && !s->ending.set; i++)
		if (is_message(&messages[i], text))
			messages[i].hear(s, k, span_tail(text, messages[i].text.len), now);
}

void
talk_hear(struct session *s, struct key *k, int64_t now)
{
	struct span all;

	if (!key_read(s, k, now))
		return;
	for (all = buf_span(&k->heard); !s->ending.set; all = buf_span(&k->heard)) {
		size_t n = span_find(all, '\0');

		if (n == all.len)
			break;
		hear_one(s, k, span_head(all, n), now);
		key_heard(k, n + 1);
	}
	if (buf_len(&k->heard) > HEARD_MAX)
		session_fail(s, k, "a message without an end", now);
}

/* --- what it is told: each message in a TLS record of its own, with its NUL */

bool
talk_tell(struct key *k, const char *word, const char *reason)
{
	char text[CONTROL_TEXT_MAX];
	bool told;

	snprintf(text, sizeof text, "%s%s%s", word, reason[0] != '\0' ? "," : "", reason);
	for (char *c = text; *c != '\0'; c++)
		if (!is_printable((uint8_t)*c))
			*c = '?';
	told = engine_write(k->tls, span_of(text, strlen(text) + 1));
	explicit_bzero(text, sizeof text);
	return told;
}

bool
talk_set_terms(struct session *s, const struct push_terms *terms)
{
	const struct peer_info *peer = &s->peer;
	unsigned mtu = peer->mtu < s->settings->mtu ? peer->mtu : s->settings->mtu;
	struct push_line line = {
	    .peer_id = (peer->proto & IV_DATA_V2) != 0 ? s->start.peer_id : PEER_ID_NONE,
	    .cipher = s->cipher,
	    .tls_ekm = (peer->proto & IV_TLS_EKM) != 0,
	    .cc_exit = (peer->proto & IV_CC_EXIT) != 0,
	    .dyn_tls_crypt = (peer->proto & IV_DYN_TLS_CRYPT) != 0,
	    .flags_known = (peer->proto & IV_CC_EXIT) != 0,
	    .mtu = mtu,
	    .stub = peer->lzo ? "compress stub-v2" : NULL,
	    .datagrams = !s->start.stream,
	};

	buf_wipe(&s->push);
	s->renamed = terms->token_user != NULL;
	if (s->renamed && !digest_of(span_str(terms->token_user), s->told_name))
		return false;
	return push_write(terms, &line, &s->push);
}

bool
talk_push(struct session *s, struct key *k, int64_t now)
{
	struct span left = buf_span(&s->push);

	s->pushed = now;
	while (left.len > 0) {
		struct span message = span_head(left, span_find(left, '\0') + 1);

		if (!engine_write(k->tls, message))
			return false;
		left = span_tail(left, message.len);
	}
	return true;
}

bool
talk_token(struct key *k, const char *token)
{
	char text[CONTROL_TEXT_MAX];
	int n = snprintf(text, sizeof text, "auth-token %s", token);
	bool told = n > 0 && (size_t)n < sizeof text && talk_tell(k, "PUSH_REPLY", text);

	explicit_bzero(text, sizeof text);
	return told;
}

/* To the extension AUTH_PENDING, whose keywords not all clients know, belongs INFO_PRE. "R,E": an
 * answer is wanted, and what is typed may be seen. */
bool
talk_challenge(const struct session *s, struct key *k, const struct session_challenge *c)
{
	bool timed = (s->peer.proto & IV_AUTH_PENDING) != 0;
	char text[CONTROL_TEXT_MAX];
	char seconds[32];

	snprintf(seconds, sizeof seconds, "timeout %d", ANSWER_MS / 1000);
	snprintf(text, sizeof text, "CR_TEXT:R,E:%s", c->text);
	return buf_append(&k->challenge, span_str(c->state)) &&
	       talk_tell(k, "AUTH_PENDING", timed ? seconds : "") && talk_tell(k, "INFO_PRE", text);
}

void
talk_challenge_away(struct session *s, struct key *k, const struct session_challenge *c,
		    int64_t now)
{
	struct buf text = buf_with_cap(CONTROL_TEXT_MAX);
	bool told = buf_printf(&text, "CRV1:R,E:%s:", c->state) &&
		    base64_put(&text, span_str(c->user), 0) && buf_printf(&text, ":%s", c->text) &&
		    buf_byte(&text, '\0') &&
		    talk_tell(k, "AUTH_FAILED", (const char *)buf_span(&text).p);

	buf_wipe(&text);
	session_end_by(s, END_REFUSED, "it was asked for a one-time code", told ? k : NULL, now);
}

void
talk_refuse(struct session *s, struct key *k, const char *reason, int64_t now)
{
	bool told = talk_tell(k, "AUTH_FAILED", reason);

	session_end_by(s, END_REFUSED, reason, told ? k : NULL, now);
}
