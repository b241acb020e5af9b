#include "api/csv.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

/* Rows as "a|b;c|d;", then "." at the end, or "!" and the line where it is bad. */
static const char *
told(struct arena *memory, struct span text)
{
	struct csv c = csv_of(text);
	const char *out = "", *why = NULL;
	struct csv_row row;

	for (;;) {
		switch (csv_next(&c, memory, &row, &why)) {
		case CSV_END:
			return arena_printf(memory, "%s.", out);
		case CSV_BAD:
			assert_non_null(why);
			return arena_printf(memory, "%s!%zu", out, row.line);
		case CSV_ROW:
			break;
		}
		for (size_t i = 0; i < row.count; i++)
			out = arena_printf(memory, "%s%s%.*s", out, i > 0 ? "|" : "",
					   (int)row.cells[i].len, (const char *)row.cells[i].p);
		out = arena_printf(memory, "%s;", out);
	}
}

static const struct sample {
	const char *text, *told;
} samples[] = {
    {"", "."},
    {"\n\r\n\n", "."},
    {"a", "a;."},
    {"a\n", "a;."},
    {"a,b\r\nc,d\r\n", "a|b;c|d;."},
    {"a,b\nc,d", "a|b;c|d;."},
    {"a,,\n", "a||;."},
    {",\n", "|;."},
    {"\xEF\xBB\xBF"
     "a\n",
     "a;."},
    {"\"a\"", "a;."},
    {"\"\"", ";."},
    {"\"a,b\",c", "a,b|c;."},
    {"\"a\nb\",c\n!", "a\nb|c;!;."},
    {"\"a\"\"b\"", "a\"b;."},
    {"\"\"\"\"", "\";."},
    {"\"\"\"a\"\"\",b", "\"a\"|b;."},
    {"a\n\nb", "a;b;."},
    {" a , b ", " a | b ;."},
    {"\"", "!1"},
    {"\"\"\"", "!1"},
    {"a\n\"b", "a;!2"},
    {"\"a\"b", "!1"},
    {"a\"b", "!1"},
    {"\"x\ny\"\n\"", "x\ny;!3"},
    {"a\rb", "!1"},
    {"a\r", "!1"},
    {"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", "1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16;."},
    {"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "!1"},
};

static void
rows_and_cells_are_those_of_the_rfc(void **state)
{
	struct arena *memory = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		assert_string_equal(samples[i].told, told(memory, span_str(samples[i].text)));
	arena_free(memory);
}

/* Nothing beyond the end is looked at: each is in memory of just its size. */
static void
every_cut_ends(void **state)
{
	struct arena *memory = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		for (size_t n = 0; n <= strlen(samples[i].text); n++) {
			uint8_t *cut = mem_new(n);

			span_put(cut, span_of(samples[i].text, n));
			assert_non_null(told(memory, span_of(cut, n)));
			free(cut);
		}
	arena_free(memory);
}

static void
a_text_full_of_quotes_takes_no_longer_for_it(void **state)
{
	size_t len = 1 << 20;
	uint8_t *quotes = mem_new(len);
	struct arena *memory = arena_new();
	struct csv_row row;
	const char *why;

	(void)state;
	memset(quotes, '"', len);
	struct csv c = csv_of(span_of(quotes, len));
	assert_int_equal(CSV_ROW, csv_next(&c, memory, &row, &why));
	assert_int_equal(len / 2 - 1, row.cells[0].len);
	c = csv_of(span_of(quotes, len - 1));
	assert_int_equal(CSV_BAD, csv_next(&c, memory, &row, &why));
	arena_free(memory);
	free(quotes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_and_cells_are_those_of_the_rfc),
	    cmocka_unit_test(every_cut_ends),
	    cmocka_unit_test(a_text_full_of_quotes_takes_no_longer_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
