#include "unit.h"

#include <argon2.h>
#include <stdio.h>
#include <time.h>

#include "base/encode.h"
#include "tls/password.h"

static const struct password_cost cheap = {.memory_kib = 64, .rounds = 1, .lanes = 1};

/* RFC 9106 §5.3: what the library computes, whatever its release. */
static void
the_library_is_argon2id_as_the_rfc_has_it(void **state)
{
	uint8_t password[32], salt[16], secret[8], data[12], out[32];
	char hex[HEX_SIZE(32)];
	argon2_context c = {.out = out,
			    .outlen = sizeof out,
			    .pwd = password,
			    .pwdlen = sizeof password,
			    .salt = salt,
			    .saltlen = sizeof salt,
			    .secret = secret,
			    .secretlen = sizeof secret,
			    .ad = data,
			    .adlen = sizeof data,
			    .t_cost = 3,
			    .m_cost = 32,
			    .lanes = 4,
			    .threads = 1,
			    .version = ARGON2_VERSION_13};

	(void)state;
	memset(password, 1, sizeof password);
	memset(salt, 2, sizeof salt);
	memset(secret, 3, sizeof secret);
	memset(data, 4, sizeof data);
	assert_int_equal(argon2id_ctx(&c), ARGON2_OK);
	hex_write(span_of(out, sizeof out), hex);
	assert_string_equal(hex,
			    "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
}

/* Of argon2's own tests: "password" with "somesalt". */
static void
forms_of_other_programs_are_read(void **state)
{
	static const char encoded[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ"
				      "$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

	(void)state;
	assert_true(password_is_right(SPAN_OF("password"), encoded));
	assert_false(password_is_right(SPAN_OF("Password"), encoded));
}

static void
only_the_password_itself_is_right(void **state)
{
	static const struct span wrong[] = {SPAN_INIT(""), SPAN_INIT("hunter"),
					    SPAN_INIT("hunter2 "), SPAN_INIT("hunter2\0"),
					    SPAN_INIT("Hunter2")};
	char a[PASSWORD_ENCODED_MAX], b[PASSWORD_ENCODED_MAX];

	(void)state;
	assert_true(password_hash(SPAN_OF("hunter2"), &cheap, a));
	assert_true(password_hash(SPAN_OF("hunter2"), &cheap, b));
	assert_string_not_equal(a, b);
	assert_true(password_is_right(SPAN_OF("hunter2"), a));
	assert_true(password_is_right(SPAN_OF("hunter2"), b));
	for (size_t i = 0; i < COUNT(wrong); i++)
		if (password_is_right(wrong[i], a))
			fail_msg("wrong password %zu", i);
}

static void
every_length_up_to_the_most_is_a_password(void **state)
{
	char encoded[PASSWORD_ENCODED_MAX];
	uint8_t long_one[PASSWORD_MAX + 1];

	(void)state;
	memset(long_one, 'x', sizeof long_one);
	assert_true(password_hash(span_of(long_one, PASSWORD_MAX), &cheap, encoded));
	assert_true(password_is_right(span_of(long_one, PASSWORD_MAX), encoded));
	assert_false(password_is_right(span_of(long_one, PASSWORD_MAX - 1), encoded));
	assert_false(password_is_right(span_of(long_one, PASSWORD_MAX + 1), encoded));
	assert_false(password_hash(span_of(long_one, PASSWORD_MAX + 1), &cheap, encoded));
	assert_true(password_hash(SPAN_NONE, &cheap, encoded));
	assert_true(password_is_right(SPAN_NONE, encoded));
}

/* One of them asks for 4 TB, the others for years: none is computed. */
static void
a_form_that_is_broken_or_too_dear_is_of_no_password(void **state)
{
	static const char hash[] = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
	static const char *const heads[] = {
	    "",
	    "$argon2id$v=19$m=4294967295,t=2,p=1",
	    "$argon2id$v=19$m=65536,t=4294967295,p=1",
	    "$argon2id$v=19$m=65536,t=1,p=16777215",
	    "$argon2id$v=19$m=65536,t=1,p=0",
	    "$argon2id$v=19$m=0,t=0,p=0",
	    "$argon2id$v=19$m=-1,t=2,p=1",
	    "$argon2id$v=19$m=65536,t=2",
	    "$argon2id$v=16$m=65536,t=2,p=1",
	    "$argon2i$v=19$m=65536,t=2,p=1",
	    "$2y$10",
	};
	char encoded[PASSWORD_ENCODED_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(heads); i++) {
		snprintf(encoded, sizeof encoded, "%s%s", heads[i], hash);
		if (password_is_right(SPAN_OF("password"), encoded))
			fail_msg("\"%s\" was taken", encoded);
		assert_true(password_is_weak_form(encoded, &cheap) || heads[i][0] == '$');
	}
	assert_false(password_is_right(SPAN_OF(""), ""));
	assert_false(password_is_right(SPAN_OF("x"), "$argon2id$v=19$m=64,t=1,p=1$$"));
}

static int64_t
cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
nobodys_password_takes_as_long_as_somebodys(void **state)
{
	char encoded[PASSWORD_ENCODED_MAX];
	int64_t start, some, none;

	(void)state;
	assert_true(password_hash(SPAN_OF("hunter2"), &password_usual, encoded));
	start = cpu_us();
	assert_false(password_is_right(SPAN_OF("wrong"), encoded));
	some = cpu_us() - start;
	start = cpu_us();
	assert_false(password_is_right(SPAN_OF("wrong"), NULL));
	none = cpu_us() - start;
	assert_in_range(none, some / 3, some * 3);
}

static void
a_form_is_weak_when_any_part_of_its_cost_is_less(void **state)
{
	static const struct password_cost cost = {.memory_kib = 128, .rounds = 2, .lanes = 2};
	static const struct {
		struct password_cost made;
		bool weak;
	} forms[] = {
	    {{128, 2, 2}, false}, {{256, 3, 4}, false}, {{64, 2, 2}, true},
	    {{128, 1, 2}, true},  {{128, 2, 1}, true},
	};
	char encoded[PASSWORD_ENCODED_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		assert_true(password_hash(SPAN_OF("x"), &forms[i].made, encoded));
		assert_int_equal(password_is_weak_form(encoded, &cost), forms[i].weak);
	}
	assert_true(password_is_weak_form("$2y$10$abc", &cost));
	assert_true(password_is_weak_form("", &cost));
}

static void
keys_are_of_password_salt_and_cost(void **state)
{
	uint8_t a[32], b[32];

	(void)state;
	assert_true(password_key(SPAN_OF("x"), SPAN_OF("saltsalt"), &cheap, a));
	assert_true(password_key(SPAN_OF("x"), SPAN_OF("saltsalt"), &cheap, b));
	assert_memory_equal(a, b, 32);
	assert_true(password_key(SPAN_OF("y"), SPAN_OF("saltsalt"), &cheap, b));
	assert_memory_not_equal(a, b, 32);
	assert_true(password_key(SPAN_OF("x"), SPAN_OF("saltSalt"), &cheap, b));
	assert_memory_not_equal(a, b, 32);
	assert_true(
	    password_key(SPAN_OF("x"), SPAN_OF("saltsalt"), &(struct password_cost){64, 2, 1}, b));
	assert_memory_not_equal(a, b, 32);
	assert_false(password_key(SPAN_OF("x"), SPAN_OF("short"), &cheap, b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_library_is_argon2id_as_the_rfc_has_it),
	    cmocka_unit_test(forms_of_other_programs_are_read),
	    cmocka_unit_test(only_the_password_itself_is_right),
	    cmocka_unit_test(every_length_up_to_the_most_is_a_password),
	    cmocka_unit_test(a_form_that_is_broken_or_too_dear_is_of_no_password),
	    cmocka_unit_test(nobodys_password_takes_as_long_as_somebodys),
	    cmocka_unit_test(a_form_is_weak_when_any_part_of_its_cost_is_less),
	    cmocka_unit_test(keys_are_of_password_salt_and_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
