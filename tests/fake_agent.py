#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An agent that is not there: serves canned JSON, or misbehaves, over a unix socket.

usage: tests/fake_agent.py SOCKET [MODE]

MODE: good (default), empty (no workloads), hostile (names full of control characters), files (the
tier without BPF), many (3,000 workloads), busy (numbers change), error500, denied (403), badjson,
otherkind, oldversion, wrongtypes, hang (never answers), cut (closes in the middle of the body),
close (closes at once), huge (a body without end), deep (nested JSON), nothttp.
It prints "ready" once it listens.
"""
import copy
import json
import math
import os
import socket
import sys
import threading
import time

VERSION = "evictd.io/v1alpha1"
CAUSES = ("quota", "self", "neighbour", "system")


def wave(kind, peak):
    """600 bins of 100 ms in microseconds of CPU time."""
    out = []
    for i in range(600):
        if kind == "steady":
            value = peak * (0.9 + 0.1 * math.sin(i / 9))
        elif kind == "bursty":
            value = peak if i % 50 < 4 else peak * 0.05
        elif kind == "ramp":
            value = peak * i / 599
        elif kind == "young":
            value = None if i < 400 else peak * 0.5
        else:
            value = peak * 0.02
        out.append(None if value is None else int(value * 100000))
    return out


def workload(name, cores, peak, wave_kind, **kw):
    share = kw.get("share", (0, 0, 0, 0))
    pod = kw.get("pod")
    return {
        "kind": kw.get("kind", "container"), "name": kw.get("container") or name, "namespace": kw.get("ns"),
        "pod": pod, "container": kw.get("container"), "podUID": kw.get("uid"),
        "containerID": kw.get("cid"), "owner": kw.get("owner"), "qos": kw.get("qos", ""),
        "runtime": kw.get("runtime", ""), "unit": kw.get("unit"), "cgroup": kw["cgroup"],
        "system": kw.get("system", False), "state": kw.get("state", "live"),
        "startedAt": "2026-11-22T20:00:00Z", "endedAt": kw.get("ended"),
        "cpu": {
            "usageNs": int(cores * 3.6e12), "cores1s": cores * 1.1, "cores10s": cores,
            "cores60s": cores * 0.9, "peak100msCores": peak, "requestMilli": kw.get("request"),
            "limitMilli": kw.get("limit"), "quotaCores": None, "periods": kw.get("periods"),
            "throttledPeriods": kw.get("throttled"), "throttledNs": kw.get("throttled_ns"),
            "throttledShare": kw.get("throttled_share"), "userNs": int(cores * 3e12),
            "systemNs": int(cores * 6e11),
        },
        "wait": {
            "count": 123456, "ns": {c: int(s * 1e12) for c, s in zip(CAUSES, share)},
            "share": dict(zip(CAUSES, share)),
            "p50Usec": {c: 40 if s else None for c, s in zip(CAUSES, share)},
            "p99Usec": {c: 12000 if s else None for c, s in zip(CAUSES, share)},
            "hist": {c: [int(s * 1e5 / (1 + abs(i - 9) ** 3)) for i in range(26)]
                     for c, s in zip(CAUSES, share)},
            "offender": kw.get("offender"),
        } if kw.get("wait", True) else None,
        "memory": {
            "currentBytes": kw.get("mem", 64 << 20), "workingSetBytes": kw.get("ws", 60 << 20),
            "peakBytes": kw.get("mem_peak", 70 << 20), "limitBytes": kw.get("mem_limit"),
            "requestBytes": kw.get("mem_request"), "oomKills": len(kw.get("kills", [])),
            "reclaimNs": 1234567, "reclaims": 12,
        },
        "pressure": None,
        "kills": kw.get("kills", []),
        "bins": {"endTime": "2026-11-22T22:10:00Z", "stepMs": 100, "usec": wave(wave_kind, peak)},
    }


def kube(n):
    return "/kubepods.slice/kubepods-burstable.slice/kubepods-pod%s.slice/cri-%s.scope" % (n, n)


KILL = {"time": "2026-11-22T22:01:02Z", "pid": 4242, "comm": "java", "usageBytes": 268431360,
        "limitBytes": 268435456, "processes": 3}

GOOD = [
    workload("shop/web-7f6d5c9b8-abcde/app", 0.25, 0.8, "bursty", ns="shop",
             pod="web-7f6d5c9b8-abcde", container="app", cgroup=kube("a"), qos="burstable",
             runtime="containerd", request=200, limit=800, periods=36000, throttled=252,
             throttled_ns=98765432, throttled_share=0.007, share=(0.012, 0.002, 0.003, 0),
             owner={"kind": "ReplicaSet", "name": "web-7f6d5c9b8"}, mem_limit=256 << 20,
             ws=245 << 20, kills=[KILL]),
    workload("shop/web-7f6d5c9b8-abcde/proxy", 0.01, 0.05, "idle", ns="shop",
             pod="web-7f6d5c9b8-abcde", container="proxy", cgroup=kube("a") + "2",
             qos="burstable", runtime="containerd"),
    workload("batch/etl-0/main", 1.5, 2.0, "steady", ns="batch", pod="etl-0", container="main",
             cgroup=kube("b"), qos="besteffort", share=(0, 0.4, 0.1, 0.05), ws=1 << 30,
             owner={"kind": "StatefulSet", "name": "etl"},
             offender={"name": "app", "namespace": "shop", "pod": "web-7f6d5c9b8-abcde",
                       "cgroup": kube("a"), "ns": 1200000000}),
    workload("shop/cart-0/app", 0.1, 0.3, "ramp", ns="shop", pod="cart-0", container="app",
             cgroup=kube("c"), qos="guaranteed", request=100, limit=500,
             share=(0, 0, 0.25, 0.01), offender={"name": "main", "namespace": "batch", "pod": "etl-0",
                                                "cgroup": kube("b"), "ns": 9e9}),
    workload("nginx.service", 0.02, 0.1, "young", kind="unit", unit="nginx.service",
             cgroup="/system.slice/nginx.service"),
    workload("ssh.service", 0.001, 0.01, "idle", kind="unit", unit="ssh.service",
             cgroup="/system.slice/ssh.service", system=True),
    workload("shop/job-1/run", 0.0, 1.0, "idle", ns="shop", pod="job-1", container="run",
             cgroup=kube("d"), state="dead", ended="2026-11-22T22:05:00Z"),
]

EVIL = "\x1b[2J\x1b]0;owned\x07\r\n\u009b31m\u202e\x7fcaf\u00e9 \u6f22\u5b57,\"q\""

STATUS = {
    "kind": "Status", "apiVersion": VERSION, "version": "0.1.0", "node": "node-1",
    "time": "2026-11-22T22:10:00.000000Z", "uptimeSeconds": 11400, "tier": "bpf", "tierWhy": "",
    "tierForced": False, "kernel": "6.18.44", "cgroup": "v2", "cgroupKey": "unified",
    "features": [{"name": "btf", "on": True, "why": ""}, {"name": "sched", "on": True, "why": ""},
                 {"name": "psi", "on": False, "why": "psi=0 on the kernel's command line"}],
    "slots": {"used": 120, "max": 4096}, "tasks": {"used": 31000, "max": 32768},
    "ringBytes": 262144, "ringUsedBytes": 0,
    "lost": {"no-slot": 0, "slots-full": 0, "tasks-full": 17, "events": 0, "walk-cut": 0, "bins": 0,
             "missed-bins": 0},
    "workloads": {"live": 6, "dead": 1, "unnamed": 0}, "cgroups": 140,
    "walk": {"ns": 450000, "cgroups": 140},
    "cost": {"cpuShare": 0.0012, "bpfShare": None, "cpuNs": 13680000000, "rssBytes": 9 << 20,
             "mapBytes": 5 << 20},
    "sources": {"pods": "/etc/evictd/pods.json, 3 pods", "logs": "/var/log/containers"},
    "lastReload": {"time": "2026-11-22T21:00:00Z", "ok": True, "message": ""},
}


def usage(workloads):
    return {"kind": "Usage", "apiVersion": VERSION, "node": "node-1",
            "time": "2026-11-22T22:10:00.000000Z", "tier": "bpf", "workloads": workloads}


def hostile():
    out = copy.deepcopy(GOOD[:1])
    for key in ("name", "namespace", "pod", "container", "cgroup"):
        out[0][key] = EVIL
    out[0]["wait"]["offender"] = {"name": EVIL, "namespace": EVIL, "pod": EVIL, "ns": 1}
    out[0]["wait"]["share"]["neighbour"] = 0.5
    out[0]["kills"][0]["comm"] = EVIL
    return out


def files_tier():
    out = copy.deepcopy(GOOD)
    for w in out:
        w["wait"] = None
        w["cpu"]["peak100msCores"] = None
        w["bins"] = None
    return out


def wrong_types():
    return [None, 7, "x", [], {}, {"name": 3, "cpu": [], "wait": "no", "memory": {"oomKills": "x"},
            "bins": {"stepMs": 0, "usec": "?"}, "kills": {"a": 1}, "state": 1, "cgroup": None},
            {"name": "inf", "cgroup": "/x", "cpu": {"cores10s": 1e308, "throttledShare": -1e308},
             "wait": {"share": {"quota": 1e308, "self": 1e308}}, "memory": {"workingSetBytes": -1},
             "bins": {"stepMs": 1e-300, "usec": [1e308] * 700}, "kills": [1, {"pid": 1e300}]}]


def busy():
    out = copy.deepcopy(GOOD)
    out[0]["cpu"]["cores10s"] = 0.2 + time.time() % 10
    return out


def many():
    out = []
    for i in range(3000):
        w = copy.copy(GOOD[i % len(GOOD)])
        w["pod"] = "pod-%04d" % i
        w["namespace"] = "many"
        w["cgroup"] = "/kubepods/pod%04d" % i
        w["bins"] = None
        out.append(w)
    return out


WORKLOADS = {"good": lambda: GOOD, "empty": lambda: [], "hostile": hostile, "files": files_tier,
             "many": many, "wrongtypes": wrong_types, "busy": busy}


def http(status, body):
    return b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" \
           b"Connection: close\r\n\r\n" % (status, len(body)) + body


def body_for(path, mode):
    if path.startswith("/v1/status"):
        status = dict(STATUS)
        if mode == "files":
            status.update(tier="files", tierWhy="no CAP_BPF", slots={"used": 0, "max": 0})
        if mode == "hostile":
            status.update(node=EVIL, kernel=EVIL, tierWhy=EVIL, lost={EVIL: 3})
        if mode == "wrongtypes":
            status = {"kind": "Status", "apiVersion": VERSION, "lost": [1, "x"], "features": 3}
        return status
    return usage(WORKLOADS.get(mode, WORKLOADS["good"])())


def special(conn, mode, body):
    """Answers that are no good JSON; True where it was one of these."""
    answers = {
        "error500": lambda: http(500, b'{"kind":"Error","message":"out of \\u001b[31mslots"}'),
        "denied": lambda: http(403, b'{"kind":"Error","message":"not yours"}'),
        "badjson": lambda: http(200, b'{"kind":"Usage","workloads":[{]}'),
        "otherkind": lambda: http(200, b'{"kind":"Pizza","apiVersion":"evictd.io/v1alpha1"}'),
        "oldversion": lambda: http(200, json.dumps(
            dict(body, apiVersion="evictd.io/v9")).encode()),
        "deep": lambda: http(200, b'{"a":' * 100000),
        "nothttp": lambda: b"SSH-2.0-OpenSSH_9.2\r\n",
        "close": lambda: b"",
    }
    if mode in answers:
        conn.sendall(answers[mode]())
    elif mode == "cut":
        conn.sendall(http(200, json.dumps(body).encode())[:-500])
    elif mode == "hang":
        time.sleep(3600)
    elif mode == "huge":
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        while True:
            conn.sendall(b" " * 1000000)
    else:
        return False
    return True


def serve(conn, mode):
    try:
        request = b""
        while b"\r\n\r\n" not in request and len(request) < 65536:
            data = conn.recv(65536)
            if not data:
                return
            request += data
        path = request.split(b" ")[1].decode()
        body = body_for(path, mode)
        if not special(conn, mode, body):
            conn.sendall(http(200, json.dumps(body).encode()))
    except OSError:
        pass # the client went away: its right
    finally:
        conn.close()


def main():
    path, mode = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "good"
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    print("ready", flush=True)
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn, mode), daemon=True).start()


main()
