/* Which streams are taken, and what is spoken on them. The lists of php.ini are short and read where they
 * stand, so that nothing has to be kept and freed. */

#include "php_starttls_verify.h"

#include <ctype.h>

/* The next entry of a list separated by commas or spaces, without them; NULL at the end. */
static const char *entry(const char **at, size_t *length)
{
	const char *begin = *at + strspn(*at, ", \t");
	*length = strcspn(begin, ", \t");
	*at = begin + *length;
	return *length > 0 ? begin : NULL;
}

/* Reads 1 to 65535, all of the text; 0 when it is none. */
static int port_of(const char *text, size_t length)
{
	int port = 0;
	if (length == 0 || length > 5) {
		return 0;
	}
	for (size_t i = 0; i < length; i++) {
		if (!isdigit((unsigned char) text[i])) {
			return 0;
		}
		port = port * 10 + (text[i] - '0');
	}
	return port <= 65535 ? port : 0;
}

/* PORT or FIRST-LAST. */
static bool range_of(const char *text, size_t length, int *first, int *last)
{
	const char *dash = memchr(text, '-', length);
	if (!dash) {
		*first = *last = port_of(text, length);
	} else {
		*first = port_of(text, (size_t) (dash - text));
		*last = port_of(dash + 1, length - (size_t) (dash - text) - 1);
	}
	return *first > 0 && *last >= *first;
}

bool sv_ports_are_valid(const char *list)
{
	size_t length;
	int first, last;
	for (const char *text; (text = entry(&list, &length));) {
		if (!range_of(text, length, &first, &last)) {
			return false;
		}
	}
	return true;
}

bool sv_ports_include(const char *list, int port)
{
	size_t length;
	int first, last;
	for (const char *text; list && (text = entry(&list, &length));) {
		if (range_of(text, length, &first, &last) && first <= port && port <= last) {
			return true;
		}
	}
	return false;
}

/* HOST, *.HOST or *, each also with :PORT; an IPv6 address stands in brackets. */
static bool pattern_of(const char *text, size_t length, size_t *host_length, int *port)
{
	const char *colon = NULL;
	if (text[0] == '[') {
		const char *end = memchr(text, ']', length);
		if (!end) {
			return false;
		}
		colon = end + 1 < text + length ? end + 1 : NULL;
		if (colon && *colon != ':') {
			return false;
		}
	} else {
		colon = memchr(text, ':', length);
	}
	*host_length = colon ? (size_t) (colon - text) : length;
	*port = colon ? port_of(colon + 1, length - *host_length - 1) : 0;
	if (*host_length == 0 || (colon && *port == 0)) {
		return false;
	}
	const char *star = memchr(text, '*', *host_length);
	return !star || (star == text && (*host_length == 1 || (text[1] == '.' && *host_length > 2
		&& !memchr(text + 1, '*', *host_length - 1))));
}

bool sv_hosts_are_valid(const char *list)
{
	size_t length, host_length;
	int port;
	for (const char *text; (text = entry(&list, &length));) {
		if (!pattern_of(text, length, &host_length, &port)) {
			return false;
		}
	}
	return true;
}

/* One trailing dot says only that the name is complete. */
static bool host_fits(const char *pattern, size_t pattern_length, const char *host)
{
	size_t length = strlen(host);
	if (length > 1 && host[length - 1] == '.') {
		length--;
	}
	if (pattern[0] == '*') {
		size_t suffix = pattern_length - 1;
		return length > suffix && strncasecmp(host + length - suffix, pattern + 1, suffix) == 0;
	}
	return length == pattern_length && strncasecmp(host, pattern, length) == 0;
}

/* A pattern without a port is for the ports in scope: a host's web server is nobody's mail server. */
bool sv_hosts_include(const char *list, const char *host, int port, bool is_in_scope)
{
	size_t length, host_length;
	int own;
	for (const char *text; list && (text = entry(&list, &length));) {
		if (!pattern_of(text, length, &host_length, &own) || !host_fits(text, host_length, host)) {
			continue;
		}
		if (own == port || (own == 0 && is_in_scope)) {
			return true;
		}
	}
	return false;
}

int sv_protocol_of_port(int port, bool secures_at_once)
{
	switch (port) {
		case 24: return STV_PROTOCOL_LMTP;
		case 25: return STV_PROTOCOL_SMTP;
		case 465:
		case 587:
		case 2525: return secures_at_once ? STV_PROTOCOL_SUBMISSIONS : STV_PROTOCOL_SUBMISSION;
		case 110:
		case 995: return secures_at_once ? STV_PROTOCOL_POP3S : STV_PROTOCOL_POP3;
		case 143:
		case 993: return secures_at_once ? STV_PROTOCOL_IMAPS : STV_PROTOCOL_IMAP;
		case 4190: return secures_at_once ? STV_PROTOCOL_TLS : STV_PROTOCOL_SIEVE;
		default: return STV_PROTOCOL_TLS;
	}
}

/* On a port that says nothing the greeting does. It names the protocol in the report; it is not
 * authenticated, and nothing is allowed because of it that every other protocol does not allow. */
int sv_protocol_of_greeting(const char *text, size_t length)
{
	static const struct { const char *begin; int protocol; } greetings[] = {
		{"220", STV_PROTOCOL_SMTP}, {"* ", STV_PROTOCOL_IMAP}, {"+OK", STV_PROTOCOL_POP3},
		{"\"IMPLEMENTATION\"", STV_PROTOCOL_SIEVE},
	};
	for (size_t i = 0; i < sizeof(greetings) / sizeof(*greetings); i++) {
		size_t wanted = strlen(greetings[i].begin);
		if (length >= wanted && strncasecmp(text, greetings[i].begin, wanted) == 0) {
			return greetings[i].protocol;
		}
	}
	return STV_PROTOCOL_TLS;
}
