/* What holds for every function: NULL, lengths, encodings, types, order of use. No certificates and no
 * sockets are needed here. */
#include "starttls_verify.h"

#include "check.h"

#define S(literal) literal, sizeof(literal) - 1

static void names_of_numbers(void)
{
    static const int odd[] = {-1, 5, 99, 119, 401, 9999, -2147483647 - 1, 2147483647};
    size_t i;

    CHECK(stv_abi_level() >= STV_ABI_LEVEL);
    SAYS(stv_version(), "0.1.0");
    SAYS(stv_status_name(STV_OK), "STV_OK");
    SAYS(stv_status_name(STV_E_REJECTED), "STV_E_REJECTED");
    MENTIONS(stv_status_text(STV_E_INJECTED), "plaintext");
    SAYS(stv_verdict_name(STV_VERDICT_UNKNOWN), "unknown");
    SAYS(stv_verdict_name(STV_VERDICT_TRUSTED), "trusted");
    SAYS(stv_check_name(STV_CHECK_CHAIN), "chain");
    SAYS(stv_outcome_name(STV_OUTCOME_PASS), "pass");
    SAYS(stv_protocol_name(STV_PROTOCOL_SMTP), "smtp");
    IS(stv_protocol_port(STV_PROTOCOL_SMTP), 25);
    IS(stv_protocol_port(STV_PROTOCOL_TLS), 0);
    for (i = 0; i < sizeof odd / sizeof *odd; i++) {
        SAYS(stv_status_name(odd[i]), "");
        SAYS(stv_status_text(odd[i]), "unknown status");
        if (odd[i] < 0 || odd[i] > 99) {
            SAYS(stv_verdict_name(odd[i]), "");
            SAYS(stv_check_name(odd[i]), "");
            SAYS(stv_outcome_name(odd[i]), "");
            SAYS(stv_protocol_name(odd[i]), "");
            IS(stv_protocol_port(odd[i]), -1);
        }
    }
}

static void schemes(void)
{
    int protocol = 77;

    IS(stv_protocol_from_scheme(S("submission"), &protocol), STV_OK);
    IS(protocol, STV_PROTOCOL_SUBMISSION);
    IS(stv_protocol_from_scheme(S("gopher"), &protocol), STV_E_ARGUMENT);
    IS(protocol, 0);
    IS(stv_protocol_from_scheme(S("smtp\0s"), &protocol), STV_E_ENCODING);
    IS(stv_protocol_from_scheme(S("smtp"), NULL), STV_E_NULL);
    IS(stv_protocol_from_scheme(NULL, 4, &protocol), STV_E_NULL);
    IS(stv_protocol_from_scheme(NULL, 0, &protocol), STV_E_ARGUMENT);
}

static void tables(void)
{
    size_t i, dangers = 0;

    CHECK(stv_code_count() > 20);
    for (i = 0; i < stv_code_count(); i++) {
        CHECK(strchr(stv_code_name(i), '.') != NULL);
        CHECK(*stv_code_meaning(i));
        CHECK(stv_code_hint(i) != NULL);
    }
    SAYS(stv_code_name(i), "");
    SAYS(stv_code_meaning((size_t)-1), "");
    SAYS(stv_code_hint(i), "");

    CHECK(stv_option_count() > 20);
    for (i = 0; i < stv_option_count(); i++) {
        const char *insecure = stv_option_insecure_name(i);
        CHECK(*stv_option_name(i) && *stv_option_type(i) && *stv_option_help(i));
        CHECK(!*insecure || !strncmp(insecure, "insecure_", 9));
        dangers += *insecure != 0;
    }
    CHECK(dangers > 3);
    SAYS(stv_option_name(i), "");
    SAYS(stv_option_type(i), "");
    SAYS(stv_option_help((size_t)-1), "");
    SAYS(stv_option_insecure_name(i), "");
}

/* Every function, with NULL wherever a pointer goes. */
static void null_everywhere(void)
{
    size_t n = 5;
    int m = 5;

    IS(stv_config_new(NULL), STV_E_NULL);
    stv_config_free(NULL);
    IS(stv_config_set_str(NULL, S("cafile"), S("x")), STV_E_NULL);
    IS(stv_config_set_int(NULL, S("verify_depth"), 1), STV_E_NULL);
    IS(stv_config_set_bool(NULL, S("audit"), 1), STV_E_NULL);
    IS(stv_config_set_bytes(NULL, S("ca_pem"), S("x")), STV_E_NULL);
    IS(stv_config_add_str(NULL, S("cafile"), S("x")), STV_E_NULL);
    IS(stv_config_add_bytes(NULL, S("ca_pem"), S("x")), STV_E_NULL);
    IS(stv_config_set_text(NULL, S("audit"), S("true")), STV_E_NULL);
    IS(stv_config_add_text(NULL, S("pin"), S("x")), STV_E_NULL);
    IS(stv_config_load_file(NULL, S("x")), STV_E_NULL);
    SAYS(stv_config_error(NULL), "");

    IS(stv_verifier_new(NULL, NULL), STV_E_NULL);
    CHECK(!stv_verifier_dup(NULL));
    stv_verifier_free(NULL);
    IS(stv_verifier_stale(NULL), 0);
    IS(stv_verifier_judge(NULL, NULL, NULL, NULL), STV_E_NULL);

    IS(stv_peer_new(NULL), STV_E_NULL);
    stv_peer_free(NULL);
    IS(stv_peer_set_protocol(NULL, 0), STV_E_NULL);
    IS(stv_peer_set_host(NULL, S("x")), STV_E_NULL);
    IS(stv_peer_set_port(NULL, 1), STV_E_NULL);
    IS(stv_peer_add_reference(NULL, S("dns:x")), STV_E_NULL);
    IS(stv_peer_set_connect(NULL, S("x")), STV_E_NULL);
    IS(stv_peer_set_sni(NULL, S("x")), STV_E_NULL);
    SAYS(stv_peer_error(NULL), "");

    IS(stv_chain_new(NULL), STV_E_NULL);
    stv_chain_free(NULL);
    IS(stv_chain_add_der(NULL, S("x")), STV_E_NULL);
    IS(stv_chain_add_pem(NULL, S("x")), STV_E_NULL);
    IS(stv_chain_set_ocsp(NULL, S("x")), STV_E_NULL);
    IS(stv_chain_count(NULL), 0);
    SAYS(stv_chain_error(NULL), "");

    IS(stv_session_new(NULL, NULL, NULL), STV_E_NULL);
    stv_session_free(NULL);
    IS(stv_session_feed(NULL, S("x")), STV_E_NULL);
    IS(stv_session_feed_eof(NULL), STV_E_NULL);
    IS(stv_session_step(NULL), STV_E_NULL);
    IS(stv_session_take(NULL, &m, sizeof m, &n), STV_E_NULL);
    IS(n, 0);
    n = 5;
    IS(stv_session_read(NULL, &m, sizeof m, &n), STV_E_NULL);
    IS(n, 0);
    n = 5;
    IS(stv_session_write(NULL, S("x"), &n), STV_E_NULL);
    IS(n, 0);
    IS(stv_session_close(NULL), STV_E_NULL);
    IS(stv_session_pending(NULL), 0);
    IS(stv_session_run_fd(NULL, 0), STV_E_NULL);
    IS(stv_session_connect(NULL), STV_E_NULL);
    IS(stv_session_fd(NULL), -1);
    IS(stv_session_report(NULL, NULL), STV_E_NULL);
    IS(stv_session_server_speaks_first(NULL), 0);
    SAYS(stv_session_error(NULL), "");

    CHECK(!stv_report_dup(NULL));
    stv_report_free(NULL);
    IS(stv_report_verdict(NULL), STV_VERDICT_UNKNOWN);
    IS(stv_report_status(NULL), STV_E_NULL);
    SAYS(stv_report_code(NULL), "");
    SAYS(stv_report_summary(NULL), "");
    SAYS(stv_report_text(NULL), "");
    SAYS(stv_report_json(NULL), "");
    IS(stv_report_count(NULL), 0);
    IS(stv_report_finding_check(NULL, 0), -1);
    IS(stv_report_finding_outcome(NULL, 0), -1);
    IS(stv_report_finding_depth(NULL, 0), -1);
    SAYS(stv_report_finding_code(NULL, 0), "");
    SAYS(stv_report_finding_wanted(NULL, 0), "");
    SAYS(stv_report_finding_found(NULL, 0), "");
    SAYS(stv_report_finding_detail(NULL, 0), "");
    SAYS(stv_report_finding_hint(NULL, 0), "");
    SAYS(stv_report_finding_source(NULL, 0), "");

    m = 5;
    IS(stv_cert_names_host(NULL, 1, S("dns:x"), &m), STV_E_NULL);
    IS(m, 0);
    IS(stv_cert_names_host(S("x"), S("dns:x"), NULL), STV_E_NULL);
    m = 5;
    IS(stv_cert_matches_pin(NULL, 1, S("sha256:00"), &m), STV_E_NULL);
    IS(m, 0);
    IS(stv_cert_matches_pin(S("x"), S("sha256:00"), NULL), STV_E_NULL);
}

/* The caller's own faults leave NULL, whatever stood there. */
static void out_is_cleared(void)
{
    char junk;
    stv_verifier *verifier = (stv_verifier *)(void *)&junk;
    stv_session *session = (stv_session *)(void *)&junk;
    stv_report *report = (stv_report *)(void *)&junk;

    IS(stv_verifier_new(NULL, &verifier), STV_E_NULL);
    CHECK(!verifier);
    IS(stv_session_new(NULL, NULL, &session), STV_E_NULL);
    CHECK(!session);
    IS(stv_verifier_judge(NULL, NULL, NULL, &report), STV_E_NULL);
    CHECK(!report);
    report = (stv_report *)(void *)&junk;
    IS(stv_session_report(NULL, &report), STV_E_NULL);
    CHECK(!report);
}

/* Lengths that no object has are refused before memory is touched. */
static void lengths(void)
{
    static const size_t absurd[] = {(size_t)-1, (size_t)-1 / 2 + 1};
    const char *x = "cafile";
    stv_config *config;
    stv_peer *peer;
    stv_chain *chain;
    size_t i;
    int m;

    IS(stv_config_new(&config), STV_OK);
    IS(stv_peer_new(&peer), STV_OK);
    IS(stv_chain_new(&chain), STV_OK);
    for (i = 0; i < 2; i++) {
        size_t huge = absurd[i];
        IS(stv_config_set_str(config, x, huge, x, 1), STV_E_ARGUMENT);
        IS(stv_config_set_str(config, x, 6, x, huge), STV_E_ARGUMENT);
        MENTIONS(stv_config_error(config), "value");
        IS(stv_config_set_int(config, x, huge, 1), STV_E_ARGUMENT);
        IS(stv_config_set_bool(config, x, huge, 1), STV_E_ARGUMENT);
        IS(stv_config_set_bytes(config, "ca_pem", 6, x, huge), STV_E_ARGUMENT);
        IS(stv_config_add_str(config, x, 6, x, huge), STV_E_ARGUMENT);
        IS(stv_config_add_bytes(config, "ca_pem", 6, NULL, huge), STV_E_ARGUMENT);
        IS(stv_config_set_text(config, x, 6, x, huge), STV_E_ARGUMENT);
        IS(stv_config_add_text(config, x, 6, x, huge), STV_E_ARGUMENT);
        IS(stv_config_load_file(config, x, huge), STV_E_ARGUMENT);
        IS(stv_peer_set_host(peer, x, huge), STV_E_ARGUMENT);
        IS(stv_peer_add_reference(peer, x, huge), STV_E_ARGUMENT);
        IS(stv_peer_set_connect(peer, x, huge), STV_E_ARGUMENT);
        IS(stv_peer_set_sni(peer, x, huge), STV_E_ARGUMENT);
        IS(stv_chain_add_der(chain, x, huge), STV_E_ARGUMENT);
        IS(stv_chain_add_pem(chain, x, huge), STV_E_ARGUMENT);
        IS(stv_protocol_from_scheme(x, huge, &m), STV_E_ARGUMENT);
        IS(stv_cert_names_host(x, huge, x, 1, &m), STV_E_ARGUMENT);
        IS(stv_cert_names_host(x, 1, x, huge, &m), STV_E_ARGUMENT);
        IS(stv_cert_matches_pin(x, huge, x, 1, &m), STV_E_ARGUMENT);
        IS(stv_cert_matches_pin(x, 1, x, huge, &m), STV_E_ARGUMENT);
    }
    /* Nothing, with and without a pointer. */
    IS(stv_config_set_str(config, NULL, 0, NULL, 0), STV_E_OPTION_UNKNOWN);
    IS(stv_config_set_str(config, S("cafile"), NULL, 1), STV_E_NULL);
    IS(stv_config_set_str(config, NULL, 6, S("x")), STV_E_NULL);
    IS(stv_chain_add_der(chain, NULL, 0), STV_E_CERTIFICATE);
    IS(stv_chain_add_der(chain, NULL, 1), STV_E_NULL);
    IS(stv_chain_set_ocsp(chain, S("x")), STV_OK);
    IS(stv_chain_set_ocsp(chain, NULL, 0), STV_OK);
    IS(stv_chain_set_ocsp(chain, NULL, 1), STV_E_NULL);
    IS(stv_chain_add_pem(chain, x, 0), STV_E_CERTIFICATE);
    IS(stv_chain_count(chain), 0);
    IS(stv_peer_set_host(peer, NULL, 0), STV_E_NAME);
    CHECK(*stv_peer_error(peer));
    stv_config_free(config);
    stv_peer_free(peer);
    stv_chain_free(chain);
}

/* "mail.bob.test\0.evil" arrives whole and is refused. */
static void encodings(void)
{
    stv_config *config;
    stv_peer *peer;
    int m;

    IS(stv_config_new(&config), STV_OK);
    IS(stv_peer_new(&peer), STV_OK);
    IS(stv_peer_set_host(peer, S("mail.bob.test\0.evil")), STV_E_ENCODING);
    MENTIONS(stv_peer_error(peer), "NUL at octet 13");
    IS(stv_peer_set_host(peer, S("m\374nchen.test")), STV_E_ENCODING);
    MENTIONS(stv_peer_error(peer), "not UTF-8 from octet 1");
    IS(stv_peer_set_host(peer, S("m\303\274nchen.test")), STV_OK);
    IS(stv_peer_add_reference(peer, S("dns:a\0b")), STV_E_ENCODING);
    IS(stv_peer_set_connect(peer, S("a\0b")), STV_E_ENCODING);
    IS(stv_peer_set_sni(peer, S("a\0b")), STV_E_ENCODING);
    IS(stv_config_set_str(config, S("cafile\0"), S("x")), STV_E_ENCODING);
    IS(stv_config_set_str(config, S("cafile"), S("x\0y")), STV_E_ENCODING);
    IS(stv_config_add_str(config, S("cafile"), S("\377")), STV_E_ENCODING);
    IS(stv_config_set_text(config, S("cafile"), S("\377")), STV_E_ENCODING);
    IS(stv_config_add_text(config, S("cafile"), S("x\0")), STV_E_ENCODING);
    IS(stv_config_set_int(config, S("verify_depth\0"), 1), STV_E_ENCODING);
    IS(stv_config_set_bool(config, S("audit\0"), 1), STV_E_ENCODING);
    IS(stv_config_set_bytes(config, S("ca_pem\0"), S("x")), STV_E_ENCODING);
    IS(stv_config_add_bytes(config, S("ca_pem\0"), S("x")), STV_E_ENCODING);
    IS(stv_config_load_file(config, S("/tmp\0/x")), STV_E_ENCODING);
    IS(stv_cert_names_host(S("x"), S("dns:a\0b"), &m), STV_E_ENCODING);
    IS(stv_cert_matches_pin(S("x"), S("sha256:\0"), &m), STV_E_ENCODING);
    stv_config_free(config);
    stv_peer_free(peer);
}

static void options(void)
{
    stv_config *config;
    stv_verifier *verifier;

    IS(stv_config_new(&config), STV_OK);
    SAYS(stv_config_error(config), "");
    IS(stv_config_set_bool(config, S("I-want-a-banana"), 1), STV_E_OPTION_UNKNOWN);
    MENTIONS(stv_config_error(config), "banana");
    IS(stv_config_set_str(config, S("ca_file"), S("x")), STV_E_OPTION_UNKNOWN);
    MENTIONS(stv_config_error(config), "'cafile'");
    IS(stv_config_set_int(config, S("cafile"), 1), STV_E_OPTION_TYPE);
    IS(stv_config_set_str(config, S("verify_depth"), S("3")), STV_E_OPTION_TYPE);
    IS(stv_config_set_bool(config, S("verify_depth"), 1), STV_E_OPTION_TYPE);
    IS(stv_config_set_bytes(config, S("cafile"), S("x")), STV_E_OPTION_TYPE);
    IS(stv_config_set_str(config, S("ca_pem"), S("x")), STV_E_OPTION_TYPE);
    IS(stv_config_add_str(config, S("peer_name"), S("x")), STV_E_OPTION_TYPE);
    IS(stv_config_add_bytes(config, S("cafile"), S("x")), STV_E_OPTION_TYPE);
    IS(stv_config_set_bool(config, S("audit"), 2), STV_E_ARGUMENT);
    IS(stv_config_set_bool(config, S("audit"), -1), STV_E_ARGUMENT);
    IS(stv_config_set_int(config, S("verify_depth"), -1), STV_E_OPTION_VALUE);
    IS(stv_config_set_int(config, S("verify_depth"), (int64_t)1 << 40), STV_E_OPTION_VALUE);
    IS(stv_config_set_bool(config, S("verify_peer"), 0), STV_E_INSECURE);
    MENTIONS(stv_config_error(config), "insecure_no_chain");
    IS(stv_config_set_int(config, S("security_level"), 0), STV_E_INSECURE);
    IS(stv_config_set_int(config, S("insecure_security_level"), 0), STV_OK);
    IS(stv_config_set_bool(config, S("verify_peer"), 1), STV_OK);
    IS(stv_config_set_int(config, S("verify_depth"), 3), STV_OK);
    IS(stv_config_set_text(config, S("verify_depth"), S("many")), STV_E_OPTION_TYPE);
    IS(stv_config_set_text(config, S("verify_depth"), S("4")), STV_OK);
    IS(stv_config_set_text(config, S("audit"), S("true")), STV_OK);
    IS(stv_config_set_text(config, S("audit"), S("perhaps")), STV_E_OPTION_TYPE);
    IS(stv_config_load_file(config, S("/nonexistent/starttls.conf")), STV_E_FILE_MISSING);
    MENTIONS(stv_config_error(config), "/nonexistent/starttls.conf");
    IS(stv_config_set_str(config, S("cafile"), S("/nonexistent/ca.pem")), STV_OK);
    IS(stv_verifier_new(config, &verifier), STV_E_FILE_MISSING);
    CHECK(!verifier);
    MENTIONS(stv_config_error(config), "/nonexistent/ca.pem");
    stv_config_free(config);
}

static void peers(void)
{
    stv_peer *peer;

    IS(stv_peer_new(&peer), STV_OK);
    SAYS(stv_peer_error(peer), "");
    IS(stv_peer_set_protocol(peer, STV_PROTOCOL_SMTP), STV_OK);
    IS(stv_peer_set_protocol(peer, -1), STV_E_ARGUMENT);
    IS(stv_peer_set_protocol(peer, 9999), STV_E_ARGUMENT);
    MENTIONS(stv_peer_error(peer), "9999");
    IS(stv_peer_set_port(peer, 2525), STV_OK);
    IS(stv_peer_set_port(peer, 0), STV_OK);
    IS(stv_peer_set_port(peer, 65536), STV_E_ARGUMENT);
    IS(stv_peer_set_port(peer, -1), STV_E_ARGUMENT);
    IS(stv_peer_set_host(peer, S("mail.bob.test")), STV_OK);
    IS(stv_peer_set_host(peer, S(".example.com")), STV_E_NAME);
    IS(stv_peer_set_host(peer, S("*.example.com")), STV_E_NAME);
    IS(stv_peer_set_host(peer, S("a..b")), STV_E_NAME);
    IS(stv_peer_add_reference(peer, S("dns:bob.test")), STV_OK);
    IS(stv_peer_add_reference(peer, S("banana:bob.test")), STV_E_NAME);
    IS(stv_peer_add_reference(peer, S("")), STV_E_NAME);
    CHECK(*stv_peer_error(peer));
    stv_peer_free(peer);
}

static void garbage_certificates(void)
{
    static const char *garbage[] = {
        "", "x", "0", "\060\202", "\060\204\177\377\377\377", "\060\200\000\000",
        "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    };
    stv_chain *chain;
    size_t i;
    int m;

    IS(stv_chain_new(&chain), STV_OK);
    for (i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        size_t length = strlen(garbage[i]);
        IS(stv_chain_add_der(chain, garbage[i], length), STV_E_CERTIFICATE);
        CHECK(*stv_chain_error(chain));
        IS(stv_chain_add_pem(chain, garbage[i], length), STV_E_CERTIFICATE);
        IS(stv_cert_names_host(garbage[i], length, S("dns:a.test"), &m), STV_E_CERTIFICATE);
        IS(m, 0);
        IS(stv_chain_count(chain), 0);
    }
    stv_chain_free(chain);
}

int main(void)
{
    names_of_numbers();
    schemes();
    tables();
    null_everywhere();
    out_is_cleared();
    lengths();
    encodings();
    options();
    peers();
    garbage_certificates();
    return checks_end();
}
