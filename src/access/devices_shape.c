/* What is said of devices and certificates. */
#include "access/devices.h"

#define NAME_MAX_BYTES     64
#define PLATFORM_MAX_BYTES 64

static const char *const device_kinds[] = {"locked", "auto", NULL};
const char *const certificate_kinds[] = {"ca", "server", "device", NULL};

/* It stands in paths of the API, file names, and the audit log, after its user's. */
const char *
device_check_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0)
		return "is empty";
	if (len > NAME_MAX_BYTES)
		return "is longer than 64 bytes";
	if (name[0] == '#' || name[0] == '.' || name[0] == '-')
		return "must not begin with # . or -";
	if (name[0] == ' ' || name[len - 1] == ' ')
		return "begins or ends with a space";
	if (strpbrk(name, "/\\\"") != NULL)
		return "must not have / \\ or \" in it";
	return shape_check_line(name);
}

/* In the one way that it can be written: two ways would be two addresses to the store. */
static const char *
check_address(const char *text)
{
	char plain[ADDRESS_TEXT_MAX];
	struct address a;

	if (!address_parse_ip(span_str(text), &a) || a.family != 4 ||
	    strcmp(address_ip_text(&a, plain), text) != 0)
		return "is no IPv4 address: write it as 10.86.0.9";
	return NULL;
}

static const struct shape_member device_members[] = {
    {.name = "id",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct device, id),
     .doc = "Never another device's."},
    {.name = "user",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct device, user_name),
     .doc = "Whose it is."},
    {.name = "name",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED,
     .offset = offsetof(struct device, name),
     .min = 1,
     .max = NAME_MAX_BYTES,
     .check = device_check_name,
     .doc = "What its user calls it."},
    {.name = "platform",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct device, platform),
     .max = PLATFORM_MAX_BYTES,
     .check = shape_check_line,
     .doc = "What it runs: \"ios\", \"windows\"."},
    {.name = "kind",
     .kind = SHAPE_CHOICE,
     .offset = offsetof(struct device, kind),
     .choices = device_kinds,
     .doc = "Whether its user signs in besides (\"locked\"), or its certificate is enough."},
    {.name = "address",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(struct device, address),
     .max = ADDRESS_TEXT_MAX,
     .check = check_address,
     .format = "ipv4",
     .doc =
	 "Its IPv4 address in the VPN, which is kept for it alone; null: it gets one of those that "
	 "are free, the same again if it can. For an administrator to give."},
    {.name = "created",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct device, created),
     .doc = "When it was added."},
    {.name = "revoked",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct device, revoked),
     .doc = "Since when it may connect no more."},
    {.name = "last_seen",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct device, last_seen),
     .doc = "When it last connected."},
    {.name = "serial",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct device, serial),
     .doc = "The serial number of its certificate, in hexadecimal."},
    {.name = "expires",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct device, expires),
     .doc = "When its certificate expires."},
};
const struct shape shape_device = {
    .name = "Device",
    .doc = "What a user connects with; it has a certificate and keys of its own.",
    .size = sizeof(struct device),
    .members = device_members,
    .count = COUNT(device_members),
};

static const struct shape_member certificate_members[] = {
    {.name = "id",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct certificate_row, id),
     .doc = "Never another certificate's."},
    {.name = "kind",
     .kind = SHAPE_CHOICE,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct certificate_row, kind),
     .choices = certificate_kinds,
     .doc = "What it is for."},
    {.name = "serial",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct certificate_row, serial),
     .doc = "Its serial number, in hexadecimal."},
    {.name = "name",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct certificate_row, name),
     .doc = "Its common name."},
    {.name = "issuer",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct certificate_row, issuer),
     .doc = "The id of the certificate that signed it; 0: it signed itself."},
    {.name = "user",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct certificate_row, user_name),
     .doc = "Whose device it is of."},
    {.name = "device",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct certificate_row, device_name),
     .doc = "Which device it is of."},
    {.name = "not_before",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct certificate_row, not_before),
     .doc = "Since when it is good."},
    {.name = "not_after",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct certificate_row, not_after),
     .doc = "When it expires."},
    {.name = "revoked",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct certificate_row, revoked),
     .doc = "Since when it is good no more."},
    {.name = "reason",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct certificate_row, reason),
     .doc = "Why it was revoked."},
    {.name = "current",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct certificate_row, current),
     .doc = "Whether it is the authority's or server's that is in use."},
    {.name = "retires",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct certificate_row, retires),
     .doc = "Until when what a former authority signed is good."},
};
const struct shape shape_certificate = {
    .name = "Certificate",
    .doc = "A certificate of the VPN's own authority.",
    .size = sizeof(struct certificate_row),
    .members = certificate_members,
    .count = COUNT(certificate_members),
};
