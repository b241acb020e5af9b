#!/bin/bash
# shots.sh PROGRAM DIRECTORY [PART...]: every page of the console and the portal as a picture, of a server
# that is made for it; only some parts of them (web/test/shots/), if they are named.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
# A browser lets go of what it loads when its network changes, and here nobody else is in it.
if [ "$(id -u)" = 0 ] && [ -z "${SHOTS_ALONE:-}" ]; then
	SHOTS_ALONE=yes exec unshare --net "$0" "$@"
fi
[ -z "${SHOTS_ALONE:-}" ] || ip link set lo up

program=$(realpath "$1")
mkdir -p "$2"
pictures=$(realpath "$2")
state=$(mktemp -d)
chmod 711 "$state"
conf=$state/sallyport.conf

cat >"$conf" <<END
state_dir $state
listen 127.0.0.1:18443
plain { listen 127.0.0.1:18080 }
share {
    ssh 127.0.0.1:18022
}
admin {
    listen 127.0.0.1:19443
    allow loopback vpn
}
site example.org {
    certificate self-signed
    root "$top/demo"
}
END
# Only root can have the VPN's interface.
[ "$(id -u)" != 0 ] || printf 'vpn {\n    endpoint example.org\n    listen 127.0.0.1:11194\n    network 10.86.0.0/20\n}\n' >>"$conf"
"$program" serve -c "$conf" 2>"$state/log" &
server=$!
trap 'kill $server; wait $server || true; rm -rf "$state"' EXIT

cli()
{
	"$program" -c "$conf" "$@"
}

# It answers once control has its store.
for _ in {1..100}; do
	! cli user list >/dev/null 2>&1 || break
	sleep 0.1
done
link=$(cli setup-link | grep -o '/setup/[A-Za-z0-9_-]*')
node "$top/web/test/shots.js" https://example.org:19443 "$link" "$pictures" "${@:3}"
echo "Pictures are in $pictures"
