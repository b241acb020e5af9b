#include "unit.h"

#include <string.h>

#include "ipc/ways.h"

#define ROW 24

static struct network
net(const char *text)
{
	struct network n;

	assert_true(network_parse(span_str(text), &n));
	return n;
}

static void
rows_come_back_as_they_were_written(void **state)
{
	const struct way rows[] = {
	    {.to = net("10.0.0.0/8"), .route = true},
	    {.to = net("fd00::/8"), .protocol = 58},
	    {.to = net("0.0.0.0/0"), .protocol = 17, .port_from = 53, .port_to = 53},
	    {.to = net("192.0.2.1"), .protocol = 6, .port_from = 1, .port_to = 65535},
	};
	struct way back[WAYS_MAX];
	struct buf bytes = buf_with_cap(WAYS_BYTES_MAX);
	size_t count;

	assert_true(ways_encode(rows, COUNT(rows), &bytes));
	assert_int_equal(buf_len(&bytes), COUNT(rows) * ROW);
	assert_true(ways_decode(buf_span(&bytes), back, &count));
	assert_int_equal(count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(network_equal(&back[i].to, &rows[i].to));
		assert_int_equal(back[i].protocol, rows[i].protocol);
		assert_int_equal(back[i].port_from, rows[i].port_from);
		assert_int_equal(back[i].port_to, rows[i].port_to);
		assert_int_equal(back[i].route, rows[i].route);
	}
	for (size_t n = 0; n < buf_len(&bytes); n++)
		assert_int_equal(ways_decode(span_head(buf_span(&bytes), n), back, &count),
				 n % ROW == 0);
	buf_free(&bytes);
	(void)state;
}

static void
no_more_are_taken_than_there_is_room_for(void **state)
{
	const struct way one = {.to = net("10.0.0.0/8")};
	struct way rows[WAYS_MAX + 1], back[WAYS_MAX];
	struct buf bytes = buf_with_cap(WAYS_BYTES_MAX + ROW);
	size_t count;

	for (size_t i = 0; i < COUNT(rows); i++)
		rows[i] = one;
	assert_false(ways_encode(rows, WAYS_MAX + 1, &bytes));
	assert_true(ways_encode(rows, WAYS_MAX, &bytes));
	assert_true(ways_decode(buf_span(&bytes), back, &count));
	assert_int_equal(count, WAYS_MAX);
	assert_true(ways_encode(rows, 1, &bytes));
	assert_false(ways_decode(buf_span(&bytes), back, &count));
	assert_int_equal(count, 0);
	buf_free(&bytes);
	(void)state;
}

/* Bytes of a row: family, prefix, 16 of the address, protocol, 2 and 2 of ports, way. */
static void
rows_that_are_not_sound_are_none(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {
	    {0, 0},  {0, 5},  {1, 33},  {1, 255}, {5, 1},  {17, 1} /* behind IPv4 */,
	    {18, 1}, {18, 0}, {20, 81}, {22, 79}, {23, 2},
	};
	const struct way row = {
	    .to = net("10.0.0.0/8"), .protocol = 6, .port_from = 80, .port_to = 80, .route = true};
	struct way back[WAYS_MAX];
	size_t count;

	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct buf bytes = buf_with_cap(ROW);
		uint8_t changed[ROW];

		assert_true(ways_encode(&row, 1, &bytes));
		memcpy(changed, buf_span(&bytes).p, ROW);
		buf_free(&bytes);
		changed[wrong[i].at] = wrong[i].value;
		if (ways_decode(span_of(changed, ROW), back, &count))
			fail_msg("byte %zu may be %u", wrong[i].at, wrong[i].value);
		assert_int_equal(count, 0);
	}
	(void)state;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_come_back_as_they_were_written),
	    cmocka_unit_test(no_more_are_taken_than_there_is_room_for),
	    cmocka_unit_test(rows_that_are_not_sound_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
