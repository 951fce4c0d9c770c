/* Known peers shared by many processes, some of which die in the middle: no update is lost or torn, and
 * nobody is blocked by what a dead one left behind. It works in a directory of its own below /tmp, which
 * another user can reach. */
#define _GNU_SOURCE
#include "starttls_verify.h"

#include <dirent.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define S(literal) literal, sizeof(literal) - 1
#define PIN "spki-sha256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

enum { PROCESSES = 32, UPDATES = 32, READERS = 4, NOBODY = 65534 };

static char directory[4096 - 64], store[4096];

static stv_peer *new_peer(int port)
{
    stv_peer *peer = NULL;

    IS(stv_peer_new(&peer), STV_OK);
    IS(stv_peer_set_host(peer, S("mail.bob.test")), STV_OK);
    IS(stv_peer_set_port(peer, port), STV_OK);
    return peer;
}

static stv_known_peers *opened(void)
{
    stv_known_peers *known = NULL;

    IS(stv_known_peers_new(&known), STV_OK);
    IS(stv_known_peers_create_file(known, store, strlen(store)), STV_OK);
    return known;
}

static int announce(stv_known_peers *known, int port)
{
    stv_peer *peer = new_peer(port);
    int status = stv_known_peers_announce(known, peer, S(PIN));

    stv_peer_free(peer);
    return status;
}

static int forget(stv_known_peers *known, int port)
{
    stv_peer *peer = new_peer(port);
    int status = stv_known_peers_forget(known, peer);

    stv_peer_free(peer);
    return status;
}

static char *text_of(stv_known_peers *known)
{
    IS(stv_known_peers_export(known), STV_OK);
    return strdup(stv_known_peers_text(known));
}

static int lines(const char *text)
{
    int count = 0;

    while ((text = strchr(text, '\n')) != NULL) {
        count++;
        text++;
    }
    return count;
}

/* A writer with ports of its own: what it announces stays, and in between it announces and forgets. */
static int write_often(int process)
{
    stv_known_peers *known = opened();
    int update, wrong = 0;

    for (update = 0; update < UPDATES; update++) {
        int port = 1 + process * UPDATES + update;
        if (update % 8 == 7) {
            wrong += forget(known, port - 1) != STV_OK;
            wrong += announce(known, port - 1) != STV_OK;
        }
        wrong += announce(known, port) != STV_OK;
    }
    stv_known_peers_free(known);
    return wrong;
}

/* Readers see a whole store at any moment. */
static int read_often(void)
{
    stv_known_peers *known = opened();
    int round, wrong = 0;

    for (round = 0; round < 200; round++)
        wrong += stv_known_peers_export(known) != STV_OK;
    stv_known_peers_free(known);
    return wrong;
}

static void many_processes(void)
{
    stv_known_peers *known = opened();
    int process, status, port, missing = 0;
    char *text;

    fflush(stdout);
    for (process = 0; process < PROCESSES + READERS; process++)
        if (fork() == 0)
            _exit((process < PROCESSES ? write_often(process) : read_often()) != 0);
    for (process = 0; process < PROCESSES + READERS; process++)
        CHECK(wait(&status) > 0 && status == 0);
    text = text_of(known);
    IS(lines(text), PROCESSES * UPDATES + 2);
    for (port = 1; port <= PROCESSES * UPDATES; port++) {
        char peer[64];
        snprintf(peer, sizeof peer, "\"smtp://mail.bob.test:%d\"", port);
        missing += strstr(text, peer) == NULL;
    }
    IS(missing, 0);
    free(text);
    stv_known_peers_free(known);
    CHECK(!remove(store));
}

/* Announces in a child that is killed at its stop number `last`, on the way into or out of a system call.
 * 1 when it got through before. */
static int killed_at(int last)
{
    int status, stop;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        stv_known_peers *known = opened();
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        _exit(announce(known, 2) != STV_OK);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
    for (stop = 0; stop < last; stop++) {
        CHECK(ptrace(PTRACE_SYSCALL, child, NULL, NULL) == 0);
        CHECK(waitpid(child, &status, 0) == child);
        if (WIFEXITED(status)) {
            IS(WEXITSTATUS(status), 0);
            return 1;
        }
    }
    kill(child, SIGKILL);
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    return 0;
}

static void killed_at_every_system_call(void)
{
    stv_known_peers *known = opened();
    char *before, *after, *text;
    int stop, through = 0, old = 0, new = 0;

    IS(announce(known, 1), STV_OK);
    before = text_of(known);
    IS(announce(known, 2), STV_OK);
    after = text_of(known);
    IS(forget(known, 2), STV_OK);
    for (stop = 1; !through && stop < 1000; stop++) {
        through = killed_at(stop);
        text = text_of(known);
        old += !strcmp(text, before);
        new += !strcmp(text, after);
        /* One of the two, and once it is the new one it stays so. */
        IS(old + new, stop);
        CHECK(!new || !strcmp(text, after));
        free(text);
        /* The next one writes as if nothing had happened. */
        IS(announce(known, 3), STV_OK);
        IS(forget(known, 3), STV_OK);
        IS(forget(known, 2), new ? STV_OK : STV_E_ARGUMENT);
        text = text_of(known);
        SAYS(text, before);
        free(text);
    }
    printf("killed at %d stops with the old file, at %d with the new one; ", old, new - 1);
    CHECK(through && old > 20 && new > 2);
    free(before);
    free(after);
    stv_known_peers_free(known);
}

/* RLIMIT_FSIZE stands for a full disk: a part of the new file can be written. */
static void no_room(void)
{
    stv_known_peers *known = opened();
    struct rlimit limit, small;
    char *before = text_of(known), *text;

    signal(SIGXFSZ, SIG_IGN);
    CHECK(!getrlimit(RLIMIT_FSIZE, &limit));
    small = limit;
    small.rlim_cur = 100;
    CHECK(!setrlimit(RLIMIT_FSIZE, &small));
    IS(announce(known, 9), STV_E_FILE_UNWRITABLE);
    MENTIONS(stv_known_peers_error(known), "peers.new cannot be written");
    CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
    text = text_of(known);
    SAYS(text, before);
    free(text);
    IS(announce(known, 9), STV_OK);
    IS(forget(known, 9), STV_OK);
    free(before);
    stv_known_peers_free(known);
}

/* As a user who may read the directory and not write it. */
static int write_where_nobody_may(void)
{
    stv_known_peers *known = NULL;
    stv_peer *peer = new_peer(9);
    int wrong = 0;

    if (geteuid() == 0 && (setgid(NOBODY) || setuid(NOBODY)))
        return 1;
    wrong += stv_known_peers_new(&known) != STV_OK;
    wrong += stv_known_peers_open_file(known, store, strlen(store)) != STV_OK;
    wrong += stv_peer_set_known(peer, known) != STV_OK;
    wrong += announce(known, 9) != STV_E_FILE_UNWRITABLE;
    wrong += stv_known_peers_create_file(known, store, strlen(store)) != STV_OK;
    stv_known_peers_free(known);
    stv_peer_free(peer);
    return wrong;
}

static void a_directory_that_may_only_be_read(void)
{
    int status;

    CHECK(!chmod(directory, 0555));
    CHECK(!chmod(store, 0444));
    fflush(stdout);
    if (fork() == 0)
        _exit(write_where_nobody_may());
    CHECK(wait(&status) > 0);
    IS(status, 0);
    CHECK(!chmod(directory, 0755));
    CHECK(!chmod(store, 0600));
}

/* Only root can make files of others; then root does not take them for its own. */
static void files_of_somebody_else(void)
{
    stv_known_peers *known = opened();
    char *text = text_of(known);

    if (geteuid() == 0) {
        CHECK(!chown(store, NOBODY, NOBODY));
        IS(stv_known_peers_export(known), STV_E_FILE_UNSAFE);
        MENTIONS(stv_known_peers_error(known), "belongs to user 65534");
        IS(announce(known, 9), STV_E_FILE_UNSAFE);
        CHECK(!chown(store, 0, 0));
        CHECK(!chown(directory, NOBODY, NOBODY));
        IS(stv_known_peers_export(known), STV_E_FILE_UNSAFE);
        IS(announce(known, 9), STV_E_FILE_UNSAFE);
        CHECK(!chown(directory, 0, 0));
    }
    IS(stv_known_peers_export(known), STV_OK);
    SAYS(stv_known_peers_text(known), text);
    free(text);
    stv_known_peers_free(known);
}

static int files(void)
{
    DIR *open = opendir(directory);
    int count = 0;

    while (open && readdir(open))
        count++;
    if (open)
        closedir(open);
    return count - 2;
}

int main(void)
{
    char lock[4096 + 8];

    snprintf(directory, sizeof directory, "/tmp/stv-known-XXXXXX");
    CHECK(mkdtemp(directory));
    snprintf(store, sizeof store, "%s/peers", directory);
    snprintf(lock, sizeof lock, "%s.lock", store);
    many_processes();
    killed_at_every_system_call();
    no_room();
    a_directory_that_may_only_be_read();
    files_of_somebody_else();
    IS(files(), 2);
    CHECK(!remove(store) && !remove(lock) && !remove(directory));
    return checks_end();
}
