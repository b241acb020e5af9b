#include "tls/random.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

/* The kernel's own: OpenSSL's would first look for files that a sandbox does not have. */
void
random_bytes(uint8_t *to, size_t n)
{
	assert(n <= RANDOM_MAX);
	if (getentropy(to, n) == 0)
		return;
	log_error("the system has no random bytes");
	abort();
}
