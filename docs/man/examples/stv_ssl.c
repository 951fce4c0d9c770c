/* A program with its own OpenSSL connection, to a server that speaks TLS at once.
 * usage: HOST ADDRESS:PORT CAFILE */
#include <openssl/ssl.h>
#include <starttls_verify.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);
    BIO *bio = argc == 4 ? BIO_new_connect(argv[2]) : NULL;
    stv_config *config = NULL;
    stv_verifier *verifier = NULL;
    stv_peer *peer = NULL;
    stv_report *report = NULL;
    stv_status status = STV_E_ARGUMENT;

    SSL_set_bio(ssl, bio, bio);
    if (argc == 4 && stv_config_new(&config) == STV_OK && stv_peer_new(&peer) == STV_OK
        && stv_config_set_str(config, "cafile", 6, argv[3], strlen(argv[3])) == STV_OK
        && stv_verifier_new(config, &verifier) == STV_OK
        && stv_peer_set_protocol(peer, STV_PROTOCOL_TLS) == STV_OK
        && stv_peer_set_host(peer, argv[1], strlen(argv[1])) == STV_OK
        && stv_ssl_attach(verifier, peer, ssl) == STV_OK) {
        SSL_connect(ssl);
        status = stv_ssl_result(ssl, &report);
        puts(stv_report_summary(report));
        if (status == STV_OK)
            SSL_write(ssl, "hello\n", 6);
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    stv_report_free(report);
    stv_peer_free(peer);
    stv_verifier_free(verifier);
    stv_config_free(config);
    return status != STV_OK;
}
