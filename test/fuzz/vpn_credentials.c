/*
 * What a client gives as name, password and code, in any of the forms that there are for it: what
 * is asked of control says the same, or nothing is asked. The three stand one after the other, each
 * with its length before it in two bytes.
 */
#include "base/utf8.h"
#include "fuzz.h"
#include "role/tunnel_private.h"

static bool
is(const char *said, struct span meant)
{
	return span_equal(span_str(said != NULL ? said : ""), meant);
}

static void
look(const struct plea *p, const struct session_sign_in *who)
{
	struct arena *memory = arena_new();
	struct admission_ask ask = {.serial = NULL};
	bool plain = !span_starts_with(who->password, SPAN_OF("SCRV1:")) &&
		     !span_starts_with(who->password, SPAN_OF("CRV1::"));

	check(!refused(shape_read(&shape_admission_ask, SHAPE_CREATE, buf_span(&p->body), memory,
				  &ask, NULL)));
	check(is(ask.name, who->name) && utf8_is_text(span_str(ask.password)) &&
	      utf8_is_text(span_str(ask.code)));
	check(!plain || (is(ask.password, who->password) && is(ask.code, who->code)));
	arena_free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tunnel tunnel;
	static struct tunnel_worker worker = {.tunnel = &tunnel};
	static struct client client = {.worker = &worker, .peer = {4, {192, 0, 2, 1}, 40000}};
	static const struct peer_info peer = {.version = "2.6.14", .platform = "linux"};
	static const struct engine_peer certificate = {.serial = "0a", .name = "anna"};
	struct session_sign_in who = {.certificate = &certificate, .peer = &peer};
	struct cursor c = cursor_of(span_of(data, size));
	struct plea *p;

	if (!cursor_vec16(&c, &who.name) || !cursor_vec16(&c, &who.password) ||
	    !cursor_vec16(&c, &who.code))
		return 0;
	p = plea_new(&client, &who);
	if (p == NULL)
		return 0;
	look(p, &who);
	plea_free(p);
	return 0;
}
