#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <libgen.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/archive.h"
#include "cli/ask.h"
#include "cli/backup.h"
#include "cli/client.h"
#include "cli/entries.h"
#include "cli/keeper.h"
#include "os/fs.h"
#include "os/local.h"

#define ENTRIES_MAX 10000

/* Something of the backup but the store, which is too much to be held. */
struct kept {
	const char *name;
	struct buf text;
};

struct restore {
	struct command_line *line;
	struct arena *memory;
	struct archive_reader *archive;
	struct entry_source from;
	struct kept *kept;
	size_t count;
	bool has_store;
	struct config *config; /* by which the server will run */
	bool config_is_there;  /* and stays as it is */
	struct buf config_text;
	mode_t mode;       /* of the state directory */
	char *work;        /* where it is made, beside the state directory */
	const char **made; /* files elsewhere */
	size_t made_count;
};

static struct err
get_archive(void *archive, void *to, size_t len)
{
	return archive_read(archive, to, len);
}

/* --- looking at all of it, before anything is done */

static struct err
skip(struct restore *r)
{
	uint8_t *room = mem_new(ENTRY_PIECE);
	struct span piece;
	struct err e;

	do
		e = entry_piece(&r->from, room, &piece);
	while (!failed(e) && piece.len > 0);
	explicit_bzero(room, ENTRY_PIECE);
	free(room);
	return e;
}

static const struct buf *
kept(const struct restore *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->kept[i].name, name) == 0)
			return &r->kept[i].text;
	return NULL;
}

static struct err
keep(struct restore *r, const char *name)
{
	struct kept *k;

	if (kept(r, name) != NULL || r->count == ENTRIES_MAX)
		return err_new("%.80s is in it twice", name);
	k = ARENA_PUSH(r->memory, r->kept, r->count);
	k->name = arena_copy(r->memory, span_str(name));
	k->text = buf_with_cap(BACKUP_SMALL_MAX);
	return entry_read(&r->from, &k->text);
}

static struct err
look_at_all(struct restore *r)
{
	char name[ENTRY_NAME_MAX];
	struct err e;

	while (!failed(e = entry_next(&r->from, name)) && name[0] != '\0') {
		bool store = strcmp(name, BACKUP_STORE) == 0;

		if (store && r->has_store)
			return err_new("the store is in it twice");
		r->has_store |= store;
		if (failed(e = store ? skip(r) : keep(r, name)))
			return e;
	}
	return failed(e) ? e : archive_end(r->archive);
}

static struct err
check_manifest(const struct restore *r)
{
	const struct buf *text = kept(r, BACKUP_MANIFEST);
	json_t *json = text != NULL
			   ? json_loadb((const char *)buf_span(text).p, buf_len(text), 0, NULL)
			   : NULL;
	json_int_t format = json_integer_value(json_object_get(json, "format"));
	struct err e = ERR_NONE;

	if (format != BACKUP_FORMAT)
		e = err_new("it is of another version of sallyport: use that one, or a newer one");
	else if (!r->has_store || kept(r, BACKUP_KEY) == NULL || kept(r, BACKUP_CONFIG) == NULL)
		e = err_new("something is missing in it");
	json_decref(json);
	return e;
}

/* --- the configuration */

static bool
is_state_dir(struct span line)
{
	static const char word[] = "state_dir";

	while (line.len > 0 && (*line.p == ' ' || *line.p == '\t'))
		line = span_tail(line, 1);
	return span_starts_with(line, SPAN_OF(word)) && line.len > strlen(word) &&
	       (line.p[strlen(word)] == ' ' || line.p[strlen(word)] == '\t');
}

/* The text with another state directory; all else stays as it was written. */
static bool
put_moved(struct span text, const char *directory, struct buf *out)
{
	bool found = false, fits = true;

	while (text.len > 0 && fits) {
		size_t end = span_find(text, '\n');
		struct span line = span_head(text, end + 1);

		if (is_state_dir(line) && !found) {
			fits = buf_printf(out, "state_dir \"%s\"\n", directory);
			found = true;
		} else {
			fits = buf_append(out, line);
		}
		text = span_tail(text, end + 1);
	}
	return fits && (found || buf_printf(out, "\nstate_dir \"%s\"\n", directory));
}

static struct err
take_text(struct restore *r)
{
	const char *directory = line_value(r->line, "--state-dir");
	struct span text = buf_span(kept(r, BACKUP_CONFIG));

	if (directory == NULL)
		return buf_append(&r->config_text, text) ? ERR_NONE : err_new("out of memory");
	if (directory[0] != '/' || strpbrk(directory, "\"\\\n") != NULL)
		return err_new("--state-dir takes an absolute path");
	return put_moved(text, directory, &r->config_text) ? ERR_NONE : err_new("out of memory");
}

static struct config *
parse(const char *file, struct span text)
{
	struct config_defaults defaults = {.file = file, .root = geteuid() == 0};
	struct buf errors = buf_with_cap(1 << 20);
	struct config *c = config_read(text, &defaults, &errors);

	if (buf_len(&errors) > 0)
		fwrite(buf_span(&errors).p, 1, buf_len(&errors), stderr);
	buf_free(&errors);
	return c;
}

static struct err
find_config(struct restore *r)
{
	const char *directory = line_value(r->line, "--state-dir"), *file = r->line->file;
	struct err e = ERR_NONE;

	r->config_is_there = access(file, F_OK) == 0;
	e = r->config_is_there ? fs_read_path(file, &r->config_text) : take_text(r);
	if (failed(e))
		return e;
	r->config = parse(file, buf_span(&r->config_text));
	if (r->config == NULL)
		return err_new("%s is no configuration that this program understands", file);
	if (r->config->control == NULL)
		return err_new("%s has no `admin` block: what is restored would be used by nobody",
			       file);
	if (directory != NULL && strcmp(directory, r->config->state_dir) != 0)
		return err_new("%s is there already and has another state_dir, %s: change it "
			       "there, or name another file with -c",
			       file, r->config->state_dir);
	return ERR_NONE;
}

/* --- the directory */

static bool
has_nothing(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *d;
	bool nothing = directory != NULL;

	while (nothing && (d = readdir(directory)) != NULL)
		nothing = strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0;
	if (directory != NULL)
		closedir(directory);
	return nothing;
}

/* An empty one lends its mode to what takes its place. */
static struct err
check_empty(struct restore *r)
{
	const char *state = r->config->state_dir;
	struct stat st;

	r->mode = 0711; /* administrators reach admin.sock in it */
	if (stat(state, &st) < 0)
		return errno == ENOENT ? ERR_NONE : err_sys("%s", state);
	r->mode = st.st_mode & 07777;
	if (S_ISDIR(st.st_mode) && has_nothing(state))
		return ERR_NONE;
	return err_new("%.200s is not empty: stop the server and move it away, or name another "
		       "directory with --state-dir",
		       state);
}

static struct err
make_work(struct restore *r)
{
	const char *state = r->config->state_dir;
	char *copy = arena_copy(r->memory, span_str(state));
	struct err e = check_empty(r);

	if (!failed(e))
		e = fs_make_directory(dirname(copy), 0755);
	if (failed(e))
		return e;
	char *work = arena_printf(r->memory, "%s.restore-XXXXXX", state);
	if (mkdtemp(work) == NULL)
		return err_sys("cannot make a directory beside %s", state);
	r->work = work;
	const char *control = arena_printf(r->memory, "%s/" KEEPER_DIRECTORY, work);
	e = fs_make_directory(control, 0700);
	return failed(e) ? e : local_give_directory(control, KEEPER_USER, 0700);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void
remove_work(struct restore *r)
{
	if (r->work != NULL)
		nftw(r->work, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	r->work = NULL;
}

/* --- certificates of sites */

/* Where it goes now: what is to be in the state directory goes where that is made. */
static const char *
place_of(struct restore *r, const char *path)
{
	size_t len = strlen(r->config->state_dir);

	if (strncmp(path, r->config->state_dir, len) == 0 && path[len] == '/')
		return arena_printf(r->memory, "%s%s", r->work, path + len);
	return path;
}

static struct err
put_file(struct restore *r, const char *name, const char *path, unsigned mode)
{
	const struct buf *text = kept(r, name);
	const char *to = place_of(r, path);
	char *copy = arena_copy(r->memory, span_str(to));

	if (text == NULL)
		return ERR_NONE;
	if (access(to, F_OK) == 0) {
		fprintf(stderr, "sallyport: %s is there already, and stays as it is\n", to);
		return ERR_NONE;
	}
	struct err e = fs_make_directory(dirname(copy), to == path ? 0755 : 0700);
	if (!failed(e))
		e = fs_write_path(to, buf_span(text), mode);
	if (!failed(e) && to == path)
		*ARENA_PUSH(r->memory, r->made, r->made_count) = to;
	return e;
}

static struct err
put_certificates(struct restore *r)
{
	struct err e = ERR_NONE;

	for (size_t i = 0; i < r->config->site_count; i++) {
		const struct site *s = &r->config->sites[i];

		for (size_t k = 0; k < s->certificate_count && !failed(e); k++) {
			const char *name = arena_printf(r->memory, "site/%s/%zu", s->names[0], k);

			e = put_file(r, arena_printf(r->memory, "%s/chain", name),
				     s->certificates[k].chain, 0644);
			if (!failed(e))
				e = put_file(r, arena_printf(r->memory, "%s/key", name),
					     s->certificates[k].key, 0600);
		}
	}
	return e;
}

/* --- the store */

static struct err
pass_store(struct restore *r, const struct entry_sink *to)
{
	uint8_t *room = mem_new(ENTRY_PIECE);
	struct span piece = SPAN_NONE;
	struct err e = entry_begin(to, BACKUP_STORE);

	do {
		if (!failed(e))
			e = entry_piece(&r->from, room, &piece);
		if (!failed(e))
			e = entry_put(to, piece);
	} while (!failed(e) && piece.len > 0);
	explicit_bzero(room, ENTRY_PIECE);
	free(room);
	return failed(e) ? e : entry_end(to);
}

static struct err
pass_all(struct restore *r, const struct entry_sink *to)
{
	const struct buf *head = kept(r, BACKUP_HEAD);
	char name[ENTRY_NAME_MAX];
	struct err e = entry_whole(to, BACKUP_KEY, buf_span(kept(r, BACKUP_KEY)));

	if (!failed(e) && head != NULL)
		e = entry_whole(to, BACKUP_HEAD, buf_span(head));
	if (!failed(e))
		e = archive_rewind(r->archive);
	while (!failed(e) && !failed(e = entry_next(&r->from, name)) &&
	       strcmp(name, BACKUP_STORE) != 0)
		e = name[0] != '\0' ? skip(r) : err_new("the store is missing in it");
	if (!failed(e))
		e = pass_store(r, to);
	return failed(e) ? e : entries_end(to);
}

static struct err
put_store(struct restore *r)
{
	const char *directory = arena_printf(r->memory, "%s/" KEEPER_DIRECTORY, r->work);
	const struct passwd *user = getpwuid(getuid());
	struct keeper keeper;
	struct err e =
	    keeper_load(r->config, directory, user != NULL ? user->pw_name : "somebody", &keeper);

	if (failed(e))
		return e;
	e = pass_all(r, &(struct entry_sink){keeper_put, &keeper});
	struct err ended = keeper_end(&keeper);
	return failed(ended) ? ended : e;
}

/* --- the end */

/* One that is there stays: what was in the backup is laid beside it. */
static struct err
put_config(struct restore *r)
{
	const char *file = r->line->file;
	char *copy = arena_copy(r->memory, span_str(file));

	if (r->config_is_there)
		return fs_write_path(arena_printf(r->memory, "%s.from-backup", file),
				     buf_span(kept(r, BACKUP_CONFIG)), 0600);
	struct err e = fs_make_directory(dirname(copy), 0755);
	return failed(e) ? e : fs_write_path(file, buf_span(&r->config_text), 0600);
}

/* Only now is there anything at the state directory's place. */
static struct err
settle(struct restore *r)
{
	const char *state = r->config->state_dir;
	struct err e = put_config(r);

	if (failed(e))
		return e;
	if (chmod(r->work, r->mode) == 0 && rename(r->work, state) == 0) {
		r->work = NULL;
		return ERR_NONE;
	}
	e = err_sys("cannot put the restored directory in the place of %s", state);
	if (!r->config_is_there)
		unlink(r->line->file);
	return e;
}

static struct err
restore_all(struct restore *r)
{
	struct err e = look_at_all(r);

	if (!failed(e))
		e = check_manifest(r);
	if (!failed(e))
		e = find_config(r);
	if (!failed(e))
		e = make_work(r);
	if (!failed(e))
		e = put_certificates(r);
	if (!failed(e))
		e = put_store(r);
	if (!failed(e))
		e = settle(r);
	for (size_t i = 0; i < r->made_count && failed(e); i++)
		unlink(r->made[i]);
	remove_work(r);
	return e;
}

static struct err
restore_from(struct command_line *l, FILE *file, struct span passphrase)
{
	struct restore r = {
	    .line = l, .memory = l->memory, .config_text = buf_with_cap(BACKUP_SMALL_MAX)};
	struct err e = archive_open(file, passphrase, &r.archive);

	r.from = (struct entry_source){get_archive, r.archive};
	if (!failed(e))
		e = restore_all(&r);
	if (!failed(e))
		printf("All is restored in %s%s%s%s.\nStart it: sallyport serve -c %s, or "
		       "systemctl start sallyport\n",
		       r.config->state_dir, r.config_is_there ? "; " : ", with the configuration ",
		       l->file, r.config_is_there ? " stays as it was" : "", l->file);
	for (size_t i = 0; i < r.count; i++)
		buf_wipe(&r.kept[i].text);
	buf_wipe(&r.config_text);
	archive_reader_free(r.archive);
	config_free(r.config);
	return e;
}

int
backup_restore(struct command_line *l)
{
	struct buf passphrase = buf_with_cap(PASSWORD_MAX);
	FILE *file = fopen(l->arguments[0], "re");
	struct err e = file != NULL ? ERR_NONE : err_sys("cannot open %s", l->arguments[0]);

	signal(SIGPIPE, SIG_IGN);
	if (!failed(e) && !ask_secret("Passphrase", "--passphrase-file",
				      line_value(l, "--passphrase-file"), ASK_ONCE, &passphrase)) {
		fclose(file);
		return EXIT_FAILED;
	}
	if (!failed(e))
		e = restore_from(l, file, buf_span(&passphrase));
	if (file != NULL)
		fclose(file);
	buf_wipe(&passphrase);
	if (failed(e))
		fprintf(stderr, "sallyport: nothing was restored: %s\n", e.text);
	return failed(e) ? EXIT_FAILED : EXIT_DONE;
}
