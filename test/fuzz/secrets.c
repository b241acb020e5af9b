/* What others must not see of a request: one-time tokens in logs, our cookie at other servers. */
#include "base/mem.h"
#include "fuzz.h"
#include "role/edge_log_mask.h"
#include "serve/control.h"

static void
check_mask(struct span text)
{
	size_t at, len, again_at, again_len;

	if (!log_mask_find(text, &at, &len))
		return;
	check(at > 0 && len > 0 && at <= text.len && len <= text.len - at);
	struct span token = span_head(span_tail(text, at), len), rest = span_tail(text, at + len);
	check(span_find(token, '/') == len && span_find(token, '?') == len);
	check(rest.len == 0 || rest.p[0] == '/' || rest.p[0] == '?' || rest.p[0] == '#');
	/* What is found depends on nothing behind it. */
	check(log_mask_find(span_head(text, at + len), &again_at, &again_len));
	check(again_at == at && again_len == len);
}

/* As a server reads it: by semicolons, with spaces around or without. */
static bool
has_ours(struct span value)
{
	static const struct span ours = SPAN_INIT("__Host-sallyport");

	while (value.len > 0) {
		size_t end = span_find(value, ';');
		struct span pair = span_head(value, end);

		while (pair.len > 0 && (pair.p[0] == ' ' || pair.p[0] == '\t'))
			pair = span_tail(pair, 1);
		if (span_equal_nocase(span_head(pair, ours.len), ours))
			return true;
		value = span_tail(value, end + 1);
	}
	return false;
}

static void
check_cookie(struct span value)
{
	struct arena *memory = arena_new();
	struct span left = control_strip_cookie(memory, value);

	check(!has_ours(left) && left.len <= 2 * value.len);
	check(has_ours(value) || span_equal(left, value));
	check(span_equal(control_strip_cookie(memory, left), left));
	arena_free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_mask(span_of(data, size));
	check_cookie(span_of(data, size));
	return 0;
}
