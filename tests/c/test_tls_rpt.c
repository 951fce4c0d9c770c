/* TLSRPT: the contract of the calls, hostile text, and a report of sessions that were fed by hand.
 * Argument: the directory that certificates.sh has filled. */
#include "starttls_verify.h"

#include <stdint.h>

#include "check.h"

#define S(literal) literal, sizeof(literal) - 1
#define LONG ((size_t)1024 * 1024)

static const char *certificates;

static stv_tls_rpt *begun(void)
{
    stv_tls_rpt *rpt = NULL;

    IS(stv_tls_rpt_new(&rpt), STV_OK);
    IS(stv_tls_rpt_begin(rpt, S("bob.test"), S("2026-11-27-1")), STV_OK);
    IS(stv_tls_rpt_set_organization(rpt, S("Alice \"&\" Co. \303\274")), STV_OK);
    IS(stv_tls_rpt_set_contact(rpt, S("tls@alice.test")), STV_OK);
    IS(stv_tls_rpt_set_range(rpt, 0, 86399), STV_OK);
    SAYS(stv_tls_rpt_error(rpt), "");
    return rpt;
}

static stv_verifier *new_verifier(void)
{
    stv_config *config = NULL;
    stv_verifier *verifier = NULL;
    char path[4096];

    snprintf(path, sizeof path, "%s/ca.pem", certificates);
    IS(stv_config_new(&config), STV_OK);
    IS(stv_config_set_str(config, S("cafile"), path, strlen(path)), STV_OK);
    IS(stv_verifier_new(config, &verifier), STV_OK);
    stv_config_free(config);
    return verifier;
}

/* Steps as long as there is something to send. */
static void step(stv_session *session)
{
    char sent[4096];
    size_t length;

    while (stv_session_step(session) == STV_WANT_WRITE)
        IS(stv_session_take(session, sent, sizeof sent, &length), STV_OK);
}

/* The report of a session whose server says this, one after the other, and is gone. */
static stv_report *session(int protocol, const char *origin, const char *first, const char *second)
{
    stv_verifier *verifier = new_verifier();
    stv_peer *peer = NULL;
    stv_session *session = NULL;
    stv_report *report = NULL;

    IS(stv_peer_new(&peer), STV_OK);
    IS(stv_peer_set_protocol(peer, protocol), STV_OK);
    IS(stv_peer_set_host(peer, S("mail.bob.test")), STV_OK);
    if (origin)
        IS(stv_peer_set_origin(peer, origin, strlen(origin), STV_PROVENANCE_SECURE), STV_OK);
    IS(stv_session_new(verifier, peer, &session), STV_OK);
    step(session);
    IS(stv_session_feed(session, first, strlen(first)), STV_OK);
    step(session);
    IS(stv_session_feed(session, second, strlen(second)), STV_OK);
    IS(stv_session_feed_eof(session), STV_OK);
    step(session);
    IS(stv_session_report(session, &report), STV_OK);
    stv_session_free(session);
    stv_peer_free(peer);
    stv_verifier_free(verifier);
    return report;
}

static stv_report *stripped(const char *origin)
{
    return session(STV_PROTOCOL_SMTP, origin, "220 mail.bob.test ESMTP\r\n", "250 mail.bob.test\r\n");
}

static void nothing_is_written(const stv_tls_rpt *rpt)
{
    SAYS(stv_tls_rpt_json(rpt), "");
    SAYS(stv_tls_rpt_file_name(rpt), "");
    CHECK(stv_tls_rpt_gzip(rpt) == NULL);
    IS(stv_tls_rpt_gzip_len(rpt), 0);
}

static void nulls(void)
{
    stv_tls_rpt *rpt = begun();

    IS(stv_tls_rpt_new(NULL), STV_E_NULL);
    IS(stv_tls_rpt_begin(NULL, S("bob.test"), S("1")), STV_E_NULL);
    IS(stv_tls_rpt_set_organization(NULL, S("A")), STV_E_NULL);
    IS(stv_tls_rpt_set_contact(NULL, S("a@b.test")), STV_E_NULL);
    IS(stv_tls_rpt_set_range(NULL, 0, 1), STV_E_NULL);
    IS(stv_tls_rpt_set_sending_ip(NULL, S("192.0.2.1")), STV_E_NULL);
    IS(stv_tls_rpt_set_record(NULL, S("v=TLSRPTv1; rua=mailto:a@b.test")), STV_E_NULL);
    IS(stv_tls_rpt_add(NULL, NULL), STV_E_NULL);
    IS(stv_tls_rpt_write(NULL), STV_E_NULL);
    IS(stv_tls_rpt_add(rpt, NULL), STV_E_NULL);
    MENTIONS(stv_tls_rpt_error(rpt), "report is NULL");
    IS(stv_tls_rpt_set_organization(rpt, NULL, 1), STV_E_NULL);
    IS(stv_tls_rpt_set_organization(rpt, NULL, 0), STV_E_ARGUMENT);
    IS(stv_tls_rpt_set_contact(rpt, "x", (size_t)-1), STV_E_ARGUMENT);
    IS(stv_tls_rpt_successes(NULL), 0);
    IS(stv_tls_rpt_failures(NULL), 0);
    IS(stv_tls_rpt_destination_count(NULL), 0);
    SAYS(stv_tls_rpt_destination(NULL, 0), "");
    SAYS(stv_tls_rpt_error(NULL), "");
    SAYS(stv_report_tls_rpt_result(NULL), "");
    nothing_is_written(NULL);
    stv_tls_rpt_free(rpt);
    stv_tls_rpt_free(NULL);
}

static void before_it_is_begun(void)
{
    stv_tls_rpt *rpt = NULL;
    stv_report *report = stripped(NULL);

    IS(stv_tls_rpt_new(&rpt), STV_OK);
    IS(stv_tls_rpt_add(rpt, report), STV_E_STATE);
    MENTIONS(stv_tls_rpt_error(rpt), "stv_tls_rpt_begin");
    IS(stv_tls_rpt_set_organization(rpt, S("A")), STV_E_STATE);
    IS(stv_tls_rpt_set_range(rpt, 0, 1), STV_E_STATE);
    IS(stv_tls_rpt_set_record(rpt, S("v=TLSRPTv1; rua=mailto:a@b.test")), STV_E_STATE);
    IS(stv_tls_rpt_write(rpt), STV_E_STATE);
    nothing_is_written(rpt);
    IS(stv_tls_rpt_begin(rpt, S("bob.test"), S("1")), STV_OK);
    IS(stv_tls_rpt_write(rpt), STV_E_STATE);
    MENTIONS(stv_tls_rpt_error(rpt), "organization");
    IS(stv_tls_rpt_set_organization(rpt, S("A")), STV_OK);
    IS(stv_tls_rpt_write(rpt), STV_E_STATE);
    MENTIONS(stv_tls_rpt_error(rpt), "contact");
    IS(stv_tls_rpt_set_contact(rpt, S("a@alice.test")), STV_OK);
    IS(stv_tls_rpt_write(rpt), STV_E_STATE);
    MENTIONS(stv_tls_rpt_error(rpt), "range");
    nothing_is_written(rpt);
    /* A failed beginning leaves none. */
    IS(stv_tls_rpt_begin(rpt, S("no domain"), S("1")), STV_E_NAME);
    IS(stv_tls_rpt_add(rpt, report), STV_E_STATE);
    stv_report_free(report);
    stv_tls_rpt_free(rpt);
}

static void hostile_text(void)
{
    static const struct {
        const char *text;
        size_t length;
        int status;
    } texts[] = {
        {S("a\0b"), STV_E_ENCODING}, {S("a\377b"), STV_E_ENCODING},   {S("a\nb"), STV_E_ARGUMENT},
        {S("\033[2J"), STV_E_ARGUMENT}, {S("a\302\205b"), STV_E_ARGUMENT}, {S(""), STV_E_ARGUMENT},
    };
    static const int64_t ranges[][2] = {
        {-1, 5}, {6, 5}, {0, INT64_MAX}, {INT64_MIN, INT64_MAX}, {0, 253402300800},
    };
    stv_tls_rpt *rpt = begun();
    char *text = malloc(LONG);
    size_t at;

    for (at = 0; at < sizeof texts / sizeof texts[0]; at++) {
        IS(stv_tls_rpt_set_organization(rpt, texts[at].text, texts[at].length), texts[at].status);
        CHECK(stv_tls_rpt_set_contact(rpt, texts[at].text, texts[at].length) != STV_OK);
        CHECK(stv_tls_rpt_set_record(rpt, texts[at].text, texts[at].length) != STV_OK);
        CHECK(stv_tls_rpt_set_sending_ip(rpt, texts[at].text, texts[at].length) != STV_OK);
    }
    for (at = 0; at < sizeof ranges / sizeof ranges[0]; at++)
        IS(stv_tls_rpt_set_range(rpt, ranges[at][0], ranges[at][1]), STV_E_ARGUMENT);
    IS(stv_tls_rpt_set_contact(rpt, S("alice.test")), STV_E_NAME);
    IS(stv_tls_rpt_set_sending_ip(rpt, S("192.0.2.256")), STV_E_ARGUMENT);
    IS(stv_tls_rpt_set_sending_ip(rpt, S("2001:db8::1")), STV_OK);
    /* What was good before stays. */
    IS(stv_tls_rpt_write(rpt), STV_OK);
    MENTIONS(stv_tls_rpt_json(rpt), "Alice \\\"&\\\" Co. \303\274");
    memset(text, 'a', LONG);
    IS(stv_tls_rpt_set_organization(rpt, text, LONG), STV_E_ARGUMENT);
    MENTIONS(stv_tls_rpt_error(rpt), "512");
    IS(stv_tls_rpt_set_contact(rpt, text, LONG), STV_E_ARGUMENT);
    CHECK(stv_tls_rpt_set_sending_ip(rpt, text, LONG) == STV_E_ARGUMENT);
    CHECK(stv_tls_rpt_set_record(rpt, text, LONG) == STV_E_ARGUMENT);
    CHECK(strlen(stv_tls_rpt_error(rpt)) < 4096);
    IS(stv_tls_rpt_begin(rpt, text, LONG, S("1")), STV_E_NAME);
    CHECK(strlen(stv_tls_rpt_error(rpt)) < 4096);
    IS(stv_tls_rpt_begin(rpt, S("bob.test"), text, LONG), STV_E_ARGUMENT);
    IS(stv_tls_rpt_begin(rpt, S("bob.test\0.eve.test"), S("1")), STV_E_ENCODING);
    free(text);
    stv_tls_rpt_free(rpt);
}

static void sessions(void)
{
    stv_tls_rpt *rpt = begun();
    stv_report *failed = stripped(NULL), *again = stripped("bob.test"), *other = stripped("eve.test");
    stv_report *gone = session(STV_PROTOCOL_SMTP, NULL, "", "");
    stv_report *imap = session(STV_PROTOCOL_IMAP, NULL, "* OK hello\r\n", "");

    SAYS(stv_report_tls_rpt_result(failed), "starttls-not-supported");
    SAYS(stv_report_tls_rpt_result(gone), "");
    SAYS(stv_report_tls_rpt_result(imap), "");
    IS(stv_tls_rpt_add(rpt, failed), STV_OK);
    IS(stv_tls_rpt_add(rpt, again), STV_OK);
    IS(stv_tls_rpt_add(rpt, gone), STV_OK);
    IS(stv_tls_rpt_add(rpt, imap), STV_E_ARGUMENT);
    MENTIONS(stv_tls_rpt_error(rpt), "imap");
    IS(stv_tls_rpt_add(rpt, other), STV_E_ARGUMENT);
    MENTIONS(stv_tls_rpt_error(rpt), "eve.test");
    IS(stv_tls_rpt_failures(rpt), 2);
    IS(stv_tls_rpt_successes(rpt), 0);
    nothing_is_written(rpt);
    IS(stv_tls_rpt_write(rpt), STV_OK);
    SAYS(stv_tls_rpt_file_name(rpt), "alice.test!bob.test!0!86399!202611271.json.gz");
    MENTIONS(stv_tls_rpt_json(rpt), "\"total-failure-session-count\":2");
    MENTIONS(stv_tls_rpt_json(rpt), "\"failure-reason-code\":\"starttls.not_offered\"");
    CHECK(strstr(stv_tls_rpt_json(rpt), "eve.test") == NULL);
    CHECK(stv_tls_rpt_gzip_len(rpt) > 18);
    CHECK(stv_tls_rpt_gzip(rpt) && !memcmp(stv_tls_rpt_gzip(rpt), "\037\213\010", 3));
    /* What is outdated is gone. */
    IS(stv_tls_rpt_add(rpt, failed), STV_OK);
    nothing_is_written(rpt);
    IS(stv_tls_rpt_write(rpt), STV_OK);
    MENTIONS(stv_tls_rpt_json(rpt), "\"total-failure-session-count\":3");
    /* The next day. */
    IS(stv_tls_rpt_begin(rpt, S("bob.test"), S("2")), STV_OK);
    IS(stv_tls_rpt_failures(rpt), 0);
    nothing_is_written(rpt);
    stv_report_free(failed);
    stv_report_free(again);
    stv_report_free(other);
    stv_report_free(gone);
    stv_report_free(imap);
    stv_tls_rpt_free(rpt);
}

/* No session: nobody has delivered anything to a file. */
static void a_chain_on_disk(void)
{
    stv_tls_rpt *rpt = begun();
    stv_verifier *verifier = new_verifier();
    stv_peer *peer = NULL;
    stv_chain *chain = NULL;
    stv_report *report = NULL;

    IS(stv_peer_new(&peer), STV_OK);
    IS(stv_peer_set_host(peer, S("mail.bob.test")), STV_OK);
    IS(stv_chain_new(&chain), STV_OK);
    IS(stv_verifier_judge(verifier, peer, chain, &report), STV_E_REJECTED);
    SAYS(stv_report_tls_rpt_result(report), "");
    IS(stv_tls_rpt_add(rpt, report), STV_E_ARGUMENT);
    MENTIONS(stv_tls_rpt_error(rpt), "chain");
    IS(stv_tls_rpt_failures(rpt), 0);
    stv_report_free(report);
    stv_chain_free(chain);
    stv_peer_free(peer);
    stv_verifier_free(verifier);
    stv_tls_rpt_free(rpt);
}

static void destinations(void)
{
    stv_tls_rpt *rpt = begun();

    IS(stv_tls_rpt_set_record(rpt, S("v=TLSRPTv1; rua=mailto:a@b.test,https://b.test/r")), STV_OK);
    IS(stv_tls_rpt_destination_count(rpt), 2);
    SAYS(stv_tls_rpt_destination(rpt, 0), "mailto:a@b.test");
    SAYS(stv_tls_rpt_destination(rpt, 1), "https://b.test/r");
    SAYS(stv_tls_rpt_destination(rpt, 2), "");
    SAYS(stv_tls_rpt_destination(rpt, (size_t)-1), "");
    /* A broken one does not leave the one before in force. */
    IS(stv_tls_rpt_set_record(rpt, S("v=TLSRPTv1; rua=")), STV_E_ARGUMENT);
    MENTIONS(stv_tls_rpt_error(rpt), "rua");
    IS(stv_tls_rpt_destination_count(rpt), 0);
    IS(stv_tls_rpt_set_record(rpt, S("v=spf1 -all")), STV_E_ARGUMENT);
    stv_tls_rpt_free(rpt);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: test_tls_rpt CERTIFICATES\n");
        return EXIT_FAILURE;
    }
    certificates = argv[1];
    nulls();
    before_it_is_begun();
    hostile_text();
    sessions();
    a_chain_on_disk();
    destinations();
    return checks_end();
}
