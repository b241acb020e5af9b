/*
 * authority KIND DIRECTORY HOST PORT PROTOCOL: what an authority of ours makes, as files for
 * openvpn.
 *
 * server.ca, server.crt, server.key, server.wrap   for the server
 * laptop.ovpn   of the newest CA
 * old.ovpn      of the one before, where there was one
 * locked.ovpn   of a user who signs in besides, with a one-time code
 *
 * KIND: "p256" and "rsa": one CA; "rolled": another one since 50 days, and the old one is good for
 * 40 more; "retired": the old one is good no more, since yesterday.
 *
 * authority of CONTROL DIRECTORY: the server's files, of a server's own store and key.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "os/fs.h"
#include "pki/profile.h"
#include "store/people.h"

#define DAY 86400000ll

static const char *directory;
static struct profile_remote remote;

static void
must(bool good, const char *why)
{
	if (good)
		return;
	fprintf(stderr, "authority: %s\n", why);
	exit(1);
}

static void
must_work(struct err e)
{
	must(!failed(e), e.text);
}

static void
must_be_done(struct outcome o)
{
	must(!refused(o), o.text);
}

static void
save(const char *name, const struct buf *bytes)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	must_work(fs_write_path(path, buf_span(bytes), 0600));
}

static struct device
issue(const struct authority *a, const struct authority_settings *s, int64_t user, const char *name)
{
	struct device d = {.user = user, .name = name, .created = a->now};

	must(store_device_add(a->store, &d) == STORE_DONE, store_why(a->store));
	must_be_done(authority_issue(a, s, "alice", &d));
	return d;
}

static void
write_profile(const struct authority *a, const struct device *d, bool locked, const char *file)
{
	struct buf text = buf_with_cap(64 * 1024);
	struct device_material material;
	struct profile p = {.name = "alice@vpn.example.org (B\xC3\xBCro \"1\")",
			    .remotes = &remote,
			    .remote_count = 1,
			    .asks_password = locked,
			    .asks_code = locked,
			    .material = &material};

	must_be_done(authority_material(a, d, &material));
	must(profile_write(&p, &text), "the profile cannot be written");
	save(file, &text);
	device_material_wipe(&material);
	buf_wipe(&text);
}

static void
write_server(const struct authority *a)
{
	struct buf wrap = buf_with_cap(4096);
	struct server_material m;

	must_work(authority_server(a, &m));
	save("server.ca", &m.authorities);
	save("server.crt", &m.certificate);
	save("server.key", &m.key);
	must(issue_put_pem(&wrap, "OpenVPN tls-crypt-v2 server key",
			   span_of(m.wrap_key, sizeof m.wrap_key)),
	     "the key of tls-crypt-v2 cannot be written");
	save("server.wrap", &wrap);
	buf_wipe(&wrap);
	server_material_wipe(&m);
}

/* With two CAs the old one is of 100 days ago, the new one of 50 days ago. */
static void
make(struct authority *a, const char *kind, int64_t user)
{
	struct authority_settings s = authority_usual;
	bool rolled = strcmp(kind, "rolled") == 0, retired = strcmp(kind, "retired") == 0;
	int64_t now = a->now;
	struct device d;

	if (strcmp(kind, "rsa") == 0)
		s.key = ISSUE_RSA_2048;
	if (rolled || retired)
		a->now = now - 100 * DAY;
	must_work(authority_ensure(a, &s, "vpn.example.org"));
	if (rolled || retired) {
		d = issue(a, &s, user, "old");
		write_profile(a, &d, false, "old.ovpn");
		a->now = now - 50 * DAY;
		must_be_done(authority_roll_over(a, &s, now + (rolled ? 40 * DAY : -DAY)));
	}
	d = issue(a, &s, user, "laptop");
	write_profile(a, &d, false, "laptop.ovpn");
	write_profile(a, &d, true, "locked.ovpn");
	a->now = now;
	must_work(authority_ensure(a, &s, "vpn.example.org"));
	write_server(a);
}

static void
make_anew(struct authority *a, char **argv)
{
	static const uint8_t master[32] = {0};
	const struct store_place place = {.path = ":memory:"};
	struct user user = {.name = "alice", .enabled = true};
	struct vault *vault;

	directory = argv[2];
	remote = (struct profile_remote){argv[3], (unsigned)strtoul(argv[4], NULL, 10),
					 strcmp(argv[5], "tcp") == 0};
	must_work(store_open(&place, &a->store));
	must_work(vault_of(master, &vault));
	a->vault = vault;
	must(store_user_add(a->store, &user) == STORE_DONE, store_why(a->store));
	make(a, argv[1], user.id);
	vault_free(vault);
}

static void
show(struct authority *a, char **argv)
{
	char database[512], key[512];
	const struct store_place place = {.path = database};
	struct vault *vault;

	snprintf(database, sizeof database, "%s/sallyport.db", argv[2]);
	snprintf(key, sizeof key, "%s/secret.key", argv[2]);
	directory = argv[3];
	must_work(store_open(&place, &a->store));
	must_work(vault_open(key, false, &vault));
	a->vault = vault;
	write_server(a);
	vault_free(vault);
}

int
main(int argc, char **argv)
{
	struct authority a = {.memory = arena_new(), .now = clock_wall_ms()};

	must(argc == 6 || argc == 4,
	     "authority KIND DIRECTORY HOST PORT udp|tcp, or authority of CONTROL DIRECTORY");
	if (argc == 6)
		make_anew(&a, argv);
	else
		show(&a, argv);
	store_close(a.store);
	arena_free(a.memory);
	return 0;
}
