#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pki/profile.h"

static const struct profile_remote remotes[] = {
    {"vpn.example.org", 443, false},
    {"vpn.example.org", 443, true},
    {"2001:db8::1", 1194, false},
};

/* Its PEM need not be any: it is copied as it is. */
static struct device_material
material(void)
{
	struct device_material m = {.server_name = "vpn.example.org",
				    .ca = buf_with_cap(64),
				    .certificate = buf_with_cap(64),
				    .key = buf_with_cap(64),
				    .wrap_key = buf_with_cap(64)};

	assert_true(buf_append(&m.ca, SPAN_OF("CA\n")) &&
		    buf_append(&m.certificate, SPAN_OF("CERTIFICATE\n")) &&
		    buf_append(&m.key, SPAN_OF("KEY\n")) &&
		    buf_append(&m.wrap_key, SPAN_OF("WRAP\n")));
	return m;
}

static struct profile
profile(const struct device_material *m)
{
	return (struct profile){.name = "alice@vpn.example.org (laptop)",
				.remotes = remotes,
				.remote_count = COUNT(remotes),
				.material = m};
}

/* As text, to be freed; NULL: it was refused. */
static char *
written(const struct profile *p, size_t cap)
{
	struct buf out = buf_with_cap(cap);

	if (!profile_write(p, &out)) {
		buf_free(&out);
		return NULL;
	}
	assert_true(buf_byte(&out, '\0'));
	return (char *)out.data;
}

static const char usual[] = "setenv FRIENDLY_NAME \"alice@vpn.example.org (laptop)\"\n"
			    "client\n"
			    "dev tun\n"
			    "nobind\n"
			    "remote vpn.example.org 443 udp\n"
			    "remote vpn.example.org 443 tcp-client\n"
			    "remote 2001:db8::1 1194 udp\n"
			    "server-poll-timeout 4\n"
			    "remote-cert-tls server\n"
			    "tls-version-min 1.2\n"
			    "cipher AES-256-GCM\n"
			    "auth SHA256\n"
			    "reneg-sec 0\n"
			    "verify-x509-name vpn.example.org name\n"
			    "<ca>\nCA\n</ca>\n"
			    "<cert>\nCERTIFICATE\n</cert>\n"
			    "<key>\nKEY\n</key>\n"
			    "<tls-crypt-v2>\nWRAP\n</tls-crypt-v2>\n";

static void
a_profile_is_whole_and_in_order(void **state)
{
	struct device_material m = material();
	struct profile p = profile(&m);
	char *text = written(&p, 4096);

	(void)state;
	assert_string_equal(text, usual);
	free(text);
	device_material_wipe(&m);
}

/* Of 2.4, which stops at an option that it does not know. */
static void
a_legacy_profile_has_the_static_key_and_nothing_newer(void **state)
{
	struct device_material m = material();
	struct profile p = profile(&m);
	char *text, *ignored, *list;

	(void)state;
	p.legacy = true;
	text = written(&p, 4096);
	assert_non_null(strstr(text, "<tls-crypt>\nWRAP\n</tls-crypt>\n"));
	assert_null(strstr(text, "tls-crypt-v2"));
	ignored = strstr(text, "\nignore-unknown-option data-ciphers\n");
	list = strstr(text, "\ndata-ciphers AES-256-GCM:AES-128-GCM\n");
	assert_true(ignored != NULL && list != NULL && ignored < list);
	assert_non_null(strstr(text, "\ncipher AES-256-GCM\n"));
	free(text);
	device_material_wipe(&m);
}

static void
who_signs_in_besides_is_asked(void **state)
{
	static const char password[] = "\nauth-user-pass\nauth-nocache\nauth-retry interact\n",
			  code[] = "\nstatic-challenge \"One-time code\" 1\n";
	struct device_material m = material();
	struct profile p = profile(&m);
	char *text;

	(void)state;
	p.asks_password = true;
	text = written(&p, 4096);
	assert_non_null(strstr(text, password));
	assert_null(strstr(text, "static-challenge"));
	free(text);
	p.asks_code = true;
	text = written(&p, 4096);
	assert_non_null(strstr(text, password));
	assert_non_null(strstr(text, code));
	free(text);
	p.asks_password = false;
	assert_null(written(&p, 4096));
	device_material_wipe(&m);
}

/* The first of them would run a program on the user's machine. */
static void
no_text_begins_a_line_of_its_own(void **state)
{
	static const char *const names[] = {"x\"\nup /bin/evil", "x\nup evil", "x\rup evil",
					    "x\x1b[2J",          "x\x7f",      "\t"};
	static const char *const hosts[] = {"a.example\nup /bin/evil",
					    "a b",
					    "",
					    "a\"b",
					    "a;b",
					    "#",
					    "a\\b",
					    "b\xC3\xBCro",
					    "<ca>"};
	struct device_material m = material();
	struct profile p = profile(&m);

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		p.name = names[i];
		assert_null(written(&p, 4096));
	}
	p = profile(&m);
	for (size_t i = 0; i < COUNT(hosts); i++) {
		const struct profile_remote bad = {hosts[i], 443, true};

		p.remotes = &bad;
		p.remote_count = 1;
		assert_null(written(&p, 4096));
	}
	p = profile(&m);
	for (size_t i = 0; i < COUNT(hosts); i++) {
		snprintf(m.server_name, sizeof m.server_name, "%s", hosts[i]);
		assert_null(written(&p, 4096));
	}
	device_material_wipe(&m);
}

static void
a_name_is_quoted(void **state)
{
	struct device_material m = material();
	struct profile p = profile(&m);
	char *text;

	(void)state;
	p.name = "B\xC3\xBCro \"1\\2\" # ; '";
	text = written(&p, 4096);
	assert_non_null(
	    strstr(text, "FRIENDLY_NAME \"B\xC3\xBCro \\\"1\\\\2\\\" # ; '\"\nclient\n"));
	free(text);
	device_material_wipe(&m);
}

static void
nothing_may_be_missing(void **state)
{
	static const struct profile_remote bad[] = {{"a", 0, false}, {"a", 65536, false}};
	struct device_material m = material(), without;
	struct profile p = profile(&m);

	(void)state;
	for (size_t cap = 0; cap < sizeof usual - 1; cap += 7)
		assert_null(written(&p, cap));
	p.remote_count = 0;
	assert_null(written(&p, 4096));
	p.remote_count = 1;
	for (size_t i = 0; i < COUNT(bad); i++) {
		p.remotes = &bad[i];
		assert_null(written(&p, 4096));
	}
	p = profile(&without);
	for (size_t i = 0; i < 4; i++) {
		struct buf *parts[] = {&without.ca, &without.certificate, &without.key,
				       &without.wrap_key};

		without = m;
		*parts[i] = buf_with_cap(64);
		assert_null(written(&p, 4096));
	}
	device_material_wipe(&m);
}

static void
files_have_names_that_every_system_takes(void **state)
{
	static const struct {
		const char *user, *device, *name;
	} samples[] = {
	    {"alice", "laptop", "alice-laptop.ovpn"},
	    {"alice.b", "my phone", "alice.b-my_phone.ovpn"},
	    {"../../etc", "passwd", "_._.._etc-passwd.ovpn"},
	    {".hidden", ".x", "_hidden-_x.ovpn"},
	    {"a\"\r\nb", "\xC3\xBC", "a___b-__.ovpn"},
	    {"", "", "-.ovpn"},
	};
	char out[160], long_one[301];

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		profile_file_name(samples[i].user, samples[i].device, out);
		assert_string_equal(out, samples[i].name);
	}
	memset(long_one, 'x', 300);
	long_one[300] = '\0';
	profile_file_name(long_one, long_one, out);
	assert_int_equal(strlen(out), 70 + 1 + 70 + 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_profile_is_whole_and_in_order),
	    cmocka_unit_test(a_legacy_profile_has_the_static_key_and_nothing_newer),
	    cmocka_unit_test(who_signs_in_besides_is_asked),
	    cmocka_unit_test(no_text_begins_a_line_of_its_own),
	    cmocka_unit_test(a_name_is_quoted),
	    cmocka_unit_test(nothing_may_be_missing),
	    cmocka_unit_test(files_have_names_that_every_system_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
