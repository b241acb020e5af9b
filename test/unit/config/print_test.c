/* What is printed reads back as the same. Golden files: NAME.conf is printed as NAME.out. */
#include "config/try.h"

#include <dirent.h>
#include <stdlib.h>

#include "config/golden_folder.h"

static void
read_file(const char *folder, const char *name, const char *ending, struct buf *out)
{
	char path[1024];

	snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("cannot open %s", path);
	uint8_t *room = buf_room(out, 1 << 16);
	assert_non_null(room);
	buf_added(out, fread(room, 1, 1 << 16, f));
	fclose(f);
}

static void
same_text(const char *name, const char *what, const char *a, const char *b)
{
	if ((a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0))
		fail_msg("%s: %s: %s, then %s", name, what, a, b);
}

static void
same_backends(const char *name, const struct config *a, const struct config *b)
{
	assert_int_equal(a->backends_count, b->backends_count);
	for (size_t i = 0; i < a->backends_count; i++) {
		const struct backends *x = a->backends[i], *y = b->backends[i];

		same_text(name, "rule", x->name, y->name);
		assert_int_equal(x->index, y->index);
		assert_int_equal(x->count, y->count);
		assert_int_equal(x->proxy_protocol, y->proxy_protocol);
		assert_int_equal(x->connect_timeout, y->connect_timeout);
		assert_int_equal(x->idle_timeout, y->idle_timeout);
		assert_int_equal(x->retry_after, y->retry_after);
		assert_int_equal(x->check, y->check);
		for (size_t j = 0; j < x->count; j++) {
			same_text(name, "back end", x->at[j].text, y->at[j].text);
			same_text(name, "host", x->at[j].host, y->at[j].host);
			same_text(name, "path", x->at[j].unix_path, y->at[j].unix_path);
			same_text(name, "authority", x->at[j].authority, y->at[j].authority);
			assert_int_equal(x->at[j].port, y->at[j].port);
		}
	}
}

static void
same_door(const char *name, const struct door *x, const struct door *y)
{
	assert_int_equal(x->kind, y->kind);
	if (x->kind == DOOR_RELAY)
		assert_int_equal(x->to->index, y->to->index);
	for (size_t i = 0; x->kind == DOOR_INETD && (i == 0 || x->command[i - 1] != NULL); i++)
		same_text(name, "command", x->command[i], y->command[i]);
}

static void
same_rules(const char *name, const struct pass_rule *x, const struct pass_rule *y, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(x[i].count, y[i].count);
		assert_int_equal(x[i].to->index, y[i].to->index);
		for (size_t j = 0; j < x[i].count; j++)
			same_text(name, "value", x[i].values[j], y[i].values[j]);
	}
}

static void
same_share(const char *name, const struct share *x, const struct share *y)
{
	same_door(name, &x->openvpn, &y->openvpn);
	same_door(name, &x->ssh, &y->ssh);
	same_door(name, &x->http, &y->http);
	same_door(name, &x->http2, &y->http2);
	same_door(name, &x->other, &y->other);
	same_door(name, &x->tls, &y->tls);
	same_door(name, &x->silent, &y->silent);
	assert_int_equal(x->silent_after, y->silent_after);
	assert_int_equal(x->first_byte_timeout, y->first_byte_timeout);
	assert_int_equal(x->classify_timeout, y->classify_timeout);
	assert_int_equal(x->sni_count, y->sni_count);
	assert_int_equal(x->alpn_count, y->alpn_count);
	same_rules(name, x->sni, y->sni, x->sni_count);
	same_rules(name, x->alpn, y->alpn, x->alpn_count);
}

static void
same_words(const char *name, const char *what, const char **x, const char **y)
{
	assert_int_equal(x == NULL, y == NULL);
	for (size_t i = 0; x != NULL && (i == 0 || x[i - 1] != NULL); i++)
		same_text(name, what, x[i], y[i]);
}

static void
same_policy(const char *name, const struct policy *x, const struct policy *y)
{
	same_words(name, "index", x->index, y->index);
	same_words(name, "try", x->tries, y->tries);
	same_words(name, "compress_types", x->compress_types, y->compress_types);
	same_text(name, "realm", x->realm, y->realm);
	assert_int_equal(x->listing, y->listing);
	assert_int_equal(x->precompressed, y->precompressed);
	assert_int_equal(x->compress, y->compress);
	assert_int_equal(x->body_bytes, y->body_bytes);
	assert_int_equal(x->connections, y->connections);
	assert_int_equal(x->rate.count, y->rate.count);
	assert_int_equal(x->rate.per_ms, y->rate.per_ms);
	assert_int_equal(x->rate.burst, y->rate.burst);
}

static void
same_fields(const char *name, const struct policy_lists *x, const struct policy_lists *y)
{
	assert_int_equal(x->field_count, y->field_count);
	for (size_t i = 0; i < x->field_count; i++) {
		assert_int_equal(x->fields[i].how, y->fields[i].how);
		same_text(name, "field", x->fields[i].name, y->fields[i].name);
		same_text(name, "value", x->fields[i].value, y->fields[i].value);
	}
}

static void
same_lists(const char *name, const struct policy_lists *x, const struct policy_lists *y)
{
	same_fields(name, x, y);
	assert_int_equal(x->cache_rule_count, y->cache_rule_count);
	for (size_t i = 0; i < x->cache_rule_count; i++) {
		same_text(name, "pattern", x->cache_rules[i].pattern, y->cache_rules[i].pattern);
		same_text(name, "caching", x->cache_rules[i].value, y->cache_rules[i].value);
	}
	assert_int_equal(x->error_page_count, y->error_page_count);
	for (size_t i = 0; i < x->error_page_count; i++) {
		assert_int_equal(x->error_pages[i].status, y->error_pages[i].status);
		same_text(name, "page", x->error_pages[i].path, y->error_pages[i].path);
	}
	assert_int_equal(x->account_count, y->account_count);
	for (size_t i = 0; i < x->account_count; i++) {
		same_text(name, "user", x->accounts[i].name, y->accounts[i].name);
		same_text(name, "hash", x->accounts[i].hash, y->accounts[i].hash);
	}
}

static void
same_networks(const struct network *x, const struct network *y, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(x[i].bits, y[i].bits);
		assert_true(address_equal(&x[i].base, &y[i].base));
	}
}

static void
same_condition(const char *name, const struct route_condition *x, const struct route_condition *y)
{
	same_words(name, "method", x->methods, y->methods);
	assert_int_equal(x->from_count, y->from_count);
	same_networks(x->from, y->from, x->from_count);
	assert_int_equal(x->field_count, y->field_count);
	for (size_t i = 0; i < x->field_count; i++) {
		same_text(name, "match", x->fields[i].name, y->fields[i].name);
		same_text(name, "match", x->fields[i].value, y->fields[i].value);
	}
}

static void
same_proxy(const char *name, const struct proxy *x, const struct proxy *y)
{
	assert_int_equal(x->index, y->index);
	assert_int_equal(x->to->index, y->to->index);
	assert_int_equal(x->scheme, y->scheme);
	assert_int_equal(x->http2, y->http2);
	assert_int_equal(x->keep_host, y->keep_host);
	assert_int_equal(x->verify, y->verify);
	assert_int_equal(x->ca_index, y->ca_index);
	assert_int_equal(x->pin_count, y->pin_count);
	if (x->pin_count > 0)
		assert_memory_equal(x->pins, y->pins, x->pin_count * sizeof *x->pins);
	assert_int_equal(x->balance, y->balance);
	assert_int_equal(x->answer_timeout, y->answer_timeout);
	assert_int_equal(x->idle_connections, y->idle_connections);
	assert_int_equal(x->retries, y->retries);
	assert_int_equal(x->check_status, y->check_status);
	same_text(name, "ca", x->ca_file, y->ca_file);
	same_text(name, "sni", x->sni, y->sni);
	same_text(name, "hash", x->hash_field, y->hash_field);
	same_text(name, "check_path", x->check_path, y->check_path);
	same_fields(name, &x->request, &y->request);
}

static void
same_route(const char *name, const struct route *x, const struct route *y)
{
	same_text(name, "route", x->path, y->path);
	same_condition(name, &x->condition, &y->condition);
	assert_int_equal(x->handler, y->handler);
	same_text(name, "root", x->root, y->root);
	assert_int_equal(x->root_index, y->root_index);
	assert_int_equal(x->proxy == NULL, y->proxy == NULL);
	if (x->proxy != NULL)
		same_proxy(name, x->proxy, y->proxy);
	assert_int_equal(x->status, y->status);
	same_text(name, "text", x->text, y->text);
	same_text(name, "strip_prefix", x->strip_prefix, y->strip_prefix);
	same_text(name, "rewrite", x->rewrite, y->rewrite);
	same_policy(name, &x->policy, &y->policy);
	same_lists(name, &x->lists, &y->lists);
}

static void
same_site(const char *name, const struct site *x, const struct site *y)
{
	assert_int_equal(x->name_count, y->name_count);
	for (size_t i = 0; i < x->name_count; i++)
		same_text(name, "name", x->names[i], y->names[i]);
	assert_int_equal(x->self_signed, y->self_signed);
	assert_int_equal(x->access_server, y->access_server);
	assert_int_equal(x->implied, y->implied);
	assert_int_equal(x->plain_http, y->plain_http);
	assert_int_equal(x->hsts, y->hsts);
	assert_int_equal(x->hsts_subdomains, y->hsts_subdomains);
	assert_int_equal(x->hsts_preload, y->hsts_preload);
	assert_int_equal(x->security_fields, y->security_fields);
	assert_int_equal(x->certificate_count, y->certificate_count);
	for (size_t i = 0; i < x->certificate_count; i++) {
		same_text(name, "chain", x->certificates[i].chain, y->certificates[i].chain);
		same_text(name, "key", x->certificates[i].key, y->certificates[i].key);
	}
	same_policy(name, &x->policy, &y->policy);
	same_lists(name, &x->lists, &y->lists);
	assert_int_equal(x->route_count, y->route_count);
	for (size_t i = 0; i < x->route_count; i++)
		same_route(name, &x->routes[i], &y->routes[i]);
}

static void
same_allowed(const struct allow_list *x, const struct allow_list *y)
{
	assert_int_equal(x->any, y->any);
	assert_int_equal(x->vpn, y->vpn);
	assert_int_equal(x->count, y->count);
	same_networks(x->networks, y->networks, x->count);
}

static void
same_vpn(const char *name, const struct vpn *x, const struct vpn *y)
{
	same_text(name, "endpoint", x->endpoint, y->endpoint);
	same_text(name, "domain", x->domain, y->domain);
	assert_int_equal(x->ca_key, y->ca_key);
	assert_int_equal(x->listen_count, y->listen_count);
	for (size_t i = 0; i < x->listen_count; i++)
		assert_true(address_equal(&x->listen[i].at, &y->listen[i].at));
	same_networks(&x->network, &y->network, 1);
	same_networks(&x->network6, &y->network6, 1);
	assert_int_equal(x->route_count, y->route_count);
	for (size_t i = 0; i < x->route_count; i++) {
		same_networks(&x->routes[i].to, &y->routes[i].to, 1);
		assert_int_equal(x->routes[i].way, y->routes[i].way);
	}
	assert_int_equal(x->dns_system, y->dns_system);
	assert_int_equal(x->dns_count, y->dns_count);
	for (size_t i = 0; i < x->dns_count; i++)
		assert_true(address_equal(&x->dns[i], &y->dns[i]));
	assert_int_equal(x->software_count, y->software_count);
	for (size_t i = 0; i < x->software_count; i++) {
		assert_int_equal(x->software[i].platform, y->software[i].platform);
		same_text(name, "url", x->software[i].url, y->software[i].url);
		same_text(name, "sha256", x->software[i].sha256, y->software[i].sha256);
	}
	assert_int_equal(x->client_to_client, y->client_to_client);
	assert_int_equal(x->clock_skew, y->clock_skew);
	assert_int_equal(x->rekey, y->rekey);
	assert_int_equal(x->ping, y->ping);
	assert_int_equal(x->silence, y->silence);
	assert_int_equal(x->mtu, y->mtu);
	assert_int_equal(x->legacy, y->legacy);
	assert_int_equal(x->legacy_tcp, y->legacy_tcp);
}

static void
same_access(const char *name, const struct config *a, const struct config *b)
{
	const struct admin *x = &a->admin, *y = &b->admin;

	assert_int_equal(x->wanted, y->wanted);
	assert_int_equal(x->listen_count, y->listen_count);
	for (size_t i = 0; i < x->listen_count; i++)
		assert_true(address_equal(&x->listen[i].at, &y->listen[i].at));
	same_allowed(&x->allow, &y->allow);
	same_allowed(&x->portal, &y->portal);
	same_vpn(name, &a->vpn, &b->vpn);
	same_text(name, "store", a->store_url, b->store_url);
	same_words(name, "trusted_paths", a->trusted_paths, b->trusted_paths);
	assert_int_equal(a->config_read_only, b->config_read_only);
	assert_int_equal(a->control == NULL, b->control == NULL);
}

static void
same_config(const char *name, const struct config *a, const struct config *b)
{
	same_text(name, "state_dir", a->state_dir, b->state_dir);
	same_text(name, "server_name", a->server_name, b->server_name);
	same_text(name, "file", a->log.access_file, b->log.access_file);
	same_text(name, "level", a->log.level, b->log.level);
	assert_int_equal(a->log.access, b->log.access);
	assert_int_equal(a->workers, b->workers);
	assert_int_equal(a->drain_timeout, b->drain_timeout);
	assert_memory_equal(&a->limits, &b->limits, sizeof a->limits);
	assert_int_equal(a->listen_count, b->listen_count);
	assert_memory_equal(a->listen, b->listen, a->listen_count * sizeof *a->listen);
	assert_int_equal(a->plain_listen_count, b->plain_listen_count);
	for (size_t i = 0; i < a->plain_listen_count; i++)
		assert_true(address_equal(&a->plain_listen[i].at, &b->plain_listen[i].at));
	assert_int_equal(a->trust_proxy_count, b->trust_proxy_count);
	same_networks(a->trust_proxy, b->trust_proxy, a->trust_proxy_count);
	assert_int_equal(a->trust_forwarded_count, b->trust_forwarded_count);
	same_networks(a->trust_forwarded, b->trust_forwarded, a->trust_forwarded_count);
	assert_int_equal(a->plain_http2_count, b->plain_http2_count);
	same_networks(a->plain_http2, b->plain_http2, a->plain_http2_count);
	same_access(name, a, b);
	same_backends(name, a, b);
	same_share(name, &a->share, &b->share);
	assert_int_equal(a->site_count, b->site_count);
	for (size_t i = 0; i < a->site_count; i++)
		same_site(name, &a->sites[i], &b->sites[i]);
	assert_int_equal(a->root_count, b->root_count);
	for (size_t i = 0; i < a->root_count; i++)
		same_text(name, "root", a->roots[i], b->roots[i]);
	assert_int_equal(a->proxy_count, b->proxy_count);
	assert_int_equal(a->authority_count, b->authority_count);
	for (size_t i = 0; i < a->authority_count; i++)
		same_text(name, "authorities", a->authorities[i], b->authorities[i]);
}

static void
assert_reads_back(const char *name, struct span text, struct buf *printed)
{
	struct buf errors = buf_with_cap(1 << 16), again = buf_with_cap(1 << 20);
	struct config *a = config_read(text, &as_root, &errors);

	if (a == NULL)
		fail_msg("%s: %.*s", name, (int)buf_len(&errors), (char *)errors.data);
	assert_true(config_print(a, printed));
	struct config *b = config_read(buf_span(printed), &as_root, &errors);
	if (b == NULL)
		fail_msg("%s, printed: %.*s", name, (int)buf_len(&errors), (char *)errors.data);
	same_config(name, a, b);
	assert_true(config_print(b, &again));
	assert_true(span_equal(buf_span(printed), buf_span(&again)));
	config_free(a);
	config_free(b);
	buf_free(&errors);
	buf_free(&again);
}

static void
check_golden(const char *name)
{
	struct buf text = buf_with_cap(1 << 20), expected = buf_with_cap(1 << 20),
		   printed = buf_with_cap(1 << 20);

	read_file(GOLDEN_FOLDER, name, ".conf", &text);
	read_file(GOLDEN_FOLDER, name, ".out", &expected);
	assert_reads_back(name, buf_span(&text), &printed);
	if (!span_equal(buf_span(&printed), buf_span(&expected)))
		fail_msg("%s.conf is printed as\n%.*s", name, (int)buf_len(&printed),
			 (char *)printed.data);
	buf_free(&text);
	buf_free(&expected);
	buf_free(&printed);
}

static void
every_golden_file_is_printed_as_it_was(void **state)
{
	DIR *dir = opendir(GOLDEN_FOLDER);
	size_t count = 0;

	(void)state;
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		char *ending = strrchr(entry->d_name, '.');

		if (strcmp(ending, ".conf") != 0)
			continue;
		*ending = '\0';
		check_golden(entry->d_name);
		count++;
	}
	closedir(dir);
	assert_true(count >= 5);
}

/* NAME.bad, and what is said of it, to the letter, in NAME.err. */
static void
every_golden_mistake_is_told_as_it_was(void **state)
{
	DIR *dir = opendir(GOLDEN_FOLDER);
	size_t count = 0;

	(void)state;
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		struct buf text = buf_with_cap(1 << 20), expected = buf_with_cap(1 << 20),
			   errors = buf_with_cap(1 << 20);
		char *ending = strrchr(entry->d_name, '.');

		if (strcmp(ending, ".bad") != 0)
			continue;
		*ending = '\0';
		read_file(GOLDEN_FOLDER, entry->d_name, ".bad", &text);
		read_file(GOLDEN_FOLDER, entry->d_name, ".err", &expected);
		assert_null(config_read(buf_span(&text), &as_root, &errors));
		if (!span_equal(buf_span(&errors), buf_span(&expected)))
			fail_msg("%s.bad: %.*s", entry->d_name, (int)buf_len(&errors),
				 (char *)errors.data);
		buf_free(&text);
		buf_free(&expected);
		buf_free(&errors);
		count++;
	}
	closedir(dir);
	assert_true(count >= 2);
}

static void
the_example_that_comes_with_us_reads(void **state)
{
	struct buf text = buf_with_cap(1 << 20), printed = buf_with_cap(1 << 20);

	(void)state;
	read_file(EXAMPLE_FOLDER, "sallyport.conf", ".example", &text);
	assert_reads_back("the example", buf_span(&text), &printed);
	buf_free(&text);
	buf_free(&printed);
}

#define IN_SITE(what) "site a.example { certificate self-signed; " what " }"
#define HASH          "$6$salt$0123456789abcdef"
#define PIN           "00:11:22:33:44:55:66:77:88:99:aa:BB:cc:dd:ee:ff:00112233445566778899aabbccddeeff"

static const char *const odd[] = {
    "server_name \"a\\\"b\\\\c\"\n" SITE,
    "server_name \"#a;{}\"\n" SITE,
    "server_name a\\b\n" SITE,
    "log { file \"/a b/#c\" }\n" SITE,
    "log { file \"/caf\xC3\xA9/\xFF\" }\n" SITE,
    "site a { certificate \"c d\" \"#k\"; route \"/a b*\" { root \"/x y\" }; root / }",
    "site a { certificate c k; route /* { root /x }; route /y { root /z } }",
    "site a { certificate c k; index index.html }",
    "site a { certificate c k; root /x; index \"a b\" index.html }",
    "share { alpn \"#\" \"\\\"\" h:1; ssh inetd { command x \"\" \"#\" \"a\\\\b\" } }",
    "share { openvpn h:1; ssh h:1; silent 1500ms openvpn }",
    "share { silent 1500ms h:1 { check 1h; proxy_protocol v1 } }",
    "share { other [::ffff:10.0.0.1]:7 [0:0::1]:007 }",
    "listen [::ffff:10.0.0.1]:443 10.0.0.2:0443\n" SITE,
    "trust_proxy ::/0 0.0.0.0/0 1.2.3.4 ::1 loopback loopback\n" SITE,
    "plain { listen off }\ndrain_timeout 3600s\nlimits { body_bytes 1048577 }\n" SITE,
    "log { access off; file \"off\" }\n" SITE,
    IN_SITE("header \"#a\" \"\"; header +++a b; header ?-a \"{b}\"; header --a"),
    IN_SITE("cache_control \"/a b*\" \"a;b\"; cache_control *.x x; cache_control /{path} \"#x\""),
    IN_SITE("basic_auth \"a \\\"b\\\"\" { user \"a b\" " HASH "; user \"#\" " HASH " }"),
    IN_SITE("basic_auth a { user a " HASH " }; route /a { basic_auth off; root /a }; "
	    "route /b { basic_auth b { user b " HASH " }; root /b }; route /c { root /c }"),
    IN_SITE("try {path}.html /a; route /a { try off; root /a }; route /b { try /b; root /b }"),
    IN_SITE("route /* { listing on; root /a }"),
    IN_SITE("route /* { header -a; root /a }"),
    IN_SITE("route /* { method GET; root /a }"),
    IN_SITE("route /* { from ::1; root /a }; route /* { match a; root /a }"),
    IN_SITE("route /* { strip_prefix /a; root /a }"),
    IN_SITE("route /* { rewrite /{path}; respond 200 }"),
    IN_SITE("listing on; route /* { listing on; respond 404 \"\" }"),
    IN_SITE("listing on; route /* { listing off; redirect {uri} }"),
    IN_SITE("limit_body 1m; route /a { limit_body 1k; root /a }; root /a"),
    "limits { body_bytes 5m }\n" IN_SITE("limit_body 5m; route /a { limit_body 1m; root /a }"),
    "limits { body_bytes 5m }\n" IN_SITE("limit_body 1m; route /a { limit_body 5m; root /a }"),
    IN_SITE("limit_rate 5/h burst 1; route /a { limit_rate off; root /a }"),
    IN_SITE("limit_rate 5/h; route /a { limit_rate 5/m burst 6; root /a }"),
    IN_SITE("error_page 404 403 /a; error_page 500 /a; error_page 501 \"/b c\"; root /a"),
    IN_SITE("hsts off"),
    IN_SITE("hsts 400d subdomains"),
    IN_SITE("hsts 365d preload subdomains"),
    IN_SITE("compress_types Text/* a/b; route /a { compress_types text/*; root /a }"),
    IN_SITE("proxy http://a HTTP://A:81 unix:b http://[0::1]:080"),
    IN_SITE("proxy https://a { verify pin " PIN " " PIN "; sni ::1; balance hash \"#a\" }"),
    IN_SITE("proxy https://[::1]:443 { verify ca x; check off; check_status any }"),
    IN_SITE("access_server; root /srv; listing on; route /a { listing off; root /a }"),
    IN_SITE("access_server"),
    IN_SITE("access_server; route /* { respond 404 }"),
    "admin { listen off; portal vpn any ::/0; allow 10.0.0.1 }\n" IN_SITE("access_server"),
    "admin { }",
    "admin { listen 9 127.0.0.1:10; allow loopback; allow vpn }\nvpn { endpoint 10.0.0.1 }",
    "store postgresql://u:%2F@h/d?sslmode=require\nconfig edit\n" SITE,
    "config read_only\ntrusted_paths \"/a b\" /\n" SITE,
    "trusted_paths /srv /var/www /var/lib/sallyport\n" SITE,
    IN_SITE("proxy https://10.0.0.1:80 { header -a; header b \"c d\"; idle_connections 0 }"),
};

static void
odd_words_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(odd); i++) {
		struct buf printed = buf_with_cap(1 << 20);

		assert_reads_back(odd[i], span_str(odd[i]), &printed);
		buf_free(&printed);
	}
}

static void
a_buffer_too_small_is_said_at_every_size(void **state)
{
	struct config *c =
	    good("server_name \"a b\"\n" SITE "share { http h:1 { check 1m }; ssh h:2 }");
	struct buf all = buf_with_cap(1 << 16);

	(void)state;
	assert_true(config_print(c, &all));
	for (size_t cap = 0; cap < buf_len(&all); cap++) {
		struct buf b = buf_with_cap(cap);

		assert_false(config_print(c, &b));
		buf_free(&b);
	}
	buf_free(&all);
	config_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_golden_file_is_printed_as_it_was),
	    cmocka_unit_test(every_golden_mistake_is_told_as_it_was),
	    cmocka_unit_test(the_example_that_comes_with_us_reads),
	    cmocka_unit_test(odd_words_read_back),
	    cmocka_unit_test(a_buffer_too_small_is_said_at_every_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
