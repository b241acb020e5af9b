#include "unit.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/encode.h"
#include "pki/fixture.h"
#include "tls/wrap_key.h"

#define DAY 86400000ll

static struct certificate_row
current(struct test_pki *t, enum certificate_kind kind)
{
	struct certificate_row row;

	assert_done(t->in->store,
		    store_certificate_current(t->in->store, kind, t->in->memory, &row));
	return row;
}

static void
ensure(struct test_pki *t)
{
	assert_ok(authority_ensure(&t->a, &t->settings, "vpn.example.org"));
}

static X509_STORE *
believed(const struct buf *pem)
{
	BIO *bio = BIO_new_mem_buf(buf_span(pem).p, (int)buf_len(pem));
	X509_STORE *store = X509_STORE_new();
	X509 *cert;

	while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		assert_int_equal(X509_STORE_add_cert(store, cert), 1);
		X509_free(cert);
	}
	BIO_free(bio);
	return store;
}

/* Whether one who believes `authorities` believes this, at that time. */
static bool
verifies(const struct buf *certificate, const struct buf *authorities, int purpose, int64_t now)
{
	BIO *bio = BIO_new_mem_buf(buf_span(certificate).p, (int)buf_len(certificate));
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	X509_STORE *store = believed(authorities);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool good;

	assert_non_null(cert);
	assert_int_equal(X509_STORE_CTX_init(ctx, store, cert, NULL), 1);
	X509_STORE_CTX_set_purpose(ctx, purpose);
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(ctx), now / 1000);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
	good = X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	X509_free(cert);
	BIO_free(bio);
	return good;
}

/* Whether a device with this profile and the server, as it is now, believe each other. */
static bool
connects(struct test_pki *t, const struct device_material *profile)
{
	struct server_material server;
	bool good;

	assert_ok(authority_server(&t->a, &server));
	good =
	    verifies(&server.certificate, &profile->ca, X509_PURPOSE_SSL_SERVER, t->a.now) &&
	    verifies(&profile->certificate, &server.authorities, X509_PURPOSE_SSL_CLIENT, t->a.now);
	server_material_wipe(&server);
	return good;
}

static struct device_material
material(struct test_pki *t, const struct device *d)
{
	struct device_material m;

	assert_outcome(OUTCOME_DONE, authority_material(&t->a, d, &m));
	return m;
}

static struct buf
bytes_of_pem(const struct buf *pem, const char *label)
{
	struct buf text = buf_with_cap(8192), bytes = buf_with_cap(8192);
	char head[80], tail[80];
	struct span s;

	snprintf(head, sizeof head, "-----BEGIN %s-----\n", label);
	snprintf(tail, sizeof tail, "-----END %s-----\n", label);
	assert_true(span_starts_with(buf_span(pem), span_str(head)));
	s = span_tail(buf_span(pem), strlen(head));
	assert_true(s.len > strlen(tail));
	assert_true(span_equal(span_tail(s, s.len - strlen(tail)), span_str(tail)));
	assert_true(base64_read(span_head(s, s.len - strlen(tail)), &bytes));
	buf_free(&text);
	return bytes;
}

static void
what_is_missing_is_made_once(void **state)
{
	struct test_pki *t = *state;
	struct server_material first, again;
	struct certificate_row ca, server;

	assert_fails(authority_server(&t->a, &first));
	ensure(t);
	ca = current(t, CERTIFICATE_CA);
	server = current(t, CERTIFICATE_SERVER);
	assert_int_equal(server.issuer, ca.id);
	assert_string_equal(server.name, "vpn.example.org");
	assert_int_equal(ca.not_after, t->a.now + 3650 * DAY);
	assert_int_equal(server.not_after, t->a.now + 825 * DAY);
	assert_ok(authority_server(&t->a, &first));
	t->a.now += 700 * DAY;
	ensure(t);
	assert_int_equal(current(t, CERTIFICATE_CA).id, ca.id);
	assert_int_equal(current(t, CERTIFICATE_SERVER).id, server.id);
	assert_ok(authority_server(&t->a, &again));
	assert_memory_equal(first.wrap_key, again.wrap_key, WRAP_SERVER_KEY);
	assert_memory_equal(first.static_key, again.static_key, WRAP_CLIENT_KEY);
	assert_true(span_equal(buf_span(&first.key), buf_span(&again.key)));
	server_material_wipe(&again);
	server_material_wipe(&first);
}

static void
the_servers_certificate_is_renewed_in_its_last_month(void **state)
{
	struct test_pki *t = *state;
	struct device d;
	struct device_material profile;
	int64_t first;

	ensure(t);
	first = current(t, CERTIFICATE_SERVER).id;
	d = test_device(t, "laptop");
	profile = material(t, &d);
	t->a.now += 794 * DAY;
	ensure(t);
	assert_int_equal(current(t, CERTIFICATE_SERVER).id, first);
	t->a.now += 2 * DAY;
	ensure(t);
	assert_int_not_equal(current(t, CERTIFICATE_SERVER).id, first);
	assert_true(connects(t, &profile));
	device_material_wipe(&profile);
}

/* In a CA's last years nothing is made that outlives it, nor made again and again. */
static void
nothing_outlives_its_authority(void **state)
{
	struct test_pki *t = *state;
	struct certificate_row ca, server;
	struct device d;

	ensure(t);
	ca = current(t, CERTIFICATE_CA);
	t->a.now += 3600 * DAY;
	ensure(t);
	server = current(t, CERTIFICATE_SERVER);
	assert_int_equal(server.not_after, ca.not_after);
	d = test_device(t, "laptop");
	assert_int_equal(d.expires, ca.not_after);
	t->a.now += 45 * DAY;
	ensure(t);
	assert_int_equal(current(t, CERTIFICATE_SERVER).id, server.id);
	t->a.now += 10 * DAY;
	assert_fails(authority_ensure(&t->a, &t->settings, "vpn.example.org"));
	assert_outcome(OUTCOME_DONE, authority_roll_over(&t->a, &t->settings, t->a.now));
	ensure(t);
}

/* Profiles have the name in them. */
static void
another_name_of_the_server_breaks_no_profile(void **state)
{
	struct test_pki *t = *state;
	struct device_material profile;
	struct device d;

	ensure(t);
	assert_ok(authority_ensure(&t->a, &t->settings, "other.example.org"));
	assert_string_equal(current(t, CERTIFICATE_SERVER).name, "vpn.example.org");
	t->a.now += 800 * DAY;
	assert_ok(authority_ensure(&t->a, &t->settings, "other.example.org"));
	assert_string_equal(current(t, CERTIFICATE_SERVER).name, "vpn.example.org");
	d = test_device(t, "laptop");
	profile = material(t, &d);
	assert_string_equal(profile.server_name, "vpn.example.org");
	device_material_wipe(&profile);
}

static void
a_name_that_cannot_stand_in_a_profile_is_not_taken(void **state)
{
	static const char *const names[] = {
	    "",
	    "a b",
	    "a\"b",
	    "a\nb",
	    "b\xC3\xBCro",
	    "a-name-that-is-longer-than-the-64-characters-of-a-common-name.example.org"};
	struct test_pki *t = *state;

	for (size_t i = 0; i < COUNT(names); i++) {
		void *each;

		assert_int_equal(test_pki_begin(&each), 0);
		t = each;
		assert_ok(authority_ensure(&t->a, &t->settings, names[i]));
		assert_string_equal(current(t, CERTIFICATE_SERVER).name, "vpn");
		assert_int_equal(test_pki_end(&each), 0);
	}
}

static void
a_device_has_a_certificate_and_a_key_that_names_it(void **state)
{
	struct test_pki *t = *state;
	struct device first, d;
	struct device_material m;
	struct server_material server;
	struct certificate_row row;
	struct wrap_key wrap;
	struct buf client;

	ensure(t);
	first = test_device(t, "phone");
	d = test_device(t, "laptop");
	assert_string_not_equal(first.serial, d.serial);
	assert_done(t->in->store,
		    store_certificate_by_serial(t->in->store, d.serial, t->in->memory, &row));
	assert_int_equal(row.device, d.id);
	assert_string_equal(row.name, "alice/laptop");
	assert_int_equal(d.expires, t->a.now + 825 * DAY);
	m = material(t, &d);
	assert_true(connects(t, &m));
	assert_ok(authority_server(&t->a, &server));
	client = bytes_of_pem(&m.wrap_key, WRAP_CLIENT_LABEL);
	assert_true(
	    wrap_key_open(server.wrap_key, span_tail(buf_span(&client), WRAP_CLIENT_KEY), &wrap));
	assert_int_equal(wrap.device, d.id);
	assert_memory_equal(wrap.key, client.data, WRAP_CLIENT_KEY);
	buf_wipe(&client);
	server_material_wipe(&server);
	device_material_wipe(&m);
}

/* In lines, as openvpn --genkey writes it. */
static void
all_who_have_no_key_of_their_own_have_the_servers_static_one(void **state)
{
	static const char head[] = "-----BEGIN OpenVPN Static key V1-----\n",
			  tail[] = "-----END OpenVPN Static key V1-----\n";
	struct test_pki *t = *state;
	char hex[HEX_SIZE(WRAP_CLIENT_KEY)];
	struct server_material server;
	struct device d;
	struct device_material m;

	ensure(t);
	d = test_device(t, "laptop");
	assert_ok(authority_server(&t->a, &server));
	hex_write(span_of(server.static_key, sizeof server.static_key), hex);
	for (unsigned times = 0; times < 2; times++) {
		struct span text, key = span_str(hex);

		ensure(t); /* which makes no other */
		m = material(t, &d);
		assert_outcome(OUTCOME_DONE, authority_use_static(&t->a, &m));
		text = buf_span(&m.wrap_key);
		assert_true(span_starts_with(text, SPAN_OF(head)));
		for (text = span_tail(text, strlen(head)); key.len > 0; key = span_tail(key, 32)) {
			assert_true(span_starts_with(text, span_head(key, 32)));
			assert_int_equal(text.p[32], '\n');
			text = span_tail(text, 33);
		}
		assert_true(span_equal(text, SPAN_OF(tail)));
		device_material_wipe(&m);
	}
	server_material_wipe(&server);
}

static void
renewed_it_has_another_and_the_old_one_stays_good(void **state)
{
	struct test_pki *t = *state;
	struct device_material before, after;
	struct certificate_row row;
	struct device d, kept;
	const char *serial;

	ensure(t);
	d = test_device(t, "laptop");
	serial = d.serial;
	before = material(t, &d);
	t->a.now += 100 * DAY;
	assert_outcome(OUTCOME_DONE, authority_issue(&t->a, &t->settings, "alice", &d));
	after = material(t, &d);
	assert_string_not_equal(d.serial, serial);
	assert_done(t->in->store,
		    store_certificate_by_serial(t->in->store, serial, t->in->memory, &row));
	assert_int_equal(row.revoked, 0);
	assert_int_equal(row.device, d.id);
	assert_true(connects(t, &before));
	assert_true(connects(t, &after));
	assert_done(t->in->store, store_device(t->in->store, d.id, t->in->memory, &kept));
	assert_int_equal(kept.version, d.version);
	assert_string_equal(kept.serial, d.serial);
	assert_int_equal(kept.expires, d.expires);
	device_material_wipe(&after);
	device_material_wipe(&before);
}

static void
who_comes_second_is_told_so(void **state)
{
	struct test_pki *t = *state;
	struct device d, stale;

	ensure(t);
	d = test_device(t, "laptop");
	stale = d;
	stale.version--;
	assert_outcome(OUTCOME_CHANGED, authority_issue(&t->a, &t->settings, "alice", &stale));
}

/* A name has to fit, and to be cut between characters: of two bytes each, here. */
static void
long_names_are_cut(void **state)
{
	struct test_pki *t = *state;
	struct certificate_row row;
	struct device d;
	char name[121];

	ensure(t);
	for (size_t i = 0; i < 60; i++)
		span_put((uint8_t *)name + 2 * i, SPAN_OF("\xC3\xBC"));
	name[120] = '\0';
	d = test_device(t, name);
	assert_done(t->in->store,
		    store_certificate_by_serial(t->in->store, d.serial, t->in->memory, &row));
	assert_int_equal(strlen(row.name), 64);
	d = test_device(t, name + 2); /* "alice/" has an even number of bytes */
	assert_outcome(OUTCOME_DONE, authority_issue(&t->a, &t->settings, "alicia", &d));
	assert_done(t->in->store,
		    store_certificate_by_serial(t->in->store, d.serial, t->in->memory, &row));
	assert_int_equal(strlen(row.name), 63);
}

static void
after_a_roll_over_old_and_new_profiles_connect_until_the_old_ones_retire(void **state)
{
	struct test_pki *t = *state;
	struct device old_one, new_one;
	struct device_material old_profile, new_profile;
	int64_t ca;

	ensure(t);
	ca = current(t, CERTIFICATE_CA).id;
	old_one = test_device(t, "old");
	old_profile = material(t, &old_one);
	assert_outcome(OUTCOME_DONE, authority_roll_over(&t->a, &t->settings, t->a.now + 90 * DAY));
	assert_int_not_equal(current(t, CERTIFICATE_CA).id, ca);
	new_one = test_device(t, "new");
	new_profile = material(t, &new_one);
	assert_true(connects(t, &old_profile));
	assert_true(connects(t, &new_profile));
	t->a.now += 89 * DAY;
	ensure(t);
	assert_true(connects(t, &old_profile));
	assert_true(connects(t, &new_profile));
	/* Between that day and the next look, the server still has the old CA's certificate. */
	t->a.now += 2 * DAY;
	assert_false(connects(t, &old_profile));
	assert_true(connects(t, &new_profile));
	device_material_wipe(&old_profile);
	old_profile = material(t, &new_one);
	assert_true(connects(t, &old_profile));
	ensure(t);
	assert_int_equal(current(t, CERTIFICATE_SERVER).issuer, current(t, CERTIFICATE_CA).id);
	assert_true(connects(t, &old_profile));
	assert_true(connects(t, &new_profile));
	device_material_wipe(&old_profile);
	device_material_wipe(&new_profile);
}

static void
roll_overs_may_follow_each_other(void **state)
{
	struct test_pki *t = *state;
	struct device_material profiles[4];
	/* When each CA retires; the second one before the first. */
	static const int retires[] = {90, 60, 120, 100000};

	ensure(t);
	for (size_t i = 0; i < COUNT(profiles); i++) {
		char name[8] = {(char)('a' + i), '\0'};
		struct device d = test_device(t, name);

		profiles[i] = material(t, &d);
		if (i + 1 < COUNT(profiles))
			assert_outcome(
			    OUTCOME_DONE,
			    authority_roll_over(&t->a, &t->settings, t->a.now + retires[i] * DAY));
	}
	for (int day = 0; day < 130; day += 5) {
		for (size_t i = 0; i < COUNT(profiles); i++)
			if (connects(t, &profiles[i]) != (day < retires[i]))
				fail_msg("profile %zu on day %d", i, day);
		t->a.now += 5 * DAY;
		ensure(t);
	}
	for (size_t i = 0; i < COUNT(profiles); i++)
		device_material_wipe(&profiles[i]);
}

/* As one does whose key was stolen. */
static void
an_authority_that_retires_at_once_is_good_for_nothing(void **state)
{
	struct test_pki *t = *state;
	struct device_material old_profile, new_profile;
	struct device d;

	ensure(t);
	d = test_device(t, "old");
	old_profile = material(t, &d);
	assert_outcome(OUTCOME_DONE, authority_roll_over(&t->a, &t->settings, t->a.now));
	assert_int_equal(current(t, CERTIFICATE_SERVER).issuer, current(t, CERTIFICATE_CA).id);
	d = test_device(t, "new");
	new_profile = material(t, &d);
	assert_false(connects(t, &old_profile));
	assert_true(connects(t, &new_profile));
	device_material_wipe(&old_profile);
	device_material_wipe(&new_profile);
}

static void
an_authority_cannot_retire_in_the_past_or_after_its_end(void **state)
{
	struct test_pki *t = *state;
	const int64_t times[] = {0, t->a.now - 1, t->a.now + 3651 * DAY, INT64_MAX};
	int64_t ca;

	ensure(t);
	ca = current(t, CERTIFICATE_CA).id;
	for (size_t i = 0; i < COUNT(times); i++) {
		struct outcome o = authority_roll_over(&t->a, &t->settings, times[i]);

		assert_int_equal(o.kind, OUTCOME_INVALID);
		assert_string_equal(o.field, "retires");
	}
	assert_int_equal(current(t, CERTIFICATE_CA).id, ca);
}

static void
old_clients_may_have_rsa(void **state)
{
	struct test_pki *t = *state;
	struct device_material m;
	struct device d;

	t->settings.key = ISSUE_RSA_2048;
	ensure(t);
	d = test_device(t, "laptop");
	m = material(t, &d);
	assert_true(connects(t, &m));
	device_material_wipe(&m);
}

/* The database of one machine with the key file of another. */
static void
with_another_key_file_nothing_is_issued_or_shown(void **state)
{
	static const uint8_t other[32] = "another key";
	struct test_pki *t = *state;
	struct server_material server;
	struct device_material m;
	struct device d, more = {.user = t->user.id, .name = "phone"};
	struct err e;

	ensure(t);
	d = test_device(t, "laptop");
	assert_done(t->in->store, store_device_add(t->in->store, &more));
	vault_free(t->vault);
	assert_ok(vault_of(other, &t->vault));
	t->a.vault = t->vault;
	assert_outcome(OUTCOME_DOWN, authority_issue(&t->a, &t->settings, "alice", &more));
	assert_outcome(OUTCOME_DOWN, authority_material(&t->a, &d, &m));
	assert_int_equal(buf_len(&m.key), 0);
	e = authority_server(&t->a, &server);
	assert_true(failed(e));
	assert_non_null(strstr(e.text, "key file"));
	assert_int_equal(buf_len(&server.key), 0);
}

/* Whoever writes into the database cannot give one device another's keys. */
static void
keys_cannot_be_exchanged_between_rows(void **state)
{
	struct test_pki *t = *state;
	struct device a, b;
	struct device_material m;

	ensure(t);
	a = test_device(t, "a");
	b = test_device(t, "b");
	a.wrap_key = b.wrap_key;
	assert_outcome(OUTCOME_DOWN, authority_material(&t->a, &a, &m));
}

static void
before_there_is_an_authority_nothing_is_issued(void **state)
{
	struct test_pki *t = *state;
	struct device_material m;
	struct device d = {.user = t->user.id, .name = "laptop"};

	assert_done(t->in->store, store_device_add(t->in->store, &d));
	assert_outcome(OUTCOME_DOWN, authority_issue(&t->a, &t->settings, "alice", &d));
	assert_outcome(OUTCOME_DOWN, authority_material(&t->a, &d, &m));
	assert_outcome(OUTCOME_DOWN, authority_roll_over(&t->a, &t->settings, t->a.now));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    pki_test(what_is_missing_is_made_once),
	    pki_test(the_servers_certificate_is_renewed_in_its_last_month),
	    pki_test(nothing_outlives_its_authority),
	    pki_test(another_name_of_the_server_breaks_no_profile),
	    cmocka_unit_test(a_name_that_cannot_stand_in_a_profile_is_not_taken),
	    pki_test(a_device_has_a_certificate_and_a_key_that_names_it),
	    pki_test(all_who_have_no_key_of_their_own_have_the_servers_static_one),
	    pki_test(renewed_it_has_another_and_the_old_one_stays_good),
	    pki_test(who_comes_second_is_told_so),
	    pki_test(long_names_are_cut),
	    pki_test(after_a_roll_over_old_and_new_profiles_connect_until_the_old_ones_retire),
	    pki_test(roll_overs_may_follow_each_other),
	    pki_test(an_authority_that_retires_at_once_is_good_for_nothing),
	    pki_test(an_authority_cannot_retire_in_the_past_or_after_its_end),
	    pki_test(old_clients_may_have_rsa),
	    pki_test(with_another_key_file_nothing_is_issued_or_shown),
	    pki_test(keys_cannot_be_exchanged_between_rows),
	    pki_test(before_there_is_an_authority_nothing_is_issued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
