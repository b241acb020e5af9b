/* The configuration as the API shows and takes it. */
#ifndef API_CONFIG_SHAPES_H
#define API_CONFIG_SHAPES_H

#include "ipc/message.h"
#include "json/shape.h"

struct config_view {
	const char *text, *sha256, *running_sha256, *diff;
	bool differs, read_only;
};

struct config_text {
	const char *name, *text, *sha256;
};

struct config_body {
	const char *text, *base;
	int64_t confirm_seconds;
};

struct config_verdict {
	bool valid;
	const char *faults, *warnings, *needs_restart, *sha256;
};

struct config_diff {
	bool changed;
	const char *diff;
};

struct config_version {
	const char *name;
	int64_t time, bytes;
};

struct config_history {
	struct config_version *at;
	size_t count;
};

extern const struct shape shape_config, shape_config_text, shape_config_proposal,
    shape_config_change, shape_config_verdict, shape_config_diff, shape_config_history;

#endif
