#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Functions are run through check().
# shellcheck disable=SC2317 source=tests/real_agent.sh
# What the kernel or the administrator can do to evictd's BPF: broken type information, no privilege,
# full maps, lost events, cgroups that come and go while they are read. Each ends in a clear message,
# with evictd running on where it can. (Bad configuration, busy sockets and stuck clients are in
# agent_test.sh; files that vanish while they are read in cgroupfs_test.c.)
set -u
test_name=bad_input_test
[ "$(id -u)" = 0 ] || { . tests/results.sh; skip $test_name "needs root"; exit 0; }
. tests/real_agent.sh
chmod 0755 "$dir"
btf=/sys/kernel/btf/vmlinux
[ -r $btf ] || { skip $test_name "this kernel has no BTF"; exit 0; }

no_slots() { status_is "d['slots']['max'] == 0 and d['tasks']['max'] == 0"; }
# The status tells the reason, to a program and to a person; the log does, too.
files_because() { # TEXT
	status_is "d['tier'] == 'files' and not d['tierForced'] and '$1' in d['tierWhy'] and \
		not any(f['on'] for f in d['features'])" || return 1
	"$evictctl" --socket "$sock" status >"$dir/out" || return 1
	grep -q -- "$1" "$dir/out" || { cat "$dir/out"; return 1; }
	log_has "tier files: .*$1"
}
measures() { get /v1/usage | json "len(d['workloads']) > 0"; }

# goes_on NAME TEXT OPTION...: with tier auto it runs, measures by files, and says why.
goes_on() {
	local name=$1 text=$2
	shift 2
	start --tier auto "$@"
	check "$name:auto-runs" until_true ready
	check "$name:auto-says-why" files_because "$text"
	check "$name:auto-measures" measures
	stop
	check "$name:auto-ends" clean_end
}

# Type information: none, of no length, a folder, cut off, noise, a whole header before noise.
printf 'sample_interval: 200ms\nsnapshot_interval: 1s\n' >"$conf"
cat $btf >"$dir/whole"
: >"$dir/empty"
mkdir "$dir/folder"
head -c 10 "$dir/whole" >"$dir/cut-header"
head -c 3000000 "$dir/whole" >"$dir/cut-types"
head -c -7 "$dir/whole" >"$dir/cut-strings"
python3 -c "import random; random.seed(1); import sys; sys.stdout.buffer.write(random.randbytes(100000))" >"$dir/noise"
{ head -c 24 "$dir/whole"; tail -c +25 "$dir/whole" | LC_ALL=C tr '\0-\377' '\1-\377\0'; } >"$dir/noise-types"
for name in missing empty folder cut-header cut-types cut-strings noise noise-types; do
	text="'$dir/$name' cannot be used: it is cut off, damaged or no BTF; give a whole one or use tier files"
	[ $name != missing ] || text="'$dir/$name' cannot be used: there is none; boot a kernel with CONFIG_DEBUG_INFO_BTF=y"
	for tier in bpf bpf+files; do
		check "btf:$name:$tier" run_fails 1 "tier '$tier' is not possible here: kernel type information $text" \
			--config "$conf" --socket "$sock" --btf "$dir/$name" --tier $tier
	done
done
goes_on btf:missing "there is none; boot a kernel with CONFIG_DEBUG_INFO_BTF=y" --btf "$dir/missing"
goes_on btf:cut-types "it is cut off, damaged or no BTF" --btf "$dir/cut-types"
# A module's, not a kernel's.
bpftool btf dump file "$build/cpu.bpf.o" >/dev/null 2>&1 && check btf:not-a-kernel run_fails 1 \
	"has no scheduler tracepoints" --config "$conf" --socket "$sock" --btf "$build/cpu.bpf.o" --tier bpf
as_whole() { status_is "d['tier'] == 'bpf' and all(f['on'] for f in d['features'] if f['name'] == 'btf')"; }
start --tier auto --btf "$dir/whole"
until_true ready
check btf:whole as_whole
stop

# Privileges: none at all, root without some of them.
chmod 0000 "$dir/whole"
mkdir -m 0777 "$dir/nobody"
sock=$dir/nobody/evictd.sock
wrapper=(setpriv --reuid nobody --clear-groups)
check btf:unreadable run_fails 1 "'$dir/whole' cannot be used: it may not be read; run as root" \
	--config "$conf" --socket "$sock" --btf "$dir/whole" --tier bpf
denied="scheduler programs: load: not permitted: run as root or with CAP_BPF and CAP_PERFMON"
check cap:nobody:bpf run_fails 1 "tier 'bpf' is not possible here: $denied" \
	--config "$conf" --socket "$sock" --tier bpf
goes_on cap:nobody "$denied"
for missing in bpf perfmon all; do
	wrapper=(setpriv --bounding-set "-sys_admin,-$missing" --inh-caps=-all)
	[ $missing != all ] || wrapper=(setpriv --bounding-set=-all --inh-caps=-all)
	for tier in bpf bpf+files; do
		check "cap:root-without-$missing:$tier" run_fails 1 "tier '$tier' is not possible here: $denied" \
			--config "$conf" --socket "$sock" --tier $tier
	done
done
goes_on cap:root-without-all "$denied"
wrapper=()
sock=$dir/evictd.sock

# Full maps. What has no slot is measured from files; what fits is measured as ever.
printf 'sample_interval: 200ms\nsnapshot_interval: 1s\nmax_cgroups: 64\nmax_tasks: 1024\n' >"$conf"
start --tier bpf
check full:runs until_true ready
used=$(status_get "d['slots']['used']")
names=()
for i in $(seq 100); do names+=("full-$i"); done
check full:cgroups cg_make "${names[@]}"
burn='import time
while time.process_time() < 0.3: pass'
cg_run full-1 python3 -c "$burn" &
cg_run full-100 python3 -c "$burn"
wait %?full-1 2>/dev/null
slots_full() {
	status_is "d['slots']['max'] == 64 and d['slots']['used'] == 64 and d['lost']['slots-full'] > 0 and \
		d['slots']['without'] >= 36"
}
check full:slots until_true slots_full
check full:slots-log until_true log_has \
	'warning: no BPF slot is left: [0-9]* cgroups .* raise max_cgroups (now 64) and restart evictd'
slots_shown() {
	"$evictctl" --socket "$sock" status | tee "$dir/out"
	grep -q '64 of 64 .*nearly full' "$dir/out" && grep -q 'slots-full .*! .*raise max_cgroups' "$dir/out"
}
check full:slots-shown slots_shown
# burnt NAME: its CPU time is known.
burnt() {
	get /v1/usage | json "[w for w in d['workloads'] if w['cgroup'] == '/$cg_parent/$1'][0]['cpu']['usageNs'] > 250e6"
}
check full:with-slot until_true burnt full-1
check full:without-slot until_true burnt full-100
cg_remove "${names[@]}"
# Others may make cgroups of their own meanwhile.
slots_back() { status_is "d['slots']['used'] <= $used + 20 and d['slots']['without'] <= 5"; }
check full:slots-back until_true slots_back

# 1,500 threads that sleep and run.
python3 - "$dir/go" <<'END' &
import sys, threading, time
threading.stack_size(65536)
end = time.monotonic() + 60
stop = threading.Event()
def work():
    while not stop.wait(0.5) and time.monotonic() < end:
        pass
for _ in range(1500):
    threading.Thread(target=work, daemon=True).start()
sys.stdin.close()
open(sys.argv[1], "w").close()
time.sleep(60)
END
threads=$!
tasks_full() { status_is "d['tasks']['used'] >= 1000 and d['tasks']['max'] == 1024 and d['lost']['tasks-full'] > 0"; }
check full:tasks until_true tasks_full
check full:tasks-log until_true log_has \
	'warning: the map of tasks is full: .*raise max_tasks (now 1024) and restart evictd'
tasks_shown() {
	"$evictctl" --socket "$sock" status | tee "$dir/out"
	grep -q 'tasks-full .*! .*raise max_tasks' "$dir/out"
}
check full:tasks-shown tasks_shown
kill $threads
wait $threads 2>/dev/null
tasks_back() { status_is "d['tasks']['used'] < 600"; }
check full:tasks-back until_true tasks_back
once() {
	cat "$dir/log"
	[ "$(grep -c 'no BPF slot' "$dir/log")" = 1 ] && [ "$(grep -c 'map of tasks is full' "$dir/log")" = 1 ]
}
check full:said-once once
stop
check full:ends clean_end

# Lost events: evictd stands still while more happens than the ring holds. Afterwards it knows all
# that live and none that died, and the slots of those it never heard of are free again.
printf 'sample_interval: 200ms\nsnapshot_interval: 1s\n' >"$conf"
start --tier bpf
until_true ready
cg_make known-1 known-2
used=$(status_get "d['slots']['used']")
kill -STOP "$pid"
lost=()
stay=()
for i in $(seq 700); do lost+=("lost-$i"); done
for i in $(seq 20); do stay+=("stay-$i"); done
cg_make "${lost[@]}" && cg_make "${stay[@]}"
cg_remove "${lost[@]}" known-1
kill -CONT "$pid"
events_lost() { status_is "d['lost']['events'] > 0"; }
check lost:counted until_true events_lost
check lost:log until_true log_has 'warning: .* births, deaths or OOM kills of cgroups were not told'
tree_true() {
	get /v1/usage | json "sorted(w['cgroup'].rsplit('/', 1)[1] for w in d['workloads'] \
		if w['cgroup'].startswith('/$cg_parent/') and w['state'] == 'live') == \
		sorted(['known-2'] + ['stay-%d' % i for i in range(1, 21)])"
}
check lost:tree until_true tree_true
# All but those that others made meanwhile.
slots_are() { status_is "abs(d['slots']['used'] - $1) < 20"; }
check lost:slots until_true slots_are $((used + 19))
cg_remove "${stay[@]}" known-2
check lost:slots-back until_true slots_are $((used - 2))

# Paths longer than an event holds, gone before a walk finds them: nobody knows who had these slots.
x=$(printf 'x%.0s' {1..150})
swept=$(grep -c 'lived and died unseen' "$dir/log")
swept_again() { [ "$(grep -c 'lived and died unseen' "$dir/log")" -gt "$swept" ]; }
names=("$x" "$x/$x" "$x/$x/$x" "$x/$x/$x/$x")
cg_make "${names[@]}"
cg_remove "${names[3]}" "${names[2]}" "${names[1]}" "${names[0]}"
check lost:long-path until_true swept_again

# Churn: cgroups vanish while they are read.
stop_at=$(($(date +%s) + 5))
polls=0
names=()
for i in $(seq 500); do names+=("churn-$i"); done
while [ "$(date +%s)" -lt $stop_at ]; do
	cg_make "${names[@]}"
	cg_remove "${names[@]}"
done &
churn=$!
while kill -0 $churn 2>/dev/null; do
	"$evictctl" --socket "$sock" usage -o json >"$dir/out" 2>"$dir/err" || break
	polls=$((polls + 1))
done
wait $churn
check churn:polled [ $polls -ge 10 ]
check churn:answers [ ! -s "$dir/err" ]
no_stale() {
	get /v1/usage | json "not [w for w in d['workloads'] if '/churn-' in w['cgroup'] and w['state'] == 'live']"
}
check churn:no-stale until_true no_stale
check churn:slots-back until_true slots_are $((used - 2))
check churn:ready ready
stop
check churn:ends clean_end
exit "$rc"
