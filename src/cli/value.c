#include "cli/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/print.h"
#include "os/fs.h"
#include "json/shape.h"

#define FILE_TEXT_MAX (1 << 20)
#define SECRET_MAX    1024
#define AHEAD_MAX     (100ull * 365 * 24 * 3600 * 1000)

static json_t *
refuse(const struct option *o, const char *text, const char *why, int *status)
{
	fprintf(stderr, "sallyport: %s: `", o->name);
	print_text(stderr, text);
	fprintf(stderr, "` %s\n", why);
	*status = EXIT_USAGE;
	return NULL;
}

static json_t *
time_json(int64_t ms)
{
	struct buf b = buf_with_cap(64);
	json_t *json = NULL;

	if (json_put_time(&b, ms))
		json = json_loadb((const char *)buf_span(&b).p, buf_len(&b), JSON_DECODE_ANY, NULL);
	buf_free(&b);
	return json;
}

/* "2026-12-31" or "2026-12-31 16:52", where this machine is. */
static bool
parse_local(const char *text, int64_t *ms)
{
	static const char *const formats[] = {"%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d"};

	for (size_t i = 0; i < COUNT(formats); i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *end = strptime(text, formats[i], &tm);
		time_t seconds = end != NULL && *end == '\0' ? mktime(&tm) : (time_t)-1;

		if (seconds != (time_t)-1) {
			*ms = (int64_t)seconds * 1000;
			return true;
		}
	}
	return false;
}

static json_t *
time_value(const struct option *o, const char *text, int *status)
{
	uint64_t ahead;
	int64_t ms;

	if (text_to_duration(span_str(text), AHEAD_MAX, &ahead))
		return time_json(clock_wall_ms() + (int64_t)ahead);
	if (time_parse(span_str(text), &ms) || parse_local(text, &ms))
		return time_json(ms);
	return refuse(o, text,
		      "is no time: write 2026-12-31, \"2026-12-31 16:52\", or 90d for so long from "
		      "now",
		      status);
}

static json_t *
number_value(const struct option *o, const char *text, int *status)
{
	uint64_t n;

	if (!text_to_u64(span_str(text), INT64_MAX, &n))
		return refuse(o, text, "is no number", status);
	return json_integer((json_int_t)n);
}

static json_t *
texts_value(const char *text)
{
	struct span rest = span_str(text);
	json_t *list = json_array();

	while (rest.len > 0) {
		struct span one = span_head(rest, span_find(rest, ','));

		rest = span_tail(rest, one.len + 1);
		while (one.len > 0 && *one.p == ' ')
			one = span_tail(one, 1);
		if (one.len > 0)
			json_array_append_new(list, json_stringn((const char *)one.p, one.len));
	}
	return list;
}

static json_t *
secret_value(const struct option *o, const char *file, int *status)
{
	struct buf text = buf_with_cap(SECRET_MAX);
	json_t *json = NULL;

	*status = EXIT_FAILED;
	if (ask_secret(o->name, o->name, file, ASK_ONCE, &text)) {
		json = json_stringn((const char *)buf_span(&text).p, buf_len(&text));
		if (json == NULL)
			fprintf(stderr, "sallyport: %s: it is no text in UTF-8\n", o->name);
	}
	buf_wipe(&text);
	return json;
}

static json_t *
file_value(const struct option *o, const char *file, int *status)
{
	struct buf text = buf_with_cap(FILE_TEXT_MAX);
	struct err e = fs_read_path(file, &text);
	json_t *json = NULL;

	*status = EXIT_FAILED;
	if (failed(e))
		fprintf(stderr, "sallyport: %s: %s\n", o->name, e.text);
	else if ((json = json_stringn((const char *)buf_span(&text).p, buf_len(&text))) == NULL)
		fprintf(stderr, "sallyport: %s: %s is no text in UTF-8\n", o->name, file);
	buf_free(&text);
	return json;
}

static json_t *
text_value(const struct option *o, const char *text, int *status)
{
	json_t *json = json_string(text);

	return json != NULL ? json : refuse(o, text, "is no text in UTF-8", status);
}

static json_t *
yes_no_value(const struct option *o, const char *text, int *status)
{
	if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
		return refuse(o, text, "is neither yes nor no", status);
	return json_boolean(text[0] == 'y');
}

static bool
is_none(const struct option *o, const char *text)
{
	return (o->flags & VALUE_NULLABLE) != 0 &&
	       (strcmp(text, "none") == 0 || (o->kind == VALUE_TIME && strcmp(text, "never") == 0));
}

json_t *
value_json(const struct option *o, const char *text, int *status)
{
	if (is_none(o, text))
		return json_null();
	switch (o->kind) {
	case VALUE_FLAG:
		return json_loads(o->constant, JSON_DECODE_ANY, NULL);
	case VALUE_TEXTS:
		return texts_value(text);
	case VALUE_NUMBER:
		return number_value(o, text, status);
	case VALUE_YES_NO:
		return yes_no_value(o, text, status);
	case VALUE_TIME:
		return time_value(o, text, status);
	case VALUE_FILE:
		return o->flags & VALUE_SECRET ? secret_value(o, text, status)
					       : file_value(o, text, status);
	default:
		return text_value(o, text, status);
	}
}

void
value_forget(json_t *json)
{
	json_t *value;
	const char *name;

	if (json_is_object(json))
		json_object_foreach(json, name, value) value_forget(json_incref(value));
	else if (json_is_string(json))
		explicit_bzero((char *)(uintptr_t)json_string_value(json),
			       json_string_length(json));
	json_decref(json);
}

void
value_set(json_t *object, const char *member, json_t *value)
{
	const char *dot = strchr(member, '.');
	char part[64];

	if (dot == NULL) {
		json_object_set_new(object, member, value);
		return;
	}
	snprintf(part, sizeof part, "%.*s", (int)(dot - member), member);
	if (!json_is_object(json_object_get(object, part)))
		json_object_set_new(object, part, json_object());
	value_set(json_object_get(object, part), dot + 1, value);
}

const char *
value_escaped(struct arena *memory, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	char *escaped = arena_get(memory, 3 * strlen(text) + 1), *to = escaped;

	for (const char *c = text; *c != '\0'; c++) {
		uint8_t byte = (uint8_t)*c;
		bool plain = (byte >= '0' && byte <= '9') ||
			     (text_lower(byte) >= 'a' && text_lower(byte) <= 'z') ||
			     strchr("-._~", byte) != NULL;

		if (plain) {
			*to++ = (char)byte;
			continue;
		}
		*to++ = '%';
		*to++ = hex[byte >> 4];
		*to++ = hex[byte & 15];
	}
	return escaped;
}
