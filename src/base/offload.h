/*
 * One packet that stands for several of one flow: they differ in what is counted alone, and are
 * cut, or joined, as late as can be (segmentation offload).
 */
#ifndef BASE_OFFLOAD_H
#define BASE_OFFLOAD_H

#include <stdbool.h>
#include <stdint.h>

enum offload_kind { OFFLOAD_NONE, OFFLOAD_TCP4, OFFLOAD_TCP6, OFFLOAD_UDP };

struct offload {
	enum offload_kind kind;
	uint16_t segment; /* bytes of payload in each packet, of which the last may have fewer */
	bool sum;         /* a checksum is not made yet, but for the pseudo-header: of all bytes
			   * from sum_from on, to stand sum_at behind that */
	uint16_t sum_from, sum_at;
};

#endif
