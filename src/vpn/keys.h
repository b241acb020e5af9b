/* Data keys of one connection, derived when TLS is up, and packets under them. */
#ifndef VPN_KEYS_H
#define VPN_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/span.h"
#include "tls/aead.h"
#include "vpn/key_method.h"
#include "vpn/wire.h"

#define DATA_HEAD     24 /* opcode and peer-id 4, number 4, tag 16: before the ciphertext */
#define DATA_KEYS     256
#define DATA_LABEL    "EXPORTER-OpenVPN-datakeys"
#define DYNAMIC_LABEL "EXPORTER-OpenVPN-dynamic-tls-crypt"

/* The older derivation, from what both sides said; 256 bytes in the order of an exporter's. */
MUST_CHECK bool keys_derive(const struct key_random *client, const struct key_random *server,
			    const uint8_t client_id[SESSION_ID],
			    const uint8_t server_id[SESSION_ID], uint8_t out[DATA_KEYS]);

struct data_keys;

/* From 256 bytes. The server sends by the second half and receives by the first; a client the
 * other way round. NULL when memory is short. */
struct data_keys *data_keys_new(enum aead_kind kind, const uint8_t material[DATA_KEYS],
				unsigned key_id, bool serves);
void data_keys_free(struct data_keys *k); /* wipes; NULL is fine */

/*
 * Seals `len` bytes that begin at `inner`, with DATA_HEAD bytes of room before them; the packet
 * begins there. It is always a DATA_V2, also under PEER_ID_NONE: what cannot read that has no AEAD
 * either. False when the key is used up: never is a number used twice.
 */
MUST_CHECK bool data_seal(struct data_keys *k, uint32_t peer_id, uint8_t *inner, size_t len);

/* Opens a DATA_V2 or DATA_V1 packet in place; *inner points into it. False for what is not
 * genuine, or was there before. */
MUST_CHECK bool data_open(struct data_keys *k, uint8_t *packet, size_t len, struct span *inner);

/* So much of what the key may be used for is used up, in either direction, that it is time for
 * another: 7/8 of 2^32 packets, or, for AES-GCM, of 2^36 packets and blocks together. */
bool data_keys_are_worn(const struct data_keys *k);

/* A keep-alive's 16 bytes, and whether an inner packet is one. */
extern const uint8_t data_ping[16];
bool data_is_ping(struct span inner);
bool data_is_exit(struct span inner); /* older clients' good-bye */

#endif
