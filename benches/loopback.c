#define _POSIX_C_SOURCE 200809L
#include "loopback.h"

#include "measure.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int loopback_connect(int port)
{
    struct sockaddr_in where = {0};
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    where.sin_family = AF_INET;
    where.sin_port = htons((unsigned short)port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(connect(fd, (struct sockaddr *)&where, sizeof where) == 0, "connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* The last line of a reply is the one with a space behind the code. */
static void expect(int fd, const char *code)
{
    char reply[1024];
    size_t length = 0, line = 0;

    for (;;) {
        ssize_t got = recv(fd, reply + length, sizeof reply - 1 - length, 0);
        char *end;

        must(got > 0, "the server went away");
        length += (size_t)got;
        reply[length] = '\0';
        while ((end = strstr(reply + line, "\r\n")) != NULL) {
            must(!strncmp(reply + line, code, 3), reply);
            if (reply[line + 3] == ' ')
                return;
            line = (size_t)(end + 2 - reply);
        }
    }
}

static void say(int fd, const char *line)
{
    must(send(fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line), line);
}

void bare_dialogue(int fd)
{
    expect(fd, "220");
    say(fd, "EHLO localhost\r\n");
    expect(fd, "250");
    say(fd, "STARTTLS\r\n");
    expect(fd, "220");
}

SSL_CTX *bare_context(const char *bundle)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    must(SSL_CTX_load_verify_file(context, bundle) == 1, bundle);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    return context;
}

/* TLS 1.3 sends its tickets behind the handshake: what is read next brings them. */
static void close_both(SSL *tls, SSL_SESSION **keep)
{
    char sink[256];

    must(SSL_write(tls, "QUIT\r\n", 6) == 6, "SSL_write");
    while (SSL_read(tls, sink, sizeof sink) > 0)
        ;
    SSL_shutdown(tls);
    if (keep)
        *keep = SSL_get1_session(tls);
}

SSL *bare_handshake(SSL_CTX *context, int fd, const char *host, SSL_SESSION *session)
{
    SSL *tls = SSL_new(context);

    SSL_set_fd(tls, fd);
    SSL_set_tlsext_host_name(tls, host);
    SSL_set1_host(tls, host);
    if (session)
        SSL_set_session(tls, session);
    must(SSL_connect(tls) == 1 && SSL_get_verify_result(tls) == X509_V_OK, "SSL_connect");
    return tls;
}

void bare_connection(SSL_CTX *context, int port, const char *host, SSL_SESSION *session, SSL_SESSION **keep)
{
    int fd = loopback_connect(port);
    SSL *tls;

    bare_dialogue(fd);
    tls = bare_handshake(context, fd, host, session);
    close_both(tls, keep);
    SSL_free(tls);
    close(fd);
}
