#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lists what failed and what was skipped; the last line is the total. Fails when anything failed,
# and when nothing ran at all. usage: tests/summary.sh RESULTS
set -eu
awk '
/^ok / { passed++; next }
/^not ok / { failed++; bad = bad "FAILED   " substr($0, 8) "\n"; next }
/^skip / { skipped++; out = out "skipped: " substr($0, 6) "\n"; next }
END {
	printf "== total\n%s%s%d passed, %d failed", out, bad, passed, failed
	if (skipped)
		printf ", %d skipped", skipped
	printf "\n"
	exit failed > 0 || passed + skipped == 0
}' "$1"
