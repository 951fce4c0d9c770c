/*
 * Connects to an SMTP server, upgrades to TLS, judges it, and says EHLO and QUIT to it inside TLS.
 *
 *     smtp_check HOST CONNECT CAFILE [DEADLINE_MS]
 *
 * HOST is who is meant; CONNECT is where to connect, such as 127.0.0.1:2525. The library does all the
 * reading and writing, and blocks. Prints the report; its first line is the whole answer. Exit code:
 * 0 trusted, 1 not trusted, 2 wrong usage or configuration, 3 could not check, 4 encrypted but not
 * trusted, as an option allowed.
 */
#include <starttls_verify.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int exit_code(stv_status status)
{
    if (status == STV_OK)
        return 0;
    if (status == STV_OPEN_UNVERIFIED)
        return 4;
    if (status >= 100 && status < 200)
        return 2;
    if (status >= 300 && status < 400 && status != STV_E_TLS_VERSION)
        return 3;
    return 1;
}

/* Each part of the conversation may take this long. */
static stv_status set_deadlines(stv_config *config, int64_t milliseconds)
{
    static const char *const names[] = {"connect_timeout_ms", "negotiation_timeout_ms",
                                        "handshake_timeout_ms", "io_timeout_ms"};
    stv_status status = STV_OK;
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names && status == STV_OK; i++)
        status = stv_config_set_int(config, names[i], strlen(names[i]), milliseconds);
    return status;
}

static stv_verifier *make_verifier(const char *cafile, const char *deadline)
{
    stv_config *config = NULL;
    stv_verifier *verifier = NULL;

    if (stv_config_new(&config) != STV_OK
        || stv_config_set_str(config, "cafile", 6, cafile, strlen(cafile)) != STV_OK
        || (deadline && set_deadlines(config, strtol(deadline, NULL, 10)) != STV_OK)
        || stv_verifier_new(config, &verifier) != STV_OK)
        fprintf(stderr, "smtp_check: %s\n", stv_config_error(config));
    stv_config_free(config);
    return verifier;
}

static stv_session *make_session(const stv_verifier *verifier, const char *host, const char *where)
{
    stv_peer *peer = NULL;
    stv_session *session = NULL;

    if (stv_peer_new(&peer) != STV_OK
        || stv_peer_set_protocol(peer, STV_PROTOCOL_SMTP) != STV_OK
        || stv_peer_set_host(peer, host, strlen(host)) != STV_OK
        || stv_peer_set_connect(peer, where, strlen(where)) != STV_OK
        || stv_session_new(verifier, peer, &session) != STV_OK)
        fprintf(stderr, "smtp_check: %s\n", stv_peer_error(peer));
    stv_peer_free(peer);
    return session;
}

static void print_report(const stv_session *session)
{
    stv_report *report = NULL;

    if (stv_session_report(session, &report) == STV_OK)
        fputs(stv_report_text(report), stdout);
    stv_report_free(report);
}

static stv_status say(stv_session *session, const char *line)
{
    size_t length = strlen(line), taken = 0;
    stv_status status = STV_OK;

    while (length && status == STV_OK) {
        status = stv_session_write(session, line, length, &taken);
        line += taken;
        length -= taken;
    }
    return status;
}

/* Reads until the last line of a reply is complete: "250 ", not "250-". */
static stv_status read_reply(stv_session *session)
{
    char reply[4096];
    size_t length = 0, got = 0, start = 0, i;
    stv_status status;

    for (;;) {
        status = stv_session_read(session, reply + length, sizeof reply - length, &got);
        if (status != STV_OK)
            return status;
        for (i = length, length += got; i < length; i++) {
            if (reply[i] != '\n')
                continue;
            if (i - start >= 3 && reply[start + 3] != '-')
                return STV_OK;
            start = i + 1;
        }
        if (length == sizeof reply)
            return STV_E_TOO_MUCH_DATA;
    }
}

/* The conversation that was protected by all this. */
static stv_status talk(stv_session *session)
{
    stv_status status;

    if ((status = say(session, "EHLO localhost\r\n")) == STV_OK
        && (status = read_reply(session)) == STV_OK
        && (status = say(session, "QUIT\r\n")) == STV_OK)
        status = read_reply(session);
    stv_session_close(session);
    return status;
}

static int check(const char *host, const char *where, const char *cafile, const char *deadline)
{
    stv_verifier *verifier = make_verifier(cafile, deadline);
    stv_session *session = verifier ? make_session(verifier, host, where) : NULL;
    stv_status status = session ? stv_session_connect(session) : STV_E_ARGUMENT;

    if (session) {
        print_report(session);
        if (status == STV_OK && (status = talk(session)) != STV_OK)
            fprintf(stderr, "smtp_check: %s\n", stv_session_error(session));
        else if (status >= 100 && status < 200)
            fprintf(stderr, "smtp_check: %s\n", stv_session_error(session));
    }
    stv_session_free(session);
    stv_verifier_free(verifier);
    return exit_code(status);
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 5) {
        fprintf(stderr, "usage: smtp_check HOST CONNECT CAFILE [DEADLINE_MS]\n");
        return 2;
    }
    return check(argv[1], argv[2], argv[3], argc == 5 ? argv[4] : NULL);
}
