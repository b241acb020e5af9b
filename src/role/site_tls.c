#include "role/site_tls.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "os/fs.h"

#define CERTIFICATE_MAX (1 << 20)

/* The PEM bytes of one descriptor, for the moment that they are needed. */
static struct err
load(int fd, struct buf *into)
{
	*into = buf_with_cap(CERTIFICATE_MAX);
	return fd >= 0 ? fs_read_fd(fd, into) : err_new("no certificate was passed");
}

/* All pairs of a site, which `pems` holds two buffers each for. */
static struct err
load_pairs(int (*fds)[2], size_t count, struct tls_pair *pairs, struct buf *pems)
{
	for (size_t i = 0; i < count; i++) {
		struct err e = load(fds[i][0], &pems[2 * i]);

		if (!failed(e))
			e = load(fds[i][1], &pems[2 * i + 1]);
		if (failed(e))
			return e;
		pairs[i] = (struct tls_pair){buf_span(&pems[2 * i]), buf_span(&pems[2 * i + 1])};
	}
	return ERR_NONE;
}

struct err
site_context(struct tls_library *lib, const struct site *site, int (*fds)[2],
	     struct tls_context **out)
{
	size_t count = site->certificate_count;
	struct tls_pair *pairs = mem_new(count * sizeof *pairs);
	struct buf *pems = mem_new(2 * count * sizeof *pems);

	struct err e = load_pairs(fds, count, pairs, pems);
	if (!failed(e))
		e = tls_context_new(lib, site->names[0], pairs, count, out);
	for (size_t i = 0; i < 2 * count; i++)
		buf_wipe(&pems[i]);
	free(pems);
	free(pairs);
	return e;
}
