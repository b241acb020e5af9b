#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fs.h"
#include "pki/vault.h"
#include "tls/hmac.h"

static char directory[64], path[96];

static int
make_directory(void **state)
{
	(void)state;
	snprintf(directory, sizeof directory, "/tmp/vault-test.XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/key", directory);
	return 0;
}

static int
remove_directory(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static bool
opens(const struct vault *v, const char *about, struct span sealed, struct span secret)
{
	struct buf out = buf_with_cap(256);
	bool same = vault_unseal(v, about, sealed, &out) && span_equal(buf_span(&out), secret);

	buf_wipe(&out);
	return same;
}

static void
a_key_that_was_made_is_found_again(void **state)
{
	struct buf box = buf_with_cap(256);
	struct vault *v;
	struct stat st;

	(void)state;
	assert_fails(vault_open(path, false, &v));
	assert_null(v);
	assert_ok(vault_open(path, true, &v));
	assert_true(vault_seal(v, "device key 17", SPAN_OF("secret"), &box));
	vault_free(v);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 65);
	assert_ok(vault_open(path, true, &v));
	assert_true(opens(v, "device key 17", buf_span(&box), SPAN_OF("secret")));
	assert_false(opens(v, "device key 18", buf_span(&box), SPAN_OF("secret")));
	vault_free(v);
	vault_free(NULL);
	buf_free(&box);
}

static void
a_file_that_holds_no_key_is_refused_and_kept(void **state)
{
	static const char key[] =
	    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	static const char *const bad[] = {"", "\n", "00", "x", "secret\n"};
	struct buf text = buf_with_cap(256);
	struct vault *v;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_ok(fs_write_path(path, span_str(bad[i]), 0600));
		assert_fails(vault_open(path, true, &v));
		assert_null(v);
	}
	assert_true(buf_append(&text, SPAN_OF(key)) && buf_append(&text, SPAN_OF("\n\n")));
	assert_ok(fs_write_path(path, buf_span(&text), 0600));
	assert_fails(vault_open(path, true, &v));
	assert_ok(fs_write_path(path, SPAN_OF(key), 0600)); /* an editor took its newline */
	assert_ok(vault_open(path, false, &v));
	vault_free(v);
	buf_free(&text);
}

/* The error has the name of the file and what to do, and nothing of the key. */
static void
a_key_that_others_can_read_is_refused(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0660, 0644, 0620};
	struct vault *v;

	(void)state;
	unlink(path);
	assert_ok(vault_open(path, true, &v));
	vault_free(v);
	for (size_t i = 0; i < COUNT(modes); i++) {
		struct err e;

		assert_int_equal(chmod(path, modes[i]), 0);
		e = vault_open(path, true, &v);
		assert_true(failed(e) && v == NULL);
		assert_non_null(strstr(e.text, "chmod 600"));
	}
	assert_int_equal(chmod(path, 0600), 0);
	assert_ok(vault_open(path, true, &v));
	vault_free(v);
	assert_fails(vault_open(directory, true, &v));
	assert_fails(vault_open("/nowhere/at/all", true, &v));
}

static void
where_a_part_ends_is_part_of_the_mac(void **state)
{
	static const struct span parts[][3] = {
	    {SPAN_INIT("ab"), SPAN_INIT("c"), SPAN_INIT("")},
	    {SPAN_INIT("a"), SPAN_INIT("bc"), SPAN_INIT("")},
	    {SPAN_INIT("abc"), SPAN_INIT(""), SPAN_INIT("")},
	    {SPAN_INIT(""), SPAN_INIT(""), SPAN_INIT("abc")},
	};
	uint8_t macs[COUNT(parts) + 2][32], master[32] = {7}, other[32] = {8};
	struct vault *v, *w;
	size_t count = COUNT(parts);

	(void)state;
	assert_ok(vault_of(master, &v));
	assert_ok(vault_of(other, &w));
	for (size_t i = 0; i < COUNT(parts); i++)
		assert_true(vault_mac(v, parts[i], 3, macs[i]));
	assert_true(vault_mac(v, parts[2], 1, macs[count++]));
	assert_true(vault_mac(w, parts[2], 1, macs[count++]));
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++)
			assert_false(hmac_equal(macs[i], macs[k], 32));
	assert_true(vault_mac(v, NULL, 0, macs[0]));
	vault_free(v);
	vault_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_key_that_was_made_is_found_again),
	    cmocka_unit_test(a_file_that_holds_no_key_is_refused_and_kept),
	    cmocka_unit_test(a_key_that_others_can_read_is_refused),
	    cmocka_unit_test(where_a_part_ends_is_part_of_the_mac),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
