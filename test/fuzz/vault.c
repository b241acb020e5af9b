/* The file of the master key: 64 digits and at most a newline, and nothing else, open a vault. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "fuzz.h"
#include "pki/vault.h"

#define MASTER 32

/* Bit by bit, and not as vault.c reads it. */
static bool
read_master(struct span text, uint8_t master[MASTER])
{
	static const char digits[] = "0123456789abcdef";

	if (text.len == 2 * MASTER + 1 && text.p[2 * MASTER] == '\n')
		text.len--;
	if (text.len != 2 * MASTER)
		return false;
	memset(master, 0, MASTER);
	for (size_t i = 0; i < text.len; i++) {
		int c = text.p[i] >= 'A' && text.p[i] <= 'F' ? text.p[i] | 0x20 : text.p[i];
		const char *digit = c != '\0' ? strchr(digits, c) : NULL;

		if (digit == NULL)
			return false;
		master[i / 2] = (uint8_t)(master[i / 2] << 4 | (digit - digits));
	}
	return true;
}

static void
check_same(const struct vault *a, const uint8_t master[MASTER])
{
	struct buf box = buf_with_cap(256), opened = buf_with_cap(256);
	struct vault *b;

	check(!failed(vault_of(master, &b)));
	check(vault_seal(a, "fuzz", SPAN_OF("secret"), &box));
	check(vault_unseal(b, "fuzz", buf_span(&box), &opened));
	check(span_equal(buf_span(&opened), SPAN_OF("secret")));
	buf_free(&box);
	buf_free(&opened);
	vault_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	uint8_t master[MASTER];
	struct vault *v;
	char path[64];

	check(fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	struct err e = vault_open(path, false, &v);
	close(fd);
	check(failed(e) == (v == NULL));
	check(failed(e) != read_master(span_of(data, size), master));
	if (v != NULL)
		check_same(v, master);
	vault_free(v);
	return 0;
}
