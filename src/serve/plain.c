#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "http/field.h"
#include "http/target.h"
#include "os/fs.h"
#include "serve/file.h"
#include "serve/forwarded.h"
#include "serve/route.h"

#define HTTPS_PORT    443
#define CHALLENGE_MAX 1024 /* bytes; a key authorization has under 150 */
#define TOKEN_MAX     128

static const struct span challenges = SPAN_INIT("/.well-known/acme-challenge/");

/* base64url, as RFC 8555 §8.3 makes tokens: no dot, no separator, so no path. */
static bool
is_challenge_token(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i], letter = c | 0x20;

		if (!(letter >= 'a' && letter <= 'z') && !(c >= '0' && c <= '9') && c != '-' &&
		    c != '_')
			return false;
	}
	return s.len > 0 && s.len <= TOKEN_MAX;
}

static int
read_challenge(int root, const char *path, struct buf *out)
{
	struct fs_info info;
	int fd, why = fs_open_beneath(root, path, &fd, &info);

	if (why != 0)
		return why;
	if (fd < 0)
		return ENOENT;
	if (info.kind != FS_FILE || info.size > CHALLENGE_MAX || failed(fs_read_fd(fd, out)))
		why = ENOENT;
	close(fd);
	return why;
}

/* Where clients leave it: certbot --webroot below .well-known, others in the directory itself. */
static int
find_challenge(int root, struct span token, struct arena *memory, struct buf *out)
{
	static const char *const directories[] = {".well-known/acme-challenge/", ""};
	int why = ENOENT;

	for (size_t i = 0; i < COUNT(directories) && why != 0; i++)
		why = read_challenge(root,
				     arena_printf(memory, "%s%.*s", directories[i], (int)token.len,
						  (const char *)token.p),
				     out);
	return why;
}

static void
respond_challenge(const struct serve *s, struct exchange *ex, struct span token)
{
	static const struct field type = {SPAN_INIT("content-type"), SPAN_INIT("text/plain")};
	struct buf text = buf_with_cap(2 * CHALLENGE_MAX);
	int why = ENOENT;

	if (!file_method_allowed(ex))
		return;
	if (s->acme_root >= 0 && is_challenge_token(token))
		why = find_challenge(s->acme_root, token, ex->memory, &text);
	if (why == 0)
		exchange_respond(ex, 200, &type, 1, buf_span(&text));
	else
		file_respond_errno(ex, why);
	buf_free(&text);
}

/* To the same name and target by HTTPS; 308 where a POST must stay one. */
static void
respond_https(const struct serve *s, struct exchange *ex)
{
	const struct request *r = &ex->request;
	bool get = r->method == METHOD_GET || r->method == METHOD_HEAD;
	struct span target = target_origin(r->target), slash = SPAN_OF("");
	char port[8] = "";

	if (s->redirect_port != HTTPS_PORT)
		snprintf(port, sizeof port, ":%u", (unsigned)s->redirect_port);
	if (target.len == 0 || target.p[0] != '/')
		slash = SPAN_OF("/");
	const char *location = arena_printf(
	    ex->memory, "https://%.*s%s%.*s%.*s", (int)r->host.len, r->host.p, port, (int)slash.len,
	    slash.p, (int)target.len, target.len > 0 ? (const char *)target.p : "");
	exchange_respond_status(ex, get ? 301 : 308, span_str(location));
}

void
serve_plain(const struct serve *s, struct exchange *ex)
{
	struct span path = ex->request.path, host = ex->request.host;
	const struct site *site = host.len > 0 ? config_site(s->config, host) : NULL;

	forwarded_tell(s->config, ex);
	if (span_starts_with(path, challenges))
		respond_challenge(s, ex, span_tail(path, challenges.len));
	else if (host.len == 0)
		exchange_respond_status(ex, 400, SPAN_NONE);
	else if (site != NULL && site->plain_http)
		route_serve(s, ex, site);
	else
		respond_https(s, ex);
}
