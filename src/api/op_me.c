/* What people see and change of themselves, without an administrator. */
#include "access/credential.h"
#include "access/people.h"
#include "access/signin.h"
#include "api/op.h"
#include "api/qr.h"
#include "tls/password.h"

#define FULL_NAME_MAX 200
#define EMAIL_MAX     254
#define CODE_MAX      32
#define URI_MAX       1024

/* What of himself everybody may change. */
struct me_body {
	const char *full_name, *email;
};

static const struct shape_member me_members[] = {
    {.name = "full_name",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct me_body, full_name),
     .max = FULL_NAME_MAX,
     .doc = "What people call him."},
    {.name = "email",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct me_body, email),
     .max = EMAIL_MAX,
     .format = "email",
     .doc = "Where mail for him goes."},
};
static const struct shape shape_me = {
    .name = "Me",
    .doc = "What everybody may change of himself.",
    .size = sizeof(struct me_body),
    .members = me_members,
    .count = COUNT(me_members),
};

static struct outcome
change_me(struct api_call *c)
{
	struct user before, after;
	struct me_body body;
	struct outcome o;

	if (refused(o = op_owner(c, &before)) || refused(o = call_match(c, before.version)))
		return o;
	body = (struct me_body){before.full_name, before.email};
	if (refused(o = call_body(c, &body, NULL)))
		return o;
	after = before;
	after.full_name = body.full_name;
	after.email = body.email;
	if (refused(o = op_check_user(&after)) ||
	    refused(o = user_change(c->access, &c->actor, &before, &after)))
		return o;
	return call_answer(c, &after, after.version, NULL);
}

struct password_change {
	const char *old, *password;
};

static const struct shape_member password_change_members[] = {
    {.name = "old",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED | SHAPE_WRITE_ONLY | SHAPE_WIPED,
     .offset = offsetof(struct password_change, old),
     .min = 1,
     .max = PASSWORD_MAX,
     .doc = "The password until now."},
    {.name = "password",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED | SHAPE_WRITE_ONLY | SHAPE_WIPED,
     .offset = offsetof(struct password_change, password),
     .min = 1,
     .max = PASSWORD_MAX,
     .doc = "The password from now on."},
};
static const struct shape shape_password_change = {
    .name = "PasswordChange",
    .doc = "One's own password, changed.",
    .size = sizeof(struct password_change),
    .members = password_change_members,
    .count = COUNT(password_change_members),
};

static struct outcome
change_password(struct api_call *c)
{
	struct password_change body = {0};
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)) || refused(o = call_body(c, &body, NULL)))
		return o;
	o = password_set(c->access, &c->actor, &u, span_str(body.old), span_str(body.password));
	op_forget(body.old);
	op_forget(body.password);
	return refused(o) ? o : call_answer_none(c);
}

/* Shown this once; the picture says the same as the URI. */
struct totp_offer {
	const char *secret, *uri, *qr;
};

static const struct shape_member totp_offer_members[] = {
    {.name = "secret",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct totp_offer, secret),
     .doc = "The secret in base32, for typing."},
    {.name = "uri",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct totp_offer, uri),
     .doc = "The same as otpauth://, for apps on this device."},
    {.name = "qr",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct totp_offer, qr),
     .doc = "The same as a QR code: an SVG document."},
};
static const struct shape shape_totp_offer = {
    .name = "TotpOffer",
    .doc = "A secret for one-time codes, which counts once a code of it was given.",
    .size = sizeof(struct totp_offer),
    .members = totp_offer_members,
    .count = COUNT(totp_offer_members),
};

static struct outcome
answer_offer(struct api_call *c, const struct buf *uri, const struct buf *secret)
{
	struct totp_offer offer = {
	    .secret = arena_copy(c->access->memory, buf_span(secret)),
	    .uri = arena_copy(c->access->memory, buf_span(uri)),
	};
	struct outcome o;

	offer.qr = qr_svg(offer.uri, c->access->memory);
	o = offer.qr != NULL ? call_answer(c, &offer, 0, NULL) : call_broken(c, "qr_svg");
	op_forget(offer.qr);
	op_forget(offer.secret);
	op_forget(offer.uri);
	return o;
}

static struct outcome
begin_totp(struct api_call *c)
{
	struct buf uri = buf_with_cap(URI_MAX), secret = buf_with_cap(URI_MAX);
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)))
		return o;
	o = totp_begin(c->access, &c->actor, &u, &uri, &secret);
	if (!refused(o))
		o = answer_offer(c, &uri, &secret);
	buf_wipe(&uri);
	buf_wipe(&secret);
	return o;
}

struct code_body {
	const char *code;
};

static const struct shape_member code_members[] = {
    {.name = "code",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED | SHAPE_WRITE_ONLY | SHAPE_WIPED,
     .offset = offsetof(struct code_body, code),
     .min = 1,
     .max = CODE_MAX,
     .doc = "The six digits that the app shows now."},
};
static const struct shape shape_code = {
    .name = "OneTimeCode",
    .doc = "A one-time code.",
    .size = sizeof(struct code_body),
    .members = code_members,
    .count = COUNT(code_members),
};

struct recovery {
	const char **codes;
};

static const struct shape_member recovery_members[] = {
    {.name = "codes",
     .kind = SHAPE_TEXTS,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct recovery, codes),
     .doc = "Each stands once for a one-time code."},
};
static const struct shape shape_recovery = {
    .name = "RecoveryCodes",
    .doc = "For who has lost his phone. They are shown this once; those before them are void.",
    .size = sizeof(struct recovery),
    .members = recovery_members,
    .count = COUNT(recovery_members),
};

static struct outcome
answer_codes(struct api_call *c, char codes[RECOVERY_CODES][RECOVERY_TEXT])
{
	const char *texts[RECOVERY_CODES + 1] = {NULL};

	for (size_t i = 0; i < RECOVERY_CODES; i++)
		texts[i] = codes[i];
	return call_answer(c, &(struct recovery){texts}, 0, NULL);
}

static struct outcome
confirm_totp(struct api_call *c)
{
	char codes[RECOVERY_CODES][RECOVERY_TEXT];
	struct code_body body = {0};
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)) || refused(o = call_body(c, &body, NULL)))
		return o;
	o = totp_confirm(c->access, &c->actor, &u, span_str(body.code), codes);
	if (!refused(o))
		o = answer_codes(c, codes);
	explicit_bzero(codes, sizeof codes);
	return o;
}

static struct outcome
remove_totp(struct api_call *c)
{
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)) || refused(o = totp_remove(c->access, &c->actor, &u)))
		return o;
	return call_answer_none(c);
}

static struct outcome
renew_codes(struct api_call *c)
{
	char codes[RECOVERY_CODES][RECOVERY_TEXT];
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)))
		return o;
	o = recovery_renew(c->access, &c->actor, &u, codes);
	if (!refused(o))
		o = answer_codes(c, codes);
	explicit_bzero(codes, sizeof codes);
	return o;
}

static struct outcome
list_sessions(struct api_call *c)
{
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)))
		return o;
	return op_list_sessions(c, u.id);
}

static struct outcome
end_session(struct api_call *c)
{
	struct outcome o;
	struct user u;
	int64_t id;

	if (refused(o = op_owner(c, &u)) || refused(o = op_id(c, 0, "session", &id)))
		return o;
	return op_end_session(c, u.id, id);
}

struct ended {
	int64_t count;
};

static const struct shape_member ended_members[] = {
    {.name = "ended",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct ended, count),
     .max = INT64_MAX,
     .doc = "How many there were."},
};
static const struct shape shape_ended = {
    .name = "EndedSessions",
    .doc = "Sessions that were ended.",
    .size = sizeof(struct ended),
    .members = ended_members,
    .count = COUNT(ended_members),
};

static struct outcome
end_other_sessions(struct api_call *c)
{
	struct ended ended = {0};
	struct outcome o;
	struct user u;

	if (refused(o = op_owner(c, &u)) ||
	    refused(o = sessions_end(c->access, &c->actor, &u, &ended.count)))
		return o;
	return call_answer(c, &ended, 0, NULL);
}

static const char *const session_sorts[] = {"created", "address", "seen", "expires", NULL};
static const struct parameter sorted[] = {OP_SORT(session_sorts)};

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/me",
     .id = "getMe",
     .doc = "Shows who asks, as administrators see him.",
     .level = LEVEL_SELF,
     .flags = OP_PORTAL,
     .answer = &shape_user,
     .run = op_show_owner},
    {.method = METHOD_PATCH,
     .path = "/me",
     .id = "changeMe",
     .doc = "Changes one's own full name or mail address.",
     .level = LEVEL_SELF,
     .flags = OP_PORTAL | OP_CHANGES,
     .body = &shape_me,
     .use = SHAPE_CHANGE,
     .answer = &shape_user,
     .run = change_me},
    {.method = METHOD_GET,
     .path = "/me/policy",
     .id = "getMyPolicy",
     .doc = "Shows what holds for who asks: how many devices he may have, for example.",
     .level = LEVEL_SELF,
     .flags = OP_PORTAL,
     .answer = &shape_policy,
     .run = op_show_policy},
    {.method = METHOD_POST,
     .path = "/me/password",
     .id = "changeMyPassword",
     .doc = "Changes one's own password, and ends one's other sessions.",
     .level = LEVEL_SELF,
     .flags = OP_PORTAL | OP_SLOW,
     .body = &shape_password_change,
     .use = SHAPE_CREATE,
     .run = change_password},
    {.method = METHOD_POST,
     .path = "/me/totp",
     .id = "beginMyTotp",
     .doc = "Makes a secret for one-time codes. It counts once a code of it was given to "
	    "/me/totp/confirm; until then all stays as it was.",
     .level = LEVEL_SELF,
     .flags = OP_PORTAL | OP_PROVED,
     .answer = &shape_totp_offer,
     .run = begin_totp},
    {.method = METHOD_POST,
     .path = "/me/totp/confirm",
     .id = "confirmMyTotp",
     .doc = "Gives a code of the new secret, from which on signing in takes one. Answers with "
	    "recovery codes.",
     .level = LEVEL_SELF,
     .flags = OP_PORTAL,
     .also = ALSO_UNKNOWN,
     .body = &shape_code,
     .use = SHAPE_CREATE,
     .answer = &shape_recovery,
     .run = confirm_totp},
    {.method = METHOD_DELETE,
     .path = "/me/totp",
     .id = "removeMyTotp",
     .doc = "Forgets one's one-time codes and recovery codes, where the policy does not ask for "
	    "them.",
     .level = LEVEL_SELF,
     .flags = OP_PORTAL | OP_PROVED,
     .run = remove_totp},
    {.method = METHOD_POST,
     .path = "/me/recovery-codes",
     .id = "renewMyRecoveryCodes",
     .doc = "Makes new recovery codes; those before them are void.",
     .level = LEVEL_SELF,
     .flags = OP_PORTAL | OP_PROVED,
     .also = ALSO_UNKNOWN,
     .answer = &shape_recovery,
     .run = renew_codes},
    {.method = METHOD_GET,
     .path = "/me/sessions",
     .id = "listMySessions",
     .doc = "Lists where one is signed in, the newest first unless sorted.",
     .level = LEVEL_SELF,
     .flags = OP_PORTAL | OP_LIST,
     .answer = &shape_session,
     .query = sorted,
     .query_count = COUNT(sorted),
     .run = list_sessions},
    {.method = METHOD_DELETE,
     .path = "/me/sessions",
     .id = "endMyOtherSessions",
     .doc = "Ends all of one's sessions but the one that asks.",
     .level = LEVEL_SELF,
     .flags = OP_PORTAL,
     .answer = &shape_ended,
     .run = end_other_sessions},
    {.method = METHOD_DELETE,
     .path = "/me/sessions/{id}",
     .id = "endMySession",
     .doc = "Ends one of one's own sessions at once.",
     .level = LEVEL_SELF,
     .flags = OP_PORTAL,
     .run = end_session},
};

const struct operation_group operations_me = {"Me", operations, COUNT(operations)};
