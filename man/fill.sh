#!/bin/sh
# fill.sh FRAME PROGRAM: the frame with the line @OPTIONS@ replaced by what the program knows.
set -eu
grep -qx '@OPTIONS@' "$1"
options=$("$2" config --manual)
printf '%s\n' "$options" | sed -e '/^@OPTIONS@$/{' -e 'r /dev/stdin' -e 'd' -e '}' "$1"
