#!/bin/bash
# run-state.sh DIRECTORY [--public]: what ./dev run serves from, kept from run to run.
# The configuration is written once; as soon as somebody edits it, it is his.
set -euo pipefail

state=$1
shift
top=$(cd "$(dirname "$0")/.." && pwd)
program=${SALLYPORT:-$top/build/sallyport}
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

# The VPN takes an interface, so it is root's. Its network is chosen once, clear of the machine's
# routes, and then kept: clients have addresses of it.
vpn_network()
{
	[ "$(id -u)" = 0 ] && [ -c /dev/net/tun ] || return 0
	local kept=
	[ ! -e "$conf" ] || kept=$(sed -n 's/^ *network \([0-9./]*\).*/\1/p' "$conf" | head -n 1)
	echo "${kept:-$("$program" vpn network)}"
}

# On this machine alone nobody wants all that he does to go through it, back to where it came from.
vpn_reach()
{
	local address
	if [ -n "$public" ]; then
		address=$(hostname -I | cut -d ' ' -f 1)
		echo "${address:+endpoint $address }# where profiles lead: a name is better"
	else
		echo "route 192.0.2.0/24 # what clients reach; without any, everything goes through it"
	fi
}

vpn_block()
{
	[ -n "$network" ] || return 0
	cat <<END
vpn { # for OpenVPN clients: "./dev cli device add NAME laptop" makes a profile
    $(vpn_reach)
    $(listen_lines listen 1194)
    network $network
    dns system
}
END
}

configuration()
{
	cat <<END
# Made by ./dev run. Edit it: it is not written again once it differs from what was made.
# "./dev cli reload" takes it up without dropping a connection; man/sallyport.conf.5 explains it.

state_dir "$(realpath "$state/state")"
$(listen_lines listen 8443)
plain { $(listen_lines listen 8080) }
log { access combined }
admin { # the console, for whom "allow" names, and the portal
    $(listen_lines listen 9443)
    allow loopback
}

site localhost {
    certificate self-signed
    # route /app/* { strip_prefix /app; proxy http://127.0.0.1:3000 }
    root "$top/demo"
}

share {
    # ssh 127.0.0.1:22
}
$(vpn_block)
END
}

mkdir -p "$state/state"
network=$(vpn_network)
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
  https://localhost:9443/             the access server: console, portal and API
  ./dev cli setup-link                the link by which you become its administrator
  ./dev cli status                    what it counts, and where the VPN listens
  ./dev try-vpn                       the VPN, with a client and what is behind it, as root
  ./dev cli reload                    after an edit; uncomment "ssh" there, then: ssh -p 8443 localhost

END
