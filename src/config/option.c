#include "config/option.h"

#include "config/access_block.h"
#include "config/client_software.h"
#include "config/option_row.h"
#include "config/share_block.h"
#include "config/site_block.h"
#include "config/top_block.h"
#include "config/vpn_block.h"

static const char *const access_formats[] = {
    [ACCESS_OFF] = "off", [ACCESS_COMBINED] = "combined", [ACCESS_JSON] = "json", NULL};
static const char *const ca_keys[] = {
    [CA_KEY_P256] = "p256", [CA_KEY_RSA_2048] = "rsa2048", [CA_KEY_RSA_3072] = "rsa3072", NULL};
static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
const char *const option_proxy_headers[] = {
    [PROXY_HEADER_OFF] = "off", [PROXY_HEADER_V1] = "v1", [PROXY_HEADER_V2] = "v2", NULL};

#define DOOR(n, reads, member)                                                                     \
	OWN(n, reads, share_print_door), .offset = offsetof(struct share, member)
static const struct option top_options[] = {
    {PATH("state_dir", config, state_dir), .restart = true, .sample = "/var/lib/sallyport",
     .silence = "/var/lib/sallyport as root; otherwise it must be written",
     .doc = "The directory of what the server makes and keeps: self-signed certificates and "
	    "their keys, and state. It is made if it is not there."},
    {NUMBER("workers", config, workers), .max = 256, .initial = "0", .restart = true,
     .doc = "How many threads serve. 0 is one for each processor."},
    {OWN("listen", top_read_listen, top_print_listen), .args = "ENDPOINT...", .repeats = true,
     .sample = "443", .silence = "443 as root, otherwise 8443",
     .doc = "Where the shared TCP port is. An endpoint is a port, for all addresses, or "
	    "address:port, or [v6]:port."},
    {OWN("trust_proxy", top_read_trust_proxy, top_print_trust_proxy), .args = "NETWORK...",
     .repeats = true, .sample = "loopback", .silence = "nobody is trusted",
     .doc = "Networks whose PROXY protocol headers, version 1 or 2, are believed: those of load "
	    "balancers in front of this server. The word loopback is 127.0.0.0/8 and ::1."},
    {OWN("trust_forwarded", top_read_trust_forwarded, top_print_trust_forwarded),
     .args = "NETWORK...", .repeats = true, .sample = "10.0.0.0/8", .silence = "nobody is trusted",
     .doc = "Networks whose X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host and Forwarded "
	    "fields are believed: those of proxies that speak HTTP to this server, such as a "
	    "CDN's. The client is then whom X-Forwarded-For names, for from, limit_rate, "
	    "limit_connections, basic_auth, balance and the access log. From anybody else these "
	    "fields are taken out before a request is passed on."},
    {FIELD("server_name", config, server_name), .initial = "off",
     .doc = "The value of the Server field of each answer. With off there is no such field."},
    {DURATION("drain_timeout", config, drain_timeout), .max = HOUR, .initial = "30s",
     .doc = "How long open connections may go on when the server stops or a listener goes."},
    {BLOCK("plain", block_plain, 0),
     .doc = "The port for HTTP without TLS, which redirects to HTTPS."},
    {BLOCK("log", block_log, offsetof(struct config, log)), .doc = "What is logged, and where."},
    {BLOCK("limits", block_limits, offsetof(struct config, limits)),
     .doc = "What a client may ask for, and how long it may take."},
    {OWN("site", site_read, site_print), .args = "NAME...", .repeats = true, .block = &block_site,
     .sample = "example.org www.example.org", .silence = "none",
     .doc = "A site of our own, by its names: example.org, *.example.org for every name with one "
	    "label more, or an IP address. The first site answers unknown names too."},
    {BLOCK("share", block_share, offsetof(struct config, share)),
     .doc = "What else is behind the shared port. A back end is host:port, [v6]:port or "
	    "unix:/path; with several, the next one is tried when one fails. Each rule that has "
	    "back ends may have a block that says how to speak to them."},
    {OWN("admin", admin_read, admin_print), .args = "{ ... }", .block = &block_admin,
     .silence = "no such port, and for sites with access_server what stands in its block",
     .doc = "The port of the access server alone: the console for administrators, the portal for "
	    "everybody else and the API, by TLS with the certificate of the site asked for, or of "
	    "the first one."},
    {WORD("store", config, store_url, access_store_url), .args = "URL", .restart = true,
     .secret = true, .sample = "postgresql://sallyport:PASSWORD@db.example.org/sallyport",
     .silence = "SQLite in state_dir",
     .doc = "The PostgreSQL database of users, devices and sessions, as libpq writes it."},
    {OWN("config", edits_read, edits_print), .args = "edit|read_only", .initial = "edit",
     .doc = "Whether the console and the API may change this file."},
    {OWN("trusted_paths", trusted_read_paths, trusted_print_paths), .args = "DIR...",
     .sample = "/srv /var/www", .silence = "/srv, /var/www and state_dir",
     .doc = "The directories below which alone a change by the console or the API may name files "
	    "and directories. It is believed only as it stands in the file, so that nobody who may "
	    "edit a site can read any file as root. A symbolic link below them is followed only "
	    "as long as it leads to another place below them, whoever wrote the path; the log file "
	    "there may not be a link."},
    {BLOCK("vpn", block_vpn, offsetof(struct config, vpn)),
     .doc = "The VPN that OpenVPN clients connect to, on the shared TCP port and by UDP. It is "
	    "there where it has a network."},
    {UNBUILT("access_server", "access_server stands in a site: write \"site NAME { certificate "
			      "...; access_server }\"")},
};

static const struct option plain_options[] = {
    {OWN("listen", plain_read_listen, plain_print_listen), .args = "ENDPOINT...|off",
     .repeats = true, .sample = "80", .silence = "80 as root, otherwise 8080",
     .doc = "Where it is, written as for the shared port. With off there is none."},
    {OWN("http2", plain_read_http2, plain_print_http2), .args = "NETWORK...", .repeats = true,
     .sample = "loopback", .silence = "nobody",
     .doc = "Networks that may speak HTTP/2 there without TLS, by prior knowledge: those of front "
	    "ends of this server."},
};

static const struct option admin_options[] = {
    {OWN("listen", admin_read_listen, admin_print_listen), .args = "ENDPOINT...|off",
     .repeats = true, .sample = "943", .silence = "943 as root, otherwise 9443",
     .doc = "Where it is, written as for the shared port. With off the access server answers on "
	    "sites with access_server only."},
    {OWN("allow", admin_read_list, admin_print_list), .offset = offsetof(struct admin, allow),
     .args = "any|loopback|vpn|NETWORK...", .repeats = true, .sample = "loopback vpn",
     .silence = "loopback vpn",
     .doc = "Who may reach the console and the administrators' API, on every port: to others it "
	    "is a page that does not exist. The word vpn stands for clients of the VPN."},
    {OWN("portal", admin_read_list, admin_print_list), .offset = offsetof(struct admin, portal),
     .args = "any|loopback|vpn|NETWORK...", .repeats = true, .sample = "any", .silence = "any",
     .doc = "Who may reach the portal, what people do there for themselves, and one-time links. "
	    "People need it before they have a VPN."},
};

static const struct option vpn_options[] = {
    {WORD("endpoint", vpn, endpoint, access_endpoint), .args = "NAME", .sample = "vpn.example.org",
     .silence = "the first name of the first site",
     .doc = "The name or address that profiles point to."},
    {CHOICE("ca_key", vpn, ca_key), .choices = ca_keys, .initial = "p256",
     .doc =
	 "Which keys the VPN's own certificate authority makes from now on, for itself, the server "
	 "and devices: rsa2048 or rsa3072 where clients are too old for p256. What is there "
	 "already stays as it is; a new authority is made by `sallyport cert roll-over`."},
    {OWN("listen", vpn_read_listen, vpn_print_listen), .args = "ENDPOINT...|off", .repeats = true,
     .sample = "1194", .silence = "1194",
     .doc = "Where it is by UDP, besides the shared TCP port, and written as for that. With off it "
	    "is on the shared port alone. One that is left out is closed by a restart only."},
    {OWN("network", vpn_read_network, vpn_print_network), .args = "NETWORK [NETWORK6|off]",
     .sample = "10.86.0.0/20",
     .silence = "there is no VPN, and profiles alone can be made for one to come",
     .doc = "The addresses of clients, /8 to /29: the one after the network's own is the server's. "
	    "It may not meet a route of this machine; sallyport vpn network prints one that does "
	    "not. The second is the same by IPv6, /16 to /112: where there is none, a private one "
	    "is made of the first, and with off clients have no IPv6. Another network is applied "
	    "by a restart only."},
    {OWN("route", vpn_read_route, vpn_print_route), .args = "NETWORK [nat|route]", .repeats = true,
     .sample = "192.168.10.0/24 nat", .silence = "everything goes through the VPN, IPv6 too",
     .doc = "What clients reach through the VPN, and nothing else goes there. With nat, which "
	    "needs not be written, it sees this machine's address; with route it sees theirs, and "
	    "has to know the way back."},
    {OWN("dns", vpn_read_dns, vpn_print_dns), .args = "system|ADDRESS...", .repeats = true,
     .sample = "system", .silence = "clients keep their own",
     .doc = "The resolvers that clients are given. With system those that this machine asks, but "
	    "for any that runs on it for itself alone."},
    {WORD("domain", vpn, domain, vpn_domain), .args = "NAME", .sample = "example.org",
     .silence = "none", .doc = "The domain in which clients look up names without a dot."},
    {OWN("client_software", software_read, software_print), .args = "PLATFORM URL [SHA256]",
     .repeats = true, .sample = "windows https://example.org/files/client.msi",
     .silence = "the portal names the usual ones",
     .doc = "What the portal offers people to connect with: for windows, macos, linux, android or "
	    "ios, where it is by HTTPS, and what sha256sum prints of it. A URL that begins with / "
	    "is a path of the site with access_server, where a route can serve a file of yours."},
    {FLAG("client_to_client", vpn, client_to_client), .initial = "off",
     .doc = "Whether clients reach each other, where no policy says otherwise."},
    {FLAG("offload", vpn, offload), .initial = "on",
     .doc = "Whether packets of one flow pass between the kernel and the VPN as one, which takes a "
	    "fraction of the processor's time. It is tried, and done without where the kernel "
	    "cannot; off is for one that says it can and cannot. From the next start on."},
    {DURATION("clock_skew", vpn, clock_skew), .min = 10 * SECOND, .max = 10 * MINUTE,
     .initial = "2m",
     .doc = "How far a client's clock may be off. Whoever is further off is answered as if there "
	    "were no VPN; the log says so."},
    {DURATION("rekey", vpn, rekey), .min = 10 * SECOND, .max = 7 * DAY, .zero = "off",
     .initial = "1h",
     .doc = "How long a key is used before the server begins another one. Clients have times of "
	    "their own besides."},
    {DURATION("ping", vpn, ping), .min = SECOND, .max = 10 * MINUTE, .initial = "10s",
     .doc = "After how long without a packet either side sends a keep-alive. Shorter ones keep "
	    "more NAT boxes from forgetting the client."},
    {DURATION("silence", vpn, silence), .min = 2 * SECOND, .max = HOUR, .initial = "2m",
     .doc = "After how long without a packet a client counts as gone, and connects anew. At least "
	    "twice ping."},
    {NUMBER("mtu", vpn, mtu), .min = 1280, .max = 1500, .initial = "1500",
     .doc = "The largest packet in the tunnel, in bytes. TCP inside is made to fit the way "
	    "outside, whatever this says."},
    {FLAG("legacy", vpn, legacy), .initial = "off",
     .doc = "Whether clients of OpenVPN 2.4 are answered, by UDP alone. They know tls-crypt, but "
	    "not with a key of each device: theirs is one for all, in the profiles that sallyport "
	    "profile get --legacy writes. Whoever has such a profile can find the VPN, and disturb "
	    "the first packets of others that have one."},
    {FLAG("legacy_tcp", vpn, legacy_tcp), .initial = "off",
     .doc = "Whether they are answered by TCP on the shared port too, with legacy on. Then whoever "
	    "has, or ever had, such a profile can find the VPN there as well."},
};

static const struct option log_options[] = {
    {CHOICE("access", log_settings, access), .choices = access_formats, .initial = "json",
     .doc = "The form of the access log, a line for each request and each relayed connection. "
	    "Where trust_forwarded applies, json has the peer's own address as via; a user of "
	    "basic_auth is in the third field of combined, or user."},
    {PATH("file", log_settings, access_file), .sample = "/var/log/sallyport/access.log",
     .silence = "the journal, or the terminal",
     .doc =
	 "A file for the access log. After it was moved away, sallyport reopen-log opens it anew."},
    {CHOSEN("level", log_settings, level), .choices = levels, .initial = "info",
     .doc = "The least that is worth a line in the server's own log."},
};

static const struct option limit_options[] = {
    {NUMBER("connections", limits, connections), .min = 16, .max = 1000000, .initial = "10000",
     .doc = "Connections that each worker holds at once."},
    {SIZE("header_bytes", limits, header_bytes), .min = KIB, .max = MIB, .initial = "32k",
     .doc = "The request line and all fields of a request together."},
    {NUMBER("header_fields", limits, header_fields), .min = 8, .max = 1000, .initial = "100",
     .doc = "How many fields a request may have."},
    {SIZE("body_bytes", limits, body_bytes), .max = 64 * GIB, .initial = "1m",
     .doc = "The body of a request."},
    {DURATION("header_timeout", limits, header_timeout), .min = SECOND, .max = HOUR,
     .initial = "20s", .doc = "From the first byte of a request to the end of its fields."},
    {DURATION("idle_timeout", limits, idle_timeout), .min = SECOND, .max = DAY, .initial = "60s",
     .doc = "How long a connection is kept open for another request."},
    {DURATION("body_timeout", limits, body_timeout), .min = SECOND, .max = HOUR, .initial = "60s",
     .doc = "How long a client may be silent within a request's body."},
    {DURATION("write_timeout", limits, write_timeout), .min = SECOND, .max = HOUR, .initial = "60s",
     .doc = "How long a client may take nothing of what is sent to it."},
    {DURATION("handshake_timeout", limits, handshake_timeout), .min = SECOND, .max = 10 * MINUTE,
     .initial = "15s", .doc = "From the first byte of a TLS handshake to its end."},
    {NUMBER("inetd_processes", limits, inetd_processes), .min = 1, .max = 10000, .initial = "64",
     .doc = "How many processes of ssh inetd run at once."},
};

static const struct option share_options[] = {
    {DOOR("openvpn", share_read_openvpn, openvpn), .args = "builtin|BACKEND...",
     .block = &block_backends, .sample = "127.0.0.1:1194",
     .silence = "builtin where vpn has a network, otherwise not told apart",
     .doc = "Where OpenVPN over TCP goes. With builtin to the VPN of the block vpn, which lets in "
	    "whom it knows; to anybody else the port is a web server's. A back end is shown to "
	    "whoever tries."},
    {DOOR("ssh", share_read_ssh, ssh), .args = "inetd|BACKEND...", .block = &block_inetd,
     .sample = "inetd", .silence = "not told apart",
     .doc = "Where SSH goes. With inetd each connection is handed to an sshd of its own, which "
	    "sees the client's address; a back end sees ours."},
    {DOOR("http", share_read_door, http), .args = "BACKEND...", .block = &block_backends,
     .sample = "127.0.0.1:8000", .silence = "answered as a web server would",
     .doc = "Where HTTP/1 without TLS is relayed to."},
    {DOOR("http2", share_read_door, http2), .args = "BACKEND...", .block = &block_backends,
     .sample = "127.0.0.1:8001", .silence = "answered as a web server would",
     .doc = "Where HTTP/2 without TLS, by prior knowledge, is relayed to."},
    {DOOR("other", share_read_door, other), .args = "BACKEND...", .block = &block_backends,
     .sample = "127.0.0.1:8002", .silence = "answered as a web server would",
     .doc = "Where bytes that are neither TLS nor HTTP, and have no door of their own, go."},
    {DOOR("tls", share_read_door, tls), .args = "BACKEND...", .block = &block_backends,
     .sample = "127.0.0.1:8443", .silence = "the first site answers",
     .doc = "Where TLS is passed to, untouched, that no site and no rule takes."},
    {OWN("sni", share_read_sni, share_print_sni), .args = "NAME... BACKEND...", .repeats = true,
     .block = &block_backends, .sample = "imap.example.org *.mail.example.org 127.0.0.1:993",
     .silence = "none",
     .doc = "Where TLS for these server names is passed to, untouched: its certificate is the "
	    "back end's."},
    {OWN("alpn", share_read_alpn, share_print_alpn), .args = "PROTOCOL... BACKEND...",
     .repeats = true, .block = &block_backends, .sample = "xmpp-client 127.0.0.1:5223",
     .silence = "none",
     .doc = "Where TLS is passed to, untouched, in which the client asks for one of these ALPN "
	    "protocols."},
    {OWN("silent", share_read_silent, share_print_silent),
     .args = "DURATION ssh|openvpn|BACKEND...", .block = &block_backends, .sample = "3s ssh",
     .silence = "none",
     .doc = "Where clients go that have said nothing for so long: some wait for the server to "
	    "speak first. With ssh or openvpn, where that rule leads."},
    {DURATION("first_byte_timeout", share, first_byte_timeout), .min = SECOND, .max = HOUR,
     .initial = "60s", .doc = "How long a client may be silent before its connection is closed."},
    {DURATION("classify_timeout", share, classify_timeout), .min = 100, .max = 5 * MINUTE,
     .initial = "10s",
     .doc = "From the first byte to when a client that is still unclear counts as other."},
};

static const struct option backends_options[] = {
    {CHOICE("proxy_protocol", backends, proxy_protocol), .choices = option_proxy_headers,
     .initial = "off",
     .doc = "The PROXY protocol header, with the client's address, that the back end is sent "
	    "first. It must expect it."},
    {DURATION("connect_timeout", backends, connect_timeout), .min = 100, .max = 5 * MINUTE,
     .initial = "5s", .doc = "How long a back end may take to accept before the next is tried."},
    {DURATION("idle_timeout", backends, idle_timeout), .max = 30 * DAY, .initial = "1h",
     .doc = "How long neither side may say anything before the relay is closed. 0 is for ever."},
    {DURATION("retry_after", backends, retry_after), .max = HOUR, .initial = "10s",
     .doc = "How long a back end that failed is passed over while there are others."},
    {DURATION("check", backends, check), .min = SECOND, .max = HOUR, .zero = "off",
     .initial = "off", .doc = "How often a connection is made only to see whether it can be."},
};

static const struct option inetd_options[] = {
    {OWN("command", inetd_read_command, inetd_print_command), .args = "PROGRAM ARGUMENT...",
     .sample = "/usr/sbin/sshd -i", .silence = "/usr/sbin/sshd -i",
     .doc = "What is run for each connection, with it as standard input and output."},
};

const struct block block_top = {BLOCK_OF("the file", top_options)};
const struct block block_plain = {BLOCK_OF("plain", plain_options)};
const struct block block_log = {BLOCK_OF("log", log_options)};
const struct block block_limits = {BLOCK_OF("limits", limit_options)};
const struct block block_share = {BLOCK_OF("share", share_options)};
const struct block block_backends = {BLOCK_OF("a rule", backends_options)};
const struct block block_admin = {BLOCK_OF("admin", admin_options)};
const struct block block_vpn = {BLOCK_OF("vpn", vpn_options)};
const struct block block_inetd = {BLOCK_OF("ssh inetd", inetd_options)};

const struct option *
option_find(const struct block *b, struct span name, size_t *at)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct option *o = &b->options[i], *shared;

		*at = 0;
		if (o->type != OPTION_SHARED) {
			if (span_equal(name, span_str(o->name)))
				return o;
		} else if ((shared = option_find(o->block, name, at)) != NULL) {
			*at += o->offset;
			return shared;
		}
	}
	return NULL;
}

bool
option_is_secret(struct span name)
{
	static const struct block *const blocks[] = {
	    &block_top,   &block_plain,    &block_log,      &block_limits,  &block_site,
	    &block_route, &block_policy,   &block_accounts, &block_handler, &block_proxy,
	    &block_share, &block_backends, &block_inetd,    &block_admin,   &block_vpn,
	};

	for (size_t i = 0; i < COUNT(blocks); i++)
		for (size_t j = 0; j < blocks[i]->count; j++)
			if (blocks[i]->options[j].secret &&
			    span_equal_nocase(name, span_str(blocks[i]->options[j].name)))
				return true;
	return false;
}

bool
option_is_secret_header(struct span name)
{
	static const char *const names[] = {"authorization", "proxy-authorization", "cookie",
					    "x-api-key", "x-auth-token"};

	if (name.len > 0 && (name.p[0] == '+' || name.p[0] == '?'))
		name = span_tail(name, 1);
	for (size_t i = 0; i < COUNT(names); i++)
		if (span_equal_nocase(name, span_str(names[i])))
			return true;
	return false;
}

bool
option_put_list(struct buf *out, const char *const *list)
{
	for (size_t i = 0; list[i] != NULL; i++)
		if (!buf_printf(out, "%s%s", i > 0 ? " " : "", list[i]))
			return false;
	return true;
}

/* Of the types that are all written the same way. */
static const char *const type_args[] = {
    [OPTION_FLAG] = "on|off",       [OPTION_NUMBER] = "NUMBER",  [OPTION_SIZE] = "SIZE",
    [OPTION_DURATION] = "DURATION", [OPTION_FIELD] = "TEXT|off", [OPTION_PATH] = "PATH",
    [OPTION_BLOCK] = "{ ... }",
};

bool
option_put_args(struct buf *out, const struct option *o)
{
	if (o->choices == NULL)
		return buf_append(out, span_str(o->args != NULL ? o->args : type_args[o->type])) &&
		       (o->args != NULL || o->zero == NULL || buf_printf(out, "|%s", o->zero));
	for (size_t i = 0; o->choices[i] != NULL; i++)
		if (!buf_printf(out, "%s%s", i > 0 ? "|" : "", o->choices[i]))
			return false;
	return true;
}
