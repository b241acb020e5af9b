/* What is wrong is said, where it is, in words that help. */
#include "config/try.h"

#include <stdlib.h>

#include "base/mem.h"
#include "config/limits.h"

#define IN_SITE(what)       "site a.example { certificate self-signed; " what " }"
#define IN_ROUTE(what)      IN_SITE("route /x { root /a; " what " }")
#define IN_REDIRECT(what)   IN_SITE("redirect " what)
#define IN_PROXY(how, what) IN_SITE("proxy " how "://h { " what " }")
#define HASH                "$6$salt$0123456789abcdef"
#define DIGITS              "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define IN_SHARE(what)      "share { " what " }"
#define IN_BACKEND(what)    "share { http h:1 { " what " } }"
#define IN_LIMITS(what)     SITE "limits { " what " }"

static const struct mistake wrong[] = {
    /* words */
    {"lisen 443", "1:1: there is no option \"lisen\" here; did you mean \"listen\"?"},
    {"LISTEN 443", "there is no option \"LISTEN\" here"},
    {"banana", "there is no option \"banana\" here; there are state_dir, workers, listen,"},
    {"log { acess off }", "1:7: there is no option \"acess\" here; did you mean \"access\"?"},
    {"plain { banana }", "there is no option \"banana\" in plain; there are listen or http2"},
    {"x", "there is no option \"x\" here; there are"},
    {"workers", "1:1: something is missing: write \"workers NUMBER\""},
    {"workers 1 2", "1:11: \"2\" is one word too many: write \"workers NUMBER\""},
    {"workers 1\nworkers 2", "2:1: workers is here a second time: line 1 has it already"},
    {"log { level info }\nlog { level warn }", "2:1: log is here a second time"},
    {"workers 1 {\n}", "1:1: workers takes no block"},
    {"log off", "1:5: \"off\" stands outside the block: write \"log { ... }\""},
    {"log", "1:1: log needs a block"},
    /* values */
    {"workers x", "1:9: \"x\" is not a number"},
    {"workers -1", "1:9: \"-1\" is not a number"},
    {"workers 257", "1:9: workers goes from 0 to 256, not 257"},
    {"workers 99999999999999999999", "is not a number"},
    {"drain_timeout 30", "1:15: \"30\" needs a unit: 30ms, 30s, 30m, 30h or 30d"},
    {"drain_timeout soon", "\"soon\" is not a duration, like 500ms, 30s, 5m, 2h or 7d"},
    {"drain_timeout 2h", "drain_timeout goes from 0 to 1h, not \"2h\""},
    {"drain_timeout off", "\"off\" is not a duration"},
    {"drain_timeout 99999999999999999999d", "is not a duration"},
    {IN_LIMITS("header_bytes 1z"), "\"1z\" is not a size, like 64k or 1m"},
    {IN_LIMITS("header_bytes 1"), "header_bytes goes from 1k to 1m, not \"1\""},
    {IN_LIMITS("header_bytes 2m"), "header_bytes goes from 1k to 1m, not \"2m\""},
    {IN_LIMITS("connections 15"), "connections goes from 16 to 1000000, not 15"},
    {IN_LIMITS("connections 1000001"), "connections goes from"},
    {IN_LIMITS("idle_timeout 0"), "idle_timeout goes from 1s to 1d, not \"0\""},
    {IN_LIMITS("inetd_processes 0"), "inetd_processes goes from 1 to 10000"},
    {"log { access jsn }", "1:14: access is off, combined or json, not \"jsn\""},
    {"log { access }", "1:7: something is missing: write \"access off|combined|json\""},
    {"log { level loud }", "level is error, warn, info or debug, not \"loud\""},
    {"log { file \"\" }", "a path is missing"},
    {"server_name \"a\xC3\xA9\"", "server_name is printable ASCII only"},
    {"server_name \"\"", "server_name has 1 to 128 characters"},
    {"server_name \" a\"", "server_name has 1 to 128 characters"},
    /* endpoints and networks */
    {"listen", "something is missing: write \"listen ENDPOINT...\""},
    {"listen 0", "1:8: a port is a number from 1 to 65535, not \"0\""},
    {"listen 65536", "a port is a number"},
    {"listen http", "a port is a number from 1 to 65535, not \"http\""},
    {"listen 1.2.3.4:", "a port is a number from 1 to 65535, not \"\""},
    {"listen 1.2.3.4:0", "a port is a number"},
    {"listen localhost:443", "\"localhost\" is not an IP address"},
    {"listen *:443", "\"*\" is not an IP address"},
    {"listen :443", "\"\" is not an IP address"},
    {"listen 2001:db8::1:443", "an IPv6 address stands in brackets"},
    {"listen [1.2.3.4]:443", "is not an IP address"},
    {"listen [::1]", "an IPv6 address stands in brackets"},
    {"listen 443 443", "1:12: port 443 is taken twice: line 1 listens on it already"},
    {"listen 443\nlisten 10.0.0.1:443", "2:8: port 443 is taken twice"},
    {"listen 0.0.0.0:1 10.0.0.1:1", "1:18: port 1 is taken twice"},
    {"listen [::]:1 [::1]:1", "1:15: port 1 is taken twice"},
    {"listen 8000\nplain { listen 8000 }", "2:16: port 8000 is taken twice: line 1"},
    {"listen 80", "1:8: port 80 is taken twice: it is a default of another listen"},
    {"plain { listen 443 }", "1:16: port 443 is taken twice: it is a default"},
    {"plain { listen off; listen 80 }", "1:28: listen is either off or at endpoints"},
    {"plain { listen 80; listen off }", "1:27: listen is either off or at endpoints"},
    {"plain { listen off 80 }", "a port is a number from 1 to 65535, not \"off\""},
    {"listen off", "a port is a number"},
    {"trust_proxy 10.0.0.1/8", "\"10.0.0.1/8\" is not a network"},
    {"trust_proxy 10.0.0.0/33", "is not a network"},
    {"trust_proxy example.org", "is not a network"},
    {"trust_proxy", "something is missing"},
    /* sites */
    {"site { certificate self-signed }", "something is missing: write \"site NAME...\""},
    {"site a.example", "1:1: a site needs a block: write \"site a.example { ... }\""},
    {"site a.example { root /x }", "1:1: site a.example has no certificate: write"},
    {"site * { certificate self-signed }", "1:6: \"*\" names everything"},
    {"site a*.example { certificate self-signed }", "has a \"*\" where none can be"},
    {"site a.*.example { certificate self-signed }", "has a \"*\" where none can be"},
    {"site *.*.example { certificate self-signed }", "has a \"*\" where none can be"},
    {"site *.10.0.0.1 { certificate self-signed }", "has a \"*\" where none can be"},
    {"site a..example { certificate self-signed }", "is not a host name"},
    {"site .example { certificate self-signed }", "is not a host name"},
    {"site -a.example { certificate self-signed }", "is not a host name"},
    {"site a.example. { certificate self-signed }", "is written without the dot at its end"},
    {"site a.example:443 { certificate self-signed }", "ports belong to \"listen\""},
    {"site https://a.example/ { certificate self-signed }", "without scheme and path"},
    {"site b\xC3\xBC"
     "cher.example { certificate self-signed }",
     "write the name in its xn-- form"},
    {"site 1.2.3 { certificate self-signed }", "is not a host name"},
    {"site 1.2.3.256 { certificate self-signed }", "is not a host name"},
    {"site \"\" { certificate self-signed }", "\"\" is not a host name"},
    {"site a.example A.example { certificate self-signed }",
     "1:16: a.example is a site's name already, on line 1"},
    {IN_SITE("") "\n" IN_SITE(""), "2:6: a.example is a site's name already, on line 1"},
    {"site [::1] ::1 { certificate self-signed }", "1:12: ::1 is a site's name already"},
    {"site a.example { certificate acme }",
     "1:30: automatic certificates are not built yet: give CHAIN and KEY files, or self-signed"},
    {"site a.example { certificate }", "write \"certificate CHAIN KEY|self-signed\""},
    {"site a.example { certificate a }", "write \"certificate CHAIN KEY|self-signed\""},
    {"site a.example { certificate a b c }", "\"c\" is one word too many"},
    {IN_SITE("certificate a b"), "this site is self-signed already"},
    {"site a.example { certificate a b; certificate self-signed }",
     "self-signed is for a site that has no other certificate"},
    {"site a.example { certificate \"\" k }", "a path is missing"},
    {IN_SITE("plain_http yes"), "plain_http is off or on, not \"yes\""},
    {IN_SITE("index a/b"), "\"a/b\" is not the name of a file"},
    {IN_SITE("index .."), "\"..\" is not the name of a file"},
    {IN_SITE("index"), "something is missing: write \"index NAME...\""},
    {IN_SITE("root"), "something is missing: write \"root DIR\""},
    {IN_SITE("root /a /b"), "\"/b\" is one word too many"},
    {IN_SITE("root /a; root /b"), "root is here a second time"},
    {IN_SITE("root /a; route /* { root /b }"), "this site has a root already"},
    {IN_SITE("route /* { root /b }; root /a"), "1:49: this site has a root already"},
    {IN_SITE("route /x { root /b }; route /x { root /c }"), "has a route /x already"},
    {IN_SITE("route x { root /b }"), "a route begins with \"/\""},
    {IN_SITE("route \"\" { root /b }"), "a route begins with \"/\""},
    {IN_SITE("route /*/a { root /b }"), "\"*\" can only be the last character"},
    {IN_SITE("route /a** { root /b }"), "\"*\" can only be the last character"},
    {IN_SITE("route /x"), "this route leads nowhere: write \"route /x { root DIR }\""},
    {IN_SITE("route /x { }"), "this route leads nowhere"},
    {IN_SITE("route /x { proxy h:1 }"), "\"h:1\" is no server: write http://h:1, or"},
    {IN_SITE("rout /x { }"), "did you mean \"route\"?"},
    {IN_SITE("route /x { compres on; root /a }"), "did you mean \"compress\"?"},
    {IN_SITE("route /x { prxy http://h }"), "did you mean \"proxy\"?"},
    {IN_SITE("strip_prefix /a"), "there is no option \"strip_prefix\" in site"},
    {IN_SITE("method GET"), "there is no option \"method\" in site"},
    {IN_ROUTE("hsts off"), "there is no option \"hsts\" in route"},
    {IN_ROUTE("proxy http://h"), "only one can answer: line 1 has root already, so proxy needs"},
    {IN_ROUTE("redirect /a"), "only one can answer: line 1 has root already, so redirect needs"},
    {IN_ROUTE("respond 404"), "only one can answer: line 1 has root already"},
    {IN_ROUTE("root /b"), "root is here a second time"},
    {IN_SITE("root /a; proxy http://h"), "only one can answer: line 1 has root already"},
    {IN_SITE("proxy http://h; route /* { root /b }"), "this site has a proxy already, which is"},
    {IN_SITE("route /x { listing on }"), "this route leads nowhere"},
    /* what holds for requests */
    {IN_SITE("try"), "write \"try PATH...|off\""},
    {IN_SITE("try index.html"), "\"index.html\" is not a path to try: it begins with \"/\" or"},
    {IN_SITE("try /a/../b"), "is not a path to try"},
    {IN_SITE("try {uri}"), "is not a path to try"},
    {IN_SITE("try /{uri}"), "\"{uri}\" is no placeholder here: there is only {path}"},
    {IN_SITE("try \"/a{path\""), "\"{path\" is no placeholder here"},
    {IN_SITE("try /a off"), "\"off\" is not a path to try"},
    {IN_SITE("listing yes"), "listing is off or on, not \"yes\""},
    {IN_SITE("compress on"), "compress is off, files or all, not \"on\""},
    {IN_SITE("compress_types html"), "\"html\" is not a media type, like text/html or text/*"},
    {IN_SITE("compress_types text/"), "is not a media type"},
    {IN_SITE("compress_types /html"), "is not a media type"},
    {IN_SITE("compress_types */*"), "is not a media type"},
    {IN_SITE("compress_types text/*ml"), "is not a media type"},
    {IN_SITE("compress_types text/a/b"), "is not a media type"},
    {IN_SITE("compress_types \"text/html; charset=x\""), "is not a media type"},
    {IN_SITE("limit_body 2000g"), "limit_body goes from 0 to 1024g, not \"2000g\""},
    {IN_SITE("limit_body off"), "\"off\" is not a size"},
    {IN_SITE("limit_connections 0"), "limit_connections goes from 1 to 1000000, or is off, not 0"},
    {IN_SITE("limit_rate 20"), "\"20\" is not a rate, like 10/s, 300/m or 5000/h"},
    {IN_SITE("limit_rate 0/s"), "is not a rate"},
    {IN_SITE("limit_rate 1/d"), "is not a rate"},
    {IN_SITE("limit_rate 1/"), "is not a rate"},
    {IN_SITE("limit_rate /s"), "is not a rate"},
    {IN_SITE("limit_rate 1000001/s"), "is not a rate"},
    {IN_SITE("limit_rate off burst 1"), "\"off\" is not a rate"},
    {IN_SITE("limit_rate 1/s brust 1"), "there may be \"burst NUMBER\", not \"brust\""},
    {IN_SITE("limit_rate 1/s burst"), "burst needs a number"},
    {IN_SITE("limit_rate 1/s burst 0"), "burst goes from 1 to 1000000, not \"0\""},
    {IN_SITE("limit_rate 1/s burst 1 2"), "\"2\" is one word too many"},
    {IN_SITE("basic_auth"), "write \"basic_auth REALM|off\""},
    {IN_SITE("basic_auth a"), "nobody could sign in: write"},
    {IN_SITE("basic_auth a { }"), "nobody could sign in: write"},
    {IN_SITE("basic_auth \"\" { user a " HASH " }"), "a realm has 1 to 128 characters"},
    {IN_SITE("basic_auth off { user a " HASH " }"), "basic_auth takes no block"},
    {IN_SITE("basic_auth a { user a }"), "write \"user NAME HASH\""},
    {IN_SITE("basic_auth a { usr a " HASH " }"), "did you mean \"user\"?"},
    {IN_SITE("basic_auth a { user a:b " HASH " }"), "the name of a user is not empty and has no"},
    {IN_SITE("basic_auth a { user \"\" " HASH " }"), "the name of a user is not empty"},
    {IN_SITE("basic_auth a { user a " HASH "; user a " HASH " }"), "user a is here a second time"},
    {IN_SITE("basic_auth a { user a secret }"), "this is no hash of a password: make one with"},
    {IN_SITE("basic_auth a { user a $6$a b }"), "here is one word too many"},
    {IN_SITE("basic_auth a { user a \"$6$a 0123456789abcdef\" }"), "this is no hash of a password"},
    {IN_SITE("basic_auth a { user a $6$short }"), "this is no whole hash of a password"},
    {IN_SITE("basic_auth a { user a $1$salt$0123456789abcdef012345 }"), "hash is too weak"},
    {IN_SITE("basic_auth a { user a $apr1$salt$0123456789abcdef012345 }"), "hash is too weak"},
    {IN_SITE("basic_auth a { user a _J9..rasmBYk8r9AiWNc }"), "hash is too weak"},
    {IN_SITE("basic_auth a { user a abJnggxhB/yWI }"), "no hash of a password, or too weak a one"},
    {IN_SITE("basic_auth a { user a $6$salt$012345678:9abcdef }"), "no hash of a password"},
    {IN_SITE("basic_auth a { user a $99$salt$0123456789abcdef }"), "no hash of a password"},
    {IN_SITE("header"), "write \"header [+|?]NAME VALUE|-NAME\""},
    {IN_SITE("header X-A"), "write \"header [+|?]NAME VALUE|-NAME\""},
    {IN_SITE("header -X-A b"), "\"b\" is one word too many"},
    {IN_SITE("header X-A b c"), "\"c\" is one word too many"},
    {IN_SITE("header X-A: b"), "\"X-A:\" is not the name of a field"},
    {IN_SITE("header \"X A\" b"), "\"X A\" is not the name of a field"},
    {IN_SITE("header + b"), "\"\" is not the name of a field"},
    {IN_SITE("header \"\" b"), "\"\" is not the name of a field"},
    {IN_SITE("header \xC3\xA9 b"), "is not the name of a field"},
    {IN_SITE("header Content-Length 1"), "Content-Length is for the server to say"},
    {IN_SITE("header -Transfer-Encoding"), "Transfer-Encoding is for the server to say"},
    {IN_SITE("header +connection close"), "connection is for the server to say"},
    {IN_SITE("header ?Upgrade x"), "Upgrade is for the server to say"},
    {IN_SITE("header X-A \" b\""), "the value of a field has no space first or last"},
    {IN_SITE("cache_control *.css"), "write \"cache_control PATTERN VALUE\""},
    {IN_SITE("cache_control css x"), "\"css\" fits no path: write /path, /beginning* or *.end"},
    {IN_SITE("cache_control * x"), "\"*\" fits no path"},
    {IN_SITE("cache_control /a*b x"), "\"/a*b\" fits no path"},
    {IN_SITE("cache_control *a* x"), "\"*a*\" fits no path"},
    {IN_SITE("cache_control */a x"), "\"*/a\" fits no path"},
    {IN_SITE("cache_control \"\" x"), "\"\" fits no path"},
    {IN_SITE("cache_control /a \"x \""), "the value of a field has no space"},
    {IN_SITE("error_page 404"), "write \"error_page STATUS... PATH\""},
    {IN_SITE("error_page 200 /a"), "a status here is a number from 400 to 599, not \"200\""},
    {IN_SITE("error_page 600 /a"), "a status here is a number"},
    {IN_SITE("error_page 404 a.html"), "\"a.html\" is not a path: it begins with \"/\""},
    {IN_SITE("error_page 404 /../a"), "is not a path"},
    {IN_SITE("error_page 404 500 404 /a"), "there is a page for 404 already"},
    {IN_SITE("hsts"), "write \"hsts DURATION [subdomains] [preload]|off\""},
    {IN_SITE("hsts 365"), "\"365\" needs a unit"},
    {IN_SITE("hsts 10000d"), "hsts goes from 1s to 3650d, or is off, not \"10000d\""},
    {IN_SITE("hsts 1d subdomain"), "there may be subdomains and preload, not \"subdomain\""},
    {IN_SITE("hsts off subdomains"), "hsts is off: nothing more can be said of it"},
    {IN_SITE("hsts 365d preload"), "preload needs 365d or more and all subdomains"},
    {IN_SITE("hsts 364d subdomains preload"), "preload needs 365d or more"},
    /* routes */
    {IN_ROUTE("method"), "write \"method METHOD...\""},
    {IN_ROUTE("method get"), "methods are written in capitals, like GET, not \"get\""},
    {IN_ROUTE("method GET,HEAD"), "\"GET,HEAD\" is not the name of a method"},
    {IN_ROUTE("from example.org"), "\"example.org\" is not a network"},
    {IN_ROUTE("match"), "write \"match FIELD [VALUE]\""},
    {IN_ROUTE("match a: b"), "\"a:\" is not the name of a field"},
    {IN_ROUTE("match a b c"), "\"c\" is one word too many"},
    {IN_ROUTE("strip_prefix app"), "\"app\" is not a path"},
    {IN_ROUTE("rewrite app"), "\"app\" is not a path: it begins with \"/\", {path} or {uri}"},
    {IN_ROUTE("rewrite /{pth}"), "there are {path}, {host}, {query} or {uri}"},
    {IN_ROUTE("rewrite \"/a}\""), "\"}\" is no placeholder here"},
    {IN_REDIRECT(""), "write \"redirect [301|302|303|307|308] URL\""},
    {IN_REDIRECT("example.org"), "\"example.org\" is nowhere to redirect to: write https://host/"},
    {IN_REDIRECT("https://"), "is nowhere to redirect to"},
    {IN_REDIRECT("ftp://h/"), "is nowhere to redirect to"},
    {IN_REDIRECT("\"/a b\""), "with %20 for a space"},
    {IN_REDIRECT("/caf\xC3\xA9"), "is nowhere to redirect to"},
    {IN_REDIRECT("/{scheme}"), "\"{scheme}\" is no placeholder here: there are {path}, {host},"},
    {IN_REDIRECT("\"/a}\""), "\"}\" is no placeholder here"},
    {IN_REDIRECT("\"/{\""), "\"{\" is no placeholder here"},
    {IN_REDIRECT("304 /a"), "a redirect is 301, 302, 303, 307 or 308, not 304"},
    {IN_REDIRECT("200 /a"), "a status here is a number from 301 to 308, not \"200\""},
    {IN_REDIRECT("/a 301"), "a status here is a number"},
    {IN_SITE("respond"), "write \"respond STATUS [TEXT]\""},
    {IN_SITE("respond ok"), "a status here is a number from 200 to 599, not \"ok\""},
    {IN_SITE("respond 101"), "a status here is a number"},
    {IN_SITE("respond 302"), "302 needs somewhere to go: write \"redirect\""},
    {IN_SITE("respond 204 a"), "an answer with status 204 has no text"},
    {IN_SITE("respond 200 a b"), "\"b\" is one word too many"},
    /* proxies */
    {IN_SITE("proxy"), "write \"proxy URL...\""},
    {IN_SITE("proxy ftp://h"), "\"ftp://h\" is no server"},
    {IN_SITE("proxy http://"), "\"http://\" is no server: write http://host:port"},
    {IN_SITE("proxy http://h/"), "a server is written without a path: strip_prefix and rewrite"},
    {IN_SITE("proxy http://h:1/app"), "a server is written without a path"},
    {IN_SITE("proxy http://a@h"), "a server is written without a name and a password"},
    {IN_SITE("proxy h"), "\"h\" is no server: write http://host:port, https://host:port or unix:"},
    {IN_SITE("proxy 3000"), "\"3000\" is no server: write http://127.0.0.1:3000, or"},
    {IN_SITE("proxy :3000"), "\":3000\" is no server: write http://127.0.0.1:3000, or"},
    {IN_SITE("proxy /run/s"), "\"/run/s\" is no server: a socket is written unix:/path"},
    {IN_SITE("proxy http://unix:/s"), "is no server: a socket is written unix:/path"},
    {IN_SITE("proxy ws://h:1"), "is no server: WebSockets pass through http:// as they are"},
    {IN_SITE("proxy grpc://h:1"), "is no server: write http:// and, in its block, http2 on"},
    {IN_SITE("proxy_pass http://h"), "no option \"proxy_pass\" here; write proxy http://host:port"},
    {IN_SITE("listen 443 ssl"), "no option \"listen\" here; write listen, outside of all blocks"},
    {"server { root /a }", "no option \"server\" here; write site NAME... { ... }, or"},
    {IN_SITE("route /a proxy http://h"), "what answers stands in a block: write \"route /a { "},
    {IN_SITE("proxy http://h?x"), "\"h?x\" is neither"},
    {IN_SITE("proxy http://h:0"), "a port is a number from 1 to 65535, not \"0\""},
    {IN_SITE("proxy http://h:"), "a port is a number from 1 to 65535, not \"\""},
    {IN_SITE("proxy http://::1"), "an IPv6 address stands in brackets"},
    {IN_SITE("proxy http://[::1"), "an IPv6 address stands in brackets"},
    {IN_SITE("proxy unix:"), "a path is missing"},
    {IN_SITE("proxy http://h http://H:80"), "h:80 is in this rule already"},
    {IN_SITE("proxy http://h https://h"), "all asked by http, or all by https"},
    {IN_SITE("proxy https://h unix:/s"), "all asked by http, or all by https"},
    {IN_PROXY("http", "verify off"), "sni and verify are of TLS, and these servers are asked"},
    {IN_PROXY("http", "sni a.example"), "sni and verify are of TLS"},
    {IN_PROXY("https", "sni *.a.example"), "a server is asked for by one name"},
    {IN_PROXY("https", "sni a/b"), "is not a name"},
    {IN_PROXY("https", "verify"), "write \"verify system|ca FILE|pin SHA256...|off\""},
    {IN_PROXY("https", "verify on"), "verify is system, ca, pin or off, not \"on\""},
    {IN_PROXY("https", "verify off x"), "\"x\" is one word too many"},
    {IN_PROXY("https", "verify ca"), "something is missing"},
    {IN_PROXY("https", "verify ca a b"), "\"b\" is one word too many"},
    {IN_PROXY("https", "verify ca \"\""), "a path is missing"},
    {IN_PROXY("https", "verify pin"), "pin needs the SHA-256 of the server's certificate"},
    {IN_PROXY("https", "verify pin 00"), "\"00\" is not a SHA-256: 64 hexadecimal digits"},
    {IN_PROXY("https", "verify pin " DIGITS "0"), "is not a SHA-256"},
    {IN_PROXY("https", "verify pin :" DIGITS), "is not a SHA-256"},
    {IN_PROXY("https", "verify pin g" DIGITS), "is not a SHA-256"},
    {IN_PROXY("http", "http2 on; proxy_protocol v2"), "leave out http2 or proxy_protocol"},
    {IN_PROXY("http", "balance"), "write \"balance round_robin|least_connections|hash [FIELD]\""},
    {IN_PROXY("http", "balance random"), "balance is round_robin, least_connections or hash, not"},
    {IN_PROXY("http", "balance round_robin Cookie"), "only hash goes by a field: write"},
    {IN_PROXY("http", "balance hash a:"), "is not the name of a field"},
    {IN_PROXY("http", "check_path health"), "\"health\" is not what a request asks for"},
    {IN_PROXY("http", "check_path \"/a b\""), "is not what a request asks for"},
    {IN_PROXY("http", "check_path /a#b"), "is not what a request asks for"},
    {IN_PROXY("http", "check_status 99"), "check_status goes from 100 to 599, or is any, not 99"},
    {IN_PROXY("http", "check_status off"), "\"off\" is not a number"},
    {IN_PROXY("http", "retries 17"), "retries goes from 0 to 16, not 17"},
    {IN_PROXY("http", "idle_connections 10001"), "idle_connections goes from 0 to 10000"},
    {IN_PROXY("http", "answer_timeout 0"), "answer_timeout goes from 100ms to 1d"},
    {IN_PROXY("http", "header Host x"), "Host is what the client asked for, or with"},
    {IN_PROXY("http", "headr X x"), "did you mean \"header\"?"},
    {IN_PROXY("http", "listing on"), "there is no option \"listing\" in proxy"},
    {"trust_forwarded", "write \"trust_forwarded NETWORK...\""},
    {"trust_forwarded all", "\"all\" is not a network"},
    {"plain { http2 on }", "\"on\" is not a network"},
    /* the shared port */
    {IN_SHARE("openvpn builtin"), "1:17: the built-in VPN needs a network for its clients: write"},
    {IN_SHARE("ssh"), "write \"ssh inetd|BACKEND...\""},
    {IN_SHARE("ssh inetd h:22"), "\"h:22\" is one word too many"},
    {IN_SHARE("ssh 10.0.0.1"), "\"10.0.0.1\" has no port: write host:port, [v6]:port or unix:/"},
    {IN_SHARE("ssh h:"), "a port is a number from 1 to 65535, not \"\""},
    {IN_SHARE("ssh h:99999"), "a port is a number"},
    {IN_SHARE("ssh :22"), "\"\" is neither a host name nor an IP address"},
    {IN_SHARE("ssh a_b..c:22"), "\"a_b..c\" is neither a host name nor an IP address"},
    {IN_SHARE("ssh [localhost]:22"), "\"localhost\" is neither"},
    {IN_SHARE("ssh ::1:22"), "an IPv6 address stands in brackets: [2001:db8::1]:22"},
    {IN_SHARE("ssh unix:"), "a path is missing"},
    {IN_SHARE("ssh h:22 h:22"), "h:22 is in this rule already"},
    {IN_SHARE("ssh h:22 h:022"), "h:22 is in this rule already"},
    {IN_SHARE("ssh h:22; ssh h:23"), "ssh is here a second time"},
    {IN_SHARE("ssh h:22 { command x }"), "there is no option \"command\" in a rule; there are"},
    {IN_SHARE("ssh inetd { idle_timeout 1h }"), "in ssh inetd; there is only command"},
    {IN_SHARE("ssh inetd { command }"), "write \"command PROGRAM ARGUMENT...\""},
    {IN_SHARE("openvpn inetd"), "\"inetd\" has no port"},
    {IN_BACKEND("proxy_protocol v3"), "proxy_protocol is off, v1 or v2, not \"v3\""},
    {IN_BACKEND("proxy_protocoll v2"), "did you mean \"proxy_protocol\"?"},
    {IN_BACKEND("connect_timeout 1ms"), "connect_timeout goes from 100ms to 5m, not \"1ms\""},
    {IN_BACKEND("check 0"), "check goes from 1s to 1h, or is off, not \"0\""},
    {IN_BACKEND("check never"), "\"never\" is not a duration"},
    {IN_SHARE("sni"), "write \"sni NAME... BACKEND...\""},
    {IN_SHARE("sni h:1"), "something is missing: write \"sni NAME... BACKEND...\""},
    {IN_SHARE("sni a.example"), "a back end is missing, which always has a port"},
    {IN_SHARE("sni a.example h:1 b.example"), "\"b.example\" has no port"},
    {IN_SHARE("sni 10.0.0.1 h:1"), "10.0.0.1 is an address: SNI has names only"},
    {IN_SHARE("sni * h:1"), "\"*\" names everything"},
    {IN_SHARE("sni a.example h:1; sni b.example A.example h:2"),
     "a.example is in an sni rule already, on line 1"},
    {IN_SITE("") "\n" IN_SHARE("sni a.example h:1"),
     "2:13: a.example is in an sni rule and, on line 1, a site's name"},
    {IN_SHARE("alpn h:1"), "write \"alpn PROTOCOL... BACKEND...\""},
    {IN_SHARE("alpn \"\" h:1"), "an ALPN protocol has 1 to 255 bytes"},
    {IN_SHARE("alpn x h:1; alpn y x h:2"), "x is in an alpn rule already"},
    {IN_SHARE("silent ssh"), "write \"silent DURATION ssh|openvpn|BACKEND...\""},
    {IN_SHARE("silent 3s"), "write \"silent DURATION ssh|openvpn|BACKEND...\""},
    {IN_SHARE("silent"), "write \"silent DURATION ssh|openvpn|BACKEND...\""},
    {IN_SHARE("silent 3 h:1"), "\"3\" needs a unit"},
    {IN_SHARE("silent 3s ssh"), "there is no ssh rule for the silent to be led to"},
    {IN_SHARE("silent 3s openvpn; ssh inetd"), "there is no openvpn rule for the silent"},
    {IN_SHARE("silent 3s http; http h:1"), "\"http\" has no port"},
    {IN_SHARE("silent 3s ssh h:1; ssh inetd"), "\"h:1\" is one word too many after ssh"},
    {IN_SHARE("ssh inetd; silent 3s ssh { check 1m }"), "silent takes no block"},
    {IN_SHARE("ssh inetd; silent 60s ssh"), "this is never reached: first_byte_timeout"},
    {IN_SHARE("first_byte_timeout 2s; silent 3s h:1"), "closes silent connections before"},
    /* the whole */
    {"", ":1:1: there is nothing to serve: add a site"},
    {"# nothing", ":1:1: there is nothing to serve"},
    {"share { }", ":1:1: there is nothing to serve"},
    {"workers 2\nlisten 444", ":1:1: there is nothing to serve"},
};

static void
each_mistake_is_named_where_it_is(void **state)
{
	(void)state;
	assert_each_said(wrong, COUNT(wrong));
}

static void
one_mistake_is_one_fault(void **state)
{
	(void)state;
	assert_each_is_one_fault(wrong, COUNT(wrong));
}

static void
without_root_a_state_directory_must_be_named(void **state)
{
	(void)state;
	assert_said(&as_user, SITE, "write \"state_dir DIR\"");
}

static void
faults_come_with_the_line_and_a_caret(void **state)
{
	(void)state;
	assert_said(
	    &as_root, "# 1\n\n\tdrain_timeout  30\r\n",
	    "/etc/sallyport/sallyport.conf:3:17: \"30\" needs a unit: 30ms, 30s, 30m, 30h or 30d\n"
	    "\tdrain_timeout  30\n"
	    "\t               ^\n");
	assert_said(&as_root, "server_name \xC3\xA9 x",
		    "\nserver_name \xC3\xA9 x\n              ^\n");
	assert_said(&as_root, "workers \"", "workers \"\n        ^\n");
}

static void
a_terminal_is_not_sent_what_it_would_obey(void **state)
{
	(void)state;
	assert_said(&as_root, "workers \x1B[2J", "\nworkers ?[2J\n        ^\n");
	assert_said(&as_root, "w\xC2\x9B", "there is no option \"w\\xC2\\x9B\" here");
}

static void
of_a_long_line_the_part_with_the_fault_is_shown(void **state)
{
	char text[2000];

	(void)state;
	memset(text, ' ', sizeof text);
	memcpy(text + 1000, "workers none", 13);
	struct buf errors = buf_with_cap(1 << 16);
	assert_null(read_with(&as_root, text, &errors));
	assert_non_null(strstr((char *)errors.data, ":1:1009: \"none\" is not a number\n"));
	assert_non_null(strstr((char *)errors.data, "workers none\n"));
	assert_true(buf_len(&errors) < 400);
	buf_free(&errors);
}

static void
a_line_with_a_password_is_not_shown(void **state)
{
	struct buf errors = buf_with_cap(1 << 16);

	(void)state;
	assert_null(read_with(&as_root,
			      "site a.example {\ncertificate c k\nbasic_auth a {\n"
			      "user alice hunter2\n}\nrouet /x\n}",
			      &errors));
	assert_null(strstr((char *)errors.data, "hunter2"));
	assert_non_null(strstr((char *)errors.data, ":4:12: this is no hash of a password"));
	assert_non_null(strstr((char *)errors.data, "\nrouet /x\n^\n"));
	buf_free(&errors);
}

/* Each has the secret "S3CRET", and at least one fault. */
static void
no_fault_tells_a_secret_however_the_file_is_broken(void **state)
{
#define URL    "postgresql://u:S3CRET@db/x"
#define A_SITE "site a.example {\ncertificate c k\nroot /\n"
	static const char *const texts[] = {
	    "store \"" URL,
	    "store \\\n" URL " more",
	    "store " URL " more",
	    "store " URL " }",
	    "store " URL " {",
	    "store " URL "\nstore " URL,
	    "listen 1 {\nstore " URL "\n}",
	    "admin { store " URL " }",
	    "admin { store " URL,
	    "stor " URL,
	    "\"\"" URL,
	    "x; store " URL "; y",
	    "store mysql://u:S3CRET@db/x",
	    "store postgresql://u:S3CRET@db:99999/x",
	    "store postgresql://db/x?password=S3CRET&x",
	    "store " URL "\x01",
	    A_SITE "basic_auth r { user alice S3CRET }\n}",
	    A_SITE "basic_auth r { user alice $y$S3CRET$x more }\n}",
	    A_SITE "basic_auth r { user alice $y$S3CRET$x \" }\n}",
	    A_SITE "basic_auth r {\nuser alice \\\n$y$S3CRET$x\n}\n}",
	    A_SITE "basic_auth r { user $y$S3CRET$x }\n}",
	    A_SITE "user alice $y$S3CRET$x\n}",
	    A_SITE "user \"alice\n$y$S3CRET$x\n}",
	    "site a.example { certificate c k; proxy http://u:S3CRET@10.0.0.1 }",
	    "site a.example { certificate c k; proxy http://10.0.0.1 {\n"
	    "header Authorization \"Basic S3CRET\" x\n}\n}",
	    "site a.example { certificate c k; proxy http://10.0.0.1 {\n"
	    "header +Cookie \"S3CRET\n}\n}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct buf errors = buf_with_cap(1 << 16);

		assert_null(read_with(&as_root, texts[i], &errors));
		if (memmem(errors.data, errors.end, "S3CRET", 6) != NULL)
			fail_msg("%s: %s", texts[i], (char *)errors.data);
		buf_free(&errors);
	}
}

static void
a_site_has_no_more_routes_than_it_can_search(void **state)
{
	struct buf text = buf_with_cap(1 << 16);

	(void)state;
	assert_true(buf_append(&text, SPAN_OF("site a.example { certificate c k; root /\n")));
	for (int i = 0; i < CONFIG_ROUTES_MAX; i++)
		assert_true(buf_printf(&text, "route /%d { respond 404 }\n", i));
	assert_true(buf_append(&text, span_of("}", 2)));
	assert_said(&as_root, (char *)text.data, ":1:35: a site has at most 256 routes");
	buf_free(&text);
}

static void
a_proxy_has_no_more_servers_than_it_can_keep_apart(void **state)
{
	struct buf text = buf_with_cap(1 << 16);

	(void)state;
	assert_true(buf_append(&text, SPAN_OF("site a.example { certificate c k; proxy")));
	for (int i = 0; i < CONFIG_MEMBERS_MAX; i++)
		assert_true(buf_printf(&text, " http://10.0.0.%d", i));
	struct buf more = buf_with_cap(1 << 16);
	assert_true(buf_append(&more, buf_span(&text)) &&
		    buf_append(&more, span_of(" http://h }", 12)));
	assert_true(buf_append(&text, span_of(" }", 3)));
	struct config *c = good((char *)text.data);
	assert_int_equal(c->proxies[0]->to->count, CONFIG_MEMBERS_MAX);
	config_free(c);
	assert_said(&as_root, (char *)more.data, "\"http://h\" is one word too many");
	buf_free(&text);
	buf_free(&more);
}

static void
all_faults_are_told_in_the_order_of_the_file(void **state)
{
	struct buf errors = buf_with_cap(1 << 16);
	const char *last;

	(void)state;
	assert_null(read_with(&as_root,
			      "listen 1\nworkers x\nplain { listen 1 }\nlog { level x }\n"
			      "site a.example { }\nshare { sni a.example h:1 }\nx \"y\n",
			      &errors));
	const char *at = (char *)errors.data;
	for (char expected[] = ":2:"; expected[1] <= '7'; expected[1]++) {
		last = at;
		if (expected[1] != '5') /* no certificate: it may stand in what was left out */
			assert_non_null(at = strstr(last, expected));
	}
	buf_free(&errors);
}

static void
twenty_faults_are_shown_and_the_rest_counted(void **state)
{
	struct buf text = buf_with_cap(4096), errors = buf_with_cap(1 << 16);

	(void)state;
	for (int i = 0; i < 25; i++)
		assert_true(buf_append(&text, SPAN_OF("banana\n")));
	assert_true(buf_byte(&text, '\0'));
	assert_null(read_with(&as_root, (char *)text.data, &errors));
	assert_int_equal(count_lines_with((char *)errors.data, "there is no option"), 20);
	assert_non_null(strstr((char *)errors.data, ":20:1: there is no"));
	assert_non_null(strstr((char *)errors.data, "sallyport.conf: and 5 more\n"));
	buf_free(&text);
	buf_free(&errors);
}

static void
a_file_too_large_is_refused(void **state)
{
	char *text = mem_new(CONFIG_FILE_MAX + 2);

	(void)state;
	memset(text, ' ', CONFIG_FILE_MAX + 1);
	assert_said(&as_root, text, "the file has more than 1048576 bytes");
	text[CONFIG_FILE_MAX] = '\0';
	assert_said(&as_root, text, "there is nothing to serve");
	free(text);
}

/* Nothing in it takes more than linear time, or nearly. */
static void
a_file_full_of_mistakes_takes_no_age(void **state)
{
	static const char *const lines[] = {"x\n",      "site a {}\n", "listen 1\n", "\"\n",
					    "vpn {}\n", "}\n",         "x{\n",       "sni a\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct buf text = buf_with_cap(CONFIG_FILE_MAX), errors = buf_with_cap(1 << 16);

		while (buf_append(&text, span_str(lines[i])))
			;
		assert_null(config_read(buf_span(&text), &as_root, &errors));
		buf_free(&text);
		buf_free(&errors);
	}
}

static void
a_full_error_buffer_is_no_failure(void **state)
{
	(void)state;
	for (size_t cap = 0; cap < 200; cap++) {
		struct buf errors = buf_with_cap(cap);

		assert_null(config_read(span_str("workers x\nlisten y"), &as_root, &errors));
		assert_true(buf_len(&errors) <= cap);
		buf_free(&errors);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_mistake_is_named_where_it_is),
	    cmocka_unit_test(one_mistake_is_one_fault),
	    cmocka_unit_test(without_root_a_state_directory_must_be_named),
	    cmocka_unit_test(faults_come_with_the_line_and_a_caret),
	    cmocka_unit_test(a_terminal_is_not_sent_what_it_would_obey),
	    cmocka_unit_test(of_a_long_line_the_part_with_the_fault_is_shown),
	    cmocka_unit_test(a_line_with_a_password_is_not_shown),
	    cmocka_unit_test(no_fault_tells_a_secret_however_the_file_is_broken),
	    cmocka_unit_test(a_site_has_no_more_routes_than_it_can_search),
	    cmocka_unit_test(a_proxy_has_no_more_servers_than_it_can_keep_apart),
	    cmocka_unit_test(all_faults_are_told_in_the_order_of_the_file),
	    cmocka_unit_test(twenty_faults_are_shown_and_the_rest_counted),
	    cmocka_unit_test(a_file_too_large_is_refused),
	    cmocka_unit_test(a_file_full_of_mistakes_takes_no_age),
	    cmocka_unit_test(a_full_error_buffer_is_no_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
