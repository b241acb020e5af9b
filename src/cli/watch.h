/* Rows about who gets in, and what was done, that are more than one request or one table. */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "cli/verb.h"

int watch_rule_add(struct command_line *l);
int watch_why(struct command_line *l);
int watch_audit_export(struct command_line *l);
int watch_audit_verify(struct command_line *l);

#endif
