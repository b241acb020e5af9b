#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "../os/network.h"
#include "os/nft.h"
#include "role/warden_firewall.h"

#define RULES_MAX (1 << 20)
#define DEVICE    "sally0"

/* What iptables makes of its rules, with the chains that each product adds. */
#define IPTABLES                                                                                   \
	"table ip filter {\n"                                                                      \
	"chain FORWARD {\ntype filter hook forward priority filter; policy drop;\n}\n}\n"
#define IPTABLES6                                                                                  \
	"table ip6 filter {\n"                                                                     \
	"chain FORWARD {\ntype filter hook forward priority filter; policy drop;\n}\n}\n"
#define UFW                                                                                        \
	"table ip filter {\nchain ufw-before-forward {\n"                                          \
	"ct state related,established counter accept\njump ufw-user-forward\n}\n"                  \
	"chain ufw-user-forward {\n}\n"                                                            \
	"chain FORWARD {\ntype filter hook forward priority filter; policy drop;\n"                \
	"counter jump ufw-before-forward\n}\n}\n"
#define DOCKER                                                                                     \
	"table ip filter {\nchain DOCKER-USER {\ncounter return\n}\n"                              \
	"chain FORWARD {\ntype filter hook forward priority filter; policy drop;\n"                \
	"counter jump DOCKER-USER\noifname \"docker0\" counter accept\n}\n}\n"
#define FIREWALLD                                                                                  \
	"table inet firewalld {\nchain filter_FORWARD {\n"                                         \
	"type filter hook forward priority filter + 10; policy accept;\n"                          \
	"ct state established,related accept\nreject with icmpx admin-prohibited\n}\n}\n"
#define OWN                                                                                        \
	"table inet mine {\nchain onward {\ntype filter hook forward priority filter; "            \
	"policy drop;\n}\n}\n"

static void
begin(const char *rules)
{
	assert_ok(nft_run("flush ruleset\n"));
	assert_ok(nft_run(rules));
}

/* Looks, does what is to be done, and tells how much that was. */
static size_t
look(const char *device, char problem[ERR_TEXT_MAX])
{
	struct buf rules = buf_with_cap(RULES_MAX);
	struct firewall_view v;
	size_t count = 0;

	assert_ok(nft_list(&rules));
	assert_ok(firewall_look(buf_span(&rules), device, &v));
	struct span text = buf_span(&v.commands);
	for (size_t i = 0; i < text.len; i++)
		count += text.p[i] == '\n';
	if (text.len > 0)
		assert_ok(nft_run((const char *)text.p));
	memcpy(problem, v.problem, ERR_TEXT_MAX);
	firewall_view_free(&v);
	buf_free(&rules);
	return count;
}

static size_t
rules_of_ours(const char *table, const char *chain)
{
	char command[200];
	FILE *out;
	unsigned n = 0;

	snprintf(command, sizeof command,
		 "nft list chain %s %s | grep -c 'name \"sally.*accept comment \"sallyport\"'",
		 table, chain);
	out = popen(command, "r");
	assert_non_null(out);
	assert_int_equal(fscanf(out, "%u", &n), 1);
	pclose(out);
	return n;
}

static void
where_nobody_drops_nothing_is_done(void **state)
{
	char problem[ERR_TEXT_MAX];

	(void)state;
	begin("table inet other {\nchain in {\ntype filter hook input priority 0; policy drop;\n}\n"
	      "chain onward {\ntype filter hook forward priority 0; policy accept;\n"
	      "iifname \"eth9\" drop\n}\n}\n"
	      "table bridge b {\nchain onward {\ntype filter hook forward priority 0; policy "
	      "drop;\n}\n}\n");
	assert_int_equal(look(DEVICE, problem), 0);
	assert_string_equal(problem, "");
}

static void
a_plain_drop_gets_rules_of_ours_once(void **state)
{
	char problem[ERR_TEXT_MAX];

	(void)state;
	begin(IPTABLES IPTABLES6);
	assert_int_equal(look(DEVICE, problem), 4);
	assert_string_equal(problem, "");
	assert_int_equal(rules_of_ours("ip filter", "FORWARD"), 2);
	assert_int_equal(rules_of_ours("ip6 filter", "FORWARD"), 2);
	assert_int_equal(look(DEVICE, problem), 0);
}

static void
rules_of_another_interface_are_replaced(void **state)
{
	char problem[ERR_TEXT_MAX];

	(void)state;
	begin(IPTABLES);
	assert_int_equal(look("sally7", problem), 2);
	assert_int_equal(look(DEVICE, problem), 4);
	assert_int_equal(rules_of_ours("ip filter", "FORWARD"), 2);
	assert_int_equal(look(DEVICE, problem), 0);
}

static void
what_was_removed_comes_back(void **state)
{
	char problem[ERR_TEXT_MAX];

	(void)state;
	begin(IPTABLES);
	assert_int_equal(look(DEVICE, problem), 2);
	assert_ok(nft_run("flush chain ip filter FORWARD\n"));
	assert_int_equal(look(DEVICE, problem), 2);
}

static void
at_the_end_nothing_of_ours_is_left(void **state)
{
	char problem[ERR_TEXT_MAX];

	(void)state;
	begin(IPTABLES IPTABLES6);
	assert_ok(nft_run("add rule ip filter FORWARD iifname \"eth9\" accept comment \"mine\"\n"));
	assert_int_equal(look(DEVICE, problem), 4);
	assert_int_equal(look(NULL, problem), 4);
	assert_int_equal(rules_of_ours("ip filter", "FORWARD"), 0);
	network_run("nft list chain ip filter FORWARD | grep -q mine");
	assert_int_equal(look(NULL, problem), 0);
}

static void
when_the_drop_is_gone_so_are_our_rules(void **state)
{
	char problem[ERR_TEXT_MAX];

	(void)state;
	begin(IPTABLES);
	assert_int_equal(look(DEVICE, problem), 2);
	assert_ok(nft_run("add chain ip filter FORWARD { policy accept; }\n"));
	assert_int_equal(look(DEVICE, problem), 2);
	assert_int_equal(rules_of_ours("ip filter", "FORWARD"), 0);
}

static void
for_docker_they_stand_in_its_chain_for_others(void **state)
{
	char problem[ERR_TEXT_MAX];

	(void)state;
	begin(DOCKER);
	assert_int_equal(look(DEVICE, problem), 2);
	assert_string_equal(problem, "");
	assert_int_equal(rules_of_ours("ip filter", "DOCKER-USER"), 2);
	assert_int_equal(rules_of_ours("ip filter", "FORWARD"), 0);
	assert_int_equal(look(DEVICE, problem), 0);
}

static void
a_chain_that_nobody_jumps_to_is_not_dockers(void **state)
{
	char problem[ERR_TEXT_MAX];

	(void)state;
	begin(IPTABLES "table ip filter {\nchain DOCKER-USER {\n}\n}\n");
	assert_int_equal(look(DEVICE, problem), 2);
	assert_int_equal(rules_of_ours("ip filter", "FORWARD"), 2);
}

static void
of_ufw_the_command_is_said_until_it_is_run(void **state)
{
	char problem[ERR_TEXT_MAX];

	(void)state;
	begin(UFW);
	assert_int_equal(look(DEVICE, problem), 0);
	assert_string_equal(problem,
			    "clients connect but cannot reach anything: ufw drops forwarded "
			    "packets; run: ufw route allow in on sally0");
	assert_ok(nft_run("add rule ip filter ufw-user-forward iifname \"sally0\" counter accept"));
	assert_int_equal(look(DEVICE, problem), 0);
	assert_string_equal(problem, "");
}

static void
of_firewalld_the_command_is_said(void **state)
{
	char problem[ERR_TEXT_MAX];

	(void)state;
	begin(FIREWALLD);
	assert_int_equal(look(DEVICE, problem), 0);
	assert_non_null(strstr(problem, "firewalld drops forwarded packets; run: firewall-cmd"));
	assert_non_null(strstr(problem, "--add-interface=sally0"));
}

static void
of_an_unknown_chain_the_rule_is_said(void **state)
{
	char problem[ERR_TEXT_MAX], *command;

	(void)state;
	begin(OWN);
	assert_int_equal(look(DEVICE, problem), 0);
	command = strstr(problem, "run: ");
	assert_non_null(command);
	network_run(command + strlen("run: "));
	assert_int_equal(look(DEVICE, problem), 0);
	assert_string_equal(problem, "");
}

static void
our_own_table_is_seen_and_left_alone(void **state)
{
	struct buf rules = buf_with_cap(RULES_MAX);
	struct firewall_view v;

	(void)state;
	begin("table inet sallyport {\nchain forward {\ntype filter hook forward priority 0;\n"
	      "oifname \"sally0\" drop comment \"sallyport\"\n}\n}\n");
	assert_ok(nft_list(&rules));
	assert_ok(firewall_look(buf_span(&rules), DEVICE, &v));
	assert_true(v.ours);
	assert_int_equal(buf_len(&v.commands), 0);
	assert_string_equal(v.problem, "");
	firewall_view_free(&v);
	buf_free(&rules);
}

static void
what_is_no_list_is_an_error(void **state)
{
	static const char *const texts[] = {
	    "", "{", "[]", "null", "{}", "{\"nftables\":null}", "{\"nftables\":{}}"};
	struct firewall_view v;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_fails(firewall_look(span_str(texts[i]), DEVICE, &v));
}

static void
odd_members_are_nobodys_drop(void **state)
{
	static const char *const texts[] = {
	    "{\"nftables\":[]}",
	    "{\"nftables\":[1,null,\"x\",[],{}]}",
	    "{\"nftables\":[{\"chain\":7},{\"rule\":[]},{\"table\":null}]}",
	    "{\"nftables\":[{\"chain\":{\"hook\":\"forward\",\"policy\":\"drop\"}}]}",
	    "{\"nftables\":[{\"rule\":{\"expr\":7,\"chain\":1}},{\"rule\":{\"expr\":[1,{}]}}]}",
	};
	struct firewall_view v;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_ok(firewall_look(span_str(texts[i]), DEVICE, &v));
		assert_int_equal(buf_len(&v.commands), 0);
		assert_string_equal(v.problem, "");
		firewall_view_free(&v);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(where_nobody_drops_nothing_is_done),
	    cmocka_unit_test(a_plain_drop_gets_rules_of_ours_once),
	    cmocka_unit_test(rules_of_another_interface_are_replaced),
	    cmocka_unit_test(what_was_removed_comes_back),
	    cmocka_unit_test(at_the_end_nothing_of_ours_is_left),
	    cmocka_unit_test(when_the_drop_is_gone_so_are_our_rules),
	    cmocka_unit_test(for_docker_they_stand_in_its_chain_for_others),
	    cmocka_unit_test(a_chain_that_nobody_jumps_to_is_not_dockers),
	    cmocka_unit_test(of_ufw_the_command_is_said_until_it_is_run),
	    cmocka_unit_test(of_firewalld_the_command_is_said),
	    cmocka_unit_test(of_an_unknown_chain_the_rule_is_said),
	    cmocka_unit_test(our_own_table_is_seen_and_left_alone),
	};
	const struct CMUnitTest pure[] = {
	    cmocka_unit_test(what_is_no_list_is_an_error),
	    cmocka_unit_test(odd_members_are_nobodys_drop),
	};
	int failures = cmocka_run_group_tests(pure, NULL, NULL);

	return network_of_our_own() ? failures + cmocka_run_group_tests(tests, NULL, NULL)
				    : failures;
}
