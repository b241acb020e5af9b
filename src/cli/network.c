#include "cli/network.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"
#include "tls/random.h"

#define BITS 20

/* FIRST.FROM.0.0 to FIRST.TO.0.0, in the order in which they are tried: what is seldom routed
 * anywhere, then what Docker takes from, then what Tailscale does. */
static const struct range {
	uint8_t first, from, to;
} ranges[] = {{10, 64, 251}, {172, 16, 31}, {100, 64, 127}};

static bool
is_free(const struct machine_route *routes, size_t count, const struct network *net)
{
	for (size_t i = 0; i < count; i++)
		if (routes[i].to.bits > 0 && config_networks_meet(&routes[i].to, net))
			return false;
	return true;
}

bool
network_pick(const struct machine_route *routes, size_t count, unsigned start, struct network *out)
{
	for (size_t i = 0; i < COUNT(ranges); i++) {
		unsigned size = ranges[i].to - ranges[i].from + 1u;

		for (unsigned n = 0; n < size; n++) {
			const uint8_t ip[] = {ranges[i].first,
					      (uint8_t)(ranges[i].from + (start + n) % size), 0, 0};

			*out = (struct network){.base = address_v4(ip, 0), .bits = BITS};
			if (is_free(routes, count, out))
				return true;
		}
	}
	return false;
}

int
network_print(struct command_line *l)
{
	struct machine_route *routes;
	char text[NETWORK_TEXT_MAX];
	struct network net;
	uint8_t start;
	size_t count;

	(void)l;
	random_bytes(&start, sizeof start);
	struct err e = routes_list(NULL, &routes, &count);
	if (!failed(e) && !network_pick(routes, count, start, &net))
		e = err_new("this machine has routes to all private networks: choose a part of one "
			    "that nobody needs to reach");
	free(routes);
	if (failed(e)) {
		fprintf(stderr, "sallyport: %s\n", e.text);
		return EXIT_FAILED;
	}
	puts(network_text(&net, text));
	return EXIT_DONE;
}
