#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The README against the tree: the files, functions, make targets and keys that it names exist, and
# its evictctl commands work. Functions are run through check().
# shellcheck disable=SC2317,SC2016,SC2086
set -u
test_name=readme_test
. tests/fake_agent.sh

# What stands between backquotes, one a line, outside of blocks.
sed '/^```/,/^```/d' README.md | grep -o '`[^`]*`' | tr -d '`' | sort -u >"$dir/quoted"
# Lines of blocks that are commands, without comments.
sed -n '/^```sh/,/^```/p' README.md | grep -v '^```' | sed 's/ *#.*//' >"$dir/commands"

# every FUNCTION LIST: calls it for each line; fails where it failed, and where the list is empty.
every() {
	local rc=0 line
	[ -s "$2" ] || { echo "README: nothing found for $1"; return 1; }
	while read -r line; do
		"$1" "$line" </dev/null || { echo "README: $1: $line"; rc=1; }
	done <"$2"
	return $rc
}

# "bpf/abi.h" or "tests/bench/" from here, "sampler_load.c" wherever it is.
file_exists() {
	case $1 in
	*/*) [ -e "$1" ] ;;
	*) [ -n "$(find . -path ./build -prune -o -path ./.git -prune -o -name "$1" -print -quit)" ] ;;
	esac
}
grep -E '^([a-z][A-Za-z0-9_.-]*/[A-Za-z0-9_./-]*|[A-Za-z0-9_]+\.(c|h|sh|md|yaml)|Makefile|LICENSE)$' \
	"$dir/quoted" >"$dir/files"
check files every file_exists "$dir/files"

function_exists() { grep -rqE --include='*.[ch]' "\b${1%()}\(" base bpf daemon kube tools; }
grep -E '^[a-z_]+\(\)$' "$dir/quoted" >"$dir/functions"
check functions every function_exists "$dir/functions"

target_exists() { sed -n '/^\.PHONY:/,/[^\\]$/p' Makefile | grep -qw -- "$1"; }
cat "$dir/quoted" "$dir/commands" | grep -oE '\bmake [a-z][a-z-]*' | sed 's/make //' |
	grep -v '^make$' | sort -u >"$dir/targets"
check targets every target_exists "$dir/targets"

key_exists() { grep -qE "^#?$1:" systemd/evictd.yaml; }
grep -E '^(pods_file|metrics_listen|[a-z]+_interval)$' "$dir/quoted" >"$dir/keys"
check keys every key_exists "$dir/keys"

start_agent good
evictctl_works() {
	case $1 in
	top*) run 0 $1 --batch -n 1 ;;
	*) run 0 $1 ;;
	esac
}
grep -ohE '(^|\$ )sudo evictctl .*' README.md | sed 's/.*sudo evictctl //; s/ *#.*//' | sort -u \
	>"$dir/examples"
check evictctl every evictctl_works "$dir/examples"

# The two commands are a promise: word for word, in this order, on lines of their own.
two_commands() {
	sed -n '/^```sh/,/^```/p' README.md | sed -n 2,3p |
		diff - <(printf '%s\n' 'sudo apt-get install -y make && sudo make demo' 'sudo make check')
}
check two-commands two_commands
exit "$failed"
