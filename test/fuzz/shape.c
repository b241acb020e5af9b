/* JSON onto a struct with a member of every kind, and back: what is taken reads back the same. */
#include "../unit/json/sample.h"

#include "base/mem.h"
#include "fuzz.h"

static bool
is_same(const struct sample *a, const struct sample *b)
{
	struct buf difference = buf_with_cap(1 << 20);
	bool same = shape_write_change(&sample_shape, a, b, &difference) &&
		    span_equal(buf_span(&difference), SPAN_OF("{}"));

	buf_free(&difference);
	return same;
}

static void
reads_back_the_same(const struct sample *s, struct arena *memory)
{
	struct buf text = buf_with_cap(1 << 20), difference = buf_with_cap(1 << 20);
	struct sample again = {0};

	/* What is written for the audit log has secrets, members of answers and all. */
	check(shape_write(&sample_shape, s, &text));
	buf_free(&text);
	check(shape_write(&sample_limits_shape, &s->limits, &text));
	struct outcome o = shape_read(&sample_limits_shape, SHAPE_CREATE, buf_span(&text), memory,
				      &again.limits, NULL);
	check(!refused(o));
	check(shape_write_change(&sample_limits_shape, &again.limits, &s->limits, &difference));
	check(span_equal(buf_span(&difference), SPAN_OF("{}")));
	buf_free(&text);
	buf_free(&difference);
}

static void
read_as(enum shape_use use, struct span text)
{
	const struct sample before = {.id = 1, .name = "n", .hue = SHAPE_UNSET};
	struct arena *memory = arena_new();
	struct sample s = before;
	uint64_t given;
	struct outcome o = shape_read(&sample_shape, use, text, memory, &s, &given);

	if (refused(o)) {
		check(o.kind == OUTCOME_INVALID && o.text[0] != '\0');
		check(is_same(&s, &before));
	} else {
		check(s.count >= -5 && s.count <= 10 && s.port_count <= 3);
		check(use == SHAPE_CREATE || s.kind == NULL);
		reads_back_the_same(&s, memory);
	}
	arena_free(memory);
}

static void
check_time(struct span text)
{
	struct buf out = buf_with_cap(64);
	int64_t ms, again;

	if (!time_parse(text, &ms) || ms <= 0)
		return;
	check(json_put_time(&out, ms));
	/* A leap second, or an offset, may lead past the last year that can be written. */
	check(time_parse(span_of(buf_span(&out).p + 1, buf_len(&out) - 2), &again));
	check(again == ms || ms > 253402300799999);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = buf_with_cap(6 * size + 16);

	read_as(SHAPE_CREATE, span_of(data, size));
	read_as(SHAPE_CHANGE, span_of(data, size));
	check_time(span_of(data, size));
	check(json_put_span(&text, span_of(data, size)));
	buf_free(&text);
	return 0;
}
