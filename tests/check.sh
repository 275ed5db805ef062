#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the given parts of the tests one after the other, whichever fails, and prints the total.
# usage (by make): MAKE=make BUILD=build tests/check.sh PART...
set -u

EVICTD_RESULTS=$BUILD/results.txt
export EVICTD_RESULTS
mkdir -p "$BUILD" && : >"$EVICTD_RESULTS" || exit 1
case " ${MAKEFLAGS:-}" in
*' -j'* | *--jobserver*) jobs= ;;
*) jobs=-j$(nproc) ;;
esac

failures() { grep -c '^not ok ' "$EVICTD_RESULTS"; }

for part; do
	echo "== check-$part"
	before=$(failures)
	# $MAKE may carry options, $jobs may be empty.
	# shellcheck disable=SC2086
	$MAKE --no-print-directory $jobs "part-$part" && continue
	# A part that failed before it could say so (it did not compile, it crashed) counts too.
	[ "$(failures)" -gt "$before" ] || echo "not ok check-$part: failed" >>"$EVICTD_RESULTS"
done
tests/summary.sh "$EVICTD_RESULTS"
