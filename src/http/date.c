#include "http/date.h"

#include "base/text.h"

#define DAY_S      86400
#define FIRST_TIME (-62135596800) /* year 1 */
#define LAST_TIME  253402300799   /* the end of year 9999 */

static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const weekdays[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
					"Thursday", "Friday", "Saturday"};

struct civil {
	int64_t year;
	unsigned month, day; /* from 1 */
	unsigned hour, minute, second;
};

/* Eras of 400 years, which begin in March so that the leap day is a year's last. */
static int64_t
days_from_civil(const struct civil *c)
{
	int64_t year = c->month <= 2 ? c->year - 1 : c->year;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	unsigned month = c->month > 2 ? c->month - 3 : c->month + 9;
	int64_t of_year = (153 * (int64_t)month + 2) / 5 + c->day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void
civil_from_days(int64_t days, struct civil *c)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t of_era = days - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;

	c->day = (unsigned)(of_year - (153 * month + 2) / 5 + 1);
	c->month = (unsigned)(month < 10 ? month + 3 : month - 9);
	c->year = year + era * 400 + (c->month <= 2);
}

static char *
put_digits(char *p, unsigned n, int digits)
{
	for (int i = digits - 1; i >= 0; i--, n /= 10)
		p[i] = (char)('0' + n % 10);
	return p + digits;
}

static char *
put_text(char *p, const char *text, size_t len)
{
	memcpy(p, text, len);
	return p + len;
}

void
date_format(int64_t unix_s, char text[DATE_LENGTH + 1])
{
	struct civil c;
	int64_t t = unix_s < FIRST_TIME ? FIRST_TIME : unix_s > LAST_TIME ? LAST_TIME : unix_s;
	int64_t days = (t - (t < 0 ? DAY_S - 1 : 0)) / DAY_S;
	unsigned of_day = (unsigned)(t - days * DAY_S);
	char *p = text;

	civil_from_days(days, &c);
	p = put_text(p, weekdays[((days + 4) % 7 + 7) % 7], 3);
	p = put_digits(put_text(p, ", ", 2), c.day, 2);
	p = put_text(put_text(put_text(p, " ", 1), months[c.month - 1], 3), " ", 1);
	p = put_digits(p, (unsigned)c.year, 4);
	p = put_digits(put_text(p, " ", 1), of_day / 3600, 2);
	p = put_digits(put_text(p, ":", 1), of_day / 60 % 60, 2);
	p = put_digits(put_text(p, ":", 1), of_day % 60, 2);
	put_text(p, " GMT", 5);
}

static bool
take_digits(struct cursor *c, size_t digits, unsigned *out)
{
	struct span text;
	uint64_t n;

	if (!cursor_span(c, digits, &text) || !text_to_u64(text, 9999, &n))
		return false;
	*out = (unsigned)n;
	return true;
}

static bool
take_name(struct cursor *c, const char *name, size_t len)
{
	struct cursor probe = *c;
	struct span text;

	if (!cursor_span(&probe, len, &text) || !span_equal(text, span_of(name, len)))
		return false;
	*c = probe;
	return true;
}

static bool
take_weekday(struct cursor *c, bool whole)
{
	for (size_t i = 0; i < COUNT(weekdays); i++)
		if (take_name(c, weekdays[i], whole ? strlen(weekdays[i]) : 3))
			return true;
	return false;
}

static bool
take_month(struct cursor *c, struct civil *out)
{
	for (unsigned i = 0; i < COUNT(months); i++)
		if (take_name(c, months[i], 3)) {
			out->month = i + 1;
			return true;
		}
	return false;
}

/* Two digits of a year: the epoch's century from 70 on, as in every date HTTP ever sent so. */
static bool
take_short_year(struct cursor *c, struct civil *out)
{
	unsigned year;

	if (!take_digits(c, 2, &year))
		return false;
	out->year = year < 70 ? 2000 + year : 1900 + year;
	return true;
}

static bool
take_year(struct cursor *c, struct civil *out)
{
	unsigned year;

	if (!take_digits(c, 4, &year))
		return false;
	out->year = year;
	return true;
}

static bool
take_part(struct cursor *c, char what, struct civil *out)
{
	switch (what) {
	case 'w':
		return take_weekday(c, false);
	case 'W':
		return take_weekday(c, true);
	case 'd':
		return take_digits(c, 2, &out->day);
	case 'e': /* asctime pads with a space */
		return take_digits(c, take_name(c, " ", 1) ? 1 : 2, &out->day);
	case 'b':
		return take_month(c, out);
	case 'y':
		return take_short_year(c, out);
	case 'Y':
		return take_year(c, out);
	case 'h':
		return take_digits(c, 2, &out->hour);
	case 'm':
		return take_digits(c, 2, &out->minute);
	case 's':
		return take_digits(c, 2, &out->second);
	default:
		return take_name(c, &what, 1);
	}
}

static unsigned
month_days(const struct civil *c)
{
	static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = c->year % 4 == 0 && (c->year % 100 != 0 || c->year % 400 == 0);

	return days[c->month - 1] + (c->month == 2 && leap);
}

static bool
is_date(const struct civil *c)
{
	/* 60 is a leap second (RFC 9110 §5.6.7). */
	return c->year >= 1 && c->day >= 1 && c->day <= month_days(c) && c->hour < 24 &&
	       c->minute < 60 && c->second <= 60;
}

static bool
take_form(struct span text, const char *form, struct civil *out)
{
	struct cursor c = cursor_of(text);

	for (; *form != '\0'; form++)
		if (!take_part(&c, *form, out))
			return false;
	return cursor_left(&c) == 0 && is_date(out);
}

bool
date_parse(struct span text, int64_t *unix_s)
{
	static const char *const forms[] = {"w, d b Y h:m:s GMT", "W, d-b-y h:m:s GMT",
					    "w b e h:m:s Y"};

	for (size_t i = 0; i < COUNT(forms); i++) {
		struct civil c = {.month = 1};

		if (take_form(text, forms[i], &c)) {
			*unix_s =
			    days_from_civil(&c) * DAY_S + c.hour * 3600 + c.minute * 60 + c.second;
			return true;
		}
	}
	return false;
}
