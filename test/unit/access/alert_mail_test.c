#include "unit.h"

#include "access/alert_send.h"
#include "base/encode.h"

static const char *const mailboxes[] = {"ops@example.org", "boss@example.org", NULL};

static const char *
mail_of(const char *subject, const char *detail, char *out, size_t size)
{
	const struct alert_settings s = {.mail_from = "sallyport@example.org",
					 .mail_to = (const char **)(void *)mailboxes};
	const struct alert_text text = {.rule = "test",
					.subject = subject,
					.detail = detail,
					.server = "host",
					.time = 1795279950000};
	struct buf message = buf_with_cap(size - 1);

	assert_true(mail_put(&s, &text, "abc", &message));
	memcpy(out, buf_span(&message).p, buf_len(&message));
	out[buf_len(&message)] = '\0';
	buf_free(&message);
	return out;
}

static void
a_message_is_as_rfc_5322_has_it(void **state)
{
	char out[8192];

	(void)state;
	const char *text = mail_of("Something listens", "On port 8080.", out, sizeof out);
	static const char head[] = "Date: Sat, 21 Nov 2026 16:52:30 +0000\r\n"
				   "From: <sallyport@example.org>\r\n"
				   "To: <ops@example.org>,\r\n <boss@example.org>\r\n"
				   "Message-ID: <abc@example.org>\r\n"
				   "Subject: Something listens\r\n"
				   "Auto-Submitted: auto-generated\r\n"
				   "MIME-Version: 1.0\r\n";
	assert_memory_equal(text, head, sizeof head - 1);
	assert_non_null(strstr(text, "Content-Transfer-Encoding: base64\r\n\r\n"));
}

/* What the head's lines are, and that there is nothing else. */
static void
assert_sound(const char *text)
{
	const char *line = text, *end = strstr(text, "\r\n\r\n");
	size_t lines = 0;

	assert_non_null(end);
	for (; *line != '\0'; line = strstr(line, "\r\n") + 2) {
		assert_non_null(strstr(line, "\r\n"));
		size_t len = strcspn(line, "\r\n");

		assert_true(len <= 78);
		assert_memory_equal(line + len, "\r\n", 2);
		lines += line < end && line[0] != ' ';
		for (size_t i = 0; i < len; i++)
			assert_true(line[i] >= 0x20 && line[i] < 0x7F);
	}
	assert_int_equal(lines, 9);
}

static void
no_subject_adds_a_field_or_breaks_a_line(void **state)
{
	static const char *const subjects[] = {
	    "a\r\nBcc: eve@example.org",
	    "a\nBcc: eve@example.org\n\nbody",
	    "a\r",
	    "\xC3\xA4\xC3\xB6\xC3\xBC \xF0\x9F\x98\x80",
	    "=?utf-8?B?QQ==?=",
	    "",
	    " ",
	    "a long subject of plain letters that would not fit into one line of seventy-eight",
	    "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
	    "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
	    "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC",
	    "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"
	    "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"
	    "\x80\x80\x80\x80\x80\x80",
	};
	char out[8192];

	(void)state;
	for (size_t i = 0; i < COUNT(subjects); i++) {
		assert_sound(mail_of(subjects[i], "x\r\n.\r\nQUIT\r\n", out, sizeof out));
		assert_null(strstr(out, "\nBcc"));
		assert_null(strstr(out, "\n.\r"));
	}
}

/* RFC 2047 §5: a character is not cut in two. */
static void
encoded_words_hold_whole_characters(void **state)
{
	char subject[301] = "", out[8192];
	struct buf words = buf_with_cap(1024);

	(void)state;
	for (size_t i = 0; i < 99; i++)
		memcpy(subject + 3 * i, "\xE2\x82\xAC", 4);
	const char *at = mail_of(subject, "", out, sizeof out);
	while ((at = strstr(at, "=?utf-8?B?")) != NULL) {
		size_t before = buf_len(&words);

		at += strlen("=?utf-8?B?");
		assert_true(base64_read(span_of(at, strcspn(at, "?")), &words));
		assert_int_equal((buf_len(&words) - before) % 3, 0);
	}
	assert_true(span_equal(buf_span(&words), span_str(subject)));
	buf_free(&words);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_message_is_as_rfc_5322_has_it),
	    cmocka_unit_test(no_subject_adds_a_field_or_breaks_a_line),
	    cmocka_unit_test(encoded_words_hold_whole_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
