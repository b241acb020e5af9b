#include "store/device.h"
#include "store/scene.h"

static struct certificate_row
a_certificate(int kind, const char *serial)
{
	return (struct certificate_row){.kind = kind,
					.serial = serial,
					.name = "sallyport CA",
					.certificate = SPAN_OF("DER\0of it"),
					.not_before = NOW,
					.not_after = NOW + 1000};
}

static int64_t
add(struct scene *t, int kind, const char *serial, int64_t not_after)
{
	struct certificate_row c = a_certificate(kind, serial);

	c.not_after = not_after;
	assert_done(t->s, store_certificate_add(t->s, &c));
	return c.id;
}

static void
a_certificate_comes_back_as_it_was(void **state)
{
	struct scene *t = *state;
	struct certificate_row c = a_certificate(CERTIFICATE_SERVER, "00c0ffee"), by_id = {0},
			       by_serial = {0};

	c.issuer = add(t, CERTIFICATE_CA, "01", NOW);
	c.key = SPAN_OF("\0sealed");
	c.revoked = NOW + 1;
	c.reason = "key compromise";
	c.retires = NOW + 2;
	assert_done(t->s, store_certificate_add(t->s, &c));
	assert_done(t->s, store_certificate(t->s, c.id, t->a, &by_id));
	assert_done(t->s, store_certificate_by_serial(t->s, "00c0ffee", t->a, &by_serial));
	for (int i = 0; i < 2; i++) {
		const struct certificate_row *out = i == 0 ? &by_id : &by_serial;

		assert_int_equal(out->id, c.id);
		assert_int_equal(out->kind, CERTIFICATE_SERVER);
		assert_string_equal(out->serial, "00c0ffee");
		assert_string_equal(out->name, "sallyport CA");
		assert_int_equal(out->issuer, c.issuer);
		assert_int_equal(out->device, 0);
		assert_null(out->device_name);
		assert_null(out->user_name);
		assert_true(span_equal(out->certificate, c.certificate));
		assert_true(span_equal(out->key, c.key));
		assert_int_equal(out->not_before, NOW);
		assert_int_equal(out->not_after, NOW + 1000);
		assert_int_equal(out->revoked, NOW + 1);
		assert_string_equal(out->reason, "key compromise");
		assert_false(out->current);
		assert_int_equal(out->retires, NOW + 2);
	}
}

static void
a_serial_is_taken_once(void **state)
{
	struct scene *t = *state;
	struct certificate_row c = a_certificate(CERTIFICATE_DEVICE, "01");

	add(t, CERTIFICATE_CA, "01", NOW);
	assert_store(t->s, STORE_TAKEN, store_certificate_add(t->s, &c));
	assert_store(t->s, STORE_NONE, store_certificate_by_serial(t->s, "02", t->a, &c));
	assert_store(t->s, STORE_NONE, store_certificate(t->s, 4711, t->a, &c));
}

static void
one_of_a_kind_is_in_use(void **state)
{
	struct scene *t = *state;
	int64_t old = add(t, CERTIFICATE_CA, "01", NOW), new = add(t, CERTIFICATE_CA, "02", NOW),
		server = add(t, CERTIFICATE_SERVER, "03", NOW);
	struct certificate_row c = {0};

	assert_store(t->s, STORE_NONE, store_certificate_current(t->s, CERTIFICATE_CA, t->a, &c));
	assert_done(t->s, store_certificate_use(t->s, old, 0));
	assert_done(t->s, store_certificate_use(t->s, server, 0));
	assert_done(t->s, store_certificate_current(t->s, CERTIFICATE_CA, t->a, &c));
	assert_int_equal(c.id, old);
	assert_true(c.current);
	assert_done(t->s, store_certificate_use(t->s, new, NOW + 5));
	assert_done(t->s, store_certificate_current(t->s, CERTIFICATE_CA, t->a, &c));
	assert_int_equal(c.id, new);
	assert_int_equal(c.retires, 0);
	assert_done(t->s, store_certificate(t->s, old, t->a, &c));
	assert_false(c.current);
	assert_int_equal(c.retires, NOW + 5);
	assert_done(t->s, store_certificate_current(t->s, CERTIFICATE_SERVER, t->a, &c));
	assert_int_equal(c.id, server);
}

static void
using_what_is_in_use_changes_nothing(void **state)
{
	struct scene *t = *state;
	int64_t id = add(t, CERTIFICATE_CA, "01", NOW);
	struct certificate_row c = {0};

	assert_done(t->s, store_certificate_use(t->s, id, 0));
	assert_done(t->s, store_certificate_use(t->s, id, NOW + 5));
	assert_done(t->s, store_certificate_current(t->s, CERTIFICATE_CA, t->a, &c));
	assert_int_equal(c.id, id);
	assert_int_equal(c.retires, 0);
	assert_store(t->s, STORE_NONE, store_certificate_use(t->s, 4711, NOW));
	assert_done(t->s, store_certificate_current(t->s, CERTIFICATE_CA, t->a, &c));
}

static void
a_second_one_in_use_is_refused(void **state)
{
	struct scene *t = *state;
	struct certificate_row c = a_certificate(CERTIFICATE_CA, "01"),
			       second = a_certificate(CERTIFICATE_CA, "02");

	c.current = second.current = true;
	assert_done(t->s, store_certificate_add(t->s, &c));
	assert_store(t->s, STORE_TAKEN, store_certificate_add(t->s, &second));
}

static void
pages_go_by_expiry_and_have_each_once(void **state)
{
	struct scene *t = *state;

	for (int i = 0; i < 20; i++)
		add(t, i % 4 == 0 ? CERTIFICATE_SERVER : CERTIFICATE_DEVICE,
		    arena_printf(t->a, "%02x", (unsigned)i), NOW + (i * 7) % 20 / 3);
	for (int kind = -1; kind <= CERTIFICATE_DEVICE; kind++)
		for (unsigned limit = 1; limit < 22; limit++) {
			const size_t expected[] = {20, 0, 5, 15};
			struct page page = {.limit = limit};
			struct certificate_row_list list;
			int64_t at = 0, id = 0;
			size_t seen = 0;

			do {
				assert_done(t->s,
					    store_certificates(t->s, &page, kind, t->a, &list));
				for (size_t i = 0; i < list.count; i++, seen++) {
					const struct certificate_row *c = &list.at[i];

					assert_true(c->not_after > at ||
						    (c->not_after == at && c->id > id));
					at = c->not_after;
					id = c->id;
				}
			} while ((page.after = list.next) != NULL);
			assert_int_equal(seen, expected[kind + 1]);
		}
}

static void
hostile_texts_are_texts(void **state)
{
	struct scene *t = *state;

	for (unsigned i = 0; i < COUNT(scene_hostile); i++) {
		struct certificate_row c = a_certificate(CERTIFICATE_DEVICE, scene_hostile[i]),
				       out = {0};

		c.name = c.reason = scene_hostile[i];
		assert_done(t->s, store_certificate_add(t->s, &c));
		assert_done(t->s, store_certificate_by_serial(t->s, scene_hostile[i], t->a, &out));
		assert_string_equal(out.name, scene_hostile[i]);
		assert_string_equal(out.reason, scene_hostile[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    scene_test(a_certificate_comes_back_as_it_was),
	    scene_test(a_serial_is_taken_once),
	    scene_test(one_of_a_kind_is_in_use),
	    scene_test(using_what_is_in_use_changes_nothing),
	    scene_test(a_second_one_in_use_is_refused),
	    scene_test(pages_go_by_expiry_and_have_each_once),
	    scene_test(hostile_texts_are_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
