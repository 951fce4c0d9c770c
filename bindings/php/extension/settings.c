/* php.ini. What decides about trust can be set by the administrator only (PHP_INI_SYSTEM). */

#include "php_starttls_verify.h"
#include "php_ini.h"

static const char *const mode_names[] = {"enforce", "honour", "audit"};

const char *sv_mode_name(sv_mode mode)
{
	return mode_names[mode];
}

/* A word that is none is the strictest one. */
sv_mode sv_current_mode(void)
{
	for (int mode = SV_HONOUR; mode <= SV_AUDIT; mode++) {
		if (SV_G(mode) && strcmp(SV_G(mode), mode_names[mode]) == 0) {
			return (sv_mode) mode;
		}
	}
	return SV_ENFORCE;
}

/* A value that means nothing must not be taken for another one in silence. */
static int refuse(zend_ini_entry *entry, zend_string *value, const char *wanted)
{
	php_error_docref(NULL, E_WARNING, "%s=\"%s\" will not do: %s; the default stays", ZSTR_VAL(entry->name),
		ZSTR_VAL(value), wanted);
	return FAILURE;
}

static PHP_INI_MH(on_mode)
{
	for (size_t i = 0; i < sizeof(mode_names) / sizeof(*mode_names); i++) {
		if (zend_string_equals_cstr(new_value, mode_names[i], strlen(mode_names[i]))) {
			return OnUpdateString(entry, new_value, mh_arg1, mh_arg2, mh_arg3, stage);
		}
	}
	return refuse(entry, new_value, "it is enforce, honour or audit");
}

static PHP_INI_MH(on_log)
{
	/* An off without quotes is an empty string in php.ini. */
	static const char *const words[] = {"", "off", "syslog", "php"};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (zend_string_equals_cstr(new_value, words[i], strlen(words[i]))) {
			return OnUpdateString(entry, new_value, mh_arg1, mh_arg2, mh_arg3, stage);
		}
	}
	return refuse(entry, new_value, "it is off, syslog or php");
}

static PHP_INI_MH(on_ports)
{
	if (!sv_ports_are_valid(ZSTR_VAL(new_value))) {
		return refuse(entry, new_value, "it is a list of ports and ranges, \"25,587,2500-2599\"");
	}
	return OnUpdateString(entry, new_value, mh_arg1, mh_arg2, mh_arg3, stage);
}

/* The one list whose default is laxer than any value: with a fault in it, TLS is demanded everywhere. */
static PHP_INI_MH(on_require_tls)
{
	static char everywhere[] = "*";
	if (sv_hosts_are_valid(ZSTR_VAL(new_value))) {
		return OnUpdateString(entry, new_value, mh_arg1, mh_arg2, mh_arg3, stage);
	}
	php_error_docref(NULL, E_WARNING, "%s=\"%s\" will not do: it is a list of HOST, *.HOST or *, each also with "
		":PORT; TLS is demanded of all until it is put right", ZSTR_VAL(entry->name), ZSTR_VAL(new_value));
	*(char **) ZEND_INI_GET_ADDR() = everywhere;
	return SUCCESS;
}

#define SV_STRING(name, field, fallback, handler) \
	STD_PHP_INI_ENTRY("starttls_verify." name, fallback, PHP_INI_SYSTEM, handler, field, \
		zend_starttls_verify_globals, starttls_verify_globals)

PHP_INI_BEGIN()
	SV_STRING("mode", mode, "enforce", on_mode)
	SV_STRING("config", config, "", OnUpdateString)
	SV_STRING("ports", ports, "24,25,110,143,465,587,993,995,2525,4190", on_ports)
	SV_STRING("require_tls", require_tls, "", on_require_tls)
	SV_STRING("log", log, "off", on_log)
	STD_PHP_INI_BOOLEAN("starttls_verify.implicit_tls", "0", PHP_INI_SYSTEM, OnUpdateBool, implicit_tls,
		zend_starttls_verify_globals, starttls_verify_globals)
	STD_PHP_INI_ENTRY("starttls_verify.handshake_timeout", "30", PHP_INI_SYSTEM, OnUpdateLongGEZero,
		handshake_timeout, zend_starttls_verify_globals, starttls_verify_globals)
PHP_INI_END()

void sv_settings_register(int type, int module_number)
{
	zend_register_ini_entries_ex(ini_entries, module_number, type);
}

void sv_settings_unregister(int type, int module_number)
{
	zend_unregister_ini_entries_ex(module_number, type);
}
