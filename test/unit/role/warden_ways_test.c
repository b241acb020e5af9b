#include "unit.h"

#include <string.h>

#include "../os/network.h"
#include "base/mem.h"
#include "os/nft.h"
#include "role/warden_firewall.h"
#include "role/warden_ways.h"

#define RULES_MAX (1 << 20)

static struct address
ip(const char *text)
{
	struct address a;

	assert_true(address_parse_ip(span_str(text), &a));
	return a;
}

static struct way
way(const char *to, bool route)
{
	struct way w = {.route = route};

	assert_true(network_parse(span_str(to), &w.to));
	return w;
}

static void
set(struct ways *w, const char *at, const struct way *list, size_t count)
{
	const struct address a = ip(at);

	assert_ok(ways_set(w, &a, list, count));
}

static void
assert_text(struct buf *text, bool fits, const char *expected)
{
	assert_true(fits && buf_byte(text, '\0'));
	assert_string_equal((const char *)buf_span(text).p, expected);
	buf_free(text);
}

static void
assert_changes(struct ways *w, const char *expected)
{
	struct buf text = buf_with_cap(WAYS_TEXT_MAX);
	bool fits = ways_put_changes(w, &text);

	assert_text(&text, fits, expected);
	ways_settled(w);
}

#define BEGIN "add chain inet sallyport ways_0a560005\nflush chain inet sallyport ways_0a560005\n"
#define JUMP  "add element inet sallyport ways4 { 10.86.0.5 : jump ways_0a560005 }\n"

static void
only_what_changed_is_said(void **state)
{
	struct way list[] = {way("192.0.2.0/24", false), way("fd01::/16", true),
			     way("0.0.0.0/0", true)};
	struct ways *w = ways_new();

	(void)state;
	list[2].protocol = 6;
	list[2].port_from = list[2].port_to = 80;
	set(w, "10.86.0.5", list, 3);
	assert_changes(w, BEGIN
		       "add rule inet sallyport ways_0a560005 ip daddr 192.0.2.0/24 masquerade\n"
		       "add rule inet sallyport ways_0a560005 meta l4proto 6 th dport 80-80 "
		       "accept\n" JUMP);
	assert_changes(w, "");
	set(w, "fd00::5", list, 3);
	assert_changes(w, "add chain inet sallyport ways_fd000000000000000000000000000005\n"
			  "flush chain inet sallyport ways_fd000000000000000000000000000005\n"
			  "add rule inet sallyport ways_fd000000000000000000000000000005 "
			  "ip6 daddr fd01::/16 accept\n"
			  "add element inet sallyport ways6 { fd00::5 : jump "
			  "ways_fd000000000000000000000000000005 }\n");
	set(w, "10.86.0.5", list, 1);
	set(w, "fd00::5", NULL, 0);
	assert_changes(
	    w, BEGIN "add rule inet sallyport ways_0a560005 ip daddr 192.0.2.0/24 masquerade\n" JUMP
		     "delete element inet sallyport ways6 { fd00::5 }\n"
		     "flush chain inet sallyport ways_fd000000000000000000000000000005\n"
		     "delete chain inet sallyport ways_fd000000000000000000000000000005\n");
	/* Who came and went before anybody was told was never there. */
	set(w, "10.86.0.6", list, 1);
	set(w, "10.86.0.6", NULL, 0);
	set(w, "10.86.0.7", NULL, 0);
	assert_changes(w, "");
	ways_free(w);
}

static void
there_are_never_too_many(void **state)
{
	struct way *list = mem_new(WAYS_MAX * sizeof *list);
	struct ways *w = ways_new();
	struct address at = ip("10.86.0.1");
	struct buf text = buf_with_cap(WAYS_TEXT_MAX);

	(void)state;
	for (size_t i = 0; i < WAYS_MAX; i++) {
		list[i] = way("192.168.100.100/32", false);
		list[i].protocol = 6;
		list[i].port_from = list[i].port_to = 65535;
	}
	for (at.ip[3] = 1; at.ip[3] <= 16; at.ip[3]++)
		assert_ok(ways_set(w, &at, list, WAYS_MAX));
	assert_fails(ways_set(w, &at, list, 1));
	/* In place of its own is room. */
	at.ip[3] = 3;
	assert_ok(ways_set(w, &at, list, WAYS_MAX));
	assert_true(ways_put_all(w, &text));
	buf_free(&text);
	ways_clear(w);
	at.ip[3] = 77;
	assert_ok(ways_set(w, &at, list, WAYS_MAX));
	ways_free(w);
	free(list);
}

/* --- in the kernel */

static void
run(struct buf *commands, bool fits)
{
	assert_true(fits && buf_byte(commands, '\0'));
	assert_ok(nft_run((const char *)buf_span(commands).p));
	buf_free(commands);
}

static void
run_changes(struct ways *w)
{
	struct buf commands = buf_with_cap(WAYS_TEXT_MAX);
	bool fits = ways_put_changes(w, &commands);

	run(&commands, fits);
	ways_settled(w);
}

static bool
has(const char *what)
{
	struct buf json = buf_with_cap(RULES_MAX);

	assert_ok(nft_list(&json));
	assert_true(buf_byte(&json, '\0'));
	bool found = strstr((const char *)buf_span(&json).p, what) != NULL;
	buf_free(&json);
	return found;
}

static void
make_table(const struct ways *w)
{
	struct buf commands = buf_with_cap(WAYS_TEXT_MAX);
	bool fits = buf_printf(&commands, "table inet " FIREWALL_TABLE " {\n") &&
		    ways_put_maps(&commands) &&
		    buf_printf(&commands, "chain postrouting {\ntype nat hook postrouting priority "
					  "srcnat; policy accept;\n") &&
		    ways_put_jumps("sally0", &commands) && buf_printf(&commands, "}\n}\n") &&
		    ways_put_all(w, &commands);

	run(&commands, fits);
}

static void
the_kernel_takes_them(void **state)
{
	struct way list[] = {way("192.0.2.0/24", false), way("fd01::/16", true),
			     way("0.0.0.0/0", true), way("::/0", false), way("10.0.0.0/8", true)};
	struct ways *w = ways_new();

	(void)state;
	list[2].protocol = 17;
	list[2].port_from = 1;
	list[2].port_to = 65535;
	list[3].protocol = 58;
	list[4].protocol = 47;
	set(w, "10.86.0.5", list, COUNT(list));
	make_table(w);
	ways_settled(w);
	assert_true(has("ways_0a560005"));
	set(w, "10.86.0.5", list, 1);
	set(w, "10.86.0.6", list, COUNT(list));
	set(w, "fd00::6", list, COUNT(list));
	run_changes(w);
	assert_true(has("ways_0a560006") && has("ways_fd000000000000000000000000000006"));
	ways_clear(w);
	run_changes(w);
	assert_false(has("ways_0a") || has("ways_fd"));
	ways_free(w);
}

int
main(void)
{
	const struct CMUnitTest pure[] = {
	    cmocka_unit_test(only_what_changed_is_said),
	    cmocka_unit_test(there_are_never_too_many),
	};
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_kernel_takes_them),
	};
	int failures = cmocka_run_group_tests(pure, NULL, NULL);

	return network_of_our_own() ? failures + cmocka_run_group_tests(tests, NULL, NULL)
				    : failures;
}
