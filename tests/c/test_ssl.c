/* A program's own OpenSSL connection at the second door. Both sides of each handshake are in this
 * process, on a pair of memory BIOs: every byte of the other side, alerts included, can be looked at.
 * Argument: the directory that certificates.sh has filled. */
#define _POSIX_C_SOURCE 200809L
#include "starttls_verify.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>

#include "check.h"

#define S(literal) literal, sizeof(literal) - 1

static const char *certificates;
static stv_verifier *verifier;

static const char *path_of(const char *name, const char *suffix)
{
    static char paths[2][4096];
    static int next;

    next = !next;
    snprintf(paths[next], sizeof paths[next], "%s/%s%s", certificates, name, suffix);
    return paths[next];
}

static stv_verifier *new_verifier(const char *option)
{
    stv_config *config = NULL;
    stv_verifier *made = NULL;
    const char *path = path_of("ca", ".pem");

    IS(stv_config_new(&config), STV_OK);
    IS(stv_config_set_str(config, S("cafile"), path, strlen(path)), STV_OK);
    if (option)
        IS(stv_config_set_bool(config, option, strlen(option), 1), STV_OK);
    IS(stv_verifier_new(config, &made), STV_OK);
    stv_config_free(config);
    return made;
}

static stv_peer *new_peer(const char *host)
{
    stv_peer *peer = NULL;

    IS(stv_peer_new(&peer), STV_OK);
    IS(stv_peer_set_host(peer, host, strlen(host)), STV_OK);
    return peer;
}

/* Two sides and what the server heard. */
struct pair {
    SSL *client, *server;
    int alert;
};

static int alert_slot;

static void hear(const SSL *ssl, int where, int value)
{
    struct pair *pair = SSL_get_ex_data(ssl, alert_slot);

    if (where == SSL_CB_READ_ALERT && pair)
        pair->alert = value & 255;
}

static SSL_CTX *server_ctx(const char *name, int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    SSL_CTX_set_max_proto_version(ctx, version);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"test", 4);
    if (name) {
        IS(SSL_CTX_use_certificate_chain_file(ctx, path_of(name, ".pem")), 1);
        IS(SSL_CTX_use_PrivateKey_file(ctx, path_of(name, ".key"), SSL_FILETYPE_PEM), 1);
    }
    return ctx;
}

/* What a careless program has: nothing is verified. */
static SSL_CTX *client_ctx(void)
{
    return SSL_CTX_new(TLS_client_method());
}

static void join(struct pair *pair)
{
    BIO *to_server = BIO_new(BIO_s_mem()), *to_client = BIO_new(BIO_s_mem());

    BIO_set_mem_eof_return(to_server, -1);
    BIO_set_mem_eof_return(to_client, -1);
    BIO_up_ref(to_server);
    BIO_up_ref(to_client);
    SSL_set_bio(pair->client, to_client, to_server);
    SSL_set_bio(pair->server, to_server, to_client);
    SSL_set_connect_state(pair->client);
    SSL_set_accept_state(pair->server);
}

static void open_pair(struct pair *pair, SSL_CTX *client, SSL_CTX *server)
{
    pair->client = SSL_new(client);
    pair->server = SSL_new(server);
    pair->alert = -1;
    SSL_set_ex_data(pair->server, alert_slot, pair);
    SSL_set_info_callback(pair->server, hear);
    join(pair);
}

static void close_pair(struct pair *pair)
{
    SSL_free(pair->client);
    SSL_free(pair->server);
}

/* Both sides by turns; 1 when both are done. The server reads on, so that tickets and alerts arrive. */
static int shake(struct pair *pair)
{
    int i, client = 0, server = 0;
    char c;

    for (i = 0; i < 20 && !(client == 1 && server == 1); i++) {
        if (client != 1)
            client = SSL_do_handshake(pair->client);
        if (server != 1)
            server = SSL_do_handshake(pair->server);
    }
    SSL_read(pair->server, &c, 1);
    ERR_clear_error();
    return client == 1 && server == 1;
}

/* Lets the client read what waits: tickets, requests. */
static int look(SSL *ssl)
{
    char c;
    int got = SSL_read(ssl, &c, 1);

    ERR_clear_error();
    return got;
}

static void check_report(stv_report *report, int status, const char *code, const char *words)
{
    CHECK(report);
    IS(stv_report_verdict(report) == STV_VERDICT_TRUSTED, status == STV_OK);
    SAYS(stv_report_code(report), code);
    MENTIONS(stv_report_json(report), "starttls.not_checked");
    if (words)
        MENTIONS(stv_report_text(report), words);
    stv_report_free(report);
}

static void judged(SSL *ssl, const char *host, int status, const char *code, const char *words)
{
    stv_peer *peer = new_peer(host);
    stv_report *report = NULL;

    IS(stv_ssl_judge(verifier, peer, ssl, &report), status);
    if (status < 100 || status >= 200) {
        check_report(report, status, code, words);
    } else {
        CHECK(!report);
        MENTIONS(stv_peer_error(peer), words);
    }
    stv_peer_free(peer);
}

static void attach(SSL *ssl, const char *host)
{
    stv_peer *peer = new_peer(host);

    IS(stv_ssl_attach(verifier, peer, ssl), STV_OK);
    stv_peer_free(peer);
}

static void result(SSL *ssl, int status, const char *code, const char *words)
{
    stv_report *report = NULL;

    IS(stv_ssl_result(ssl, &report), status);
    if (status < 100 || status >= 200)
        check_report(report, status, code, words);
    else
        CHECK(!report);
}

#define BOB "mail.bob.test"
#define EVE "mail.eve.test"

/* Both ways, against Bob and against Eve with her valid certificate. */
static void bob_and_eve(int version)
{
    SSL_CTX *client = client_ctx(), *bob = server_ctx("bob", version), *eve = server_ctx("eve", version);
    struct pair pair;

    open_pair(&pair, client, bob);
    IS(shake(&pair), 1);
    judged(pair.client, BOB, STV_OK, "", "TRUSTED");
    judged(pair.client, EVE, STV_E_REJECTED, "name.mismatch", "mail.bob.test");
    judged(pair.client, BOB, STV_OK, "", version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2");
    result(pair.client, STV_E_STATE, "", NULL);
    close_pair(&pair);

    open_pair(&pair, client, eve);
    IS(shake(&pair), 1);
    judged(pair.client, BOB, STV_E_REJECTED, "name.mismatch", "mail.eve.test");
    close_pair(&pair);

    open_pair(&pair, client, bob);
    attach(pair.client, BOB);
    IS(shake(&pair), 1);
    SAYS(SSL_get_servername(pair.server, TLSEXT_NAMETYPE_host_name), BOB);
    result(pair.client, STV_OK, "", NULL);
    result(pair.client, STV_OK, "", NULL);
    judged(pair.client, EVE, STV_E_REJECTED, "name.mismatch", NULL);
    CHECK(SSL_get_options(pair.client) & SSL_OP_NO_RENEGOTIATION);
    close_pair(&pair);

    /* The context and its other SSLs are as they were. */
    open_pair(&pair, client, eve);
    IS(SSL_get_verify_mode(pair.client), SSL_VERIFY_NONE);
    CHECK(!(SSL_CTX_get_options(client) & SSL_OP_NO_RENEGOTIATION));
    IS(shake(&pair), 1);
    result(pair.client, STV_E_STATE, "", NULL);
    close_pair(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(bob);
    SSL_CTX_free(eve);
}

/* The alert that fits goes over the wire, and the report is there afterwards, as often as asked. */
static void right_alert(const char *name, int version, int alert, const char *code)
{
    SSL_CTX *client = client_ctx(), *server = server_ctx(name, version);
    struct pair pair;

    open_pair(&pair, client, server);
    attach(pair.client, BOB);
    IS(shake(&pair), 0);
    IS(pair.alert, alert);
    result(pair.client, STV_E_REJECTED, code, NULL);
    result(pair.client, STV_E_REJECTED, code, NULL);
    judged(pair.client, BOB, STV_E_STATE, "", "not finished");
    close_pair(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* A client certificate does not leave for a peer who is refused; for Bob it does. */
static void client_certificate(const char *name, int version, int leaves)
{
    SSL_CTX *client = client_ctx(), *server = server_ctx(name, version);
    struct pair pair;
    X509 *seen;

    SSL_CTX_set_verify(server, SSL_VERIFY_PEER, NULL);
    SSL_CTX_load_verify_locations(server, path_of("ca", ".pem"), NULL);
    X509_VERIFY_PARAM_set_purpose(SSL_CTX_get0_param(server), X509_PURPOSE_ANY);
    SSL_CTX_use_certificate_chain_file(client, path_of("bob", ".pem"));
    SSL_CTX_use_PrivateKey_file(client, path_of("bob", ".key"), SSL_FILETYPE_PEM);
    open_pair(&pair, client, server);
    attach(pair.client, BOB);
    IS(shake(&pair), leaves);
    seen = SSL_get1_peer_certificate(pair.server);
    IS(seen != NULL, leaves);
    X509_free(seen);
    close_pair(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static void wrong_calls(void)
{
    SSL_CTX *client = client_ctx(), *server = server_ctx("bob", TLS1_3_VERSION), *either;
    struct pair pair;
    stv_peer *peer = new_peer(BOB);
    stv_report *report = (stv_report *)&pair;
    void *nothing[64] = {NULL};
    SSL_CTX *dtls = SSL_CTX_new(DTLS_client_method());
    SSL *other;

    open_pair(&pair, client, server);
    IS(stv_ssl_judge(verifier, peer, NULL, &report), STV_E_NULL);
    CHECK(!report);
    IS(stv_ssl_judge(NULL, peer, pair.client, &report), STV_E_NULL);
    IS(stv_ssl_judge(verifier, NULL, pair.client, &report), STV_E_NULL);
    IS(stv_ssl_judge(verifier, peer, pair.client, NULL), STV_E_NULL);
    IS(stv_ssl_attach(verifier, peer, NULL), STV_E_NULL);
    IS(stv_ssl_result(NULL, &report), STV_E_NULL);
    IS(stv_ssl_result(pair.client, NULL), STV_E_NULL);
    IS(stv_ssl_judge(verifier, peer, (char *)pair.client + 1, &report), STV_E_ARGUMENT);
    /* Something else, or of another library. */
    IS(stv_ssl_judge(verifier, peer, client, &report), STV_E_ARGUMENT);
    IS(stv_ssl_judge(verifier, peer, nothing, &report), STV_E_UNSUPPORTED);
    MENTIONS(stv_peer_error(peer), "another TLS library");
    nothing[1] = (void *)stdout;
    IS(stv_ssl_judge(verifier, peer, nothing, &report), STV_E_UNSUPPORTED);
    nothing[1] = (void *)BIO_s_mem();
    IS(stv_ssl_result(nothing, &report), STV_E_UNSUPPORTED);
    other = SSL_new(dtls);
    IS(stv_ssl_attach(verifier, peer, other), STV_E_ARGUMENT);
    SSL_free(other);
    /* Too early, too late, the wrong side. */
    judged(pair.client, BOB, STV_E_STATE, "", "not finished");
    IS(stv_ssl_attach(verifier, peer, pair.server), STV_E_ARGUMENT);
    attach(pair.client, BOB);
    result(pair.client, STV_E_STATE, "", NULL);
    CHECK(SSL_do_handshake(pair.client) < 0);
    judged(pair.client, BOB, STV_E_STATE, "", "not finished");
    result(pair.client, STV_E_STATE, "", NULL);
    IS(stv_ssl_attach(verifier, peer, pair.client), STV_E_STATE);
    IS(shake(&pair), 1);
    judged(pair.server, BOB, STV_E_ARGUMENT, "", "server");
    IS(stv_ssl_attach(verifier, peer, pair.client), STV_E_STATE);
    MENTIONS(stv_peer_error(peer), "begun");
    close_pair(&pair);
    /* A server that can be either does not tell its side before; it is refused after. */
    either = SSL_CTX_new(TLS_method());
    SSL_CTX_set_session_id_context(either, (const unsigned char *)"test", 4);
    SSL_CTX_use_certificate_chain_file(either, path_of("bob", ".pem"));
    SSL_CTX_use_PrivateKey_file(either, path_of("bob", ".key"), SSL_FILETYPE_PEM);
    open_pair(&pair, client, either);
    attach(pair.server, BOB);
    attach(pair.client, BOB);
    IS(shake(&pair), 1);
    result(pair.server, STV_E_ARGUMENT, "", NULL);
    result(pair.client, STV_OK, "", NULL);
    close_pair(&pair);
    SSL_CTX_free(either);
    SSL_CTX_free(dtls);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    stv_peer_free(peer);
}

static unsigned int psk_client(SSL *ssl, const char *hint, char *identity, unsigned int room,
                               unsigned char *key, unsigned int key_room)
{
    (void)ssl, (void)hint, (void)room, (void)key_room;
    strcpy(identity, "eve");
    memset(key, 7, 32);
    return 32;
}

static unsigned int psk_server(SSL *ssl, const char *identity, unsigned char *key, unsigned int room)
{
    (void)ssl, (void)identity, (void)room;
    memset(key, 7, 32);
    return 32;
}

/* Nobody showed a certificate: libssl is content, and asked no judge. No option makes up for it. */
static void nobody_shown(const char *ciphers, int version, const char *words)
{
    static const char *const options[] = {NULL, "insecure_no_chain", "insecure_opportunistic", "audit"};
    SSL_CTX *client = client_ctx(), *server = server_ctx(NULL, version);
    stv_verifier *usual = verifier;
    struct pair pair;
    size_t i;

    SSL_CTX_set_security_level(client, 0);
    SSL_CTX_set_security_level(server, 0);
    SSL_CTX_set_cipher_list(client, ciphers);
    SSL_CTX_set_cipher_list(server, ciphers);
    SSL_CTX_set_psk_client_callback(client, psk_client);
    SSL_CTX_set_psk_server_callback(server, psk_server);
    SSL_CTX_set_dh_auto(server, 1);
    for (i = 0; i < sizeof options / sizeof *options; i++) {
        verifier = options[i] ? new_verifier(options[i]) : usual;
        open_pair(&pair, client, server);
        attach(pair.client, BOB);
        IS(shake(&pair), 1);
        IS(SSL_get_verify_result(pair.client), X509_V_OK);
        result(pair.client, STV_E_REJECTED, "chain.empty", words);
        judged(pair.client, BOB, STV_E_REJECTED, "chain.empty", words);
        close_pair(&pair);
        if (options[i])
            stv_verifier_free(verifier);
        verifier = usual;
    }
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* A certificate, and no secrecy. */
static void not_encrypted(void)
{
    SSL_CTX *client = client_ctx(), *server = server_ctx("bob", TLS1_2_VERSION);
    struct pair pair;

    SSL_CTX_set_security_level(client, 0);
    SSL_CTX_set_security_level(server, 0);
    SSL_CTX_set_cipher_list(client, "eNULL:!aNULL");
    SSL_CTX_set_cipher_list(server, "eNULL:!aNULL");
    open_pair(&pair, client, server);
    attach(pair.client, BOB);
    IS(shake(&pair), 1);
    result(pair.client, STV_E_REJECTED, "tls.cipher", "NULL");
    close_pair(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static void old_version(void)
{
    SSL_CTX *client = client_ctx(), *server = server_ctx("bob", TLS1_1_VERSION);
    struct pair pair;

    SSL_CTX_set_security_level(client, 0);
    SSL_CTX_set_security_level(server, 0);
    SSL_CTX_set_min_proto_version(client, TLS1_VERSION);
    SSL_CTX_set_min_proto_version(server, TLS1_VERSION);
    open_pair(&pair, client, server);
    IS(shake(&pair), 1);
    judged(pair.client, BOB, STV_E_TLS_VERSION, "tls.version", "TLSv1.1");
    close_pair(&pair);
    open_pair(&pair, client, server);
    attach(pair.client, BOB);
    IS(shake(&pair), 0);
    result(pair.client, STV_E_TLS_HANDSHAKE, "tls.handshake", NULL);
    close_pair(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static SSL_SESSION *session_of(SSL_CTX *client, SSL_CTX *server)
{
    struct pair pair;
    SSL_SESSION *session;

    open_pair(&pair, client, server);
    IS(shake(&pair), 1);
    look(pair.client);
    session = SSL_get1_session(pair.client);
    SSL_shutdown(pair.client);
    close_pair(&pair);
    return session;
}

/* As a program keeps it on disk: the leaf only. */
static SSL_SESSION *stored(SSL_SESSION *session)
{
    unsigned char *der = NULL;
    const unsigned char *place;
    int length = i2d_SSL_SESSION(session, &der);
    SSL_SESSION *again;

    place = der;
    again = d2i_SSL_SESSION(NULL, &place, length);
    OPENSSL_free(der);
    SSL_SESSION_free(session);
    return again;
}

/* A session that was made without any verification, with whomever, is resumed. */
static void resumed(const char *name, int version, int on_disk, int status, const char *code)
{
    SSL_CTX *client = client_ctx(), *server = server_ctx(name, version);
    SSL_SESSION *session = session_of(client, server);
    struct pair pair;

    if (on_disk)
        session = stored(session);
    open_pair(&pair, client, server);
    IS(SSL_set_session(pair.client, session), 1);
    attach(pair.client, BOB);
    IS(shake(&pair), 1);
    IS(SSL_session_reused(pair.client), 1);
    result(pair.client, status, code, NULL);
    judged(pair.client, BOB, status, code, NULL);
    close_pair(&pair);
    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static int trusting(X509_STORE_CTX *context, void *argument)
{
    (void)argument;
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
}

static int go_on(int ok, X509_STORE_CTX *context)
{
    (void)ok;
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
}

enum replacement { THE_CONTEXTS, THE_STORE, THE_MODE, THE_CALLBACK };

/* What the program replaced after attaching (or before, in its context) cannot be asked any more. */
static void replaced(enum replacement what, const char *name, int status, const char *code)
{
    SSL_CTX *client = client_ctx(), *server = server_ctx(name, TLS1_3_VERSION);
    struct pair pair;

    if (what == THE_CONTEXTS)
        SSL_CTX_set_cert_verify_callback(client, trusting, NULL);
    open_pair(&pair, client, server);
    attach(pair.client, BOB);
    if (what == THE_STORE) {
        X509_STORE *store = X509_STORE_new();
        SSL_set0_verify_cert_store(pair.client, store);
    } else if (what == THE_MODE) {
        SSL_set_verify(pair.client, SSL_VERIFY_NONE, NULL);
    } else if (what == THE_CALLBACK) {
        SSL_set_verify(pair.client, SSL_VERIFY_PEER, go_on);
    }
    /* The judge's refusal stands where only the callback for libssl's own findings was replaced. */
    IS(shake(&pair), what != THE_CALLBACK || status == STV_OK);
    result(pair.client, status, code, NULL);
    close_pair(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* The program takes the hook away: our judge is not asked any more. */
static void unhook(SSL *ssl)
{
    SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
    SSL_set0_verify_cert_store(ssl, X509_STORE_new());
}

/* TLS 1.2: Bob is accepted inside the handshake, and then somebody shows another certificate. */
static void renegotiated(int allowed)
{
    SSL_CTX *client = client_ctx(), *server = server_ctx("bob", TLS1_2_VERSION);
    struct pair pair;
    int i;

    open_pair(&pair, client, server);
    attach(pair.client, BOB);
    if (allowed)
        SSL_clear_options(pair.client, SSL_OP_NO_RENEGOTIATION);
    IS(shake(&pair), 1);
    SSL_use_certificate_file(pair.server, path_of("eve", ".pem"), SSL_FILETYPE_PEM);
    SSL_use_PrivateKey_file(pair.server, path_of("eve", ".key"), SSL_FILETYPE_PEM);
    /* Or Eve would be refused by it. */
    if (allowed)
        unhook(pair.client);
    SSL_set_options(pair.server, SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
    IS(SSL_renegotiate(pair.server), 1);
    for (i = 0; i < 10; i++) {
        SSL_do_handshake(pair.server);
        look(pair.client);
        look(pair.server);
    }
    if (allowed) {
        result(pair.client, STV_E_REJECTED, "name.mismatch", "mail.eve.test");
        CHECK(SSL_get_options(pair.client) & SSL_OP_NO_RENEGOTIATION);
    } else {
        /* The client declines, and the server ends the connection. */
        result(pair.client, STV_E_TLS_HANDSHAKE, "tls.handshake", NULL);
        IS(SSL_renegotiate(pair.client), 0);
        ERR_clear_error();
    }
    close_pair(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* A copy is attached as well, and each ends once. */
static void copied(void)
{
    SSL_CTX *client = client_ctx(), *bob = server_ctx("bob", TLS1_3_VERSION);
    SSL_CTX *eve = server_ctx("eve", TLS1_3_VERSION);
    struct pair pair, second;
    SSL *first = SSL_new(client);

    attach(first, BOB);
    open_pair(&pair, client, bob);
    open_pair(&second, client, eve);
    SSL_free(pair.client);
    SSL_free(second.client);
    pair.client = SSL_dup(first);
    second.client = SSL_dup(first);
    SSL_free(first);
    CHECK(pair.client && second.client);
    SSL_free(pair.server);
    SSL_free(second.server);
    pair.server = SSL_new(bob);
    second.server = SSL_new(eve);
    join(&pair);
    join(&second);
    IS(shake(&pair), 1);
    IS(shake(&second), 0);
    result(pair.client, STV_OK, "", NULL);
    result(second.client, STV_E_REJECTED, "name.mismatch", NULL);
    close_pair(&pair);
    close_pair(&second);
    SSL_CTX_free(client);
    SSL_CTX_free(bob);
    SSL_CTX_free(eve);
}

/* SSL_clear keeps what is attached, and nothing of what was found before. */
static void cleared(void)
{
    SSL_CTX *client = client_ctx(), *bob = server_ctx("bob", TLS1_3_VERSION);
    SSL_CTX *eve = server_ctx("eve", TLS1_3_VERSION);
    struct pair pair;

    open_pair(&pair, client, bob);
    attach(pair.client, BOB);
    IS(shake(&pair), 1);
    SSL_free(pair.server);
    IS(SSL_clear(pair.client), 1);
    result(pair.client, STV_E_STATE, "", NULL);
    pair.server = SSL_new(eve);
    join(&pair);
    IS(shake(&pair), 0);
    result(pair.client, STV_E_REJECTED, "name.mismatch", NULL);
    SSL_free(pair.server);
    /* What was found in the first handshake with Bob, and never asked for, is not Eve's. */
    IS(SSL_clear(pair.client), 1);
    pair.server = SSL_new(bob);
    join(&pair);
    IS(shake(&pair), 1);
    SSL_free(pair.server);
    IS(SSL_clear(pair.client), 1);
    unhook(pair.client);
    pair.server = SSL_new(eve);
    join(&pair);
    IS(shake(&pair), 1);
    result(pair.client, STV_E_REJECTED, "name.mismatch", NULL);
    close_pair(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(bob);
    SSL_CTX_free(eve);
}

/* Two SSLs of one context, each with its own peer; attaching again replaces; the own SNI stays. */
static void two_of_one_context(void)
{
    SSL_CTX *client = client_ctx(), *bob = server_ctx("bob", TLS1_3_VERSION);
    SSL_CTX *eve = server_ctx("eve", TLS1_3_VERSION);
    struct pair one, two;

    open_pair(&one, client, bob);
    open_pair(&two, client, eve);
    attach(one.client, EVE);
    attach(one.client, BOB);
    SSL_set_tlsext_host_name(two.client, "own.test");
    attach(two.client, EVE);
    IS(shake(&two), 1);
    IS(shake(&one), 1);
    SAYS(SSL_get_servername(two.server, TLSEXT_NAMETYPE_host_name), "own.test");
    result(one.client, STV_OK, "", NULL);
    result(two.client, STV_OK, "", NULL);
    close_pair(&one);
    close_pair(&two);
    SSL_CTX_free(client);
    SSL_CTX_free(bob);
    SSL_CTX_free(eve);
}

/* What the program had in OpenSSL's queue is there afterwards, and nothing else. */
static void error_queue(void)
{
    SSL_CTX *client = client_ctx(), *server = server_ctx("eve", TLS1_3_VERSION);
    stv_peer *peer = new_peer(BOB);
    stv_report *report = NULL;
    struct pair pair;

    open_pair(&pair, client, server);
    ERR_raise(ERR_LIB_USER, 77);
    IS(stv_ssl_attach(verifier, peer, pair.client), STV_OK);
    IS(ERR_GET_REASON(ERR_peek_error()), 77);
    IS(ERR_peek_error() == ERR_peek_last_error(), 1);
    ERR_clear_error();
    IS(shake(&pair), 0);
    IS(stv_ssl_result(pair.client, &report), STV_E_REJECTED);
    IS(ERR_peek_error(), 0);
    stv_report_free(report);
    ERR_raise(ERR_LIB_USER, 78);
    IS(stv_ssl_result(pair.client, &report), STV_E_REJECTED);
    IS(ERR_GET_REASON(ERR_peek_error()), 78);
    ERR_clear_error();
    stv_report_free(report);
    close_pair(&pair);
    stv_peer_free(peer);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* The connection is as bad as before; the caller was told. */
static void audited(void)
{
    stv_verifier *usual = verifier;
    SSL_CTX *client = client_ctx(), *server = server_ctx("eve", TLS1_3_VERSION);
    struct pair pair;

    verifier = new_verifier("audit");
    open_pair(&pair, client, server);
    attach(pair.client, BOB);
    IS(shake(&pair), 1);
    result(pair.client, STV_OPEN_UNVERIFIED, "name.mismatch", NULL);
    close_pair(&pair);
    stv_verifier_free(verifier);
    verifier = usual;
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

enum { THREADS = 6, ROUNDS = 8 };

static SSL_CTX *shared_client, *shared_bob, *shared_eve;

/* One verifier and one context, many SSLs. */
static void *shake_often(void *argument)
{
    int *wrong = argument;
    int round;

    for (round = 0; round < ROUNDS; round++) {
        struct pair pair;
        stv_peer *peer = NULL;
        stv_report *report = NULL;
        int honest = round % 2;

        *wrong += stv_peer_new(&peer) != STV_OK || stv_peer_set_host(peer, S(BOB)) != STV_OK;
        pair.client = SSL_new(shared_client);
        pair.server = SSL_new(honest ? shared_bob : shared_eve);
        join(&pair);
        *wrong += stv_ssl_attach(verifier, peer, pair.client) != STV_OK;
        *wrong += shake(&pair) != honest;
        *wrong += stv_ssl_result(pair.client, &report) != (honest ? STV_OK : STV_E_REJECTED);
        stv_report_free(report);
        stv_peer_free(peer);
        close_pair(&pair);
    }
    OPENSSL_thread_stop();
    return NULL;
}

static void many_threads(void)
{
    pthread_t threads[THREADS];
    int wrong[THREADS] = {0}, i;

    shared_client = client_ctx();
    shared_bob = server_ctx("bob", TLS1_3_VERSION);
    shared_eve = server_ctx("eve", TLS1_2_VERSION);
    for (i = 0; i < THREADS; i++)
        CHECK(!pthread_create(&threads[i], NULL, shake_often, &wrong[i]));
    for (i = 0; i < THREADS; i++) {
        CHECK(!pthread_join(threads[i], NULL));
        IS(wrong[i], 0);
    }
    SSL_CTX_free(shared_client);
    SSL_CTX_free(shared_bob);
    SSL_CTX_free(shared_eve);
}

int main(int argc, char **argv)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    size_t i;

    if (argc != 2) {
        fprintf(stderr, "usage: test_ssl CERTIFICATES\n");
        return EXIT_FAILURE;
    }
    certificates = argv[1];
    alert_slot = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    verifier = new_verifier(NULL);
    for (i = 0; i < sizeof versions / sizeof *versions; i++) {
        int version = versions[i];
        bob_and_eve(version);
        right_alert("eve", version, SSL_AD_BAD_CERTIFICATE, "name.mismatch");
        right_alert("stranger", version, SSL_AD_UNKNOWN_CA, "chain.unknown_issuer");
        right_alert("old", version, SSL_AD_CERTIFICATE_EXPIRED, "chain.expired");
        client_certificate("bob", version, 1);
        client_certificate("eve", version, 0);
        resumed("bob", version, 0, STV_OK, "");
        resumed("eve", version, 0, STV_E_REJECTED, "name.mismatch");
        resumed("bob", version, 1, STV_OK, "");
        resumed("eve", version, 1, STV_E_REJECTED, "name.mismatch");
        resumed("deep-chain", version, 0, STV_OK, "");
        resumed("deep-chain", version, 1, STV_E_REJECTED, "chain.unknown_issuer");
    }
    wrong_calls();
    nobody_shown("aNULL:!eNULL", TLS1_2_VERSION, "anonymous");
    nobody_shown("PSK", TLS1_2_VERSION, "shared secret");
    nobody_shown("DEFAULT", TLS1_3_VERSION, "pre-shared key");
    not_encrypted();
    old_version();
    for (i = THE_CONTEXTS; i <= THE_CALLBACK; i++) {
        replaced((enum replacement)i, "bob", STV_OK, "");
        replaced((enum replacement)i, "eve", STV_E_REJECTED, "name.mismatch");
    }
    renegotiated(0);
    renegotiated(1);
    copied();
    cleared();
    two_of_one_context();
    error_queue();
    audited();
    many_threads();
    stv_verifier_free(verifier);
    return checks_end();
}
