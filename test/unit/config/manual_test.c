/* The option table, as people get to see it. */
#include "config/try.h"

#include <stdlib.h>

#include "config/option.h"

static const struct block *const blocks[] = {
    &block_top,    &block_plain,    &block_log,   &block_limits,  &block_site,
    &block_policy, &block_accounts, &block_route, &block_handler, &block_proxy,
    &block_share,  &block_backends, &block_inetd, &block_admin,   &block_vpn,
};

/* Drops the "#" of each line on which no space follows it. */
static void
uncomment(struct span text, struct buf *out)
{
	while (text.len > 0) {
		struct span line = span_head(text, span_find(text, '\n') + 1);
		bool option = line.len > 1 && line.p[0] == '#' && line.p[1] != ' ';

		assert_true(buf_append(out, option ? span_tail(line, 1) : line));
		text = span_tail(text, line.len);
	}
}

static void
the_commented_file_without_its_marks_is_a_good_one(void **state)
{
	struct buf commented = buf_with_cap(1 << 20), text = buf_with_cap(1 << 20);

	(void)state;
	assert_true(config_print_defaults(&commented));
	uncomment(buf_span(&commented), &text);
	assert_true(buf_byte(&text, '\0'));
	struct config *c = good((char *)text.data);
	assert_int_equal(c->limits.header_bytes, 32768);
	assert_int_equal(c->share.silent.kind, DOOR_INETD);
	assert_int_equal(c->backends_count, 9);
	config_free(c);
	buf_free(&commented);
	buf_free(&text);
}

static void
with_its_marks_it_says_nothing(void **state)
{
	struct buf commented = buf_with_cap(1 << 20);

	(void)state;
	assert_true(config_print_defaults(&commented));
	assert_true(buf_byte(&commented, '\0'));
	assert_said(&as_root, (char *)commented.data, "there is nothing to serve");
	buf_free(&commented);
}

static void
assert_has(const struct buf *text, const struct option *o)
{
	struct buf args = buf_with_cap(1024);

	assert_true(option_put_args(&args, o) && buf_byte(&args, '\0'));
	if (strstr((char *)text->data, o->name) == NULL ||
	    strstr((char *)text->data, (char *)args.data) == NULL)
		fail_msg("%s %s is not told of", o->name, (char *)args.data);
	buf_free(&args);
}

/* Not one that only leads to others, or to a message. */
static bool
is_written(const struct option *o)
{
	return o->type != OPTION_UNBUILT && o->type != OPTION_SHARED;
}

static void
assert_has_all_options(const struct buf *text)
{
	for (size_t i = 0; i < COUNT(blocks); i++)
		for (size_t j = 0; j < blocks[i]->count; j++)
			if (is_written(&blocks[i]->options[j]) &&
			    blocks[i]->options[j].type != OPTION_BLOCK)
				assert_has(text, &blocks[i]->options[j]);
}

static void
no_option_is_left_out(void **state)
{
	struct buf commented = buf_with_cap(1 << 20), manual = buf_with_cap(1 << 20);

	(void)state;
	assert_true(config_print_defaults(&commented) && buf_byte(&commented, '\0'));
	assert_true(config_print_manual(&manual) && buf_byte(&manual, '\0'));
	assert_has_all_options(&commented);
	assert_has_all_options(&manual);
	buf_free(&commented);
	buf_free(&manual);
}

/* A row that forgets something would be found by a user only. */
static void
every_row_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(blocks); i++)
		for (size_t j = 0; j < blocks[i]->count; j++) {
			const struct option *o = &blocks[i]->options[j];
			bool own = o->type == OPTION_OWN, block = o->type == OPTION_BLOCK;
			bool word = o->type == OPTION_LIST || o->type == OPTION_WORD;
			size_t len = strlen(o->doc), at;

			if (!is_written(o))
				continue;
			if (word != (o->word != NULL))
				fail_msg("%s: how is a word read?", o->name);
			if (len == 0 || o->doc[len - 1] != '.')
				fail_msg("%s: no sentence", o->name);
			if (own != (o->read != NULL) || own != (o->print != NULL))
				fail_msg("%s: how is it read?", o->name);
			if (!block && o->initial == NULL && o->list == NULL &&
			    ((o->sample == NULL && o->block == NULL) || o->silence == NULL))
				fail_msg("%s: what holds without it?", o->name);
			if (o->type == OPTION_CHOICE && o->choices == NULL)
				fail_msg("%s: no choices", o->name);
			if (option_find(blocks[i], span_str(o->name), &at) != o)
				fail_msg("%s is there twice", o->name);
		}
}

static void
a_buffer_too_small_is_said_at_every_size(void **state)
{
	struct buf all = buf_with_cap(1 << 20);

	(void)state;
	assert_true(config_print_defaults(&all));
	for (size_t cap = 0; cap < buf_len(&all); cap += 7) {
		struct buf b = buf_with_cap(cap);

		assert_false(config_print_defaults(&b));
		buf_free(&b);
	}
	buf_free(&all);
	assert_true(config_print_manual(&all));
	for (size_t cap = 0; cap < buf_len(&all); cap += 7) {
		struct buf b = buf_with_cap(cap);

		assert_false(config_print_manual(&b));
		buf_free(&b);
	}
	buf_free(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_commented_file_without_its_marks_is_a_good_one),
	    cmocka_unit_test(with_its_marks_it_says_nothing),
	    cmocka_unit_test(no_option_is_left_out),
	    cmocka_unit_test(every_row_is_complete),
	    cmocka_unit_test(a_buffer_too_small_is_said_at_every_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
