# SPDX-License-Identifier: Apache-2.0
# Sourced by every part of the tests: one line per test, on stdout and in $EVICTD_RESULTS.
# shellcheck shell=sh

result() {
	echo "$*"
	[ -z "${EVICTD_RESULTS:-}" ] || echo "$*" >>"$EVICTD_RESULTS"
}

# ok NAME; not_ok NAME WHY; skip NAME WHY
ok() { result "ok $1"; }
not_ok() { result "not ok $1: $2"; }
skip() { result "skip $1: $2"; }
