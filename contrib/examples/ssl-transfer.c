/*
 * An SSL session over loopback, 1 MB of random data, a span `transfer`. Built
 * by .pacegate: build = cc -O2 -o ssl-transfer perf/ssl-transfer.c -lssl
 * -lcrypto; perf/ssl-transfer is a script that runs it:
 *
 *     #!/bin/sh
 *     # perf: timeout=60s inputs=perf/ssl-transfer.c
 *     exec ./ssl-transfer
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 1 << 20 };

static void
die(const char *what)
{
	perror(what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

/* One line a write; our own stamp is the value. */
static void
event(const char *text)
{
	const char *path = getenv("PERF_EVENTS");
	struct timespec now;
	char line[128];
	int fd, len;

	if (!path)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	len = snprintf(line, sizeof(line), "%s t=%lld\n", text,
		       (long long)now.tv_sec * 1000000000 + now.tv_nsec);
	fd = open(path, O_WRONLY | O_APPEND);
	if (fd < 0 || write(fd, line, (size_t)len) != len)
		die(path);
	close(fd);
}

/* A key of RSA would take a random time to make, 0.1 to 0.5 s. */
static void
make_certificate(X509 **certificate, EVP_PKEY **key)
{
	X509_NAME *name;

	*key = EVP_EC_gen("P-256");
	*certificate = X509_new();
	if (!*key || !*certificate)
		die("certificate");
	ASN1_INTEGER_set(X509_get_serialNumber(*certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(*certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(*certificate), 3600);
	X509_set_pubkey(*certificate, *key);
	name = X509_get_subject_name(*certificate);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)"localhost", -1, -1,
				   0);
	X509_set_issuer_name(*certificate, name);
	X509_sign(*certificate, *key, EVP_sha256());
}

/* Without this some transfers wait 40 ms for a delayed acknowledgement. */
static void
send_at_once(int connection)
{
	int on = 1;

	if (setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) <
	    0)
		die("TCP_NODELAY");
}

static void
serve(int listener, X509 *certificate, EVP_PKEY *key)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	SSL *ssl = SSL_new(context);
	int left = SIZE, peer = accept(listener, NULL, NULL);
	static char buffer[65536];

	send_at_once(peer);
	SSL_use_certificate(ssl, certificate);
	SSL_use_PrivateKey(ssl, key);
	SSL_set_fd(ssl, peer);
	if (SSL_accept(ssl) != 1)
		die("accept");
	while (left > 0) {
		int got = SSL_read(ssl, buffer, sizeof(buffer));

		if (got <= 0)
			die("read");
		left -= got;
	}
	SSL_write(ssl, "ok", 2);
	SSL_shutdown(ssl);
	exit(0);
}

int
main(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), status = 0;
	int plain = socket(AF_INET, SOCK_STREAM, 0);
	unsigned char *data = malloc(SIZE);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	X509 *certificate = NULL;
	EVP_PKEY *key = NULL;
	char answer[2];
	pid_t server;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	make_certificate(&certificate, &key);
	if (!data || RAND_bytes(data, SIZE) != 1 ||
	    bind(listener, (struct sockaddr *)&address, len) < 0 ||
	    listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &len) < 0)
		die("set up");
	server = fork();
	if (!server)
		serve(listener, certificate, key);
	send_at_once(plain);
	SSL_set_fd(ssl, plain);
	if (connect(plain, (struct sockaddr *)&address, len) < 0 ||
	    SSL_connect(ssl) != 1)
		die("connect");
	event("start transfer");
	if (SSL_write(ssl, data, SIZE) != SIZE ||
	    SSL_read(ssl, answer, 2) != 2 || memcmp(answer, "ok", 2))
		die("transfer");
	event("end transfer");
	waitpid(server, &status, 0);
	return status != 0;
}
