#include "host/post.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "host/address.h"
#include "host/message.h"
#include "host/secret.h"

struct mail {
	const struct host_mailer *mailer;
	char *from, *message;
	struct texts to; /* bare addresses */
	int is_loopback;
};

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
		message_compose(&message, mail);
		own->message = buf_take(&message);
		start(post);
	}
}
