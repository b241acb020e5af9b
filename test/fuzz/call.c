/*
 * What control asks of warden: the kind (a letter), the argument up to a newline, then the body.
 * Each call is answered once, whatever it says; and the configuration becomes only what a control
 * that has fallen may make of it. In an apply, "HASH" stands for that of the file's text.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/mem.h"
#include "fuzz.h"
#include "os/fs.h"
#include "role/warden_private.h"
#include "tls/digest.h"

#define TEXT_MAX    (1 << 20)
#define NAME        "20261121T165230Z-7.conf"
#define PLACEHOLDER "HASH"

static const char file_name[] = "/proc/self/cwd/sallyport.conf";

static const char running_text[] = "state_dir /proc/self/cwd\n" /* the same text always */
				   "trusted_paths /srv\n"
				   "listen 8443\n"
				   "site example.org {\n"
				   "    certificate self-signed\n"
				   "    root /srv/www\n"
				   "}\n"
				   "admin { listen 9443 }\n";

static struct {
	struct warden warden;
	struct provision running;
	char directory[64]; /* where the process works meanwhile, which makes all names short */
	int before;         /* and where it worked before */
	unsigned answers;
	bool applies;         /* what becomes of a new one */
	uint64_t expected_ms; /* in which it has to be confirmed; 0: not at all */
} server;

/* Where control would be told. */
struct err
channel_send(struct channel *ch, const struct message *m)
{
	struct buf answer = buf_with_cap(8 << 20);

	check(ch == server.warden.control.channel && m->type == MESSAGE_RESULT && m->fd_count == 1);
	check(strnlen(m->text, sizeof m->text) < sizeof m->text);
	check(!failed(fs_read_fd(m->fds[0], &answer)));
	check(m->kind == 1 || buf_len(&answer) > 0 || m->text[0] == '\0');
	buf_free(&answer);
	server.answers++;
	return ERR_NONE;
}

/* What else there is of warden. */

void
status_await(struct warden *w, struct status_wait *wait,
	     void (*done)(struct status_wait *wait, bool fresh))
{
	wait->warden = w;
	done(wait, false);
}

bool
status_put_json(const struct warden *w, bool fresh, struct buf *out)
{
	(void)w;
	(void)fresh;
	return buf_append(out, SPAN_OF("{}"));
}

bool
machine_put_listeners(const struct warden *w, struct buf *out)
{
	(void)w;
	return buf_append(out, SPAN_OF("{\"items\":[]}"));
}

bool
machine_put_certificates(const struct warden *w, struct buf *out)
{
	return machine_put_listeners(w, out);
}

static bool
file_says(struct span text)
{
	struct buf now = buf_with_cap(TEXT_MAX);
	bool same = !failed(fs_read_path(file_name, &now)) && span_equal(buf_span(&now), text);

	buf_free(&now);
	return same;
}

/* In time: what a restart would begin with is still what runs. */
void
confirm_expect(struct warden *w, uint64_t ms)
{
	check(file_says(w->running->config->text));
	server.expected_ms = ms;
}

void
confirm_unexpect(struct warden *w)
{
	(void)w;
	server.expected_ms = 0;
}

struct err
confirm_keep(struct warden *w)
{
	(void)w;
	return ERR_NONE;
}

void
confirm_go_back(struct warden *w, struct asker *waiting)
{
	(void)w;
	waiting->answer(waiting, false, SPAN_OF("nothing awaits confirmation"));
}

struct provision *
provision_make(struct span text, const char *file, bool only_look, struct buf *errors)
{
	const struct config_defaults defaults = {.file = file};
	struct config *config = config_read(text, &defaults, errors);
	struct provision *p = config != NULL ? MEM_NEW(struct provision) : NULL;

	(void)only_look;
	if (p != NULL)
		p->config = config;
	return p;
}

void
provision_free(struct provision *p)
{
	if (p == NULL)
		return;
	config_free(p->config);
	free(p);
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
is_below_srv(const char *path)
{
	return strncmp(path, "/srv", 4) == 0 && (path[4] == '/' || path[4] == '\0') &&
	       strstr(path, "/../") == NULL && strcmp(path + strlen(path) - 3, "/..") != 0;
}

/* It has got so far: then the file says so already, and what must stay as it is does. */
void
warden_apply(struct warden *w, struct provision *p, struct asker *waiting, uint64_t confirm_ms)
{
	const struct config *was = w->running->config, *is = p->config;

	check(file_says(is->text));
	check(is_same(was->state_dir, is->state_dir) && is_same(was->store_url, is->store_url));
	check(is->trusted_paths[0] != NULL && is->trusted_paths[1] == NULL);
	check(is_same(was->trusted_paths[0], is->trusted_paths[0]));
	check(confirm_ms <= 86400000 && confirm_ms == server.expected_ms);
	for (size_t i = 0; i < is->root_count; i++)
		check(is_below_srv(is->roots[i]));
	provision_free(p);
	waiting->answer(waiting, server.applies, SPAN_OF("so it is"));
}

/* One call. */

static void
start(void)
{
	struct buf errors = buf_with_cap(4096);

	server.before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check(server.before >= 0);
	snprintf(server.directory, sizeof server.directory, "/dev/shm/fuzz-call-XXXXXX");
	check(mkdtemp(server.directory) != NULL && chdir(server.directory) == 0);
	server.running.config = config_read(SPAN_OF(running_text),
					    &(struct config_defaults){.file = file_name}, &errors);
	check(server.running.config != NULL);
	check(!failed(loop_new(&server.warden.loop)));
	server.warden.running = &server.running;
	server.warden.file = file_name;
	server.warden.control.channel = (void *)&server; /* a name alone: see channel_send() */
	check(!failed(fs_make_directory("history", 0700)));
	check(!failed(fs_write_path("history/" NAME, SPAN_OF(running_text), 0600)));
	check(!failed(fs_write_path(file_name, SPAN_OF(running_text), 0600)));
	buf_free(&errors);
}

static void
stop(void)
{
	check(unlink(file_name) == 0 && unlink("history/" NAME) == 0);
	check(rmdir("history") == 0 && rmdir(server.directory) == 0);
	check(fchdir(server.before) == 0 && close(server.before) == 0);
	config_free(server.running.config);
	loop_free(server.warden.loop);
	memset(&server, 0, sizeof server);
}

/* As it travels: without NULs, and shorter than the message's text. */
static void
put_argument(struct span argument, struct message *m)
{
	size_t at = 0;
	uint8_t digest[DIGEST_SIZE];
	char hex[HEX_SIZE(DIGEST_SIZE)];
	struct span word = SPAN_OF(PLACEHOLDER);

	check(digest_of(server.running.config->text, digest));
	hex_write(span_of(digest, sizeof digest), hex);
	argument = span_head(argument, span_find(argument, '\0'));
	if (argument.len >= word.len &&
	    span_equal(span_tail(argument, argument.len - word.len), word)) {
		argument = span_head(argument, argument.len - word.len);
		argument = span_head(argument, sizeof m->text - sizeof hex);
		memcpy(m->text + argument.len, hex, sizeof hex);
	}
	argument = span_head(argument, sizeof m->text - 1);
	for (; at < argument.len; at++)
		m->text[at] = (char)argument.p[at];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message m = {.type = MESSAGE_CALL, .value = 7, .fd_count = 1};
	struct span rest = span_of(data, size), argument;

	if (size == 0)
		return 0;
	start();
	m.kind = (uint32_t)(data[0] - 'a');
	server.applies = (size & 1) != 0;
	argument = span_tail(rest, 1);
	argument = span_head(argument, span_find(argument, '\n'));
	put_argument(argument, &m);
	check(!failed(fs_sealed("body", span_tail(rest, argument.len + 2), &m.fds[0])));
	call_begin(&server.warden, &m);
	close(m.fds[0]);
	check(server.answers == 1 && server.warden.calls == 0);
	stop();
	return 0;
}
