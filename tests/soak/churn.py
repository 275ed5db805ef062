#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cgroups that come, work for some milliseconds, and go, at random.

usage: churn.py SECONDS SEED PARENT ROOT...    PARENT exists below every ROOT; all below it goes
Prints how many lived, and how much CPU time they used, in ms.
"""
import os
import random
import sys
import time

BIRTHS_PER_SECOND = 40
LIVING_MAX = 150


def enter(dirs):
    for path in dirs:
        with open(path + "/cgroup.procs", "w", encoding="ascii") as f:
            f.write("0")


def load(dirs, cpu_ms, pages):
    """Forks what works in the cgroup; the parent gets its pid."""
    pid = os.fork()
    if pid:
        return pid
    enter(dirs)
    data = bytearray(pages * 4096)
    until = time.process_time() + cpu_ms / 1000
    while time.process_time() < until:
        data[::4096] = data[::4096]
    os._exit(0)


class Churn:
    def __init__(self, parents, seed):
        self.random = random.Random(seed)
        self.parents = parents
        self.living = []  # (directories, pids), oldest first
        self.births = 0
        self.cpu_ms = 0

    def birth(self):
        self.births += 1
        name = "/c%d" % self.births
        dirs = [p + name for p in self.parents]
        for path in dirs:
            os.mkdir(path)
        pids = []
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            ms = self.random.randint(1, 15)
            self.cpu_ms += ms
            pids.append(load(dirs, ms, self.random.randint(1, 500)))
        self.living.append((dirs, pids))

    def death(self):
        dirs, pids = self.living.pop(self.random.randrange(len(self.living)))
        for pid in pids:
            os.waitpid(pid, 0)
        for path in dirs:
            os.rmdir(path)

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            # bursts and lulls
            for _ in range(self.random.choice([0, 1, 2, 10])):
                if len(self.living) >= LIVING_MAX or (self.living and self.random.random() < 0.5):
                    self.death()
                else:
                    self.birth()
            time.sleep(self.random.random() * 3.25 / BIRTHS_PER_SECOND)
        while self.living:
            self.death()


def main():
    seconds, seed, parent = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    churn = Churn(["%s/%s" % (root, parent) for root in sys.argv[4:]], seed)
    churn.run(seconds)
    print(churn.births, churn.cpu_ms)


main()
