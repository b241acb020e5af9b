#include "access/admission.h"

#define ADDRESS_BYTES   64
#define TUNNELS_MAX     (1 << 20)
#define RULES_MAX       (1 << 16)
#define ADDRESSES_MAX   16
#define RESOLVERS_MAX   64
#define RESERVED_MAX    (1 << 20)
#define IP_PROTOCOL_MAX 255
#define PORT_MAX        65535

#define TEXT(type, field, flag, words)                                                             \
	{                                                                                          \
		.name = #field, .kind = SHAPE_TEXT, .flags = (flag),                               \
		.offset = offsetof(type, field), .doc = words                                      \
	}
#define NUMBER(type, field, most, words)                                                           \
	{                                                                                          \
		.name = #field, .kind = SHAPE_NUMBER, .offset = offsetof(type, field),             \
		.max = (most), .doc = words                                                        \
	}
#define YES_NO(type, field, words)                                                                 \
	{                                                                                          \
		.name = #field, .kind = SHAPE_BOOL, .offset = offsetof(type, field), .doc = words  \
	}

#define ASK struct admission_ask
static const struct shape_member ask_members[] = {
    TEXT(ASK, serial, SHAPE_REQUIRED, "Of the certificate."),
    TEXT(ASK, name, SHAPE_OPTIONAL, "Of the user, as he gave it."),
    TEXT(ASK, password, SHAPE_OPTIONAL | SHAPE_WIPED, "Or what stands for it."),
    TEXT(ASK, code, SHAPE_OPTIONAL | SHAPE_WIPED, "A one-time code."),
    TEXT(ASK, from, SHAPE_REQUIRED, "The client's address."),
    TEXT(ASK, client, SHAPE_OPTIONAL, "What it calls itself."),
    YES_NO(ASK, again, "Whether he is in already."),
};
const struct shape shape_admission_ask = {
    .name = "AdmissionAsk",
    .doc = "Who wants in.",
    .size = sizeof(ASK),
    .members = ask_members,
    .count = COUNT(ask_members),
};

#define RULE struct admission_rule
static const struct shape_member rule_members[] = {
    TEXT(RULE, to, SHAPE_REQUIRED, "The network."),
    YES_NO(RULE, allow, "Whether it may be reached."),
    NUMBER(RULE, protocol, IP_PROTOCOL_MAX, "The IP protocol; 0: any."),
    NUMBER(RULE, port_from, PORT_MAX, "From which port on."),
    NUMBER(RULE, port_to, PORT_MAX, "To which port; 0: any."),
    TEXT(RULE, way, SHAPE_REQUIRED, "\"nat\" or \"route\"."),
    YES_NO(RULE, written, "Whether somebody wrote it: else the configuration has it."),
};
static const struct shape shape_admission_rule = {
    .name = "AdmissionRule",
    .doc = "What a connection is held to.",
    .size = sizeof(RULE),
    .members = rule_members,
    .count = COUNT(rule_members),
};

#define ADMISSION struct admission
static const struct shape_member admission_members[] = {
    NUMBER(ADMISSION, user, INT64_MAX, "Whose device it is."),
    NUMBER(ADMISSION, device, INT64_MAX, "The device."),
    TEXT(ADMISSION, user_name, SHAPE_REQUIRED, "What he is called."),
    TEXT(ADMISSION, device_name, SHAPE_REQUIRED, "What it is called."),
    TEXT(ADMISSION, token, SHAPE_OPTIONAL | SHAPE_WIPED, "Instead of a password from now on."),
    NUMBER(ADMISSION, known_since, INT64_MAX, "When that token was first made."),
    TEXT(ADMISSION, address, SHAPE_OPTIONAL, "Kept for the device; null: none."),
    YES_NO(ADMISSION, everything, "Whether all of its traffic comes this way."),
    YES_NO(ADMISSION, client_to_client, "Whether it reaches other devices."),
    {.name = "dns",
     .kind = SHAPE_TEXTS,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(ADMISSION, dns),
     .max = RESOLVERS_MAX,
     .doc = "The resolvers that it is told."},
    NUMBER(ADMISSION, connections, INT64_MAX, "Of this user at once; 0: any number."),
    NUMBER(ADMISSION, session_until, INT64_MAX, "When it ends, in ms since 1970; 0: never."),
    {.name = "rules",
     .kind = SHAPE_LIST,
     .offset = offsetof(ADMISSION, rules),
     .count = offsetof(ADMISSION, rule_count),
     .max = RULES_MAX,
     .of = &shape_admission_rule,
     .doc = "The first that fits decides; what fits none is denied."},
};
const struct shape shape_admission = {
    .name = "Admission",
    .doc = "What one who was let in gets.",
    .size = sizeof(ADMISSION),
    .members = admission_members,
    .count = COUNT(admission_members),
};

#define CHALLENGE struct admission_challenge
static const struct shape_member challenge_members[] = {
    TEXT(CHALLENGE, user_name, SHAPE_REQUIRED, "Who signs in."),
    TEXT(CHALLENGE, state, SHAPE_REQUIRED | SHAPE_WIPED, "Comes back with the code."),
};
const struct shape shape_admission_challenge = {
    .name = "AdmissionChallenge",
    .doc = "A one-time code is asked for.",
    .size = sizeof(CHALLENGE),
    .members = challenge_members,
    .count = COUNT(challenge_members),
};

#define MATERIAL struct admission_material
#define SECRET   (SHAPE_REQUIRED | SHAPE_WIPED)
static const struct shape_member material_members[] = {
    TEXT(MATERIAL, authorities, SHAPE_REQUIRED, "Whose certificates clients may have."),
    TEXT(MATERIAL, certificate, SHAPE_REQUIRED, "The server's."),
    TEXT(MATERIAL, key, SECRET, "Of that certificate."),
    TEXT(MATERIAL, wrap_key, SECRET, "The tls-crypt-v2 server key, in hexadecimal."),
    TEXT(MATERIAL, static_key, SECRET, "The key of tls-crypt, in hexadecimal."),
    {.name = "reserved",
     .kind = SHAPE_TEXTS,
     .flags = SHAPE_OPTIONAL,
     .offset = offsetof(MATERIAL, reserved),
     .max = RESERVED_MAX,
     .doc = "Addresses that are kept for some device."},
};
const struct shape shape_admission_material = {
    .name = "AdmissionMaterial",
    .doc = "What the engine is known by.",
    .size = sizeof(MATERIAL),
    .members = material_members,
    .count = COUNT(material_members),
};

/* A clock may be wrong in either direction: of the numbers this alone may be below 0. */
#define NOTE struct admission_note
static const struct shape_member note_members[] = {
    TEXT(NOTE, what, SHAPE_REQUIRED, "What happened."),
    NUMBER(NOTE, device, INT64_MAX, "To which device; 0: it is not known."),
    TEXT(NOTE, from, SHAPE_OPTIONAL, "The client's address."),
    TEXT(NOTE, text, SHAPE_OPTIONAL, "Why, in words."),
    {.name = "clock_ms",
     .kind = SHAPE_NUMBER,
     .offset = offsetof(NOTE, clock_ms),
     .doc = "Our clock minus theirs."},
    NUMBER(NOTE, bytes_in, INT64_MAX, "Bytes from the client."),
    NUMBER(NOTE, bytes_out, INT64_MAX, "Bytes to the client."),
    NUMBER(NOTE, seconds, INT64_MAX, "How long it was connected."),
};
const struct shape shape_admission_note = {
    .name = "AdmissionNote",
    .doc = "Something to be kept.",
    .size = sizeof(NOTE),
    .members = note_members,
    .count = COUNT(note_members),
};

#define TUNNEL struct live_tunnel
static const struct shape_member tunnel_members[] = {
    NUMBER(TUNNEL, id, INT64_MAX, "Its number, by which it can be ended."),
    NUMBER(TUNNEL, user, INT64_MAX, "The id of its user."),
    NUMBER(TUNNEL, device, INT64_MAX, "The id of its device."),
    TEXT(TUNNEL, user_name, SHAPE_REQUIRED, "The user."),
    TEXT(TUNNEL, device_name, SHAPE_REQUIRED, "The device."),
    {.name = "from",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED,
     .offset = offsetof(TUNNEL, from),
     .max = ADDRESS_BYTES,
     .doc = "The client's address and port."},
    {.name = "inside",
     .kind = SHAPE_TEXTS,
     .offset = offsetof(TUNNEL, inside),
     .max = ADDRESSES_MAX,
     .doc = "Its addresses in the VPN."},
    {.name = "since",
     .kind = SHAPE_TIME,
     .offset = offsetof(TUNNEL, since),
     .doc = "When it connected."},
    NUMBER(TUNNEL, bytes_in, INT64_MAX, "Bytes that came from it through the tunnel."),
    NUMBER(TUNNEL, bytes_out, INT64_MAX, "Bytes that went to it through the tunnel."),
    NUMBER(TUNNEL, foreign, INT64_MAX,
	   "Packets from it that had another address than its own; they were dropped."),
    NUMBER(TUNNEL, denied, INT64_MAX,
	   "Packets from it to what it may not reach; they were dropped."),
    TEXT(TUNNEL, cipher, SHAPE_OPTIONAL, "What the data is enciphered by: \"AES-256-GCM\"."),
    TEXT(TUNNEL, tls, SHAPE_OPTIONAL, "What it signed in by: \"TLSv1.3\"."),
    TEXT(TUNNEL, client, SHAPE_OPTIONAL, "What the client calls itself."),
    TEXT(TUNNEL, protocol, SHAPE_REQUIRED, "\"udp\" or \"tcp\"."),
};
const struct shape shape_live_tunnel = {
    .name = "Tunnel",
    .doc = "A device that is connected to the VPN.",
    .size = sizeof(TUNNEL),
    .members = tunnel_members,
    .count = COUNT(tunnel_members),
};

static const struct shape_member tunnel_list_members[] = {
    {.name = "items",
     .kind = SHAPE_LIST,
     .offset = offsetof(struct live_tunnel_list, at),
     .count = offsetof(struct live_tunnel_list, count),
     .max = TUNNELS_MAX,
     .of = &shape_live_tunnel,
     .doc = "All of them."},
    {.name = "beginning",
     .kind = SHAPE_NUMBER,
     .offset = offsetof(struct live_tunnel_list, beginning),
     .max = INT64_MAX,
     .doc = "How many clients are not in yet."},
};
const struct shape shape_live_tunnel_list = {
    .name = "TunnelList",
    .doc = "Who is connected to the VPN.",
    .size = sizeof(struct live_tunnel_list),
    .members = tunnel_list_members,
    .count = COUNT(tunnel_list_members),
};
