#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Functions are run through check().
# shellcheck disable=SC2317 source=tests/real_agent.sh
# The BPF programs on build machines other than this: without BTF (the types of bpf/vmlinux_min.h),
# for arm64, with the types of other kernels. The build without BTF must also measure right here.
set -u
test_name=bpf_build_test
. tests/real_agent.sh
objects="cpu mem snapshot"
cache=${EVICTD_VM_CACHE:-/var/cache/evictd-tests/vm}

# sub_make DIR GOAL...: a build of its own; not a word about warnings is allowed from the compiler.
sub_make() {
	local b=$1
	shift
	env -u MAKEFLAGS -u MAKELEVEL nice "${MAKE:-make}" --no-print-directory BUILD="$b" \
		SAN="${EVICTD_SAN:-}" "$@" >"$dir/out" 2>&1 || { tail -n 20 "$dir/out"; return 1; }
	! grep -iE 'warning|error' "$dir/out"
}
# compiles DIR VARIABLE=...: the three objects.
compiles() {
	local b=$1 o goals=()
	shift
	for o in $objects; do goals+=("$b/$o.bpf.o"); done
	sub_make "$b" "$@" "${goals[@]}"
}
is_min() { cmp "$dir/$1/vmlinux.h" bpf/vmlinux_min.h; }

check no-btf:compiles compiles "$dir/min" BTF=/nonexistent
check no-btf:types-by-hand is_min min
check arm64:compiles compiles "$dir/arm64" BTF=/nonexistent ARCH=arm64

# A kernel's own types, out of its image.
for kernel in 6.1 6.12; do
	image=$cache/vmlinuz-$kernel
	[ -r "$image" ] || { skip "$test_name:types-of-$kernel" "$image is not there: make check-vm gets it"; continue; }
	unpack() {
		python3 tests/bzimage.py "$image" "$dir/vmlinux" && mkdir -p "$dir/$kernel" &&
			bpftool btf dump file "$dir/vmlinux" format c >"$dir/$kernel/vmlinux.h" &&
			grep -q '^struct task_struct {' "$dir/$kernel/vmlinux.h"
	}
	check "types-of-$kernel:unpacks" unpack
	check "types-of-$kernel:compiles" compiles "$dir/$kernel"
	own_types() { ! cmp -s "$dir/$kernel/vmlinux.h" "$build/vmlinux.h" && ! is_min "$kernel"; }
	check "types-of-$kernel:own" own_types
	rm -f "$dir/vmlinux"
done

# Whole evictd without BTF: what does not depend on the BPF objects is taken from the build.
links() {
	local d
	for d in base kube daemon tools; do cp -a "$build/$d" "$dir/min/" || return 1; done
	find "$dir/min" -name '*.d' -delete
	grep -l '\.skel\.h' daemon/*.c daemon/*/*.c | sed "s|\.c\$|.o|; s|^|$dir/min/|" | xargs rm -f
	sub_make "$dir/min" BTF=/nonexistent "$dir/min/evictd"
}
check no-btf:links links

[ "$(id -u)" = 0 ] || { skip "$test_name:no-btf:runs" "needs root"; exit "$rc"; }
[ -r /sys/kernel/btf/vmlinux ] || { skip "$test_name:no-btf:runs" "this kernel has no BTF"; exit "$rc"; }
# What a build finds here, and what it says of a cgroup that burns 0.5 s: the relocated accesses.
features() { status_get "d['tier'], [(f['name'], f['on']) for f in d['features']]"; }
printf 'sample_interval: 200ms\nsnapshot_interval: 1s\n' >"$conf"
start --tier auto
until_true ready
features >"$dir/own"
stop
cp "$dir/min/evictd" "$evictd"
start --tier auto
check no-btf:runs until_true ready
same_features() { features >"$dir/min.features"; diff "$dir/own" "$dir/min.features"; }
check no-btf:features same_features
cg_make burn
cg_run burn python3 -c 'import time
data = bytearray(32 << 20)
while time.process_time() < 0.5: data[::4096] = data[::4096]'
burn_dir=$(cg_roots | while read -r root; do
	grep -q usage_usec "$root/$cg_parent/burn/cpu.stat" 2>/dev/null && echo "$root/$cg_parent/burn" && break
done)
usage_right() {
	local usec
	usec=$(awk '/^usage_usec/ { print $2 }' "$burn_dir/cpu.stat")
	get "/v1/usage" | json "[w for w in d['workloads'] if w['cgroup'] == '/$cg_parent/burn' and \
		abs(w['cpu']['usageNs'] - ${usec}e3) < 0.03 * ${usec}e3 and w['wait']['count'] > 0 and \
		abs(w['cpu']['userNs'] + w['cpu']['systemNs'] - ${usec}e3) < 0.03 * ${usec}e3]"
}
check no-btf:usage until_true usage_right
peak_right() {
	get "/v1/usage" | json "[w for w in d['workloads'] if w['cgroup'] == '/$cg_parent/burn' and \
		w['memory']['peakBytes'] > 32 << 20]"
}
if cg_roots | sed "s|\$|/$cg_parent/burn|" | xargs ls | grep -qE '^memory\.(current|usage_in_bytes)$'; then
	check no-btf:memory until_true peak_right
else
	skip "$test_name:no-btf:memory" "no memory controller here"
fi
stop
check no-btf:ends clean_end
exit "$rc"
