# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests of evictctl: a fake agent, a scratch directory, and checks of what was printed.
# shellcheck shell=bash disable=SC2154
. tests/results.sh

dir=$(mktemp -d) || exit 1
# A copy, so that a build on the side does not pull it from under the test.
evictctl=$dir/evictctl
cp "${EVICTD_BUILD:-build}/evictctl" "$evictctl" || exit 1
sock=$dir/evictd.sock
agent=
failed=0
export LC_ALL=C.UTF-8
# AddressSanitizer's leak check needs ptrace, which a terminal's children may not have.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1}

stop_agent() {
	[ -z "$agent" ] || { kill "$agent" && wait "$agent"; } 2>/dev/null
	agent=
}

# start_agent MODE: returns when it listens.
start_agent() {
	stop_agent
	rm -f "$dir/ready"
	python3 tests/fake_agent.py "$sock" "$1" >"$dir/ready" 2>"$dir/agent.err" &
	agent=$!
	for _ in $(seq 200); do
		grep -qs ready "$dir/ready" && return
		sleep 0.05
	done
	not_ok "$test_name:start_agent" "the fake agent does not start: $(cat "$dir/agent.err")"
	exit 1
}

finish() {
	stop_agent
	rm -rf "$dir"
}
trap finish EXIT

# check NAME COMMAND...: ok where the command succeeds.
check() {
	local name=$test_name:$1
	shift
	if "$@"; then
		ok "$name"
	else
		not_ok "$name" "$* failed; see above"
		failed=1
		head -n 30 "$dir/out" "$dir/err" 2>/dev/null | cat -v
	fi
}

# run CODE ARGUMENT...: runs evictctl against the fake agent, stdout and stderr in $dir/out, err.
run() {
	local want=$1 got
	shift
	timeout 60 "$evictctl" --socket "$sock" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	[ "$got" -eq "$want" ] || { echo "exit status $got, not $want: evictctl $*"; return 1; }
}

out_has() { grep -qF -- "$1" "$dir/out" || { echo "stdout lacks: $1"; return 1; }; }
out_lacks() { ! grep -qF -- "$1" "$dir/out" || { echo "stdout has: $1"; return 1; }; }
err_has() { grep -qF -- "$1" "$dir/err" || { echo "stderr lacks: $1"; return 1; }; }

# No byte that a terminal could obey: C0 except newline (and CR of csv), DEL, C1 as UTF-8.
no_controls() {
	! LC_ALL=C grep -qP '[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]' \
		"$dir/out" "$dir/err"
}
