#include "config/policy_block.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/printer.h"
#include "config/reader.h"
#include "config/value_http.h"

#define HASH_MIN  20  /* bytes: a kind, a salt and a hash are never less */
#define HASH_MAX  384 /* CRYPT_OUTPUT_SIZE of crypt(3) */
#define RATE_MAX  1000000
#define REALM_MAX 128 /* bytes */

static const struct unit {
	const char *name;
	uint64_t ms;
} units[] = {{"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}};

/* "10/s": how many, and in which time. */
static bool
read_rate(struct reader *r, const struct word *w, struct rate *rate)
{
	size_t slash = span_find(w->text, '/');
	struct span unit = span_tail(w->text, slash + 1);

	if (text_to_u64(span_head(w->text, slash), RATE_MAX, &rate->count) && rate->count > 0)
		for (size_t i = 0; i < COUNT(units); i++)
			if (span_equal(unit, span_str(units[i].name))) {
				rate->per_ms = units[i].ms;
				return true;
			}
	FAULT(r, w->at, "\"%s\" is not a rate, like 10/s, 300/m or 5000/h", reader_shown(r, w));
	return false;
}

static void
read_burst(struct reader *r, const struct directive *d, struct rate *rate)
{
	if (!span_equal(d->words[2].text, SPAN_OF("burst")))
		FAULT(r, d->words[2].at, "after the rate there may be \"burst NUMBER\", not \"%s\"",
		      reader_shown(r, &d->words[2]));
	else if (d->count < 4)
		FAULT(r, d->words[2].at, "burst needs a number: how many may come at once");
	else if (!text_to_u64(d->words[3].text, RATE_MAX, &rate->burst) || rate->burst == 0)
		FAULT(r, d->words[3].at, "burst goes from 1 to %d, not \"%s\"", RATE_MAX,
		      reader_shown(r, &d->words[3]));
}

void
policy_read_rate(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct policy *policy = &((struct route *)into)->policy;
	struct rate rate = {.count = 0};

	if (!read_count(r, o, d, 1, 3))
		return;
	if (d->count > 2 || !span_equal(d->words[1].text, SPAN_OF("off"))) {
		if (!read_rate(r, &d->words[1], &rate))
			return;
		rate.burst = rate.count;
		if (d->count > 2)
			read_burst(r, d, &rate);
	}
	policy->rate = rate;
}

static const char *
unit_of(uint64_t ms)
{
	size_t i = 0;

	while (i + 1 < COUNT(units) && units[i].ms != ms)
		i++;
	return units[i].name;
}

void
policy_print_rate(struct printer *p, const struct option *o, const void *from)
{
	const struct rate *rate = &((const struct route *)from)->policy.rate;
	const struct rate *unsaid = &((const struct route *)p->unsaid)->policy.rate;
	char text[32];

	if (rate->count == unsaid->count && rate->per_ms == unsaid->per_ms &&
	    rate->burst == unsaid->burst)
		return;
	print_name(p, o->name);
	snprintf(text, sizeof text, "%" PRIu64 "/%s", rate->count, unit_of(rate->per_ms));
	print_word(p, rate->count > 0 ? text : "off");
	if (rate->burst != rate->count) {
		snprintf(text, sizeof text, "%" PRIu64, rate->burst);
		print_word(p, "burst");
		print_word(p, text);
	}
	print_end(p);
}

/* What a client shows to people when it asks them (RFC 7617 §2). */
static const char *
read_realm(struct reader *r, const struct word *w)
{
	const char *realm = value_field_value(r, w);

	if (realm != NULL && (w->text.len == 0 || w->text.len > REALM_MAX)) {
		FAULT(r, w->at, "a realm has 1 to %d characters", REALM_MAX);
		return NULL;
	}
	return realm;
}

void
policy_read_basic_auth(struct reader *r, const struct option *o, const struct directive *d,
		       void *into)
{
	struct route *route = into;

	if (!read_count(r, o, d, 1, 1))
		return;
	if (span_equal(d->words[1].text, SPAN_OF("off"))) {
		route->policy.realm = NULL;
		read_no_block(r, d);
		return;
	}
	size_t faults = r->faults->count;
	route->policy.realm = read_realm(r, &d->words[1]);
	read_block(r, o->block, d, &route->lists);
	if (route->lists.account_count == 0 && r->faults->count == faults && !r->dropped)
		FAULT(r, directive_place(d),
		      "nobody could sign in: write \"basic_auth \"%s\" { user NAME HASH }\"",
		      reader_shown(r, &d->words[1]));
}

void
policy_print_basic_auth(struct printer *p, const struct option *o, const void *from)
{
	const struct route *route = from, *unsaid = p->unsaid;

	if (route->lists.account_count > 0) {
		print_name(p, o->name);
		print_word(p, route->policy.realm);
		print_block(p, o->block, &route->lists);
	} else if (route->policy.realm == NULL && unsaid->policy.realm != NULL) {
		print_name(p, o->name);
		print_word(p, "off");
		print_end(p);
	}
}

/* Whether this is how crypt(5) writes a hash; what it is instead, or too weak a one. */
static const char *
hash_fault(struct span hash)
{
	static const char *const good[] = {"$y$",  "$gy$", "$7$", "$2b$",
					   "$2a$", "$2y$", "$6$", "$5$"};
	static const char *const weak[] = {"$1$", "$apr1$", "$md5", "$sha1$", "$3$", "_"};

	for (size_t i = 0; i < COUNT(weak); i++)
		if (span_starts_with(hash, span_str(weak[i])))
			return "this kind of hash is too weak";
	for (size_t i = 0; i < hash.len; i++)
		if (hash.p[i] <= ' ' || hash.p[i] >= 0x7F || strchr("!*:;\\", hash.p[i]) != NULL)
			return "this is no hash of a password";
	for (size_t i = 0; i < COUNT(good); i++)
		if (span_starts_with(hash, span_str(good[i])))
			return hash.len < HASH_MIN || hash.len > HASH_MAX
				   ? "this is no whole hash of a password"
				   : NULL;
	return hash.len == 13 ? "this is no hash of a password, or too weak a one"
			      : "this is no hash of a password";
}

/* RFC 7617 §2: a colon ends the name. */
static bool
is_user_name(struct span name)
{
	return name.len > 0 && span_find(name, ':') == name.len;
}

static bool
has_account(const struct policy_lists *lists, struct span name)
{
	for (size_t i = 0; i < lists->account_count; i++)
		if (span_equal(span_str(lists->accounts[i].name), name))
			return true;
	return false;
}

void
policy_read_user(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct policy_lists *lists = into;

	if (!read_count(r, o, d, 2, 2))
		return;
	const struct word *name = &d->words[1], *hash = &d->words[2];
	const char *why = hash_fault(hash->text);
	if (!is_user_name(name->text))
		FAULT(r, name->at, "the name of a user is not empty and has no colon");
	else if (has_account(lists, name->text))
		FAULT(r, name->at, "user %s is here a second time", reader_shown(r, name));
	if (why != NULL)
		FAULT(r, hash->at, "%s: make one with \"sallyport hash-password\"", why);
	*ARENA_PUSH(r->memory, lists->accounts, lists->account_count) =
	    (struct account){arena_copy(r->memory, name->text), arena_copy(r->memory, hash->text)};
}

void
policy_print_user(struct printer *p, const struct option *o, const void *from)
{
	const struct policy_lists *lists = from;

	for (size_t i = 0; i < lists->account_count; i++) {
		print_name(p, o->name);
		print_word(p, lists->accounts[i].name);
		print_word(p, p->masked ? PRINT_MASK : lists->accounts[i].hash);
		print_end(p);
	}
}

/* Those of one connection, of framing (RFC 9110 §7.6.1, §8.6), and what says which site it is. */
static bool
is_protocols_own(const char *name)
{
	static const char *const own[] = {
	    "connection", "content-length",   "http2-settings",
	    "keep-alive", "proxy-connection", "te",
	    "trailer",    "upgrade",          "transfer-encoding",
	};

	for (size_t i = 0; i < COUNT(own); i++)
		if (strcmp(name, own[i]) == 0)
			return true;
	return false;
}

static const char how_marks[] = {
    [FIELD_SETTING_SET] = '\0',
    [FIELD_SETTING_ADD] = '+',
    [FIELD_SETTING_REMOVE] = '-',
    [FIELD_SETTING_DEFAULT] = '?',
};

/* "+NAME" adds, and so on; the mark is taken off the word. */
static enum field_setting_how
take_how(struct word *w)
{
	for (unsigned how = 1; how < COUNT(how_marks); how++)
		if (w->text.len > 0 && w->text.p[0] == (uint8_t)how_marks[how]) {
			w->text = span_tail(w->text, 1);
			return (enum field_setting_how)how;
		}
	return FIELD_SETTING_SET;
}

static bool
read_setting(struct reader *r, const struct option *o, const struct directive *d,
	     struct field_setting *setting)
{
	struct word name = d->words[1];

	setting->how = take_how(&name);
	if (setting->how == FIELD_SETTING_REMOVE ? !read_count(r, o, d, 1, 1)
						 : !read_count(r, o, d, 2, 2))
		return false;
	if ((setting->name = value_field_name(r, &name)) == NULL)
		return false;
	if (strcmp(setting->name, "host") == 0) {
		FAULT(r, name.at,
		      "Host is what the client asked for, or with \"keep_host off\" the "
		      "server's own name");
		return false;
	}
	if (is_protocols_own(setting->name)) {
		FAULT(r, name.at, "%s is for the server to say, as each connection needs it",
		      reader_shown(r, &name));
		return false;
	}
	if (setting->how != FIELD_SETTING_REMOVE)
		setting->value = value_field_value(r, &d->words[2]);
	return true;
}

void
policy_read_header(struct reader *r, const struct option *o, const struct directive *d, void *into)
{
	struct policy_lists *lists = (void *)((char *)into + o->offset);
	struct field_setting setting = {.value = NULL};

	if (read_count(r, o, d, 1, 2) && read_setting(r, o, d, &setting))
		*ARENA_PUSH(r->memory, lists->fields, lists->field_count) = setting;
}

void
policy_print_header(struct printer *p, const struct option *o, const void *from)
{
	const struct policy_lists *lists = (const void *)((const char *)from + o->offset);

	for (size_t i = 0; i < lists->field_count; i++) {
		const struct field_setting *f = &lists->fields[i];
		char mark[] = {how_marks[f->how], '\0'};

		print_name(p, o->name);
		print_marked_word(p, mark, f->name);
		if (f->value != NULL)
			print_word(p, f->value);
		print_end(p);
	}
}

/* "/x", "/x*" or "*.x". */
static const char *
read_pattern(struct reader *r, const struct word *w)
{
	struct span s = w->text;
	size_t star = span_find(s, '*');
	bool end = star == 0 && s.len > 1 && span_find(span_tail(s, 1), '*') == s.len - 1 &&
		   span_find(s, '/') == s.len;
	bool path = s.len > 0 && s.p[0] == '/' && star + 1 >= s.len;

	if (end || path)
		return arena_copy(r->memory, s);
	FAULT(r, w->at,
	      "\"%s\" fits no path: write /path, /beginning* or *.end for the ends of names",
	      reader_shown(r, w));
	return NULL;
}

void
policy_read_cache_control(struct reader *r, const struct option *o, const struct directive *d,
			  void *into)
{
	struct policy_lists *lists = &((struct route *)into)->lists;

	if (!read_count(r, o, d, 2, 2))
		return;
	struct cache_rule rule = {read_pattern(r, &d->words[1]),
				  value_field_value(r, &d->words[2])};
	*ARENA_PUSH(r->memory, lists->cache_rules, lists->cache_rule_count) = rule;
}

void
policy_print_cache_control(struct printer *p, const struct option *o, const void *from)
{
	const struct policy_lists *lists = &((const struct route *)from)->lists;

	for (size_t i = 0; i < lists->cache_rule_count; i++) {
		print_name(p, o->name);
		print_word(p, lists->cache_rules[i].pattern);
		print_word(p, lists->cache_rules[i].value);
		print_end(p);
	}
}

static bool
has_error_page(const struct policy_lists *lists, unsigned status)
{
	for (size_t i = 0; i < lists->error_page_count; i++)
		if (lists->error_pages[i].status == status)
			return true;
	return false;
}

void
policy_read_error_page(struct reader *r, const struct option *o, const struct directive *d,
		       void *into)
{
	struct policy_lists *lists = &((struct route *)into)->lists;
	struct error_page page;

	if (!read_count(r, o, d, 2, CONFIG_WORDS_MAX))
		return;
	page.path = value_site_path(r, &d->words[d->count - 1]);
	for (size_t i = 1; i + 1 < d->count; i++) {
		if (!value_status(r, &d->words[i], 400, 599, &page.status))
			continue;
		if (has_error_page(lists, page.status))
			FAULT(r, d->words[i].at, "there is a page for %u already", page.status);
		else
			*ARENA_PUSH(r->memory, lists->error_pages, lists->error_page_count) = page;
	}
}

void
policy_print_error_page(struct printer *p, const struct option *o, const void *from)
{
	const struct policy_lists *lists = &((const struct route *)from)->lists;
	char status[16];

	for (size_t i = 0; i < lists->error_page_count; i++) {
		const struct error_page *page = &lists->error_pages[i];

		if (i == 0 || strcmp(page[-1].path, page->path) != 0)
			print_name(p, o->name);
		snprintf(status, sizeof status, "%u", page->status);
		print_word(p, status);
		if (i + 1 < lists->error_page_count && strcmp(page[1].path, page->path) == 0)
			continue;
		print_word(p, page->path);
		print_end(p);
	}
}
