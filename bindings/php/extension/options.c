/* The context options of a stream, put into the library's words.
 *
 * ['ssl' => ...] is what unpatched programs set, with PHP's lax types. Where such an option weakens, the mode
 * says what it is worth. ['starttls_verify' => ...] is for those who know us: any option of the table by its
 * name and type, and 'pins', 'tlsa' (or 'dane' with records), 'policy'. */

#include "php_starttls_verify.h"
#include "ext/json/php_json.h"

/* Options of 'ssl' that mean nothing to a client's verification, or are answered elsewhere. */
static const char *const not_ours[] = {"capture_peer_cert", "capture_peer_cert_chain", "capture_session_meta",
	"session_meta", "peer_certificate", "peer_certificate_chain", "crypto_method", "min_proto_version",
	"max_proto_version", "disable_compression", "no_ticket", "alpn_protocols", "SNI_server_certs",
	"SNI_server_name", "single_dh_use", "single_ecdh_use", "dh_param", "ecdh_curve", "rsa_key_size",
	"honor_cipher_order", "reneg_limit", "reneg_window", "reneg_limit_callback", "CN_match",
	"verify_peer", "verify_peer_name", "allow_self_signed", "peer_fingerprint"};

/* Keys of 'starttls_verify' that are no options of the table: sv_peer reads them. */
static const char *const of_the_peer[] = {"tlsa", "policy"};

static bool is_listed(const char *const *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i], name) == 0) {
			return true;
		}
	}
	return false;
}
#define LISTED(list, name) is_listed(list, sizeof(list) / sizeof(*(list)), name)

zval *sv_context_option(php_stream *stream, const char *wrapper, const char *name)
{
	php_stream_context *context = PHP_STREAM_CONTEXT(stream);
	return context ? php_stream_context_get_option(context, wrapper, name) : NULL;
}

bool sv_options_fail(sv_options *options, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vspprintf(&options->fault, 0, format, arguments);
	va_end(arguments);
	return false;
}

/* Key of the options so far: kind, name and value, each with its length, so that no two lists look alike. */
static void note(sv_options *options, char kind, const char *name, const char *value, size_t length)
{
	smart_str_append_printf(&options->key, "%c%zu:%s%zu:", kind, strlen(name), name, length);
	smart_str_appendl(&options->key, value, length);
}

static const char *type_of(const char *name)
{
	for (size_t i = 0; i < stv_option_count(); i++) {
		if (strcmp(stv_option_name(i), name) == 0 || strcmp(stv_option_insecure_name(i), name) == 0) {
			return stv_option_type(i);
		}
	}
	return "";
}

static stv_status put_string(sv_options *options, const char *name, const char *value, size_t length, bool adds)
{
	bool is_bytes = strstr(type_of(name), "bytes") != NULL;
	note(options, adds ? 'a' : 's', name, value, length);
	if (is_bytes) {
		return adds ? stv_config_add_bytes(options->config, name, strlen(name), value, length)
			: stv_config_set_bytes(options->config, name, strlen(name), value, length);
	}
	return adds ? stv_config_add_str(options->config, name, strlen(name), value, length)
		: stv_config_set_str(options->config, name, strlen(name), value, length);
}

static stv_status put_int(sv_options *options, const char *name, zend_long value)
{
	char text[32];
	note(options, 'i', name, text, (size_t) snprintf(text, sizeof(text), ZEND_LONG_FMT, value));
	return stv_config_set_int(options->config, name, strlen(name), value);
}

static stv_status put_bool(sv_options *options, const char *name, bool value)
{
	note(options, 'b', name, value ? "1" : "0", 1);
	return stv_config_set_bool(options->config, name, strlen(name), value);
}

static bool obeyed(sv_options *options, stv_status status)
{
	return status == STV_OK || sv_options_fail(options, "%s", stv_config_error(options->config));
}

bool sv_options_put_text(sv_options *options, const char *name, const char *value)
{
	return obeyed(options, put_string(options, name, value, strlen(value), false));
}

/* ---- starttls_verify: the library's own types, nothing converted in silence ---- */

static bool put_own_list(sv_options *options, const char *name, zval *list)
{
	zval *value;
	zend_string *key;
	if (zend_hash_num_elements(Z_ARRVAL_P(list)) == 0) {
		return sv_options_fail(options, "option %s: the list is empty; leave the option out", name);
	}
	ZEND_HASH_FOREACH_STR_KEY_VAL(Z_ARRVAL_P(list), key, value) {
		char *tagged = NULL;
		if (Z_TYPE_P(value) != IS_STRING) {
			return sv_options_fail(options, "option %s takes a list of strings", name);
		}
		size_t length = key ? spprintf(&tagged, 0, "%s:%s", ZSTR_VAL(key), Z_STRVAL_P(value)) : Z_STRLEN_P(value);
		stv_status status = put_string(options, name, key ? tagged : Z_STRVAL_P(value), length, true);
		if (tagged) {
			efree(tagged);
		}
		if (!obeyed(options, status)) {
			return false;
		}
	} ZEND_HASH_FOREACH_END();
	return true;
}

static bool put_own(sv_options *options, const char *name, zval *value)
{
	switch (Z_TYPE_P(value)) {
		case IS_TRUE:
		case IS_FALSE: return obeyed(options, put_bool(options, name, Z_TYPE_P(value) == IS_TRUE));
		case IS_LONG: return obeyed(options, put_int(options, name, Z_LVAL_P(value)));
		case IS_STRING: return obeyed(options, put_string(options, name, Z_STRVAL_P(value), Z_STRLEN_P(value), false));
		case IS_ARRAY: return put_own_list(options, name, value);
		default: return sv_options_fail(options, "option %s takes a value of type %s; %s given", name, type_of(name),
			zend_zval_type_name(value));
	}
}

/* An application may ask for more and never for less: not for another time of day, and no check is off. */
static bool is_weakening(const char *name, const zval *value)
{
	static const char *const less[] = {"audit", "time", "purpose", "chain_profile"};
	static const char *const checks[] = {"dane", "mta_sts", "ocsp"};
	return strncmp(name, "insecure_", 9) == 0 || LISTED(less, name)
		|| (LISTED(checks, name) && Z_TYPE_P(value) == IS_STRING && zend_string_equals_literal(Z_STR_P(value), "off"));
}

static bool gather_own(sv_options *options, HashTable *own)
{
	zend_string *key;
	zval *value;
	ZEND_HASH_FOREACH_STR_KEY_VAL(own, key, value) {
		const char *name = key ? ZSTR_VAL(key) : "";
		ZVAL_DEREF(value);
		if (!key) {
			return sv_options_fail(options, "options are NAME => VALUE; there is one without a name");
		}
		if (LISTED(of_the_peer, name) || (strcmp(name, "dane") == 0 && Z_TYPE_P(value) == IS_ARRAY)) {
			continue;
		}
		if (options->mode != SV_HONOUR && is_weakening(name, value)) {
			return sv_options_fail(options, "option %s weakens security, which starttls_verify.mode=%s in php.ini "
				"does not leave to programs", name, sv_mode_name(options->mode));
		}
		if (!put_own(options, strcmp(name, "pins") == 0 ? "pin" : name, value)) {
			return false;
		}
	} ZEND_HASH_FOREACH_END();
	return true;
}

/* ---- ssl: PHP's names and PHP's types ---- */

static stv_status put_lax(sv_options *options, const char *name, zval *value)
{
	const char *type = type_of(name);
	if (strcmp(type, "bool") == 0) {
		return put_bool(options, name, zend_is_true(value));
	}
	if (strcmp(type, "int") == 0) {
		return put_int(options, name, zval_get_long(value));
	}
	zend_string *text = zval_get_string(value);
	stv_status status = ZSTR_LEN(text) == 0 ? STV_OK : put_string(options, name, ZSTR_VAL(text), ZSTR_LEN(text), false);
	zend_string_release(text);
	return status;
}

/* What weakens counts in mode honour only, and then under its own name. */
static bool put_ssl(sv_options *options, const char *name, zval *value)
{
	char insecure[64];
	if (options->without_ciphers && strcmp(name, "ciphers") == 0) {
		return true;
	}
	stv_status status = put_lax(options, name, value);
	if (status == STV_E_OPTION_UNKNOWN) {
		php_error_docref(NULL, E_WARNING, "ssl context: %s; PHP ignores it too", stv_config_error(options->config));
		return true;
	}
	if (status != STV_E_INSECURE) {
		return obeyed(options, status);
	}
	if (options->mode != SV_HONOUR) {
		sv_log(LOG_NOTICE, "overridden: %s", stv_config_error(options->config));
		return true;
	}
	snprintf(insecure, sizeof(insecure), "insecure_%s", name);
	return obeyed(options, put_lax(options, insecure, value));
}

static const char *digest_of_length(size_t length)
{
	return length == 32 ? "md5" : length == 40 ? "sha1" : "sha256";
}

/* All of them must match, as in PHP. A weak digest only adds to what is demanded anyway. */
static bool put_fingerprint(sv_options *options, const char *algorithm, const char *digest, bool *is_strong)
{
	char *tagged;
	const char *name = strcasecmp(algorithm, "md5") == 0 || strcasecmp(algorithm, "sha1") == 0
		? "insecure_peer_fingerprint" : "peer_fingerprint";
	*is_strong = *is_strong || strcmp(name, "peer_fingerprint") == 0;
	size_t length = spprintf(&tagged, 0, "%s:%s", algorithm, digest);
	stv_status status = put_string(options, name, tagged, length, true);
	efree(tagged);
	return obeyed(options, status);
}

static bool put_fingerprints(sv_options *options, zval *given, bool *is_strong)
{
	zend_string *algorithm;
	zval *digest;
	if (Z_TYPE_P(given) == IS_STRING) {
		return put_fingerprint(options, digest_of_length(Z_STRLEN_P(given)), Z_STRVAL_P(given), is_strong);
	}
	if (Z_TYPE_P(given) != IS_ARRAY || zend_hash_num_elements(Z_ARRVAL_P(given)) == 0) {
		return sv_options_fail(options, "ssl context: peer_fingerprint is a string or an array that is not empty");
	}
	ZEND_HASH_FOREACH_STR_KEY_VAL(Z_ARRVAL_P(given), algorithm, digest) {
		if (!algorithm || Z_TYPE_P(digest) != IS_STRING) {
			return sv_options_fail(options, "ssl context: peer_fingerprint is [ALGORITHM => HEX, ...]");
		}
		if (!put_fingerprint(options, ZSTR_VAL(algorithm), Z_STRVAL_P(digest), is_strong)) {
			return false;
		}
	} ZEND_HASH_FOREACH_END();
	return true;
}

static bool is_switched(HashTable *ssl, const char *name, bool fallback)
{
	zval *value = zend_hash_str_find_deref(ssl, name, strlen(name));
	return value && Z_TYPE_P(value) != IS_NULL ? zend_is_true(value) : fallback;
}

static bool weaken(sv_options *options, bool wanted, const char *name, const char *words)
{
	if (!wanted) {
		return true;
	}
	if (options->mode == SV_HONOUR) {
		return obeyed(options, put_bool(options, name, true));
	}
	sv_log(LOG_NOTICE, "overridden: the program's %s", words);
	return true;
}

/* verify_peer=false beside a strong fingerprint means: this certificate, whoever signed it. */
static bool gather_trust(sv_options *options, HashTable *ssl)
{
	bool is_pinned = false;
	zval *fingerprint = zend_hash_str_find_deref(ssl, "peer_fingerprint", sizeof("peer_fingerprint") - 1);
	if (fingerprint && Z_TYPE_P(fingerprint) != IS_NULL && !put_fingerprints(options, fingerprint, &is_pinned)) {
		return false;
	}
	bool verifies = is_switched(ssl, "verify_peer", true);
	bool takes_own = is_switched(ssl, "allow_self_signed", false);
	if (is_pinned && (!verifies || takes_own)) {
		return sv_options_put_text(options, "pin_mode", "pin-instead-of-pkix");
	}
	return weaken(options, !verifies, "insecure_no_chain", "verify_peer=false")
		&& weaken(options, !is_switched(ssl, "verify_peer_name", true), "insecure_no_name", "verify_peer_name=false")
		&& weaken(options, verifies && takes_own, "insecure_allow_self_signed", "allow_self_signed=true");
}

static bool gather_ssl(sv_options *options, HashTable *ssl)
{
	zend_string *key;
	zval *value;
	ZEND_HASH_FOREACH_STR_KEY_VAL(ssl, key, value) {
		ZVAL_DEREF(value);
		if (!key || LISTED(not_ours, ZSTR_VAL(key)) || Z_TYPE_P(value) == IS_NULL || Z_TYPE_P(value) == IS_ARRAY) {
			continue;
		}
		if (!put_ssl(options, ZSTR_VAL(key), value)) {
			return false;
		}
	} ZEND_HASH_FOREACH_END();
	return gather_trust(options, ssl);
}

/* The administrator's CAs for PHP, where the program names none. */
static bool gather_ini(sv_options *options, HashTable *ssl)
{
	static const struct { const char *ini, *name; } places[] = {{"openssl.cafile", "cafile"}, {"openssl.capath", "capath"}};
	if (ssl && (zend_hash_str_exists(ssl, "cafile", 6) || zend_hash_str_exists(ssl, "capath", 6))) {
		return true;
	}
	for (size_t i = 0; i < 2; i++) {
		const char *value = zend_ini_string(places[i].ini, strlen(places[i].ini), 0);
		if (value && *value && !sv_options_put_text(options, places[i].name, value)) {
			return false;
		}
	}
	return true;
}

/* The versions that the program asked for, as far as they are any good. */
static bool gather_versions(sv_options *options, int method)
{
	static const struct { int bit; const char *name; } versions[] = {{1 << 6, "1.3"}, {1 << 5, "1.2"}, {1 << 4, "1.1"}, {1 << 3, "1.0"}};
	if (method & (1 << 6)) {
		return method & (1 << 5) || sv_options_put_text(options, "min_tls", "1.3");
	}
	if (method & (1 << 5)) {
		return sv_options_put_text(options, "max_tls", "1.2");
	}
	for (size_t i = 2; i < 4 && options->mode == SV_HONOUR; i++) {
		if (method & versions[i].bit) {
			return sv_options_put_text(options, "insecure_min_tls", versions[i].name);
		}
	}
	return true;
}

static HashTable *options_under(php_stream *stream, const char *wrapper)
{
	php_stream_context *context = PHP_STREAM_CONTEXT(stream);
	zval *own = context ? zend_hash_str_find_deref(Z_ARRVAL(context->options), wrapper, strlen(wrapper)) : NULL;
	return own && Z_TYPE_P(own) == IS_ARRAY ? Z_ARRVAL_P(own) : NULL;
}

/* All of them into a config; false: options->fault says why not. */
bool sv_options_gather(sv_options *options, php_stream *stream, const sv_connection *connection)
{
	HashTable *ssl = options_under(stream, "ssl");
	HashTable *own = options_under(stream, "starttls_verify");
	/* With enable_crypto PHP has looked into the context already. */
	zval *method = connection->secures_at_once ? sv_context_option(stream, "ssl", "crypto_method") : NULL;
	return gather_ini(options, ssl) && (!ssl || gather_ssl(options, ssl))
		&& gather_versions(options, method ? (int) zval_get_long(method) : connection->method)
		&& (!own || gather_own(options, own));
}
