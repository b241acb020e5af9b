/* How warden, edge and the VPN engine answer what control asks of them. */
#ifndef ROLE_CALL_REPLY_H
#define ROLE_CALL_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct channel;

/* Answers question `number`; of a refusal, the text goes along in short. `control` NULL: there is
 * nobody to answer. What cannot be sent is logged. */
void call_reply(struct channel *control, uint64_t number, bool done, struct span text);

#endif
