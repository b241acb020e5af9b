/* The store and its keys, made ready once and then opened by each thread that works with them. */
#include "api/web.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "pki/authority.h"
#include "role/control_private.h"
#include "store/store.h"
#include "tls/password.h"

#define VAULT "secret.key"
#define MARK  "vault.mark"

static bool
put_history(void *owner, int64_t since, struct buf *out)
{
	return history_write(((struct control *)owner)->history, since, out);
}

static struct outcome
ask_warden(void *owner, enum call_kind what, struct span argument, struct span body,
	   struct buf *answer)
{
	return calls_ask(((struct control *)owner)->warden, what, argument, body, answer);
}

static struct outcome
ask_engine(void *owner, enum control_call what, struct span argument, struct buf *answer)
{
	return calls_ask(((struct control *)owner)->engine, what, argument, SPAN_NONE, answer);
}

static struct outcome
ask_edge(void *owner, enum edge_call what, struct span argument, struct buf *answer)
{
	return calls_ask(((struct control *)owner)->edge, what, argument, SPAN_NONE, answer);
}

static const struct api_host api_host = {.ask = ask_warden,
					 .ask_engine = ask_engine,
					 .ask_edge = ask_edge,
					 .happened = events_happened,
					 .history = put_history,
					 .numbers = numbers_get};

/* Something sealed that the store keeps, by which the key that it needs is known. */
static struct err
keep_mark(struct store *s, const struct vault *v)
{
	struct buf sealed = buf_with_cap(256);
	char text[BASE64URL_SIZE(256)];
	struct err e = ERR_NONE;

	if (!vault_seal(v, MARK, SPAN_OF(MARK), &sealed))
		return err_new("out of memory");
	base64url_write(buf_span(&sealed), text);
	if (store_set_setting(s, MARK, text, 0) != STORE_DONE)
		e = err_new("%s", store_why(s));
	buf_free(&sealed);
	return e;
}

static bool
is_marked_by(const struct vault *v, const char *mark)
{
	struct buf sealed = buf_with_cap(256), opened = buf_with_cap(256);
	bool fits = base64url_read(span_str(mark), &sealed) &&
		    vault_unseal(v, MARK, buf_span(&sealed), &opened);

	buf_free(&sealed);
	buf_free(&opened);
	return fits;
}

/* A key is made for an empty store alone: another one would leave its secrets shut for ever. */
static struct err
open_vault(struct control *c, struct store *s, struct arena *memory)
{
	const char *mark = NULL;
	int64_t version;

	if (c->vault != NULL)
		return ERR_NONE;
	if (store_setting(s, MARK, memory, &mark, &version) == STORE_DOWN)
		return err_new("%s", store_why(s));
	struct err e = vault_open(VAULT, mark == NULL, &c->vault);
	if (failed(e) && mark != NULL)
		return err_in(e, "the key of this store's secrets is needed: restore it from a "
				 "backup");
	if (failed(e))
		return e;
	if (mark == NULL)
		return keep_mark(s, c->vault);
	if (is_marked_by(c->vault, mark))
		return ERR_NONE;
	vault_free(c->vault);
	c->vault = NULL;
	return err_new("control/" VAULT " in the state directory is not the key of this store: "
		       "restore the one that belongs to it from a backup");
}

static struct authority_settings
authority_of(const struct config *c)
{
	static const enum issue_key keys[] = {[CA_KEY_P256] = ISSUE_P256,
					      [CA_KEY_RSA_2048] = ISSUE_RSA_2048,
					      [CA_KEY_RSA_3072] = ISSUE_RSA_3072};
	struct authority_settings s = authority_usual;

	s.key = keys[c->vpn.ca_key];
	return s;
}

static struct store_place
place_of(const char *url)
{
	return (struct store_place){.url = url, .path = "sallyport.db", .copies = "copies"};
}

struct err
control_open(struct control *c, const struct config *config, struct store **store)
{
	struct store_place place = place_of(config->store_url);
	struct authority_settings settings = authority_of(config);
	struct authority authority = {.memory = arena_new(), .now = clock_wall_ms()};
	struct err e = store_prepare(&place);

	if (!failed(e) && *store == NULL)
		e = store_open(&place, store);
	if (!failed(e))
		e = open_vault(c, *store, authority.memory);
	authority.store = *store;
	authority.vault = c->vault;
	if (!failed(e))
		e = authority_ensure(&authority, &settings, control_server_name(config));
	arena_free(authority.memory);
	if (!failed(e))
		c->store_url = mem_text(config->store_url);
	return e;
}

bool
control_api(struct control *c, struct store **store, struct arena *memory,
	    const struct config *config, struct api *out)
{
	if (!atomic_load(&c->ready))
		return false;
	if (*store == NULL) {
		struct store_place place = place_of(c->store_url);
		struct err e = store_open(&place, store);

		if (failed(e)) {
			log_error("the store: %s", e.text);
			return false;
		}
	}
	struct authority_settings *settings = ARENA_NEW(memory, struct authority_settings);

	*settings = authority_of(config);
	*out = (struct api){.access = {.store = *store,
				       .vault = c->vault,
				       .memory = memory,
				       .now = clock_wall_ms(),
				       .cost = &password_usual,
				       .authority = settings,
				       .happened = events_happened,
				       .owner = c,
				       .audit_head = AUDIT_HEAD},
			    .config = config,
			    .web = &web_built,
			    .host = &api_host,
			    .owner = c};
	return true;
}
