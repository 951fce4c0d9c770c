/* Alice, Bob and Eve, from C: the same CA vouches for both, and only Bob is who was meant.
 * Argument: the directory that certificates.sh has filled. */
#include "starttls_verify.h"

#include <openssl/err.h>

#include "check.h"

#define S(literal) literal, sizeof(literal) - 1

static const char *certificates;

struct file {
    char bytes[16384];
    size_t length;
};

static void path_of(char *path, size_t room, const char *name)
{
    if (snprintf(path, room, "%s/%s", certificates, name) >= (int)room)
        exit(EXIT_FAILURE);
}

static struct file *read_file(const char *name)
{
    static struct file file;
    char path[4096];
    FILE *stream;

    path_of(path, sizeof path, name);
    stream = fopen(path, "rb");
    if (!stream) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    file.length = fread(file.bytes, 1, sizeof file.bytes, stream);
    fclose(stream);
    return &file;
}

static stv_verifier *verifier_with(const char *cafile)
{
    stv_config *config = NULL;
    stv_verifier *verifier = NULL;
    char path[4096];

    path_of(path, sizeof path, cafile);
    IS(stv_config_new(&config), STV_OK);
    IS(stv_config_set_str(config, S("cafile"), path, strlen(path)), STV_OK);
    IS(stv_verifier_new(config, &verifier), STV_OK);
    SAYS(stv_config_error(config), "");
    stv_config_free(config);
    return verifier;
}

static stv_peer *peer_named(const char *host)
{
    stv_peer *peer = NULL;

    IS(stv_peer_new(&peer), STV_OK);
    IS(stv_peer_set_protocol(peer, STV_PROTOCOL_SMTP), STV_OK);
    IS(stv_peer_set_host(peer, host, strlen(host)), STV_OK);
    return peer;
}

static stv_chain *chain_of(const char *name)
{
    stv_chain *chain = NULL;
    struct file *pem = read_file(name);

    IS(stv_chain_new(&chain), STV_OK);
    IS(stv_chain_add_pem(chain, pem->bytes, pem->length), STV_OK);
    return chain;
}

/* Every text is there, and the same when asked again. */
static void well_formed(const stv_report *report)
{
    size_t i, count = stv_report_count(report);

    CHECK(count > 0);
    CHECK(stv_report_text(report) == stv_report_text(report));
    MENTIONS(stv_report_json(report), "\"v\":1");
    CHECK(!strncmp(stv_report_text(report), stv_report_summary(report),
                   strlen(stv_report_summary(report))));
    for (i = 0; i < count; i++) {
        CHECK(*stv_check_name(stv_report_finding_check(report, i)));
        CHECK(*stv_outcome_name(stv_report_finding_outcome(report, i)));
        CHECK(strchr(stv_report_finding_code(report, i), '.') != NULL);
        CHECK(stv_report_finding_depth(report, i) >= -1);
        CHECK(stv_report_finding_wanted(report, i) && stv_report_finding_found(report, i));
        CHECK(*stv_report_finding_detail(report, i));
        CHECK(stv_report_finding_hint(report, i) == stv_report_finding_hint(report, i));
        CHECK(*stv_report_finding_source(report, i));
    }
    IS(stv_report_finding_outcome(report, count), -1);
    IS(stv_report_finding_check(report, (size_t)-1), -1);
    SAYS(stv_report_finding_code(report, count), "");
    SAYS(stv_report_finding_detail(report, count), "");
}

static void judge(const char *cafile, const char *host, const char *chain_file, const char *code)
{
    stv_verifier *verifier = verifier_with(cafile);
    stv_peer *peer = peer_named(host);
    stv_chain *chain = chain_of(chain_file);
    stv_report *report = NULL, *again;
    int trusted = !*code;

    IS(stv_verifier_judge(verifier, peer, chain, &report), trusted ? STV_OK : STV_E_REJECTED);
    IS(stv_report_verdict(report), trusted ? STV_VERDICT_TRUSTED : STV_VERDICT_REJECTED);
    IS(stv_report_status(report), trusted ? STV_OK : STV_E_REJECTED);
    SAYS(stv_report_code(report), code);
    MENTIONS(stv_report_summary(report), trusted ? "TRUSTED" : "REJECTED");
    MENTIONS(stv_report_summary(report), host);

    /* A report stands on its own feet. */
    again = stv_report_dup(report);
    stv_report_free(report);
    stv_chain_free(chain);
    stv_peer_free(peer);
    stv_verifier_free(verifier);
    well_formed(again);
    stv_report_free(again);
}

static void nothing_to_judge(void)
{
    stv_verifier *verifier = verifier_with("ca.pem");
    stv_peer *peer = peer_named("mail.bob.test");
    stv_chain *chain = NULL;
    stv_report *report = NULL;

    IS(stv_chain_new(&chain), STV_OK);
    IS(stv_verifier_judge(verifier, peer, chain, &report), STV_E_REJECTED);
    CHECK(report && stv_report_verdict(report) != STV_VERDICT_TRUSTED);
    stv_report_free(report);
    IS(stv_verifier_judge(verifier, peer, NULL, &report), STV_E_NULL);
    CHECK(!report);
    IS(stv_verifier_judge(verifier, NULL, chain, &report), STV_E_NULL);
    IS(stv_verifier_stale(verifier), 0);
    stv_chain_free(chain);
    stv_peer_free(peer);
    stv_verifier_free(verifier);
}

static void cheap_questions(void)
{
    struct file der = *read_file("bob.der");
    struct file pin = *read_file("bob.pin");
    int match = -1;

    IS(stv_cert_names_host(der.bytes, der.length, S("dns:mail.bob.test"), &match), STV_OK);
    IS(match, 1);
    IS(stv_cert_names_host(der.bytes, der.length, S("dns:mail.eve.test"), &match), STV_OK);
    IS(match, 0);
    IS(stv_cert_names_host(der.bytes, der.length, S("banana"), &match), STV_E_NAME);
    IS(match, 0);
    IS(stv_cert_matches_pin(der.bytes, der.length, pin.bytes, pin.length, &match), STV_OK);
    IS(match, 1);
    pin.bytes[pin.length - 1] = pin.bytes[pin.length - 1] == '0' ? '1' : '0';
    IS(stv_cert_matches_pin(der.bytes, der.length, pin.bytes, pin.length, &match), STV_OK);
    IS(match, 0);
    IS(stv_cert_matches_pin(der.bytes, der.length, S("banana"), &match), STV_E_PIN);
    IS(stv_cert_names_host(der.bytes, der.length - 1, S("dns:mail.bob.test"), &match),
       STV_E_CERTIFICATE);
    IS(match, 0);
}

static void der_chain(void)
{
    struct file der = *read_file("bob.der");
    stv_chain *chain = NULL;

    IS(stv_chain_new(&chain), STV_OK);
    IS(stv_chain_add_der(chain, der.bytes, der.length), STV_OK);
    IS(stv_chain_add_der(chain, der.bytes, der.length - 1), STV_E_CERTIFICATE);
    der.bytes[der.length] = 0;
    IS(stv_chain_add_der(chain, der.bytes, der.length + 1), STV_E_CERTIFICATE);
    IS(stv_chain_count(chain), 1);
    stv_chain_free(chain);
}

/* What the caller has in OpenSSL's error queue is there afterwards, and nothing else. */
static void error_queue(void)
{
    stv_verifier *verifier = verifier_with("other.pem");
    stv_peer *peer = peer_named("mail.bob.test");
    stv_chain *chain = chain_of("bob.pem");
    stv_report *report = NULL;
    unsigned long mine;
    int match;

    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 7);
    mine = ERR_peek_error();
    IS(stv_chain_add_der(chain, S("garbage")), STV_E_CERTIFICATE);
    IS(stv_chain_add_pem(chain, S("garbage")), STV_E_CERTIFICATE);
    IS(stv_verifier_judge(verifier, peer, chain, &report), STV_E_REJECTED);
    IS(stv_cert_matches_pin(S("garbage"), S("sha256:00"), &match) != STV_OK, 1);
    CHECK(*stv_report_text(report));
    stv_report_free(report);
    stv_chain_free(chain);
    stv_peer_free(peer);
    stv_verifier_free(verifier);
    CHECK(ERR_get_error() == mine);
    CHECK(ERR_get_error() == 0);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: test_judge CERTIFICATES\n");
        return EXIT_FAILURE;
    }
    certificates = argv[1];
    judge("ca.pem", "mail.bob.test", "bob-chain.pem", "");
    judge("ca.pem", "mail.bob.test", "eve.pem", "name.mismatch");
    judge("other.pem", "mail.bob.test", "bob.pem", "chain.unknown_issuer");
    nothing_to_judge();
    cheap_questions();
    der_chain();
    error_queue();
    return checks_end();
}
