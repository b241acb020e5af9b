#include "api/system.h"

#define TEXT_MAX 1024

#define M(type, field) offsetof(type, field)
#define TEXT(type, field, flag, words)                                                             \
	{                                                                                          \
		.name = #field, .kind = SHAPE_TEXT, .flags = flag, .offset = M(type, field),       \
		.max = TEXT_MAX, .doc = words                                                      \
	}

static const struct shape_member listener_members[] = {
    TEXT(struct listener, protocol, 0, "\"tcp\" or \"udp\"."),
    TEXT(struct listener, address, 0, "The local address, \"0.0.0.0\" and \"::\" for all."),
    {.name = "port",
     .kind = SHAPE_NUMBER,
     .offset = M(struct listener, port),
     .max = 65535,
     .doc = "The local port."},
    TEXT(struct listener, process, SHAPE_OPTIONAL, "The program, where it can be told."),
    TEXT(struct listener, unit, SHAPE_OPTIONAL, "Its systemd unit, where it can be told."),
    {.name = "pid",
     .kind = SHAPE_NUMBER,
     .offset = M(struct listener, pid),
     .max = INT32_MAX,
     .doc = "Its process, 0 where it cannot be told."},
    {.name = "ours",
     .kind = SHAPE_BOOL,
     .offset = M(struct listener, ours),
     .doc = "Whether it is a socket of this program."},
    TEXT(struct listener, reason, SHAPE_OPTIONAL, "Why it listens, as far as is known."),
};

static const struct shape shape_listener = {
    .name = "Listener",
    .doc = "A socket of this machine on which something listens.",
    .size = sizeof(struct listener),
    .members = listener_members,
    .count = COUNT(listener_members),
};

static const struct shape_member listener_list_members[] = {
    {.name = "items",
     .kind = SHAPE_LIST,
     .offset = M(struct listener_list, at),
     .count = M(struct listener_list, count),
     .max = 65536,
     .of = &shape_listener,
     .doc = "All of them."},
};

const struct shape shape_listener_list = {
    .name = "ListenerList",
    .doc = "What listens on this machine.",
    .size = sizeof(struct listener_list),
    .members = listener_list_members,
    .count = COUNT(listener_list_members),
};

static const struct shape_member site_certificate_members[] = {
    TEXT(struct site_certificate, site, 0, "The site's first name."),
    {.name = "names",
     .kind = SHAPE_TEXTS,
     .offset = M(struct site_certificate, names),
     .max = 4096,
     .doc = "All names of the site."},
    TEXT(struct site_certificate, chain, SHAPE_OPTIONAL, "The file that it is read from."),
    {.name = "not_before",
     .kind = SHAPE_TIME,
     .flags = SHAPE_OPTIONAL,
     .offset = M(struct site_certificate, not_before),
     .doc = "When it begins to be good."},
    {.name = "not_after",
     .kind = SHAPE_TIME,
     .flags = SHAPE_OPTIONAL,
     .offset = M(struct site_certificate, not_after),
     .doc = "When it expires."},
    TEXT(struct site_certificate, key_type, SHAPE_OPTIONAL, "\"ECDSA\", \"RSA\"."),
    TEXT(struct site_certificate, sha256, SHAPE_OPTIONAL, "Its fingerprint."),
    {.name = "self_signed",
     .kind = SHAPE_BOOL,
     .offset = M(struct site_certificate, self_signed),
     .doc = "Whether it is signed by its own key: browsers warn of it."},
    TEXT(struct site_certificate, problem, SHAPE_OPTIONAL, "Why it cannot be used."),
};

static const struct shape shape_site_certificate = {
    .name = "SiteCertificate",
    .doc = "A certificate that a site shows to browsers.",
    .size = sizeof(struct site_certificate),
    .members = site_certificate_members,
    .count = COUNT(site_certificate_members),
};

static const struct shape_member site_certificate_list_members[] = {
    {.name = "items",
     .kind = SHAPE_LIST,
     .offset = M(struct site_certificate_list, at),
     .count = M(struct site_certificate_list, count),
     .max = 4096,
     .of = &shape_site_certificate,
     .doc = "All of them."},
};

const struct shape shape_site_certificate_list = {
    .name = "SiteCertificateList",
    .doc = "The certificates of all sites.",
    .size = sizeof(struct site_certificate_list),
    .members = site_certificate_list_members,
    .count = COUNT(site_certificate_list_members),
};
