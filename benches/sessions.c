/* Many verified STARTTLS connections at once, in one thread, by libssl and epoll alone: what a loop that
 * does nothing else costs.
 *
 *     sessions DIRECTORY CHAIN PORT COUNT */
#define _POSIX_C_SOURCE 200809L

#include "loopback.h"
#include "material.h"
#include "measure.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum stage { GREETING, CAPABILITIES, GO_AHEAD, HANDSHAKE };

struct session {
    enum stage stage;
    int fd;
    SSL *tls;
};

struct loop {
    int epoll, open;
    SSL_CTX *context;
    const char *host;
};

static void wait_for(struct loop *loop, struct session *session, unsigned events, int how)
{
    struct epoll_event event = {0};

    event.events = events;
    event.data.ptr = session;
    must(epoll_ctl(loop->epoll, how, session->fd, &event) == 0, "epoll_ctl");
}

static void begin(struct loop *loop, struct session *session, int port)
{
    session->stage = GREETING;
    session->fd = loopback_connect(port);
    fcntl(session->fd, F_SETFL, O_NONBLOCK);
    wait_for(loop, session, EPOLLIN, EPOLL_CTL_ADD);
    loop->open++;
}

static void begin_tls(struct loop *loop, struct session *session)
{
    session->tls = SSL_new(loop->context);
    SSL_set_fd(session->tls, session->fd);
    SSL_set_tlsext_host_name(session->tls, loop->host);
    SSL_set1_host(session->tls, loop->host);
    session->stage = HANDSHAKE;
}

/* The replies of this server fit into one packet on the loopback. */
static void read_reply(struct loop *loop, struct session *session)
{
    static const char *const says[] = {"EHLO localhost\r\n", "STARTTLS\r\n"};
    char reply[1024];

    must(recv(session->fd, reply, sizeof reply, 0) > 4 && *reply == '2', "a good reply");
    if (session->stage == GO_AHEAD) {
        begin_tls(loop, session);
        return;
    }
    must(send(session->fd, says[session->stage], strlen(says[session->stage]), MSG_NOSIGNAL) > 0, "send");
    session->stage++;
}

static void shake_hands(struct loop *loop, struct session *session)
{
    int result = SSL_connect(session->tls);

    if (result == 1) {
        must(SSL_get_verify_result(session->tls) == X509_V_OK, "a trusted peer");
        SSL_write(session->tls, "QUIT\r\n", 6);
        SSL_shutdown(session->tls);
        SSL_free(session->tls);
        close(session->fd);
        loop->open--;
        return;
    }
    must(SSL_get_error(session->tls, result) == SSL_ERROR_WANT_READ, "SSL_connect");
}

static void go_on(struct loop *loop, struct session *session)
{
    if (session->stage != HANDSHAKE)
        read_reply(loop, session);
    if (session->stage == HANDSHAKE)
        shake_hands(loop, session);
}

int main(int argc, char **argv)
{
    struct epoll_event events[64];
    struct material material;
    struct session *all;
    struct loop loop = {0};
    int i, count;

    must(argc == 5, "usage: sessions DIRECTORY CHAIN PORT COUNT");
    read_material(&material, argv[1], argv[2], "chain.pem");
    loop.context = bare_context(material.bundle);
    SSL_CTX_set_mode(loop.context, SSL_MODE_RELEASE_BUFFERS);
    loop.host = material.host;
    loop.epoll = epoll_create1(0);
    count = atoi(argv[4]);
    all = calloc((size_t)count, sizeof *all);
    must(all != NULL, "memory");
    for (i = 0; i < count; i++)
        begin(&loop, &all[i], atoi(argv[3]));
    while (loop.open > 0) {
        int ready = epoll_wait(loop.epoll, events, 64, 30000);

        must(ready > 0, "the server answers within 30 s");
        for (i = 0; i < ready; i++)
            go_on(&loop, events[i].data.ptr);
    }
    free(all);
    return EXIT_SUCCESS;
}
