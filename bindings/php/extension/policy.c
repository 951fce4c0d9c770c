/* Mode and options -> a verifier. Reading CA files is the expensive part, so a verifier is kept for the next
 * stream with the same options; and the peer, as the program named it. */

#include "php_starttls_verify.h"

/* So many sets of options have their verifier kept; beyond that all are dropped. */
#define KEPT 64

void sv_verifier_release(zval *entry)
{
	stv_verifier_free(Z_PTR_P(entry));
}

static bool load_rules(sv_options *options)
{
	const char *path = SV_G(config);
	if (!path || !*path) {
		return true;
	}
	return stv_config_load_rules_file(options->config, path, strlen(path)) == STV_OK
		|| sv_options_fail(options, "starttls_verify.config: %s", stv_config_error(options->config));
}

static stv_verifier *keep(const sv_options *options, stv_verifier *verifier)
{
	if (zend_hash_num_elements(&SV_G(verifiers)) >= KEPT) {
		zend_hash_clean(&SV_G(verifiers));
	}
	zend_string *key = zend_string_init(ZSTR_VAL(options->key.s), ZSTR_LEN(options->key.s), true);
	zend_hash_update_ptr(&SV_G(verifiers), key, verifier);
	zend_string_release(key);
	return verifier;
}

/* STV_E_INSECURE and no words: the program's cipher list is too weak, and can be left out. */
static stv_status find_or_make(sv_options *options, stv_verifier **verifier)
{
	smart_str_append_printf(&options->key, "m%d", options->mode);
	smart_str_0(&options->key);
	*verifier = zend_hash_find_ptr(&SV_G(verifiers), options->key.s);
	if (*verifier && !stv_verifier_stale(*verifier)) {
		return STV_OK;
	}
	*verifier = NULL;
	if (!load_rules(options)) {
		return STV_E_CONFIG;
	}
	stv_status status = stv_verifier_new(options->config, verifier);
	if (status == STV_OK) {
		keep(options, *verifier);
	} else if (status != STV_E_INSECURE || options->mode == SV_HONOUR || options->without_ciphers) {
		sv_options_fail(options, "%s", stv_config_error(options->config));
	} else {
		sv_log(LOG_NOTICE, "overridden: %s", stv_config_error(options->config));
	}
	return status;
}

static stv_status gather_and_make(sv_options *options, php_stream *stream, const sv_connection *connection,
	stv_verifier **verifier)
{
	stv_status status = stv_config_new(&options->config);
	if (status == STV_OK) {
		status = sv_options_gather(options, stream, connection) ? find_or_make(options, verifier) : STV_E_ARGUMENT;
	}
	smart_str_free(&options->key);
	stv_config_free(options->config);
	return status;
}

/* The verifier for this stream, which stays ours; NULL and why not. */
stv_verifier *sv_verifier(php_stream *stream, const sv_connection *connection, char **fault)
{
	sv_options options = {.mode = sv_current_mode()};
	stv_verifier *verifier = NULL;
	if (gather_and_make(&options, stream, connection, &verifier) == STV_E_INSECURE && !options.fault) {
		sv_options again = {.mode = options.mode, .without_ciphers = true};
		gather_and_make(&again, stream, connection, &verifier);
		options.fault = again.fault;
	}
	*fault = options.fault;
	return verifier;
}

static bool add_records(stv_peer *peer, zval *records)
{
	zval *record;
	ZVAL_DEREF(records);
	if (Z_TYPE_P(records) == IS_STRING) {
		return stv_peer_add_tlsa(peer, Z_STRVAL_P(records), Z_STRLEN_P(records)) == STV_OK;
	}
	if (Z_TYPE_P(records) != IS_ARRAY) {
		return false;
	}
	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(records), record) {
		if (Z_TYPE_P(record) != IS_STRING || stv_peer_add_tlsa(peer, Z_STRVAL_P(record), Z_STRLEN_P(record)) != STV_OK) {
			return false;
		}
	} ZEND_HASH_FOREACH_END();
	return true;
}

static bool tell_facts(php_stream *stream, stv_peer *peer)
{
	zval *tlsa = sv_context_option(stream, "starttls_verify", "tlsa");
	zval *dane = sv_context_option(stream, "starttls_verify", "dane");
	zval *policy = sv_context_option(stream, "starttls_verify", "policy");
	if ((tlsa && !add_records(peer, tlsa)) || (dane && Z_TYPE_P(dane) == IS_ARRAY && !add_records(peer, dane))) {
		return false;
	}
	return !policy || (Z_TYPE_P(policy) == IS_STRING
		&& stv_peer_set_mta_sts(peer, Z_STRVAL_P(policy), Z_STRLEN_P(policy)) == STV_OK);
}

/* Where nothing is to be looked up (option dns=off), the library says so, and that is all right. */
static bool discover(stv_peer *peer, const stv_verifier *verifier)
{
	stv_status status = stv_peer_discover(peer, verifier);
	return status == STV_OK || status == STV_E_STATE;
}

/* Whom the program means: the host that it connects to, unless it said peer_name. NULL and why not. */
stv_peer *sv_peer(php_stream *stream, const sv_connection *connection, const stv_verifier *verifier, char **fault)
{
	stv_peer *peer;
	if (stv_peer_new(&peer) != STV_OK) {
		return NULL;
	}
	bool is_made = stv_peer_set_protocol(peer, connection->protocol) == STV_OK
		&& stv_peer_set_port(peer, connection->port) == STV_OK
		&& stv_peer_set_host(peer, connection->host, strlen(connection->host)) == STV_OK
		&& tell_facts(stream, peer) && discover(peer, verifier);
	if (is_made) {
		return peer;
	}
	const char *words = stv_peer_error(peer);
	spprintf(fault, 0, "%s", *words ? words : "starttls_verify context: tlsa is a list of records, policy a text");
	stv_peer_free(peer);
	return NULL;
}
