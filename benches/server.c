/* An SMTP server with STARTTLS on the loopback, a thread for each connection, for all who are measured
 * against each other. It knows as much SMTP as they speak, and takes no mail.
 *
 *     server DIRECTORY CHAIN        prints its port, and ends with its standard input */
#define _POSIX_C_SOURCE 200809L
#include "measure.h"

#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static SSL_CTX *context;

struct connection {
    int fd;
    SSL *tls;
    char line[1024];
};

static int receive(struct connection *c, char *at)
{
    return c->tls ? SSL_read(c->tls, at, 1) == 1 : recv(c->fd, at, 1, 0) == 1;
}

static int read_line(struct connection *c)
{
    size_t length = 0;

    while (length + 1 < sizeof c->line && receive(c, c->line + length))
        if (c->line[length++] == '\n') {
            c->line[length] = '\0';
            return 1;
        }
    return 0;
}

static int say(struct connection *c, const char *line)
{
    int length = (int)strlen(line);

    return c->tls ? SSL_write(c->tls, line, length) == length
                  : send(c->fd, line, (size_t)length, MSG_NOSIGNAL) == length;
}

static int start_tls(struct connection *c)
{
    if (!say(c, "220 go ahead\r\n"))
        return 0;
    c->tls = SSL_new(context);
    SSL_set_fd(c->tls, c->fd);
    return SSL_accept(c->tls) == 1;
}

/* Answers one line; 0 ends the conversation. */
static int answer(struct connection *c)
{
    if (!strncasecmp(c->line, "EHLO", 4))
        return say(c, c->tls ? "250-bench\r\n250 8BITMIME\r\n" : "250-bench\r\n250 STARTTLS\r\n");
    if (!strncasecmp(c->line, "STARTTLS", 8))
        return start_tls(c);
    if (!strncasecmp(c->line, "QUIT", 4)) {
        say(c, "221 bye\r\n");
        return 0;
    }
    return say(c, "250 fine\r\n");
}

static void *serve(void *what)
{
    struct connection c = {0, NULL, ""};

    c.fd = (int)(intptr_t)what;
    if (say(&c, "220 bench ESMTP\r\n"))
        while (read_line(&c) && answer(&c))
            ;
    if (c.tls) {
        SSL_shutdown(c.tls);
        SSL_free(c.tls);
    }
    close(c.fd);
    return NULL;
}

static void *accept_all(void *what)
{
    int listener = (int)(intptr_t)what, one = 1, fd;
    pthread_attr_t small;
    pthread_t thread;

    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 * 1024);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (pthread_create(&thread, &small, serve, (void *)(intptr_t)fd))
            close(fd);
    }
    return NULL;
}

static int listen_on_loopback(int *port)
{
    struct sockaddr_in where = {0};
    socklen_t length = sizeof where;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(bind(fd, (struct sockaddr *)&where, sizeof where) == 0 && listen(fd, 4096) == 0, "listen");
    must(getsockname(fd, (struct sockaddr *)&where, &length) == 0, "getsockname");
    *port = ntohs(where.sin_port);
    return fd;
}

int main(int argc, char **argv)
{
    char chain[512], key[512], sink[64];
    pthread_t acceptor;
    int port, listener;

    must(argc == 3, "usage: server DIRECTORY CHAIN");
    snprintf(chain, sizeof chain, "%s/%s.chain.pem", argv[1], argv[2]);
    snprintf(key, sizeof key, "%s/%s.key", argv[1], argv[2]);
    signal(SIGPIPE, SIG_IGN);
    context = SSL_CTX_new(TLS_server_method());
    must(SSL_CTX_use_certificate_chain_file(context, chain) == 1, chain);
    must(SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1, key);
    listener = listen_on_loopback(&port);
    must(pthread_create(&acceptor, NULL, accept_all, (void *)(intptr_t)listener) == 0, "pthread_create");
    printf("%d\n", port);
    fflush(stdout);
    while (read(0, sink, sizeof sink) > 0)
        ;
    return EXIT_SUCCESS;
}
