/* What people are offered to connect with. */
#include "raw.h"

#define CONFIG(vpn)                                                                                \
	"state_dir /tmp\nlisten 8443\nsite vpn.example.org {\n    certificate self-signed\n"       \
	"    access_server\n}\nadmin {\n    listen 9443\n    allow any\n    portal any\n}\n" vpn

#define SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void
what_the_configuration_names_is_listed_for_people(void **state)
{
	struct server *s = *state;

	raw_configure(s,
		      CONFIG("vpn { client_software windows https://a.example/x/c.msi?y=/z " SHA256
			     "\nclient_software linux /files/c.deb\n"
			     "client_software ios https://a.example/how/ }\n"));
	struct reply r = ask(s, USER, METHOD_GET, "/software", NULL);
	assert_string_equal("{\"items\":[{\"platform\":\"windows\",\"name\":\"c.msi\","
			    "\"url\":\"https://a.example/x/c.msi?y=/z\",\"sha256\":\"" SHA256 "\"},"
			    "{\"platform\":\"linux\",\"name\":\"c.deb\","
			    "\"url\":\"https://vpn.example.org:8443/files/c.deb\",\"sha256\":null},"
			    "{\"platform\":\"ios\",\"name\":\"how\","
			    "\"url\":\"https://a.example/how/\",\"sha256\":null}]}",
			    r.body);
	assert_status(401, ask(s, STRANGER, METHOD_GET, "/software", NULL));
	assert_status(403, ask(s, READER, METHOD_GET, "/software", NULL));
}

static void
where_it_names_none_there_is_none(void **state)
{
	struct server *s = *state;

	assert_string_equal("{\"items\":[]}", ask(s, USER, METHOD_GET, "/software", NULL).body);
}

static void
all_of_them_answered_well_once(void **state)
{
	(void)state;
	assert_all_asked_well(&operations_software);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_the_configuration_names_is_listed_for_people,
					    raw_begin, raw_end),
	    cmocka_unit_test_setup_teardown(where_it_names_none_there_is_none, raw_begin, raw_end),
	    cmocka_unit_test(all_of_them_answered_well_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
