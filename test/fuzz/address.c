/* What reads as an address or a network is written in a form that reads back the same. */
#include <assert.h>
#include <stdio.h>

#include "base/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_network(const struct network *net)
{
	char ip[ADDRESS_TEXT_MAX], text[ADDRESS_TEXT_MAX + 8];
	struct network again;

	assert(network_has(net, &net->base));
	snprintf(text, sizeof text, "%s/%u", address_ip_text(&net->base, ip), (unsigned)net->bits);
	assert(network_parse(span_str(text), &again));
	assert(again.bits == net->bits && address_equal(&again.base, &net->base));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span given = span_of(data, size);
	char text[ADDRESS_TEXT_MAX];
	struct address a, again;
	struct network net;

	if (address_parse_ip(given, &a)) {
		assert(address_parse_ip(span_str(address_ip_text(&a, text)), &again));
		assert(a.port == 0 && address_equal(&a, &again));
	}
	if (address_parse(given, &a)) {
		assert(address_parse(span_str(address_text(&a, text)), &again));
		assert(address_equal(&a, &again));
	}
	if (network_parse(given, &net))
		check_network(&net);
	return 0;
}
