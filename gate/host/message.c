#include "host/message.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "host/address.h"
#include "host/host.h"
#include "host/text.h"

/* In the C locale, whatever the program's is. */
static void
add_date(struct buf *buf, int64_t time_s)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)time_s;
	struct tm tm = { 0 };

	gmtime_r(&seconds, &tm);
	buf_addf(buf, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n",
		 days + 3 * (size_t)tm.tm_wday, tm.tm_mday,
		 months + 3 * (size_t)tm.tm_mon, tm.tm_year + 1900, tm.tm_hour,
		 tm.tm_min, tm.tm_sec);
}

static void
add_recipients(struct buf *buf, const struct texts *to)
{
	const char *before = "To: ";

	for (size_t i = 0; i < to->count; i++) {
		char *address = address_bare(to->items[i]);

		if (!address)
			continue;
		buf_adds(buf, before);
		address_add(buf, to->items[i]);
		before = ",\r\n ";
		free(address);
	}
	/* An empty line would end the headers. */
	if (*before != 'T')
		buf_adds(buf, "\r\n");
}

void
message_compose(struct buf *buf, const struct host_mail *mail)
{
	char *from = address_bare(mail->from);
	const char *domain = from ? strchr(from, '@') : "@localhost";

	buf_adds(buf, "From: ");
	address_add(buf, mail->from);
	buf_adds(buf, "\r\n");
	add_recipients(buf, mail->to);
	buf_adds(buf, "Subject: ");
	text_add_header(buf, mail->subject);
	buf_adds(buf, "\r\n");
	add_date(buf, mail->time_s);
	buf_addf(buf, "Message-ID: <%s%s>\r\n", mail->id, domain);
	buf_adds(buf, "MIME-Version: 1.0\r\n"
		      "Content-Type: text/plain; charset=utf-8\r\n"
		      "Content-Transfer-Encoding: quoted-printable\r\n"
		      "Auto-Submitted: auto-generated\r\n"
		      "\r\n");
	text_add_quoted(buf, mail->body);
	free(from);
}
