#include "config/foreign.h"

#include "base/attr.h"

#define PROXY      "proxy http://host:port"
#define ROUTE      "route /path* { ... }"
#define PAIR       "certificate CHAIN KEY"
#define COMPRESS   "compress"
#define LIMIT_BODY "limit_body"
#define BASIC_AUTH "basic_auth REALM { user NAME HASH }"
#define HEADER     "header"
#define REDIRECT   "redirect"
#define OF_PROXY   "header, in the proxy's block"
#define ADDRESSES  "from NETWORK..., in a route"
#define TRUST      "trust_forwarded"
#define NOTHING    "nothing: it is so already"

/* nginx's, Caddy's, Apache's, HAProxy's and OpenVPN's. */
static const struct {
	const char *theirs, *ours;
} words[] = {
    {"proxy_pass", PROXY},
    {"grpc_pass", PROXY " { http2 on }"},
    {"reverse_proxy", PROXY},
    {"ProxyPass", PROXY},
    {"upstream", "several servers behind proxy"},
    {"location", ROUTE},
    {"handle", ROUTE},
    {"handle_path", ROUTE " with strip_prefix"},
    {"alias", "root, with strip_prefix"},
    {"DocumentRoot", "root"},
    {"file_server", "root"},
    {"server", "site NAME... { ... }, or network in vpn"},
    {"server_name", "the names behind site"},
    {"listen", "listen, outside of all blocks"},
    {"ssl_certificate", PAIR},
    {"ssl_certificate_key", PAIR},
    {"tls", PAIR},
    {"try_files", "try"},
    {"autoindex", "listing"},
    {"browse", "listing"},
    {"gzip", COMPRESS},
    {"brotli", COMPRESS},
    {"encode", COMPRESS},
    {"gzip_static", "precompressed"},
    {"gzip_types", "compress_types"},
    {"expires", "cache_control"},
    {"add_header", HEADER},
    {"proxy_set_header", OF_PROXY},
    {"header_up", OF_PROXY},
    {"return", "redirect or respond"},
    {"redir", REDIRECT},
    {"client_max_body_size", LIMIT_BODY},
    {"request_body", LIMIT_BODY},
    {"auth_basic", BASIC_AUTH},
    {"auth_basic_user_file", BASIC_AUTH},
    {"basicauth", BASIC_AUTH},
    {"limit_req", "limit_rate"},
    {"limit_conn", "limit_connections"},
    {"allow", ADDRESSES},
    {"deny", ADDRESSES},
    {"set_real_ip_from", TRUST},
    {"trusted_proxies", TRUST},
    {"access_log", "log { file FILE }, outside of sites"},
    {"proxy_connect_timeout", "connect_timeout, in the proxy's block"},
    {"proxy_read_timeout", "answer_timeout, in the proxy's block"},
    {"timeout", "answer_timeout or connect_timeout"},
    {"lb_policy", "balance"},
    {"health_uri", "check and check_path"},
    {"ca", "verify ca FILE"},
    {"pin", "verify pin SHA256"},
    {"proxy_http_version", NOTHING},
    {"proxy_ssl_verify", "verify, in the proxy's block"},
    {"sendfile", NOTHING},
    {"websocket", NOTHING},
    {"push", "route, dns or domain, in vpn"},
    {"dhcp-option", "dns or domain, in vpn"},
    {"client-to-client", "client_to_client, in vpn"},
    {"reneg-sec", "rekey, in vpn"},
    {"tun-mtu", "mtu, in vpn"},
};

const char *
foreign_word(struct span word)
{
	for (size_t i = 0; i < COUNT(words); i++)
		if (span_equal(word, span_str(words[i].theirs)))
			return words[i].ours;
	return NULL;
}
