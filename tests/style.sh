#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The rules of style that a machine can check: sizes, banned functions, license lines, headers that
# compile alone, clang-format.
set -u
. tests/results.sh
rc=0
build=${EVICTD_BUILD:-build}
code=$(find base bpf kube daemon tools tests -name '*.[ch]' ! -name vmlinux_min.h | sort)

# check NAME: passes when stdin is empty; else shows it.
check() {
	bad=$(cat)
	if [ -z "$bad" ]; then
		ok "style:$1"
	else
		echo "$bad"
		not_ok "style:$1" "$(echo "$bad" | head -n 1)"
		rc=1
	fi
}

# No file name has a space.
# shellcheck disable=SC2086
{
wc -l $code | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines, at most 600" }' >"$build/style.txt"
check file-size <"$build/style.txt"

# A function runs from the line before a brace in column 0 to the brace that closes it.
awk '
FNR == 1 { start = 0 }
/^\{/ { start = FNR }
/^\}/ && start {
	if (FNR - start + 1 > 80)
		print FILENAME ":" start ": a function of " FNR - start + 1 " lines, at most 80"
	start = 0
}' $code >"$build/style.txt"
check function-size <"$build/style.txt"

# Comments and strings may name them.
banned='strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atoll|atof|strtok|strtol|strtoll|strtoul|strtoull'
for file in $code; do
	[ "$file" = base/parse.c ] && continue
	sed 's/"\([^"\\]\|\\.\)*"//g; s,/\*.*\*/,,; s,//.*,,; /^[[:space:]]*\*/d; /^[[:space:]]*\/\*/d' "$file" |
		grep -nwE "($banned)[[:space:]]*\(" | sed "s|^|$file: about line |; s|\$| (banned)|"
done >"$build/style.txt"
check banned-functions <"$build/style.txt"

find base bpf kube daemon tools tests systemd \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name run \) \
	-type f | while read -r file; do
	head -n 3 "$file" | grep -q SPDX-License-Identifier || echo "$file: no SPDX line"
done >"$build/style.txt"
check spdx <"$build/style.txt"

# bpf/*.bpf.h need vmlinux.h before them, by the convention of libbpf.
for header in $(echo "$code" | grep '\.h$' | grep -v '\.bpf\.h$'); do
	echo "#include \"$header\"" | ${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -I. -I"$build" \
		-fsyntax-only -x c - 2>&1 | head -n 3
done >"$build/style.txt"
check headers-alone <"$build/style.txt"

if command -v clang-format >/dev/null; then
	clang-format --dry-run -Werror $code 2>&1 | grep 'error:' >"$build/style.txt"
	check clang-format <"$build/style.txt"
else
	skip style:clang-format "clang-format is not installed"
fi
}
rm -f "$build/style.txt"
exit $rc
