/* Words of other servers' configurations, for people who come from there. */
#ifndef CONFIG_FOREIGN_H
#define CONFIG_FOREIGN_H

#include "base/span.h"

/* What is written here for what others call `word`; NULL when it is none of theirs. */
const char *foreign_word(struct span word);

#endif
