# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_starttls_verify_global_optspecs
    string join \n h/help V/version
end

function __fish_starttls_verify_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_starttls_verify_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_starttls_verify_using_subcommand
    set -l cmd (__fish_starttls_verify_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c starttls-verify -n "__fish_starttls_verify_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c starttls-verify -n "__fish_starttls_verify_needs_command" -s V -l version -d 'Print version'
complete -c starttls-verify -n "__fish_starttls_verify_needs_command" -f -a "check" -d 'Connect to a server and check it'
complete -c starttls-verify -n "__fish_starttls_verify_needs_command" -f -a "chain" -d 'Check a chain of certificates from a file'
complete -c starttls-verify -n "__fish_starttls_verify_needs_command" -f -a "pin" -d 'Print the pins and the TLSA record of a server or a certificate'
complete -c starttls-verify -n "__fish_starttls_verify_needs_command" -f -a "known" -d 'Keep the store of known peers (trust on first use)'
complete -c starttls-verify -n "__fish_starttls_verify_needs_command" -f -a "doctor" -d 'Say what works on this machine and what does not: OpenSSL, CA certificates, resolver, IPv6'
complete -c starttls-verify -n "__fish_starttls_verify_needs_command" -f -a "options" -d 'List every option that --set and the configuration file take'
complete -c starttls-verify -n "__fish_starttls_verify_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l name -d 'One more name that the certificate may be for, such as dns:mail.example.com' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l mta-sts-cache -d 'Directory in which MTA-STS policies are kept for as long as they hold; only its owner may write to it' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l connect -d 'Connect to this address in place of the host; the host stays the name that is wanted' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l sni -d 'Server name to send in the handshake in place of the host' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l timeout -d 'Seconds for each of connecting, negotiating and the handshake; decimals are fine' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l known-peers -d 'Store of known peers: a server whose key has changed is refused, one that was trusted is remembered; make it with `starttls-verify known create`' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l tls-rpt -d 'Write what the domain is to be told of this run (TLSRPT, RFC 8460), compressed if the name ends with .gz; with a single target or --mx' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l tls-rpt-organization -d 'Who reports' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l tls-rpt-contact -d 'Whom the domain may ask: an e-mail address' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l cafile -d 'File with trusted CA certificates, in place of the system\'s; may be repeated' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l capath -d 'Directory with trusted CA certificates under their hash names' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l pin -d 'Pin that must match: spki-sha256:BASE64 or sha256:HEX; one of several must match' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l tlsa -d 'TLSA record such as "3 1 1 HEX", which decides in place of the public CAs; one of several must match' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l tlsa-state -d 'How the TLSA records came: given (by you, the default), secure, insecure, bogus, lookup_failed' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l crl -d 'File with certificate revocation lists' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l config -d 'Configuration file with defaults and sections per host' -r -F
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l set -d 'Any option of the library; `starttls-verify options` lists them' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l parallel -d 'Connections at the same time; fewer where the limit of open files leaves no room' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l mx -d 'The target is a mail domain: look up its mail exchanges (MX), their TLSA records and the domain\'s MTA-STS policy, and check every one; the exit code is that of the worst'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l srv -d 'The target is a domain: look up its servers for the protocol (SRV) and their TLSA records, and check every one; the exit code is that of the worst'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l dane -d 'Look TLSA records up in the DNS and let them decide (dns=system unless --set says otherwise)'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l accept-new -d 'Accept a server that the store has never seen, and remember it if all else is right'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l audit -d 'Report only: go on with an untrusted server; the exit code stays 1'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l json -d 'Print the report as one line of JSON'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -s q -l quiet -d 'Print no report; only the exit code tells'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l batch -d 'Read targets from standard input, one per line, and answer in JSON lines'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l progress -d 'Show progress on standard error even where that is no terminal'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -l strict -d 'Exit with the code of the worst line'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand check" -s h -l help -d 'Print help'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand chain" -l name -d 'Name that the certificate must be for: a host, or dns: ip: srv: xmpp: email: uri: and a name; one of several must match' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand chain" -l ocsp -d 'The OCSP response that the server staples to the chain, DER' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand chain" -l time -d 'Time to check the validity at, seconds since 1970' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand chain" -l cafile -d 'File with trusted CA certificates, in place of the system\'s; may be repeated' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand chain" -l capath -d 'Directory with trusted CA certificates under their hash names' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand chain" -l pin -d 'Pin that must match: spki-sha256:BASE64 or sha256:HEX; one of several must match' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand chain" -l tlsa -d 'TLSA record such as "3 1 1 HEX", which decides in place of the public CAs; one of several must match' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand chain" -l tlsa-state -d 'How the TLSA records came: given (by you, the default), secure, insecure, bogus, lookup_failed' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand chain" -l crl -d 'File with certificate revocation lists' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand chain" -l config -d 'Configuration file with defaults and sections per host' -r -F
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand chain" -l set -d 'Any option of the library; `starttls-verify options` lists them' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand chain" -l json -d 'Print the report as one line of JSON'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand chain" -s q -l quiet -d 'Print no report; only the exit code tells'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand chain" -l batch -d 'Read cases from standard input, one JSON object per line, and answer in JSON lines'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand chain" -l strict -d 'Exit with the code of the worst line'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand chain" -s h -l help -d 'Print help'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand pin" -l pem -d 'Take the certificate from this file (PEM or DER; - is standard input) and connect to nobody' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand pin" -l connect -d 'Connect to this address in place of the host; the host stays the name that is wanted' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand pin" -l sni -d 'Server name to send in the handshake in place of the host' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand pin" -l timeout -d 'Seconds for each of connecting, negotiating and the handshake; decimals are fine' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand pin" -l cafile -d 'File with trusted CA certificates, in place of the system\'s; may be repeated' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand pin" -l capath -d 'Directory with trusted CA certificates under their hash names' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand pin" -l pin -d 'Pin that must match: spki-sha256:BASE64 or sha256:HEX; one of several must match' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand pin" -l tlsa -d 'TLSA record such as "3 1 1 HEX", which decides in place of the public CAs; one of several must match' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand pin" -l tlsa-state -d 'How the TLSA records came: given (by you, the default), secure, insecure, bogus, lookup_failed' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand pin" -l crl -d 'File with certificate revocation lists' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand pin" -l config -d 'Configuration file with defaults and sections per host' -r -F
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand pin" -l set -d 'Any option of the library; `starttls-verify options` lists them' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand pin" -l dane -d 'Look TLSA records up in the DNS and let them decide (dns=system unless --set says otherwise)'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand pin" -s h -l help -d 'Print help'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and not __fish_seen_subcommand_from create list show forget announce withdraw export import help" -s h -l help -d 'Print help'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and not __fish_seen_subcommand_from create list show forget announce withdraw export import help" -f -a "create" -d 'Make an empty store; one that is there already stays as it is'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and not __fish_seen_subcommand_from create list show forget announce withdraw export import help" -f -a "list" -d 'List the peers'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and not __fish_seen_subcommand_from create list show forget announce withdraw export import help" -f -a "show" -d 'Show all that is known of one peer'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and not __fish_seen_subcommand_from create list show forget announce withdraw export import help" -f -a "forget" -d 'Forget a peer: it is new again'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and not __fish_seen_subcommand_from create list show forget announce withdraw export import help" -f -a "announce" -d 'Announce the key that a peer will have next'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and not __fish_seen_subcommand_from create list show forget announce withdraw export import help" -f -a "withdraw" -d 'Take an announced key back'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and not __fish_seen_subcommand_from create list show forget announce withdraw export import help" -f -a "export" -d 'Print the whole store, for `import`'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and not __fish_seen_subcommand_from create list show forget announce withdraw export import help" -f -a "import" -d 'Add the peers of an export; nothing is changed unless all of it is right'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and not __fish_seen_subcommand_from create list show forget announce withdraw export import help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from create" -l store -d 'The store\'s file' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from list" -l store -d 'The store\'s file' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from list" -l json -d 'Print each peer as one line of JSON'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from show" -l store -d 'The store\'s file' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from forget" -l store -d 'The store\'s file' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from forget" -s h -l help -d 'Print help'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from announce" -l store -d 'The store\'s file' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from announce" -s h -l help -d 'Print help'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from withdraw" -l store -d 'The store\'s file' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from withdraw" -s h -l help -d 'Print help'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from export" -l store -d 'The store\'s file' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from import" -l store -d 'The store\'s file' -r
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from help" -f -a "create" -d 'Make an empty store; one that is there already stays as it is'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the peers'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show all that is known of one peer'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from help" -f -a "forget" -d 'Forget a peer: it is new again'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from help" -f -a "announce" -d 'Announce the key that a peer will have next'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from help" -f -a "withdraw" -d 'Take an announced key back'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from help" -f -a "export" -d 'Print the whole store, for `import`'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from help" -f -a "import" -d 'Add the peers of an export; nothing is changed unless all of it is right'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand known; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand options" -s h -l help -d 'Print help'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand help; and not __fish_seen_subcommand_from check chain pin known doctor options help" -f -a "check" -d 'Connect to a server and check it'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand help; and not __fish_seen_subcommand_from check chain pin known doctor options help" -f -a "chain" -d 'Check a chain of certificates from a file'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand help; and not __fish_seen_subcommand_from check chain pin known doctor options help" -f -a "pin" -d 'Print the pins and the TLSA record of a server or a certificate'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand help; and not __fish_seen_subcommand_from check chain pin known doctor options help" -f -a "known" -d 'Keep the store of known peers (trust on first use)'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand help; and not __fish_seen_subcommand_from check chain pin known doctor options help" -f -a "doctor" -d 'Say what works on this machine and what does not: OpenSSL, CA certificates, resolver, IPv6'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand help; and not __fish_seen_subcommand_from check chain pin known doctor options help" -f -a "options" -d 'List every option that --set and the configuration file take'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand help; and not __fish_seen_subcommand_from check chain pin known doctor options help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand help; and __fish_seen_subcommand_from known" -f -a "create" -d 'Make an empty store; one that is there already stays as it is'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand help; and __fish_seen_subcommand_from known" -f -a "list" -d 'List the peers'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand help; and __fish_seen_subcommand_from known" -f -a "show" -d 'Show all that is known of one peer'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand help; and __fish_seen_subcommand_from known" -f -a "forget" -d 'Forget a peer: it is new again'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand help; and __fish_seen_subcommand_from known" -f -a "announce" -d 'Announce the key that a peer will have next'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand help; and __fish_seen_subcommand_from known" -f -a "withdraw" -d 'Take an announced key back'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand help; and __fish_seen_subcommand_from known" -f -a "export" -d 'Print the whole store, for `import`'
complete -c starttls-verify -n "__fish_starttls_verify_using_subcommand help; and __fish_seen_subcommand_from known" -f -a "import" -d 'Add the peers of an export; nothing is changed unless all of it is right'
