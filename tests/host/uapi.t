#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# uapi.t - uapi/stallmeter.h stands alone, has no holes, and does not move

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

header=$here/../../uapi/stallmeter.h
cc=${CC:-cc}
cxx=${CXX:-c++}

# compile NAME COMPILER FLAGS...: a file that includes nothing but the header.
compile() {
	local name=$1
	shift
	ok "$name" "$@" -Wall -Wextra -Wpadded -Werror \
		-include "$header" -fsyntax-only "$work/unit"
}

layout() {
	cat >"$work/layout.c" <<-'END'
	#include <stddef.h>
	#define AT(_type, _field, _offset)				\
		_Static_assert(offsetof(struct _type, _field) == _offset,	\
			       #_type " " #_field)
	#define SIZE(_type, _size)					\
		_Static_assert(sizeof(struct _type) == _size, #_type)

	SIZE(stallmeter_header, 208);
	AT(stallmeter_header, magic, 0);
	AT(stallmeter_header, abi_major, 4);
	AT(stallmeter_header, abi_minor, 6);
	AT(stallmeter_header, header_size, 8);
	AT(stallmeter_header, crc32, 12);
	AT(stallmeter_header, desc_size, 16);
	AT(stallmeter_header, nr_descs, 20);
	AT(stallmeter_header, column_size, 24);
	AT(stallmeter_header, nr_columns, 28);
	AT(stallmeter_header, desc_offset, 32);
	AT(stallmeter_header, column_offset, 40);
	AT(stallmeter_header, data_offset, 48);
	AT(stallmeter_header, total_size, 56);
	AT(stallmeter_header, generation, 64);
	AT(stallmeter_header, mono_ns, 72);
	AT(stallmeter_header, boot_ns, 80);
	AT(stallmeter_header, real_ns, 88);
	AT(stallmeter_header, instance, 96);
	AT(stallmeter_header, release, 112);
	AT(stallmeter_header, version, 176);
	SIZE(stallmeter_desc, 208);
	AT(stallmeter_desc, kind, 0);
	AT(stallmeter_desc, flags, 4);
	AT(stallmeter_desc, offset, 8);
	AT(stallmeter_desc, nr_rows, 16);
	AT(stallmeter_desc, row_size, 20);
	AT(stallmeter_desc, first_column, 24);
	AT(stallmeter_desc, nr_columns, 28);
	AT(stallmeter_desc, group, 32);
	AT(stallmeter_desc, name, 64);
	AT(stallmeter_desc, unit, 96);
	AT(stallmeter_desc, help, 112);
	SIZE(stallmeter_column, 160);
	AT(stallmeter_column, type, 0);
	AT(stallmeter_column, offset, 4);
	AT(stallmeter_column, size, 8);
	AT(stallmeter_column, first_bucket, 12);
	AT(stallmeter_column, name, 16);
	AT(stallmeter_column, unit, 48);
	AT(stallmeter_column, help, 64);
	SIZE(stallmeter_hist, 24);
	AT(stallmeter_hist, sum, 0);
	AT(stallmeter_hist, min, 8);
	AT(stallmeter_hist, max, 16);
	AT(stallmeter_hist, buckets, 24);
	_Static_assert(STALLMETER_MAGIC == 0x4c4c5453U, "magic");
	_Static_assert(STALLMETER_ABI_MAJOR == 1, "major");
	_Static_assert(STALLMETER_NR_BUCKETS == 496, "buckets");
	END
	cp "$work/layout.c" "$work/unit"
	ok "$1" "${@:2}" -x c -std=gnu11 -include "$header" -fsyntax-only \
		"$work/unit"
}

: >"$work/unit"
compile "it compiles alone as C99" "$cc" -x c -std=gnu99
compile "it compiles alone as C++17" "$cxx" -x c++ -std=gnu++17
ok "it can be included twice" "$cc" -x c -Werror -include "$header" \
	-include "$header" -fsyntax-only "$work/unit"
layout "the layout is that of version 1.0" "$cc"

# The kernel's headers are all that is needed, so no 32-bit libc is.
multi=-I/usr/include/$("$cc" -dumpmachine)
if echo | "$cc" -m32 "$multi" -include linux/types.h -x c -fsyntax-only - \
	2>/dev/null; then
	layout "the layout is the same with -m32" "$cc" -m32 "$multi"
	: >"$work/unit"
	compile "no holes with -m32" "$cc" -x c -m32 "$multi" -std=gnu99
else
	skip "the layout is the same with -m32" "no -m32 here"
	skip "no holes with -m32" "no -m32 here"
fi
done_testing
