#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs SCRIPT, or records NAME as skipped where it does not exist. usage: NAME SCRIPT [WHY]
set -eu
. tests/results.sh

[ -x "$2" ] && exec "$2"
skip "$1" "${3:-$2 does not exist}"
