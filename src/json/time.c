/* Times as people and programs write them (RFC 3339). */
#include "base/clock.h"
#include "base/text.h"
#include "json/shape.h"

#define YEAR_LAST 9999   /* four digits are all there are (§5.6) */
#define ERA_DAYS  146097 /* of 400 years */
#define EPOCH_DAY 719468 /* 1970-01-01, from 1 March of year 0 */
#define TIME_MAX  24     /* bytes of "2026-11-21T16:52:30.123Z" */

struct date {
	int64_t year;
	unsigned month, day;
};

/* Years that begin on 1 March end with the day that leap years add: no table of months needed. */
static int64_t
days_of(const struct date *d)
{
	int64_t year = d->month <= 2 ? d->year - 1 : d->year;
	int64_t month = d->month <= 2 ? d->month + 9 : d->month - 3;

	return year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + d->day -
	       1 - EPOCH_DAY;
}

/* `days` since 1970, 0 or more. */
static struct date
date_of(int64_t days)
{
	int64_t z = days + EPOCH_DAY, of_era = z % ERA_DAYS;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	struct date d = {.year = year + z / ERA_DAYS * 400,
			 .month = (unsigned)(month < 10 ? month + 3 : month - 9),
			 .day = (unsigned)(of_year - (153 * month + 2) / 5 + 1)};

	if (d.month <= 2)
		d.year++;
	return d;
}

static uint8_t *
put_digits(uint8_t *to, int64_t n, unsigned digits, uint8_t then)
{
	for (unsigned i = digits; i > 0; i--, n /= 10)
		to[i - 1] = (uint8_t)('0' + n % 10);
	to[digits] = then;
	return to + digits + 1;
}

bool
json_put_time(struct buf *out, int64_t ms)
{
	static const struct date last = {YEAR_LAST, 12, 31};
	uint8_t text[TIME_MAX + 2], *to = text;

	if (ms <= 0)
		return buf_append(out, SPAN_OF("null"));
	int64_t end = (days_of(&last) + 1) * DAY_MS - 1;
	if (ms > end)
		ms = end;
	struct date d = date_of(ms / DAY_MS);
	*to++ = '"';
	to = put_digits(to, d.year, 4, '-');
	to = put_digits(to, d.month, 2, '-');
	to = put_digits(to, d.day, 2, 'T');
	to = put_digits(to, ms / HOUR_MS % 24, 2, ':');
	to = put_digits(to, ms / MINUTE_MS % 60, 2, ':');
	to = put_digits(to, ms / SECOND_MS % 60, 2, ms % SECOND_MS == 0 ? 'Z' : '.');
	if (ms % SECOND_MS != 0)
		to = put_digits(to, ms % SECOND_MS, 3, 'Z');
	*to++ = '"';
	return buf_append(out, span_of(text, (size_t)(to - text)));
}

static bool
take_number(struct cursor *c, size_t digits, unsigned min, unsigned max, unsigned *out)
{
	struct span text;
	uint64_t n;

	if (!cursor_span(c, digits, &text) || !text_to_u64(text, max, &n) || n < min)
		return false;
	*out = (unsigned)n;
	return true;
}

/* One byte that is `either` or `other`; *got says which. */
static bool
take_mark(struct cursor *c, char either, char other, uint8_t *got)
{
	return cursor_u8(c, got) && (*got == (uint8_t)either || *got == (uint8_t)other);
}

static unsigned
days_in(int64_t year, unsigned month)
{
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month == 2 ? 28u + leap : 30u + ((month + (month > 7)) & 1);
}

static bool
take_date(struct cursor *c, struct date *d)
{
	uint8_t mark;
	unsigned year;

	if (!take_number(c, 4, 1, YEAR_LAST, &year) || !take_mark(c, '-', '-', &mark) ||
	    !take_number(c, 2, 1, 12, &d->month) || !take_mark(c, '-', '-', &mark) ||
	    !take_number(c, 2, 1, days_in(year, d->month), &d->day))
		return false;
	d->year = year;
	return true;
}

/* "hh:mm"; in minutes. */
static bool
take_minutes(struct cursor *c, int64_t *out)
{
	unsigned hours, minutes;
	uint8_t mark;

	if (!take_number(c, 2, 0, 23, &hours) || !take_mark(c, ':', ':', &mark) ||
	    !take_number(c, 2, 0, 59, &minutes))
		return false;
	*out = hours * 60 + minutes;
	return true;
}

/* ".25", of which what is less than a millisecond is dropped. */
static bool
take_fraction(struct cursor *c, int64_t *ms)
{
	int64_t worth = 100;
	size_t digits = 0;
	uint8_t byte;

	*ms = 0;
	if (cursor_left(c) == 0 || *c->p != '.')
		return true;
	if (!cursor_skip(c, 1))
		return false;
	for (; cursor_left(c) > 0 && *c->p >= '0' && *c->p <= '9'; digits++, worth /= 10) {
		if (!cursor_u8(c, &byte))
			return false;
		*ms += worth * (byte - '0');
	}
	return digits > 0;
}

/* "Z", "+01:00"; in minutes. */
static bool
take_offset(struct cursor *c, int64_t *out)
{
	uint8_t mark;

	*out = 0;
	if (cursor_left(c) == 1)
		return take_mark(c, 'Z', 'z', &mark);
	if (!take_mark(c, '+', '-', &mark) || !take_minutes(c, out))
		return false;
	if (mark == '-')
		*out = -*out;
	return true;
}

bool
time_parse(struct span text, int64_t *ms)
{
	struct cursor c = cursor_of(text);
	int64_t minutes, fraction, offset;
	unsigned seconds;
	struct date d;
	uint8_t mark;

	/* 60 is a leap second (§5.7): the first of the next minute to a clock that has none. */
	if (!take_date(&c, &d) || !take_mark(&c, 'T', 't', &mark) || !take_minutes(&c, &minutes) ||
	    !take_mark(&c, ':', ':', &mark) || !take_number(&c, 2, 0, 60, &seconds) ||
	    !take_fraction(&c, &fraction) || !take_offset(&c, &offset) || cursor_left(&c) > 0)
		return false;
	*ms =
	    days_of(&d) * DAY_MS + (minutes - offset) * MINUTE_MS + seconds * SECOND_MS + fraction;
	return true;
}
