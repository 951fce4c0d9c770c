#!/bin/sh -eu
# Installs: ./php-starttls-verify-extension_*.deb ./libstarttls-verify0_*.deb php-cli
# The PHP extension: not switched on by installing it, and by one command.
if php -m | grep starttls_verify; then exit 1; fi
if php refused.php; then exit 1; fi
phpenmod starttls_verify
php -m | grep starttls_verify
php --ri starttls_verify | grep 'starttls_verify.mode => enforce'
# A server that says nothing of STARTTLS gets nothing in clear where TLS is demanded.
php -d starttls_verify.require_tls='*' refused.php
