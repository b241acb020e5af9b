/* Devices, their profiles, and the one-time links that bring these onto them. */
#include "api/trusted.h"
#include "ops.h"

#define LAPTOP "{\"name\":\"laptop\",\"platform\":\"linux\"}"

static const char *
import_path(struct server *s, struct reply r)
{
	const char *url = member_of(s, r.body, "import_url");
	const char *at = url != NULL ? strstr(url, "/import/") : NULL;

	if (at == NULL)
		fail_msg("no import_url: %s", r.body);
	return at;
}

static void
a_device_is_added_shown_changed_renewed_and_revoked(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, OPERATOR, METHOD_POST, "/users/una/devices", LAPTOP), again;

	assert_string_equal("laptop", made(r));
	assert_string_equal("/api/v1/users/una/devices/laptop", r.location);
	r = ask(s, READER, METHOD_GET, "/users/una/devices/laptop", NULL);
	assert_int_equal(200, r.status);
	assert_says(r, "\"platform\":\"linux\"");
	assert_says_not(r, "wrap_key");
	again = ask_with(s, OPERATOR, METHOD_PATCH, "/users/una/devices/laptop",
			 "{\"platform\":\"bsd\"}", r.etag);
	assert_int_equal(200, again.status);
	assert_says(again, "\"platform\":\"bsd\"");
	assert_status(412, ask_with(s, OPERATOR, METHOD_PATCH, "/users/una/devices/laptop",
				    "{\"platform\":\"x\"}", r.etag));
	assert_status(428, ask(s, OPERATOR, METHOD_PATCH, "/users/una/devices/laptop", "{}"));
	r = ask(s, OPERATOR, METHOD_POST, "/users/una/devices/laptop/renew", NULL);
	assert_int_equal(200, r.status);
	assert_string_not_equal(member_of(s, r.body, "serial"), member_of(s, again.body, "serial"));
	assert_status(204, ask(s, OPERATOR, METHOD_POST, "/users/una/devices/laptop/revoke", NULL));
	assert_status(404, ask(s, OPERATOR, METHOD_POST, "/users/una/devices/laptop/revoke", NULL));
	assert_status(404, ask(s, OPERATOR, METHOD_GET, "/users/una/devices/laptop/profile", NULL));
	assert_status(201, ask(s, OPERATOR, METHOD_POST, "/users/una/devices", LAPTOP));
}

static void
a_profile_is_a_file_with_all_a_client_needs(void **state)
{
	static const char *const parts[] = {"<ca>",           "<cert>",  "<key>",
					    "<tls-crypt-v2>", "remote ", "vpn.example.org"};
	struct server *s = *state;
	struct reply r;

	assert_status(201, ask(s, ADMIN, METHOD_POST, "/users/una/devices", LAPTOP));
	r = ask(s, OPERATOR, METHOD_GET, "/users/una/devices/laptop/profile", NULL);
	assert_int_equal(200, r.status);
	assert_string_equal(OP_PROFILE_MEDIA, r.media);
	for (size_t i = 0; i < COUNT(parts); i++)
		assert_says(r, parts[i]);
	assert_says(ask(s, ADMIN, METHOD_GET, "/audit?action=device.profile", NULL),
		    "device una/laptop");
	r = ask(s, OPERATOR, METHOD_GET, "/users/una/devices/laptop/profile?legacy=true", NULL);
	assert_int_equal(400, r.status);
	assert_says(r, "legacy on");
	assert_says_not(r, "PRIVATE KEY");
	r = ask(s, OPERATOR, METHOD_GET, "/users/una/devices/laptop/profile?legacy=false", NULL);
	assert_int_equal(200, r.status);
	assert_status(400, ask(s, OPERATOR, METHOD_GET,
			       "/users/una/devices/laptop/profile?legacy=perhaps", NULL));
	assert_says_not(ask(s, ADMIN, METHOD_GET, "/audit/export", NULL), "PRIVATE KEY");
}

static void
nobody_reads_a_profile_that_is_not_his_to_give(void **state)
{
	struct server *s = *state;

	assert_status(201, ask(s, ADMIN, METHOD_POST, "/me/devices", LAPTOP));
	assert_status(403, ask(s, READER, METHOD_GET, "/users/anna/devices/laptop/profile", NULL));
	assert_status(403,
		      ask(s, OPERATOR, METHOD_GET, "/users/anna/devices/laptop/profile", NULL));
	assert_status(403, ask(s, OPERATOR, METHOD_POST, "/users/anna/devices/laptop/link", NULL));
	assert_status(403,
		      ask(s, OPERATOR, METHOD_POST, "/users/anna/devices/laptop/revoke", NULL));
	assert_status(403, ask(s, OPERATOR, METHOD_POST, "/users/anna/devices/laptop/renew", NULL));
	assert_status(403, ask_with(s, OPERATOR, METHOD_PATCH, "/users/anna/devices/laptop",
				    "{\"platform\":\"x\"}", "*"));
	assert_status(404, ask(s, USER, METHOD_GET, "/me/devices/laptop/profile", NULL));
	assert_status(404, ask(s, ADMIN, METHOD_GET, "/users/una/devices/%231", NULL));
}

static void
a_link_gives_the_profile_once_and_again_within_a_minute(void **state)
{
	struct server *s = *state;
	struct reply r;
	const char *path;

	assert_status(201, ask(s, ADMIN, METHOD_POST, "/users/una/devices", LAPTOP));
	r = ask(s, OPERATOR, METHOD_POST, "/users/una/devices/laptop/link", NULL);
	made(r);
	assert_says(r, "\"import_url\":\"openvpn://import-profile/https://vpn.example.org:8443/"
		       "api/v1/import/");
	path = import_path(s, r);
	for (int i = 0; i < 3; i++) {
		r = ask(s, STRANGER, METHOD_HEAD, path, NULL);
		assert_int_equal(200, r.status);
		assert_string_equal("", r.body);
	}
	r = ask(s, STRANGER, METHOD_GET, path, NULL);
	assert_int_equal(200, r.status);
	assert_string_equal(OP_PROFILE_MEDIA, r.media);
	assert_says(r, "<tls-crypt-v2>");
	s->api.access.now += 59 * 1000;
	assert_status(200, ask(s, STRANGER, METHOD_GET, path, NULL));
	assert_status(404, ask(s, STRANGER, METHOD_GET, path, NULL));
	assert_status(404, ask(s, STRANGER, METHOD_HEAD, path, NULL));
}

/* Told by its size: what the app opens is the longer one. */
static void
a_qr_code_is_for_the_app_where_that_can_import_and_for_a_browser_elsewhere(void **state)
{
	struct server *s = *state;
	struct reply r;
	const char *page, *app;

	assert_status(201, ask(s, ADMIN, METHOD_POST, "/users/una/devices", LAPTOP));
	trusted_forget();
	r = ask(s, OPERATOR, METHOD_POST, "/users/una/devices/laptop/link", NULL);
	page = strstr(member_of(s, r.body, "qr"), "viewBox");
	trusted_forget();
	s->host.ask = says_trusted;
	r = ask(s, OPERATOR, METHOD_POST, "/users/una/devices/laptop/link", NULL);
	app = strstr(member_of(s, r.body, "qr"), "viewBox");
	assert_non_null(page);
	assert_non_null(app);
	assert_true(strncmp(app, page, strlen("viewBox='0 0 NN NN'")) > 0);
	trusted_forget();
}

static void
a_link_is_void_after_its_minute_its_hour_and_its_device(void **state)
{
	struct server *s = *state;
	const char *path;

	assert_status(201, ask(s, ADMIN, METHOD_POST, "/users/una/devices", LAPTOP));
	path = import_path(s, ask(s, ADMIN, METHOD_POST, "/users/una/devices/laptop/link", NULL));
	assert_status(200, ask(s, STRANGER, METHOD_GET, path, NULL));
	s->api.access.now += 61 * 1000;
	assert_status(404, ask(s, STRANGER, METHOD_GET, path, NULL));
	path = import_path(s, ask(s, ADMIN, METHOD_POST, "/users/una/devices/laptop/link", NULL));
	s->api.access.now += 3600 * 1000;
	assert_status(404, ask(s, STRANGER, METHOD_GET, path, NULL));
	s->api.access.now -= 3600 * 1000;
	assert_status(204, ask(s, ADMIN, METHOD_POST, "/users/una/devices/laptop/revoke", NULL));
	assert_status(404, ask(s, STRANGER, METHOD_GET, path, NULL));
	assert_status(404, ask(s, STRANGER, METHOD_GET, "/import/x", NULL));
	assert_status(404, ask(s, STRANGER, METHOD_GET,
			       "/import/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NULL));
}

static void
links_are_listed_without_their_secrets_and_revoked(void **state)
{
	struct server *s = *state;
	const char *path, *link;
	struct reply r;

	assert_status(201, ask(s, ADMIN, METHOD_POST, "/users/una/devices", LAPTOP));
	r = ask(s, ADMIN, METHOD_POST, "/users/una/devices/laptop/link", NULL);
	path = import_path(s, r);
	link = arena_printf(s->kept, "/links/%s", made(r));
	r = ask(s, READER, METHOD_GET, "/links?user=una", NULL);
	assert_int_equal(1, items_of(r));
	assert_says_not(r, path + strlen("/import/"));
	assert_says(ask(s, READER, METHOD_GET, link, NULL), "\"kind\":\"profile\"");
	assert_status(404, ask(s, READER, METHOD_GET, "/links/999", NULL));
	assert_status(404, ask(s, READER, METHOD_GET, "/links/x", NULL));
	assert_status(404, ask(s, OPERATOR, METHOD_DELETE, "/links/0", NULL));
	assert_status(204, ask(s, OPERATOR, METHOD_DELETE, link, NULL));
	assert_status(404, ask(s, OPERATOR, METHOD_DELETE, link, NULL));
	assert_status(404, ask(s, STRANGER, METHOD_GET, path, NULL));
}

static void
one_has_as_many_devices_as_the_policy_allows(void **state)
{
	struct server *s = *state;

	assert_status(200, ask_with(s, ADMIN, METHOD_PUT, "/policy", "{\"devices_max\":1}", "*"));
	assert_status(201, ask(s, USER, METHOD_POST, "/me/devices", LAPTOP));
	assert_status(409, ask(s, USER, METHOD_POST, "/me/devices", "{\"name\":\"phone\"}"));
	assert_status(409, ask(s, USER, METHOD_POST, "/me/devices", LAPTOP));
	assert_int_equal(1, items_of(ask(s, USER, METHOD_GET, "/me/devices", NULL)));
}

static void
people_keep_their_own_devices(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, USER, METHOD_POST, "/me/devices", LAPTOP);

	assert_string_equal("/api/v1/me/devices/laptop", r.location);
	r = ask(s, USER, METHOD_GET, "/me/devices/laptop", NULL);
	assert_status(200, ask_with(s, USER, METHOD_PATCH, "/me/devices/laptop",
				    "{\"name\":\"My other laptop\"}", r.etag));
	assert_status(200, ask(s, USER, METHOD_GET, "/me/devices/My%20other%20laptop", NULL));
	assert_status(200,
		      ask(s, USER, METHOD_GET, "/me/devices/My%20other%20laptop/profile", NULL));
	assert_status(200,
		      ask(s, USER, METHOD_POST, "/me/devices/My%20other%20laptop/renew", NULL));
	made(ask(s, USER, METHOD_POST, "/me/devices/My%20other%20laptop/link", NULL));
	assert_int_equal(1, items_of(ask(s, READER, METHOD_GET, "/devices?user=una", NULL)));
	assert_int_equal(1, items_of(ask(s, READER, METHOD_GET, "/users/una/devices", NULL)));
	assert_int_equal(0, items_of(ask(s, READER, METHOD_GET, "/devices?user=anna", NULL)));
	assert_status(204,
		      ask(s, USER, METHOD_POST, "/me/devices/My%20other%20laptop/revoke", NULL));
	assert_int_equal(0, items_of(ask(s, USER, METHOD_GET, "/me/devices", NULL)));
	assert_int_equal(1, items_of(ask(s, USER, METHOD_GET, "/me/devices?revoked=true", NULL)));
}

static void
what_lets_a_device_in_without_a_password_is_not_for_its_user_to_say(void **state)
{
	struct server *s = *state;

	assert_status(403, ask(s, USER, METHOD_POST, "/me/devices",
			       "{\"name\":\"laptop\",\"kind\":\"auto\"}"));
	assert_status(201, ask(s, OPERATOR, METHOD_POST, "/users/una/devices",
			       "{\"name\":\"laptop\",\"kind\":\"auto\"}"));
}

static void
what_cannot_be_taken_of_a_device_names_its_field(void **state)
{
	static const struct {
		const char *body, *field;
	} bad[] = {
	    {"{}", "name"},
	    {"{\"name\":\"\"}", "name"},
	    {"{\"name\":\"a\\nb\"}", "name"},
	    {"{\"name\":\"#7\"}", "name"},
	    {"{\"name\":[]}", "name"},
	    {"{\"name\":\"x\",\"kind\":\"other\"}", "kind"},
	    {"{\"name\":\"x\",\"serial\":\"00\"}", "serial"},
	    {"{\"name\":\"x\",\"user\":\"anna\"}", "user"},
	    {"{\"name\":\"x\",\"address\":\"010.86.0.9\"}", "address"},
	    {"{\"name\":\"x\",\"address\":\"fd00::9\"}", "address"},
	    {"{\"name\":\"x\",\"address\":\"10.86.0.9\"}", "address"}, /* there is no VPN */
	};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_at_fault(bad[i].field,
				ask(s, USER, METHOD_POST, "/me/devices", bad[i].body));
	assert_status(404, ask(s, ADMIN, METHOD_POST, "/users/none/devices", LAPTOP));
	assert_status(404, ask(s, READER, METHOD_GET, "/devices?user=none", NULL));
	assert_at_fault("revoked", ask(s, READER, METHOD_GET, "/devices?revoked=1", NULL));
}

static void
devices_are_walked_by_pages(void **state)
{
	struct server *s = *state;
	const char *path = "/devices?limit=2";
	size_t seen = 0;

	for (int i = 0; i < 5; i++)
		assert_status(201, ask(s, USER, METHOD_POST, "/me/devices",
				       arena_printf(s->kept, "{\"name\":\"d%d\"}", i)));
	for (;;) {
		struct reply r = ask(s, READER, METHOD_GET, path, NULL);

		seen += items_of(r);
		if (r.next == NULL)
			break;
		path = arena_printf(s->kept, "/devices?limit=2&after=%s", r.next);
	}
	assert_int_equal(5, seen);
}

static const char setup_body[] =
    "{\"name\":\"root-of-all\",\"password\":\"something of mine\",\"email\":\"r@example.org\"}";

static void
the_first_administrator_is_made_by_a_link_of_this_machine(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, MACHINE, METHOD_POST, "/setup-link", NULL);
	const char *page = member_of(s, r.body, "page_url"), *path;

	made(r);
	assert_true(strncmp(page, "/setup/", 7) == 0);
	path = arena_printf(s->kept, "/setup/%s", page + 7);
	assert_status(404, ask(s, STRANGER, METHOD_POST, "/setup/x", setup_body));
	assert_at_fault("password", ask(s, STRANGER, METHOD_POST, path,
					"{\"name\":\"root-of-all\",\"password\":\"short\"}"));
	assert_at_fault("name", ask(s, STRANGER, METHOD_POST, path,
				    "{\"name\":\"a b\",\"password\":\"something of mine\"}"));
	assert_at_fault("role", ask(s, STRANGER, METHOD_POST, path, "{\"role\":\"admin\"}"));
	r = ask(s, STRANGER, METHOD_POST, path, setup_body);
	assert_int_equal(200, r.status);
	assert_non_null(r.cookie);
	assert_says(r, "\"role\":\"admin\"");
	assert_says(r, "\"has_password\":true");
	assert_says(r, "\"csrf\":\"");
	assert_status(404, ask(s, STRANGER, METHOD_POST, path, setup_body));
	assert_status(409, ask(s, MACHINE, METHOD_POST, "/setup-link", NULL));
}

/* Device and link operations but those of the list above, which is another server's. */
static void
all_of_them_answered_well_once(void **state)
{
	struct server *s = *state;
	const char *page;

	assert_status(201, ask(s, ADMIN, METHOD_POST, "/users/una/devices", LAPTOP));
	page = member_of(s, ask(s, ADMIN, METHOD_POST, "/users/una/invite", NULL).body, "page_url");
	assert_status(200, ask(s, STRANGER, METHOD_POST,
			       arena_printf(s->kept, "/links/%s/password", page + 6),
			       "{\"password\":\"something of mine\"}"));
	assert_all_asked_well(&operations_devices);
	assert_all_asked_well(&operations_my_devices);
	assert_all_asked_well(&operations_links);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    server_test(a_device_is_added_shown_changed_renewed_and_revoked),
	    server_test(a_profile_is_a_file_with_all_a_client_needs),
	    server_test(nobody_reads_a_profile_that_is_not_his_to_give),
	    server_test(a_link_gives_the_profile_once_and_again_within_a_minute),
	    server_test(a_qr_code_is_for_the_app_where_that_can_import_and_for_a_browser_elsewhere),
	    server_test(a_link_is_void_after_its_minute_its_hour_and_its_device),
	    server_test(links_are_listed_without_their_secrets_and_revoked),
	    server_test(one_has_as_many_devices_as_the_policy_allows),
	    server_test(people_keep_their_own_devices),
	    server_test(what_lets_a_device_in_without_a_password_is_not_for_its_user_to_say),
	    server_test(what_cannot_be_taken_of_a_device_names_its_field),
	    server_test(devices_are_walked_by_pages),
	    server_test_empty(the_first_administrator_is_made_by_a_link_of_this_machine),
	    server_test(all_of_them_answered_well_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
