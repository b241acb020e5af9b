#include "api/trusted.h"

#include <stdio.h>
#include <string.h>

#include "api/endpoint.h"
#include "base/clock.h"
#include "os/thread.h"

#define FRESH_MS       10000 /* each page asks, and to find out takes warden milliseconds */
#define NAME_MAX_BYTES 256

/* The last name that was asked for: nearly always it is the same. */
static struct {
	char name[NAME_MAX_BYTES];
	bool trusted;
	int64_t told; /* clock_ms() */
} last;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool
is_remembered(const char *name, bool *trusted)
{
	pthread_mutex_lock(&lock);
	bool yes = strcmp(last.name, name) == 0 && clock_ms() - last.told < FRESH_MS;
	*trusted = yes && last.trusted;
	pthread_mutex_unlock(&lock);
	return yes;
}

static void
remember(const char *name, bool trusted)
{
	pthread_mutex_lock(&lock);
	snprintf(last.name, sizeof last.name, "%s", name);
	last.trusted = trusted;
	last.told = clock_ms();
	pthread_mutex_unlock(&lock);
}

static bool
ask(struct api *api, const char *name)
{
	struct buf answer = buf_with_cap(16);
	struct outcome o =
	    api->host->ask(api->owner, CALL_TRUSTED, span_str(name), SPAN_NONE, &answer);
	bool yes = !refused(o) && span_equal(buf_span(&answer), SPAN_OF("yes"));

	buf_free(&answer);
	return yes;
}

bool
trusted_name(struct api *api, const char *name)
{
	bool trusted;

	if (name[0] == '\0' || strlen(name) >= NAME_MAX_BYTES)
		return false;
	if (!is_remembered(name, &trusted)) {
		trusted = ask(api, name);
		remember(name, trusted);
	}
	return trusted;
}

bool
trusted_links(struct api *api, struct span host)
{
	return trusted_name(api, endpoint_origin_name(api->access.memory, api->config, host));
}

void
trusted_forget(void)
{
	pthread_mutex_lock(&lock);
	last.name[0] = '\0';
	pthread_mutex_unlock(&lock);
}
