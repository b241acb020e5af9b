#!/bin/bash
# web.sh [--tests]: builds web/ into web/dist, where its sources are others than those it was built
# of last; with --tests, what its tests and lints need is there as well.
set -euo pipefail
cd "$(dirname "$0")/../web"

which=build
[ "${1:-}" != --tests ] || which=tests

# install WHICH: as package-lock.json has it. What is there for tests is enough to build with.
install_packages()
{
	local stamp=node_modules/.of lock
	lock=$(sha256sum <package-lock.json)
	case $(cat "$stamp" 2>/dev/null) in
	"$lock tests" | "$lock $which") return 0 ;;
	esac
	local options=(--no-audit --no-fund --prefer-offline --loglevel=error)
	[ "$which" = tests ] || options+=(--omit=dev)
	npm ci "${options[@]}"
	echo "$lock $which" >"$stamp"
}

sources()
{
	find src ./*.html ./*.json ./*.js -type f ! -name schema.d.ts -print0 | sort -z |
		xargs -0 sha256sum | sha256sum
}

mkdir -p ../build
exec 9>../build/web.lock
flock 9
install_packages
now=$(sources)
[ "$(cat dist/.of 2>/dev/null)" != "$now" ] || exit 0
npm run --silent build
echo "$now" >dist/.of
