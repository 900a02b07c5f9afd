#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The style of the sources: the kernel's own checkers, and the promises of
# doc/internals.rst that a script can see.

set -euo pipefail
STYLE_DIR=$(cd "$(dirname "$0")" && pwd)
. "$STYLE_DIR/../vm/lib.sh"
# shellcheck source=../vm/guest/tap.sh
. "$VM_DIR/guest/tap.sh"
cd "$TOP_DIR"

work=$(mktemp -d "${TMPDIR:-/tmp}/stallmeter-style.XXXXXX")
trap 'rm -rf "$work"' EXIT

# files PATTERN...: as git sees them, new ones too.
files() { git -c safe.directory='*' ls-files -co --exclude-standard --deduplicate -- "$@" | while read -r file; do [ ! -f "$file" ] || echo "$file"; done; }
kernel_c() { files 'module/*.[ch]' 'kunit/*.[ch]' 'uapi/*.h' 'tests/vm/fixtures/*.c' 'tests/vm/negative/*.c' 'tests/vm/faults/*.c'; }
user_c() { files 'userspace/*.[ch]' 'tests/host/*.[ch]' 'tests/vm/load/*.c' 'tests/vm/tsc/*.c'; }
# A script begins like one, or tells shellcheck which shell sources it.
scripts() { files tests debian .ci | xargs -d '\n' grep -lE '^(#!/bin/(ba)?sh|# shellcheck shell=)'; }

# quiet CMD...: passes if it prints nothing and succeeds.
quiet() {
	local output status=0
	output=$("$@" 2>&1) || status=$?
	[ -z "$output" ] || echo "$output"
	[ "$status" = 0 ] && [ -z "$output" ]
}

# The lines of stdin are files for a command that has nothing to say of them.
on_all_cpus() { xargs -d '\n' -n 12 -P "$(nproc)" "$@"; }

# An initialiser evaluates nothing, so its macro may name an argument twice.
checkpatch() {
	local source types=MACRO_ARG_REUSE
	source=$(find "$("$VM_DIR/kernel" dir debug)" -name checkpatch.pl | head -n 1)
	[ -n "$source" ] || { echo "no checkpatch.pl in the debug kernel's source"; return 1; }
	# What user space has no kernel header for, and names that libFuzzer prescribes.
	[ "$1" != user ] || types=$types,CAMELCASE,PREFER_DEFINED_ATTRIBUTE_MACRO,PREFER_KERNEL_TYPES,ARRAY_SIZE
	shift
	cd "$work"
	printf '%s\n' "${@/#/$TOP_DIR/}" | on_all_cpus perl "$source" --no-tree --strict --terse --no-summary \
		--show-types --root="${source%/scripts/*}" --ignore "$types" --file
}

kernel_doc() {
	local source
	source=$(find "$("$VM_DIR/kernel" dir debug)" -name kernel-doc -path '*scripts*' | head -n 1)
	[ -n "$source" ] || { echo "no kernel-doc in the debug kernel's source"; return 1; }
	perl "$source" -none "$@"
}

# sparse, and once more that W=1 is quiet: in the suite's own tree. A file that
# sparse has to complain of proves that it looked.
sparse() {
	local log=$work/sparse.log
	mkdir -p "$work/tests"
	cp -r Kbuild VERSION module uapi kunit "$work/"
	cp tests/hist.vectors "$work/tests/"
	echo 'int stall_not_static;' > "$work/module/control.c"
	echo 'stallmeter-y += module/control.o' >> "$work/Kbuild"
	# shellcheck disable=SC2016
	"$VM_DIR/kernel" run debug "$work" sh -c \
		'make -s -C "$KDIR" M=/src C=2 CHECK=sparse W=1 STALL_KUNIT=y modules' > "$log" 2>&1 || cat "$log"
	grep -q '/control\.c:1:.* not declared' "$log" || echo 'sparse does not see its control'
	grep -E '^(/src/)?(module|uapi|kunit)/' "$log" | grep -v '/control\.c:' || true
}

# Who may include whom: a layer includes its own and what stands below it.
layer_of() {
	case $1 in
	main) echo 8;;
	debugfs) echo 7;;
	text) echo 6;;
	snapshot) echo 5;;
	self|view) echo 4;;
	timeline|collector) echo 3;;
	run) echo 2;;
	callback|entry|own|events|map|param|probe|span|table|tally|hist) echo 1;;
	who|fsname|ticks|compat) echo 0;;
	*) echo "$1: no layer; give it one in $0" >&2; echo 9;;
	esac
}

upward_includes() {
	local file unit header
	for file in module/*.[ch]; do
		unit=$(basename "$file" | sed 's/\.[ch]$//')
		sed -n 's/^#include "\(.*\)"$/\1/p' "$file" | while read -r header; do
			case $header in
			../uapi/stallmeter.h|collectors/list.h) continue;;
			*/*) echo "$file includes $header"; continue;;
			esac
			[ "$(layer_of "${header%.h}")" -le "$(layer_of "$unit")" ] || echo "$file includes $header"
		done
	done
}

# A collector includes collector.h, the kernel's headers, and its own files.
foreign_includes() {
	local file name
	for file in module/collectors/*.[ch] tests/vm/fixtures/*.c; do
		name=$(basename "$file" | sed 's/[_.].*//')
		grep -Hn '^#include "' "$file" | grep -vE "\"(\.\./collector|${name}(_[a-z]+)?)\.h\"$" || true
	done
}

in_files() { xargs -d '\n' "$@" || [ $? = 123 ]; }	# grep finds nothing: that is well
version_tests() { files '*.[ch]' 'module/*' 'kunit/*' | grep -v '^module/compat\.h$' |
	in_files grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION'; }
forbidden() { files 'module/*.[ch]' |
	in_files grep -nE '(^|[^D])_?BUG(_ON)?\(|register_kretprobe|post_handler *=|spin_lock|trace_printk' |
	grep -v BUILD_BUG_ON || true; }
# Golden outputs, lists of one word a file, and what Debian's tools read have no room for it.
no_spdx() { files | grep -vE '^(COPYING|VERSION|\.gitignore|tests/host/golden/.*|tests/hist\.vectors|debian/(changelog|source/format))$' |
	in_files grep -L SPDX-License-Identifier; }
long_files() { files 'module/*.[ch]' 'kunit/*.[ch]' 'userspace/*.[ch]' 'uapi/*.h' |
	in_files wc -l | awk '$2 != "total" && $1 > 400'; }

# Functions that begin and end in the first column, as kernel style has them.
long_functions() {
	files 'module/*.c' 'kunit/*.c' 'userspace/*.c' | in_files awk 'FNR == 1 { start = 0 }
		/^{/ { start = FNR }
		/^}/ { if (start && FNR - start > 60) print FILENAME ":" start ": " FNR - start " lines"; start = 0 }'
}

shell_style() { scripts | on_all_cpus shellcheck -x; }
man_style() { mandoc -T lint -W warning userspace/*.8; }
rst_style() { files '*.rst' | xargs -n 1 -P "$(nproc)" rst2html --strict > /dev/null; }

# README's table of kernels, "KERNEL TEST" a line, and what the lists make of it.
readme_kernels() {
	awk '/^kernel +what it is/ { table = NR } !table || NR <= table + 1 { next } /^==/ { exit }
		{
			if ($0 ~ /^[^ ]/) kernel = $1
			gsub(/,/, " ")
			for (n = split(substr($0, 50), tests, " "); n; n--) print kernel, tests[n]
		}' README.rst | sort
}

listed_kernels() {
	local name
	for name in $(kernel_names); do
		sed 's/#.*//' tests/tests.list | awk -v name="$name" '
			{ for (n = split($2, kernels, ","); n; n--) if (kernels[n] == name || kernels[n] == "all" ||
				(kernels[n] == "stock" && name != "debug")) print name, $1 }'
	done | sort
}

kernels_in_readme() { diff <(readme_kernels) <(listed_kernels); }

# A test that no list names would silently not run.
unlisted_tests() { diff <(basename -s .t tests/vm/*.t | sort) <(list_words tests/tests.list | sed -n '1~3p' | sort); }

"$VM_DIR/kernel" fetch debug
mapfile -t kernel_files < <(kernel_c)
mapfile -t user_files < <(user_c)

ok 'checkpatch --strict: the kernel side' quiet checkpatch kernel "${kernel_files[@]}"
ok 'checkpatch --strict: the user side' quiet checkpatch user "${user_files[@]}"
ok 'kernel-doc is complete' quiet kernel_doc "${kernel_files[@]}"
ok 'sparse and W=1' quiet sparse
ok 'shellcheck' quiet shell_style
ok 'man pages' quiet man_style
ok 'reStructuredText' quiet rst_style
ok 'dependencies point one way' quiet upward_includes
ok 'collectors include collector.h and nothing else of ours' quiet foreign_includes
ok 'no version test outside compat.h' quiet version_tests
ok 'no BUG_ON, kretprobe, post_handler or spinlock' quiet forbidden
ok 'SPDX in every file' quiet no_spdx
ok 'files have at most 400 lines' quiet long_files
ok 'functions have at most 60 lines' quiet long_functions
ok 'README tells which tests run on which kernels' quiet kernels_in_readme
ok 'each VM test is in tests.list' quiet unlisted_tests
done_testing
