#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing of the Debian 12 packages that we build and test with. Touches neither
# the network nor apt where nothing is missing. usage: tests/deps.sh build|test...
set -eu

build="gcc libc6-dev make clang llvm libclang-rt-14-dev bpftool pkg-config git libbpf-dev libelf-dev
	zlib1g-dev libsystemd-dev libmicrohttpd-dev libcjson-dev libyaml-dev libsmartcols-dev
	libncurses-dev libcurl4-openssl-dev"
test="check clang-format qemu-system-x86 cpio busybox-static python3 valgrind tmux curl zstd lz4"

wanted=
for group; do
	case $group in
	build) wanted="$wanted $build" ;;
	test) wanted="$wanted $test" ;;
	*) echo "usage: $0 build|test..." >&2 && exit 2 ;;
	esac
done

if ! command -v dpkg-query >/dev/null; then
	# shellcheck disable=SC2086
	echo "deps: no dpkg here; these Debian packages must be there under other names:" $wanted >&2
	exit 0
fi

missing=
for package in $wanted; do
	state=$(dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | head -n 1)
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
	sudo=sudo
	command -v sudo >/dev/null || {
		echo "deps: not root, and no sudo; as root run: apt-get install$missing" >&2
		exit 1
	}
fi

install() {
	# shellcheck disable=SC2086
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
		$missing
}

echo "deps: installing$missing"
install >/dev/null 2>&1 || { $sudo apt-get update -qq && install >/dev/null; }
