/* What this machine has. */
#ifndef OS_MACHINE_H
#define OS_MACHINE_H

#include <stdbool.h>

#include "base/address.h"

unsigned machine_processors(void); /* that this process may use; at least 1 */
bool machine_has_ipv6(void);

/* The address that packets to the Internet leave from; family 0 when there is no route. */
struct address machine_address(void);

#endif
