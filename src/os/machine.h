/* What this machine has. */
#ifndef OS_MACHINE_H
#define OS_MACHINE_H

#include <stdbool.h>

unsigned machine_processors(void); /* that this process may use; at least 1 */
bool machine_has_ipv6(void);

#endif
