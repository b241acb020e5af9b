/* Users, groups, what holds for everybody, and many users at once. */
#include "ops.h"

static void
a_user_is_added_shown_changed_and_removed(void **state)
{
	struct server *s = *state;
	struct reply r =
	    ask(s, ADMIN, METHOD_POST, "/users",
		"{\"name\":\"Bob\",\"role\":\"operator\",\"email\":\"b@example.org\"}");

	assert_string_equal("bob", made(r));
	assert_string_equal("/api/v1/users/bob", r.location);
	assert_non_null(r.etag);
	assert_says(r, "\"role\":\"operator\"");
	assert_says(r, "\"created\":\"2026-09-21T");
	r = ask(s, READER, METHOD_GET, "/users/BOB", NULL);
	assert_int_equal(200, r.status);
	r = ask_with(s, ADMIN, METHOD_PATCH, "/users/bob", "{\"full_name\":\"Bob B.\"}", r.etag);
	assert_int_equal(200, r.status);
	assert_says(r, "\"full_name\":\"Bob B.\"");
	assert_says(r, "\"email\":\"b@example.org\"");
	r = ask_with(s, ADMIN, METHOD_DELETE, "/users/bob", NULL, r.etag);
	assert_int_equal(204, r.status);
	assert_string_equal("", r.body);
	assert_status(404, ask(s, ADMIN, METHOD_GET, "/users/bob", NULL));
}

static void
a_user_is_found_by_number_too(void **state)
{
	struct server *s = *state;
	int64_t id = number_of(ask(s, ADMIN, METHOD_GET, "/users/una", NULL), "id");
	const char *path = arena_printf(s->kept, "/users/%%23%lld", (long long)id);

	assert_says(ask(s, ADMIN, METHOD_GET, path, NULL), "\"name\":\"una\"");
	assert_status(404, ask(s, ADMIN, METHOD_GET, "/users/%23999", NULL));
	assert_status(404, ask(s, ADMIN, METHOD_GET, "/users/%23", NULL));
	assert_status(404, ask(s, ADMIN, METHOD_GET, "/users/%23una", NULL));
}

static void
of_two_who_change_a_user_the_second_looks_again(void **state)
{
	struct server *s = *state;
	const char *etag = ask(s, ADMIN, METHOD_GET, "/users/una", NULL).etag;

	assert_status(200,
		      ask_with(s, ADMIN, METHOD_PATCH, "/users/una", "{\"comment\":\"1\"}", etag));
	assert_status(
	    412, ask_with(s, OPERATOR, METHOD_PATCH, "/users/una", "{\"comment\":\"2\"}", etag));
	assert_status(412, ask_with(s, ADMIN, METHOD_DELETE, "/users/una", NULL, etag));
	assert_says(ask(s, ADMIN, METHOD_GET, "/users/una", NULL), "\"comment\":\"1\"");
}

static void
a_change_says_what_it_is_a_change_of(void **state)
{
	struct server *s = *state;

	assert_status(428, ask(s, ADMIN, METHOD_PATCH, "/users/una", "{}"));
	assert_status(428, ask(s, ADMIN, METHOD_DELETE, "/users/una", NULL));
	assert_status(200, ask(s, MACHINE, METHOD_PATCH, "/users/una", "{\"comment\":\"x\"}"));
	assert_status(200,
		      ask_with(s, ADMIN, METHOD_PATCH, "/users/una", "{\"comment\":null}", "*"));
}

static void
operators_touch_plain_users_alone(void **state)
{
	struct server *s = *state;

	assert_status(201, ask(s, OPERATOR, METHOD_POST, "/users", "{\"name\":\"bob\"}"));
	assert_status(
	    403, ask(s, OPERATOR, METHOD_POST, "/users", "{\"name\":\"eve\",\"role\":\"admin\"}"));
	assert_status(
	    403, ask_with(s, OPERATOR, METHOD_PATCH, "/users/bob", "{\"role\":\"operator\"}", "*"));
	assert_status(
	    403, ask_with(s, OPERATOR, METHOD_PATCH, "/users/otto", "{\"role\":\"admin\"}", "*"));
	assert_status(
	    403, ask_with(s, OPERATOR, METHOD_PATCH, "/users/anna", "{\"enabled\":false}", "*"));
	assert_status(403, ask_with(s, OPERATOR, METHOD_DELETE, "/users/anna", NULL, "*"));
	assert_status(403, ask(s, OPERATOR, METHOD_POST, "/users/anna/password",
			       "{\"password\":\"quite another one\"}"));
	assert_status(403, ask(s, OPERATOR, METHOD_POST, "/users/anna/invite", NULL));
	assert_status(403, ask(s, OPERATOR, METHOD_POST, "/users/anna/reset", NULL));
	assert_status(403, ask(s, OPERATOR, METHOD_DELETE, "/users/anna/totp", NULL));
	assert_status(403, ask(s, OPERATOR, METHOD_POST, "/users/anna/devices",
			       "{\"name\":\"x\",\"kind\":\"locked\"}"));
	assert_status(404, ask(s, ADMIN, METHOD_GET, "/users/eve", NULL));
}

static void
who_makes_an_administrator_has_given_his_password_lately(void **state)
{
	struct server *s = *state;
	struct reply r;

	s->api.access.now += PROOF_MS + 1;
	r = ask(s, ADMIN, METHOD_POST, "/users", "{\"name\":\"bob\",\"role\":\"admin\"}");
	assert_int_equal(403, r.status);
	assert_string_equal("urn:sallyport:problem:proof_needed", r.type);
	r = ask_with(s, ADMIN, METHOD_PATCH, "/users/una", "{\"role\":\"operator\"}", "*");
	assert_string_equal("urn:sallyport:problem:proof_needed", r.type);
	assert_status(201, ask(s, ADMIN, METHOD_POST, "/users", "{\"name\":\"bob\"}"));
	assert_status(200,
		      ask_with(s, ADMIN, METHOD_PATCH, "/users/otto", "{\"role\":\"user\"}", "*"));
	assert_status(
	    200, ask_with(s, MACHINE, METHOD_PATCH, "/users/una", "{\"role\":\"admin\"}", "*"));
}

static void
the_last_administrator_stays_one(void **state)
{
	struct server *s = *state;

	assert_status(403,
		      ask_with(s, ADMIN, METHOD_PATCH, "/users/anna", "{\"role\":\"user\"}", "*"));
	assert_status(403,
		      ask_with(s, ADMIN, METHOD_PATCH, "/users/anna", "{\"enabled\":false}", "*"));
	assert_status(403, ask_with(s, ADMIN, METHOD_DELETE, "/users/anna", NULL, "*"));
	assert_status(200, ask(s, ADMIN, METHOD_GET, "/users/anna", NULL));
}

static void
what_cannot_be_taken_names_its_field(void **state)
{
	static const struct {
		const char *body, *field;
	} bad[] = {
	    {"{}", "name"},
	    {"{\"name\":\"\"}", "name"},
	    {"{\"name\":7}", "name"},
	    {"{\"name\":null}", "name"},
	    {"{\"name\":\"a b\"}", "name"},
	    {"{\"name\":\"192.0.2.1\"}", "name"},
	    {"{\"name\":\"'; DROP TABLE users; --\"}", "name"},
	    {"{\"name\":\"<script>alert(1)</script>\"}", "name"},
	    {"{\"name\":\"bob\",\"role\":\"god\"}", "role"},
	    {"{\"name\":\"bob\",\"role\":2}", "role"},
	    {"{\"name\":\"bob\",\"enabled\":\"yes\"}", "enabled"},
	    {"{\"name\":\"bob\",\"email\":\"x\"}", "email"},
	    {"{\"name\":\"bob\",\"expires\":\"tomorrow\"}", "expires"},
	    {"{\"name\":\"bob\",\"group\":\"none\"}", "group"},
	    {"{\"name\":\"bob\",\"id\":7}", "id"},
	    {"{\"name\":\"bob\",\"has_password\":true}", "has_password"},
	    {"{\"name\":\"bob\",\"password\":\"x\"}", "password"},
	    {"{\"name\":\"bob\",\"policy\":{\"devices_max\":-2}}", "policy.devices_max"},
	    {"{\"name\":\"bob\",\"policy\":{\"no\":1}}", "policy.no"},
	    {"{\"name\":\"bob\",\"policy\":{\"dns\":[\"x\"]}}", NULL},
	    {"{\"name\":\"bob\",\"full_name\":\"a\\nb\"}", "full_name"},
	};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct reply r = ask(s, ADMIN, METHOD_POST, "/users", bad[i].body);

		if (r.status != 400 || (bad[i].field != NULL &&
					(r.field == NULL || strcmp(r.field, bad[i].field) != 0)))
			fail_msg("%s: %u %s", bad[i].body, r.status, r.body);
	}
	assert_status(409, ask(s, ADMIN, METHOD_POST, "/users", "{\"name\":\"UNA\"}"));
}

/* What people write is text, whatever it looks like. */
static void
hostile_texts_come_back_as_they_were(void **state)
{
	static const char *const texts[] = {
	    "'; DROP TABLE users; --", "<script>alert(1)</script>",
	    "\\\"quoted\\\" \\\\",     "%00 %s %n",
	    "\xe2\x80\xaeXevil",       "${jndi:ldap://x}",
	};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *body = arena_printf(s->kept, "{\"comment\":\"%s\"}", texts[i]);
		const char *wanted = arena_printf(s->kept, "\"comment\":\"%s\"", texts[i]);
		struct reply r = ask_with(s, ADMIN, METHOD_PATCH, "/users/una", body, "*");

		assert_int_equal(200, r.status);
		assert_says(r, wanted);
		assert_string_equal("application/json", r.media);
		assert_says(ask(s, ADMIN, METHOD_GET, "/users?search=una", NULL), wanted);
	}
	assert_status(200, ask(s, ADMIN, METHOD_GET, "/users?search=%27%20OR%201%3D1--", NULL));
	assert_int_equal(
	    0, items_of(ask(s, ADMIN, METHOD_GET, "/users?search=%27%20OR%201%3D1--", NULL)));
}

static void
no_answer_has_a_password_or_its_hash(void **state)
{
	static const char *const paths[] = {"/users",        "/users/una", "/audit",
					    "/audit/export", "/sessions",  "/tokens"};
	struct server *s = *state;

	assert_status(204, ask(s, ADMIN, METHOD_POST, "/users/una/password",
			       "{\"password\":\"no one guesses this\"}"));
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct reply r = ask(s, ADMIN, METHOD_GET, paths[i], NULL);

		assert_int_equal(200, r.status);
		assert_says_not(r, "argon2");
		assert_says_not(r, "no one guesses");
		assert_says_not(r, "\"hash\"");
		assert_says_not(r, s->as[ADMIN].cookie);
		assert_says_not(r, s->as[READER].bearer);
	}
}

static void
users_are_walked_by_pages(void **state)
{
	struct server *s = *state;
	const char *after = NULL, *last = "";
	size_t seen = 0;

	for (int i = 0; i < 22; i++)
		assert_status(201, ask(s, ADMIN, METHOD_POST, "/users",
				       arena_printf(s->kept, "{\"name\":\"u%02d\"}", i)));
	do {
		const char *path = after == NULL
				       ? "/users?limit=4"
				       : arena_printf(s->kept, "/users?limit=4&after=%s", after);
		struct reply r = ask(s, READER, METHOD_GET, path, NULL);
		json_t *json = json_loads(r.body, 0, NULL), *items = json_object_get(json, "items");
		json_t *item;
		size_t i;

		assert_int_equal(200, r.status);
		json_array_foreach(items, i, item)
		{
			const char *name = json_string_value(json_object_get(item, "name"));

			assert_true(strcmp(last, name) < 0);
			last = arena_copy(s->kept, span_str(name));
			seen++;
		}
		json_decref(json);
		after = r.next;
	} while (after != NULL);
	assert_int_equal(25, seen);
}

static void
lists_are_narrowed_and_sorted(void **state)
{
	struct server *s = *state;

	assert_status(201, ask(s, ADMIN, METHOD_POST, "/groups", "{\"name\":\"staff\"}"));
	assert_status(200,
		      ask_with(s, ADMIN, METHOD_PATCH, "/users/una", "{\"group\":\"staff\"}", "*"));
	assert_int_equal(1, items_of(ask(s, ADMIN, METHOD_GET, "/users?role=admin", NULL)));
	assert_int_equal(1, items_of(ask(s, ADMIN, METHOD_GET, "/users?group=staff", NULL)));
	assert_int_equal(
	    3, items_of(ask(s, ADMIN, METHOD_GET, "/users?sort=created&descending=true", NULL)));
	assert_status(404, ask(s, ADMIN, METHOD_GET, "/users?group=none", NULL));
	assert_at_fault("role", ask(s, ADMIN, METHOD_GET, "/users?role=god", NULL));
	assert_at_fault("sort", ask(s, ADMIN, METHOD_GET, "/users?sort=password", NULL));
	assert_at_fault("limit", ask(s, ADMIN, METHOD_GET, "/users?limit=0", NULL));
	assert_at_fault("limit", ask(s, ADMIN, METHOD_GET, "/users?limit=1001", NULL));
	assert_at_fault("limit", ask(s, ADMIN, METHOD_GET, "/users?limit=-1", NULL));
	assert_at_fault("after", ask(s, ADMIN, METHOD_GET, "/users?after=%25", NULL));
	assert_at_fault("after", ask(s, ADMIN, METHOD_GET, "/users?after=YWJj", NULL));
}

static void
an_invitation_lets_its_user_choose_a_password_once(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, OPERATOR, METHOD_POST, "/users/una/invite", NULL);
	const char *page = member_of(s, r.body, "page_url"), *path;

	made(r);
	assert_true(strncmp(page, "/link/", 6) == 0);
	assert_says(r, "\"url\":\"https://vpn.example.org:8443/link/");
	assert_says(r, "\"import_url\":null");
	path = arena_printf(s->kept, "/links/%s/password", page + 6);
	assert_at_fault("password", ask(s, STRANGER, METHOD_POST, path, "{\"password\":\"una\"}"));
	r = ask(s, STRANGER, METHOD_POST, path, "{\"password\":\"something of mine\"}");
	assert_int_equal(200, r.status);
	assert_says(r, "\"name\":\"una\"");
	assert_status(404,
		      ask(s, STRANGER, METHOD_POST, path, "{\"password\":\"something of mine\"}"));
	assert_status(200, ask(s, STRANGER, METHOD_POST, "/session",
			       "{\"name\":\"una\",\"password\":\"something of mine\"}"));
	made(ask(s, ADMIN, METHOD_POST, "/users/una/reset", NULL));
}

static void
an_administrator_forgets_a_users_codes(void **state)
{
	struct server *s = *state;

	assert_status(204, ask(s, ADMIN, METHOD_DELETE, "/users/una/totp", NULL));
	assert_status(404, ask(s, ADMIN, METHOD_DELETE, "/users/nobody-here/totp", NULL));
	assert_says(ask(s, ADMIN, METHOD_GET, "/users/una", NULL), "\"has_totp\":false");
}

static void
a_group_is_added_changed_and_removed_once_it_is_empty(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, ADMIN, METHOD_POST, "/groups",
			     "{\"name\":\"staff\",\"policy\":{\"devices_max\":3}}");

	assert_string_equal("staff", made(r));
	r = ask(s, READER, METHOD_GET, "/groups/staff", NULL);
	assert_says(r, "\"devices_max\":3");
	assert_status(428, ask(s, ADMIN, METHOD_PATCH, "/groups/staff", "{\"comment\":\"x\"}"));
	assert_status(
	    200, ask_with(s, ADMIN, METHOD_PATCH, "/groups/staff", "{\"comment\":\"x\"}", r.etag));
	assert_status(
	    412, ask_with(s, ADMIN, METHOD_PATCH, "/groups/staff", "{\"comment\":\"y\"}", r.etag));
	assert_status(412, ask_with(s, ADMIN, METHOD_DELETE, "/groups/staff", NULL, r.etag));
	assert_status(200,
		      ask_with(s, ADMIN, METHOD_PATCH, "/users/una", "{\"group\":\"staff\"}", "*"));
	r = ask(s, READER, METHOD_GET, "/groups", NULL);
	assert_int_equal(1, items_of(r));
	assert_says(r, "\"members\":1");
	assert_says(ask(s, READER, METHOD_GET, "/users/una/policy", NULL), "\"devices_max\":3");
	assert_status(409, ask_with(s, ADMIN, METHOD_DELETE, "/groups/staff", NULL, "*"));
	r = ask_with(s, ADMIN, METHOD_PATCH, "/users/una", "{\"group\":null}", "*");
	assert_says(r, "\"group\":null");
	assert_status(204, ask_with(s, ADMIN, METHOD_DELETE, "/groups/staff", NULL, "*"));
	assert_status(404, ask(s, ADMIN, METHOD_GET, "/groups/staff", NULL));
	assert_status(201, ask(s, ADMIN, METHOD_POST, "/groups", "{\"name\":\"a\"}"));
	assert_status(409, ask(s, ADMIN, METHOD_POST, "/groups", "{\"name\":\"A\"}"));
}

static void
what_holds_for_everybody_is_set_by_version(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, READER, METHOD_GET, "/policy", NULL);

	assert_int_equal(200, r.status);
	assert_non_null(r.etag);
	assert_says(r, "{\"totp_required\":null,\"devices_max\":null,");
	assert_says(r, "\"usual\":{\"totp_required\":false,\"devices_max\":10,");
	assert_says(r, "\"tunnel\":null"); /* as the configuration implies */
	assert_status(428, ask(s, ADMIN, METHOD_PUT, "/policy", "{\"devices_max\":5}"));
	assert_at_fault("usual", ask_with(s, ADMIN, METHOD_PUT, "/policy", "{\"usual\":{}}", "*"));
	assert_status(200,
		      ask_with(s, ADMIN, METHOD_PUT, "/policy", "{\"devices_max\":5}", r.etag));
	assert_status(412,
		      ask_with(s, ADMIN, METHOD_PUT, "/policy", "{\"devices_max\":6}", r.etag));
	assert_at_fault("devices_max",
			ask_with(s, ADMIN, METHOD_PUT, "/policy", "{\"devices_max\":\"5\"}", "*"));
	assert_says(ask(s, READER, METHOD_GET, "/policy", NULL),
		    "{\"totp_required\":null,\"devices_max\":5,");
	assert_says(ask(s, READER, METHOD_GET, "/users/una/policy", NULL), "\"devices_max\":5");
	assert_status(200,
		      ask_with(s, ADMIN, METHOD_PUT, "/policy", "{\"totp_required\":false}", "*"));
	assert_says_not(ask(s, READER, METHOD_GET, "/policy", NULL), "\"devices_max\":5");
}

static struct reply
import(struct server *s, enum who who, bool preview, const char *csv)
{
	return ask(s, who, METHOD_POST, "/users/import",
		   arena_printf(s->kept, "{\"preview\":%s,\"csv\":\"%s\"}",
				preview ? "true" : "false", csv));
}

static void
a_table_of_users_is_previewed_then_taken_whole(void **state)
{
	static const char csv[] = "Name,Full_Name,role,enabled\\r\\n"
				  "Bob,\\\"Bob, the \\\"\\\"B\\\"\\\"\\\",,false\\r\\n\\r\\n"
				  "carla,,operator,\\n";
	struct server *s = *state;
	struct reply r = import(s, ADMIN, true, csv);

	assert_int_equal(200, r.status);
	assert_int_equal(2, number_of(r, "added"));
	assert_status(404, ask(s, ADMIN, METHOD_GET, "/users/bob", NULL));
	r = import(s, ADMIN, false, csv);
	assert_int_equal(200, r.status);
	assert_int_equal(2, number_of(r, "added"));
	r = ask(s, ADMIN, METHOD_GET, "/users/bob", NULL);
	assert_says(r, "\"full_name\":\"Bob, the \\\"B\\\"\"");
	assert_says(r, "\"enabled\":false");
	assert_says(ask(s, ADMIN, METHOD_GET, "/users/carla", NULL), "\"role\":\"operator\"");
}

static void
one_bad_row_and_nobody_is_added(void **state)
{
	static const char *const tables[] = {
	    "name\\nbob\\nuna",              /* there already */
	    "name\\nbob\\nbob",              /* twice */
	    "name\\nbob\\nBOB",              /* twice, folded */
	    "name\\nbob\\na b",              /* no name */
	    "name,role\\nbob,\\ncarl,god",   /* no role */
	    "name,group\\nbob,\\ncarl,none", /* no group */
	    "name,email\\nbob,\\ncarl,x",    /* no mail address */
	    "name,email\\nbob,\\ncarl",      /* a cell is missing */
	    "name,email\\nbob,\\ncarl,,",    /* a cell too many */
	    "name,email\\nbob,\\n,c@d.org",  /* no name at all */
	    "name,enabled\\nbob,\\ncarl,yes",
	    "name,expires\\nbob,\\ncarl,soon",
	};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(tables); i++) {
		struct reply r = import(s, ADMIN, true, tables[i]);

		assert_int_equal(200, r.status);
		if (number_of(r, "problems") != 1)
			fail_msg("%s: %s", tables[i], r.body);
		assert_at_fault("csv", import(s, ADMIN, false, tables[i]));
		assert_status(404, ask(s, ADMIN, METHOD_GET, "/users/bob", NULL));
	}
}

static void
what_is_no_table_is_refused(void **state)
{
	static const char *const tables[] = {
	    "\\n",
	    "email\\nx",
	    "name,name\\na,b",
	    "name,password\\na,b",
	    "name\\n\\\"bob",
	    "name\\nb\\\"ob",
	    "name\\n\\\"bob\\\"x",
	    "name\\rbob",
	    "name\\nbob\\r\\rx",
	    "\\\"\\\"\\nbob",
	    "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\\n",
	};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(tables); i++)
		assert_at_fault("csv", import(s, ADMIN, true, tables[i]));
	assert_at_fault("preview",
			ask(s, ADMIN, METHOD_POST, "/users/import", "{\"csv\":\"name\"}"));
	assert_at_fault("csv", ask(s, ADMIN, METHOD_POST, "/users/import", "{\"preview\":true}"));
}

static void
an_operator_imports_no_administrators(void **state)
{
	struct server *s = *state;
	struct reply r = import(s, OPERATOR, true, "name,role\\nbob,\\neve,admin");

	assert_int_equal(1, number_of(r, "problems"));
	assert_at_fault("csv", import(s, OPERATOR, false, "name,role\\nbob,\\neve,admin"));
	assert_status(404, ask(s, ADMIN, METHOD_GET, "/users/eve", NULL));
	assert_status(404, ask(s, ADMIN, METHOD_GET, "/users/bob", NULL));
}

static void
all_of_them_answered_well_once(void **state)
{
	(void)state;
	assert_all_asked_well(&operations_users);
	assert_all_asked_well(&operations_import);
	assert_all_asked_well(&operations_groups);
	assert_all_asked_well(&operations_policy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    server_test(a_user_is_added_shown_changed_and_removed),
	    server_test(a_user_is_found_by_number_too),
	    server_test(of_two_who_change_a_user_the_second_looks_again),
	    server_test(a_change_says_what_it_is_a_change_of),
	    server_test(operators_touch_plain_users_alone),
	    server_test(who_makes_an_administrator_has_given_his_password_lately),
	    server_test(the_last_administrator_stays_one),
	    server_test(what_cannot_be_taken_names_its_field),
	    server_test(hostile_texts_come_back_as_they_were),
	    server_test(no_answer_has_a_password_or_its_hash),
	    server_test(users_are_walked_by_pages),
	    server_test(lists_are_narrowed_and_sorted),
	    server_test(an_invitation_lets_its_user_choose_a_password_once),
	    server_test(an_administrator_forgets_a_users_codes),
	    server_test(a_group_is_added_changed_and_removed_once_it_is_empty),
	    server_test(what_holds_for_everybody_is_set_by_version),
	    server_test(a_table_of_users_is_previewed_then_taken_whole),
	    server_test(one_bad_row_and_nobody_is_added),
	    server_test(what_is_no_table_is_refused),
	    server_test(an_operator_imports_no_administrators),
	    cmocka_unit_test(all_of_them_answered_well_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
