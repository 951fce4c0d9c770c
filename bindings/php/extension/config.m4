dnl libstarttls_verify from pkg-config, or from the prefix STARTTLS_VERIFY_DIR.

PHP_ARG_WITH([starttls_verify],
  [for libstarttls_verify],
  [AS_HELP_STRING([--with-starttls_verify], [Take over STARTTLS of tcp:// streams])],
  [yes])

if test "$PHP_STARTTLS_VERIFY" != "no"; then
  AC_PATH_PROG([PKG_CONFIG], [pkg-config], [no])
  if test -n "$STARTTLS_VERIFY_DIR"; then
    STARTTLS_VERIFY_CFLAGS="-I$STARTTLS_VERIFY_DIR/include"
    STARTTLS_VERIFY_LIBS="-L$STARTTLS_VERIFY_DIR/$PHP_LIBDIR -lstarttls_verify"
  elif test "$PKG_CONFIG" != "no" && $PKG_CONFIG --exists starttls_verify; then
    STARTTLS_VERIFY_CFLAGS=`$PKG_CONFIG --cflags starttls_verify`
    STARTTLS_VERIFY_LIBS=`$PKG_CONFIG --libs starttls_verify`
  else
    AC_MSG_ERROR([libstarttls_verify was not found: set PKG_CONFIG_PATH or STARTTLS_VERIFY_DIR])
  fi
  PHP_EVAL_INCLINE([$STARTTLS_VERIFY_CFLAGS])
  PHP_EVAL_LIBLINE([$STARTTLS_VERIFY_LIBS], [STARTTLS_VERIFY_SHARED_LIBADD])
  PHP_CHECK_LIBRARY([starttls_verify], [stv_session_new_upgraded], [],
    [AC_MSG_ERROR([libstarttls_verify is too old: it has no stv_session_new_upgraded])],
    [$STARTTLS_VERIFY_LIBS])
  PHP_SUBST([STARTTLS_VERIFY_SHARED_LIBADD])
  PHP_NEW_EXTENSION([starttls_verify],
    [module.c settings.c scope.c transport.c handshake.c secured.c options.c policy.c dialogue.c clear.c report.c audit.c],
    [$ext_shared],,
    [-std=c11 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-parameter -fvisibility=hidden])
  PHP_ADD_EXTENSION_DEP([starttls_verify], [openssl], [true])
fi
