#include "role/call_reply.h"

#include <unistd.h>

#include "base/log.h"
#include "ipc/channel.h"
#include "os/fs.h"

void
call_reply(struct channel *control, uint64_t number, bool done, struct span text)
{
	struct message m = {.type = MESSAGE_RESULT, .kind = done, .value = number, .fd_count = 1};

	if (control == NULL)
		return;
	struct err e = fs_sealed("answer", text, &m.fds[0]);
	if (!failed(e)) {
		if (!done)
			span_put((uint8_t *)m.text, span_head(text, sizeof m.text - 1));
		e = channel_send(control, &m);
		close(m.fds[0]);
	}
	if (failed(e))
		log_error("control is not answered: %s", e.text);
}
