/*
 * A program that has OpenSSL and speaks STARTTLS by itself, and lets this library judge the server: the
 * two calls are stv_ssl_attach before SSL_connect and stv_ssl_result after it.
 *
 *     openssl_client HOST ADDRESS:PORT CAFILE [DEADLINE_MS]
 *
 * HOST is who is meant. Prints the report, then says EHLO and QUIT inside TLS. Exit code: 0 trusted,
 * 1 not trusted, 2 wrong usage or configuration, 3 could not check.
 *
 * What a session (smtp_check.c) does and this program has to do by itself: it reads no further than
 * the go-ahead, gives up where STARTTLS is missing or refused, and keeps nothing that was said in clear.
 */
#define _POSIX_C_SOURCE 200809L
#include <starttls_verify.h>

#include <openssl/ssl.h>

#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { TRUSTED = 0, NOT_TRUSTED = 1, WRONG_USAGE = 2, NOT_CHECKED = 3 };

/* Each read and write may take this long. */
static int connect_to(const char *where, long milliseconds)
{
    struct addrinfo hints = {0}, *found = NULL;
    struct timeval limit = {0, 0};
    const char *colon = strrchr(where, ':');
    char address[256];
    int fd = -1;

    if (!colon || (size_t)(colon - where) >= sizeof address)
        return -1;
    memcpy(address, where, (size_t)(colon - where));
    address[colon - where] = '\0';
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(address, colon + 1, &hints, &found))
        return -1;
    fd = socket(found->ai_family, SOCK_STREAM, 0);
    limit.tv_sec = milliseconds / 1000;
    limit.tv_usec = milliseconds % 1000 * 1000;
    if (fd >= 0
        && (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit)
            || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit)
            || connect(fd, found->ai_addr, found->ai_addrlen))) {
        close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

/* One line, octet by octet: what is behind the go-ahead must not be taken for the server's. */
static int read_line(int fd, char *line, size_t room)
{
    size_t length = 0;

    while (length + 1 < room && recv(fd, line + length, 1, 0) == 1)
        if (line[length++] == '\n') {
            line[length] = '\0';
            return 1;
        }
    return 0;
}

/* Reads a reply; 1 when it is the wanted one. *offered tells whether a line of it says STARTTLS. */
static int reply_is(int fd, const char *wanted, int *offered)
{
    char line[1024];
    int lines;

    for (lines = 0; lines < 100 && read_line(fd, line, sizeof line); lines++) {
        if (strncmp(line, wanted, 3))
            return 0;
        if (!strncmp(line + 4, "STARTTLS", 8))
            *offered = 1;
        if (line[3] != '-')
            return 1;
    }
    return 0;
}

static int say(int fd, const char *line)
{
    return send(fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line);
}

static int start_tls(int fd)
{
    int offered = 0, ignored;

    return reply_is(fd, "220", &ignored) && say(fd, "EHLO localhost\r\n")
           && reply_is(fd, "250", &offered) && offered && say(fd, "STARTTLS\r\n")
           && reply_is(fd, "220", &ignored);
}

/* Everything that this library needs to know. Both handles may be freed once it is attached. */
static stv_status attach(SSL *ssl, const char *host, const char *cafile)
{
    stv_config *config = NULL;
    stv_verifier *verifier = NULL;
    stv_peer *peer = NULL;
    stv_status status;

    if ((status = stv_config_new(&config)) != STV_OK
        || (status = stv_config_set_str(config, "cafile", 6, cafile, strlen(cafile))) != STV_OK
        || (status = stv_verifier_new(config, &verifier)) != STV_OK) {
        fprintf(stderr, "openssl_client: %s\n", stv_config_error(config));
    } else if ((status = stv_peer_new(&peer)) != STV_OK
               || (status = stv_peer_set_protocol(peer, STV_PROTOCOL_SMTP)) != STV_OK
               || (status = stv_peer_set_host(peer, host, strlen(host))) != STV_OK
               || (status = stv_ssl_attach(verifier, peer, ssl)) != STV_OK) {
        fprintf(stderr, "openssl_client: %s\n", stv_peer_error(peer));
    }
    stv_peer_free(peer);
    stv_verifier_free(verifier);
    stv_config_free(config);
    return status;
}

/* The conversation that was protected by all this. */
static int talk(SSL *ssl)
{
    static const char ehlo[] = "EHLO localhost\r\n", quit[] = "QUIT\r\n";
    char answer[4096];

    return SSL_write(ssl, ehlo, (int)sizeof ehlo - 1) > 0 && SSL_read(ssl, answer, sizeof answer) > 0
           && !strncmp(answer, "250", 3) && SSL_write(ssl, quit, (int)sizeof quit - 1) > 0;
}

static int secure(SSL *ssl, int fd, const char *host, const char *cafile)
{
    stv_report *report = NULL;
    stv_status status;

    if (attach(ssl, host, cafile) != STV_OK)
        return WRONG_USAGE;
    SSL_set_fd(ssl, fd);
    /* Whatever it returns: the result is what counts. */
    SSL_connect(ssl);
    status = stv_ssl_result(ssl, &report);
    if (report)
        fputs(stv_report_text(report), stdout);
    stv_report_free(report);
    if (status != STV_OK)
        return status >= 400 || status == STV_E_TLS_VERSION ? NOT_TRUSTED : NOT_CHECKED;
    if (!talk(ssl))
        return NOT_CHECKED;
    SSL_shutdown(ssl);
    return TRUSTED;
}

int main(int argc, char **argv)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = context ? SSL_new(context) : NULL;
    int fd, code = NOT_CHECKED;

    if (argc != 4 && argc != 5) {
        fprintf(stderr, "usage: openssl_client HOST ADDRESS:PORT CAFILE [DEADLINE_MS]\n");
        code = WRONG_USAGE;
    } else if (ssl) {
        /* OpenSSL writes to the socket without MSG_NOSIGNAL. */
        signal(SIGPIPE, SIG_IGN);
        fd = connect_to(argv[2], argc == 5 ? strtol(argv[4], NULL, 10) : 30000);
        if (fd < 0) {
            fprintf(stderr, "openssl_client: cannot connect to %s\n", argv[2]);
        } else if (!start_tls(fd)) {
            fprintf(stderr, "openssl_client: the server does not start TLS\n");
            code = NOT_TRUSTED;
        } else {
            code = secure(ssl, fd, argv[1], argv[3]);
        }
        if (fd >= 0)
            close(fd);
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    return code;
}
