/* The options of sites: of all their routes, of each, and of what answers there. */
#include "config/access_block.h"
#include "config/option_row.h"
#include "config/policy_block.h"
#include "config/proxy_block.h"
#include "config/route_block.h"
#include "config/site_block.h"
#include "config/value_http.h"

#define FORM(m) offsetof(struct site_form, m)

static const char *const compress_choices[] = {
    [COMPRESS_OFF] = "off", [COMPRESS_FILES] = "files", [COMPRESS_ALL] = "all", NULL};

static const char *usual_index[] = {"index.html", NULL};

/* What is text underneath; pictures, sound and archives are compressed already. */
static const char *usual_compressed[] = {
    "text/*",
    "application/javascript",
    "application/json",
    "application/ld+json",
    "application/manifest+json",
    "application/wasm",
    "application/xml",
    "application/atom+xml",
    "application/rss+xml",
    "application/xhtml+xml",
    "image/svg+xml",
    "image/bmp",
    "font/ttf",
    "font/otf",
    "application/vnd.ms-fontobject",
    NULL,
};

static const struct option site_options[] = {
    {OWN("certificate", site_read_certificate, site_print_certificate),
     .args = "CHAIN KEY|self-signed", .repeats = true, .sample = "self-signed",
     .silence = "none, it must be written",
     .doc =
	 "PEM files: the certificate with those that lead to its root, and its key; several, for "
	 "keys of several types. With self-signed the server makes one and keeps it in "
	 "state_dir; browsers will warn of it."},
    {FLAG("plain_http", site_form, site.plain_http), .initial = "off",
     .doc = "Answers on the plain port too, where otherwise there are only redirects."},
    {OWN("hsts", site_read_hsts, site_print_hsts), .args = "DURATION [subdomains] [preload]|off",
     .sample = "365d", .silence = "365d",
     .doc = "For how long browsers shall come by HTTPS only, and let nobody past a bad "
	    "certificate: the Strict-Transport-Security field. With subdomains that holds for all "
	    "names below this one too; with preload it may be put into the browsers themselves, "
	    "and is hard to take back."},
    {FLAG("security_headers", site_form, site.security_fields), .initial = "on",
     .doc = "Adds X-Content-Type-Options, X-Frame-Options and Referrer-Policy to answers that have "
	    "none."},
    {SHARED(block_policy, FORM(own)), .args = "index ... error_page",
     .doc = "What holds for all of its routes: the options of policy, below."},
    {OWN("route", route_read, route_print), .args = "PATH", .repeats = true, .block = &block_route,
     .sample = "/app/*", .silence = "none",
     .doc = "Who answers for a path, or with * at its end for all that begin so. The first route "
	    "that fits answers. What it does not say is as the site has it."},
    {SHARED(block_handler, FORM(own)), .args = "proxy, root, redirect or respond",
     .doc = "One of proxy, root, redirect and respond may stand in the site itself: it answers for "
	    "all paths without a route."},
    {OWN("access_server", access_read_server, access_print_server), .args = "", .instead = true,
     .sample = "", .silence = "not here",
     .doc = "The access server answers on this name: /admin, /portal, /api/v1, /link and /setup, "
	    "and all else too where the site has no handler of its own. It cannot be on a site "
	    "with a proxy, whose scripts would share the console's origin."},
};

static const struct option policy_options[] = {
    {LIST("index", route, policy.index, value_file_name), .args = "NAME...", .list = usual_index,
     .doc = "The files tried, in order, where a directory is asked for."},
    {LIST("try", route, policy.tries, value_try_path), .args = "PATH...|off", .zero = "off",
     .sample = "{path}.html /index.html", .silence = "off",
     .doc = "Paths looked for where there is no file, in order, before the answer is 404; {path} "
	    "is the one asked for. An application of one page needs: try /index.html."},
    {FLAG("listing", route, policy.listing), .initial = "off",
     .doc = "Shows what is in a directory that has no index."},
    {FLAG("precompressed", route, policy.precompressed), .initial = "on",
     .doc = "Sends FILE.br, FILE.zst or FILE.gz in place of FILE to who takes that coding."},
    {CHOICE("compress", route, policy.compress), .choices = compress_choices, .initial = "files",
     .doc = "Compresses on the way, by brotli, zstd or gzip: files, or with all also what proxies "
	    "answer. Answers that mix secrets with what a visitor sent should not be compressed: "
	    "their length tells of both."},
    {LIST("compress_types", route, policy.compress_types, value_media_type), .args = "TYPE...",
     .list = usual_compressed,
     .doc = "The media types that are worth it; * stands for all of a kind."},
    {SIZE("limit_body", route, policy.body_bytes), .max = 1024 * GIB, .sample = "1m",
     .silence = "body_bytes of limits", .doc = "The body of a request."},
    {NUMBER("limit_connections", route, policy.connections), .min = 1, .max = 1000000,
     .zero = "off", .initial = "off",
     .doc = "How many requests of one address may be answered at once. An IPv6 client is its /64."},
    {OWN("limit_rate", policy_read_rate, policy_print_rate),
     .args = "NUMBER/s|/m|/h [burst NUMBER]|off", .sample = "20/s burst 100", .silence = "off",
     .doc = "How many requests one address may make in a second, minute or hour; more are answered "
	    "with 429. So many may come at once, or as many as burst says."},
    {OWN("basic_auth", policy_read_basic_auth, policy_print_basic_auth), .args = "REALM|off",
     .block = &block_accounts, .sample = "\"staff only\"", .silence = "off",
     .doc =
	 "Asks for a name and a password. REALM is what people are shown. A route that has "
	 "users of its own takes these alone. They are not passed on to servers behind a proxy."},
    {OWN("header", policy_read_header, policy_print_header),
     .offset = offsetof(struct route, lists), .args = "[+|?]NAME VALUE|-NAME", .repeats = true,
     .sample = "X-Served-By sallyport", .silence = "none",
     .doc = "Sets a field of all answers: in place of any of that name, with + beside them, with ? "
	    "only where there is none. With - it is taken out."},
    {OWN("cache_control", policy_read_cache_control, policy_print_cache_control),
     .args = "PATTERN VALUE", .repeats = true,
     .sample = "/assets/* \"public, max-age=31536000, immutable\"", .silence = "none",
     .doc = "The Cache-Control field of answers for a path, for paths that begin so (/assets/*) or "
	    "end so (*.css). The first that fits is sent."},
    {OWN("error_page", policy_read_error_page, policy_print_error_page), .args = "STATUS... PATH",
     .repeats = true, .sample = "404 /404.html", .silence = "short pages of the server's own",
     .doc = "What is shown in place of an error: a path of this site."},
};

static const struct option accounts_options[] = {
    {OWN("user", policy_read_user, policy_print_user), .args = "NAME HASH", .repeats = true,
     .secret = true, .sample = "alice $y$j9T$EXAMPLE$0123456789abcdefghijklmnopqrstuvwxyzABCDEF0",
     .silence = "none, there must be one",
     .doc = "Who may come in. HASH is of the password, as crypt(5) writes it; sallyport "
	    "hash-password NAME asks for one and prints this line."},
};

static const struct option route_options[] = {
    {LIST("method", route, condition.methods, value_method), .args = "METHOD...",
     .sample = "GET HEAD POST", .silence = "any",
     .doc = "The route is for requests by one of these methods; others look further."},
    {OWN("from", route_read_from, route_print_from), .args = "NETWORK...", .repeats = true,
     .sample = "10.0.0.0/8 loopback", .silence = "any",
     .doc = "The route is for clients of these networks."},
    {OWN("match", route_read_match, route_print_match), .args = "FIELD [VALUE]", .repeats = true,
     .sample = "X-Api-Version 2", .silence = "any",
     .doc = "The route is for requests that have this field, with this value if there is one "
	    "here."},
    {WORD("strip_prefix", route, strip_prefix, value_site_path), .args = "PATH", .sample = "/app",
     .silence = "the path stays as it is",
     .doc = "Takes this from the beginning of the path before it is looked up or passed on."},
    {WORD("rewrite", route, rewrite, value_rewrite), .args = "TEMPLATE", .sample = "/v2{path}",
     .silence = "the path stays as it is",
     .doc = "What is looked up or passed on in place of the path. {path} is the path, without "
	    "strip_prefix, {query} what stands after the ?, {uri} both, {host} the name asked "
	    "for."},
    {SHARED(block_policy, 0), .args = "index ... error_page",
     .doc = "The options of policy, which a site has for all its routes, may stand in a route too. "
	    "What it does not say is as the site has it; its own header, cache_control and "
	    "error_page lines are looked at before the site's."},
    {SHARED(block_handler, 0), .args = "proxy, root, redirect or respond",
     .doc = "What answers; there must be one."},
    {UNBUILT("access_server", "access_server is for a whole site, as its pages have fixed paths "
			      "and an origin of their own: write it outside of the route")},
};

static const struct option handler_options[] = {
    {OWN("proxy", proxy_read, proxy_print), .args = "URL...", .block = &block_proxy,
     .sample = "https://10.0.0.5:9443 https://10.0.0.6:9443", .silence = "none",
     .doc =
	 "Other servers answer: http://host:port, https://host:port, or unix:/path for HTTP on "
	 "a socket. WebSockets and gRPC pass too. A redirect to a server's own address leads back "
	 "here."},
    {OWN("root", route_read_root, route_print_root), .args = "DIR", .instead = true,
     .sample = "/srv/www", .silence = "none",
     .doc = "The directory of the files; the whole path of a request is looked up in it, "
	    "but for strip_prefix."},
    {OWN("redirect", route_read_redirect, route_print_redirect),
     .args = "[301|302|303|307|308] URL", .instead = true, .sample = "301 https://example.org{uri}",
     .silence = "none",
     .doc =
	 "Leads elsewhere, with 302 if no status is given. {host}, {path} and {query} are of the "
	 "request, {uri} is its path and query."},
    {OWN("respond", route_read_respond, route_print_respond), .args = "STATUS [TEXT]",
     .instead = true, .sample = "403 \"not for you\"", .silence = "none",
     .doc = "Always the same answer: the text, or without one a short page that says the status."},
};

static const struct option proxy_options[] = {
    {DURATION("connect_timeout", proxy_form, to.connect_timeout), .min = 100, .max = 5 * MINUTE,
     .initial = "5s", .doc = "How long a server may take to accept before the next is tried."},
    {DURATION("answer_timeout", proxy_form, proxy.answer_timeout), .min = 100, .max = DAY,
     .initial = "60s",
     .doc =
	 "How long a server may take to begin its answer, and be silent within it. A stream of "
	 "events may be silent for as long as it likes, what switched to another protocol for an "
	 "hour."},
    {DURATION("idle_timeout", proxy_form, to.idle_timeout), .min = SECOND, .max = DAY,
     .initial = "60s", .doc = "How long a connection is kept for the next request."},
    {NUMBER("idle_connections", proxy_form, proxy.idle_connections), .max = 10000, .initial = "32",
     .doc = "How many connections are kept so, by each worker for each server."},
    {NUMBER("retries", proxy_form, proxy.retries), .max = 16, .initial = "1",
     .doc =
	 "How often a request that can be asked twice without harm is asked again, where a "
	 "server broke off. One that cannot be reached is not counted: the next one is asked. 0: "
	 "none is."},
    {DURATION("retry_after", proxy_form, to.retry_after), .max = HOUR, .initial = "10s",
     .doc = "How long a server that failed is passed over while there are others."},
    {DURATION("check", proxy_form, to.check), .min = SECOND, .max = HOUR, .zero = "off",
     .initial = "off", .doc = "How often a server is asked only to see whether it answers."},
    {WORD("check_path", proxy_form, proxy.check_path, value_target), .args = "PATH",
     .sample = "/health", .silence = "none, a connection is enough",
     .doc = "What the check asks for."},
    {NUMBER("check_status", proxy_form, proxy.check_status), .min = 100, .max = 599, .zero = "any",
     .initial = "any", .doc = "The status that must come back; any is one below 400."},
    {OWN("balance", proxy_read_balance, proxy_print_balance),
     .args = "round_robin|least_connections|hash [FIELD]", .sample = "hash Cookie",
     .silence = "round_robin",
     .doc = "Which server is next: each in turn, the one with the fewest requests under way, or by "
	    "hash always the same one for a client's address, or for the value of a field."},
    {FLAG("http2", proxy_form, proxy.http2), .initial = "off",
     .doc = "Speaks HTTP/2 to the servers: gRPC needs it. Without TLS they must expect it."},
    {FLAG("keep_host", proxy_form, proxy.keep_host), .initial = "on",
     .doc = "Passes on the name that the client asked for. With off the server is asked by its "
	    "own."},
    {OWN("header", policy_read_header, policy_print_header),
     .offset = offsetof(struct proxy_form, proxy.request), .args = "[+|?]NAME VALUE|-NAME",
     .repeats = true, .sample = "X-From-Edge yes", .silence = "none",
     .doc = "Sets a field of the requests that are passed on, written as for answers."},
    {OWN("verify", proxy_read_verify, proxy_print_verify),
     .args = "system|ca FILE|pin SHA256...|off", .sample = "ca /etc/sallyport/app-ca.pem",
     .silence = "system",
     .doc =
	 "Whom an https server's certificate must be of: authorities that the system trusts, "
	 "those in a PEM file, or, by pin, just this certificate. With off anybody is believed."},
    {WORD("sni", proxy_form, proxy.sni, proxy_server_name), .args = "NAME",
     .sample = "app.example.org", .silence = "the server's host",
     .doc = "The name that an https server is asked for, and that its certificate must have."},
    {CHOICE("proxy_protocol", proxy_form, to.proxy_protocol), .choices = option_proxy_headers,
     .initial = "off",
     .doc = "The PROXY protocol header that the server is sent first, for one that wants the "
	    "client's address so. Connections are not shared among clients then."},
};

const struct block block_site = {BLOCK_OF("site", site_options)};
const struct block block_policy = {BLOCK_OF("site", policy_options)};
const struct block block_accounts = {BLOCK_OF("basic_auth", accounts_options)};
const struct block block_route = {BLOCK_OF("route", route_options)};
const struct block block_handler = {BLOCK_OF("route", handler_options)};
const struct block block_proxy = {BLOCK_OF("proxy", proxy_options)};
