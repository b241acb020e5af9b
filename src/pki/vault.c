#include "pki/vault.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/mem.h"
#include "os/fs.h"
#include "tls/digest.h"
#include "tls/random.h"
#include "tls/seal.h"

#define MASTER    32
#define FILE_SIZE HEX_SIZE(MASTER) /* a newline where a string has its NUL */

/* The master key itself is not kept: all that is needed of it is derived at once. */
struct vault {
	uint8_t seal[SEAL_KEY], audit[DIGEST_SIZE];
};

struct err
vault_of(const uint8_t master[MASTER], struct vault **out)
{
	struct vault *v = MEM_NEW(struct vault);
	struct span key = span_of(master, MASTER);

	*out = NULL;
	if (!digest_derive(key, "sallyport seal", v->seal) ||
	    !digest_derive(key, "sallyport audit", v->audit)) {
		vault_free(v);
		return err_new("out of memory");
	}
	*out = v;
	return ERR_NONE;
}

void
vault_free(struct vault *v)
{
	if (v == NULL)
		return;
	explicit_bzero(v, sizeof *v);
	free(v);
}

static struct err
make(const char *path)
{
	uint8_t master[MASTER];
	char text[FILE_SIZE];
	struct err e;

	random_bytes(master, sizeof master);
	hex_write(span_of(master, sizeof master), text);
	text[FILE_SIZE - 1] = '\n';
	e = fs_write_path(path, span_of(text, sizeof text), 0600);
	explicit_bzero(master, sizeof master);
	explicit_bzero(text, sizeof text);
	return e;
}

/* A key that others could have read is none; better to say so than to go on. */
static struct err
check_owner(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys("%s", path);
	if (!S_ISREG(st.st_mode))
		return err_new("%s is no file", path);
	if ((st.st_mode & 077) != 0)
		return err_new("%s can be read by others: chmod 600 %s", path, path);
	return ERR_NONE;
}

static struct err
parse(struct span text, const char *path, uint8_t master[MASTER])
{
	if (text.len == FILE_SIZE && text.p[FILE_SIZE - 1] == '\n')
		text = span_head(text, FILE_SIZE - 1);
	if (!hex_read(text, master, MASTER))
		return err_new("%s does not hold a key of %d bytes in hexadecimal", path, MASTER);
	return ERR_NONE;
}

static struct err
load(int fd, const char *path, uint8_t master[MASTER])
{
	struct buf text = buf_with_cap(FILE_SIZE);
	struct err e = check_owner(fd, path);

	if (!failed(e))
		e = err_in(fs_read_fd(fd, &text), "%s", path);
	if (!failed(e))
		e = parse(buf_span(&text), path, master);
	buf_wipe(&text);
	return e;
}

struct err
vault_open(const char *path, bool may_make, struct vault **out)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	uint8_t master[MASTER];
	struct err e;

	*out = NULL;
	if (fd < 0 && errno == ENOENT && may_make) {
		if (failed(e = make(path)))
			return e;
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	}
	if (fd < 0)
		return err_sys("cannot open %s, the key to all secrets in the database", path);
	e = load(fd, path, master);
	close(fd);
	if (!failed(e))
		e = vault_of(master, out);
	explicit_bzero(master, sizeof master);
	return e;
}

bool
vault_seal(const struct vault *v, const char *about, struct span secret, struct buf *out)
{
	return seal(v->seal, about, secret, out);
}

bool
vault_unseal(const struct vault *v, const char *about, struct span sealed, struct buf *out)
{
	return unseal(v->seal, about, sealed, out);
}

/* Each part with its length before it, in the same order of bytes on every machine. */
bool
vault_mac(const struct vault *v, const struct span *parts, size_t count, uint8_t out[32])
{
	struct span *all = mem_new(2 * count * sizeof *all + 1);
	uint64_t *lengths = mem_new(count * sizeof *lengths + 1);
	bool good;

	for (size_t i = 0; i < count; i++) {
		lengths[i] = htobe64(parts[i].len);
		all[2 * i] = span_of(&lengths[i], sizeof lengths[i]);
		all[2 * i + 1] = parts[i];
	}
	good = digest_keyed(span_of(v->audit, sizeof v->audit), all, 2 * count, out);
	free(lengths);
	free(all);
	return good;
}
