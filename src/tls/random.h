/* Bytes that nobody can guess. */
#ifndef TLS_RANDOM_H
#define TLS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#define RANDOM_MAX 256 /* bytes at once (getentropy(3)) */

/* The process ends when there are none to be had: there is nothing safe to do without. */
void random_bytes(uint8_t *to, size_t n);

#endif
