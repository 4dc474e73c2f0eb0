#include "host/post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "host/address.h"
#include "host/mail.h"
#include "host/secret.h"
#include "host/text.h"

struct mail {
	const struct host_mailer *mailer;
	char *from, *message;
	struct texts to; /* bare addresses */
	int is_loopback;
};

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
	buf_adds(buf, "\r\n");
}

void
mail_compose(struct buf *buf, const struct host_mail *mail)
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

static void
release(void *data)
{
	struct mail *mail = data;

	free(mail->from);
	free(mail->message);
	texts_release(&mail->to);
	free(mail);
}

static void heard_plain(struct post *post, struct http_answer *answer);
static void heard_tried(struct post *post, struct http_answer *answer);

static void
send_mail(struct post *post, enum http_tls tls)
{
	const struct mail *mail = post->data;
	struct http_mail request = {
		.url = mem_copy_text(mail->mailer->url),
		.from = mem_copy_text(mail->from),
		.message = mem_copy_text(mail->message), /* or NULL */
		.login = mail->mailer->secret
				 ? secret_text(mail->mailer->secret)
				 : NULL,
		.tls = tls,
		.ca_file = mail->mailer->ca_file,
	};

	for (size_t i = 0; i < mail->to.count; i++)
		texts_add(&request.to, mail->to.items[i]);
	post->heard = tls == HTTP_TLS_TRIED ? heard_tried : heard_plain;
	post_send_mail(post, &request);
}

static void
heard_plain(struct post *post, struct http_answer *answer)
{
	post_judge(post, answer);
	post_end(post);
}

/* A mail server of this machine often has a certificate that nobody signed;
 * the way to it needs none. */
static void
heard_tried(struct post *post, struct http_answer *answer)
{
	if (answer->failure == HTTP_UNTRUSTED)
		send_mail(post, HTTP_TLS_NONE);
	else
		heard_plain(post, answer);
}

/* With a message, or to greet the server alone. */
static void
start(struct post *post)
{
	struct mail *mail = post->data;
	struct err err = ERR_INIT;

	if (http_check_mail_url(mail->mailer->url, &mail->is_loopback, &err) <
	    0)
		post_end_with(post, HOST_REFUSED, err.text,
			      "correct pacegate-mail.url");
	else
		send_mail(post, mail->is_loopback && !mail->mailer->ca_file
					? HTTP_TLS_TRIED
					: HTTP_TLS_DEMANDED);
}

void
host_probe_mail(struct host *host, const struct host_mailer *mailer, void *tag)
{
	struct post *post = post_new(host, NULL, "the mail server", 0, tag);
	struct mail *own = mem_new(1, sizeof(*own));

	post->data = own;
	post->release = release;
	own->mailer = mailer;
	start(post);
}

void
host_post_mail(struct host *host, const struct host_mailer *mailer,
	       const struct host_mail *mail, unsigned tries, void *tag)
{
	struct post *post = post_new(host, NULL, "the mail server", tries, tag);
	struct mail *own = mem_new(1, sizeof(*own));
	struct buf message = BUF_INIT;

	post->data = own;
	post->release = release;
	own->mailer = mailer;
	own->from = address_bare(mail->from);
	for (size_t i = 0; i < mail->to->count; i++) {
		char *address = address_bare(mail->to->items[i]);

		if (address && !texts_has(&own->to, address))
			texts_add(&own->to, address);
		free(address);
	}
	if (!own->from) {
		post_end_with(post, HOST_REFUSED, "the sender is no address",
			      "set pacegate-mail.from to one");
	} else if (own->to.count == 0) {
		post_end_with(post, HOST_NOWHERE,
			      "none of its recipients is an address", "");
	} else {
		mail_compose(&message, mail);
		own->message = buf_take(&message);
		start(post);
	}
}
