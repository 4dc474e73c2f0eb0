#include "host/http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/names.h"

/*
 * One multi handle; all in one file, since libcurl is seen here alone. A
 * transfer is an easy handle with what it points to; it is on the list of `all`
 * from http_send() until its answer was given. One that cannot even be started
 * gets its answer from http_run() too.
 */
struct transfer {
	struct transfer *next, *previous;
	struct http *http;
	CURL *easy;
	struct curl_slist *headers, *recipients;
	struct http_request request;
	struct http_mail mail;
	size_t sent; /* bytes of mail.message */
	int is_loopback, is_ready;
	struct http_answer answer;
	char reason[CURL_ERROR_SIZE];
	http_done_fn *done;
	void *data;
};

struct http {
	CURLM *multi;
	struct http_limits limits;
	struct transfer *all;
};

int
http_new(struct http **http, const struct http_limits *limits, struct err *err)
{
	struct http *fresh;

	*http = NULL;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_SYSTEM, "libcurl does not start");
	fresh = mem_new(1, sizeof(*fresh));
	fresh->limits = *limits;
	fresh->multi = curl_multi_init();
	if (!fresh->multi) {
		free(fresh);
		curl_global_cleanup();
		return err_set(err, ERR_SYSTEM, "libcurl does not start");
	}
	curl_multi_setopt(fresh->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
			  (long)limits->connections);
	curl_multi_setopt(fresh->multi, CURLMOPT_MAXCONNECTS,
			  (long)limits->connections * 2);
	*http = fresh;
	return 0;
}

void
http_request_release(struct http_request *request)
{
	free(request->url);
	texts_release(&request->headers);
	if (request->authorization)
		explicit_bzero(request->authorization,
			       strlen(request->authorization));
	free(request->authorization);
	free(request->body);
	memset(request, 0, sizeof(*request));
}

void
http_mail_release(struct http_mail *mail)
{
	free(mail->url);
	free(mail->from);
	texts_release(&mail->to);
	free(mail->message);
	memset(mail, 0, sizeof(*mail));
}

static void
transfer_free(struct transfer *transfer)
{
	struct http *http = transfer->http;

	if (transfer->previous)
		transfer->previous->next = transfer->next;
	else
		http->all = transfer->next;
	if (transfer->next)
		transfer->next->previous = transfer->previous;
	if (transfer->easy) {
		curl_multi_remove_handle(http->multi, transfer->easy);
		curl_easy_cleanup(transfer->easy);
	}
	for (struct curl_slist *at = transfer->headers; at; at = at->next)
		explicit_bzero(at->data, strlen(at->data));
	curl_slist_free_all(transfer->headers);
	curl_slist_free_all(transfer->recipients);
	http_request_release(&transfer->request);
	http_mail_release(&transfer->mail);
	buf_release(&transfer->answer.body);
	free(transfer);
}

void
http_free(struct http *http)
{
	if (!http)
		return;
	while (http->all)
		transfer_free(http->all);
	curl_multi_cleanup(http->multi);
	curl_global_cleanup();
	free(http);
}

static int
is_loopback_name(const char *host)
{
	/* libcurl resolves `localhost` itself, and has made dotted quads of
	 * all other ways to write an IPv4 address. */
	return !strcasecmp(host, "localhost") || !strcmp(host, "[::1]") ||
	       (!strncmp(host, "127.", 4) &&
		strspn(host, "0123456789.") == strlen(host));
}

/* `plain` is the scheme that needs a loopback, unless it will speak TLS. */
static int
check_url(const char *url, const char *secure, const char *plain,
	  int plain_upgrades, int *is_loopback, struct err *err)
{
	char *scheme = NULL, *host = NULL, *user = NULL;
	CURLU *parsed = curl_url();
	int local, ret = 0;

	if (!parsed ||
	    curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
		ret = err_set(err, ERR_INPUT,
			      "not a URL that begins with %s:// and a host",
			      secure);
		goto out;
	}
	local = is_loopback_name(host);
	if (is_loopback)
		*is_loopback = local;
	if (curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_OK)
		ret = err_set(err, ERR_INPUT,
			      "a URL must hold no login: put it into the file "
			      "for it");
	else if (!strcmp(scheme, plain) && !local && !plain_upgrades)
		ret = err_set(err, ERR_INPUT,
			      "%s:// would show what is sent to everybody "
			      "on the way: use %s://",
			      plain, secure);
	else if (strcmp(scheme, plain) != 0 && strcmp(scheme, secure) != 0)
		ret = err_set(err, ERR_INPUT, "'%.20s' is not %s", scheme,
			      secure);
out:
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_url_cleanup(parsed);
	return ret;
}

int
http_check_url(const char *url, int *is_loopback, struct err *err)
{
	return check_url(url, "https", "http", 0, is_loopback, err);
}

int
http_check_mail_url(const char *url, int *is_loopback, struct err *err)
{
	return check_url(url, "smtps", "smtp", 1, is_loopback, err);
}

static curl_socket_t
open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)data;
	(void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
		      address->protocol);
}

/* Whatever a name resolved to: clear text never leaves this machine. */
static int
before_request(void *data, char *ip, char *local_ip, int port, int local_port)
{
	struct transfer *transfer = data;

	(void)local_ip;
	(void)port;
	(void)local_port;
	if (transfer->request.url &&
	    strncasecmp(transfer->request.url, "https:", 6) != 0 &&
	    strcmp(ip, "::1") != 0 && strncmp(ip, "127.", 4) != 0)
		return CURL_PREREQFUNC_ABORT;
	return CURL_PREREQFUNC_OK;
}

static size_t
receive(char *bytes, size_t size, size_t count, void *data)
{
	struct transfer *transfer = data;
	size_t len = size * count;

	if (len >
	    transfer->http->limits.response_bytes - transfer->answer.body.len) {
		transfer->answer.failure = HTTP_TOO_LARGE;
		return 0;
	}
	buf_add(&transfer->answer.body, bytes, len);
	return len;
}

static size_t
send_message(char *room, size_t size, size_t count, void *data)
{
	struct transfer *transfer = data;
	size_t left = strlen(transfer->mail.message) - transfer->sent;
	size_t len = size * count;

	if (len > left)
		len = left;
	memcpy(room, transfer->mail.message + transfer->sent, len);
	transfer->sent += len;
	return len;
}

/* What holds for every transfer. */
static void
set_common(struct transfer *transfer, const char *protocols,
	   const char *ca_file)
{
	const struct http_limits *limits = &transfer->http->limits;
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)limits->connect_ms);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)limits->total_ms);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION,
			 (long)CURL_SSLVERSION_TLSv1_2);
	if (ca_file) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	/* A proxy must not see what goes to this machine in clear text. */
	if (transfer->is_loopback)
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

static void
add_header(struct transfer *transfer, const char *line)
{
	struct curl_slist *longer = curl_slist_append(transfer->headers, line);

	if (longer)
		transfer->headers = longer;
	else
		transfer->answer.failure = HTTP_INVALID;
}

static void
set_request(struct transfer *transfer)
{
	struct http_request *request = &transfer->request;
	CURL *easy = transfer->easy;

	set_common(transfer, "https,http", request->ca_file);
	if (request->proxy && !transfer->is_loopback)
		curl_easy_setopt(easy, CURLOPT_PROXY, request->proxy);
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_USERAGENT,
			 PROGRAM_GATE "/" PACEGATE_VERSION);
	for (size_t i = 0; i < request->headers.count; i++)
		add_header(transfer, request->headers.items[i]);
	if (request->authorization)
		add_header(transfer, request->authorization);
	add_header(transfer, "Expect:");
	if (request->body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)strlen(request->body));
	}
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
}

static void
set_login(struct transfer *transfer)
{
	char *user = mem_copy_text(transfer->mail.login);
	char *colon = strchr(user, ':');

	if (colon) {
		*colon = '\0';
		curl_easy_setopt(transfer->easy, CURLOPT_USERNAME, user);
		curl_easy_setopt(transfer->easy, CURLOPT_PASSWORD, colon + 1);
	}
	explicit_bzero(user, strlen(transfer->mail.login));
	free(user);
}

static void
set_mail(struct transfer *transfer)
{
	static const long tls[] = { [HTTP_TLS_DEMANDED] = CURLUSESSL_ALL,
				    [HTTP_TLS_TRIED] = CURLUSESSL_TRY,
				    [HTTP_TLS_NONE] = CURLUSESSL_NONE };
	struct http_mail *mail = &transfer->mail;
	CURL *easy = transfer->easy;

	set_common(transfer, "smtps,smtp", mail->ca_file);
	curl_easy_setopt(easy, CURLOPT_URL, mail->url);
	curl_easy_setopt(easy, CURLOPT_USE_SSL, tls[mail->tls]);
	/* A proxy is for the web; mail through one needs a tunnel. */
	curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
	if (mail->login)
		set_login(transfer);
	if (!mail->message) {
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "NOOP");
		return;
	}
	curl_easy_setopt(easy, CURLOPT_MAIL_FROM, mail->from);
	for (size_t i = 0; i < mail->to.count; i++) {
		struct curl_slist *longer = curl_slist_append(
			transfer->recipients, mail->to.items[i]);

		if (longer)
			transfer->recipients = longer;
		else
			transfer->answer.failure = HTTP_INVALID;
	}
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, transfer->recipients);
	/* A mistyped author of a commit must not keep it from all others. */
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, send_message);
	curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
}

static struct transfer *
transfer_new(struct http *http, http_done_fn *done, void *data)
{
	struct transfer *transfer = mem_new(1, sizeof(*transfer));

	transfer->http = http;
	transfer->done = done;
	transfer->data = data;
	transfer->easy = curl_easy_init();
	transfer->next = http->all;
	if (http->all)
		http->all->previous = transfer;
	http->all = transfer;
	return transfer;
}

/* Hand it to libcurl, or note why it cannot go. */
static void
transfer_start(struct transfer *transfer)
{
	if (transfer->answer.failure == HTTP_ANSWERED && transfer->easy &&
	    curl_multi_add_handle(transfer->http->multi, transfer->easy) ==
		    CURLM_OK)
		return;
	transfer->is_ready = 1;
	if (transfer->answer.failure == HTTP_ANSWERED)
		transfer->answer.failure = HTTP_UNREACHABLE;
	if (!transfer->answer.why[0])
		snprintf(transfer->answer.why, sizeof(transfer->answer.why),
			 "libcurl does not take it");
}

static void
note_bad_url(struct transfer *transfer, const struct err *err)
{
	transfer->answer.failure = HTTP_INVALID;
	snprintf(transfer->answer.why, sizeof(transfer->answer.why), "%.255s",
		 err->text);
}

void
http_send(struct http *http, struct http_request *request, http_done_fn *done,
	  void *data)
{
	struct transfer *transfer = transfer_new(http, done, data);
	struct err err = ERR_INIT;

	transfer->request = *request;
	memset(request, 0, sizeof(*request));
	if (http_check_url(transfer->request.url, &transfer->is_loopback,
			   &err) < 0)
		note_bad_url(transfer, &err);
	else if (transfer->easy)
		set_request(transfer);
	transfer_start(transfer);
}

void
http_send_mail(struct http *http, struct http_mail *mail, http_done_fn *done,
	       void *data)
{
	struct transfer *transfer = transfer_new(http, done, data);
	struct err err = ERR_INIT;

	transfer->mail = *mail;
	memset(mail, 0, sizeof(*mail));
	if (http_check_mail_url(transfer->mail.url, &transfer->is_loopback,
				&err) < 0)
		note_bad_url(transfer, &err);
	else if (transfer->easy)
		set_mail(transfer);
	transfer_start(transfer);
}

static void
copy_header(struct transfer *transfer, const char *name, char *to, size_t size)
{
	struct curl_header *header;

	if (curl_easy_header(transfer->easy, name, 0, CURLH_HEADER, -1,
			     &header) == CURLHE_OK)
		snprintf(to, size, "%.*s", (int)size - 1, header->value);
}

/* A server that repeats our headers must not bring the token into a log. */
static void
blot_out(struct transfer *transfer)
{
	const char *line = transfer->request.authorization;
	const char *token = line ? strrchr(line, ' ') : NULL;
	char *texts[] = { transfer->answer.body.data,
			  transfer->answer.location };
	size_t lens[] = { transfer->answer.body.len,
			  strlen(transfer->answer.location) };
	size_t len = token ? strlen(token + 1) : 0;

	for (size_t i = 0; len > 0 && i < 2; i++)
		for (char *at = texts[i];
		     at && (at = memmem(at, lens[i] - (size_t)(at - texts[i]),
					token + 1, len)) != NULL;
		     at += len)
			memset(at, '*', len);
}

static void
copy_headers(struct transfer *transfer)
{
	struct http_answer *a = &transfer->answer;
	/* GitHub writes x-, GitLab and the draft of the IETF none. */
	const struct {
		const char *name;
		char *to;
		size_t size;
	} rows[] = {
		{ "content-type", a->content_type, sizeof(a->content_type) },
		{ "location", a->location, sizeof(a->location) },
		{ "date", a->date, sizeof(a->date) },
		{ "retry-after", a->retry_after, sizeof(a->retry_after) },
		{ "ratelimit-remaining", a->limit_remaining,
		  sizeof(a->limit_remaining) },
		{ "ratelimit-reset", a->limit_reset, sizeof(a->limit_reset) },
		{ "x-ratelimit-remaining", a->limit_remaining,
		  sizeof(a->limit_remaining) },
		{ "x-ratelimit-reset", a->limit_reset, sizeof(a->limit_reset) },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		copy_header(transfer, rows[i].name, rows[i].to, rows[i].size);
}

static enum http_failure
failure_of(const struct transfer *transfer, CURLcode code)
{
	switch ((int)code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_USE_SSL_FAILED:
	case CURLE_ABORTED_BY_CALLBACK:
		return HTTP_UNTRUSTED;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_SSL_CACERT_BADFILE:
		return HTTP_INVALID;
	case CURLE_LOGIN_DENIED:
		return HTTP_REFUSED;
	default:
		/* Of HTTP no status is an error to libcurl. */
		return transfer->answer.status >= 500 && transfer->mail.url
			       ? HTTP_REFUSED
			       : HTTP_UNREACHABLE;
	}
}

static void
conclude(struct transfer *transfer, CURLcode code)
{
	struct http_answer *answer = &transfer->answer;
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	answer->status = (int)status;
	if (transfer->request.url) {
		copy_headers(transfer);
		blot_out(transfer);
	}
	if (code == CURLE_OK)
		return;
	if (answer->failure != HTTP_TOO_LARGE)
		answer->failure = failure_of(transfer, code);
	if (answer->failure == HTTP_TOO_LARGE)
		snprintf(answer->why, sizeof(answer->why),
			 "the answer is larger than %zu bytes",
			 transfer->http->limits.response_bytes);
	else
		snprintf(answer->why, sizeof(answer->why), "%.255s",
			 transfer->reason[0] ? transfer->reason
					     : curl_easy_strerror(code));
}

static void
give_answer(struct transfer *transfer)
{
	transfer->done(transfer->data, &transfer->answer);
	transfer_free(transfer);
}

static int
give_unsent(struct http *http)
{
	struct transfer *at, *next;
	int count = 0;

	for (at = http->all; at; at = next) {
		next = at->next;
		if (at->is_ready) {
			give_answer(at);
			count++;
		}
	}
	return count;
}

int
http_run(struct http *http, int timeout_ms, struct err *err)
{
	int count = give_unsent(http), running, left;
	struct transfer *transfer;
	CURLMsg *message;
	CURLMcode code;

	code = curl_multi_perform(http->multi, &running);
	if (code == CURLM_OK && count == 0 && running > 0)
		code = curl_multi_poll(http->multi, NULL, 0, timeout_ms, NULL);
	if (code == CURLM_OK)
		code = curl_multi_perform(http->multi, &running);
	if (code != CURLM_OK)
		return err_set(err, ERR_SYSTEM, "libcurl: %s",
			       curl_multi_strerror(code));
	while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		transfer = NULL;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
				  &transfer);
		conclude(transfer, message->data.result);
		give_answer(transfer);
		count++;
	}
	return count;
}
