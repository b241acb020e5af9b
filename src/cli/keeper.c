#include "cli/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access/change.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/backup.h"
#include "cli/entries.h"
#include "os/fs.h"
#include "os/sandbox.h"
#include "pki/vault.h"

/* What the child works with. */
struct work {
	const struct config *config;
	const char *who;
	struct store *store;
	struct arena *memory;
	struct vault *vault;
	struct keeper self; /* its own end */
	struct entry_sink to;
	struct entry_source from;
	struct err failed; /* of putting or getting, within the dump */
	struct buf head;   /* audit.head as it was before the dump began */
	struct buf key;
	bool begun;       /* the store's entry */
	struct buf line;  /* of the dump that is loaded */
	uint8_t *piece;   /* the part of it that came last */
	struct span rest; /* what of that is still to be read */
	bool ended;
};

static struct store_place
place_of(const struct config *c)
{
	return (struct store_place){
	    .url = c->store_url, .path = "sallyport.db", .copies = "copies"};
}

/* --- bytes between the two */

struct err
keeper_put(void *keeper, struct span bytes)
{
	const struct keeper *k = keeper;

	while (bytes.len > 0) {
		ssize_t n = write(k->fd, bytes.p, bytes.len);

		if (n < 0 && errno != EINTR)
			return err_sys("the store's process is gone");
		bytes = span_tail(bytes, n > 0 ? (size_t)n : 0);
	}
	return ERR_NONE;
}

struct err
keeper_get(void *keeper, void *to, size_t len)
{
	const struct keeper *k = keeper;
	uint8_t *at = to;

	while (len > 0) {
		ssize_t n = read(k->fd, at, len);

		if (n == 0)
			return err_new("it ended too early");
		if (n < 0 && errno != EINTR)
			return err_sys("it cannot be read");
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return ERR_NONE;
}

/* --- what both do */

/* In the audit log, as any download or change is. */
static struct err
note(struct work *w, const char *action)
{
	struct access a = {.store = w->store,
			   .vault = w->vault,
			   .memory = w->memory,
			   .now = clock_wall_ms(),
			   .audit_head = BACKUP_HEAD};
	const struct actor who = {.kind = ACTOR_MACHINE, .level = LEVEL_ADMIN, .name = w->who};
	struct outcome o = change_note(
	    &a, &who, &(struct change){.action = action, .object = "server", .event = EVENT_AUDIT});

	return refused(o) ? err_new("%s", o.text) : ERR_NONE;
}

/* --- saving */

static struct err
put_manifest(struct work *w, struct span schema_line)
{
	json_t *first = json_loadb((const char *)schema_line.p, schema_line.len, 0, NULL);
	struct buf text = buf_with_cap(1024);
	json_int_t schema = json_integer_value(json_object_get(first, "schema"));
	bool ok = buf_printf(&text,
			     "{\"format\":%d,\"program\":\"" SALLYPORT_VERSION
			     "\",\"schema\":%lld,\"made\":",
			     BACKUP_FORMAT, (long long)schema) &&
		  json_put_time(&text, clock_wall_ms()) && buf_byte(&text, '}');
	struct err e =
	    ok ? entry_whole(&w->to, BACKUP_MANIFEST, buf_span(&text)) : err_new("out of memory");

	json_decref(first);
	buf_free(&text);
	return e;
}

/* What stands before the store, whose first line tells its schema. */
static struct err
put_before(struct work *w, struct span schema_line)
{
	struct err e = put_manifest(w, schema_line);

	if (!failed(e))
		e = entry_whole(&w->to, BACKUP_KEY, buf_span(&w->key));
	if (!failed(e) && buf_len(&w->head) > 0)
		e = entry_whole(&w->to, BACKUP_HEAD, buf_span(&w->head));
	return failed(e) ? e : entry_begin(&w->to, BACKUP_STORE);
}

static bool
put_line(void *owner, struct span line)
{
	struct work *w = owner;

	if (!w->begun)
		w->failed = put_before(w, line);
	w->begun = true;
	if (!failed(w->failed))
		w->failed = entry_put(&w->to, line);
	if (!failed(w->failed))
		w->failed = entry_put(&w->to, SPAN_OF("\n"));
	return !failed(w->failed);
}

/* A row of the log that came after the head was read is in the dump as well: so the head that is
 * saved is always among the rows that are. */
static struct err
read_keys(struct work *w)
{
	struct err e = fs_read_path(BACKUP_KEY, &w->key);

	if (failed(e))
		return err_in(e, "has this server ever run with its access server?");
	if (access(BACKUP_HEAD, F_OK) == 0)
		e = fs_read_path(BACKUP_HEAD, &w->head);
	return e;
}

static struct err
save(struct work *w)
{
	const struct store_place place = place_of(w->config);
	struct err e = vault_open(BACKUP_KEY, false, &w->vault);

	if (failed(e))
		return err_in(e, "has this server ever run with its access server?");
	if (failed(e = store_open(&place, &w->store)))
		return e;
	struct err noted = note(w, "backup");
	if (failed(noted))
		fprintf(stderr, "sallyport: the audit log does not say that this was made: %s\n",
			noted.text);
	if (failed(e = read_keys(w)))
		return e;
	e = store_dump(w->store, put_line, w);
	if (failed(w->failed))
		e = w->failed;
	if (!failed(e))
		e = entry_end(&w->to);
	return failed(e) ? e : entries_end(&w->to);
}

/* --- loading */

static struct err
get_more(struct work *w)
{
	struct err e = entry_piece(&w->from, w->piece, &w->rest);

	w->ended = !failed(e) && w->rest.len == 0;
	return e;
}

/* One line of the dump, however the pieces cut it. */
static bool
next_line(void *owner, struct span *line, struct err *why)
{
	struct work *w = owner;

	buf_taken(&w->line, buf_len(&w->line));
	for (;;) {
		size_t end = span_find(w->rest, '\n');
		bool whole = end < w->rest.len;

		if (!buf_append(&w->line, span_head(w->rest, end))) {
			*why = err_new("a line of it is too long");
			return false;
		}
		w->rest = span_tail(w->rest, end + 1);
		*line = buf_span(&w->line);
		if (whole)
			return true;
		if (w->ended || failed(*why = get_more(w)) || w->ended)
			return false;
	}
}

static struct err
keep_file(struct work *w, const char *name)
{
	struct buf text = buf_with_cap(BACKUP_SMALL_MAX);
	struct err e = entry_read(&w->from, &text);

	if (!failed(e))
		e = fs_write_path(name, buf_span(&text), 0600);
	buf_wipe(&text);
	return e;
}

static struct err
load_store(struct work *w)
{
	const struct store_place place = place_of(w->config);
	struct err e = store_prepare(&place);

	if (!failed(e))
		e = store_open(&place, &w->store);
	if (!failed(e))
		e = store_load(w->store, next_line, w);
	while (!failed(e) && !w->ended)
		e = get_more(w);
	if (!failed(e))
		e = vault_open(BACKUP_KEY, false, &w->vault);
	return failed(e) ? e : note(w, "restore");
}

static struct err
load(struct work *w)
{
	char name[ENTRY_NAME_MAX];
	struct err e;

	while (!failed(e = entry_next(&w->from, name)) && name[0] != '\0') {
		if (strcmp(name, BACKUP_STORE) == 0)
			e = load_store(w);
		else if (strcmp(name, BACKUP_KEY) == 0 || strcmp(name, BACKUP_HEAD) == 0)
			e = keep_file(w, name);
		else
			e = err_new("%.80s is not the store's", name);
		if (failed(e))
			break;
	}
	return e;
}

/* --- the process */

static struct err
run(struct work *w, int directory, struct err (*work)(struct work *w))
{
	bool became;
	struct err e;

	if (fchdir(directory) < 0)
		return err_sys("cannot enter the directory of the store");
	if (failed(e = sandbox_user_only(KEEPER_USER, &became)))
		return e;
	w->memory = arena_new();
	w->to = (struct entry_sink){keeper_put, &w->self};
	w->from = (struct entry_source){keeper_get, &w->self};
	w->head = buf_with_cap(4096);
	w->key = buf_with_cap(4096);
	w->line = buf_with_cap(64 << 20);
	w->piece = mem_new(ENTRY_PIECE);
	e = work(w);
	store_close(w->store);
	vault_free(w->vault);
	buf_wipe(&w->key);
	buf_wipe(&w->line);
	buf_free(&w->head);
	explicit_bzero(w->piece, ENTRY_PIECE);
	free(w->piece);
	arena_free(w->memory);
	return e;
}

/* In the child: why it failed goes down `why`. */
static void
live(struct work *w, int directory, int why, struct err (*work)(struct work *w))
{
	signal(SIGPIPE, SIG_IGN);
	log_set_level("warn"); /* what it says is for a person who waits */
	struct err e = run(w, directory, work);
	const struct keeper back = {.fd = why};

	if (failed(e))
		(void)!failed(keeper_put((void *)(uintptr_t)&back, span_str(e.text)));
	_exit(failed(e));
}

static struct err
start(struct work *w, const char *path, bool tells, struct err (*work)(struct work *w),
      struct keeper *out)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int data[2] = {-1, -1}, why[2] = {-1, -1};

	if (directory < 0)
		return err_sys("cannot open %s", path);
	if (pipe2(data, O_CLOEXEC) < 0 || pipe2(why, O_CLOEXEC) < 0)
		return err_sys("cannot make a pipe");
	out->pid = fork();
	if (out->pid == 0) {
		w->self.fd = data[tells ? 1 : 0];
		close(data[tells ? 0 : 1]);
		close(why[0]);
		live(w, directory, why[1], work);
	}
	out->fd = data[tells ? 0 : 1];
	out->why = why[0];
	close(data[tells ? 1 : 0]);
	close(why[1]);
	close(directory);
	return out->pid > 0 ? ERR_NONE : err_sys("cannot start the store's process");
}

struct err
keeper_save(const struct config *config, const char *directory, const char *who, struct keeper *out)
{
	struct work w = {.config = config, .who = who};

	return start(&w, directory, true, save, out);
}

struct err
keeper_load(const struct config *config, const char *directory, const char *who, struct keeper *out)
{
	struct work w = {.config = config, .who = who};

	return start(&w, directory, false, load, out);
}

struct err
keeper_end(struct keeper *k)
{
	struct buf why = buf_with_cap(ERR_TEXT_MAX);
	struct err e = ERR_NONE;
	int status = 0;
	char byte;

	close(k->fd);
	while (read(k->why, &byte, 1) == 1)
		if (!buf_byte(&why, (uint8_t)byte))
			break;
	close(k->why);
	while (waitpid(k->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (buf_len(&why) > 0)
		e = err_new("%.*s", (int)buf_len(&why), (const char *)buf_span(&why).p);
	else if (status != 0)
		e = err_new("the store's process failed (status %d)", status);
	buf_free(&why);
	return e;
}
