#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Functions are run through check().
# shellcheck disable=SC2317 source=tests/real_agent.sh
# The real agent in the files tier, which needs neither BPF nor privileges: start, API, reload, bad
# input, clients that never read, watchdog, clean end.
set -u
test_name=agent_test
. tests/real_agent.sh

# Command line and configuration.
check help run_fails 0 'Exit status: 0' --help
check version run_fails 0 '^evictd ' --version
check option:unknown run_fails 2 "Try 'evictd --help'" --frobnicate
check option:argument run_fails 2 "unexpected argument 'x'" x
check config:ok run_fails 0 "^ok: $conf" --check-config --config "$conf"
check config:print run_fails 0 '^snapshot_interval: 5s' --print-config --config "$conf"
check config:installed run_fails 0 '^ok' --check-config --config systemd/evictd.yaml
check config:missing run_fails 1 "config '$dir/none': cannot be read" --check-config --config "$dir/none"
check config:option run_fails 1 'command line: tier: must be auto' --check-config --config "$conf" --tier x
echo 'tire: files' >"$dir/bad.yaml"
check config:typo run_fails 1 "line 1: unknown key 'tire'; did you mean 'tier'" --check-config --config "$dir/bad.yaml"
printf 'tier: [files\nuser: x' >"$dir/bad.yaml"
check config:syntax run_fails 1 "bad.yaml': line [23], column [0-9]*: did not find" --config "$dir/bad.yaml"
head -c 3000 /dev/urandom >"$dir/noise.yaml"
check config:noise run_fails 1 "cannot start: config '$dir/noise.yaml': " --config "$dir/noise.yaml"
check config:folder run_fails 1 "config '$dir': cannot be read: Is a directory" --config "$dir"
echo 'tire: files' >"$dir/bad.yaml"
check config:refused run_fails 1 "cannot start: config .* line 1: unknown key 'tire'" --config "$dir/bad.yaml"
check start:no-directory run_fails 1 'its directory does not exist' --tier files --config "$conf" \
	--socket "$dir/no/such/dir/s"
check start:not-a-socket run_fails 1 'exists and is not a socket' --tier files --config "$conf" \
	--socket "$conf"

# A socket that was left behind by a crash is replaced.
python3 -c "import socket; s=socket.socket(socket.AF_UNIX); s.bind('$sock')"
cat >"$conf" <<END
sample_interval: 200ms
snapshot_interval: 1s
node_name: test-node
pods_file: $dir/pods.json
END
start --tier files
check start:stale-socket until_true ready
check socket:mode [ "$(stat -c %a "$sock")" = 660 ]
check socket:in-use run_fails 1 "is in use by a running process (pid $pid)" --tier files \
	--config "$conf" --socket "$sock"
still_there() { ready; }
check socket:in-use-survives still_there

# Answers.
status_ok() {
	get /v1/status | json "d['kind']=='Status' and d['tier']=='files' and d['tierForced'] and \
		d['node']=='test-node' and d['cgroups']>0 and d['cost']['rssBytes']>0 and \
		d['slots']['used']==0 and d['lastReload'] is None"
}
check api:status status_ok
usage_ok() { get "/v1/usage?bins=1" | json "d['kind']=='Usage' and all(len(w['bins']['usec'])==600 and w['wait'] is None for w in d['workloads'])"; }
check api:usage usage_ok
metrics_ok() { get /metrics | grep -q '^evictd_build_info{.*tier="files",node="test-node"} 1$'; }
check api:metrics metrics_ok
check api:not-found [ "$(code /v2)" = 404 ]
check api:method [ "$(code /v1/status -X PUT)" = 405 ]
check api:query [ "$(code '/v1/usage?bins=yes')" = 400 ]
check api:long-uri [ "$(code "/v1/usage?$(head -c 2000 /dev/zero | tr '\0' a)")" = 414 ]
check api:huge-header [ "$(code /healthz -H "X: $(head -c 60000 /dev/zero | tr '\0' a)")" != 200 ]
pods_source() { get /v1/status | json "'$1' in d['sources']['pods']"; }
check names:missing-file pods_source "$dir/pods.json"
echo '{"kind":"PodList","apiVersion":"v1","items":[]}' >"$dir/pods.json"
check names:appears until_true pods_source ok
echo '{"kind":"PodList","items":[' >"$dir/pods.json"
check names:broken until_true pods_source "$dir/pods.json"

# Clients that never read or never send hold neither the agent nor its memory.
stuck_clients() {
	python3 - "$sock" <<'END' || return 1
import socket, sys, json, time
def rss(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(30)
    s.connect(path)
    s.sendall(b"GET /v1/status HTTP/1.0\r\n\r\n")
    text = b""
    while True:
        piece = s.recv(65536)
        if not piece:
            break
        text += piece
    return json.loads(text.split(b"\r\n\r\n", 1)[1])["cost"]["rssBytes"]
path = sys.argv[1]
before = rss(path)
clients = []
for i in range(50):
    s = socket.socket(socket.AF_UNIX)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    s.connect(path)
    # Many answers asked for, none read; every third asks for nothing.
    if i % 3:
        s.sendall(b"GET /v1/usage?bins=1 HTTP/1.1\r\nHost: x\r\n\r\n" * 200)
    clients.append(s)
time.sleep(1)
grown = rss(path) - before
assert grown < 8 << 20, "grew by %d bytes" % grown
# After 10 s without progress they are gone: the silent ones read an end.
deadline = time.time() + 25
silent = clients[0]
silent.settimeout(25)
assert silent.recv(1) == b"", "a silent client was not hung up on"
END
	ready || { echo "no answer beside stuck clients"; return 1; }
}
check clients:never-read stuck_clients

# Reload: what is good is applied, what is bad refused whole.
reload_is() { get /v1/status | json "d['lastReload'] and d['lastReload']['ok']==$1 and '$2' in d['lastReload']['message'] and d['node']=='$3'"; }
sed -i 's/test-node/other-node/' "$conf"
kill -HUP "$pid"
check reload:applied until_true reload_is True '' other-node
echo 'max_tasks: 2048' >>"$conf"
kill -HUP "$pid"
check reload:needs-restart until_true reload_is True max_tasks other-node
printf 'node_name: broken-node\nsample_interval: fast\n' >"$conf"
kill -HUP "$pid"
check reload:refused until_true reload_is False 'line 2: sample_interval: must be a duration' other-node
check reload:logged log_has 'reload refused, the old settings stay'
stop
check stop:status clean_end
socket_gone() { [ ! -e "$sock" ]; }
check stop:socket-removed socket_gone
check stop:logged log_has 'stopping on Terminated'

# Another's socket at our path is not ours to remove.
echo 'sample_interval: 200ms' >"$conf"
start --tier files
until_true ready
rm "$sock"
python3 -c "import socket; s=socket.socket(socket.AF_UNIX); s.bind('$sock')"
stop
check stop:foreign-socket clean_end
check stop:foreign-socket-stays [ -S "$sock" ]
rm "$sock"

# systemd's protocol: READY, watchdog, reload, STOPPING.
python3 - "$dir/notify" >"$dir/notified" <<'END' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(4096).decode(), flush=True)
END
listener=$!
until_true test -S "$dir/notify"
NOTIFY_SOCKET=$dir/notify WATCHDOG_USEC=600000 start --tier files
notified() { grep -q "$1" "$dir/notified"; }
check notify:ready until_true notified '^READY=1'
check notify:status until_true notified '^STATUS=tier files'
watchdogs() { [ "$(grep -c '^WATCHDOG=1' "$dir/notified")" -ge 3 ]; }
check notify:watchdog until_true watchdogs
kill -HUP "$pid"
check notify:reloading until_true notified '^RELOADING=1'
check notify:monotonic until_true notified '^MONOTONIC_USEC=[0-9]'
stop
check notify:exit clean_end
check notify:stopping until_true notified '^STOPPING=1'
kill "$listener"

# Metrics by TCP: only what is meant for it.
port=$(python3 -c "import socket; s=socket.socket(); s.bind(('127.0.0.1',0)); print(s.getsockname()[1])")
printf 'metrics_listen: 127.0.0.1:%s\nsample_interval: 200ms\n' "$port" >"$conf"
start --tier files
tcp() { curl -s -m "$patience" -o "$dir/out" -w '%{http_code}' "http://127.0.0.1:$port$1"; }
tcp_ready() { [ "$(tcp /readyz)" = 200 ]; }
check tcp:ready until_true tcp_ready
tcp_metrics() { [ "$(tcp /metrics)" = 200 ] && grep -q '^evictd_build_info' "$dir/out"; }
check tcp:metrics tcp_metrics
tcp_no_api() { [ "$(tcp /v1/usage)" = 404 ]; }
check tcp:no-api tcp_no_api
check tcp:port-in-use run_fails 1 "metrics_listen '127.0.0.1:$port': Address already in use" \
	--tier files --config "$conf" --socket "$dir/second.sock"
stop
check tcp:stop clean_end

# Privileges: all capabilities gone, and no way back.
if [ "$(id -u)" -eq 0 ]; then
	chmod 0777 "$dir"
	printf 'user: nobody\nsample_interval: 200ms\n' >"$conf"
	"$evictd" --config "$conf" --tier files --socket "$sock" 2>"$dir/log" &
	pid=$!
	check privileges:ready until_true ready
	dropped() {
		awk '/^Cap(Inh|Prm|Eff|Bnd|Amb)/ && $2 !~ /^0+$/ || /^NoNewPrivs/ && $2 != 1 {
			print; bad = 1 } END { exit bad }' "/proc/$pid/status"
	}
	check privileges:dropped dropped
	is_nobody() { awk -v u="$(id -u nobody)" \
		'/^Uid/ { for (i = 2; i < 6; i++) if ($i != u) exit 1 }' "/proc/$pid/status"; }
	check privileges:user is_nobody
	check privileges:works usage_ok
	stop
	check privileges:stop clean_end
	check privileges:socket-removed socket_gone
else
	skip agent_test:privileges "needs root"
fi

# Memory: every path of a short life, under valgrind (which does not go together with sanitizers).
if [ -n "${EVICTD_SAN:-}" ] || ! command -v valgrind >/dev/null; then
	skip agent_test:valgrind "a sanitizer build, or valgrind is not installed"
else
	wrapper=(valgrind -q --error-exitcode=9 --leak-check=full "--suppressions=tests/valgrind.supp")
	patience=60
	echo 'sample_interval: 200ms' >"$conf"
	start --tier files
	check valgrind:ready until_true ready
	check valgrind:usage usage_ok
	get /metrics >/dev/null
	get /v1/nothing >/dev/null
	kill -HUP "$pid"
	check valgrind:reload until_true reload_is True '' "$(uname -n)"
	stop
	check valgrind:clean clean_end
fi
exit $rc
