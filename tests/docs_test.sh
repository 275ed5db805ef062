#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The manual pages against the programs: options, verbs, exit codes, configuration keys, examples.
# Functions are run through check().
# shellcheck disable=SC2317
set -u
test_name=docs_test
. tests/fake_agent.sh
evictd=${EVICTD_BUILD:-build}/evictd

# Words that only one of two sorted lists has.
same() { diff "$1" "$2" >"$dir/out" || { cat "$dir/out"; return 1; }; }

# Long options of the tags (.TP and the line after) of a page, from one heading to the next.
man_options() { # PAGE HEADING
	awk -v want="$2" '
	/^\.S[SH] / { h = $0; sub(/^\.S[SH] /, "", h); gsub(/"/, "", h); on = h == want; next }
	on && /^\.TP/ { getline; print }' "$1" |
		sed 's/\\-/-/g' | grep -oE -- '--[a-z][a-z-]*' | sort -u
}
# Long options that a help describes, from the line HEADING: to the next empty one.
help_options() { # HEADING
	awk -v want="$1:" '$0 == want { on = 1; next } /^$/ { on = 0 } on' "$dir/help" |
		grep -oE '^  (-.,|   ) --[a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u
}

for verb in top usage status; do
	options() {
		"$evictctl" help "$verb" >"$dir/help"
		help_options Options >"$dir/a"
		man_options man/evictctl.1 "Options of $verb" >"$dir/b"
		[ -s "$dir/a" ] && same "$dir/a" "$dir/b"
	}
	check "evictctl:$verb:options" options
done
globals() {
	help_options "Global options" >"$dir/a"
	man_options man/evictctl.1 OPTIONS >"$dir/b"
	[ -s "$dir/a" ] && same "$dir/a" "$dir/b"
}
check evictctl:options globals
verbs() {
	"$evictctl" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\)  *\(.*\)/\1 \2/p' >"$dir/a"
	sed -n '/^\.SH VERBS/,/^\.SH OPTIONS/p' man/evictctl.1 |
		awk '/^\.B / { name = $2; getline; print name " " $0 }' >"$dir/b"
	[ -s "$dir/a" ] && same "$dir/a" "$dir/b"
}
check evictctl:verbs verbs
exits() {
	"$evictctl" --help | sed -n '/^Exit status:/,$s/^  \([0-9]\)  /\1 /p' >"$dir/a"
	sed -n '/^\.SH "EXIT STATUS"/,/^\.SH ENV/p' man/evictctl.1 |
		awk '/^\.B / { code = $2; getline; print code " " $0 }' >"$dir/b"
	[ -s "$dir/a" ] && same "$dir/a" "$dir/b"
}
check evictctl:exit-status exits

# Every example of the page and of the helps works.
start_agent good
examples() {
	{
		sed -n '/^\.SH EXAMPLES/,$s/\\-/-/gp;/^\.SH EXAMPLES/,$p' man/evictctl.1
		for verb in top usage status; do "$evictctl" help "$verb"; done
	} | sed -n 's/^ *evictctl \([a-z].*\)/\1/p' | grep -v '\\' | sort -u >"$dir/examples"
	[ "$(wc -l <"$dir/examples")" -ge 10 ] || return 1
	while read -r line; do
		line=${line%%|*}
		line=${line%%>*}
		case $line in *:*) continue ;; top*) line="$line --batch -n 1" ;; esac
		eval "run 0 $line" || return 1
	done <"$dir/examples"
}
check evictctl:examples examples

if [ -x "$evictd" ]; then
	daemon_options() {
		"$evictd" --help | grep -oE '^  --[a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u >"$dir/a"
		man_options man/evictd.8 OPTIONS >"$dir/b"
		[ -s "$dir/a" ] && same "$dir/a" "$dir/b"
	}
	check evictd:options daemon_options
	"$evictd" --config /dev/null --print-config | grep -oE '^[a-z_]+:' | tr -d : | sort >"$dir/keys"
	man_keys() {
		sed -n '/^\.SH KEYS/,/^\.SH "EXIT/p' man/evictd.yaml.5 |
			awk '/^\.TP/ { getline; print $2 }' | sort >"$dir/b"
		[ -s "$dir/keys" ] && same "$dir/keys" "$dir/b"
	}
	check evictd.yaml:man-keys man_keys
	file_keys() {
		grep -oE '^#?[a-z_]+:( |$)' systemd/evictd.yaml | tr -d '#: ' | sort >"$dir/b"
		same "$dir/keys" "$dir/b"
	}
	check evictd.yaml:file-keys file_keys
	# With every key's "#" taken away the file says what is so without it.
	defaults() {
		sed -E 's/^#([a-z_]+:( |$)|  - )/\1/' systemd/evictd.yaml >"$dir/all.yaml"
		"$evictd" --config "$dir/all.yaml" --print-config >"$dir/a" &&
			"$evictd" --config /dev/null --print-config >"$dir/b" && same "$dir/a" "$dir/b"
	}
	check evictd.yaml:defaults defaults
	shipped() { "$evictd" --config systemd/evictd.yaml --check-config >"$dir/out"; }
	check evictd.yaml:shipped shipped
	man_example() {
		sed -n '/^\.SH EXAMPLES/,$p' man/evictd.yaml.5 | sed -n '/^\.EX/,/^\.EE/p' |
			sed '/^\./d; s/\\-/-/g' >"$dir/example.yaml"
		[ -s "$dir/example.yaml" ] && "$evictd" --config "$dir/example.yaml" --check-config >"$dir/out"
	}
	check evictd.yaml:example man_example
else
	skip docs_test:evictd "$evictd is not built"
fi

if command -v man >/dev/null && command -v groff >/dev/null; then
	for page in man/*.[1-8]; do
		renders() { [ -z "$(LC_ALL=C.UTF-8 man --warnings -l -Tutf8 "$page" 2>&1 >/dev/null)" ]; }
		check "render:${page#man/}" renders
	done
else
	skip docs_test:render "man and groff are not installed"
fi
exit $failed
