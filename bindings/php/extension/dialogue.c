/* What a program says before TLS.
 *
 * Where TLS is demanded, only the protocol's own words before TLS may leave in clear. A session from which
 * the offer of STARTTLS was cut out never asks for crypto: its AUTH or LOGIN is the first that tells.
 * A line is judged as far as it has come, so that "AU" and "TH PLAIN ..." are caught like one write, and a
 * write of several lines goes out whole or not at all. */

#include "php_starttls_verify.h"

#include <ctype.h>

typedef struct {
	const char *word;
	bool takes_words;
} verb;

/* RFC 3207 section 4, RFC 2033; HELO is what a program says to a server that knows no EHLO. */
static const verb smtp_verbs[] = {{"EHLO", true}, {"HELO", true}, {"LHLO", true}, {"STARTTLS", false},
	{"QUIT", false}, {"NOOP", false}, {"RSET", false}, {NULL, false}};
/* RFC 9051 section 6.1 and 6.2.1; RFC 2971. Behind a tag. */
static const verb imap_verbs[] = {{"CAPABILITY", false}, {"STARTTLS", false}, {"LOGOUT", false}, {"NOOP", false},
	{"ID", true}, {NULL, false}};
/* RFC 2595 section 4. */
static const verb pop3_verbs[] = {{"CAPA", false}, {"STLS", false}, {"QUIT", false}, {NULL, false}};
/* RFC 5804 section 1.7. */
static const verb sieve_verbs[] = {{"CAPABILITY", false}, {"STARTTLS", false}, {"LOGOUT", false}, {"NOOP", false},
	{NULL, false}};

/* A tag is short and plain, or it is no tag. */
#define TAG 32

static bool is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

static bool is_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] != ' ') {
			return false;
		}
	}
	return true;
}

/* Is the line, or what has come of it, one of these commands? */
static bool fits(const verb *verbs, const char *text, size_t length, bool is_whole)
{
	const char *space = memchr(text, ' ', length);
	size_t word = space ? (size_t) (space - text) : length;
	for (; verbs->word; verbs++) {
		if (!space && !is_whole && word < strlen(verbs->word)) {
			if (strncasecmp(text, verbs->word, word) == 0) {
				return true;
			}
		} else if (is_word(text, word, verbs->word)) {
			return verbs->takes_words || is_blank(text + word, length - word);
		}
	}
	return false;
}

static bool is_tag(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char) text[i]) && !strchr(".-_", text[i])) {
			return false;
		}
	}
	return length > 0 && length <= TAG;
}

static bool fits_behind_tag(const char *text, size_t length, bool is_whole)
{
	const char *space = memchr(text, ' ', length);
	size_t tag = space ? (size_t) (space - text) : length;
	if (!is_tag(text, tag)) {
		return tag == 0 && !is_whole;
	}
	return space ? fits(imap_verbs, space + 1, length - tag - 1, is_whole) : !is_whole;
}

static bool may_be_clear(int protocol, const char *text, size_t length, bool is_whole)
{
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char) text[i] < ' ' || text[i] == 0x7f) {
			return false;
		}
	}
	switch (protocol) {
		case STV_PROTOCOL_SMTP:
		case STV_PROTOCOL_SUBMISSION:
		case STV_PROTOCOL_LMTP: return fits(smtp_verbs, text, length, is_whole);
		case STV_PROTOCOL_IMAP: return fits_behind_tag(text, length, is_whole);
		case STV_PROTOCOL_POP3: return fits(pop3_verbs, text, length, is_whole);
		case STV_PROTOCOL_SIEVE: return fits(sieve_verbs, text, length, is_whole);
		/* Nobody knows what is spoken: what is harmless in each of them. */
		default: return fits(smtp_verbs, text, length, is_whole) || fits(pop3_verbs, text, length, is_whole)
			|| fits(sieve_verbs, text, length, is_whole) || fits_behind_tag(text, length, is_whole);
	}
}

static bool asks_for_tls(const char *text, size_t length)
{
	const char *space = memchr(text, ' ', length);
	const char *second = space ? space + 1 : text;
	size_t rest = length - (size_t) (second - text);
	return is_word(text, length, "STARTTLS") || is_word(text, length, "STLS") || is_word(second, rest, "STARTTLS");
}

static void append(sv_line *line, const char *text, size_t length)
{
	size_t room = sizeof(line->text) - line->length;
	line->is_long = line->is_long || length > room;
	memcpy(line->text + line->length, text, length < room ? length : room);
	line->length += length < room ? length : room;
}

/* The line end is CR LF; a CR that its LF has not followed yet belongs to it. */
static size_t without_return(const sv_line *line)
{
	return line->length > 0 && line->text[line->length - 1] == '\r' ? line->length - 1 : line->length;
}

/* Judges what is to be written, line by line. line is what an earlier write left unfinished; it is changed
 * only when the text may be said. */
sv_say sv_dialogue(sv_line *line, int protocol, bool demands_tls, const char *text, size_t length)
{
	sv_line now = *line;
	sv_say say = SV_SAY;
	while (length > 0) {
		const char *end = memchr(text, '\n', length);
		size_t piece = end ? (size_t) (end - text) : length;
		append(&now, text, piece);
		size_t spoken = without_return(&now);
		if (demands_tls && (now.is_long || !may_be_clear(protocol, now.text, spoken, end != NULL))) {
			return SV_KEEP_BACK;
		}
		if (end && !now.is_long && asks_for_tls(now.text, spoken)) {
			say = SV_SAY_STARTTLS;
		}
		if (end) {
			now.length = 0;
			now.is_long = false;
			piece++;
		}
		text += piece;
		length -= piece;
	}
	*line = now;
	return say;
}
