/*
 * What an idle connection holds on to, after a handshake, a request and an answer.
 * The clients are in a child process, so that all that is counted is the server's.
 */
#include <malloc.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tls_pair.h"

static ssize_t
fd_recv(void *owner, void *to, size_t len)
{
	ssize_t n = read(*(int *)owner, to, len);

	return n < 0 ? TLS_IO_DEAD : n;
}

static ssize_t
fd_send(void *owner, const void *from, size_t len)
{
	ssize_t n = write(*(int *)owner, from, len);

	return n < 0 ? TLS_IO_DEAD : n;
}

/* Handshakes with the server at `fd`, again and again over the one socket. */
static void
be_clients(struct bench *b, int fd, int count)
{
	char to[64];

	for (int i = 0; i < count; i++) {
		SSL *ssl = SSL_new(b->client);

		SSL_set_tlsext_host_name(ssl, "example.org");
		SSL_set_fd(ssl, fd);
		must(SSL_connect(ssl) == 1, "no handshake");
		must(SSL_write(ssl, "ask", 3) == 3 && SSL_read(ssl, to, sizeof to) == 6,
		     "no answer");
		SSL_free(ssl);
	}
}

static long
resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long total = 0, resident = 0;

	must(file != NULL && fscanf(file, "%ld %ld", &total, &resident) == 2, "no statm");
	fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static struct tls_conn *
serve(struct bench *b, int *fd)
{
	static const struct tls_io io = {fd_recv, fd_send};
	struct tls_conn *c = tls_conn_new(b->ctx, &io, fd);
	char to[64];
	size_t n;

	must(c != NULL && tls_handshake(c) == TLS_DONE, "no handshake");
	tls_send_ticket(c);
	must(tls_read(c, to, sizeof to, &n) == TLS_DONE, "no read");
	must(tls_write(c, SPAN_OF("answer"), &n) == TLS_DONE, "no write");
	return c;
}

int
main(int argc, char **argv)
{
	int count = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 2000, warm = 100, fds[2];
	struct tls_conn **held = calloc((size_t)count, sizeof *held);
	struct bench b;

	bench_open(&b);
	must(held != NULL && socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0, "no socket");
	pid_t child = fork();
	if (child == 0) {
		be_clients(&b, fds[1], count + warm);
		_exit(0);
	}
	for (int i = 0; i < warm; i++)
		tls_conn_free(serve(&b, &fds[0]));
	long before = resident_kib();
	size_t used = mallinfo2().uordblks;
	for (int i = 0; i < count; i++)
		held[i] = serve(&b, &fds[0]);
	printf("idle connection: %zu bytes allocated, %.2f KiB resident\n",
	       (mallinfo2().uordblks - used) / (size_t)count,
	       (double)(resident_kib() - before) / count);
	for (int i = 0; i < count; i++)
		tls_conn_free(held[i]);
	waitpid(child, NULL, 0);
	free(held);
	bench_close(&b);
	return 0;
}
