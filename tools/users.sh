#!/bin/bash
# users.sh: makes the roles' users where they are missing, as an installation does. As root.
set -euo pipefail
cd "$(dirname "$0")/.."

while read -r kind name _; do
	[ "$kind" = u ] || continue
	getent passwd "$name" >/dev/null && continue
	echo "Making the system user $name" >&2
	useradd --system --no-create-home --home-dir / --shell /usr/sbin/nologin "$name"
done <dist/sallyport.sysusers
