/* What is said of users and groups, and what may be. */
#include "access/people.h"

#include "base/text.h"

#define NAME_MAX_BYTES 64
#define TEXT_MAX_BYTES 200
#define DNS_MAX        8
#define MINUTES_MAX    (366 * 24 * 60)

const char *const user_roles[] = {"user", "operator", "admin", NULL};
const char *const tunnel_modes[] = {"split", "full", NULL};

/* What the audit log calls others, and paths of the API their caller. */
static const char *const reserved[] = {"sallyport", "nobody", "me"};

static bool
is_name_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
	       c == '-' || c == '@' || c == '+';
}

const char *
people_check_name(const char *name)
{
	struct span text = span_str(name);
	struct address ip;

	if (text.len == 0)
		return "is empty";
	if (text.len > NAME_MAX_BYTES)
		return "is longer than 64 characters";
	for (size_t i = 0; i < text.len; i++)
		if (!is_name_byte(text.p[i]))
			return "has something else in it than a to z, 0 to 9 and . _ - @ +";
	if (text.p[0] == '.' || text.p[0] == '-' || text.p[0] == '@' || text.p[0] == '+')
		return "does not begin with a letter or digit";
	if (address_parse_ip(text, &ip))
		return "is an address";
	for (size_t i = 0; i < COUNT(reserved); i++)
		if (strcmp(name, reserved[i]) == 0)
			return "is kept for the program itself";
	return NULL;
}

/* Names come in any case and are kept in lower case. */
static const char *
check_folded_name(const char *name)
{
	char lower[NAME_MAX_BYTES + 2];
	struct span text = span_head(span_str(name), sizeof lower - 1);

	for (size_t i = 0; i < text.len; i++)
		lower[i] = (char)text_lower(text.p[i]);
	lower[text.len] = '\0';
	return people_check_name(lower);
}

static const char *
check_email(const char *text)
{
	struct span mail = span_str(text);
	size_t at = span_find(mail, '@');

	if (at == 0 || at + 1 >= mail.len ||
	    span_find(span_tail(mail, at + 1), '@') + at + 1 < mail.len)
		return "is no mail address";
	for (size_t i = 0; i < mail.len; i++)
		if (mail.p[i] <= ' ' || mail.p[i] == 0x7F || mail.p[i] == '<' || mail.p[i] == '>')
			return "is no mail address";
	return NULL;
}

static const char *
check_ip(const char *text)
{
	struct address ip;

	return address_parse_ip(span_str(text), &ip) ? NULL : "is no IP address";
}

static const struct shape_member policy_members[] = {
    {.name = "totp_required",
     .kind = SHAPE_CHOICE,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct user_policy, totp_required),
     .choices = shape_yes_no,
     .doc = "Whether one-time codes are needed to sign in."},
    {.name = "devices_max",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct user_policy, devices_max),
     .max = 10000,
     .doc = "How many devices one may have; 0: any number."},
    {.name = "connections_max",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct user_policy, connections_max),
     .max = 10000,
     .doc = "How many VPN sessions one may have at once; 0: any number."},
    {.name = "session_minutes",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct user_policy, session_minutes),
     .max = MINUTES_MAX,
     .doc = "After how long one has to sign in again, on the web and in the VPN; 0: never."},
    {.name = "tunnel",
     .kind = SHAPE_CHOICE,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct user_policy, tunnel),
     .choices = tunnel_modes,
     .doc = "What goes through the VPN: only what the rules name, or all; null: as the "
	    "configuration implies, which is all unless it names routes."},
    {.name = "client_to_client",
     .kind = SHAPE_CHOICE,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct user_policy, client_to_client),
     .choices = shape_yes_no,
     .doc = "Whether devices reach each other through the VPN; null: as the configuration says."},
    {.name = "dns",
     .kind = SHAPE_TEXTS,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct user_policy, dns),
     .max = DNS_MAX,
     .check = check_ip,
     .doc = "DNS servers that devices are given; an empty list: none."},
    /* Only where it is everybody's. */
    {.name = "usual",
     .kind = SHAPE_OBJECT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct everybodys_policy, usual),
     .of = &shape_policy,
     .doc = "What holds where everybody's policy has null; null in it: as the configuration "
	    "says."},
};
#define FOR_EVERYBODY_ALONE 1
const struct shape shape_policy = {
    .name = "Policy",
    .doc = "What holds for devices and connections; null: as the wider one says.",
    .size = sizeof(struct user_policy),
    .members = policy_members,
    .count = COUNT(policy_members) - FOR_EVERYBODY_ALONE,
};
_Static_assert(offsetof(struct everybodys_policy, set) == 0, "both shapes have the same members");
const struct shape shape_everybodys_policy = {
    .name = "EverybodysPolicy",
    .doc = "What holds for everybody who has nothing else; null: as is usual.",
    .size = sizeof(struct everybodys_policy),
    .members = policy_members,
    .count = COUNT(policy_members),
};

static const struct shape_member user_members[] = {
    {.name = "id",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct user, id),
     .doc = "Never another user's."},
    {.name = "name",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED | SHAPE_FIXED,
     .offset = offsetof(struct user, name),
     .min = 1,
     .max = NAME_MAX_BYTES,
     .check = check_folded_name,
     .doc = "What he signs in with; kept in lower case."},
    {.name = "full_name",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct user, full_name),
     .max = TEXT_MAX_BYTES,
     .check = shape_check_line,
     .doc = "What he is called."},
    {.name = "email",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct user, email),
     .max = TEXT_MAX_BYTES,
     .check = check_email,
     .format = "email",
     .doc = "Where to write to him."},
    {.name = "comment",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct user, comment),
     .max = TEXT_MAX_BYTES,
     .check = shape_check_line,
     .doc = "For administrators."},
    {.name = "role",
     .kind = SHAPE_CHOICE,
     .offset = offsetof(struct user, role),
     .choices = user_roles,
     .doc = "What he may do here."},
    {.name = "enabled",
     .kind = SHAPE_BOOL,
     .offset = offsetof(struct user, enabled),
     .doc = "Whether he may sign in and connect."},
    {.name = "expires",
     .kind = SHAPE_TIME,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct user, expires),
     .doc = "From when on he may no more."},
    {.name = "group",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct user, group_name),
     .max = NAME_MAX_BYTES,
     .doc = "The name of his group."},
    {.name = "policy",
     .kind = SHAPE_OBJECT,
     .offset = offsetof(struct user, policy),
     .of = &shape_policy,
     .doc = "What holds for him where it is not what his group has."},
    {.name = "created",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct user, created),
     .doc = "When he was added."},
    {.name = "last_seen",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct user, last_seen),
     .doc = "When he last signed in."},
    {.name = "has_password",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct user, has_password),
     .doc = "Whether he has set a password."},
    {.name = "has_totp",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct user, has_totp),
     .doc = "Whether he signs in with one-time codes."},
    {.name = "devices",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct user, device_count),
     .doc = "How many devices he has."},
};
const struct shape shape_user = {
    .name = "User",
    .doc = "Somebody who may sign in, or has a device.",
    .size = sizeof(struct user),
    .members = user_members,
    .count = COUNT(user_members),
};

static const struct shape_member group_members[] = {
    {.name = "id",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct group, id),
     .doc = "Never another group's."},
    {.name = "name",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED,
     .offset = offsetof(struct group, name),
     .min = 1,
     .max = NAME_MAX_BYTES,
     .check = check_folded_name,
     .doc = "What it is called; kept in lower case."},
    {.name = "comment",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct group, comment),
     .max = TEXT_MAX_BYTES,
     .check = shape_check_line,
     .doc = "For administrators."},
    {.name = "policy",
     .kind = SHAPE_OBJECT,
     .offset = offsetof(struct group, policy),
     .of = &shape_policy,
     .doc = "What holds for its members where it is not what everybody has."},
    {.name = "created",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct group, created),
     .doc = "When it was added."},
    {.name = "members",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct group, members),
     .doc = "How many users are in it."},
};
const struct shape shape_group = {
    .name = "Group",
    .doc = "Users who have a policy and rules in common.",
    .size = sizeof(struct group),
    .members = group_members,
    .count = COUNT(group_members),
};
