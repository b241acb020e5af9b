#include "cli/backup.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/archive.h"
#include "cli/ask.h"
#include "cli/client.h"
#include "cli/entries.h"
#include "cli/keeper.h"
#include "os/fs.h"

static struct err
put_archive(void *archive, struct span bytes)
{
	return archive_write(archive, bytes);
}

static const char *
user_name(struct arena *memory)
{
	const struct passwd *user = getpwuid(getuid());

	return user != NULL ? arena_copy(memory, span_str(user->pw_name)) : "somebody";
}

/* --- what is in it */

/* The keeper's entries as they are; their end is left for what follows. */
static struct err
put_kept(const struct entry_source *from, const struct entry_sink *to)
{
	uint8_t *room = mem_new(ENTRY_PIECE);
	char name[ENTRY_NAME_MAX];
	struct span piece;
	struct err e;

	while (!failed(e = entry_next(from, name)) && name[0] != '\0') {
		e = entry_begin(to, name);
		do {
			if (!failed(e))
				e = entry_piece(from, room, &piece);
			if (!failed(e))
				e = entry_put(to, piece);
		} while (!failed(e) && piece.len > 0);
		if (!failed(e))
			e = entry_end(to);
		if (failed(e))
			break;
	}
	explicit_bzero(room, ENTRY_PIECE);
	free(room);
	return e;
}

/* The store's process knows best why it did not say more. */
static struct err
put_store(struct command_line *l, const struct config *config, const struct entry_sink *to)
{
	const char *directory = arena_printf(l->memory, "%s/" KEEPER_DIRECTORY, config->state_dir);
	struct keeper keeper;
	struct err e = keeper_save(config, directory, user_name(l->memory), &keeper);

	if (failed(e))
		return e;
	e = put_kept(&(struct entry_source){keeper_get, &keeper}, to);
	struct err ended = keeper_end(&keeper);
	return failed(ended) ? ended : e;
}

static struct err
put_file(const struct entry_sink *to, const char *name, const char *path)
{
	struct buf text = buf_with_cap(BACKUP_SMALL_MAX);
	struct err e = fs_read_path(path, &text);

	if (!failed(e))
		e = entry_whole(to, name, buf_span(&text));
	buf_wipe(&text);
	return e;
}

/* A certificate that is not there is one that the server does without, too. */
static struct err
put_certificate(struct command_line *l, const struct entry_sink *to, const struct site *site,
		size_t n)
{
	const struct certificate *c = &site->certificates[n];
	const char *name = arena_printf(l->memory, "site/%s/%zu", site->names[0], n);
	struct err e;

	if (access(c->chain, R_OK) < 0 || access(c->key, R_OK) < 0) {
		fprintf(stderr, "sallyport: left out, as it cannot be read: %s\n",
			access(c->chain, R_OK) < 0 ? c->chain : c->key);
		return ERR_NONE;
	}
	e = put_file(to, arena_printf(l->memory, "%s/chain", name), c->chain);
	return failed(e) ? e : put_file(to, arena_printf(l->memory, "%s/key", name), c->key);
}

static struct err
put_all(struct command_line *l, const struct config *config, const struct entry_sink *to)
{
	struct err e = put_store(l, config, to);

	if (!failed(e))
		e = entry_whole(to, BACKUP_CONFIG, config->text);
	for (size_t i = 0; i < config->site_count; i++)
		for (size_t k = 0; k < config->sites[i].certificate_count && !failed(e); k++)
			e = put_certificate(l, to, &config->sites[i], k);
	return failed(e) ? e : entries_end(to);
}

/* --- the file */

static struct err
write_archive(struct command_line *l, const struct config *config, FILE *file,
	      struct span passphrase)
{
	struct archive_writer *archive;
	struct err e = archive_create(file, passphrase, &password_usual, &archive);

	if (failed(e))
		return e;
	e = put_all(l, config, &(struct entry_sink){put_archive, archive});
	if (!failed(e))
		e = archive_finish(archive);
	if (!failed(e) && (fflush(file) != 0 || fsync(fileno(file)) != 0))
		e = err_sys("the backup cannot be written");
	archive_writer_free(archive);
	return e;
}

/* Beside its place first: a backup is whole, or it is not there. */
static struct err
write_file(struct command_line *l, const struct config *config, struct span passphrase)
{
	const char *path = l->arguments[0];
	char *beside = arena_printf(l->memory, "%s.XXXXXX", path);
	int fd = mkostemp(beside, 0);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	struct err e;

	if (file == NULL)
		return err_sys("cannot write beside %s", path);
	e = write_archive(l, config, file, passphrase);
	if (fclose(file) != 0 && !failed(e))
		e = err_sys("cannot write %s", path);
	if (!failed(e) && rename(beside, path) < 0)
		e = err_sys("cannot write %s", path);
	if (failed(e))
		unlink(beside);
	return e;
}

static struct err
check_owner(struct command_line *l, const struct config *config)
{
	const char *key =
	    arena_printf(l->memory, "%s/" KEEPER_DIRECTORY "/" BACKUP_KEY, config->state_dir);

	if (geteuid() != 0 && access(key, R_OK) < 0 && errno == EACCES)
		return err_new("only root, or the user that the server runs as, can make a backup");
	return ERR_NONE;
}

/* What is no file, /dev/null say, stays what it is for everybody else. */
static bool
may_replace(struct command_line *l)
{
	const char *path = l->arguments[0];
	struct fs_info there;

	if (failed(fs_stat(path, &there)))
		return true;
	if (there.kind == FS_FILE)
		return ask_first(l, arena_printf(l->memory, "Replace %s?", path));
	fprintf(stderr, "sallyport: %s is no file, and a backup takes the place of one\n", path);
	return false;
}

int
backup_make(struct command_line *l)
{
	struct buf passphrase = buf_with_cap(PASSWORD_MAX);
	struct config *config = client_config(l->file);
	struct err e = ERR_NONE;
	bool ready = config != NULL && may_replace(l) &&
		     ask_secret("Passphrase", "--passphrase-file",
				line_value(l, "--passphrase-file"), ASK_TWICE, &passphrase);

	signal(SIGPIPE, SIG_IGN);
	if (ready) {
		e = check_owner(l, config);
		if (!failed(e))
			e = write_file(l, config, buf_span(&passphrase));
	}
	if (failed(e))
		fprintf(stderr, "sallyport: no backup was made: %s\n", e.text);
	else if (ready)
		printf("%s has all of this server. Without its passphrase nobody can use it, nor "
		       "can you.\n",
		       l->arguments[0]);
	buf_wipe(&passphrase);
	config_free(config);
	return ready && !failed(e) ? EXIT_DONE : EXIT_FAILED;
}
