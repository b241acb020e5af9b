/* A shape with a member of every kind, for tests. */
#ifndef TEST_JSON_SAMPLE_H
#define TEST_JSON_SAMPLE_H

#include <string.h>

#include "json/shape.h"

enum sample_colour { SAMPLE_RED, SAMPLE_GREEN, SAMPLE_BLUE };

struct sample_limits {
	int64_t devices_max;
	int totp_required; /* a yes-or-no that may be unset */
	const char **dns;  /* may be unset */
};

struct sample_port {
	const char *name;
	int64_t number, weight;
};

struct sample {
	int64_t id;
	const char *name, *comment, *password, *kind;
	const char **addresses;
	bool enabled;
	int64_t count, any, expires;
	double load;
	int colour, hue;
	struct sample_limits limits;
	struct sample_port *ports;
	size_t port_count;
	const char *raw;
};

static const char *const sample_colours[] = {"red", "green", "blue", NULL};

static inline const char *
sample_check_name(const char *name)
{
	return strchr(name, ' ') != NULL ? "must not have spaces" : NULL;
}

#define MEMBER(type, member, ...)                                                                  \
	{                                                                                          \
		.name = #member, .offset = offsetof(struct type, member), __VA_ARGS__              \
	}

static const struct shape_member sample_limits_members[] = {
    MEMBER(sample_limits, devices_max, .kind = SHAPE_NUMBER, .flags = SHAPE_OPTIONAL, .max = 1000),
    MEMBER(sample_limits, totp_required, .kind = SHAPE_CHOICE, .flags = SHAPE_OPTIONAL,
	   .choices = shape_yes_no),
    MEMBER(sample_limits, dns, .kind = SHAPE_TEXTS, .flags = SHAPE_OPTIONAL, .max = 3),
};
static const struct shape sample_limits_shape = {
    "Limits", "What holds.", sizeof(struct sample_limits), sample_limits_members,
    COUNT(sample_limits_members)};

static const struct shape_member sample_port_members[] = {
    MEMBER(sample_port, name, .kind = SHAPE_TEXT, .min = 1, .max = 8),
    MEMBER(sample_port, number, .kind = SHAPE_NUMBER, .flags = SHAPE_REQUIRED, .min = 1,
	   .max = 65535),
    MEMBER(sample_port, weight, .kind = SHAPE_NUMBER, .flags = SHAPE_OPTIONAL, .max = 9),
};
static const struct shape sample_port_shape = {"Port", "One.", sizeof(struct sample_port),
					       sample_port_members, COUNT(sample_port_members)};

static const struct shape_member sample_members[] = {
    MEMBER(sample, id, .kind = SHAPE_NUMBER, .flags = SHAPE_READ_ONLY, .doc = "Its number."),
    MEMBER(sample, name, .kind = SHAPE_TEXT, .flags = SHAPE_REQUIRED, .min = 1, .max = 16,
	   .check = sample_check_name, .doc = "Its \"name\"."),
    MEMBER(sample, comment, .kind = SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
    MEMBER(sample, password, .kind = SHAPE_TEXT, .flags = SHAPE_WRITE_ONLY | SHAPE_WIPED, .min = 8,
	   .max = 64),
    MEMBER(sample, kind, .kind = SHAPE_TEXT, .flags = SHAPE_FIXED),
    MEMBER(sample, addresses, .kind = SHAPE_TEXTS, .max = 2, .check = sample_check_name,
	   .format = "ipv4"),
    MEMBER(sample, enabled, .kind = SHAPE_BOOL),
    MEMBER(sample, count, .kind = SHAPE_NUMBER, .min = -5, .max = 10),
    MEMBER(sample, any, .kind = SHAPE_NUMBER),
    MEMBER(sample, expires, .kind = SHAPE_TIME, .flags = SHAPE_OPTIONAL),
    MEMBER(sample, load, .kind = SHAPE_REAL),
    MEMBER(sample, colour, .kind = SHAPE_CHOICE, .choices = sample_colours),
    MEMBER(sample, hue, .kind = SHAPE_CHOICE, .flags = SHAPE_OPTIONAL, .choices = sample_colours),
    MEMBER(sample, limits, .kind = SHAPE_OBJECT, .of = &sample_limits_shape),
    MEMBER(sample, ports, .kind = SHAPE_LIST, .of = &sample_port_shape, .max = 3,
	   .count = offsetof(struct sample, port_count)),
    MEMBER(sample, raw, .kind = SHAPE_RAW),
};
static const struct shape sample_shape = {"Sample", "All kinds.", sizeof(struct sample),
					  sample_members, COUNT(sample_members)};

#undef MEMBER

#endif
