#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails when a file includes a project header that its layer may not see, or a library that has
# another owner. Layers, low to high: base, kube, core (pure), then daemon | tools; bpf stands
# alone but for abi.h and the skeletons. Tests may see everything. Checks first that it would catch
# a wrong include.
set -eu
self=$(realpath "$0")
. tests/results.sh

# Prints "file:line: what is wrong".
violations() {
	find base bpf kube daemon tools -name '*.[ch]' -exec grep -Hn '^[[:space:]]*#[[:space:]]*include' {} + |
	awk '
	function layer(path) {
		if (path ~ /^(base|bpf|kube|tools)\//)
			return substr(path, 1, index(path, "/") - 1)
		if (path ~ /^daemon\/(usage|rightsize|plan|drain)\//)
			return "core"
		if (path ~ /^daemon\//)
			return "daemon"
		return path ~ /\.skel\.h$/ ? "skeleton" : path == "vmlinux.h" ? "vmlinux" : "?"
	}
	BEGIN {
		may["base"] = " base "
		may["bpf"] = " bpf vmlinux "
		may["kube"] = " base kube "
		may["core"] = " base kube core "
		may["daemon"] = " base kube core daemon skeleton bpf/abi.h "
		may["tools"] = " base kube core tools "
		# A library and the only files that may use it, as regular expressions.
		owner["^bpf/"] = "^(bpf/|daemon/measure/sampler[^/]*\\.[ch]$)"
		owner["^curl/"] = "^(base/http|kube/client)\\.c$"
		owner["^cjson/"] = "^base/json\\.c$"
		owner["^sqlite3"] = "^daemon/usage/store\\.c$"
		owner["^microhttpd"] = "^daemon/api\\.c$"
		owner["^yaml\\.h$"] = "^base/yaml\\.c$"
		owner["^libsmartcols"] = "^base/table\\.c$"
		owner["^n?curses(w/curses)?\\.h$"] = "^tools/"
	}
	{
		split($0, where, ":")
		text = substr($0, length(where[1]) + length(where[2]) + 3)
		quoted = text ~ /"/
		split(text, part, quoted ? "\"" : "[<>]")
		from = where[1]; to = part[2]
		at = from ":" where[2] ": "
		if (quoted && !index(may[layer(from)], " " layer(to) " ") &&
		    !index(may[layer(from)], " " to " "))
			print at layer(from) " may not include " to
		if (!quoted) {
			for (lib in owner)
				if (to ~ lib && from !~ owner[lib])
					print at "<" to "> belongs to " owner[lib]
		}
	}'
}

# Each line: a file, an include that it may not have. Every one must be found.
self_test() {
	dir=$(mktemp -d)
	mkdir -p "$dir/tests" && cp tests/results.sh "$dir/tests/"
	while read -r file include; do
		mkdir -p "$dir/$(dirname "$file")" "$dir/base" "$dir/bpf" "$dir/kube" "$dir/daemon" \
			"$dir/tools"
		echo "#include $include" >"$dir/$file"
		if (cd "$dir" && "$self" --violations) | grep -q "^$file:1: "; then
			ok "layers:rejects $include in $file"
		else
			not_ok "layers:rejects $include in $file" "it was let through"
		fi
		rm "$dir/$file"
	done <<-END
		base/a.c "kube/quantity.h"
		base/a.c "bpf/abi.h"
		kube/a.c "daemon/agent.h"
		daemon/plan/a.c "daemon/agent.h"
		daemon/usage/a.c "bpf/abi.h"
		daemon/drain/a.h "cpu.skel.h"
		daemon/a.c "tools/cmd.h"
		daemon/a.c "bpf/compat.bpf.h"
		tools/a.c "daemon/measure/sampler.h"
		tools/a.c "bpf/abi.h"
		bpf/a.bpf.c "base/buf.h"
		daemon/agent.c <bpf/libbpf.h>
		tools/a.c <curl/curl.h>
		kube/a.c <cjson/cJSON.h>
		daemon/a.c <sqlite3.h>
		daemon/metrics.c <microhttpd.h>
		daemon/config.c <yaml.h>
		tools/a.c <libsmartcols/libsmartcols.h>
		daemon/a.c <ncurses.h>
		daemon/a.c <curses.h>
	END
	rm -rf "$dir"
}

[ "${1:-}" = --violations ] && violations && exit
self_test
bad=$(violations)
if [ -n "$bad" ]; then
	echo "$bad"
	not_ok layers:includes "$(echo "$bad" | head -n 1)"
	exit 1
fi
ok layers:includes
