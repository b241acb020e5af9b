/* How rows of the option table are written, and the units of their ranges. */
#ifndef CONFIG_OPTION_ROW_H
#define CONFIG_OPTION_ROW_H

#include "config/option.h"

#define SECOND 1000ull
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define KIB    1024ull
#define MIB    (1024 * KIB)
#define GIB    (1024 * MIB)

/* A row's first words, for the options that are one value in a struct. */
#define FLAG(n, s, m)     .name = (n), .type = OPTION_FLAG, .offset = offsetof(struct s, m)
#define NUMBER(n, s, m)   .name = (n), .type = OPTION_NUMBER, .offset = offsetof(struct s, m)
#define SIZE(n, s, m)     .name = (n), .type = OPTION_SIZE, .offset = offsetof(struct s, m)
#define DURATION(n, s, m) .name = (n), .type = OPTION_DURATION, .offset = offsetof(struct s, m)
#define CHOICE(n, s, m)   .name = (n), .type = OPTION_CHOICE, .offset = offsetof(struct s, m)
#define CHOSEN(n, s, m)   .name = (n), .type = OPTION_CHOSEN, .offset = offsetof(struct s, m)
#define FIELD(n, s, m)    .name = (n), .type = OPTION_FIELD, .offset = offsetof(struct s, m)
#define PATH(n, s, m)     .name = (n), .type = OPTION_PATH, .offset = offsetof(struct s, m)
#define WORD(n, s, m, reads)                                                                       \
	.name = (n), .type = OPTION_WORD, .offset = offsetof(struct s, m), .word = (reads)
#define LIST(n, s, m, reads)                                                                       \
	.name = (n), .type = OPTION_LIST, .offset = offsetof(struct s, m), .word = (reads)
#define BLOCK(n, b, where)    .name = (n), .type = OPTION_BLOCK, .block = &(b), .offset = (where)
#define SHARED(b, where)      .type = OPTION_SHARED, .block = &(b), .offset = (where)
#define OWN(n, reads, prints) .name = (n), .type = OPTION_OWN, .read = (reads), .print = (prints)
#define UNBUILT(n, why)       .name = (n), .type = OPTION_UNBUILT, .doc = (why)

#define BLOCK_OF(n, list) .name = (n), .options = (list), .count = COUNT(list)

/* The choices of proxy_protocol, for each block that has it. */
extern const char *const option_proxy_headers[];

#endif
