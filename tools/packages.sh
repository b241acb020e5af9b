# shellcheck shell=bash disable=SC2034
# What has to be installed for what: the only place that names Debian packages.
# Real packages of Debian 12 and 13, no virtual ones: dpkg-query does not know those.

packages_run=(
	gcc libc6-dev meson ninja-build pkgconf
	libssl-dev libseccomp-dev libcap-dev
	libnghttp2-dev zlib1g-dev libbrotli-dev libzstd-dev libcrypt-dev
	libjansson-dev libsqlite3-dev libpq-dev libargon2-dev liboath-dev libqrencode-dev
	libcurl4-openssl-dev libnftables-dev
	nodejs
)
# Node from elsewhere brings npm along, and Debian's package of it would ask for Debian's Node.
command -v npm >/dev/null || packages_run+=(npm)
packages_try=("${packages_run[@]}" python3 openvpn iproute2 nftables curl)
packages_test=(
	"${packages_run[@]}"
	libcmocka-dev python3-pytest python3-pytest-xdist universal-ctags
	curl openssl certbot pebble nginx openssh-server openssh-client openvpn testssl.sh sslscan
	netcat-openbsd iproute2 procps ca-certificates
	nghttp2-client nghttp2-server python3-h2 python3-websocket wrk chromium brotli zstd
	nftables iperf3 tcpdump
	postgresql sqlite3 oathtool python3-jsonschema zsh fish
	iputils-ping
)
packages_fuzz=("${packages_run[@]}" clang libclang-rt-dev llvm)
packages_bench=(
	"${packages_run[@]}"
	wrk nghttp2-client nginx libnginx-mod-stream haproxy h2o sslh openssl iproute2
	openvpn iperf3 iputils-ping
)
packages_lint=(
	"${packages_run[@]}"
	git clang clang-format clang-tidy cppcheck libcmocka-dev mandoc shellcheck universal-ctags
)
# All of them are only installed, never started: see tools/install.sh.
packages_services=(nginx haproxy h2o sslh openvpn ssh postgresql)

# The names of the lists, for messages.
package_lists="run try test fuzz bench lint all"

# packages_for LIST: its packages, one a line, each once.
packages_for()
{
	case $1 in
	run) printf '%s\n' "${packages_run[@]}" ;;
	try) printf '%s\n' "${packages_try[@]}" ;;
	test) printf '%s\n' "${packages_test[@]}" ;;
	fuzz) printf '%s\n' "${packages_fuzz[@]}" ;;
	bench) printf '%s\n' "${packages_bench[@]}" ;;
	lint) printf '%s\n' "${packages_lint[@]}" ;;
	all)
		printf '%s\n' "${packages_test[@]}" "${packages_fuzz[@]}" \
			"${packages_bench[@]}" "${packages_lint[@]}"
		;;
	*) return 1 ;;
	esac | sort -u
}

# Reads names, prints those that are not installed.
packages_missing()
{
	local name status
	while read -r name; do
		status=$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) || status=
		[ "$status" = installed ] || echo "$name"
	done
}
