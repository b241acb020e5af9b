/* Looks names up, tells what came of it, ends. Unprivileged, because it reads what strangers
 * answer. */
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ipc/channel.h"
#include "os/loop.h"
#include "os/sandbox.h"
#include "os/spawn.h"
#include "role/warden.h"

#define USER "_sallyport-resolver"

static bool
add_address(struct message *m, const struct sockaddr *sa)
{
	struct address *a = &m->addresses[m->address_count];

	if (sa->sa_family == AF_INET)
		*a = address_v4(
		    (const uint8_t *)&((const struct sockaddr_in *)(const void *)sa)->sin_addr, 0);
	else if (sa->sa_family == AF_INET6)
		*a = address_v6(
		    (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr,
		    0);
	else
		return true;
	return ++m->address_count < MESSAGE_ADDRESSES_MAX;
}

static void
look_up(const char *name, struct message *answer)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *list;
	int code = getaddrinfo(name, NULL, &hints, &list);

	if (code != 0) {
		snprintf(answer->text, sizeof answer->text, "%s", gai_strerror(code));
		return;
	}
	for (struct addrinfo *i = list; i != NULL; i = i->ai_next)
		if (!add_address(answer, i->ai_addr))
			break;
	freeaddrinfo(list);
}

static void
on_message(struct channel *ch, struct message *m, void *owner)
{
	struct message answer = {.type = MESSAGE_RESOLVED, .index = m->index};

	(void)owner;
	if (m->type != MESSAGE_RESOLVE)
		return;
	look_up(m->text, &answer);
	struct err e = channel_send(ch, &answer);
	if (failed(e))
		log_error("%s", e.text);
}

static void
on_closed(struct channel *ch, const char *why, void *owner)
{
	(void)ch;
	(void)why;
	loop_stop(owner);
}

int
resolver_main(void)
{
	static const struct channel_ops ops = {on_message, on_closed};
	struct loop *loop;
	struct channel *channel;
	bool became;

	log_init("sallyport resolver", LOG_LEVEL_INFO);
	sandbox_clean_start(SPAWN_CHANNEL);
	struct err e = loop_new(&loop);
	if (!failed(e))
		e = channel_new(loop, SPAWN_CHANNEL, ROLE_WARDEN, &ops, loop, &channel);
	if (!failed(e))
		e = sandbox_user_only(USER, &became);
	if (!failed(e))
		e = sandbox_syscalls(SANDBOX_RESOLVER);
	if (failed(e)) {
		log_error("%s", e.text);
		return 1;
	}
	loop_run(loop);
	channel_free(channel);
	loop_free(loop);
	return 0;
}
