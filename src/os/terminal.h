/* Where a person reads what a command says. */
#ifndef OS_TERMINAL_H
#define OS_TERMINAL_H

unsigned terminal_columns(int fd); /* 0: it is none, or does not tell */

#endif
