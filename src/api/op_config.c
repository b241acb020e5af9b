/* The configuration: what the file says, what runs, and changing it, which warden does. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "access/change.h"
#include "api/config_mask.h"
#include "api/config_shapes.h"
#include "api/diff.h"
#include "api/operation.h"
#include "base/encode.h"
#include "base/text.h"
#include "config/paths.h"
#include "tls/digest.h"

#define FAULTS_MAX (64 * 1024)

static const char *
text_of(const struct api_call *c, const struct buf *b)
{
	return arena_copy(c->access->memory, buf_span(b));
}

static struct outcome
sha256_of(struct api_call *c, struct span text, const char **out)
{
	char *hex = arena_get(c->access->memory, HEX_SIZE(DIGEST_SIZE));
	uint8_t digest[DIGEST_SIZE];

	if (!digest_of(text, digest))
		return call_broken(c, "digest_of");
	hex_write(span_of(digest, sizeof digest), hex);
	*out = hex;
	return OUTCOME_OK;
}

static struct outcome
masked(struct api_call *c, struct span text, struct span *out)
{
	struct buf *b = call_buf(c);

	if (!config_mask(c->access->vault, c->access->memory, text, b))
		return call_broken(c, "config_mask");
	*out = buf_span(b);
	return OUTCOME_OK;
}

/* From one text to the other, without the secrets of either. */
static struct outcome
diff_of(struct api_call *c, struct span from, struct span to, const char **out)
{
	struct buf *b = call_buf(c);
	struct span a = SPAN_NONE, z = SPAN_NONE;
	struct outcome o;

	if (refused(o = masked(c, from, &a)) || refused(o = masked(c, to, &z)))
		return o;
	if (!diff_unified(c->access->memory, "before", a, "after", z, b))
		return call_broken(c, "diff_unified");
	*out = text_of(c, b);
	return OUTCOME_OK;
}

static struct outcome
ask_texts(struct api_call *c, struct span *file, struct span *running)
{
	struct outcome o = call_ask(c, CALL_CONFIG, "", SPAN_NONE, file);

	return refused(o) ? o : call_ask(c, CALL_CONFIG_RUNNING, "", SPAN_NONE, running);
}

static struct outcome
show(struct api_call *c)
{
	struct config_view view = {.read_only = c->api->config->config_read_only};
	struct span file = SPAN_NONE, running = SPAN_NONE, shown = SPAN_NONE;
	struct outcome o;

	if (refused(o = ask_texts(c, &file, &running)) || refused(o = masked(c, file, &shown)) ||
	    refused(o = diff_of(c, running, file, &view.diff)) ||
	    refused(o = sha256_of(c, file, &view.sha256)) ||
	    refused(o = sha256_of(c, running, &view.running_sha256)))
		return o;
	view.text = arena_copy(c->access->memory, shown);
	view.differs = !span_equal(file, running);
	return call_answer(c, &view, 0, NULL);
}

static struct outcome
show_text(struct api_call *c, const char *name, struct span text)
{
	struct config_text view = {.name = name};
	struct span shown = SPAN_NONE;
	struct outcome o;

	if (refused(o = masked(c, text, &shown)) || refused(o = sha256_of(c, text, &view.sha256)))
		return o;
	view.text = arena_copy(c->access->memory, shown);
	return call_answer(c, &view, 0, NULL);
}

static struct outcome
show_running(struct api_call *c)
{
	struct span text = SPAN_NONE;
	struct outcome o = call_ask(c, CALL_CONFIG_RUNNING, "", SPAN_NONE, &text);

	return refused(o) ? o : show_text(c, "running", text);
}

/* Reads the body, with its secrets where the marks were. */
static struct outcome
read_proposal(struct api_call *c, struct config_body *body, struct span *text, struct span *file)
{
	struct span originals[2] = {SPAN_NONE, SPAN_NONE};
	struct buf *b = call_buf(c);
	unsigned line;
	struct outcome o;

	if (refused(o = call_body(c, body, NULL)) ||
	    refused(o = ask_texts(c, &originals[0], &originals[1])))
		return o;
	if (!config_unmask(c->access->vault, c->access->memory, span_str(body->text), originals,
			   COUNT(originals), b, &line))
		return call_broken(c, "config_unmask");
	if (line > 0)
		return outcome_field(OUTCOME_INVALID, "text",
				     "line %u has a mark of a secret that is in neither the file "
				     "nor what runs: write the secret itself",
				     line);
	*text = buf_span(b);
	*file = originals[0];
	return OUTCOME_OK;
}

/* Reads it as far as can be done here; NULL: the verdict has its faults. */
static struct config *
parse(struct api_call *c, struct span text, struct config_verdict *v)
{
	const struct config_defaults defaults = {.file = "sallyport.conf", .root = true};
	struct buf errors = buf_with_cap(FAULTS_MAX), shown = buf_with_cap(FAULTS_MAX);
	struct config *next = config_read(text, &defaults, &errors);

	v->faults = v->warnings = "";
	if (next == NULL &&
	    config_mask_faults(c->access->memory, text, defaults.file, buf_span(&errors), &shown))
		v->faults = text_of(c, &shown);
	buf_free(&errors);
	buf_free(&shown);
	return next;
}

static void
judge_change(struct api_call *c, const struct config *next, struct config_verdict *v)
{
	const char *restart = config_needs_restart(c->api->config, next);
	struct err e = config_may_become(c->api->config, next);

	if (restart != NULL)
		v->needs_restart = arena_copy(c->access->memory, span_str(restart));
	v->valid = !failed(e);
	if (failed(e))
		v->faults = arena_copy(c->access->memory, span_str(e.text));
}

/* Warden looks at the files that it names, too. */
static struct outcome
ask_verdict(struct api_call *c, struct span text, struct config_verdict *v)
{
	struct span said = SPAN_NONE;
	struct outcome o = call_ask(c, CALL_CONFIG_CHECK, "", text, &said);
	const char *words = arena_copy(c->access->memory, said);

	if (refused(o) && o.kind != OUTCOME_INVALID)
		return o;
	if (refused(o))
		v->valid = false;
	if (refused(o))
		v->faults = said.len > 0 ? words : arena_copy(c->access->memory, span_str(o.text));
	else
		v->warnings = words;
	return OUTCOME_OK;
}

static struct outcome
judge(struct api_call *c, struct span text, struct config_verdict *v)
{
	struct config *next = parse(c, text, v);
	struct outcome o = sha256_of(c, text, &v->sha256);

	if (next == NULL)
		return o;
	judge_change(c, next, v);
	config_free(next);
	return refused(o) || !v->valid ? o : ask_verdict(c, text, v);
}

static struct outcome
check(struct api_call *c)
{
	struct config_body body = {0};
	struct config_verdict v = {false};
	struct span text = SPAN_NONE, file = SPAN_NONE;
	struct outcome o;

	if (refused(o = read_proposal(c, &body, &text, &file)) || refused(o = judge(c, text, &v)))
		return o;
	return call_answer(c, &v, 0, NULL);
}

static struct outcome
diff(struct api_call *c)
{
	struct config_body body = {0};
	struct config_diff d = {.changed = false};
	struct span text = SPAN_NONE, file = SPAN_NONE;
	struct outcome o;

	if (refused(o = read_proposal(c, &body, &text, &file)) ||
	    refused(o = diff_of(c, file, text, &d.diff)))
		return o;
	d.changed = !span_equal(file, text);
	return call_answer(c, &d, 0, NULL);
}

/* A row of the audit log: before warden is asked, so that no change is without one. */
static struct outcome
note(struct api_call *c, const char *action, const char *detail)
{
	return change_note(c->access, &c->actor,
			   &(struct change){.action = action,
					    .object = "configuration",
					    .note = detail,
					    .event = EVENT_CONFIG});
}

/* What warden said no to is in the log as well; the refusal is what matters to who asked. */
static struct outcome
ask_change(struct api_call *c, const char *action, const char *detail, enum call_kind what,
	   const char *argument, struct span body)
{
	struct span said = SPAN_NONE;
	struct outcome o = note(c, action, detail);

	if (refused(o) || !refused(o = call_ask(c, what, argument, body, &said)))
		return o;
	struct outcome noted = note(c, "config.refused", detail);
	return noted.kind == OUTCOME_DOWN ? noted : o;
}

static struct outcome
refuse_fault(const struct config_verdict *v)
{
	struct span first = span_head(span_str(v->faults), span_find(span_str(v->faults), '\n'));

	return outcome_field(OUTCOME_INVALID, "text", "%.*s", (int)first.len,
			     (const char *)first.p);
}

static struct outcome
check_changeable(const struct api_call *c)
{
	if (!c->api->config->config_read_only)
		return OUTCOME_OK;
	return outcome_typed(OUTCOME_FORBIDDEN, "read_only",
			     "the configuration says \"config read_only\": change it in its file");
}

/* The check of what may be named is warden's own too: control is not believed. */
static struct outcome
apply_text(struct api_call *c, const struct config_body *body, struct span text)
{
	struct arena *memory = c->access->memory;
	const char *argument =
	    arena_printf(memory, "%" PRId64 " %s", body->confirm_seconds, body->base);
	struct config_verdict v = {false};
	struct outcome o = judge(c, text, &v);

	if (!refused(o) && !v.valid)
		o = refuse_fault(&v);
	if (!refused(o))
		o = ask_change(c, "config.apply",
			       arena_printf(memory,
					    "{\"sha256\":\"%s\",\"confirm_seconds\":%" PRId64 "}",
					    v.sha256, body->confirm_seconds),
			       CALL_CONFIG_APPLY, argument, text);
	return refused(o) ? o : call_answer(c, &v, 0, NULL);
}

static struct outcome
apply(struct api_call *c)
{
	struct config_body body = {0};
	const char *is = NULL;
	struct span text = SPAN_NONE, file = SPAN_NONE;
	uint8_t digest[DIGEST_SIZE];
	struct outcome o;

	if (refused(o = check_changeable(c)) ||
	    refused(o = read_proposal(c, &body, &text, &file)) ||
	    refused(o = sha256_of(c, file, &is)))
		return o;
	if (!hex_read(span_str(body.base), digest, sizeof digest))
		return outcome_field(OUTCOME_INVALID, "base", "base is no SHA-256");
	if (!span_equal_nocase(span_str(is), span_str(body.base)))
		return outcome_field(OUTCOME_CHANGED, "base",
				     "the file has changed since it was read: look at it again");
	body.base = is;
	return apply_text(c, &body, text);
}

static struct outcome
confirm(struct api_call *c)
{
	const char *accepted = arena_printf(c->access->memory, "%" PRId64, c->request->accepted_ms);
	struct outcome o =
	    ask_change(c, "config.confirm", NULL, CALL_CONFIG_CONFIRM, accepted, SPAN_NONE);

	return refused(o) ? o : call_answer_none(c);
}

static struct outcome
roll_back(struct api_call *c)
{
	struct outcome o = check_changeable(c);

	if (!refused(o))
		o = ask_change(c, "config.rollback", NULL, CALL_CONFIG_ROLLBACK, "", SPAN_NONE);
	return refused(o) ? o : call_answer_none(c);
}

static bool
next_word(struct span *line, struct span *word)
{
	size_t space = span_find(*line, ' ');

	*word = span_head(*line, space);
	*line = space < line->len ? span_tail(*line, space + 1) : SPAN_NONE;
	return word->len > 0;
}

/* "NAME MS-SINCE-1970 BYTES" */
static bool
read_version(struct arena *memory, struct span line, struct config_version *out)
{
	struct span name = SPAN_NONE, time = SPAN_NONE, bytes = SPAN_NONE;
	uint64_t t, n;

	if (!next_word(&line, &name) || !next_word(&line, &time) || !next_word(&line, &bytes) ||
	    !text_to_u64(time, INT64_MAX, &t) || !text_to_u64(bytes, INT64_MAX, &n))
		return false;
	*out = (struct config_version){arena_copy(memory, name), (int64_t)t, (int64_t)n};
	return true;
}

static struct outcome
list_history(struct api_call *c)
{
	struct arena *memory = c->access->memory;
	struct config_history list = {NULL, 0};
	struct span lines = SPAN_NONE;
	struct outcome o = call_ask(c, CALL_CONFIG_HISTORY, "", SPAN_NONE, &lines);

	if (refused(o))
		return o;
	while (lines.len > 0) {
		struct span line = span_head(lines, span_find(lines, '\n'));
		struct config_version v;

		if (read_version(memory, line, &v))
			*ARENA_PUSH(memory, list.at, list.count) = v;
		lines = span_tail(lines, line.len + 1);
	}
	return call_answer(c, &list, 0, NULL);
}

static struct outcome
show_version(struct api_call *c)
{
	const char *name = call_parameter(c, 0);
	struct span text = SPAN_NONE;
	struct outcome o = call_ask(c, CALL_CONFIG_VERSION, name, SPAN_NONE, &text);

	if (o.kind == OUTCOME_INVALID)
		o.kind = OUTCOME_UNKNOWN;
	return refused(o) ? o : show_text(c, name, text);
}

#define CHANGE(word, name, run_, words, flag)                                                      \
	{                                                                                          \
		.method = METHOD_POST, .path = "/config/" word, .id = name, .doc = words,          \
		.level = LEVEL_ADMIN, .flags = flag, .run = run_                                   \
	}

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/config",
     .id = "getConfiguration",
     .doc = "The configuration file as it is now, and how it differs from what runs.",
     .level = LEVEL_ADMIN,
     .answer = &shape_config,
     .run = show},
    {.method = METHOD_GET,
     .path = "/config/running",
     .id = "getRunningConfiguration",
     .doc = "The configuration that runs.",
     .level = LEVEL_ADMIN,
     .answer = &shape_config_text,
     .run = show_running},
    {.method = METHOD_POST,
     .path = "/config/check",
     .id = "checkConfiguration",
     .doc = "Says whether a text could be applied, and what is to be said of it. Changes nothing.",
     .level = LEVEL_ADMIN,
     .flags = OP_LARGE,
     .body = &shape_config_proposal,
     .use = SHAPE_CREATE,
     .answer = &shape_config_verdict,
     .run = check},
    {.method = METHOD_POST,
     .path = "/config/diff",
     .id = "diffConfiguration",
     .doc = "Shows what a text would change in the file. Changes nothing.",
     .level = LEVEL_ADMIN,
     .flags = OP_LARGE,
     .body = &shape_config_proposal,
     .use = SHAPE_CREATE,
     .answer = &shape_config_diff,
     .run = diff},
    {.method = METHOD_POST,
     .path = "/config/apply",
     .id = "applyConfiguration",
     .doc = "Writes the file and applies it, without dropping a connection. New paths in it must "
	    "lie below those that `config { trusted_paths }` names. With confirm_seconds the one "
	    "before comes back by itself unless the change is confirmed.",
     .level = LEVEL_ADMIN,
     .flags = OP_PROVED | OP_LARGE | OP_LAST,
     .also = ALSO_CHANGED,
     .body = &shape_config_change,
     .use = SHAPE_CREATE,
     .answer = &shape_config_verdict,
     .run = apply},
    CHANGE("confirm", "confirmConfiguration", confirm,
	   "Confirms the change that awaits it. Only a connection that was made after the change "
	   "can: it shows that the server can still be reached.",
	   OP_LAST),
    CHANGE(
	"rollback", "rollBackConfiguration", roll_back,
	"Takes back the change that awaits confirmation, at once. An older version comes back by "
	"applying its text.",
	OP_PROVED),
    {.method = METHOD_GET,
     .path = "/config/history",
     .id = "listConfigurations",
     .doc = "Lists the configurations that were applied.",
     .level = LEVEL_ADMIN,
     .answer = &shape_config_history,
     .run = list_history},
    {.method = METHOD_GET,
     .path = "/config/history/{name}",
     .id = "getConfigurationVersion",
     .doc = "Shows a configuration that was applied once.",
     .level = LEVEL_ADMIN,
     .answer = &shape_config_text,
     .run = show_version},
};

const struct operation_group operations_config = {"Configuration", operations, COUNT(operations)};
