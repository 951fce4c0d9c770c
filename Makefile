# The front door. `make help` lists what there is; `make demo` and `make test` do all the set-up on a
# Debian 12 machine with Rust, twice in a row as well, and without network once the packages are there.

CARGO ?= cargo
PYTHON ?= /usr/bin/python3
PHP ?= php
PREFIX ?= /usr/local
LIBDIR ?= lib
CARGO_TARGET_DIR ?= $(CURDIR)/target
export CARGO_TARGET_DIR

STV_VERSION := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml | head -n 1)
STV_OUT := $(CARGO_TARGET_DIR)/stv
STV_SONAME := $(STV_OUT)/libstarttls_verify.so.0
CLI := $(CARGO_TARGET_DIR)/release/starttls-verify
LAB := $(CARGO_TARGET_DIR)/release/stv-lab

# What the bindings load in tests and in the demo.
BINDING_ENV := STARTTLS_VERIFY_LIBRARY=$(STV_SONAME) \
	STARTTLS_VERIFY_HEADER=$(CURDIR)/include/starttls_verify.php.h \
	STARTTLS_VERIFY=$(CLI) STV_LAB=$(LAB) \
	PYTHONPATH=$(CURDIR)/bindings/python PYTHONDONTWRITEBYTECODE=1

# Where the tests of the Python package have their tools.
PYTHON_VENV := $(CARGO_TARGET_DIR)/python

C_OUT := $(CARGO_TARGET_DIR)/c
C_FLAGS := -std=c99 -Wall -Wextra -pedantic -Werror -g -Iinclude
CXX_FLAGS := -std=c++11 -Wall -Wextra -pedantic -Werror -g -Iinclude
C_LINK := -L$(STV_OUT) -lstarttls_verify -Wl,-rpath,$(STV_OUT)
# The tests look into OpenSSL's error queue, and have connections of their own.
C_TEST_LINK := $(C_LINK) -lssl -lcrypto -pthread
C_TESTS := test_abi test_judge test_session test_ssl test_threads test_known_peers test_tls_rpt
# These trace and kill their own children, which they cannot do under valgrind.
C_CRASH_TESTS := test_known_peers_crash
# One of the examples has OpenSSL connections of its own.
C_EXAMPLE_LINK := $(C_LINK) -Wl,--as-needed -lssl -lcrypto
C_EXAMPLES := verify_pem smtp_check nonblocking openssl_client
CPP_OUT := $(CARGO_TARGET_DIR)/cpp
CPP_FLAGS := -Wall -Wextra -pedantic -Werror -g -Iinclude -Ibindings/cpp
CPP_TESTS := test_objects test_verdicts
CPP_STANDARDS := c++11 c++20
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

PHP_EXTENSION := $(CARGO_TARGET_DIR)/php-extension

BENCH := $(CARGO_TARGET_DIR)/bench
BENCH_FLAGS := $(C_FLAGS) -O2
BENCH_SHARED := benches/measure.c benches/material.c benches/ours.c benches/theirs.c benches/loopback.c
BENCH_LINK := $(C_LINK) -lssl -lcrypto

DEB_OUT := $(CARGO_TARGET_DIR)/deb
# Where the tests look for other people's test data.
CONFORMANCE := $(or $(STV_CONFORMANCE),$(CURDIR)/../shared/conformance)

# Debian packages, per use.
BUILD_PACKAGES := gcc g++ make pkg-config libssl-dev
DEMO_PACKAGES := $(BUILD_PACKAGES) php-cli python3
DOCS_PACKAGES := mkdocs
TEST_PACKAGES := $(DEMO_PACKAGES) $(DOCS_PACKAGES) bsdextrautils clang cmake composer fish iproute2 libunbound-dev mandoc openssl php-dev phpunit \
	postfix python3-pytest python3-venv valgrind xz-utils zsh
DEB_PACKAGES := $(BUILD_PACKAGES) debhelper debootstrap dh-python dpkg-dev fakeroot iproute2 lintian openssl php-dev python3
BENCH_PACKAGES := $(BUILD_PACKAGES) curl gnutls-bin openssl php-cli postfix python3 valgrind

.PHONY: help demo test install lib cli lab abi abi-check examples-c clean \
	setup-demo setup-test setup-bench conformance test-rust test-c test-c-declarations test-c-plain test-c-sanitized \
	test-c-valgrind test-c-helgrind test-cpp test-cpp-header test-cpp-plain test-cpp-sanitized test-cpp-valgrind \
	examples-cpp test-corpus test-install test-man test-php test-php-programs test-php-extension test-php-unpatched test-fpm test-python test-postfix test-servers \
	test-discover docs test-docs test-demo fmt bench bench-programs bench-instructions

## help           this list
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## demo           builds, starts the lab on loopback, runs the C, PHP and Python programs and the
##                command line against every scenario, prints the table
demo: setup-demo lib cli lab examples-c
	$(BINDING_ENV) $(LAB) demo --dir $(CARGO_TARGET_DIR)/lab \
		--client c=$(C_OUT)/smtp_check \
		--client "php=$(PHP) examples/php/smtp_check.php" \
		--client "python=$(PYTHON) examples/python/smtp_check.py" \
		--client cli=examples/cli/smtp_check.sh

## test           everything that CI runs
test: setup-test abi-check test-rust conformance test-c test-cpp test-corpus test-install test-man test-php test-php-programs test-php-extension test-php-unpatched test-fpm test-python test-postfix test-servers test-discover test-docs test-dist test-deb test-demo
	@echo "make test: all parts passed"

setup-demo:
	@tests/setup.sh $(DEMO_PACKAGES)

setup-test:
	@tests/setup.sh $(TEST_PACKAGES)

setup-bench:
	@tests/setup.sh $(BENCH_PACKAGES)

## lib            the shared library with symbol versions, and the static one, in target/stv
lib:
	$(CARGO) rustc --quiet --locked --release --lib --crate-type staticlib
	cmake/relink.sh $(CARGO_TARGET_DIR)/release/libstarttls_verify.a \
		include/starttls_verify.map $(STV_OUT) $(STV_VERSION)
	cp $(CARGO_TARGET_DIR)/release/libstarttls_verify.a $(STV_OUT)/

## cli            the command line, target/release/starttls-verify
cli:
	$(CARGO) build --quiet --locked --release --features cli --bin starttls-verify

## lab            the lab, target/release/stv-lab
lab:
	$(CARGO) build --quiet --locked --release --package stv-lab

## install        PREFIX=DIR [DESTDIR=DIR] [LIBDIR=lib]: library, headers, pkg-config, CMake files,
##                command line, manual pages, completions, PHP and Python bindings
install: lib cli
	DESTDIR="$(DESTDIR)" cmake/install.sh "$(STV_OUT)" "$(STV_VERSION)" "$(PREFIX)" "$(LIBDIR)"
	install -D -m 755 $(CLI) "$(DESTDIR)$(PREFIX)/bin/starttls-verify"
	docs/man/install.sh "$(DESTDIR)$(PREFIX)/share/man" 1 7
	completions/install.sh "$(DESTDIR)$(PREFIX)/share"
	bindings/install.sh "$(DESTDIR)$(PREFIX)"

## abi            writes the headers and all that is generated from src/ffi and the tables
abi:
	$(CARGO) run --quiet --package xtask -- abi
	$(CARGO) run --quiet --package xtask -- docs

## abi-check      fails when a generated file is not current
abi-check:
	$(CARGO) run --quiet --locked --package xtask -- abi --check
	$(CARGO) run --quiet --locked --package xtask -- docs --check

## fmt            formats the Rust code
fmt:
	$(CARGO) fmt --all

## test-rust      format, lints, unit and integration tests of the library, the lab and the command line
test-rust:
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --quiet --locked --workspace --all-targets --features cli -- -D warnings
	$(CARGO) test --quiet --locked --workspace --features cli

## conformance    other people's chains through the C ABI, beside OpenSSL alone: a table per suite
conformance:
	$(CARGO) test --quiet --locked --test conformance -- --nocapture

## examples-c     the C examples, in target/c
examples-c: lib
	@mkdir -p $(C_OUT)
	set -e; for name in $(C_EXAMPLES); do \
		$(CC) $(C_FLAGS) examples/c/$$name.c -o $(C_OUT)/$$name $(C_EXAMPLE_LINK); done

## test-c         C tests: as they are, with sanitizers, under valgrind, threads under helgrind
test-c: test-c-declarations test-c-plain test-c-sanitized test-c-valgrind test-c-helgrind

test-c-declarations:
	$(CC) -std=c99 -Wall -Wextra -pedantic -Werror -fsyntax-only tests/c/declarations.c

test-c-plain: examples-c
	set -e; for name in $(C_TESTS) $(C_CRASH_TESTS); do \
		$(CC) $(C_FLAGS) tests/c/$$name.c -o $(C_OUT)/$$name $(C_TEST_LINK); done
	$(CXX) $(CXX_FLAGS) tests/c/header_cxx.cpp -o $(C_OUT)/header_cxx $(C_LINK)
	tests/c/run.sh "" $(C_OUT) $(C_OUT)/certificates header_cxx $(C_TESTS) $(C_CRASH_TESTS)

test-c-sanitized: lib
	@mkdir -p $(C_OUT)/sanitized
	set -e; for name in $(C_TESTS); do \
		$(CC) $(C_FLAGS) $(SANITIZE) tests/c/$$name.c -o $(C_OUT)/sanitized/$$name $(C_TEST_LINK); done
	nm $(C_OUT)/sanitized/test_abi | grep -q __asan_init
	tests/c/run.sh "" $(C_OUT)/sanitized $(C_OUT)/certificates $(C_TESTS)

test-c-valgrind: test-c-plain
	tests/c/run.sh "valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite" \
		$(C_OUT) $(C_OUT)/certificates $(C_TESTS)

test-c-helgrind: test-c-plain
	tests/c/run.sh "valgrind --tool=helgrind --quiet --error-exitcode=9" \
		$(C_OUT) $(C_OUT)/certificates test_threads

## examples-cpp   the C++ example, in target/cpp
examples-cpp: lib
	@mkdir -p $(CPP_OUT)
	$(CXX) -std=c++11 $(CPP_FLAGS) examples/cpp/smtp_check.cpp -o $(CPP_OUT)/smtp_check $(C_LINK)

## test-cpp       C++ header and tests: every standard, as they are, with sanitizers, under valgrind; the
##                example against the lab
test-cpp: test-cpp-header test-cpp-plain test-cpp-sanitized test-cpp-valgrind examples-cpp lab
	$(LAB) demo --dir $(CARGO_TARGET_DIR)/lab --client cpp=$(CPP_OUT)/smtp_check > $(CPP_OUT)/demo.txt || \
		{ cat $(CPP_OUT)/demo.txt; exit 1; }
	@tail -n 1 $(CPP_OUT)/demo.txt

test-cpp-header:
	tests/cpp/header.sh -Iinclude -Ibindings/cpp

test-cpp-plain: lib
	@mkdir -p $(CPP_OUT)
	$(CXX) -std=c++11 -fno-exceptions -fno-rtti $(CPP_FLAGS) tests/cpp/test_owned.cpp -o $(CPP_OUT)/test_owned $(C_LINK)
	set -e; for standard in $(CPP_STANDARDS); do for name in $(CPP_TESTS); do \
		$(CXX) -std=$$standard $(CPP_FLAGS) tests/cpp/$$name.cpp -o $(CPP_OUT)/$$name-$$standard $(C_TEST_LINK); done; done
	tests/c/run.sh "" $(CPP_OUT) $(C_OUT)/certificates test_owned \
		$(foreach name,$(CPP_TESTS),$(CPP_STANDARDS:%=$(name)-%))

test-cpp-sanitized: lib
	@mkdir -p $(CPP_OUT)/sanitized
	set -e; for name in $(CPP_TESTS); do \
		$(CXX) -std=c++11 $(CPP_FLAGS) $(SANITIZE) tests/cpp/$$name.cpp -o $(CPP_OUT)/sanitized/$$name $(C_TEST_LINK); done
	tests/c/run.sh "" $(CPP_OUT)/sanitized $(C_OUT)/certificates $(CPP_TESTS)

test-cpp-valgrind: test-cpp-plain
	tests/c/run.sh "valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite" \
		$(CPP_OUT) $(C_OUT)/certificates test_owned $(CPP_TESTS:%=%-c++11)

## test-corpus    a fuzzer's certificates through the C ABI under AddressSanitizer, leaks included
test-corpus: lib
	@mkdir -p $(C_OUT)/sanitized
	$(CC) $(C_FLAGS) $(SANITIZE) tests/c/corpus.c -o $(C_OUT)/sanitized/corpus $(C_LINK)
	tests/c/corpus.sh $(C_OUT)/sanitized/corpus $(CONFORMANCE)/corpus-openssl-x509.tar.xz $(C_OUT)/corpus

## test-install   installs to a temporary directory, moves it, and builds against it; panics in a library
##                that is linked as ours is
test-install: lib
	tests/c/installed.sh $(STV_OUT) $(STV_VERSION)
	tests/c/panics.sh

## test-man       manual pages and completions: clean, complete, every example compiled and run
test-man: lib cli
	tests/man.sh $(STV_OUT) $(C_OUT)/certificates $(CLI)

## test-php       PHPUnit over the PHP binding
test-php: lib lab
	$(BINDING_ENV) phpunit --configuration tests/php/phpunit.xml

## test-php-programs
##                PHPMailer, Symfony Mailer, PEAR, Horde and Roundcube with our adapters against the lab
test-php-programs: lib lab
	@tests/php/programs.sh
	$(BINDING_ENV) STV_PHP_PROGRAMS=$(CARGO_TARGET_DIR)/php-programs \
		phpunit --configuration tests/php/programs/phpunit.xml

## test-fpm       two pools of one PHP process manager, 10,000 requests: no cross-talk, no leak
test-fpm: test-php-extension
	@tests/setup.sh php-fpm
	$(BINDING_ENV) STV_PHP_EXTENSION=$(PHP_EXTENSION)/build/modules/starttls_verify.so \
		$(PYTHON) -m pytest -q -s tests/fpm

## test-php-extension
##                the PHP extension, built with phpize: its tests against the lab
test-php-extension: lib lab
	tests/php/build_extension.sh $(STV_OUT) $(STV_VERSION) $(PHP_EXTENSION)
	tests/php/extension.sh $(PHP_EXTENSION)/build $(LAB) tests/php/phpt.sh $(PHP_EXTENSION)/build

## test-php-unpatched
##                PHPMailer, Symfony Mailer, PEAR, Horde and Roundcube as they are, with the extension, against the lab
test-php-unpatched: test-php-extension
	@tests/php/programs.sh
	PYTHONDONTWRITEBYTECODE=1 $(PYTHON) tests/php/unpatched/run.py $(CARGO_TARGET_DIR)/php-programs/roundcube $(LAB) \
		$(PHP_EXTENSION)/labs --extension $(PHP_EXTENSION)/build/modules/starttls_verify.so

## test-python    mypy, ruff and pytest over the Python package, a real Postfix included
test-python: lib lab
	tests/python/setup.sh $(PYTHON) $(PYTHON_VENV)
	$(PYTHON_VENV)/bin/mypy --config-file bindings/python/pyproject.toml bindings/python/starttls_verify examples/python
	$(PYTHON_VENV)/bin/ruff check --quiet bindings/python
	$(PYTHON_VENV)/bin/ruff check --quiet tests/python
	$(BINDING_ENV) $(PYTHON_VENV)/bin/python -m pytest -q tests/python

## test-servers   real servers on loopback, installed by it: verified, refused under a wrong name, one
##                exchange each
test-servers: lib cli
	@tests/servers/setup.sh
	$(BINDING_ENV) $(PYTHON) -m pytest -q tests/servers

## test-discover  look-ups against signed, unsigned, forged and silent zones on loopback
test-discover: lib cli
	@tests/discover/setup.sh
	$(BINDING_ENV) $(PYTHON) -m pytest -q tests/discover

## docs           the documentation as a site, in target/docs/site
docs:
	@tests/setup.sh $(DOCS_PACKAGES)
	mkdocs build --quiet --strict --config-file mkdocs.yml --site-dir $(CARGO_TARGET_DIR)/docs/site

## test-docs      every command and program of the pages that show some, against the lab
test-docs: docs lab
	$(MAKE) --no-print-directory install PREFIX=$(CARGO_TARGET_DIR)/docs/prefix DESTDIR=
	STV_LAB=$(LAB) STV_PREFIX=$(CARGO_TARGET_DIR)/docs/prefix PYTHONDONTWRITEBYTECODE=1 \
		$(PYTHON) -m pytest -q tests/docs

## test-postfix   a real Postfix against C, PHP, Python and the command line
test-postfix: lib cli examples-c
	$(BINDING_ENV) tests/postfix.sh $(C_OUT)

## test-demo      the demo as a test
test-demo: demo

## bench          every figure of docs/performance.md beside its opponents; a few minutes. Results in
##                target/bench/results.json
bench: bench-programs cli
	PYTHONDONTWRITEBYTECODE=1 $(PYTHON) benches/run.py $(BENCH) $(BENCH)/material $(STV_SONAME) $(CLI) \
		$(BENCH)/results.json

## bench-instructions
##                instruction counts against benches/instructions.tsv, 5 % allowed; REBASE=--rebase
##                writes them anew
bench-instructions: bench-programs
	$(PYTHON) benches/instructions.py $(BENCH)/instructions $(BENCH)/material benches/instructions.tsv $(REBASE)

bench-programs: setup-bench lib
	@mkdir -p $(BENCH)
	benches/chains.sh $(BENCH)/material
	set -e; for name in verdicts questions handshakes sessions heap instructions; do \
		$(CC) $(BENCH_FLAGS) benches/$$name.c $(BENCH_SHARED) -o $(BENCH)/$$name $(BENCH_LINK); done
	$(CC) $(BENCH_FLAGS) benches/fresh_ours.c $(BENCH_SHARED) -o $(BENCH)/fresh_ours $(BENCH_LINK)
	$(CC) $(BENCH_FLAGS) benches/fresh_theirs.c benches/material.c benches/theirs.c benches/measure.c -o $(BENCH)/fresh_theirs -lcrypto
	$(CC) $(BENCH_FLAGS) benches/server.c benches/measure.c -o $(BENCH)/server -lssl -lcrypto -pthread
	$(CC) $(BENCH_FLAGS) benches/opening.c -o $(BENCH)/opening

.PHONY: dist test-dist deb test-deb setup-deb

## dist           the source of the last commit as a tarball, the same octets everywhere, in target/dist
dist:
	packaging/dist.sh $(CARGO_TARGET_DIR)/dist $(STV_VERSION)

## test-dist      the tarball is the same twice, and whole
test-dist:
	packaging/test-dist.sh $(CARGO_TARGET_DIR)/dist $(STV_VERSION)

## deb            Debian packages, in target/deb, without an error of lintian's
deb: setup-deb
	packaging/deb.sh $(DEB_OUT) $(STV_VERSION)

## test-deb       each Debian package in a clean root, doing what it is for
test-deb: deb
	packaging/test-deb.sh $(DEB_OUT) $(C_OUT)/certificates $(DEB_OUT)/roots

setup-deb:
	@tests/setup.sh $(DEB_PACKAGES)

## clean          removes what was built
clean:
	$(CARGO) clean
