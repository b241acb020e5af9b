#include "api/openapi.h"

#include "raw.h"

static json_t *
document(void)
{
	struct buf out = buf_with_cap(8 << 20);
	json_error_t why;

	assert_true(openapi_write(&out));
	json_t *json =
	    json_loadb((const char *)buf_span(&out).p, buf_len(&out), JSON_REJECT_DUPLICATES, &why);
	if (json == NULL)
		fail_msg("%s at %d", why.text, why.position);
	buf_free(&out);
	return json;
}

static json_t *
operation_of(json_t *json, const struct operation *op)
{
	char method[16];
	const char *name = router_method(op->method);
	size_t n = 0;

	for (; name[n] != '\0'; n++)
		method[n] = (char)text_lower((uint8_t)name[n]);
	method[n] = '\0';
	return json_object_get(json_object_get(json_object_get(json, "paths"), op->path), method);
}

static void
every_operation_is_in_the_document(void **state)
{
	json_t *json = document();
	const struct operation *op;

	(void)state;
	for (size_t g = 0, i = 0; (op = router_next(&g, &i)) != NULL;) {
		json_t *told = operation_of(json, op);

		if (told == NULL)
			fail_msg("%s is not told", op->id);
		assert_string_equal(op->id,
				    json_string_value(json_object_get(told, "operationId")));
		assert_true(json_object_size(json_object_get(told, "responses")) > 1);
		assert_int_equal(op->body != NULL, json_object_get(told, "requestBody") != NULL);
	}
	json_decref(json);
}

/* "#/components/schemas/User" */
static void
assert_leads_somewhere(json_t *root, const char *reference)
{
	json_t *at = root;
	char part[128];

	assert_memory_equal("#/", reference, 2);
	for (const char *p = reference + 2; p != NULL && at != NULL;) {
		const char *slash = strchr(p, '/');

		snprintf(part, sizeof part, "%.*s", slash != NULL ? (int)(slash - p) : 100, p);
		at = json_object_get(at, part);
		p = slash != NULL ? slash + 1 : NULL;
	}
	if (at == NULL)
		fail_msg("%s leads nowhere", reference);
}

static void
assert_references(json_t *root, json_t *at)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_array(at))
		json_array_foreach(at, i, value) assert_references(root, value);
	if (!json_is_object(at))
		return;
	json_object_foreach(at, key, value)
	{
		if (strcmp(key, "$ref") == 0)
			assert_leads_somewhere(root, json_string_value(value));
		else
			assert_references(root, value);
	}
}

static void
every_reference_leads_somewhere(void **state)
{
	json_t *json = document();

	(void)state;
	assert_references(json, json);
	json_decref(json);
}

static void
assert_one_of_that_name(const struct shape *s)
{
	const struct operation *op;

	for (size_t g = 0, i = 0; s != NULL && (op = router_next(&g, &i)) != NULL;) {
		const struct shape *others[] = {op->body, op->answer};

		for (size_t j = 0; j < COUNT(others); j++)
			if (others[j] != NULL && others[j] != s &&
			    strcmp(others[j]->name, s->name) == 0)
				fail_msg("two shapes are called %s", s->name);
	}
}

static void
no_two_shapes_have_one_name(void **state)
{
	const struct operation *op;

	(void)state;
	for (size_t g = 0, i = 0; (op = router_next(&g, &i)) != NULL;) {
		assert_one_of_that_name(op->body);
		assert_one_of_that_name(op->answer);
	}
}

static void
a_document_that_does_not_fit_is_none(void **state)
{
	struct buf out = buf_with_cap(4096);

	(void)state;
	assert_false(openapi_write(&out));
	buf_free(&out);
}

static void
it_is_served(void **state)
{
	struct reply r = ask(*state, READER, METHOD_GET, "/openapi.json", NULL);

	assert_int_equal(200, r.status);
	assert_string_equal("application/json", r.media);
	assert_status(401, ask(*state, STRANGER, METHOD_GET, "/openapi.json", NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_operation_is_in_the_document),
	    cmocka_unit_test(every_reference_leads_somewhere),
	    cmocka_unit_test(no_two_shapes_have_one_name),
	    cmocka_unit_test(a_document_that_does_not_fit_is_none),
	    raw_test(it_is_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
