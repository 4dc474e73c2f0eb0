#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "host/address.h"
#include "host/host.h"
#include "host/message.h"
#include "host/text.h"

static void
assert_cut(const char *text, size_t max, int one_line, const char *wanted)
{
	struct buf buf = BUF_INIT;

	text_add_cut(&buf, text, max, one_line);
	assert_string_equal(buf_text(&buf), wanted);
	buf_release(&buf);
}

static void
cuts_on_characters(void **state)
{
	(void)state;
	assert_cut("", 3, 1, "");
	assert_cut("abc", 3, 1, "abc");
	assert_cut("abcd", 3, 1, "ab\xe2\x80\xa6");
	assert_cut("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 3, 1,
		   "\xe2\x82\xac\xe2\x82\xac\xe2\x80\xa6");
	assert_cut("ab", 1, 1, "\xe2\x80\xa6");
	assert_cut("a\nb\x1b\xff\xc3", 0, 1,
		   "a b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	assert_cut("a\n\tb", 0, 0, "a\n\tb");
	assert_cut("\xc2\x85", 0, 0, "\xef\xbf\xbd");
}

static void
assert_quoted(const char *text, const char *wanted)
{
	struct buf buf = BUF_INIT;

	text_add_quoted(&buf, text);
	assert_string_equal(buf_text(&buf), wanted);
	buf_release(&buf);
}

static void
quotes_lines(void **state)
{
	char line[200], wanted[300];

	(void)state;
	assert_quoted("a = b\n", "a =3D b\r\n");
	assert_quoted("blank \nend", "blank=20\r\nend\r\n");
	assert_quoted("\xe2\x82\xac\n\n", "=E2=82=AC\r\n\r\n");
	assert_quoted("a\r\n", "a=0D\r\n");
	memset(line, 'x', 150);
	line[150] = '\0';
	snprintf(wanted, sizeof(wanted), "%.75s=\r\n%.75s\r\n", line, line);
	assert_quoted(line, wanted);
}

static void
takes_addresses_alone(void **state)
{
	static const char *const bad[] = {
		"",
		"ada",
		"@example.org",
		"ada@",
		"a@b@c",
		"a b@example.org",
		"a@example.org>\r\nRCPT TO:<b@example.org",
		"Ada <ada@example.org",
		"Ada <ada@example.org> x",
		"Ada <ada@ex\nample.org>",
		"-f@example.org",
		"\xc3\xa4@example.org",
		"a@example.org,b@example.org",
		"\"a\"@example.org",
	};
	char *address = address_bare("Ada Lovelace <ada@example.org>");

	(void)state;
	assert_string_equal(address, "ada@example.org");
	free(address);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(address_bare(bad[i]));
}

static void
composes_a_message(void **state)
{
	struct texts to = { 0 };
	const struct host_mail mail = {
		.from = "pacegate <gate@example.org>",
		.to = &to,
		.subject = "perf/x \xe2\x80\xa6\r\nBcc: eve@example.org",
		.body = "slower\n",
		.id = "abc.1",
		.time_s = 1700000000,
	};
	struct buf buf = BUF_INIT;

	(void)state;
	texts_add(&to, "\"Ada, \xc3\xa4\" <ada@example.org>");
	texts_add(&to, "nobody");
	texts_add(&to, "bob@example.org");
	message_compose(&buf, &mail);
	assert_string_equal(
		buf_text(&buf),
		"From: pacegate <gate@example.org>\r\n"
		"To: =?UTF-8?B?QWRhLCDDpA==?= <ada@example.org>,\r\n"
		" bob@example.org\r\n"
		"Subject: =?UTF-8?B?"
		"cGVyZi94IOKApu+/vSBCY2M6IGV2ZUBleGFtcGxlLm9yZw==?=\r\n"
		"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
		"Message-ID: <abc.1@example.org>\r\n"
		"MIME-Version: 1.0\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n"
		"Auto-Submitted: auto-generated\r\n"
		"\r\n"
		"slower\r\n");
	buf_release(&buf);
	texts_release(&to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_on_characters),
		cmocka_unit_test(quotes_lines),
		cmocka_unit_test(takes_addresses_alone),
		cmocka_unit_test(composes_a_message),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("host_mail", tests, NULL, NULL);
}
