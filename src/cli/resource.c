#include "cli/resource.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/page.h"
#include "cli/print.h"
#include "cli/settable.h"
#include "cli/value.h"
#include "os/fs.h"

/* --- the request */

static const char *
add_query(struct arena *memory, const char *path, const char *name, const char *value)
{
	return arena_printf(memory, "%s%c%s=%s", path, strchr(path, '?') != NULL ? '&' : '?', name,
			    value_escaped(memory, value));
}

/* The id of what has `word` as the row's member; the word itself, when nothing has. */
static int
find_id(struct client *c, struct command_line *l, const char *word, const char **out)
{
	const struct verb *v = l->verb;
	struct page_request all = {.path = v->find_path};
	json_t *items = NULL, *item;
	size_t i, found = 0;
	int status = page_fetch(c, &all, &items, NULL);

	*out = word;
	if (status != EXIT_DONE)
		return status;
	json_array_foreach(items, i, item)
	{
		const char *name = json_string_value(json_object_get(item, v->find_member));

		if (name == NULL || strcasecmp(name, word) != 0)
			continue;
		found++;
		*out = print_short(l->memory, json_object_get(item, "id"));
	}
	json_decref(items);
	if (found < 2)
		return EXIT_DONE;
	fprintf(stderr,
		"sallyport: there are %zu of that name: give the id of one (sallyport %s "
		"list)\n",
		found, v->noun);
	return EXIT_FAILED;
}

/* The row's path, the next {} in it filled. */
static const char *
fill_path(struct arena *memory, const char *path, const char *word)
{
	const char *at = strstr(path, "{}");

	if (at == NULL)
		return path;
	return arena_printf(memory, "%.*s%s%s", (int)(at - path), path, value_escaped(memory, word),
			    at + 2);
}

static int
unknown_name(const struct verb *v, const char *word)
{
	fprintf(stderr, "sallyport: there is no %s ", v->noun);
	print_text(stderr, word);
	fputc('\n', stderr);
	return EXIT_UNKNOWN;
}

static int
no_text(const char *name, const char *word)
{
	fprintf(stderr, "sallyport: %s: `", name);
	print_text(stderr, word);
	fputs("` is no text in UTF-8\n", stderr);
	return EXIT_USAGE;
}

static int
take_argument(struct client *c, struct command_line *l, size_t n, struct request *r)
{
	const struct argument *a = &l->verb->arguments[n];
	const char *word = l->arguments[n];
	uint64_t id;
	int status = EXIT_DONE;

	if (a->part == PART_PATH && l->verb->find_path != NULL) {
		status = find_id(c, l, word, &word);
		if (status == EXIT_DONE && !text_to_u64(span_str(word), INT64_MAX, &id))
			return unknown_name(l->verb, word);
	}
	if (a->part == PART_PATH)
		r->path = fill_path(l->memory, r->path, word);
	else if (a->part == PART_BODY &&
		 json_object_set_new(r->body, a->member, json_string(word)) < 0)
		return no_text(a->name, word);
	else if (a->part == PART_QUERY)
		r->path = add_query(l->memory, r->path, a->member, word);
	return status;
}

static int
set_ports(json_t *body, const struct option *o, const char *text)
{
	struct span all = span_str(text), first = span_head(all, span_find(all, '-'));
	struct span second = first.len < all.len ? span_tail(all, first.len + 1) : first;
	uint64_t from, to;
	char name[64];

	if (!text_to_u64(first, 65535, &from) || !text_to_u64(second, 65535, &to)) {
		fprintf(stderr, "sallyport: %s takes a port, or two like 8000-8080\n", o->name);
		return EXIT_USAGE;
	}
	snprintf(name, sizeof name, "%s_from", o->member);
	json_object_set_new(body, name, json_integer((json_int_t)from));
	snprintf(name, sizeof name, "%s_to", o->member);
	json_object_set_new(body, name, json_integer((json_int_t)to));
	return EXIT_DONE;
}

static int
take_option(struct command_line *l, size_t n, struct request *r)
{
	const struct option *o = &l->verb->options[n];
	int status = EXIT_FAILED;
	json_t *value;

	if (o->kind == VALUE_PORTS)
		return set_ports(r->body, o, l->values[n]);
	if ((value = value_json(o, l->values[n], &status)) == NULL)
		return status;
	if (o->part == PART_BODY) {
		value_set(r->body, o->member, value);
		return EXIT_DONE;
	}
	r->path = add_query(l->memory, r->path, o->member,
			    o->kind == VALUE_FLAG   ? o->constant
			    : json_is_string(value) ? json_string_value(value)
						    : l->values[n]);
	json_decref(value);
	return EXIT_DONE;
}

static bool
has_body(const struct verb *v)
{
	if (v->body != NULL)
		return true;
	for (size_t i = 0; i < ARGUMENTS_MAX && v->arguments[i].name != NULL; i++)
		if (v->arguments[i].part == PART_BODY)
			return true;
	for (size_t i = 0; i < v->option_count; i++)
		if (v->options[i].part == PART_BODY)
			return true;
	return false;
}

int
request_make(struct client *c, struct command_line *l, struct request *out)
{
	const struct verb *v = l->verb;
	int status = EXIT_DONE;

	*out = (struct request){.path = v->path};
	if (has_body(v))
		out->body = v->body != NULL ? json_loads(v->body, 0, NULL) : json_object();
	for (size_t i = 0; i < l->argument_count && status == EXIT_DONE; i++)
		status = take_argument(c, l, i, out);
	for (size_t i = 0; i < v->option_count && status == EXIT_DONE; i++)
		if (l->values[i] != NULL && v->options[i].part != PART_NONE)
			status = take_option(l, i, out);
	return status;
}

void
request_free(struct request *r)
{
	value_forget(r->body);
	r->body = NULL;
}

/* --- asking */

/* What was given, on what there is. */
static void
merge(json_t *into, json_t *given)
{
	const char *name;
	json_t *value;

	json_object_foreach(given, name, value)
	{
		json_t *old = json_object_get(into, name);

		if (json_is_object(value) && json_is_object(old))
			merge(old, value);
		else
			json_object_set(into, name, value);
	}
}

static int
ask(struct client *c, const struct command_line *l, const char *path, const json_t *body,
    const char *match, struct answer *out)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	int status = client_ask(c, l->verb->method, path, text, match, out);

	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
	return status;
}

/* Looks at what is there, and sends the change with its version. */
static int
ask_matched(struct client *c, struct command_line *l, const struct request *r, struct answer *out)
{
	struct answer now;
	int status = client_get(c, r->path, &now);

	if (status != EXIT_DONE)
		return status;
	bool merged = (l->verb->flags & VERB_MERGED) != 0;
	json_t *body = merged ? settable(r->path, now.json) : json_incref(r->body);
	if (merged)
		merge(body, r->body);
	status = ask(c, l, r->path, body, now.etag[0] != '\0' ? now.etag : NULL, out);
	json_decref(body);
	answer_free(&now);
	return status;
}

/* The option that set the member that is at fault. */
static const char *
option_of(const struct verb *v, const char *field)
{
	for (size_t i = 0; field != NULL && i < v->option_count; i++)
		if (v->options[i].member != NULL && strcmp(v->options[i].member, field) == 0)
			return v->options[i].name;
	return "";
}

int
request_send(struct client *c, struct command_line *l, const struct request *r, struct answer *out)
{
	bool matched = (l->verb->flags & (VERB_MATCHED | VERB_MERGED)) != 0;
	int status = matched ? ask_matched(c, l, r, out) : ask(c, l, r->path, r->body, NULL, out);

	/* Somebody changed it between the look and the change: once more, on what he left. */
	if (status == EXIT_DONE && matched && out->status == 412) {
		answer_free(out);
		status = ask_matched(c, l, r, out);
	}
	if (status != EXIT_DONE || answer_is_good(out))
		return status;
	status = answer_refusal(
	    out, option_of(l->verb, json_string_value(json_object_get(out->json, "field"))));
	answer_free(out);
	return status;
}

/* --- telling */

static bool
is_device(const char *file)
{
	struct fs_info there;

	return !failed(fs_stat(file, &there)) && there.kind == FS_OTHER;
}

FILE *
output_open(const struct command_line *l)
{
	const char *file = line_value(l, "--output");

	if (file == NULL)
		return stdout;
	struct err e = is_device(file) ? ERR_NONE : fs_write_path(file, SPAN_NONE, 0600);
	FILE *to = failed(e) ? NULL : fopen(file, "ae");
	if (failed(e))
		fprintf(stderr, "sallyport: %s\n", e.text);
	else if (to == NULL)
		fprintf(stderr, "sallyport: %s cannot be written\n", file);
	return to;
}

int
output_close(const struct command_line *l, FILE *to, int status)
{
	bool whole = fflush(to) == 0 && !ferror(to);

	if (to == stdout)
		return status; /* what became of it is looked at when all is said */
	fclose(to);
	if (whole)
		return status;
	fprintf(stderr, "sallyport: %s could not be written\n", line_value(l, "--output"));
	return status == EXIT_DONE ? EXIT_FAILED : status;
}

/* A file that is there is replaced whole, or not at all. */
static int
write_bytes(const struct command_line *l, struct span bytes)
{
	const char *file = line_value(l, "--output");

	if (file != NULL && !is_device(file)) {
		struct err e = fs_write_path(file, bytes, 0600);

		if (failed(e))
			fprintf(stderr, "sallyport: %s\n", e.text);
		return failed(e) ? EXIT_FAILED : EXIT_DONE;
	}
	FILE *to = output_open(l);
	if (to == NULL)
		return EXIT_FAILED;
	(void)!fwrite(bytes.p, 1, bytes.len, to);
	return output_close(l, to, EXIT_DONE);
}

static void
show_items(const struct verb *v, const json_t *items)
{
	print_on_terminal(v->columns, v->column_count, items);
}

/* An object's own members, then its list of rules, where it has one. */
static void
show(const struct command_line *l, const struct answer *a)
{
	json_t *rules = l->verb->column_count > 0 ? json_object_get(a->json, "rules") : NULL;

	if (!json_is_array(rules)) {
		print_object(stdout, a->json);
		return;
	}
	json_incref(rules);
	json_object_del(a->json, "rules");
	print_object(stdout, a->json);
	putchar('\n');
	show_items(l->verb, rules);
	json_decref(rules);
}

/* What is seen this once stands alone on standard output; what there is to know of it does not. */
static void
say_secret(const struct command_line *l, const struct answer *a)
{
	const json_t *import = json_object_get(a->json, "import_url");
	const json_t *expires = print_member(a->json, "expires");

	puts(print_sentence(l, l->verb->done, a->json));
	if (expires == NULL)
		expires = print_member(a->json, "details.expires");
	if (json_is_string(import))
		fprintf(stderr, "For OpenVPN Connect: %s\n", print_short(l->memory, import));
	if (json_is_string(expires))
		fprintf(stderr, "It is shown this once, and good until %s.\n",
			print_short(l->memory, expires));
	else
		fputs("It is shown this once.\n", stderr);
}

int
answer_report(struct command_line *l, const struct answer *a)
{
	const struct verb *v = l->verb;

	if (v->flags & VERB_BYTES)
		return write_bytes(l, buf_span(&a->body));
	if (l->json && a->json != NULL)
		print_json(stdout, a->json);
	else if (l->json)
		return EXIT_DONE;
	else if (v->flags & VERB_ITEMS)
		show_items(v, json_object_get(a->json, "items"));
	else if (v->flags & VERB_SHOWN)
		show(l, a);
	else if (v->flags & VERB_SECRET)
		say_secret(l, a);
	else if (v->done != NULL)
		puts(print_sentence(l, v->done, a->json));
	return EXIT_DONE;
}

/* --- lists */

static int
run_list(struct client *c, struct command_line *l, const struct request *r)
{
	struct page_request want = {.path = r->path, .limit = l->verb->usual};
	const char *limit = line_value(l, "--limit");
	json_t *items = NULL;
	bool more = false;
	int status;

	if (limit != NULL && !text_to_u64(span_str(limit), UINT32_MAX, &want.limit)) {
		fputs("sallyport: --limit takes a number\n", stderr);
		return EXIT_USAGE;
	}
	status = page_fetch(c, &want, &items, &more);
	if (status != EXIT_DONE)
		return status;
	if (l->json) {
		json_t *all = json_pack("{s:O, s:n}", "items", items, "next");

		print_json(stdout, all);
		json_decref(all);
	} else {
		show_items(l->verb, items);
	}
	if (more && limit == NULL)
		fprintf(stderr, "These are the first %" PRIu64 "; --limit 0 shows all.\n",
			want.limit);
	json_decref(items);
	return EXIT_DONE;
}

int
resource_run(struct command_line *l)
{
	const struct verb *v = l->verb;
	struct client *c = NULL;
	struct request r = {NULL, NULL};
	struct answer a;
	int status = client_open(l->file, &c);

	if (status == EXIT_DONE)
		status = request_make(c, l, &r);
	if (status == EXIT_DONE && (v->flags & VERB_LIST))
		status = run_list(c, l, &r);
	else if (status == EXIT_DONE && v->ask != NULL &&
		 !ask_first(l, print_sentence(l, v->ask, NULL)))
		status = EXIT_FAILED;
	else if (status == EXIT_DONE && (status = request_send(c, l, &r, &a)) == EXIT_DONE) {
		status = answer_report(l, &a);
		answer_free(&a);
	}
	request_free(&r);
	client_close(c);
	return status;
}
