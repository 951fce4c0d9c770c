/* The client's end of a connection to server.c, and SMTP up to the go-ahead as a bare client speaks it. */
#ifndef LOOPBACK_H
#define LOOPBACK_H

#include <openssl/ssl.h>

/* A connected socket. */
int loopback_connect(int port);

/* Greeting, EHLO, STARTTLS. */
void bare_dialogue(int fd);

/* A context as a good client makes it once: the bundle, TLS 1.2, the peer's certificate required. */
SSL_CTX *bare_context(const char *bundle);

/* TLS on a connection whose peer has said to go ahead; verified. session is the one to resume, or NULL. */
SSL *bare_handshake(SSL_CTX *context, int fd, const char *host, SSL_SESSION *session);

/* A verified connection, ended with close_notify. session is the one to resume, or NULL; where keep is
 * not NULL, the session to resume next goes there. */
void bare_connection(SSL_CTX *context, int port, const char *host, SSL_SESSION *session, SSL_SESSION **keep);

#endif
