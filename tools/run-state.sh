#!/bin/bash
# run-state.sh DIRECTORY [--public]: what ./dev run serves from, kept from run to run.
# The configuration is written once; as soon as somebody edits it, it is his.
set -euo pipefail

state=$1
shift
top=$(cd "$(dirname "$0")/.." && pwd)
conf=$state/sallyport.conf
written=$state/.sallyport.conf.written

public=
for option; do
	case $option in
	--public) public=yes ;;
	*)
		echo "dev: run knows --public, not '$option'" >&2
		exit 1
		;;
	esac
done

has_ipv6()
{
	grep -q ' lo$' /proc/net/if_inet6 2>/dev/null
}

# listen_lines OPTION PORT
listen_lines()
{
	if [ -n "$public" ]; then
		echo "$1 $2"
	elif has_ipv6; then
		echo "$1 127.0.0.1:$2 [::1]:$2"
	else
		echo "$1 127.0.0.1:$2"
	fi
}

configuration()
{
	cat <<END
# Made by ./dev run. Edit it: it is not written again once it differs from what was made.
# "./dev cli reload" takes it up without dropping a connection; man/sallyport.conf.5 explains it.

state_dir "$top/$state/state"
$(listen_lines listen 8443)
plain { $(listen_lines listen 8080) }
log { access combined }

site localhost {
    certificate self-signed
    # route /app/* { strip_prefix /app; proxy http://127.0.0.1:3000 }
    root "$top/demo"
}

share {
    # ssh 127.0.0.1:22
}
END
}

mkdir -p "$state/state"
if [ ! -e "$conf" ] || cmp -s "$conf" "$written"; then
	configuration >"$conf"
	cp "$conf" "$written"
elif [ -n "$public" ]; then
	echo "dev: $conf was edited, so --public changes nothing: its listen lines count" >&2
fi
cat >&2 <<END
Configuration: $conf, which is yours to edit. Ctrl-C stops the server. To try, from another terminal:
  curl -k https://localhost:8443/     the demo site; a browser warns once, as the certificate is self-signed
  curl -I http://localhost:8080/      the plain port redirects
  curl http://localhost:8443/         plain HTTP on the TLS port: 400, as from any web server
  ./dev cli status                    what it counts
  ./dev cli reload                    after an edit; uncomment "ssh" there, then: ssh -p 8443 localhost

END
