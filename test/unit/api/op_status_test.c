/* Status, history, listeners, findings, metrics, certificates and events. */
#include "api/events.h"
#include "raw.h"

#define SITES                                                                                      \
	"{\"items\":[{\"site\":\"a.example\",\"names\":[\"a.example\"],\"chain\":null,"            \
	"\"not_before\":null,\"not_after\":\"2026-09-25T00:00:00Z\",\"key_type\":\"ECDSA\","       \
	"\"sha256\":null,\"self_signed\":false,\"problem\":null},{\"site\":\"b\\\"\\\\.example\"," \
	"\"names\":[],\"self_signed\":true,\"problem\":\"its key is another one\"}]}"
#define LISTENERS                                                                                  \
	"{\"items\":[{\"protocol\":\"tcp\",\"address\":\"0.0.0.0\",\"port\":5432,\"process\":"     \
	"\"postgres\",\"unit\":null,\"pid\":7,\"ours\":false,\"reason\":null},{\"protocol\":"      \
	"\"tcp\",\"address\":\"127.0.0.1\",\"port\":25,\"process\":\"exim\",\"unit\":null,"        \
	"\"pid\":8,\"ours\":false,\"reason\":null}]}"

static int
begin(void **state)
{
	int status = raw_begin(state);

	warden.answers[CALL_STATUS] = "{\"uptime_s\":5}";
	warden.answers[CALL_CERTIFICATES] = SITES;
	warden.answers[CALL_LISTENERS] = LISTENERS;
	return status;
}

#define status_test(name) cmocka_unit_test_setup_teardown(name, begin, raw_end)

static void
status_has_what_warden_says_and_what_is_counted_here(void **state)
{
	struct reply r = ask(*state, READER, METHOD_GET, "/status", NULL);

	assert_int_equal(200, r.status);
	assert_says(r, "\"server\":{\"uptime_s\":5}");
	assert_says(r, "\"requests\":7");
	assert_says(r, "\"administrators\":1");
	warden.answers[CALL_STATUS] = NULL;
	assert_status(503, ask(*state, READER, METHOD_GET, "/status", NULL));
}

static void
metrics_are_for_who_may_read(void **state)
{
	struct server *s = *state;
	struct raw r = {.path = "/metrics"};

	assert_raw(401, raw_ask(s, r));
	r.fields[0][0] = "authorization";
	r.fields[0][1] = bearer_of(s, READER);
	struct api_answer a = raw_ask(s, r);
	const char *text = raw_body(s, &a);
	assert_raw(200, a);
	assert_string_equal("text/plain; version=0.0.4; charset=utf-8",
			    raw_field(s, &a, "content-type"));
	assert_non_null(strstr(text, "# TYPE sallyport_requests_total counter\n"));
	assert_non_null(strstr(text, "sallyport_users{role=\"admin\"} 1\n"));
	assert_non_null(strstr(text, "{kind=\"ca\",name=\""));
	assert_non_null(strstr(text, "{kind=\"site\",name=\"a.example\"} 1790294400\n"));
}

/* One line each, a name and a number; what comes before tells its type. */
static void
metrics_are_well_formed_whatever_is_missing(void **state)
{
	struct server *s = *state;

	warden.answers[CALL_CERTIFICATES] = "no JSON";
	struct api_answer a = raw_ask(s, (struct raw){.path = "/metrics", .machine = true});
	struct span text = a.body;
	assert_raw(200, a);
	while (text.len > 0) {
		struct span line = span_head(text, span_find(text, '\n'));

		if (line.p[0] != '#') {
			struct span prefix = SPAN_OF("sallyport_");
			size_t space = line.len;

			while (space > 0 && line.p[space - 1] != ' ')
				space--;
			assert_true(span_starts_with(line, prefix));
			assert_true(space > 0 && space < line.len);
		}
		text = span_tail(text, line.len + 1);
	}
}

/* One of RSA and one of ECDSA: of two lines with the same labels a scraper takes one, or neither.
 */
static void
a_site_with_two_certificates_has_one_line(void **state)
{
	static const char two[] =
	    "{\"items\":[{\"site\":\"a.example\",\"not_after\":\"2026-09-26T00:00:00Z\"},"
	    "{\"site\":\"b.example\",\"not_after\":\"2026-09-27T00:00:00Z\"},"
	    "{\"site\":\"a.example\",\"not_after\":\"2026-09-25T00:00:00Z\"},"
	    "{\"site\":\"a.example\",\"problem\":\"there is no such file\"}]}";
	struct server *s = *state;
	const char *text, *line = "{kind=\"site\",name=\"a.example\"} 1790294400\n";

	warden.answers[CALL_CERTIFICATES] = two;
	struct api_answer a = raw_ask(s, (struct raw){.path = "/metrics", .machine = true});
	text = raw_body(s, &a);
	assert_raw(200, a);
	assert_non_null(strstr(text, "{kind=\"site\",name=\"b.example\"} "));
	assert_non_null(text = strstr(text, line)); /* what expires first */
	assert_null(strstr(text + strlen(line), "a.example"));
	text = raw_body(s, &a);
	assert_ptr_equal(strstr(text, "name=\"a.example\""),
			 strstr(text, line) + strlen("{kind=\"site\","));
}

static void
every_counter_of_edge_has_a_name(void **state)
{
	struct server *s = *state;
	struct api_answer a = raw_ask(s, (struct raw){.path = "/metrics", .machine = true});
	const char *text = raw_body(s, &a);

	for (int i = 0; i < COUNTER_COUNT; i++)
		if (strstr(text, arena_printf(s->kept, " %d\n", 100 + i)) == NULL)
			fail_msg("counter %d is not told", i);
}

static void
findings_say_what_to_do(void **state)
{
	static const char *const wanted[] = {
	    "console_open", "self_signed",          "certificate_expires", "certificate_unusable",
	    "no_totp",      "\"subject\":\"anna\"", "tcp 0.0.0.0:5432",    "postgres listens",
	};
	struct reply r = ask(*state, READER, METHOD_GET, "/findings", NULL);

	assert_int_equal(200, r.status);
	for (size_t i = 0; i < COUNT(wanted); i++)
		assert_says(r, wanted[i]);
	assert_says_not(r, "exim");
	assert_says_not(r, "\"remedy\":null");
	warden.answers[CALL_LISTENERS] = warden.answers[CALL_CERTIFICATES] = NULL;
	assert_status(200, ask(*state, READER, METHOD_GET, "/findings", NULL));
}

static void
what_warden_says_of_the_machine_is_passed_on(void **state)
{
	struct server *s = *state;

	assert_int_equal(2, items_of(ask(s, READER, METHOD_GET, "/listeners", NULL)));
	assert_int_equal(2, items_of(ask(s, READER, METHOD_GET, "/site-certificates", NULL)));
	assert_status(200, ask(s, READER, METHOD_GET, "/status/history", NULL));
	assert_says(
	    ask(s, READER, METHOD_GET, "/status/history?since=2026-09-21T13:33:20.250Z", NULL),
	    "\"since\":1789997600250}");
	assert_at_fault("since", ask(s, READER, METHOD_GET, "/status/history?since=now", NULL));
	assert_status(403, ask(s, USER, METHOD_GET, "/listeners", NULL));
}

static void
the_authority_rolls_over(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, READER, METHOD_GET, "/certificates?kind=ca", NULL);

	assert_int_equal(1, items_of(r));
	const char *serial =
	    made(ask(s, MACHINE, METHOD_POST, "/ca/roll-over", "{\"keep_days\":30}"));
	const char *path = arena_printf(s->kept, "/certificates/%s", serial);
	assert_says(ask(s, READER, METHOD_GET, path, NULL), "\"current\":true");
	r = ask(s, READER, METHOD_GET, arena_printf(s->kept, "%s/pem", path), NULL);
	assert_says(r, "-----BEGIN CERTIFICATE-----");
	assert_says_not(r, "PRIVATE");
	assert_int_equal(2, items_of(ask(s, READER, METHOD_GET, "/certificates?kind=ca", NULL)));
	assert_at_fault("keep_days",
			ask(s, MACHINE, METHOD_POST, "/ca/roll-over", "{\"keep_days\":-1}"));
	assert_at_fault("kind", ask(s, READER, METHOD_GET, "/certificates?kind=x", NULL));
	assert_status(404, ask(s, READER, METHOD_GET, "/certificates/zz", NULL));
	assert_status(403, ask(s, READER, METHOD_POST, "/ca/roll-over", "{}"));
}

static void
events_are_for_who_may_read(void **state)
{
	struct server *s = *state;
	struct raw r = {.path = "/api/v1/events"};

	assert_false(raw_ask(s, r).events);
	r.fields[0][0] = "authorization";
	r.fields[0][1] = bearer_of(s, READER);
	struct api_answer a = raw_ask(s, r);
	assert_true(a.events);
	assert_int_equal(200, a.status);
	assert_int_equal(LEVEL_READ, a.level);
	assert_string_equal("text/event-stream", raw_field(s, &a, "content-type"));
	r.method = METHOD_HEAD;
	assert_false(raw_ask(s, r).events);
}

static void
an_event_says_its_name_and_id(void **state)
{
	struct buf out = buf_with_cap(256), full = buf_with_cap(8);

	(void)state;
	assert_true(events_put(EVENT_USER, 7, &out) && events_put(EVENT_CONFIG, 0, &out));
	assert_true(
	    span_equal(SPAN_OF("event: user\ndata: {\"id\":7}\n\nevent: config\ndata: {}\n\n"),
		       buf_span(&out)));
	assert_false(events_put(EVENT_USER, 7, &full));
	buf_free(&out);
	buf_free(&full);
}

static json_t *
history_since(struct history *h, int64_t since)
{
	struct buf out = buf_with_cap(1 << 20);

	assert_true(history_write(h, since, &out));
	json_t *json = json_loadb((const char *)buf_span(&out).p, buf_len(&out), 0, NULL);
	assert_non_null(json);
	buf_free(&out);
	return json;
}

static json_t *
history_of(struct history *h)
{
	return history_since(h, 0);
}

static void
history_is_the_last_hour_the_oldest_first(void **state)
{
	struct history *h = history_new();
	json_t *json = history_of(h), *series;

	(void)state;
	assert_int_equal(0, json_array_size(json_object_get(json, "times")));
	json_decref(json);
	for (uint64_t i = 0; i < HISTORY_SAMPLES + 5; i++) {
		struct api_numbers n = {.queued = i};

		n.counters[COUNTER_REQUESTS] = i * 2;
		n.tunnels[TUNNEL_OUT] = i * 3;
		history_add(h, &n, NOW + (int64_t)i * HISTORY_STEP_MS, true);
	}
	json = history_of(h);
	series = json_object_get(json, "requests_total");
	assert_int_equal(HISTORY_SAMPLES, json_array_size(series));
	assert_int_equal(10, json_integer_value(json_array_get(series, 0)));
	assert_int_equal(2 * (HISTORY_SAMPLES + 4),
			 json_integer_value(json_array_get(series, HISTORY_SAMPLES - 1)));
	assert_int_equal(HISTORY_SAMPLES, json_array_size(json_object_get(json, "times")));
	series = json_object_get(json, "vpn_bytes_to_clients");
	assert_int_equal(15, json_integer_value(json_array_get(series, 0)));
	json_decref(json);
	history_free(h);
	history_free(NULL);
}

static size_t
samples_since(struct history *h, int64_t since)
{
	json_t *json = history_since(h, since);
	size_t n = json_array_size(json_object_get(json, "times"));

	json_decref(json);
	return n;
}

/* However often somebody asks how the server is. */
static void
only_what_is_due_is_a_sample_and_the_first(void **state)
{
	struct history *h = history_new();
	struct api_numbers n = {0};

	(void)state;
	assert_int_equal(0, samples_since(h, 0));
	assert_true(history_add(h, &n, NOW, false));
	assert_false(history_add(h, &n, NOW + 9000, false));
	assert_true(history_add(h, &n, NOW + 9500, true));
	assert_false(history_add(h, &n, NOW + 30000, false));
	assert_int_equal(2, samples_since(h, 0));
	history_free(h);
}

static void
what_came_since_a_sample_is_told_alone(void **state)
{
	struct history *h = history_new();

	(void)state;
	for (uint64_t i = 0; i < HISTORY_SAMPLES + 5; i++) {
		struct api_numbers n = {.queued = i};

		history_add(h, &n, NOW + (int64_t)i * HISTORY_STEP_MS, true);
	}
	int64_t last = NOW + (HISTORY_SAMPLES + 4) * (int64_t)HISTORY_STEP_MS;
	json_t *json = history_since(h, last - HISTORY_STEP_MS),
	       *series = json_object_get(json, "queued");
	assert_int_equal(1, json_array_size(series));
	assert_int_equal(HISTORY_SAMPLES + 4, json_integer_value(json_array_get(series, 0)));
	json_decref(json);
	assert_int_equal(0, samples_since(h, last));
	assert_int_equal(0, samples_since(h, INT64_MAX));
	/* Of no sample's time, and of one that is no longer there. */
	assert_int_equal(2, samples_since(h, last - HISTORY_STEP_MS - 1));
	assert_int_equal(HISTORY_SAMPLES, samples_since(h, NOW));
	history_free(h);
}

/* Who has the last sample from before misses none that has an earlier time. */
static void
a_clock_that_is_set_back_hides_no_samples(void **state)
{
	struct history *h = history_new();
	struct api_numbers n = {0};

	(void)state;
	history_add(h, &n, NOW, true);
	history_add(h, &n, NOW + 10000, true);
	history_add(h, &n, NOW - 50000, true);
	history_add(h, &n, NOW - 40000, true);
	assert_int_equal(2, samples_since(h, NOW + 10000));
	assert_int_equal(1, samples_since(h, NOW - 50000));
	history_free(h);
}

static void
the_historys_schema_tells_of_all_that_is_in_it(void **state)
{
	struct history *h = history_new();
	struct buf out = buf_with_cap(1 << 20);
	json_t *json = history_of(h), *value, *properties, *required;
	const char *name;

	(void)state;
	assert_true(history_write_schema(&out));
	json_t *schema = json_loadb((const char *)buf_span(&out).p, buf_len(&out), 0, NULL);
	assert_non_null(schema);
	properties = json_object_get(schema, "properties");
	required = json_object_get(schema, "required");
	assert_int_equal(json_object_size(json), json_object_size(properties));
	assert_int_equal(json_object_size(json), json_array_size(required));
	json_object_foreach(json, name, value)
	{
		const char *type =
		    json_string_value(json_object_get(json_object_get(properties, name), "type"));

		if (type == NULL || strcmp(type, json_is_array(value) ? "array" : "integer") != 0)
			fail_msg("%s is %s", name, type != NULL ? type : "not told of");
	}
	json_decref(schema);
	json_decref(json);
	buf_free(&out);
	history_free(h);
}

static void
a_schema_that_does_not_fit_is_none(void **state)
{
	(void)state;
	for (size_t cap = 0; cap < 2000; cap += 50) {
		struct buf out = buf_with_cap(cap);

		assert_false(history_write_schema(&out));
		buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    status_test(status_has_what_warden_says_and_what_is_counted_here),
	    status_test(metrics_are_for_who_may_read),
	    status_test(metrics_are_well_formed_whatever_is_missing),
	    status_test(a_site_with_two_certificates_has_one_line),
	    status_test(every_counter_of_edge_has_a_name),
	    status_test(findings_say_what_to_do),
	    status_test(what_warden_says_of_the_machine_is_passed_on),
	    status_test(the_authority_rolls_over),
	    status_test(events_are_for_who_may_read),
	    cmocka_unit_test(an_event_says_its_name_and_id),
	    cmocka_unit_test(only_what_is_due_is_a_sample_and_the_first),
	    cmocka_unit_test(what_came_since_a_sample_is_told_alone),
	    cmocka_unit_test(a_clock_that_is_set_back_hides_no_samples),
	    cmocka_unit_test(history_is_the_last_hour_the_oldest_first),
	    cmocka_unit_test(the_historys_schema_tells_of_all_that_is_in_it),
	    cmocka_unit_test(a_schema_that_does_not_fit_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
