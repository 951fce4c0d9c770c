/* Certificates that a fuzzer made: each parses or is refused with a message, and what parses is judged,
 * described and asked about. Run under AddressSanitizer with leak detection; what is proved is that
 * nothing crashes and nothing is lost.
 * Arguments: files, one certificate or what was one in each; or --leak, which loses a chain. */
#include "starttls_verify.h"

#include "check.h"

#define S(literal) literal, sizeof(literal) - 1

enum { MOST = 1 << 20 };

static size_t parsed, refused, trusted;

/* Exactly as long as the file, so that one octet behind it is out of bounds. */
static unsigned char *contents(const char *path, size_t *length)
{
    static unsigned char room[MOST];
    unsigned char *exact;
    FILE *stream = fopen(path, "rb");

    if (!stream) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    *length = fread(room, 1, sizeof room, stream);
    fclose(stream);
    exact = malloc(*length ? *length : 1);
    if (!exact)
        exit(EXIT_FAILURE);
    memcpy(exact, room, *length);
    return exact;
}

/* Nobody is trusted, but everything is looked at; the second time the certificate itself is the anchor. */
static stv_verifier *verifier_with(const unsigned char *anchor, size_t length)
{
    stv_config *config = NULL;
    stv_verifier *verifier = NULL;

    IS(stv_config_new(&config), STV_OK);
    IS(stv_config_set_bool(config, S("system_ca"), 0), STV_OK);
    if (anchor)
        IS(stv_config_set_bytes(config, S("ca_der"), anchor, length), STV_OK);
    IS(stv_config_set_str(config, S("chain_profile"), S("webpki")), STV_OK);
    if (stv_verifier_new(config, &verifier) != STV_OK)
        MENTIONS(stv_config_error(config), "ca_der");
    stv_config_free(config);
    return verifier;
}

static void read_all(const stv_report *report)
{
    size_t i;

    CHECK(*stv_report_text(report) && *stv_report_json(report) && *stv_report_summary(report));
    CHECK(stv_report_untrusted_facts(report));
    for (i = 0; i < stv_report_count(report); i++) {
        CHECK(*stv_report_finding_code(report, i));
        CHECK(stv_report_finding_detail(report, i) && stv_report_finding_hint(report, i));
        CHECK(stv_report_finding_wanted(report, i) && stv_report_finding_found(report, i));
        CHECK(*stv_report_finding_source(report, i));
    }
}

static void judge(const stv_chain *chain, const unsigned char *anchor, size_t length)
{
    stv_verifier *verifier = verifier_with(anchor, length);
    stv_peer *peer = NULL;
    stv_report *report = NULL;

    if (!verifier)
        return;
    IS(stv_peer_new(&peer), STV_OK);
    IS(stv_peer_set_host(peer, S("mail.bob.test")), STV_OK);
    if (stv_verifier_judge(verifier, peer, chain, &report) == STV_OK)
        trusted++;
    CHECK(report);
    read_all(report);
    stv_report_free(report);
    stv_peer_free(peer);
    stv_verifier_free(verifier);
}

static void ask(const unsigned char *der, size_t length)
{
    int match = 0;

    stv_cert_names_host(der, length, S("dns:mail.bob.test"), &match);
    stv_cert_names_host(der, length, S("ip:192.0.2.1"), &match);
    stv_cert_names_host(der, length, S("email:bob@bob.test"), &match);
    stv_cert_matches_pin(der, length, S("spki-sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        &match);
    CHECK(!match);
}

static void one(const char *path)
{
    size_t length = 0;
    unsigned char *der = contents(path, &length);
    stv_chain *chain = NULL;

    IS(stv_chain_new(&chain), STV_OK);
    if (stv_chain_add_der(chain, der, length) == STV_OK) {
        parsed++;
        judge(chain, NULL, 0);
        judge(chain, der, length);
        /* Its own issuer, as far as it goes. */
        IS(stv_chain_add_der(chain, der, length), STV_OK);
        judge(chain, NULL, 0);
    } else {
        refused++;
        CHECK(*stv_chain_error(chain));
        CHECK(stv_chain_count(chain) == 0);
    }
    ask(der, length);
    stv_chain_free(chain);
    free(der);
}

/* Whoever runs this without leak detection is told: the run must fail. */
static int leak(void)
{
    stv_chain *chain = NULL;

    IS(stv_chain_new(&chain), STV_OK);
    chain = NULL;
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    int i;

    if (argc == 2 && strcmp(argv[1], "--leak") == 0)
        return leak();
    for (i = 1; i < argc; i++)
        one(argv[i]);
    printf("corpus: %d files, %lu certificates judged, %lu refused as none, ", argc - 1,
        (unsigned long)parsed, (unsigned long)refused);
    printf("%lu verdicts TRUSTED; ", (unsigned long)trusted);
    CHECK(trusted == 0);
    return checks_end();
}
