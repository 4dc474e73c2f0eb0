#include "host/post.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "host/secret.h"

#define SIGNATURE "X-Hub-Signature-256: sha256="

/* GitHub's header, which receivers know how to verify. */
static int
add_signature(struct http_request *request, const struct host_webhook *webhook)
{
	const char *key = secret_text(webhook->secret);
	unsigned char mac[EVP_MAX_MD_SIZE];
	struct buf line = BUF_INIT;
	unsigned len = 0;

	if (!webhook->secret)
		return 0;
	if (!HMAC(EVP_sha256(), key, (int)strlen(key),
		  (const unsigned char *)webhook->body, strlen(webhook->body),
		  mac, &len))
		return -1;
	buf_adds(&line, SIGNATURE);
	for (unsigned i = 0; i < len; i++)
		buf_addf(&line, "%02x", mac[i]);
	texts_add(&request->headers, buf_text(&line));
	buf_release(&line);
	return 0;
}

static void
heard(struct post *post, struct http_answer *answer)
{
	post_judge(post, answer);
	post_end(post);
}

void
host_post_webhook(struct host *host, const struct host_webhook *webhook,
		  unsigned tries, void *tag)
{
	struct post *post = post_new(host, NULL, "the webhook", tries, tag);
	struct http_request request = { .method = "POST",
					.ca_file = webhook->ca_file,
					.proxy = webhook->proxy };

	if (add_signature(&request, webhook) < 0) {
		http_request_release(&request);
		post_end_with(post, HOST_RETRY, "libcrypto cannot sign", "");
		return;
	}
	request.url = mem_copy_text(webhook->url);
	request.body = mem_copy_text(webhook->body);
	texts_add(&request.headers, "Content-Type: application/json");
	if (webhook->id)
		texts_addf(&request.headers, "X-Pacegate-Delivery: %s",
			   webhook->id);
	post->heard = heard;
	post_send(post, &request);
}
