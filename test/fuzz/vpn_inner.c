/* The packets inside a tunnel: whose they are, what they may reach, and the MSS of a SYN. */
#include <string.h>

#include "fuzz.h"
#include "vpn/inner.h"

#define MSS 1360

enum { TCP = 6, UDP = 17 };

static void
check_read(const struct inner *in)
{
	check(in->from.family == 4 || in->from.family == 6);
	check(in->to.family == in->from.family);
	if (in->protocol != TCP && in->protocol != UDP)
		check(in->from.port == 0 && in->to.port == 0);
}

/* What reaches a port reaches it by a wider row too. */
static void
check_reach(const struct inner *in)
{
	const struct reach rows[] = {
	    {{.base = {.family = in->to.family}, .bits = 0}, true, TCP, 443, 443},
	    {{.base = {.family = in->to.family}, .bits = 0}, true, TCP, 1, 1023},
	    {{.base = {.family = in->to.family}, .bits = 0}, true, 0, 0, 65535},
	};
	bool https = reach_allows(rows, 1, in);

	check(https == (in->protocol == TCP && in->to.port == 443));
	check(!https || reach_allows(rows + 1, 1, in));
	check(reach_allows(rows + 2, 1, in));
	check(!reach_allows(rows, 0, in));
}

/* MSS and checksum are all that may change, and never for long. */
static void
check_clamp(struct span packet, const struct inner *in, uint8_t *copy)
{
	size_t changed = 0;
	struct inner again;

	span_put(copy, packet);
	inner_clamp(copy, packet.len, MSS);
	for (size_t i = 0; i < packet.len; i++)
		changed += copy[i] != packet.p[i];
	check(changed <= 4);
	if (in == NULL || in->protocol != TCP)
		check(changed == 0);
	if (in != NULL) {
		check(inner_read(span_of(copy, packet.len), &again));
		check(address_equal(&again.from, &in->from) && address_equal(&again.to, &in->to));
	}
	uint8_t *twice = malloc(packet.len > 0 ? packet.len : 1);
	check(twice != NULL);
	span_put(twice, span_of(copy, packet.len));
	inner_clamp(twice, packet.len, MSS);
	check(span_equal(span_of(twice, packet.len), span_of(copy, packet.len)));
	free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span packet = span_of(data, size);
	uint8_t *copy = malloc(size > 0 ? size : 1);
	struct inner in;

	check(copy != NULL);
	bool read = inner_read(packet, &in);
	if (read) {
		check_read(&in);
		check_reach(&in);
	}
	check_clamp(packet, read ? &in : NULL, copy);
	free(copy);
	return 0;
}
