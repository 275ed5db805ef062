#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs unit test programs of the Check framework and turns its lines,
#   tests/json_test.c:25:F:numbers:whole:6: Assertion ... failed
# into results named json_test:numbers:whole:6 (the last number is the row of the table).
# usage: tests/unit.sh PROGRAM...
set -u
. tests/results.sh

EVICTD_TEST_DATA=${EVICTD_TEST_DATA:-tests/data}
CK_TIMEOUT_MULTIPLIER=${CK_TIMEOUT_MULTIPLIER:-${EVICTD_SAN:+5}}
CK_TIMEOUT_MULTIPLIER=${CK_TIMEOUT_MULTIPLIER:-1}
CK_VERBOSITY=verbose
export EVICTD_TEST_DATA CK_TIMEOUT_MULTIPLIER CK_VERBOSITY

log=$(mktemp) || exit 1
lines=$(mktemp) || exit 1
trap 'rm -f "$log" "$lines"' EXIT
rc=0
for program; do
	name=${program##*/}
	"$program" >"$log" 2>&1
	status=$?
	awk -v name="$name" -F: '
	/^[^ :]+:[0-9]+:[PFES]:/ {
		test = name ":" $4 ":" $5 ":" $6
		why = $0
		sub(/^([^:]*:)+[0-9]+: /, "", why)
		if ($3 == "P")
			print "ok " test
		else if ($3 == "S")
			print "skip " test ": " why
		else
			print "not ok " test ": " $1 ":" $2 ": " why
	}' "$log" >"$lines"
	failed=$(grep -c '^not ok ' "$lines")
	if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
		echo "not ok $name: exit status $status" >>"$lines"
		failed=1
	fi
	[ -z "${EVICTD_RESULTS:-}" ] || cat "$lines" >>"$EVICTD_RESULTS"
	if [ "$failed" -gt 0 ]; then
		rc=1
		grep -v '^[^ :]*:[0-9]*:P:' "$log"
	fi
	printf '  %-5s %s: %d ok, %d failed\n' TEST "$name" "$(grep -c '^ok ' "$lines")" "$failed"
done
exit $rc
