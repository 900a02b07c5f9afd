# SPDX-License-Identifier: GPL-2.0
# table.sh - the module's tables, by names of columns. Sourced.
# shellcheck shell=bash

FILES=/sys/kernel/debug/stallmeter

# columns FILE NAME...: these of a table, in this order; "_" is a space in a text.
columns() {
	local file=$1
	shift
	awk -v names="$*" '
		BEGIN { nr = split(names, name) }
		/^#/ { for (i = 2; i <= NF; i++) at[$i] = i - 1; next }
		{
			count = split($0, text, "\"")
			for (i = 2; i <= count; i += 2)
				gsub(" ", "_", text[i])
			line = text[1]
			for (i = 2; i <= count; i++)
				line = line text[i]
			$0 = line
			for (i = 1; i <= nr; i++)
				printf "%s%s", $at[name[i]], i < nr ? " " : "\n"
		}' "$FILES/$file"
}
