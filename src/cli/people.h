/* Rows about people that are more than one request. */
#ifndef CLI_PEOPLE_H
#define CLI_PEOPLE_H

#include "cli/verb.h"

int people_add(struct command_line *l);
int people_password(struct command_line *l);
int people_import(struct command_line *l);
int people_setup_link(struct command_line *l);
int people_sessions(struct command_line *l);

#endif
