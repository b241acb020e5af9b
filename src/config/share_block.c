#include "config/share_block.h"

#include "base/mem.h"
#include "config/printer.h"
#include "config/reader.h"
#include "config/scalar.h"
#include "config/value.h"

static bool
word_is(const struct directive *d, size_t i, const char *text)
{
	return i < d->count && span_equal(d->words[i].text, span_str(text));
}

static void
add_backend(struct reader *r, struct backends *to, const struct word *w)
{
	struct backend b;

	if (!value_backend(r, w, &b))
		return;
	for (size_t i = 0; i < to->count; i++)
		if (strcmp(to->at[i].text, b.text) == 0) {
			FAULT(r, w->at, "%s is in this rule already", b.text);
			return;
		}
	*ARENA_PUSH(r->memory, to->at, to->count) = b;
}

/* The back ends from word `first` on, and what the block says of them. */
static struct backends *
read_backends(struct reader *r, const struct directive *d, size_t first, const char *name)
{
	struct backends *to = ARENA_NEW(r->memory, struct backends);

	to->name = name;
	read_defaults(&block_backends, to);
	for (size_t i = first; i < d->count; i++)
		add_backend(r, to, &d->words[i]);
	read_block(r, &block_backends, d, to);
	return to;
}

static void
print_backends(struct printer *p, const struct backends *to)
{
	for (size_t i = 0; i < to->count; i++)
		print_word(p, to->at[i].text);
	print_block(p, &block_backends, to);
}

void
share_read_door(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct door *door = (struct door *)(void *)((char *)into + o->offset);

	door->kind = DOOR_RELAY;
	if (read_count(r, o, d, 1, CONFIG_WORDS_MAX))
		door->to = read_backends(r, d, 1, o->name);
}

void
share_read_openvpn(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct share *share = into;

	if (!word_is(d, 1, "builtin")) {
		share_read_door(r, o, d, into);
		return;
	}
	if (read_count(r, o, d, 1, 1) && read_no_block(r, d))
		share->openvpn.kind = DOOR_TUNNEL;
}

static char **
default_command(struct reader *r)
{
	char **command = arena_get(r->memory, 3 * sizeof *command);

	command[0] = arena_copy(r->memory, SPAN_OF("/usr/sbin/sshd"));
	command[1] = arena_copy(r->memory, SPAN_OF("-i"));
	return command;
}

static bool
is_default_command(char *const *command)
{
	return strcmp(command[0], "/usr/sbin/sshd") == 0 && command[1] != NULL &&
	       strcmp(command[1], "-i") == 0 && command[2] == NULL;
}

static void
warn_of_ssh_relay(struct reader *r, const struct directive *d, const struct backends *to)
{
	bool local =
	    to->count > 0 && to->at[0].host != NULL && strcmp(to->at[0].host, "127.0.0.1") == 0;

	if (to->proxy_protocol != PROXY_HEADER_OFF)
		WARN(r, directive_place(d),
		     "OpenSSH takes no PROXY header and would refuse every client: use \"ssh "
		     "inetd\", "
		     "unless something before sshd takes the header off");
	else
		WARN(r, directive_place(d),
		     "sshd will see %s for every client: use \"ssh inetd\", so that its log and "
		     "fail2ban "
		     "have the real address",
		     local ? "127.0.0.1" : "this machine's address");
}

static void
read_inetd(struct reader *r, const struct option *o, const struct directive *d, struct door *door)
{
	door->kind = DOOR_INETD;
	if (!read_count(r, o, d, 1, 1))
		return;
	read_block(r, &block_inetd, d, door);
	if (door->command == NULL)
		door->command = default_command(r);
}

void
share_read_ssh(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct share *share = into;

	if (word_is(d, 1, "inetd")) {
		read_inetd(r, o, d, &share->ssh);
		return;
	}
	share_read_door(r, o, d, into);
	if (share->ssh.to != NULL)
		warn_of_ssh_relay(r, d, share->ssh.to);
}

void
share_print_door(struct printer *p, const struct option *o, const void *from)
{
	const struct door *door =
	    (const struct door *)(const void *)((const char *)from + o->offset);

	if (door->kind == DOOR_NONE)
		return;
	print_name(p, o->name);
	if (door->kind == DOOR_RELAY) {
		print_backends(p, door->to);
	} else if (door->kind == DOOR_INETD) {
		print_word(p, "inetd");
		print_block(p, &block_inetd, door);
	} else {
		print_word(p, "builtin");
		print_end(p);
	}
}

void
inetd_read_command(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct door *door = into;

	if (!read_count(r, o, d, 1, CONFIG_WORDS_MAX))
		return;
	const char *program = value_path(r, &d->words[1]);
	door->command = arena_get(r->memory, d->count * sizeof *door->command);
	door->command[0] = arena_copy(r->memory, span_str(program != NULL ? program : ""));
	for (size_t i = 2; i < d->count; i++)
		door->command[i - 1] = arena_copy(r->memory, d->words[i].text);
}

void
inetd_print_command(struct printer *p, const struct option *o, const void *from)
{
	const struct door *door = from;

	if (is_default_command(door->command))
		return;
	print_name(p, o->name);
	for (char **word = door->command; *word != NULL; word++)
		print_word(p, *word);
	print_end(p);
}

/* How many words, after the name, stand before the first that has the form of a back end. */
static size_t
values_in(const struct directive *d)
{
	size_t n = 0;

	while (n + 1 < d->count && !value_looks_like_backend(d->words[n + 1].text))
		n++;
	return n;
}

static const char *
read_server_name(struct reader *r, const struct word *w)
{
	const char *name = value_site_name(r, w);
	struct address ip;

	if (name != NULL && address_parse_ip(span_str(name), &ip)) {
		FAULT(r, w->at, "%s is an address: SNI has names only (RFC 6066, section 3)", name);
		return NULL;
	}
	return name;
}

static const char *
read_alpn_protocol(struct reader *r, const struct word *w)
{
	if (w->text.len > 0 && w->text.len <= CONFIG_ALPN_MAX)
		return arena_copy(r->memory, w->text);
	FAULT(r, w->at, "an ALPN protocol has 1 to %d bytes", CONFIG_ALPN_MAX);
	return NULL;
}

/* "sni NAME... BACKEND..." and its like. */
static void
read_pass_rule(struct reader *r, const struct option *o, const struct directive *d,
	       const char *(*read_value)(struct reader *r, const struct word *w),
	       enum mark_kind kind, struct pass_rule *rule)
{
	size_t values = values_in(d);

	if (values == 0 || values == d->count - 1)
		FAULT(r, directive_place(d), "%s: write \"%s%s\"",
		      values == 0 ? "something is missing"
				  : "a back end is missing, which always has a port",
		      o->name, read_args(r, o));
	for (size_t i = 1; i <= values; i++) {
		const char *value = read_value(r, &d->words[i]);

		if (value == NULL)
			continue;
		*ARENA_PUSH(r->memory, rule->values, rule->count) = value;
		reader_mark(r, kind, value, d->words[i].at);
	}
	rule->to = read_backends(
	    r, d, values + 1,
	    arena_printf(r->memory, "%s %s", o->name, rule->count > 0 ? rule->values[0] : ""));
}

static void
print_pass_rules(struct printer *p, const struct option *o, const struct pass_rule *rules,
		 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		print_name(p, o->name);
		for (size_t j = 0; j < rules[i].count; j++)
			print_word(p, rules[i].values[j]);
		print_backends(p, rules[i].to);
	}
}

void
share_read_sni(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct share *share = into;
	struct pass_rule rule = {.count = 0};

	read_pass_rule(r, o, d, read_server_name, MARK_SNI, &rule);
	*ARENA_PUSH(r->memory, share->sni, share->sni_count) = rule;
}

void
share_print_sni(struct printer *p, const struct option *o, const void *from)
{
	const struct share *share = from;

	print_pass_rules(p, o, share->sni, share->sni_count);
}

void
share_read_alpn(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct share *share = into;
	struct pass_rule rule = {.count = 0};

	read_pass_rule(r, o, d, read_alpn_protocol, MARK_ALPN, &rule);
	*ARENA_PUSH(r->memory, share->alpn, share->alpn_count) = rule;
}

void
share_print_alpn(struct printer *p, const struct option *o, const void *from)
{
	const struct share *share = from;

	print_pass_rules(p, o, share->alpn, share->alpn_count);
}

/* The first word of "silent". */
static const struct option silence = {
    .name = "silent", .type = OPTION_DURATION, .min = 100, .max = 3600000};

void
share_read_silent(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct share *share = into;

	if (!read_count(r, o, d, 2, CONFIG_WORDS_MAX))
		return;
	scalar_read(r, &silence, &d->words[1], &share->silent_after);
	r->silent_at = d->words[1].at;
	if (!word_is(d, 2, "ssh") && !word_is(d, 2, "openvpn")) {
		share->silent.kind = DOOR_RELAY;
		share->silent.to = read_backends(r, d, 2, o->name);
	} else if (d->count > 3) {
		FAULT(r, d->words[3].at, "\"%s\" is one word too many after %s",
		      reader_shown(r, &d->words[3]), reader_shown(r, &d->words[2]));
	} else if (read_no_block(r, d)) {
		r->silent = &d->words[2];
	}
}

/* Which other door the silent are led to; NULL: one of their own. */
static const char *
silent_as(const struct share *share)
{
	const struct door *silent = &share->silent, *ssh = &share->ssh, *openvpn = &share->openvpn;

	if (silent->kind == ssh->kind && silent->to == ssh->to && silent->command == ssh->command)
		return "ssh";
	if (silent->kind == openvpn->kind && silent->to == openvpn->to)
		return "openvpn";
	return NULL;
}

void
share_print_silent(struct printer *p, const struct option *o, const void *from)
{
	const struct share *share = from;

	if (share->silent.kind == DOOR_NONE)
		return;
	const char *as = silent_as(share);
	print_name(p, o->name);
	print_value(p, &silence, &share->silent_after);
	if (as == NULL) {
		print_backends(p, share->silent.to);
		return;
	}
	print_word(p, as);
	print_end(p);
}

static void
complete_silent(struct reader *r, struct share *share)
{
	if (r->silent == NULL)
		return;
	bool ssh = span_equal(r->silent->text, SPAN_OF("ssh"));
	share->silent = ssh ? share->ssh : share->openvpn;
	if (share->silent.kind == DOOR_NONE && !r->dropped)
		FAULT(r, r->silent->at, "there is no %s rule for the silent to be led to",
		      ssh ? "ssh" : "openvpn");
	if (share->silent.kind == DOOR_TUNNEL)
		FAULT(r, r->silent->at,
		      "the built-in VPN has nothing to say to the silent: its clients speak first");
}

static void
list_backends(struct reader *r, struct backends *to)
{
	struct config *c = r->config;

	if (to == NULL)
		return;
	to->index = c->backends_count;
	*ARENA_PUSH(r->memory, c->backends, c->backends_count) = to;
}

void
share_complete(struct reader *r)
{
	struct share *share = &r->config->share;
	struct door *doors[] = {&share->openvpn, &share->ssh,   &share->http,
				&share->http2,   &share->other, &share->tls};

	for (size_t i = 0; i < COUNT(doors); i++)
		list_backends(r, doors[i]->to);
	for (size_t i = 0; i < share->sni_count; i++)
		list_backends(r, share->sni[i].to);
	for (size_t i = 0; i < share->alpn_count; i++)
		list_backends(r, share->alpn[i].to);
	list_backends(r, share->silent.to); /* if of its own; the rest were listed above */
	complete_silent(r, share);
}
