/* What every unit test includes: cmocka, whose header needs these four first. */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/err.h"

#define assert_ok(expr)                                                                            \
	do {                                                                                       \
		struct err outcome_ = (expr);                                                      \
		if (failed(outcome_))                                                              \
			fail_msg("%s: %s", #expr, outcome_.text);                                  \
	} while (0)

#define assert_fails(expr)                                                                         \
	do {                                                                                       \
		struct err outcome_ = (expr);                                                      \
		if (!failed(outcome_))                                                             \
			fail_msg("%s: should have failed", #expr);                                 \
	} while (0)

#endif
