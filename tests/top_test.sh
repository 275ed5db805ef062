#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Functions are run through check().
# shellcheck disable=SC2317
# evictctl top on a real terminal (tmux): keys, sizes, an agent that goes away and comes back.
set -u
test_name=top_test
. tests/fake_agent.sh

if ! command -v tmux >/dev/null; then
	skip top_test "tmux is not installed"
	exit 0
fi

tmux=(tmux -S "$dir/tmux" -f /dev/null)
trap '"${tmux[@]}" kill-server 2>/dev/null; finish' EXIT

# open WIDTH HEIGHT [NAME=VALUE...]: top in a new terminal; its exit status is shown after it.
open() {
	local width=$1 height=$2
	shift 2
	"${tmux[@]}" kill-server 2>/dev/null
	for _ in $(seq 40); do "${tmux[@]}" ls >/dev/null 2>&1 || break; sleep 0.05; done
	"${tmux[@]}" new-session -d -x "$width" -y "$height" \
		"env TERM=tmux-256color LC_ALL=C.UTF-8 $* $evictctl --socket $sock top -d 0.3 2>&1; \
		echo EXIT \$?; sleep 60"
}
capture() { "${tmux[@]}" capture-pane -p "$@" >"$dir/out" 2>"$dir/err"; }
keys() { "${tmux[@]}" send-keys "$@"; }

# shows TEXT: the screen has it within five seconds (a loaded machine is slow).
shows() {
	for _ in $(seq 100); do
		capture
		grep -qF -- "$1" "$dir/out" && return
		sleep 0.05
	done
	echo "the screen lacks: $1"
	return 1
}
hides() {
	for _ in $(seq 100); do
		capture
		grep -qF -- "$1" "$dir/out" || return 0
		sleep 0.05
	done
	echo "the screen has: $1"
	return 1
}
line_has() { # LINE TEXT
	for _ in $(seq 100); do
		capture
		sed -n "$1p" "$dir/out" | grep -qF -- "$2" && return
		sleep 0.05
	done
	echo "line $1 lacks: $2"
	return 1
}
press() { # KEY TEXT: after the key, the screen shows the text
	keys "$1"
	shows "$2"
}
fits() { [ "$(wc -L <"$dir/out")" -le "$1" ] && [ "$(wc -l <"$dir/out")" -le "$2" ]; }

start_agent good
open 80 24
check starts shows etl-0/main
check header line_has 1 'node-1  tier bpf, kernel 6.18.44'
check totals line_has 2 '5 workloads: CPU 1.88, wait 827ms/s, memory 1.4Gi'
check lost line_has 2 '! 17 lost'
check legend line_has 3 'Q quota  S self  N neighbour  Y system'
check titles line_has 4 'WORKLOAD'
check braille shows ⣇⣸⣀⣇
check letters shows SSSSN
check cpu-first line_has 5 etl-0
sorts() { keys "$1"; line_has 3 "by $2" && line_has 5 "$3"; }
check sort:memory sorts m memory etl-0
check sort:throttle sorts t throttled web-7f
check sort:wait sorts w wait etl-0
check sort:name sorts n name nginx
check sort:cpu sorts c cpu etl-0
check reverse sorts r 'cpu reversed' web-7f
keys r
check tree press T /system.slice
check tree:child shows '  proxy'
keys T
check dead press d job-1
keys d
check dead:off hides job-1
check all press a ssh.service
keys a
check all:off hides ssh.service
check detail press Enter 'Heaviest neighbour: shop/web-7f6d5c9b8-abcde/app'
check detail:minute shows ' -60s |'
check detail:causes shows 'N neighbour    100ms'
check detail:fits fits 80 24
keys Down
check detail:follows shows 'OOM kill 2026-11-22T22:01:02Z: java[4242]'
keys Escape
check detail:closes hides 'Waited for'
check filter press / 'filter: _'
keys c a r t
check filter:typed shows 'filter: cart_'
check filter:live hides etl-0/main
keys Enter
check filter:kept line_has 3 'filter cart'
keys Escape
check filter:cleared shows etl-0/main
check help press '?' 'evictctl top: keys'
check help:all-keys shows 'sort by throttling'
check help:fits fits 80 24
keys x
check help:closes shows etl-0/main
"${tmux[@]}" resize-window -x 160 -y 50
check resize:wide shows 'neighbour etl-0'
check resize:columns line_has 4 'NAMESPACE'
"${tmux[@]}" resize-window -x 30 -y 5
check resize:tiny shows 'too small: 30x5'
"${tmux[@]}" resize-window -x 60 -y 8
check resize:small shows etl-0
"${tmux[@]}" resize-window -x 80 -y 24
check resize:back shows 'SSSSN'
stop_agent
check agent-away shows 'trying again'
check agent-away:keeps shows etl-0/main
start_agent busy
check agent-back hides 'trying again'
check quit press q 'EXIT 0'

open 80 24 LC_ALL=C
check ascii shows etl-0/main
check ascii:graph shows '####'
check ascii:only bash -c "! LC_ALL=C grep -q '[^ -~]' '$dir/out'"
keys q
open 80 24 NO_COLOR=1
check no-color shows etl-0/main
"${tmux[@]}" capture-pane -p -e >"$dir/out"
check no-color:none bash -c "! grep -qE '\[3[1-7]m' '$dir/out'"
keys q
open 80 24
check color shows etl-0/main
"${tmux[@]}" capture-pane -p -e >"$dir/out"
check color:causes bash -c "grep -qE '\[33mS' '$dir/out' && grep -qE '\[35mN' '$dir/out'"
keys q
open 80 24 TERM=dumb
check dumb shows 'cannot move the cursor: use --batch'
check dumb:exit shows 'EXIT 1'
open 80 24 TERM=no-such-terminal
check unknown-terminal shows 'EXIT 1'
stop_agent
rm -f "$sock"
open 80 24
check no-agent shows 'no socket at'
start_agent empty
check no-agent:comes shows 'sees no workloads yet'
keys q
start_agent hang
open 80 24
check hang shows 'Waiting for the agent'
check hang:quits press q 'EXIT 0'
for mode in hostile wrongtypes files many; do
	start_agent "$mode"
	open 100 30
	check "$mode" shows WORKLOAD
	keys Enter T w j j G g
	sleep 0.5
	capture -e
	# what tmux itself adds are SGR sequences; nothing else may be there
	sed -i 's/\x1b\[[0-9;:]*m//g; s/\x0f//g; s/\x0e//g' "$dir/out"
	check "$mode:safe" no_controls
	check "$mode:quits" press q 'EXIT 0'
done
exit $failed
