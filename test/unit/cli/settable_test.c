#include "cli/settable.h"

#include "unit.h"

static void
what_is_only_shown_is_left_out(void **state)
{
	static const struct {
		const char *path, *now, *left;
	} samples[] = {
	    {"/policy", "{\"devices_max\":3,\"dns\":null,\"usual\":{\"devices_max\":10}}",
	     "{\"devices_max\":3,\"dns\":null}"},
	    {"/alerts", "{\"rules\":{\"failures\":true},\"has_smtp_password\":true}",
	     "{\"rules\":{\"failures\":true}}"},
	    {"/policy", "{}", "{}"},
	    {"/nowhere", "{\"devices_max\":3}", "{}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		json_t *now = json_loads(samples[i].now, 0, NULL);
		json_t *left = json_loads(samples[i].left, 0, NULL);
		json_t *got = settable(samples[i].path, now);

		assert_true(json_equal(left, got));
		json_decref(got);
		json_decref(left);
		json_decref(now);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_only_shown_is_left_out)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
