/* A TLS server for tests: `openssl s_server -rev` on the loopback, which answers each line with its letters
 * reversed. */
#ifndef TLS_SERVER_H
#define TLS_SERVER_H

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Serves DIRECTORY/NAME.pem with its key on 127.0.0.1:port. It needs a moment to listen. */
static pid_t tls_server(const char *directory, const char *name, int port)
{
    pid_t server;
    char certificate[4096], key[4096], where[32];

    snprintf(certificate, sizeof certificate, "%s/%s.pem", directory, name);
    snprintf(key, sizeof key, "%s/%s.key", directory, name);
    snprintf(where, sizeof where, "127.0.0.1:%d", port);
    fflush(stdout);
    server = fork();
    if (server == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execlp("openssl", "openssl", "s_server", "-rev", "-accept", where, "-cert", certificate, "-key",
               key, (char *)NULL);
        _exit(127);
    }
    return server;
}

#endif
