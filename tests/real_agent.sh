# SPDX-License-Identifier: Apache-2.0
# Sourced by tests of the real agent; $test_name names the results. Functions are run through check().
# shellcheck shell=bash disable=SC2034,SC2154,SC2317
. tests/results.sh
build=${EVICTD_BUILD:-build}
dir=$(mktemp -d) || exit 1
# Copies, so that a build on the side does not pull them from under the test.
evictd=$dir/evictd
evictctl=$dir/evictctl
cp "$build/evictd" "$build/evictctl" "$dir/" || exit 1
sock=$dir/evictd.sock
conf=$dir/evictd.yaml
: >"$conf"
pid=
rc=0
# Sanitizers slow everything down.
patience=${EVICTD_SAN:+60}
patience=${patience:-20}

agent_cleanup() {
	[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
	cg_cleanup
	rm -rf "$dir"
}
trap agent_cleanup EXIT

# check NAME COMMAND...: the command says why it fails.
check() {
	local name=$test_name:$1 why
	shift
	if why=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name" "$(echo "${why:-$*}" | tail -n 3 | tr '\n' ' ')"
		cat "$dir/log" 2>/dev/null
		rc=1
	fi
}

get() { curl -s -S -m "$patience" --unix-socket "$sock" "http://evictd$1"; }
code() { curl -s -o /dev/null -m "$patience" -w '%{http_code}' --unix-socket "$sock" "${@:2}" "http://evictd$1"; }
json() { python3 -c "import json,sys; d=json.load(sys.stdin); assert $1, str(d)[-400:]"; }
status_is() { get /v1/status | json "$1"; }
status_get() { get /v1/status | python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"; }
log_has() { grep -q -- "$1" "$dir/log" || { echo "the log lacks '$1': $(cat "$dir/log")"; return 1; }; }

# until_true COMMAND...: tries for some seconds.
until_true() {
	local end=$((SECONDS + patience))
	while [ $SECONDS -lt $end ]; do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	"$@"
}

# The agent in the background, with the configuration in $conf. Not by check(), as stop(): only the
# shell that started the agent can wait for it.
wrapper=()
start() { # OPTION...
	"${wrapper[@]}" "$evictd" --config "$conf" --socket "$sock" --no-setuid "$@" 2>"$dir/log" &
	pid=$!
}
stop() {
	kill -TERM "$pid"
	wait "$pid"
	stopped=$?
	pid=
}
clean_end() { [ "$stopped" -eq 0 ] || { echo "exit status $stopped"; tail -n 20 "$dir/log"; return 1; }; }
ready() { [ "$(code /readyz)" = 200 ]; }

run_fails() { # STATUS TEXT ARGS...
	local want=$1 text=$2
	shift 2
	"${wrapper[@]}" "$evictd" "$@" >"$dir/out" 2>&1
	local got=$?
	[ "$got" -eq "$want" ] || { echo "exit status $got: $(cat "$dir/out")"; return 1; }
	grep -q -- "$text" "$dir/out" || { echo "no '$text' in: $(cat "$dir/out")"; return 1; }
}

# Cgroups of our own, /evictd-test-PID/NAME, in every hierarchy that evictd reads.
cg_parent=evictd-test-$$
# Once each: a hierarchy may be mounted in several places.
cg_roots() {
	local root dev seen=" "
	awk '$3 == "cgroup2" || $3 == "cgroup" && $4 ~ /(^|,)(cpu|cpuacct|memory)(,|$)/ { print $2 }' \
		/proc/mounts | while read -r root; do
		dev=$(stat -c %d "$root") || continue
		case $seen in *" $dev "*) continue ;; esac
		seen="$seen$dev "
		echo "$root"
	done
}
cg_make() { # NAME...
	local root c
	for root in $(cg_roots); do
		mkdir -p "$root/$cg_parent" || return 1
		# On v2 the children get controllers only when their parent says so.
		[ ! -e "$root/$cg_parent/cgroup.subtree_control" ] || for c in +cpu +memory; do
			echo $c >"$root/$cg_parent/cgroup.subtree_control"
		done 2>/dev/null
		(cd "$root/$cg_parent" && mkdir "$@") || return 1
	done
}
cg_remove() { # NAME...
	local root
	for root in $(cg_roots); do (cd "$root/$cg_parent" && rmdir "$@") || return 1; done
}
# cg_run NAME COMMAND...: in the cgroup, in the foreground.
cg_run() {
	local name=$1 root
	shift
	(
		for root in $(cg_roots); do
			echo "$BASHPID" >"$root/$cg_parent/$name/cgroup.procs" || exit 1
		done
		exec "$@"
	)
}
cg_cleanup() {
	local root
	for root in $(cg_roots); do
		[ -d "$root/$cg_parent" ] || continue
		find "$root/$cg_parent" -depth -type d -exec rmdir {} + 2>/dev/null
	done
}
