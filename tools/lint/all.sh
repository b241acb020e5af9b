#!/bin/bash
# all.sh [C-FILE...]: every lint; with files, clang-format, clang-tidy and cppcheck see only those.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

failed=0

# check NAME COMMAND...
check()
{
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		echo "$name: fine"
	else
		failed=$((failed + 1))
		printf '%s\n%s: FAILED\n' "$output" "$name"
	fi
}

# The flags that each file is compiled with, for clang-tidy; gcc's own flags are not clang's.
compile_commands()
{
	[ -e build/lint/build.ninja ] ||
		CC=clang meson setup build/lint -Dtests=true >build/lint.log || return 1
	# Headers that are made while building have to be there.
	ninja -C build/lint --quiet >/dev/null
}

# Not the unit tests: the analyzer takes cmocka's fail_msg() for a call that returns.
# One file at a time: with more, it takes every va_list for uninitialized.
tidy()
{
	local sources=()
	for file in "${files[@]}"; do
		case $file in src/*.c | test/fuzz/*.c) sources+=("$file") ;; esac
	done
	[ "${#sources[@]}" -gt 0 ] || return 0
	printf '%s\0' "${sources[@]}" |
		xargs -0 -n 1 -P "$(nproc)" clang-tidy -p build/lint --quiet --warnings-as-errors='*'
}

run_cppcheck()
{
	cppcheck --quiet --error-exitcode=1 --std=c11 --language=c --inline-suppr \
		--enable=warning,performance,portability -j "$(nproc)" -I src -I test/unit \
		--library=tools/lint/cppcheck.cfg \
		--suppressions-list=tools/lint/cppcheck.txt "${files[@]}"
}

scripts()
{
	git ls-files -z -- dev .ci/run 'tools/*.sh' 'test/*.sh' | xargs -0 shellcheck -x
}

manual()
{
	mandoc -T lint -W warning build/lint/man/*.[58]
}

if [ $# -gt 0 ]; then
	files=("$@")
else
	mapfile -t files < <(git ls-files -- 'src/*.[ch]' 'test/*.[ch]')
fi

mkdir -p build
check "layers" tools/lint/layers.py
check "limits" tools/lint/limits.py
check "listed" tools/lint/listed.py
check "self-test" tools/lint/selftest.py
check "shellcheck" scripts
check "clang-format" clang-format --dry-run -Werror "${files[@]}"
check "build with clang" compile_commands
check "manual" manual
check "web" npm run --prefix web --silent check
check "cppcheck" run_cppcheck
check "clang-tidy" tidy
[ "$failed" -eq 0 ]
