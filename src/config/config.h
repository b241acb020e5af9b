/*
 * The configuration as the roles use it: read, checked, never changed again.
 *
 * Made from text alone: no file is opened, no name is looked up here, so that
 * a role in an empty root directory can read it too. All pointers live as
 * long as the struct.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

struct arena;

/* Where to listen. */
struct endpoint {
	bool any; /* all addresses, v4 and v6: only at.port counts */
	struct address at;
};

/* One server to relay to, or to ask. */
struct backend {
	const char *text; /* in its shortest form, for logs */
	const char *host; /* a name or an address; NULL for a Unix socket */
	uint16_t port;
	const char *unix_path; /* absolute; NULL for TCP */
	const char *authority; /* of a proxy's server: what Host says, "localhost" for a socket */
};

enum proxy_header { PROXY_HEADER_OFF, PROXY_HEADER_V1, PROXY_HEADER_V2 };

/* Servers that can stand in for each other, and how to speak to them. */
struct backends {
	const char *name; /* of the rule that leads here, for logs: "ssh", "sni imap.example.org" */
	struct backend *at;
	size_t count;
	enum proxy_header proxy_protocol;
	uint64_t connect_timeout, idle_timeout; /* ms */
	uint64_t retry_after;                   /* ms that a server that failed is passed over */
	uint64_t check;                         /* ms between connects that test it; 0: never */
	size_t index;                           /* its place in config.backends */
};

/* What is behind one protocol. */
enum door_kind { DOOR_NONE, DOOR_RELAY, DOOR_INETD, DOOR_TUNNEL /* our own VPN */ };
struct door {
	enum door_kind kind;
	struct backends *to; /* DOOR_RELAY */
	char **command;      /* DOOR_INETD: absolute program and arguments, NULL-ended */
};

/* TLS passed through untouched, by what the ClientHello asks for. */
struct pass_rule {
	const char **values; /* server names (lower case, maybe "*.x") or ALPN protocols */
	size_t count;
	struct backends *to;
};

struct share {
	struct door openvpn, ssh, http, http2, other, tls; /* tls: what no site and no rule takes */
	struct pass_rule *sni, *alpn;
	size_t sni_count, alpn_count;
	uint64_t silent_after; /* ms; 0: nothing is done for the silent */
	struct door silent;
	uint64_t first_byte_timeout; /* ms to say something at all */
	uint64_t classify_timeout;   /* ms from the first byte to a verdict */
};

enum compress { COMPRESS_OFF, COMPRESS_FILES, COMPRESS_ALL };

/* What a site does with requests, and each of its routes unless that says otherwise. */
struct policy {
	const char **index; /* names tried in a directory; NULL-ended */
	const char **tries; /* paths tried before 404, "{path}" for the one asked for; NULL: none */
	bool listing;       /* directories without an index are listed */
	bool precompressed; /* FILE.br, FILE.zst and FILE.gz stand in for FILE */
	enum compress compress;      /* on the way, what is worth it: of files, or of proxies too */
	const char **compress_types; /* media types, or a kind with * for the rest; NULL-ended */
	uint64_t body_bytes;         /* of a request */
	uint64_t connections;        /* of one address at once on the site; 0: any */
	struct rate {
		uint64_t count, per_ms, burst; /* requests of one address; count 0: any */
	} rate;
	const char *realm; /* of basic authentication; NULL: nobody is asked */
};

/* The lists of a site, and of a route, which adds its own: these are looked at first. */
struct policy_lists {
	struct field_setting {
		enum field_setting_how {
			FIELD_SETTING_SET,
			FIELD_SETTING_ADD,
			FIELD_SETTING_REMOVE,
			FIELD_SETTING_DEFAULT, /* only where the answer has none */
		} how;
		const char *name, *value; /* the name in lower case; value NULL for REMOVE */
	} * fields;                       /* of answers */
	size_t field_count;
	struct cache_rule {
		const char *pattern,
		    *value; /* a path, its beginning or end: "*.css"; Cache-Control */
	} * cache_rules;
	size_t cache_rule_count;
	struct error_page {
		unsigned status;
		const char *path; /* of the site, so below its own root */
	} * error_pages;
	size_t error_page_count;
	struct account {
		const char *name, *hash; /* as crypt(5) has it */
	} * accounts; /* where a route has some, its site's are strangers there */
	size_t account_count;
};

/* What else than its path a request must have for a route; empty: anything. */
struct route_condition {
	const char **methods; /* NULL-ended; NULL: any */
	struct network *from;
	size_t from_count;
	struct field_match {
		const char *name, *value; /* value NULL: the field is there */
	} * fields;                       /* all of them */
	size_t field_count;
};

enum scheme { SCHEME_HTTP, SCHEME_HTTPS };
enum verify { VERIFY_SYSTEM, VERIFY_CA, VERIFY_PIN, VERIFY_OFF };
enum balance { BALANCE_ROUND_ROBIN, BALANCE_LEAST, BALANCE_HASH };

/* Servers that answer in our place, and how to speak to them. */
struct proxy {
	struct backends *to; /* with its timeouts; in config.backends */
	enum scheme scheme;
	bool http2;     /* speak HTTP/2 to them: by ALPN, in clear by prior knowledge */
	bool keep_host; /* Host as the client sent it; otherwise the server's own */
	enum verify verify;
	const char *ca_file; /* VERIFY_CA */
	size_t ca_index; /* its place in config.authorities; VERIFY_SYSTEM by https has one too */
	uint8_t (*pins)[32]; /* VERIFY_PIN: SHA-256 of the server's certificate (DER) */
	size_t pin_count;
	const char *sni; /* the name asked for and verified; NULL: the server's host */
	enum balance balance;
	const char *hash_field;      /* BALANCE_HASH: a request field; NULL: the client's address */
	uint64_t answer_timeout;     /* ms to the head of the answer, and between its pieces */
	uint64_t idle_connections;   /* kept for each server and worker */
	uint64_t retries;            /* further servers, or connections, where that is safe */
	const char *check_path;      /* what `check` asks for; NULL: a connect is enough */
	uint64_t check_status;       /* what it must answer; 0: any below 400 */
	struct policy_lists request; /* only `fields`: of what is passed on */
	size_t index;                /* its place in config.proxies */
};

enum route_handler {
	ROUTE_FILES,
	ROUTE_PROXY,
	ROUTE_REDIRECT,
	ROUTE_RESPOND,
	ROUTE_CONTROL, /* the access server: config.control is asked */
};

/* What answers requests for some paths of a site. */
struct route {
	const char *path; /* "/x": that path; ending in "*": whatever starts so */
	struct route_condition condition;
	enum route_handler handler;
	const char *root;         /* ROUTE_FILES: the directory, absolute */
	size_t root_index;        /* its place in config.roots */
	struct proxy *proxy;      /* ROUTE_PROXY; ROUTE_CONTROL: config.control */
	unsigned status;          /* ROUTE_REDIRECT, ROUTE_RESPOND */
	const char *text;         /* where to, with placeholders; or what to say, or NULL */
	const char *strip_prefix; /* taken from the path before it is looked up or passed on */
	const char *rewrite;      /* then the path is this, with placeholders; NULL: as it is */
	struct policy policy;
	struct policy_lists lists;
};

struct certificate {
	const char *chain, *key; /* absolute paths of PEM files */
};

struct site {
	const char **names; /* lower case; may be "*.example.org" */
	size_t name_count;
	struct certificate *certificates;
	size_t certificate_count;
	bool self_signed;     /* then certificates holds the one in state_dir, made by warden */
	bool plain_http;      /* answers on the plain port too, not only redirects */
	bool access_server;   /* has routes of ROUTE_CONTROL, first and maybe last */
	bool implied;         /* written nowhere: its certificate is for the admin port alone */
	struct route *routes; /* in order: the first that fits answers */
	size_t route_count;
	uint64_t hsts; /* ms that browsers shall insist on HTTPS; 0: not said */
	bool hsts_subdomains, hsts_preload;
	bool security_fields; /* X-Content-Type-Options and their like, where an answer has none */
	struct policy policy;
	struct policy_lists lists;
	unsigned line;
};

enum log_format { ACCESS_OFF, ACCESS_COMBINED, ACCESS_JSON };

struct log_settings {
	enum log_format access;
	const char *access_file; /* NULL: the journal, or the terminal */
	const char *level;
};

struct limits {
	uint64_t connections;  /* per worker */
	uint64_t header_bytes; /* request line and all fields */
	uint64_t header_fields;
	uint64_t body_bytes;
	uint64_t header_timeout, idle_timeout, body_timeout, write_timeout; /* ms */
	uint64_t handshake_timeout;
	uint64_t inetd_processes;
};

/* Who is let in. */
struct allow_list {
	bool any;
	bool vpn; /* an address of the VPN, or the outer one of a tunnel, for its own user */
	struct network *networks;
	size_t count;
};

/* The console, the portal and the API. */
struct admin {
	struct endpoint *listen; /* its own port; none: only on sites with access_server */
	size_t listen_count;
	struct allow_list allow;  /* the console and the administrators' API */
	struct allow_list portal; /* the portal, what people do for themselves, and links */
	bool wanted;              /* there is an `admin` block */
	struct route *route;      /* what answers there, whatever is asked; NULL: no control */
};

enum ca_key { CA_KEY_P256, CA_KEY_RSA_2048, CA_KEY_RSA_3072 };

enum vpn_way { VPN_NAT, VPN_ROUTE };

/* The VPN. Without `network` there is none, only what profiles tell of it. */
struct vpn {
	const char *endpoint;    /* the name that profiles point to; NULL: the first site's */
	enum ca_key ca_key;      /* of the keys that our authority makes from now on */
	struct endpoint *listen; /* UDP, besides the shared port; none: by TCP alone */
	size_t listen_count;
	struct network network, network6; /* inside; family 0: none */
	struct vpn_route {
		struct network to;
		int way; /* enum vpn_way */
	} * routes;      /* what clients reach; none: everything, a full tunnel */
	size_t route_count;
	bool dns_system; /* this machine's own resolvers, besides those listed */
	struct address *dns;
	size_t dns_count;
	const char *domain; /* that clients look names up in; NULL: none */
	bool client_to_client, offload;
	uint64_t clock_skew;    /* ms that a client's clock may differ */
	uint64_t rekey;         /* ms; 0: never */
	uint64_t ping, silence; /* ms */
	uint64_t mtu;
	struct client_software {
		int platform;       /* of software_platforms */
		const char *url;    /* https://, or a path of the site with access_server */
		const char *sha256; /* lower-case hex; NULL: not told */
	} * software;               /* what people are offered to connect with */
	size_t software_count;
	bool legacy;     /* tls-crypt without a wrapped key, by UDP */
	bool legacy_tcp; /* the same by TCP too */
};

extern const char *const software_platforms[]; /* NULL-ended */

/* A name for config_site() to find: "www.example.org", or ".example.org" for "*.example.org". */
struct site_name {
	const char *key;
	const struct site *site;
};

struct config {
	struct arena *memory;
	struct span text; /* what it was read from */
	const char *state_dir;
	uint64_t workers; /* 0: one for each processor */
	struct endpoint *listen, *plain_listen;
	size_t listen_count, plain_listen_count;
	struct network *trust_proxy;
	size_t trust_proxy_count;
	struct network *trust_forwarded; /* whose X-Forwarded-… and Forwarded are believed */
	size_t trust_forwarded_count;
	struct network *plain_http2; /* who may speak HTTP/2 in clear on the plain port */
	size_t plain_http2_count;
	const char *server_name; /* the Server: field; NULL: none is sent */
	uint64_t drain_timeout;  /* ms that open connections get at a stop */
	struct log_settings log;
	struct limits limits;
	struct share share;
	struct site *sites;
	size_t site_count;
	struct site_name *site_names; /* of all sites, by key */
	size_t site_name_count;
	struct backends **backends; /* every one there is */
	size_t backends_count;
	struct proxy **proxies; /* every one there is */
	size_t proxy_count;
	const char **authorities; /* files of CA certificates for proxies, each once */
	size_t authority_count;
	struct admin admin;
	struct vpn vpn;
	struct proxy *control;      /* how edge asks the control role; NULL: it is not wanted */
	const char *store_url;      /* "postgresql://…"; NULL: SQLite in state_dir */
	bool config_read_only;      /* the API changes no configuration */
	const char **trusted_paths; /* below which alone a change by the API may name files;
				       NULL-ended */
	const char **roots;         /* every directory that routes serve, each once */
	size_t root_count;
	const char **warnings; /* what is allowed but maybe not meant, as "file:line:col: ..." */
	size_t warning_count;
};

/* What the program decides where the file is silent. */
struct config_defaults {
	const char *file; /* its name, for errors; absolute */
	bool root;        /* 443 and 80, or 8443 and 8080 */
};

/*
 * Reads `text`. On success *out is the caller's, freed with config_free().
 * Otherwise NULL, and `errors` has each fault as "file:line:col: what is wrong",
 * the line itself and a caret below it.
 */
struct config *config_read(struct span text, const struct config_defaults *defaults,
			   struct buf *errors);
void config_free(struct config *c); /* NULL is fine */

/* The same configuration in its plainest form; reads back to the same. */
MUST_CHECK bool config_print(const struct config *c, struct buf *out);

/* The same for people to see: "***" stands for each password and each hash of one. Where there is
 * any, it does not read back. */
MUST_CHECK bool config_print_masked(const struct config *c, struct buf *out);

/*
 * Every option with its type, range, default and what it does, as a file with all commented
 * out: prose after "# ", options after "#", so that dropping each lone "#" makes a good file.
 */
MUST_CHECK bool config_print_defaults(struct buf *out);

/* The same as the OPTIONS of a manual page, in mdoc(7). */
MUST_CHECK bool config_print_manual(struct buf *out);

/* The first option that differs between the two and that only a restart applies; NULL: none. */
const char *config_needs_restart(const struct config *running, const struct config *next);

/* The site for `host` (no port): exact, then wildcard; NULL when none has that name. */
const struct site *config_site(const struct config *c, struct span host);

/* Whether `from` is let in by its address alone: `vpn` is for others to judge. Family 0, this
 * machine, is loopback. */
bool allow_list_has(const struct allow_list *list, const struct address *from);

/* Whether any address is in both. */
bool config_networks_meet(const struct network *a, const struct network *b);

/* Whether `host` fits `pattern`: the same name, or one label more for "*.x". No case. */
bool config_name_fits(const char *pattern, struct span host);

#define CONFIG_DEFAULT_FILE      "/etc/sallyport/sallyport.conf"
#define CONFIG_STATE_DIR_OF_ROOT "/var/lib/sallyport" /* where the file has none */

#endif
