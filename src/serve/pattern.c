#include "serve/pattern.h"

bool
pattern_fits(const char *pattern, struct span path)
{
	struct span p = span_str(pattern);

	if (p.len > 0 && p.p[0] == '*') {
		p = span_tail(p, 1);
		return path.len >= p.len && span_equal(span_tail(path, path.len - p.len), p);
	}
	if (p.len > 0 && p.p[p.len - 1] == '*')
		return span_starts_with(path, span_head(p, p.len - 1));
	return span_equal(path, p);
}
