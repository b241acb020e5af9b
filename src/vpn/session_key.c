#include <stdio.h>

#include "tls/digest.h"
#include "tls/hmac.h"
#include "tls/random.h"
#include "vpn/session_inner.h"

static void
failed_tls(struct session *s, struct key *k, int64_t now)
{
	char why[WHY_MAX];

	snprintf(why, sizeof why, "TLS: %s", engine_why(k->tls));
	session_fail(s, k, why, now);
}

bool
key_read(struct session *s, struct key *k, int64_t now)
{
	if (engine_read(k->tls, &k->heard))
		return true;
	k->state = engine_give(k->tls, SPAN_NONE);
	if (k->state == ENGINE_FAILED)
		failed_tls(s, k, now);
	else
		session_fail(s, k, "it says more than can be heard", now);
	return false;
}

/* Each stage says whether the next has come. */

static bool
shaken(struct session *s, struct key *k, int64_t now)
{
	struct engine_peer peer;

	if (k->state != ENGINE_OPEN)
		return false;
	if (!engine_peer(k->tls, &peer)) {
		session_fail(s, k, "its certificate cannot be read", now);
		return false;
	}
	if (!s->known)
		s->certificate = peer;
	s->certificate.expired = peer.expired;
	return true;
}

static bool
is_his_name(const struct session *s, const uint8_t name[DIGEST_SIZE])
{
	return hmac_equal(name, s->name, DIGEST_SIZE) ||
	       (s->renamed && hmac_equal(name, s->told_name, DIGEST_SIZE));
}

/* Who is in stays who he is: a rekey proves the same certificate and the same name, or the name
 * that came with the token. */
static bool
is_the_same(struct session *s, struct key *k, const struct key_method *m)
{
	struct engine_peer peer;
	uint8_t name[DIGEST_SIZE];

	return engine_peer(k->tls, &peer) && digest_of(m->name, name) &&
	       hmac_equal(peer.fingerprint, s->certificate.fingerprint, sizeof peer.fingerprint) &&
	       is_his_name(s, name);
}

static bool
know(struct session *s, const struct key_method *m)
{
	s->peer = m->peer;
	s->cipher = cipher_choose(s->settings->ciphers, s->settings->cipher_count, m);
	s->known = digest_of(m->name, s->name);
	return s->known;
}

/* Why it cannot be let in, whoever it is; NULL: it can. */
static const char *
objection(struct session *s, struct key *k, const struct key_method *m)
{
	if (m->too_long)
		return "the name or the password is too long";
	if (s->known && !is_the_same(s, k, m))
		return "another user or certificate than before";
	if (!s->known && !know(s, m))
		return "memory is short";
	if (s->cipher == AEAD_KINDS)
		return "no common cipher: the client has none of the server's";
	if (m->peer.lzo && !m->peer.stub_v2)
		return "compression is not to be had: remove comp-lzo from the profile";
	return NULL;
}

bool
key_answer(struct session *s, struct key *k, int64_t now)
{
	struct buf out = buf_with_cap(KEY_METHOD_MAX);

	if (k->answered)
		return true;
	random_bytes(k->server.r1, sizeof k->server.r1);
	random_bytes(k->server.r2, sizeof k->server.r2);
	k->answered = key_method_write(&k->server, s->settings->options, &out) &&
		      engine_write(k->tls, buf_span(&out));
	buf_wipe(&out);
	if (!k->answered)
		session_fail(s, k, "its key method could not be answered", now);
	return k->answered;
}

/*
 * The client takes nothing else before our key method, not even that it is refused. But once it has
 * that it may seal by the new key at once (with reneg-sec 0 it does), and what it sends would be
 * lost for as long as the sign-in takes: at a rekey it comes with the answer of that.
 */
static void
ask(struct session *s, struct key *k, const struct key_method *m, int64_t now)
{
	bool again = s->up;
	const char *no = objection(s, k, m);

	if ((!again || no != NULL) && !key_answer(s, k, now))
		return;
	k->stage = KEY_SIGN_IN;
	k->client = m->random;
	if (s->sentence.set)
		session_carry_out(s, k, now);
	else if (no != NULL)
		talk_refuse(s, k, no, now);
	else
		s->ops->sign_in(s->owner, &(struct session_sign_in){.certificate = &s->certificate,
								    .device = s->start.device,
								    .name = m->name,
								    .password = m->password,
								    .peer = &s->peer,
								    .again = again});
}

static bool
told(struct session *s, struct key *k, int64_t now)
{
	struct key_method m = {0};
	size_t used = 0;
	enum key_method_result result;

	if (!key_read(s, k, now))
		return false;
	result = key_method_read(buf_span(&k->heard), &m, &used);
	if (result == KEY_METHOD_BAD)
		session_fail(s, k, "its key method is none", now);
	if (result == KEY_METHOD_DONE) {
		ask(s, k, &m, now);
		key_heard(k, used);
	}
	explicit_bzero(&m, sizeof m);
	return result == KEY_METHOD_DONE;
}

static bool
make_data_keys(struct session *s, struct key *k)
{
	uint8_t material[DATA_KEYS];
	bool made;

	if ((s->peer.proto & IV_TLS_EKM) != 0)
		made = engine_export(k->tls, DATA_LABEL, material, sizeof material);
	else
		made = keys_derive(&k->client, &k->server, s->start.client_id, s->start.server_id,
				   material);
	if (made)
		k->data = data_keys_new(s->cipher, material, k->id, true);
	explicit_bzero(material, sizeof material);
	explicit_bzero(&k->client, sizeof k->client);
	explicit_bzero(&k->server, sizeof k->server);
	return k->data != NULL;
}

static bool
let_in(struct session *s, struct key *k, int64_t now)
{
	if (!k->admitted)
		return false;
	if (!make_data_keys(s, k))
		session_fail(s, k, "its data keys cannot be made", now);
	return !s->ending.set;
}

/* Later keys' control packets go under what both sides know from the first one, too. */
static bool
make_wrap_later(struct session *s, struct key *k)
{
	uint8_t keys[WRAP_KEYS];

	if ((s->peer.proto & IV_DYN_TLS_CRYPT) == 0)
		return true;
	if (engine_export(k->tls, DYNAMIC_LABEL, keys, sizeof keys)) {
		for (size_t i = 0; i < sizeof keys; i++)
			keys[i] ^= s->start.keys[i];
		s->wrap_later = wrap_new(keys, true);
	}
	explicit_bzero(keys, sizeof keys);
	return s->wrap_later != NULL;
}

static void
come_up(struct session *s, struct key *k, int64_t now)
{
	if (!talk_push(s, k, now) || !make_wrap_later(s, k)) {
		session_fail(s, k, "its terms could not be told", now);
		return;
	}
	explicit_bzero(s->start.keys, sizeof s->start.keys);
	k->deadline = INT64_MAX;
	s->rekey_at = now + (int64_t)s->settings->rekey_ms;
	s->heard = s->sent = s->looked = now;
	s->up = true;
	s->ops->up(s->owner);
}

static bool
pushed(struct session *s, struct key *k, int64_t now)
{
	if (!s->up && (s->peer.proto & IV_REQUEST_PUSH) == 0 && !s->push_asked)
		return false;
	k->stage = KEY_OPEN;
	s->keys++;
	if (!s->up)
		come_up(s, k, now);
	return true;
}

/* A client that has all we said has made its keys as well. */
static bool
taken_up(struct session *s, struct key *k, int64_t now)
{
	if (k != s->next)
		return false;
	if (key_gather(s, k, now) && reliable_all_acked(k->delivery))
		session_use_next(s, now);
	return false;
}

static bool (*const stages[])(struct session *s, struct key *k, int64_t now) = {
    [KEY_TLS] = shaken,  [KEY_METHOD] = told,   [KEY_SIGN_IN] = let_in,
    [KEY_PUSH] = pushed, [KEY_OPEN] = taken_up,
};

void
key_go_on(struct session *s, struct key *k, int64_t now)
{
	enum key_stage stage;

	do {
		if (k->state == ENGINE_FAILED)
			failed_tls(s, k, now);
		else if (k->stage > KEY_METHOD)
			talk_hear(s, k, now);
		if (s->ending.set)
			return;
		stage = k->stage;
		if (stages[stage](s, k, now) && k->stage == stage)
			k->stage++;
	} while (k->stage != stage && !s->ending.set);
}
