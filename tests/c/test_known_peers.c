/* Known peers: the contract of the calls, and one whole way from the first use to a changed key.
 * Argument: the directory that certificates.sh has filled. */
#define _XOPEN_SOURCE 700
#include "starttls_verify.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"
#include "tls_server.h"

#define S(literal) literal, sizeof(literal) - 1
#define PIN "spki-sha256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define OTHER_PIN "spki-sha256:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="

static const char *certificates;
static char store[4096];

static stv_peer *new_peer(int port)
{
    stv_peer *peer = NULL;

    IS(stv_peer_new(&peer), STV_OK);
    IS(stv_peer_set_protocol(peer, STV_PROTOCOL_TLS), STV_OK);
    IS(stv_peer_set_host(peer, S("mail.bob.test")), STV_OK);
    IS(stv_peer_set_port(peer, port), STV_OK);
    return peer;
}

static stv_known_peers *opened(void)
{
    stv_known_peers *known = NULL;

    IS(stv_known_peers_new(&known), STV_OK);
    IS(stv_known_peers_open_file(known, store, strlen(store)), STV_OK);
    SAYS(stv_known_peers_error(known), "");
    return known;
}

static stv_verifier *new_verifier(const char *option)
{
    stv_config *config = NULL;
    stv_verifier *verifier = NULL;
    char path[4096];

    snprintf(path, sizeof path, "%s/ca.pem", certificates);
    IS(stv_config_new(&config), STV_OK);
    IS(stv_config_set_str(config, S("cafile"), path, strlen(path)), STV_OK);
    if (option)
        IS(stv_config_set_bool(config, option, strlen(option), 1), STV_OK);
    IS(stv_verifier_new(config, &verifier), STV_OK);
    stv_config_free(config);
    return verifier;
}

static void without_a_store(void)
{
    stv_known_peers *known = NULL;
    stv_peer *peer = new_peer(25);

    IS(stv_known_peers_new(NULL), STV_E_NULL);
    IS(stv_known_peers_new(&known), STV_OK);
    SAYS(stv_known_peers_text(known), "");
    IS(stv_known_peers_export(known), STV_E_STATE);
    MENTIONS(stv_known_peers_error(known), "stv_known_peers_open_file");
    IS(stv_known_peers_announce(known, peer, S(PIN)), STV_E_STATE);
    IS(stv_known_peers_forget(known, peer), STV_E_STATE);
    IS(stv_known_peers_import_mem(known, S("x")), STV_E_STATE);
    IS(stv_peer_set_known(peer, known), STV_E_STATE);
    MENTIONS(stv_peer_error(peer), "stv_known_peers_open_file");
    /* Missing is an error and makes nothing. */
    IS(stv_known_peers_open_file(known, store, strlen(store)), STV_E_FILE_MISSING);
    MENTIONS(stv_known_peers_error(known), store);
    IS(stv_known_peers_open_file(known, store, strlen(store)), STV_E_FILE_MISSING);
    IS(stv_known_peers_open_file(known, S("/nowhere/at/all")), STV_E_FILE_MISSING);
    IS(stv_known_peers_create_file(known, S("/nowhere/at/all")), STV_E_FILE_MISSING);
    IS(stv_known_peers_open_file(known, S("")), STV_E_ARGUMENT);
    IS(stv_known_peers_open_file(known, S("a\0b")), STV_E_ENCODING);
    IS(stv_known_peers_open_file(known, NULL, 1), STV_E_NULL);
    stv_known_peers_free(known);
    stv_known_peers_free(NULL);
    stv_peer_free(peer);
}

static void nulls(void)
{
    stv_known_peers *known = opened();
    stv_peer *peer = new_peer(25);

    IS(stv_known_peers_open_file(NULL, S("x")), STV_E_NULL);
    IS(stv_known_peers_announce(NULL, peer, S(PIN)), STV_E_NULL);
    IS(stv_known_peers_announce(known, NULL, S(PIN)), STV_E_NULL);
    IS(stv_known_peers_announce(known, peer, NULL, 5), STV_E_NULL);
    IS(stv_known_peers_withdraw(known, NULL, S(PIN)), STV_E_NULL);
    IS(stv_known_peers_forget(known, NULL), STV_E_NULL);
    IS(stv_known_peers_remember(known, NULL), STV_E_NULL);
    IS(stv_known_peers_remember(NULL, NULL), STV_E_NULL);
    IS(stv_known_peers_export(NULL), STV_E_NULL);
    IS(stv_known_peers_import_mem(known, NULL, 5), STV_E_NULL);
    IS(stv_known_peers_import_mem(known, "x", (size_t)-1), STV_E_ARGUMENT);
    IS(stv_peer_set_known(NULL, known), STV_E_NULL);
    IS(stv_peer_set_known(peer, NULL), STV_E_NULL);
    SAYS(stv_known_peers_text(NULL), "");
    SAYS(stv_known_peers_error(NULL), "");
    stv_peer_free(peer);
    stv_known_peers_free(known);
}

static void an_administrator(void)
{
    stv_known_peers *known = NULL;
    stv_peer *peer = new_peer(25), *nobody = NULL;
    struct stat state;
    char export[4096], copy[4096 + 8];

    IS(stv_known_peers_new(&known), STV_OK);
    IS(stv_known_peers_create_file(known, store, strlen(store)), STV_OK);
    CHECK(!stat(store, &state) && (state.st_mode & 07777) == 0600);
    IS(stv_known_peers_announce(known, peer, S("sha256:00")), STV_E_PIN);
    IS(stv_known_peers_announce(known, peer, S(PIN)), STV_OK);
    IS(stv_known_peers_withdraw(known, peer, S(OTHER_PIN)), STV_E_ARGUMENT);
    IS(stv_known_peers_export(known), STV_OK);
    MENTIONS(stv_known_peers_text(known), "tls://mail.bob.test:25");
    MENTIONS(stv_known_peers_text(known), PIN);
    snprintf(export, sizeof export, "%s", stv_known_peers_text(known));

    IS(stv_peer_new(&nobody), STV_OK);
    IS(stv_known_peers_announce(known, nobody, S(PIN)), STV_E_STATE);
    IS(stv_known_peers_forget(known, nobody), STV_E_STATE);
    IS(stv_peer_set_known(nobody, known), STV_E_STATE);
    stv_peer_free(nobody);

    IS(stv_known_peers_withdraw(known, peer, S(PIN)), STV_OK);
    IS(stv_known_peers_forget(known, peer), STV_E_ARGUMENT);
    MENTIONS(stv_known_peers_error(known), "not known");
    IS(stv_known_peers_import_mem(known, export, strlen(export) - 1), STV_E_FILE_DAMAGED);
    MENTIONS(stv_known_peers_error(known), "line ");
    IS(stv_known_peers_import_mem(known, export, strlen(export)), STV_OK);
    snprintf(copy, sizeof copy, "%s.copy", store);
    IS(stv_known_peers_export_file(known, copy, strlen(copy)), STV_OK);
    IS(stv_known_peers_export_file(known, copy, strlen(copy)), STV_E_FILE_UNWRITABLE);
    IS(stv_known_peers_forget(known, peer), STV_OK);
    IS(stv_known_peers_import_file(known, copy, strlen(copy)), STV_OK);
    IS(stv_known_peers_export(known), STV_OK);
    SAYS(stv_known_peers_text(known), export);
    /* To create what is there changes nothing. */
    IS(stv_known_peers_create_file(known, store, strlen(store)), STV_OK);
    IS(stv_known_peers_forget(known, peer), STV_OK);
    remove(copy);
    stv_peer_free(peer);
    stv_known_peers_free(known);
}

/* Judged, trusted, and yet nobody has proved to hold the key. */
static void a_chain_on_disk(void)
{
    stv_known_peers *known = opened();
    stv_verifier *verifier = new_verifier("accept_new");
    stv_peer *peer = new_peer(25);
    stv_chain *chain = NULL;
    stv_report *report = NULL;
    char path[4096], pem[16384];
    size_t length;
    FILE *file;

    snprintf(path, sizeof path, "%s/bob-chain.pem", certificates);
    file = fopen(path, "rb");
    length = file ? fread(pem, 1, sizeof pem, file) : 0;
    if (file)
        fclose(file);
    IS(stv_chain_new(&chain), STV_OK);
    IS(stv_chain_add_pem(chain, pem, length), STV_OK);
    IS(stv_peer_set_known(peer, known), STV_OK);
    IS(stv_verifier_judge(verifier, peer, chain, &report), STV_OK);
    IS(stv_known_peers_remember(known, report), STV_E_STATE);
    MENTIONS(stv_known_peers_error(known), "not from a handshake");
    stv_report_free(report);
    stv_chain_free(chain);
    stv_peer_free(peer);
    stv_verifier_free(verifier);
    stv_known_peers_free(known);
}

/* One session with what the store knows; *report is the caller's. */
static int meet(stv_verifier *verifier, stv_peer *peer, int port, stv_report **report)
{
    stv_session *session = NULL;
    struct timespec moment = {0, 100 * 1000 * 1000};
    char where[32];
    int status = STV_E_CONNECT, tries;

    snprintf(where, sizeof where, "127.0.0.1:%d", port);
    IS(stv_peer_set_connect(peer, where, strlen(where)), STV_OK);
    IS(stv_session_new(verifier, peer, &session), STV_OK);
    /* The server needs a moment to listen. */
    for (tries = 0; tries < 100; tries++) {
        stv_session *probe = NULL;
        stv_peer *other = new_peer(25);

        IS(stv_peer_set_connect(other, where, strlen(where)), STV_OK);
        IS(stv_session_new(verifier, other, &probe), STV_OK);
        status = stv_session_connect(probe);
        stv_session_free(probe);
        stv_peer_free(other);
        if (status != STV_E_CONNECT)
            break;
        nanosleep(&moment, NULL);
    }
    status = stv_session_connect(session);
    IS(stv_session_report(session, report), STV_OK);
    stv_session_free(session);
    return status;
}

static void from_first_use_to_a_changed_key(int port)
{
    pid_t server = tls_server(certificates, "bob", port);
    stv_known_peers *known = opened();
    stv_verifier *strict = new_verifier(NULL), *accepting = new_verifier("accept_new");
    stv_peer *peer = new_peer(25);
    stv_report *report = NULL;

    IS(stv_peer_set_known(peer, known), STV_OK);
    IS(meet(strict, peer, port, &report), STV_E_REJECTED);
    SAYS(stv_report_code(report), "known.new");
    IS(stv_known_peers_remember(known, report), STV_E_STATE);
    stv_report_free(report);

    /* "Never seen" was good for that session. */
    IS(meet(accepting, peer, port, &report), STV_E_REJECTED);
    SAYS(stv_report_code(report), "known.not_checked");
    IS(stv_known_peers_remember(known, report), STV_E_STATE);
    stv_report_free(report);

    IS(stv_peer_set_known(peer, known), STV_OK);
    IS(meet(accepting, peer, port, &report), STV_OK);
    IS(stv_known_peers_remember(known, report), STV_OK);
    IS(stv_known_peers_remember(known, report), STV_OK);
    stv_report_free(report);
    IS(stv_known_peers_export(known), STV_OK);
    MENTIONS(stv_known_peers_text(known), "\"origin\":\"pkix\"");
    MENTIONS(stv_known_peers_text(known), "\"addresses\":[\"127.0.0.1\"]");

    IS(stv_peer_set_known(peer, known), STV_OK);
    IS(meet(strict, peer, port, &report), STV_OK);
    IS(stv_known_peers_remember(known, report), STV_OK);
    stv_report_free(report);

    /* The administrator says that another key was meant: the one that answers is refused. */
    IS(stv_known_peers_forget(known, peer), STV_OK);
    IS(stv_known_peers_announce(known, peer, S(PIN)), STV_OK);
    IS(stv_peer_set_known(peer, known), STV_OK);
    IS(meet(accepting, peer, port, &report), STV_E_REJECTED);
    SAYS(stv_report_code(report), "known.changed");
    IS(stv_known_peers_remember(known, report), STV_E_STATE);
    stv_report_free(report);

    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
    stv_peer_free(peer);
    stv_verifier_free(strict);
    stv_verifier_free(accepting);
    stv_known_peers_free(known);
}

static int descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    int count = 0;

    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

static void nothing_stays_open(void)
{
    stv_known_peers *known = opened();
    stv_peer *peer = new_peer(26);
    int before = descriptors(), round;

    for (round = 0; round < 20; round++) {
        IS(stv_known_peers_announce(known, peer, S(PIN)), STV_OK);
        IS(stv_known_peers_export(known), STV_OK);
        IS(stv_known_peers_forget(known, peer), STV_OK);
        IS(stv_known_peers_forget(known, peer), STV_E_ARGUMENT);
        IS(stv_peer_set_known(peer, known), STV_OK);
    }
    IS(descriptors(), before);
    stv_peer_free(peer);
    stv_known_peers_free(known);
}

/* Parent and child go on with the same handle. */
static void after_a_fork(void)
{
    stv_known_peers *known = opened();
    stv_peer *peer = new_peer(27);
    pid_t child;
    int result = 1;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        result = stv_known_peers_announce(known, peer, S(PIN)) != STV_OK;
        stv_known_peers_free(known);
        _exit(result);
    }
    CHECK(waitpid(child, &result, 0) == child && result == 0);
    IS(stv_known_peers_withdraw(known, peer, S(PIN)), STV_OK);
    stv_peer_free(peer);
    stv_known_peers_free(known);
}

int main(int argc, char **argv)
{
    char directory[4096 - 64], rest[4096 + 8];

    if (argc != 2) {
        fprintf(stderr, "usage: test_known_peers CERTIFICATES\n");
        return EXIT_FAILURE;
    }
    certificates = argv[1];
    snprintf(directory, sizeof directory, "%s/known-XXXXXX", certificates);
    CHECK(mkdtemp(directory));
    snprintf(store, sizeof store, "%s/peers", directory);
    without_a_store();
    an_administrator();
    nulls();
    a_chain_on_disk();
    from_first_use_to_a_changed_key(20000 + (int)(getpid() % 20000));
    nothing_stays_open();
    after_a_fork();
    snprintf(rest, sizeof rest, "%s.lock", store);
    CHECK(!remove(store) && !remove(rest) && !remove(directory));
    return checks_end();
}
