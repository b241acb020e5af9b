#!/bin/bash
# install.sh PACKAGE...: installs Debian packages, as root, without starting any service.
set -euo pipefail

# What invoke-rc.d asks before it starts anything; 101 is "not allowed".
policy=/usr/sbin/policy-rc.d
saved=$policy.before-sallyport
# Debian 12's nginx and the others would also start at the next boot.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tools/packages.sh
. "$here/packages.sh"

forbid_starting()
{
	[ ! -e "$saved" ] || mv -f "$saved" "$policy" # left by an install that was killed
	if [ -e "$policy" ] || [ -L "$policy" ]; then
		mv "$policy" "$saved"
	fi
	trap allow_starting EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
}

allow_starting()
{
	rm -f "$policy"
	if [ -e "$saved" ] || [ -L "$saved" ]; then
		mv "$saved" "$policy"
	fi
}

apt()
{
	DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 \
		-o Dpkg::Use-Pty=0 "$@"
}

install_packages()
{
	apt install --no-install-recommends "$@"
}

# Services that came with these packages are for the tests alone: they stay off at boot too.
keep_off_at_boot()
{
	command -v systemctl >/dev/null || return 0
	local service name
	for service in "${packages_services[@]}"; do
		for name in "$@"; do
			case $name in
			"$service" | "open$service-server")
				systemctl disable --quiet "$service.service" 2>/dev/null || true
				;;
			esac
		done
	done
}

exec 9>/run/lock/sallyport-install
flock 9
forbid_starting
# An image's package lists are absent or old; then the first try fails, at once or at a download.
if ! apt install --simulate --no-install-recommends "$@" >/dev/null 2>&1; then
	apt update
	install_packages "$@"
elif ! install_packages "$@"; then
	apt update
	install_packages "$@"
fi
keep_off_at_boot "$@"
