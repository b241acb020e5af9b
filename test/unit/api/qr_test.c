#include "api/qr.h"

#include <stdlib.h>

#include "base/mem.h"
#include "unit.h"

#define URI                                                                                        \
	"otpauth://totp/Sallyport:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Sallyport"

/* Paints the runs "Mx yhNv1h-Nz" of the picture, and returns its width. */
static long
paint(const char *svg, char *picture, size_t size)
{
	long width = strtol(strstr(svg, "viewBox=\"0 0 ") + strlen("viewBox=\"0 0 "), NULL, 10);
	const char *at = strstr(svg, "<path d=\"") + strlen("<path d=\"");

	assert_true((size_t)(width * width) <= size);
	memset(picture, ' ', size);
	while (*at == 'M') {
		char *end;
		long x = strtol(at + 1, &end, 10), y = strtol(end, &end, 10);
		long run = strtol(end + 1, &end, 10);

		assert_true(x >= 4 && y >= 4 && x + run <= width - 4 && y < width - 4);
		memset(picture + y * width + x, '#', (size_t)run);
		at = strchr(end, 'z') + 1;
	}
	assert_string_equal("\"/></svg>", at);
	return width;
}

/* ISO/IEC 18004 §6.3.3: a finder pattern in three of the corners, none in the fourth. */
static bool
is_finder(const char *picture, long width, long x, long y)
{
	static const char pattern[7][8] = {"#######", "#     #", "# ### #", "# ### #",
					   "# ### #", "#     #", "#######"};

	for (long row = 0; row < 7; row++)
		if (memcmp(picture + (y + row) * width + x, pattern[row], 7) != 0)
			return false;
	return true;
}

static void
a_text_becomes_a_picture_with_its_three_corners(void **state)
{
	static char picture[256 * 256];
	struct buf svg = buf_with_cap(64 * 1024);
	long width, far;

	(void)state;
	assert_true(qr_put_svg(URI, &svg));
	assert_true(buf_byte(&svg, '\0'));
	width = paint((const char *)buf_span(&svg).p, picture, sizeof picture);
	far = width - 4 - 7;
	assert_int_equal(1, (width - 8) % 4);
	assert_true(is_finder(picture, width, 4, 4));
	assert_true(is_finder(picture, width, far, 4));
	assert_true(is_finder(picture, width, 4, far));
	assert_false(is_finder(picture, width, far, far));
	buf_free(&svg);
}

static void
what_is_too_long_or_does_not_fit_is_refused(void **state)
{
	struct buf svg = buf_with_cap(64 * 1024), small = buf_with_cap(300);
	char *text = mem_new(8000);

	(void)state;
	memset(text, 'x', 7999);
	assert_false(qr_put_svg(text, &svg));
	assert_false(qr_put_svg("", &svg));
	assert_false(qr_put_svg(URI, &small));
	free(text);
	buf_free(&svg);
	buf_free(&small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_text_becomes_a_picture_with_its_three_corners),
	    cmocka_unit_test(what_is_too_long_or_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
