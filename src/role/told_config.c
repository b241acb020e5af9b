#include "role/told_config.h"

#include <stdio.h>

#include "base/buf.h"
#include "os/fs.h"
#include "role/warden_provision.h"

#define TEXT_MAX   (1 << 20)
#define ERRORS_MAX 4096

struct err
told_config_message(const struct provision *p, uint64_t generation, unsigned workers,
		    struct message *out)
{
	*out = (struct message){.type = MESSAGE_SNAPSHOT,
				.generation = generation,
				.worker = workers,
				.kind = p->root,
				.fd_count = 1};
	snprintf(out->text, sizeof out->text, "%s", p->file);
	return fs_sealed("sallyport.conf", p->config->text, &out->fds[0]);
}

struct err
told_config(const struct message *m, struct config **out)
{
	struct buf text = buf_with_cap(TEXT_MAX), errors = buf_with_cap(ERRORS_MAX);
	const struct config_defaults defaults = {.file = m->text, .root = m->kind != 0};
	struct err e = fs_read_fd(m->fds[0], &text);

	*out = NULL;
	if (!failed(e) && (*out = config_read(buf_span(&text), &defaults, &errors)) == NULL)
		e = err_new("%.*s", (int)buf_len(&errors), (const char *)buf_span(&errors).p);
	buf_free(&text);
	buf_free(&errors);
	return e;
}
