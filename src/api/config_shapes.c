#include "api/config_shapes.h"

#define TEXT_MAX (1 << 20)

#define SHA256_DOC "The SHA-256 of the text without its marks, as `base` of a change."

#define VIEW(member) offsetof(struct config_view, member)
static const struct shape_member view_members[] = {
    {.name = "text",
     .kind = SHAPE_TEXT,
     .offset = VIEW(text),
     .doc = "The file, with a mark (***…) in place of each secret. Sent back, a mark is the "
	    "secret again."},
    {.name = "sha256", .kind = SHAPE_TEXT, .offset = VIEW(sha256), .doc = SHA256_DOC},
    {.name = "running_sha256",
     .kind = SHAPE_TEXT,
     .offset = VIEW(running_sha256),
     .doc = "The same of the text that runs."},
    {.name = "differs",
     .kind = SHAPE_BOOL,
     .offset = VIEW(differs),
     .doc = "Whether the file is not what runs."},
    {.name = "diff",
     .kind = SHAPE_TEXT,
     .offset = VIEW(diff),
     .doc = "From what runs to the file, as a unified diff; empty: they are the same."},
    {.name = "read_only",
     .kind = SHAPE_BOOL,
     .offset = VIEW(read_only),
     .doc = "Whether it is changed in the file alone."},
};
const struct shape shape_config = {.name = "Configuration",
				   .doc = "The configuration file.",
				   .size = sizeof(struct config_view),
				   .members = view_members,
				   .count = COUNT(view_members)};

#define TEXT(member) offsetof(struct config_text, member)
static const struct shape_member text_members[] = {
    {.name = "name",
     .kind = SHAPE_TEXT,
     .offset = TEXT(name),
     .doc = "Which version: \"running\", or a name of the history."},
    {.name = "text",
     .kind = SHAPE_TEXT,
     .offset = TEXT(text),
     .doc = "It, with a mark in place of each secret."},
    {.name = "sha256", .kind = SHAPE_TEXT, .offset = TEXT(sha256), .doc = SHA256_DOC},
};
const struct shape shape_config_text = {.name = "ConfigurationText",
					.doc = "A version of the configuration.",
					.size = sizeof(struct config_text),
					.members = text_members,
					.count = COUNT(text_members)};

#define BODY(member) offsetof(struct config_body, member)
#define MEMBER_TEXT                                                                                \
	{                                                                                          \
		.name = "text", .kind = SHAPE_TEXT, .flags = SHAPE_REQUIRED, .offset = BODY(text), \
		.max = TEXT_MAX, .doc = "The whole text, as it shall be."                          \
	}
static const struct shape_member proposal_members[] = {MEMBER_TEXT};
const struct shape shape_config_proposal = {.name = "ConfigurationProposal",
					    .doc = "A text that may become the configuration.",
					    .size = sizeof(struct config_body),
					    .members = proposal_members,
					    .count = COUNT(proposal_members)};

static const struct shape_member apply_members[] = {
    MEMBER_TEXT,
    {.name = "base",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_REQUIRED,
     .offset = BODY(base),
     .min = 64,
     .max = 64,
     .doc = "The SHA-256 of the file that it was made from: if it is another one now, nothing "
	    "is changed."},
    {.name = "confirm_seconds",
     .kind = SHAPE_NUMBER,
     .offset = BODY(confirm_seconds),
     .max = CONFIRM_MAX_S,
     .doc = "Unless it is confirmed within so many seconds, by a connection made after the "
	    "change, the one before runs again; 0: it stays."},
};
const struct shape shape_config_change = {.name = "ConfigurationChange",
					  .doc = "A text that shall become the configuration.",
					  .size = sizeof(struct config_body),
					  .members = apply_members,
					  .count = COUNT(apply_members)};

#define VERDICT(member) offsetof(struct config_verdict, member)
static const struct shape_member verdict_members[] = {
    {.name = "valid",
     .kind = SHAPE_BOOL,
     .offset = VERDICT(valid),
     .doc = "Whether it could be applied."},
    {.name = "faults",
     .kind = SHAPE_TEXT,
     .offset = VERDICT(faults),
     .doc = "What is wrong and where: the file, line and column, the line, and a caret."},
    {.name = "warnings",
     .kind = SHAPE_TEXT,
     .offset = VERDICT(warnings),
     .doc = "What is allowed but maybe not meant."},
    {.name = "needs_restart",
     .kind = SHAPE_TEXT,
     .offset = VERDICT(needs_restart),
     .doc = "An option that only a restart applies; null: none."},
    {.name = "sha256", .kind = SHAPE_TEXT, .offset = VERDICT(sha256), .doc = SHA256_DOC},
};
const struct shape shape_config_verdict = {.name = "ConfigurationVerdict",
					   .doc = "What is to be said of a text.",
					   .size = sizeof(struct config_verdict),
					   .members = verdict_members,
					   .count = COUNT(verdict_members)};

static const struct shape_member difference_members[] = {
    {.name = "changed",
     .kind = SHAPE_BOOL,
     .offset = offsetof(struct config_diff, changed),
     .doc = "Whether it differs from the file at all."},
    {.name = "diff",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct config_diff, diff),
     .doc = "From the file to the text, as a unified diff."},
};
const struct shape shape_config_diff = {.name = "ConfigurationDiff",
					.doc = "What a text would change.",
					.size = sizeof(struct config_diff),
					.members = difference_members,
					.count = COUNT(difference_members)};

static const struct shape_member version_members[] = {
    {.name = "name",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct config_version, name),
     .doc = "By which it can be asked for."},
    {.name = "time",
     .kind = SHAPE_TIME,
     .offset = offsetof(struct config_version, time),
     .doc = "When it was applied."},
    {.name = "bytes",
     .kind = SHAPE_NUMBER,
     .offset = offsetof(struct config_version, bytes),
     .doc = "How long it is."},
};
static const struct shape shape_config_version = {.name = "ConfigurationVersion",
						  .doc = "A configuration that was applied once.",
						  .size = sizeof(struct config_version),
						  .members = version_members,
						  .count = COUNT(version_members)};
static const struct shape_member version_list_members[] = {
    {.name = "items",
     .kind = SHAPE_LIST,
     .offset = offsetof(struct config_history, at),
     .count = offsetof(struct config_history, count),
     .of = &shape_config_version,
     .doc = "The newest first."},
};
const struct shape shape_config_history = {.name = "ConfigurationHistory",
					   .doc = "The configurations that were applied.",
					   .size = sizeof(struct config_history),
					   .members = version_list_members,
					   .count = COUNT(version_list_members)};
