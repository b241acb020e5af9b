#include "role/edge_snapshot.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "os/fs.h"
#include "role/told_config.h"
#include "tls/client.h"

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Moves a descriptor out of the message, in place of the one held so far. */
static void
take_fd(struct message *m, size_t i, int *into)
{
	close_fd(into);
	*into = m->fds[i];
	m->fds[i] = -1;
}

static void
make_room(struct snapshot *s)
{
	const struct config *c = s->config;

	s->roots = mem_new(c->root_count * sizeof *s->roots);
	for (size_t i = 0; i < c->root_count; i++)
		s->roots[i] = -1;
	s->pairs = mem_new(c->site_count * sizeof *s->pairs);
	for (size_t i = 0; i < c->site_count; i++) {
		s->pairs[i] = mem_new(c->sites[i].certificate_count * sizeof **s->pairs);
		for (size_t k = 0; k < c->sites[i].certificate_count; k++)
			s->pairs[i][k][0] = s->pairs[i][k][1] = -1;
	}
	s->authorities = mem_new(c->authority_count * sizeof *s->authorities);
	s->targets = mem_new(c->backends_count * sizeof *s->targets);
	for (size_t i = 0; i < c->backends_count; i++) {
		s->targets[i] = mem_new(c->backends[i]->count * sizeof **s->targets);
		for (size_t k = 0; k < c->backends[i]->count; k++)
			s->targets[i][k].directory = -1;
	}
}

struct err
snapshot_begin(struct message *m, struct snapshot **out)
{
	struct config *config;
	struct err e = told_config(m, &config);

	*out = NULL;
	if (failed(e))
		return e;
	struct snapshot *s = MEM_NEW(struct snapshot);
	atomic_init(&s->refs, 1);
	s->generation = m->generation;
	s->workers = m->worker;
	s->config = config;
	s->acme_root = -1;
	make_room(s);
	*out = s;
	return ERR_NONE;
}

static struct target *
target_of(struct snapshot *s, const struct message *m)
{
	const struct config *c = s->config;

	if (m->index >= c->backends_count || m->member >= c->backends[m->index]->count)
		return NULL;
	return &s->targets[m->index][m->member];
}

static bool
add_pair(struct snapshot *s, struct message *m)
{
	const struct config *c = s->config;

	if (m->index >= c->site_count || m->member >= c->sites[m->index].certificate_count)
		return false;
	take_fd(m, 0, &s->pairs[m->index][m->member][0]);
	take_fd(m, 1, &s->pairs[m->index][m->member][1]);
	return true;
}

static bool
add_target(struct snapshot *s, struct message *m)
{
	struct target *t = target_of(s, m);

	if (t == NULL)
		return false;
	if (m->type == MESSAGE_SOCKET) {
		take_fd(m, 0, &t->directory);
		t->name = arena_copy(s->config->memory, span_str(m->text));
		return true;
	}
	for (t->count = 0; t->count < m->address_count; t->count++)
		t->at[t->count] = m->addresses[t->count];
	return true;
}

/* What cannot be read stays empty, and who relies on it is not trusted. */
static bool
add_authority(struct snapshot *s, const struct message *m)
{
	struct buf text = buf_with_cap(TLS_AUTHORITIES_MAX);

	if (m->index >= s->config->authority_count)
		return false;
	free((void *)s->authorities[m->index].p);
	s->authorities[m->index] = SPAN_NONE;
	struct err e = fs_read_fd(m->fds[0], &text);
	if (failed(e) || buf_len(&text) == 0)
		buf_free(&text);
	else
		s->authorities[m->index] = buf_span(&text);
	return true;
}

static bool
add_listener(struct snapshot *s, struct message *m)
{
	if (m->worker >= s->workers || m->kind > LISTENER_ADMIN)
		return false;
	struct snapshot_listener *l = MEM_PUSH(s->listeners, s->listener_count);
	*l = (struct snapshot_listener){m->kind, m->worker, m->fds[0]};
	m->fds[0] = -1;
	return true;
}

static bool
add(struct snapshot *s, struct message *m)
{
	switch (m->type) {
	case MESSAGE_LISTENER:
		return add_listener(s, m);
	case MESSAGE_ROOT:
		if (m->index >= s->config->root_count)
			return false;
		take_fd(m, 0, &s->roots[m->index]);
		return true;
	case MESSAGE_ACME_ROOT:
		take_fd(m, 0, &s->acme_root);
		return true;
	case MESSAGE_AUTHORITY:
		return add_authority(s, m);
	case MESSAGE_PAIR:
		return add_pair(s, m);
	case MESSAGE_ADDRESSES:
	case MESSAGE_SOCKET:
		return add_target(s, m);
	default:
		return false;
	}
}

struct err
snapshot_add(struct snapshot *s, struct message *m)
{
	return add(s, m) ? ERR_NONE : err_new("message %d does not fit the configuration", m->type);
}

struct snapshot *
snapshot_share(struct snapshot *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void
snapshot_close_pairs(struct snapshot *s)
{
	for (size_t i = 0; i < s->config->site_count; i++)
		for (size_t k = 0; k < s->config->sites[i].certificate_count; k++) {
			close_fd(&s->pairs[i][k][0]);
			close_fd(&s->pairs[i][k][1]);
		}
}

void
snapshot_release(struct snapshot *s)
{
	if (s == NULL || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) > 1)
		return;
	snapshot_close_pairs(s);
	for (size_t i = 0; i < s->config->root_count; i++)
		close_fd(&s->roots[i]);
	close_fd(&s->acme_root);
	for (size_t i = 0; i < s->listener_count; i++)
		close_fd(&s->listeners[i].fd);
	for (size_t i = 0; i < s->config->site_count; i++)
		free(s->pairs[i]);
	for (size_t i = 0; i < s->config->backends_count; i++) {
		for (size_t k = 0; k < s->config->backends[i]->count; k++)
			close_fd(&s->targets[i][k].directory);
		free(s->targets[i]);
	}
	for (size_t i = 0; i < s->config->authority_count; i++)
		free((void *)s->authorities[i].p);
	free(s->authorities);
	free(s->listeners);
	free(s->roots);
	free(s->pairs);
	free(s->targets);
	config_free(s->config);
	free(s);
}
