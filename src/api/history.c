#include "api/history.h"

#include <inttypes.h>
#include <stdlib.h>

#include "api/counters.h"
#include "base/mem.h"
#include "os/thread.h"
#include "json/shape.h"

struct sample {
	int64_t time;
	uint64_t counters[COUNTER_COUNT];
	uint64_t tunnels[TUNNEL_COUNTERS];
	uint64_t queued, queued_slow;
};

struct history {
	pthread_mutex_t lock;
	struct sample samples[HISTORY_SAMPLES]; /* a ring */
	size_t count, next;
};

struct history *
history_new(void)
{
	struct history *h = MEM_NEW(struct history);

	pthread_mutex_init(&h->lock, NULL);
	return h;
}

void
history_free(struct history *h)
{
	if (h == NULL)
		return;
	pthread_mutex_destroy(&h->lock);
	free(h);
}

/* The n-th, counted from the oldest. */
static const struct sample *
sample_at(const struct history *h, size_t n)
{
	return &h->samples[(h->next + HISTORY_SAMPLES - h->count + n) % HISTORY_SAMPLES];
}

static void
put_sample(struct history *h, const struct api_numbers *numbers, int64_t now)
{
	struct sample *s = &h->samples[h->next];

	*s = (struct sample){
	    .time = now, .queued = numbers->queued, .queued_slow = numbers->queued_slow};
	memcpy(s->counters, numbers->counters, sizeof s->counters);
	memcpy(s->tunnels, numbers->tunnels, sizeof s->tunnels);
	h->next = (h->next + 1) % HISTORY_SAMPLES;
	if (h->count < HISTORY_SAMPLES)
		h->count++;
}

bool
history_add(struct history *h, const struct api_numbers *numbers, int64_t now, bool due)
{
	pthread_mutex_lock(&h->lock);
	due = due || h->count == 0;
	if (due)
		put_sample(h, numbers, now);
	pthread_mutex_unlock(&h->lock);
	return due;
}

/* Which of them is the first after that time. The clock may have been set back meanwhile: so where
 * there is one of just that time, it is by its place. */
static size_t
first_after(const struct history *h, int64_t since)
{
	size_t first = 0;

	for (size_t i = h->count; i > 0; i--)
		if (sample_at(h, i - 1)->time == since)
			return i;
	while (first < h->count && sample_at(h, first)->time <= since)
		first++;
	return first;
}

static bool
put_times(const struct history *h, size_t first, struct buf *out)
{
	bool fits = buf_printf(out, "{\"step_ms\":%d,\"times\":[", HISTORY_STEP_MS);

	for (size_t i = first; fits && i < h->count; i++)
		fits =
		    (i == first || buf_byte(out, ',')) && json_put_time(out, sample_at(h, i)->time);
	return fits && buf_byte(out, ']');
}

/* Values stand in every sample `offset` bytes from its start. */
static bool
put_series(const struct history *h, size_t first, const char *name, size_t offset, struct buf *out)
{
	bool fits = buf_printf(out, ",\"%s\":[", name);

	for (size_t i = first; fits && i < h->count; i++) {
		const char *at = (const char *)sample_at(h, i) + offset;

		fits = buf_printf(out, "%s%" PRIu64, i > first ? "," : "", *(const uint64_t *)at);
	}
	return fits && buf_byte(out, ']');
}

/* What stands for each sample beside the counters. */
static const struct own_series {
	const char *name, *doc;
	size_t offset;
} own_series[] = {
    {"vpn_tunnels", "Devices that are connected to the VPN.",
     offsetof(struct sample, tunnels[TUNNEL_OPEN])},
    {"vpn_bytes_from_clients", "Bytes that came through tunnels of the VPN.",
     offsetof(struct sample, tunnels[TUNNEL_IN])},
    {"vpn_bytes_to_clients", "Bytes that went through tunnels of the VPN.",
     offsetof(struct sample, tunnels[TUNNEL_OUT])},
    {"queued", "Requests to the API that waited.", offsetof(struct sample, queued)},
    {"queued_slow", "Requests that waited for a password to be hashed.",
     offsetof(struct sample, queued_slow)},
};

static bool
put_all(const struct history *h, size_t first, struct buf *out)
{
	bool fits = put_times(h, first, out);

	for (size_t i = 0; fits && i < counter_row_count; i++)
		fits = put_series(h, first, counter_rows[i].name,
				  offsetof(struct sample, counters) +
				      (size_t)counter_rows[i].counter * sizeof(uint64_t),
				  out);
	for (size_t i = 0; fits && i < COUNT(own_series); i++)
		fits = put_series(h, first, own_series[i].name, own_series[i].offset, out);
	return fits && buf_byte(out, '}');
}

bool
history_write(struct history *h, int64_t since, struct buf *out)
{
	pthread_mutex_lock(&h->lock);
	bool fits = put_all(h, first_after(h, since), out);
	pthread_mutex_unlock(&h->lock);
	return fits;
}

static bool
put_series_schema(struct buf *out, const char *name, const char *doc)
{
	return buf_printf(out, ",\"%s\":{\"type\":\"array\",\"description\":", name) &&
	       json_put_text(out, doc) &&
	       buf_append(out, SPAN_OF(",\"items\":{\"type\":\"integer\",\"format\":\"int64\"}}"));
}

static bool
put_required(struct buf *out)
{
	bool fits = buf_append(out, SPAN_OF("},\"required\":[\"step_ms\",\"times\""));

	for (size_t i = 0; fits && i < counter_row_count; i++)
		fits = buf_printf(out, ",\"%s\"", counter_rows[i].name);
	for (size_t i = 0; fits && i < COUNT(own_series); i++)
		fits = buf_printf(out, ",\"%s\"", own_series[i].name);
	return fits && buf_append(out, SPAN_OF("],\"additionalProperties\":false}"));
}

bool
history_write_schema(struct buf *out)
{
	bool fits = buf_append(
	    out, SPAN_OF("{\"type\":\"object\",\"properties\":{\"step_ms\":{\"type\":\"integer\","
			 "\"description\":\"Between two samples.\"},\"times\":{\"type\":\"array\","
			 "\"description\":\"When the samples were taken, the oldest first.\","
			 "\"items\":{\"type\":\"string\",\"format\":\"date-time\"}}"));

	for (size_t i = 0; fits && i < counter_row_count; i++)
		fits = put_series_schema(out, counter_rows[i].name, counter_rows[i].doc);
	for (size_t i = 0; fits && i < COUNT(own_series); i++)
		fits = put_series_schema(out, own_series[i].name, own_series[i].doc);
	return fits && put_required(out);
}
