#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Functions are run through check().
# shellcheck disable=SC2317
# evictctl against a fake agent: what it prints, its exit codes, and replies that are hostile.
set -u
test_name=cli_test
. tests/fake_agent.sh

json() { python3 -c "import json,sys; d=json.load(open('$dir/out')); assert $1, d" 2>"$dir/err"; }
rows() { [ "$(tail -n +2 "$dir/out" | wc -l)" -eq "$1" ] || { echo "not $1 rows"; return 1; }; }

# What a person reads.
start_agent good
usage_table() {
	run 0 usage && rows 5 && out_has 'NAMESPACE POD/UNIT' && out_has 'neighbour etl-0' &&
		out_has 'quota 71%' && out_lacks ssh.service && out_lacks job-1
}
check usage:table usage_table
usage_order() { run 0 usage --sort "$1" && sed -n 2p "$dir/out" | grep -q "$2"; }
check usage:sort:cpu usage_order cpu etl-0
check usage:sort:memory usage_order memory etl-0
check usage:sort:wait usage_order wait etl-0
check usage:sort:throttled usage_order throttled 'app  *250m'
check usage:sort:name usage_order name nginx
usage_filter() { local n=$1; shift; run 0 usage "$@" && rows "$n"; }
check usage:namespace usage_filter 3 -n shop
check usage:pattern usage_filter 2 web
check usage:glob usage_filter 1 'cart-*'
check usage:all usage_filter 6 --all
check usage:dead usage_filter 6 --dead
no_match() { run 0 usage nothing-like-it && out_has 'No workload matches'; }
check usage:no-match no_match
width() { run 0 usage "$@" && [ "$(wc -L <"$dir/out")" -le 120 ]; }
check usage:width width
wide() { run 0 usage -o wide && out_has CGROUP && out_has /kubepods.slice && out_has ReplicaSet/web; }
check usage:wide wide

# What a program reads.
usage_json() { run 0 usage -n shop -o json && json "len(d['workloads'])==3 and d['kind']=='Usage'"; }
check usage:json usage_json
json_raw() { run 0 usage etl -o json && json "d['workloads'][0]['cpu']['usageNs']==5400000000000"; }
check usage:json:raw json_raw
csv() {
	run 0 usage --all --dead -o csv && python3 - "$dir/out" <<'PY'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
assert len(rows) == 7, len(rows)
assert {r["pod"] for r in rows} >= {"etl-0", "cart-0", "job-1"}, rows
assert rows[0]["cpu_usage_ns"] == "5400000000000" and rows[0]["cpu_quota_cores"] == "", rows[0]
assert rows[0]["wait_offender_pod"] == "web-7f6d5c9b8-abcde", rows[0]
PY
}
check usage:csv csv
# YAML is read back by evictd's own reader elsewhere; here its shape.
yaml() { run 0 usage etl -o yaml && out_has '  podUID: null' && out_has '- kind: container'; }
check usage:yaml yaml
status_table() {
	run 0 status && out_has 'Tier      bpf' && out_has "psi     off" && out_has '31000 of 32768' &&
		out_has '! waits not seen: raise max_tasks' && out_has '0.1% of one core'
}
check status:table status_table
status_json() { run 0 status -o json && json "d['lost']['tasks-full']==17"; }
check status:json status_json
status_csv() { run 0 status -o csv && out_has 'lost.tasks-full,17' && out_has 'features.psi.on,false'; }
check status:csv status_csv
status_yaml() { run 0 status -o yaml && out_has '  tasks-full: 17'; }
check status:yaml status_yaml
batch() { run 0 top -n 2 -d 0.2 --batch && [ "$(grep -c 'tier bpf' "$dir/out")" -eq 2 ] && out_has ⣇; }
check top:batch batch
batch_tree() { run 0 top -n 1 --batch --tree && out_has shop/web-7f6d5c9b8-abcde; }
check top:batch:tree batch_tree
batch_ascii() { LC_ALL=C run 0 top -n 1 --batch && ! LC_ALL=C grep -q '[^ -~]' "$dir/out"; }
check top:batch:ascii batch_ascii
no_tty() { run 1 top && err_has 'use --batch'; }
check top:no-terminal no_tty
full_disk() { "$evictctl" --socket "$sock" usage >/dev/full 2>"$dir/err"; [ $? -eq 1 ] && err_has 'No space'; }
check full-disk full_disk

# Help and usage errors.
help() { run 0 "$@" --help && out_has 'Exit status:' && out_has 'Examples:'; }
check help help
for verb in top usage status; do
	check "help:$verb" help "$verb"
	help_verb() { run 0 help "$verb" && out_has "Usage: evictctl $verb"; }
	check "help-verb:$verb" help_verb
done
version() { run 0 --version && grep -q '^evictctl ' "$dir/out"; }
check version version
ln -s evictctl "$dir/kubectl-evictd"
plugin() { "$dir/kubectl-evictd" --help >"$dir/out" && out_has 'Usage: kubectl evictd'; }
check kubectl-plugin plugin
bad() { local word=$1; shift; run 2 "$@" && err_has "$word" && err_has "--help'"; }
check bad:verb bad "unknown verb 'nope'" nope
check bad:no-verb bad 'a verb is missing'
check bad:option bad "unknown option '--nope'" usage --nope
check bad:format bad "'xml' is none of" usage -o xml
check bad:operand bad "'b' is too much" usage a b
check bad:delay bad 'number of seconds' top -d 0
check bad:count bad 'no number' top -n 0
stop_agent

# The agent is not there, or may not be asked.
unreachable() { run 3 "$@" && err_has "$sock"; }
check unreachable:refused unreachable usage
rm -f "$sock"
check unreachable:no-socket unreachable status
check unreachable:batch unreachable top -n 1 --batch
long() { "$evictctl" --socket "/$(printf '%0200d' 0)" usage 2>"$dir/err"; [ $? -eq 2 ]; }
check unreachable:long-path long
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	start_agent good
	chmod 0600 "$sock" && chmod 0755 "$dir"
	chmod 0755 "$evictctl"
	denied() {
		setpriv --reuid=65534 --regid=65534 --clear-groups "$evictctl" --socket "$sock" \
			usage >"$dir/out" 2>"$dir/err"
		[ $? -eq 4 ] && err_has 'no permission'
	}
	check denied:socket denied
else
	skip cli_test:denied:socket "needs root and setpriv"
fi

# Replies that no agent should give: said, bounded, never obeyed.
while read -r mode code word; do
	start_agent "$mode"
	reply() { run "$code" usage && err_has "$word" && no_controls; }
	check "reply:$mode" reply
	status_reply() { run "$code" status && err_has "$word" && no_controls; }
	check "reply:$mode:status" status_reply
done <<'EOT'
error500 1 HTTP 500: out of \x1b[31mslots
denied 4 not yours
badjson 1 is no JSON
otherkind 1 is this evictd?
oldversion 1 evictd.io/v9
deep 1 nested too deep
cut 1 no valid answer
close 1 no valid answer
nothttp 1 no valid answer
EOT
start_agent hang
hang() { run 3 usage && err_has 'in time'; }
check reply:hang hang
start_agent huge
huge() { run 1 usage && err_has 'larger than'; }
check reply:huge huge
start_agent empty
empty() { run 0 usage && out_has 'sees no workloads'; }
check reply:empty empty
start_agent files
files() { run 0 usage && rows 5 && run 0 status && out_has 'files: no CAP_BPF'; }
check reply:files files
start_agent many
many() { run 0 usage && rows 2144 && run 0 top -n 1 --batch; }
check reply:many many
for mode in hostile wrongtypes; do
	start_agent "$mode"
	for format in table wide json yaml csv; do
		safe() { run 0 usage -o "$format" && no_controls; }
		check "reply:$mode:usage:$format" safe
	done
	for format in table json yaml csv; do
		safe_status() { run 0 status -o "$format" && no_controls; }
		check "reply:$mode:status:$format" safe_status
	done
	safe_top() { run 0 top -n 1 --batch --tree && no_controls; }
	check "reply:$mode:top" safe_top
done
exit $failed
