#include "access/credential.h"

#include "access/change.h"
#include "access/guard.h"
#include "access/password_inner.h"
#include "access/proof.h"
#include "base/text.h"
#include "base/utf8.h"
#include "tls/password.h"

#define PASSWORD_MIN      10 /* characters, which are not all bytes of UTF-8 */
#define PASSWORD_DISTINCT 4

/* Of ten characters and more, those that turn up most often where passwords were stolen. */
static const char *const most_used[] = {
    "1234567890",     "0123456789",       "12345678910",
    "123456789a",     "1234567891",       "0987654321",
    "9876543210",     "1q2w3e4r5t",       "1q2w3e4r5t6y",
    "1qaz2wsx3edc",   "1qaz2wsx3edc4rfv", "q1w2e3r4t5",
    "q1w2e3r4t5y6",   "qwertyuiop",       "qwertyuiop[]",
    "qwerty12345",    "qwerty123456",     "qwerty123!",
    "asdfghjkl;",     "asdfghjkl1",       "zaq12wsxcde3",
    "qazwsxedcrfv",   "qazwsxedc1",       "password12",
    "password123",    "password1234",     "password12345",
    "password123!",   "passw0rd123",      "p@ssw0rd123",
    "p@ssword123",    "passwordpassword", "mypassword",
    "changeme123",    "changemenow",      "letmein123",
    "letmeinnow",     "welcome123",       "welcome1234",
    "welcome2024",    "welcome2025",      "administrator",
    "admin12345",     "admin123456",      "adminadmin",
    "administrator1", "rootroot123",      "iloveyou12",
    "iloveyou123",    "iloveyou1234",     "sunshine123",
    "princess123",    "football123",      "baseball123",
    "basketball",     "superman123",      "batman12345",
    "trustno1234",    "liverpool1",       "manchester",
    "michael123",     "jennifer123",      "christopher",
    "abcdefghij",     "abcdefghijk",      "abcdefg123",
    "abcd123456",     "abc1234567",       "abc123abc123",
    "aaaaaaaaaa1",    "a123456789",       "monkey12345",
    "dragon12345",    "samsung123",       "computer123",
    "internet123",    "qwertyuiop123",    "qwerty1234567",
    "secret12345",    "supersecret",      "correcthorsebatterystaple",
    "openvpn123",     "openvpnas123",     "sallyport123",
};

static size_t
characters(struct span password)
{
	size_t n = 0;

	for (size_t i = 0; i < password.len; i++)
		n += !utf8_continues(password.p[i]);
	return n;
}

static size_t
distinct(struct span password)
{
	bool seen[256] = {false};
	size_t n = 0;

	for (size_t i = 0; i < password.len; i++) {
		n += !seen[password.p[i]];
		seen[password.p[i]] = true;
	}
	return n;
}

static bool
is_letter(uint8_t c)
{
	c = text_lower(c);
	return (c >= 'a' && c <= 'z') || c >= 0x80;
}

/* "alice", "Alice2024!", "1234alice": the name, and around it only digits and signs. */
static bool
is_name(struct span password, struct span name)
{
	for (size_t at = 0; at + name.len <= password.len; at++) {
		struct span before = span_head(password, at);
		struct span rest = span_tail(password, at + name.len);
		bool bare = true;

		for (size_t i = 0; i < before.len; i++)
			bare = bare && !is_letter(before.p[i]);
		for (size_t i = 0; i < rest.len; i++)
			bare = bare && !is_letter(rest.p[i]);
		if (bare && span_equal_nocase(span_of(password.p + at, name.len), name))
			return true;
	}
	return false;
}

const char *
password_weakness(struct span password, const char *user_name)
{
	if (characters(password) < PASSWORD_MIN)
		return "has fewer than 10 characters";
	if (password.len > PASSWORD_MAX)
		return "is longer than 1024 bytes";
	if (distinct(password) < PASSWORD_DISTINCT)
		return "is made of very few different characters";
	if (user_name != NULL && user_name[0] != '\0' && is_name(password, span_str(user_name)))
		return "is the user's name";
	for (size_t i = 0; i < COUNT(most_used); i++)
		if (span_equal_nocase(password, span_str(most_used[i])))
			return "is among the most used ones";
	return NULL;
}

struct outcome
password_encode(const struct access *a, struct span password, const char *user_name,
		char out[PASSWORD_ENCODED_MAX])
{
	const char *why = password_weakness(password, user_name);

	if (why != NULL)
		return outcome_field(OUTCOME_INVALID, "password", "the password %s", why);
	if (password_hash(password, a->cost, out))
		return OUTCOME_OK;
	return access_short_of_memory();
}

struct outcome
password_void_links(struct access *a, const struct user *u)
{
	change_also(a, EVENT_LINK, 0);
	return access_stored(a, store_password_links_remove(a->store, u->id), "links");
}

struct outcome
password_store(struct access *a, const struct user *u, const char *encoded, int64_t session)
{
	struct outcome o =
	    access_stored(a, store_user_set_password(a->store, u->id, encoded, a->now), "user");

	if (!refused(o))
		o = access_stored(a, store_sessions_end(a->store, u->id, session, NULL),
				  "sessions");
	/* Links that were made before would set it once more. */
	if (!refused(o))
		o = password_void_links(a, u);
	change_also(a, EVENT_SESSION, 0);
	return o;
}

static struct outcome
said_of_old(struct outcome o)
{
	return o.kind == OUTCOME_STRANGER
		   ? outcome_field(OUTCOME_INVALID, "old", "the old password is wrong")
		   : o;
}

/* That he knows what it is now. To guess it here counts as a sign-in that failed. */
static struct outcome
check_old(struct access *a, const struct actor *who, const struct user *u, struct span old,
	  struct proof *p)
{
	struct signin s = {.where = "web", .name = span_str(u->name), .from = who->from};
	struct outcome o;

	if (refused(o = proof_load(a, s.name, p)) ||
	    refused(o = guard_admits(a, p->account, &who->from)))
		return o;
	if (proof_password(p, old))
		return OUTCOME_OK;
	return said_of_old(proof_failed(a, &s, p, "password.fail", FAILURE_PASSWORD));
}

static struct outcome
may_set(const struct actor *who, const struct user *u, bool gives_old)
{
	if (gives_old || who->kind != ACTOR_USER || who->user != u->id)
		return gives_old ? actor_is_or_manages(who, u) : actor_manages(who, u);
	return outcome_field(OUTCOME_INVALID, "old", "say what your password is now");
}

struct outcome
password_set(struct access *a, const struct actor *who, const struct user *u, struct span old,
	     struct span password)
{
	char encoded[PASSWORD_ENCODED_MAX];
	bool gives_old = old.p != NULL;
	struct outcome o = may_set(who, u, gives_old);
	struct proof p;

	if (refused(o) || (gives_old && refused(o = check_old(a, who, u, old, &p))))
		return o;
	if (gives_old && span_equal(old, password))
		return outcome_field(OUTCOME_INVALID, "password",
				     "the password is the one you have already");
	if (refused(o = password_encode(a, password, u->name, encoded)) ||
	    refused(o = change_begin(a)))
		return o;
	if (gives_old)
		o = said_of_old(proof_holds(a, &p));
	if (!refused(o))
		o = password_store(a, u, encoded, who->user == u->id ? who->session : 0);
	return change_end(a, who, o,
			  &(struct change){.action = "password.set",
					   .object = change_object(a, "user", u->name),
					   .event = EVENT_USER,
					   .id = u->id});
}
