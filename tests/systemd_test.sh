#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The unit file: systemd understands it, it is as tight as it was, and make install fits it.
# Functions are run through check().
# shellcheck disable=SC2317
set -u
test_name=systemd_test
. tests/fake_agent.sh

# A second as typed in the unit, and the exposure that systemd-analyze counted when it was written.
EXPOSURE_MAX=1.9

if command -v systemd-analyze >/dev/null; then
	# The program need not be installed here.
	sed 's|^ExecStart=.*|ExecStart=/bin/true|' systemd/evictd.service >"$dir/evictd.service"
	verify() {
		systemd-analyze verify --man=no "$dir/evictd.service" >"$dir/out" 2>&1 &&
			! grep -q evictd "$dir/out"
	}
	check verify verify
	security() {
		systemd-analyze security --offline=true --no-pager "$dir/evictd.service" >"$dir/out" 2>&1
		awk -v max=$EXPOSURE_MAX '/Overall exposure level/ { for (i = 1; i <= NF; i++)
			if ($i ~ /^[0-9.]+$/) exit $i > max } END { if (!NR) exit 1 }' "$dir/out"
	}
	check security security
else
	skip systemd_test:verify "systemd-analyze is not installed"
fi
if command -v systemd-sysusers >/dev/null; then
	sysusers() {
		mkdir -p "$dir/root/etc" && systemd-sysusers --root="$dir/root" --inline \
			"$(grep '^u ' systemd/sysusers.conf)" >"$dir/out" 2>&1 &&
			grep -q '^evictd:' "$dir/root/etc/passwd"
	}
	check sysusers sysusers
fi
# Every right that is left has its reason beside it.
reasons() {
	for right in AmbientCapabilities MemoryMax OOMScoreAdjust IPAddressAllow RestrictAddressFamilies; do
		awk -v right="$right" 'index($0, right "=") == 1 { found = 1; if (!comment) bad = 1 }
			/^#/ { comment = 1 } /^$/ { comment = 0 } END { exit bad || !found }' \
			systemd/evictd.service || { echo "$right has no reason"; return 1; }
	done
}
check reasons reasons
if [ -x "${EVICTD_BUILD:-build}/evictd" ] && [ "${EVICTD_BUILD:-build}" = build ]; then
	staged() {
		${MAKE:-make} -s install DESTDIR="$dir/stage" PREFIX=/usr >"$dir/out" 2>"$dir/err" &&
			grep -q '^ExecStart=/usr/sbin/evictd$' "$dir/stage/usr/lib/systemd/system/evictd.service" &&
			[ "$(readlink "$dir/stage/usr/bin/kubectl-evictd")" = evictctl ] &&
			[ -f "$dir/stage/etc/evictd/evictd.yaml" ] &&
			[ -f "$dir/stage/usr/share/man/man5/evictd.yaml.5" ] &&
			[ -f "$dir/stage/usr/lib/sysusers.d/evictd.conf" ]
	}
	check install staged
	again() { # an administrator's configuration is not overwritten
		echo 'log_level: debug' >"$dir/stage/etc/evictd/evictd.yaml"
		${MAKE:-make} -s install DESTDIR="$dir/stage" PREFIX=/usr >"$dir/out" 2>"$dir/err" &&
			grep -q '^log_level: debug$' "$dir/stage/etc/evictd/evictd.yaml"
	}
	check install:keeps-config again
	removed() {
		${MAKE:-make} -s uninstall DESTDIR="$dir/stage" PREFIX=/usr >"$dir/out" 2>"$dir/err" &&
			[ "$(find "$dir/stage" -type f -o -type l)" = "$dir/stage/etc/evictd/evictd.yaml" ]
	}
	check uninstall removed
fi
exit $failed
