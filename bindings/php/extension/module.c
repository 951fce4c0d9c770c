/* The module: globals, start and end, phpinfo(). */

#include "php_starttls_verify.h"
#include "ext/standard/info.h"

ZEND_DECLARE_MODULE_GLOBALS(starttls_verify)

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_last_report, 0, 0, IS_ARRAY, 1)
	ZEND_ARG_INFO_WITH_DEFAULT_VALUE(0, stream, "null")
ZEND_END_ARG_INFO()

static const zend_function_entry functions[] = {
	PHP_FE(starttls_verify_last_report, arginfo_last_report)
	PHP_FE_END
};

static PHP_GINIT_FUNCTION(starttls_verify)
{
#if defined(COMPILE_DL_STARTTLS_VERIFY) && defined(ZTS)
	ZEND_TSRMLS_CACHE_UPDATE();
#endif
	memset(starttls_verify_globals, 0, sizeof(*starttls_verify_globals));
	zend_hash_init(&starttls_verify_globals->connections, 8, NULL, sv_connection_free, true);
	zend_hash_init(&starttls_verify_globals->verifiers, 8, NULL, sv_verifier_release, true);
}

static PHP_GSHUTDOWN_FUNCTION(starttls_verify)
{
	zend_hash_destroy(&starttls_verify_globals->connections);
	zend_hash_destroy(&starttls_verify_globals->verifiers);
	stv_report_free(starttls_verify_globals->last_report);
}

static PHP_MINIT_FUNCTION(starttls_verify)
{
	if (stv_abi_level() < STV_ABI_LEVEL) {
		php_error_docref(NULL, E_CORE_WARNING, "libstarttls_verify %s is older than the one this was built with", stv_version());
		return FAILURE;
	}
	sv_settings_register(type, module_number);
	sv_transport_register();
	return SUCCESS;
}

static PHP_MSHUTDOWN_FUNCTION(starttls_verify)
{
	sv_transport_unregister();
	sv_settings_unregister(type, module_number);
	return SUCCESS;
}

static PHP_RINIT_FUNCTION(starttls_verify)
{
#if defined(COMPILE_DL_STARTTLS_VERIFY) && defined(ZTS)
	ZEND_TSRMLS_CACHE_UPDATE();
#endif
	return SUCCESS;
}

static PHP_RSHUTDOWN_FUNCTION(starttls_verify)
{
	sv_report_forget();
	return SUCCESS;
}

static PHP_MINFO_FUNCTION(starttls_verify)
{
	char level[16];
	snprintf(level, sizeof(level), "%u", (unsigned) stv_abi_level());
	php_info_print_table_start();
	php_info_print_table_row(2, "starttls_verify", "enabled");
	php_info_print_table_row(2, "Extension", PHP_STARTTLS_VERIFY_VERSION);
	php_info_print_table_row(2, "libstarttls_verify", stv_version());
	php_info_print_table_row(2, "ABI level", level);
	php_info_print_table_row(2, "Mode", sv_mode_name(sv_current_mode()));
	php_info_print_table_row(2, "Ports in scope", SV_G(ports));
	php_info_print_table_row(2, "TLS demanded of", *SV_G(require_tls) ? SV_G(require_tls) : "none");
	php_info_print_table_row(2, "ssl:// and tls://", SV_G(implicit_tls) ? "taken over" : "left to PHP");
	php_info_print_table_end();
	DISPLAY_INI_ENTRIES();
}

/* ext/openssl registers its transports first; ours go on top. */
static const zend_module_dep dependencies[] = {
	ZEND_MOD_OPTIONAL("openssl")
	ZEND_MOD_REQUIRED("json")
	ZEND_MOD_END
};

zend_module_entry starttls_verify_module_entry = {
	STANDARD_MODULE_HEADER_EX,
	NULL,
	dependencies,
	"starttls_verify",
	functions,
	PHP_MINIT(starttls_verify),
	PHP_MSHUTDOWN(starttls_verify),
	PHP_RINIT(starttls_verify),
	PHP_RSHUTDOWN(starttls_verify),
	PHP_MINFO(starttls_verify),
	PHP_STARTTLS_VERIFY_VERSION,
	PHP_MODULE_GLOBALS(starttls_verify),
	PHP_GINIT(starttls_verify),
	PHP_GSHUTDOWN(starttls_verify),
	NULL,
	STANDARD_MODULE_PROPERTIES_EX
};

#ifdef COMPILE_DL_STARTTLS_VERIFY
#ifdef ZTS
ZEND_TSRMLS_CACHE_DEFINE()
#endif
ZEND_GET_MODULE(starttls_verify)
#endif
