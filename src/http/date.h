/* Dates as HTTP writes them (RFC 9110 §5.6.7). Pure: no clock, no locale. */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/span.h"

#define DATE_LENGTH 29

/* Writes "Sun, 06 Nov 1994 08:49:37 GMT", with a NUL, for a time from year 1 to 9999. */
void date_format(int64_t unix_s, char text[DATE_LENGTH + 1]);

/* Reads that, and the two obsolete forms: rfc850-date and asctime-date. */
MUST_CHECK bool date_parse(struct span text, int64_t *unix_s);

#endif
