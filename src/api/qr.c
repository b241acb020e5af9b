#include "api/qr.h"

#include <qrencode.h>

#define SVG_MAX (64 * 1024)
#define QUIET   4
#define IS_DARK 1 /* the lowest bit of a module: qrencode.h */

/* One path of all dark modules: runs of a row become one rectangle. */
static bool
put_row(const unsigned char *row, int width, int y, struct buf *out)
{
	int x = 0, end;

	for (; x < width; x = end) {
		end = x + 1;
		if (!(row[x] & IS_DARK))
			continue;
		while (end < width && (row[end] & IS_DARK))
			end++;
		if (!buf_printf(out, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, end - x, end - x))
			return false;
	}
	return true;
}

static bool
put_code(const QRcode *code, struct buf *out)
{
	int size = code->width + 2 * QUIET;

	if (!buf_printf(out,
			"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
			"shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dh-%dz\"/>"
			"<path d=\"",
			size, size, size, size, size))
		return false;
	for (int y = 0; y < code->width; y++)
		if (!put_row(code->data + (size_t)y * (size_t)code->width, code->width, y, out))
			return false;
	return buf_append(out, SPAN_OF("\"/></svg>"));
}

bool
qr_put_svg(const char *text, struct buf *out)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	bool fits = code != NULL && put_code(code, out);

	QRcode_free(code);
	return fits;
}

const char *
qr_svg(const char *text, struct arena *memory)
{
	struct buf svg = buf_with_cap(SVG_MAX);
	const char *copy = NULL;

	if (qr_put_svg(text, &svg))
		copy = arena_copy(memory, buf_span(&svg));
	buf_wipe(&svg);
	return copy;
}
