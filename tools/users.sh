#!/bin/bash
# users.sh: makes the roles' users, and the administrators' group, where they are missing, as an
# installation does. As root.
set -euo pipefail
cd "$(dirname "$0")/.."

while read -r kind name _; do
	case $kind in
	u)
		getent passwd "$name" >/dev/null && continue
		echo "Making the system user $name" >&2
		useradd --system --no-create-home --home-dir / --shell /usr/sbin/nologin "$name"
		;;
	g)
		getent group "$name" >/dev/null && continue
		echo "Making the system group $name" >&2
		groupadd --system "$name"
		;;
	esac
done <dist/sallyport.sysusers
