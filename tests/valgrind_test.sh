#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Functions are run through check().
# shellcheck disable=SC2317 source=tests/real_agent.sh
# evictd with BPF under valgrind: load, births, deaths, an OOM-free life of some cgroups, queries,
# reload, a forced fallback, a clean end. (The files tier is in agent_test.sh.)
set -u
test_name=valgrind_test
. tests/real_agent.sh
[ -z "${EVICTD_SAN:-}" ] || { skip $test_name "does not go together with sanitizers"; exit 0; }
command -v valgrind >/dev/null || { skip $test_name "valgrind is not installed"; exit 0; }
[ "$(id -u)" = 0 ] || { skip $test_name "BPF needs root"; exit 0; }
[ -r /sys/kernel/btf/vmlinux ] || { skip $test_name "this kernel has no BTF"; exit 0; }
patience=90
wrapper=(valgrind -q --error-exitcode=9 --leak-check=full "--suppressions=tests/valgrind.supp")
printf 'sample_interval: 200ms\nsnapshot_interval: 1s\n' >"$conf"
burn='import time
while time.process_time() < 0.2: pass'
# known NAME STATE: what /v1/usage says of a cgroup.
known() {
	get '/v1/usage?bins=1' | json "[w for w in d['workloads'] if w['cgroup'] == '/$cg_parent/$1' and w['state'] == '$2']"
}
gone() { get /v1/usage | json "not [w for w in d['workloads'] if w['cgroup'] == '/$cg_parent/$1' and w['state'] == 'live']"; }
is_tier() { status_is "d['tier'] == '$1'"; }
reloaded() { status_is "d['lastReload'] and d['lastReload']['ok']"; }

cg_make "before"
start --tier bpf
check "bpf:ready" until_true ready
check "bpf:tier" is_tier bpf
check "bpf:found" until_true known "before" live
cg_make "one" "two"
cg_run "one" python3 -c "$burn"
check "bpf:born" until_true known "one" live
cg_remove "one" "before"
check "bpf:died" until_true gone "one"
get /metrics >/dev/null
get /v1/nothing >/dev/null
kill -HUP "$pid"
check "bpf:reload" until_true reloaded
sleep 3 # slots of the dead go back after 2 s
check "bpf:answers" known "two" live
stop
check "bpf:clean" clean_end
cg_remove "two"
# What was built before the failure goes, too.
start --tier auto --btf /nonexistent
check fallback:ready until_true ready
stop
check fallback:clean clean_end
wrapper=(setpriv --bounding-set=-all --inh-caps=-all "${wrapper[@]}")
check unprivileged:clean run_fails 1 "not permitted: run as root" --config "$conf" --socket "$sock" --tier bpf
exit "$rc"
