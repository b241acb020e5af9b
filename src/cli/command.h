/* Rows of the table about the server itself. Each returns the process's exit status. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/verb.h"

/* What was said behind `--confirm`, NULL for nothing: 0 is no time to go back after. */
bool is_to_be_confirmed(const char *seconds);

int command_serve(struct command_line *l);
int command_check(struct command_line *l);
int command_config(struct command_line *l);
int command_reload(struct command_line *l);
int command_confirm(struct command_line *l);
int command_status(struct command_line *l);
int command_reopen_log(struct command_line *l);
int command_hash_password(struct command_line *l);
int command_version(struct command_line *l);

#endif
