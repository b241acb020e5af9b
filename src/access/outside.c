#include "access/outside.h"

#include <string.h>

/* IANA's special-purpose registries (RFC 6890), and where clouds keep their machines' secrets. */
static const struct network inside[] = {
    {{.family = 4, .ip = {0}}, 8},                 /* this host */
    {{.family = 4, .ip = {10}}, 8},                /* private (RFC 1918) */
    {{.family = 4, .ip = {100, 64}}, 10},          /* carriers' NAT; a cloud's metadata */
    {{.family = 4, .ip = {127}}, 8},               /* loopback */
    {{.family = 4, .ip = {168, 63, 129, 16}}, 32}, /* Azure's metadata */
    {{.family = 4, .ip = {169, 254}}, 16},         /* link-local; most clouds' metadata */
    {{.family = 4, .ip = {172, 16}}, 12},          /* private */
    {{.family = 4, .ip = {192, 0, 0}}, 24},        /* protocol assignments; a cloud's metadata */
    {{.family = 4, .ip = {192, 0, 2}}, 24},        /* documentation */
    {{.family = 4, .ip = {192, 88, 99}}, 24},      /* 6to4 relays */
    {{.family = 4, .ip = {192, 168}}, 16},         /* private */
    {{.family = 4, .ip = {198, 18}}, 15},          /* benchmarks */
    {{.family = 4, .ip = {198, 51, 100}}, 24},     /* documentation */
    {{.family = 4, .ip = {203, 0, 113}}, 24},      /* documentation */
    {{.family = 4, .ip = {224}}, 3},               /* multicast, reserved, broadcast */
    {{.family = 6, .ip = {0x20, 0x01}}, 23}, /* protocol assignments; Teredo has IPv4 inside */
    {{.family = 6, .ip = {0x20, 0x01, 0x0D, 0xB8}}, 32}, /* documentation */
    {{.family = 6, .ip = {0x20, 0x02}}, 16},             /* 6to4 has IPv4 inside */
};

static const struct network global_v6 = {{.family = 6, .ip = {0x20}}, 3}; /* RFC 4291 §2.4 */

/* A translator makes IPv4 of its last four bytes (RFC 6052 §2.1). */
static const struct network translated = {{.family = 6, .ip = {0, 0x64, 0xFF, 0x9B}}, 96};
#define TRANSLATED_AT 12

bool
address_is_outside(const struct address *a)
{
	if (network_has(&translated, a)) {
		struct address v4 = address_v4(a->ip + TRANSLATED_AT, a->port);

		return address_is_outside(&v4);
	}
	if (a->family == 0 || (a->family == 6 && !network_has(&global_v6, a)))
		return false;
	return !network_any_has(inside, COUNT(inside), a);
}
