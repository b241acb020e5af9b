#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 1024
#define LIMIT_BURST    20
#define LIMIT_MS       10000

static struct {
	const char *role;
	atomic_int most; /* a reload changes it while threads log */
	bool journal;
} logger = {.role = "sallyport", .most = LOG_LEVEL_INFO};

void
log_init(const char *role, enum log_level most)
{
	logger.role = role;
	logger.most = most;
	logger.journal = getenv("JOURNAL_STREAM") != NULL;
}

void
log_set_level(const char *most)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = {{"error", LOG_LEVEL_ERROR},
		      {"warn", LOG_LEVEL_WARN},
		      {"info", LOG_LEVEL_INFO},
		      {"debug", LOG_LEVEL_DEBUG}};

	for (size_t i = 0; i < COUNT(levels); i++)
		if (strcmp(levels[i].name, most) == 0)
			logger.most = levels[i].level;
}

static const char *
level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error: ";
	case LOG_LEVEL_WARN:
		return "warning: ";
	case LOG_LEVEL_DEBUG:
		return "debug: ";
	case LOG_LEVEL_INFO:
		break;
	}
	return "";
}

/* One write() a line, so that lines of several processes do not mix. */
static void
say(enum log_level level, const char *fmt, va_list args)
{
	char line[LINE_MAX_BYTES];
	int n;

	if ((int)level > atomic_load_explicit(&logger.most, memory_order_relaxed))
		return;
	if (logger.journal)
		n = snprintf(line, sizeof line, "<%d>%s: ", level, logger.role);
	else
		n = snprintf(line, sizeof line, "%s: %s", logger.role, level_name(level));
	int body = vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, args);
	size_t len = (size_t)n + (body > 0 ? (size_t)body : 0);
	if (len > sizeof line - 2)
		len = sizeof line - 2;
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* nobody left to tell */
}

#define SAY(level)                                                                                 \
	do {                                                                                       \
		va_list args;                                                                      \
		va_start(args, fmt);                                                               \
		say((level), fmt, args);                                                           \
		va_end(args);                                                                      \
	} while (0)

void
log_error(const char *fmt, ...)
{
	SAY(LOG_LEVEL_ERROR);
}

void
log_warn(const char *fmt, ...)
{
	SAY(LOG_LEVEL_WARN);
}

void
log_info(const char *fmt, ...)
{
	SAY(LOG_LEVEL_INFO);
}

void
log_debug(const char *fmt, ...)
{
	SAY(LOG_LEVEL_DEBUG);
}

void
log_peer(struct log_limit *limit, const char *fmt, ...)
{
	int64_t now = clock_ms();

	if (now - limit->since_ms >= LIMIT_MS) {
		if (limit->dropped > 0)
			log_warn("%u more lines like the last were not logged", limit->dropped);
		*limit = (struct log_limit){.burst = limit->burst, .since_ms = now};
	}
	if (limit->said >= (limit->burst > 0 ? limit->burst : LIMIT_BURST)) {
		limit->dropped++;
		return;
	}
	limit->said++;
	SAY(LOG_LEVEL_INFO);
}
