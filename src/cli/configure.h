/* The configuration, seen and changed through the running server. */
#ifndef CLI_CONFIGURE_H
#define CLI_CONFIGURE_H

#include "cli/verb.h"

int config_show(struct command_line *l);
int config_check(struct command_line *l);
int config_diff(struct command_line *l);
int config_apply(struct command_line *l);
int config_edit(struct command_line *l);

#endif
