# SPDX-License-Identifier: GPL-2.0
# test-dcache.sh - what dcache and reclaim count, beside what was done and what the
# kernel says itself in dentry-state. In a guest with 2 CPUs.
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
# shellcheck source=ext4.sh
. /run/guest/ext4.sh
# shellcheck source=dcache.sh
. /run/guest/dcache.sh
PATH=$PWD:$PATH

# Missing names and created files, of both CPUs together.
MISSING=20000 CREATED=5000

exec 9<> <(:)
nap() { read -rt "$1" -u 9; }

test_load() {
	ok 'an ext4 is there' ext4_up
	mkdir mnt/{haystack,made,doomed} scanned
	mount -t tmpfs tmpfs scanned
	# all that is loaded or done once
	dentryload missing mnt/haystack 10
	dentryload create mnt/made 10
	dentryload scan /proc 10
	rmdir mnt/none 2>/dev/null
	ok 'loads' insmod stallmeter.ko
	ok 'all hooks are there' stallmeter status
}

# Nobody does anything, and so nobody is said to have done anything.
test_quiet() {
	begin_anew
	look begin
	nap 3
	look end
	is 'a quiet guest reclaims nothing' "$(for series in {direct,memcg,kswapd,run,object}_ns run_freed; do
		count "reclaim/$series"; done | xargs)" '0 0 0 0 0 0'
	is 'nobody lost time' "$(rows reclaim/victims total_ns | sum)" 0
	is 'no shrinker ran' "$(rows reclaim/shrinkers runs | sum)" 0
	ok 'and makes no dentries' test "$(since begin end allocated)" -le 100
	is 'live is what was allocated and not freed' "$(since begin end live)" \
		"$(($(since begin end allocated) - $(since begin end freed)))"
	ok 'no dentry is in a burst that was not allocated' test \
		"$(total dcache/burst_dentries)" -le "$(<$FILES/dcache/allocated)"
	ok 'none was freed in a batch that was not freed' test \
		"$(total dcache/batch_dentries)" -le "$(<$FILES/dcache/freed)"
	is 'no tree was walked' "$(count dcache/walk_ns)" 0
}

# missing_names DIR: MISSING of them, on two CPUs; moments "begin" and "missed".
missing_names() {
	look begin
	dentryload missing "$1" $((MISSING / 2)) 2
	look missed
	near "$1: each missing name is allocated" "$(since begin missed allocated)" $MISSING
	near "$1: the kernel keeps what was not freed" "$(since begin missed dentries)" \
		"$(since begin missed live)"
}

test_ext4() {
	missing_names mnt/haystack
	near 'each is a negative dentry' "$(since begin missed negative_made)" $MISSING
	near 'the kernel has them' "$(since begin missed negative)" $MISSING
	dentryload create mnt/made $((CREATED / 2)) 2
	look created
	near 'each file that is created is allocated' "$(since missed created allocated)" $CREATED
	near 'and turns positive' "$(since missed created turned_positive)" $CREATED
	near 'it is negative before and after that' "$(since missed created negative_made)" $((2 * CREATED))
	near 'and stays as one dentry' "$(since missed created negative)" $CREATED
	near 'live agrees with the kernel' "$(since begin created live)" "$(since begin created dentries)"
	test_makers
	test_drop
}

test_makers() {
	local made negative retained retained_negative
	rows dcache/makers comm filesystem directory made negative retained retained_negative > makers
	like 'makers name the program, the file system and the directory first' "$(sed -n 1p makers)" \
		'^dentryload ext4:loop0 (.*/)?haystack '
	read -r _ _ _ made negative retained retained_negative < makers
	near 'with as many as it made' "$made" $MISSING
	near 'of them negative' "$negative" $MISSING
	near 'that are still there' "$retained" $MISSING
	near 'and still negative' "$retained_negative" $MISSING
	like 'then those of the files' "$(sed -n 2p makers)" '^dentryload ext4:loop0 (.*/)?made '
	read -r _ _ _ made negative _ retained_negative < <(sed -n 2p makers)
	near 'with as many as it created' "$made" $CREATED
	near 'that unlink made negative' "$negative" $CREATED
	near 'and left so' "$retained_negative" $CREATED
	near 'makers are all that was allocated' "$(grep -v '^(other)' makers | sum 4)" \
		"$(<$FILES/dcache/allocated)" 2
	near 'so are bursts' "$(total dcache/burst_dentries)" "$(<$FILES/dcache/allocated)"
	near 'state shows what the kernel says' "$(rows dcache/state kernel_dentries)" "${at[created.dentries]}"
	near 'and what it was when we came' "$(rows dcache/state kernel_dentries_since)" "$(rows dcache/state live)"
}

# All that was made is freed, by one shrinker. Who made it can still be seen.
test_drop() {
	local freed
	look full
	drop_caches
	look dropped
	near 'what drop_caches frees was counted' "$(since full dropped freed)" "$(lost full dropped dentries)"
	near 'that is all that was made' "$(since full dropped freed)" $((MISSING + CREATED))
	near 'in batches' "$(total dcache/batch_dentries)" "$(<$FILES/dcache/freed)"
	is 'the shrinker is named, its owner, and who wrote to drop_caches' \
		"$(rows reclaim/shrinkers shrinker owner contexts longest_context comm | grep ext4)" \
		'super_cache_scan ext4:loop0 drop_caches drop_caches bash'
	freed=$(rows reclaim/shrinkers owner freed | grep ext4 | sum 2)
	near 'it freed what dentry-state lost' "$freed" "$(lost full dropped dentries)"
	near 'makers name who it was' "$(rows dcache/makers comm filesystem retained | grep '^dentryload ext4' | sum 3)" \
		$((MISSING + CREATED))
}

# From 5.15 on, sysfs keeps the dentries of missing names.
test_sysfs() {
	missing_names /sys/kernel
	case $(uname -r) in
	5.10.*)
		ok 'this kernel makes none of them negative' test "$(since begin missed negative_made)" -le $((MISSING / 100))
		near 'but frees each' "$(since begin missed freed)" $MISSING;;
	*)
		near 'each is a negative dentry' "$(since begin missed negative_made)" $MISSING
		near 'the kernel has them' "$(since begin missed negative)" $MISSING
		look full
		drop_caches
		look dropped
		near 'makers name the program and sysfs' "$(rows dcache/makers comm filesystem retained_negative |
			grep '^dentryload sysfs:' | sum 3)" $MISSING
		near 'what drop_caches frees was counted' "$(since full dropped freed)" "$(lost full dropped dentries)"
		near 'it was the shrinker of sysfs' "$(rows reclaim/shrinkers owner freed | grep ^sysfs: | sum 2)" $MISSING;;
	esac
}

# Many missing names that nobody keeps are no pollution, though they are four times as many.
test_scanners() {
	local fs made retained_negative many=$((MISSING / 2))
	begin_anew
	dentryload missing mnt/haystack $((many / 4)) &
	dentryload scan /proc $((many / 2)) 2
	dentryload scan scanned $((many / 2)) 2
	wait $!
	rows dcache/makers comm filesystem made retained_negative > makers
	like 'who pollutes is first, not who scans' "$(head -n 1 makers)" "^dentryload ext4:loop0 "
	for fs in proc tmpfs; do
		read -r made retained_negative < <(awk -v fs="$fs" \
			'$1 == "dentryload" && $2 ~ "^" fs ":" { print $3, $4 }' makers | sort -nr)
		near "$fs: a scanner made as many" "${made:-0}" $many 2
		ok "$fs: and leaves no negative ones" test "${retained_negative:-$many}" -le $((many / 100))
	done
}

# What has no name is never kept, whoever closes it, and when.
test_unnamed() {
	local fs
	begin_anew
	dentryload unnamed mnt/made 1000
	rows dcache/makers comm filesystem made retained > makers
	for fs in pipefs ext4; do
		like "$fs: what has no name is made, and does not stay" "$(grep "^dentryload $fs:" makers)" \
			"^dentryload $fs:[^ ]* 100. [0-9]$"
	done
}

# What procfs has for files goes with a process: it does not hide who leaves less behind.
test_procfs() {
	begin_anew
	dentryload scan /proc 1
	dentryload missing mnt/haystack 20
	rows dcache/makers comm filesystem retained > makers
	ok 'procfs has dentries for files' test "$(grep '^dentryload proc:' makers | sum 3)" -ge 30
	like 'and comes after who leaves negative ones' "$(head -n 1 makers)" '^dentryload ext4:loop0 20$'
}

# Who writes the same files anew again and again leaves one dentry for each.
test_rewriting() {
	local made retained negative
	begin_anew
	mkdir mnt/made/state
	dentryload rewrite mnt/made/state 1000 2
	dentryload missing mnt/haystack 800
	rows dcache/makers comm directory made retained retained_negative > makers
	read -r _ _ made retained negative < <(grep '/state ' makers)
	ok 'files are written anew' test "$made" -ge 2000
	diag "of $made dentries $retained are retained, $negative negative"
	ok 'no more are retained than there are, but for a few' test "$retained" -le 600	# RCU frees when it will
	is 'and who leaves more behind comes first' "$(head -n 1 makers | cut -d ' ' -f 1,3-)" 'dentryload 800 800 800'
}

# tmpfs keeps nothing of a file that was created, renamed and unlinked.
test_spooling() {
	begin_anew
	mkdir -p spool/in spool/out
	dentryload spool spool 1000 2
	rows dcache/makers directory filesystem made retained retained_negative | grep tmpfs > makers
	like 'files are created in one directory, and looked up in the other' "$(cut -d ' ' -f 1,3 makers | sort | paste -sd,)" \
		'/spool/in 200.,.*/spool/out 200.$'
	ok 'and nothing stays in either, but for a few' test "$(sum 4 < makers)" -le 200 -a "$(sum 5 < makers)" -le 200
}

# A directory gets the inode number of one that is gone, if both are in one second.
test_directories() {
	local number new try
	begin_anew
	for try in {1..8}; do
		mkdir "mnt/made/gone-$try"
		number=$(stat -c %i "mnt/made/gone-$try")
		dentryload missing "mnt/made/gone-$try" 1000
		rmdir "mnt/made/gone-$try"
		mkdir "mnt/made/new-$try"
		new=$(stat -c %i "mnt/made/new-$try")
		[ "$new" != "$number" ] || break
	done
	is 'a directory has the number of another that is gone' "$new" "$number"
	dentryload missing "mnt/made/new-$try" 500
	rows dcache/makers comm directory made | grep "^dentryload .*-$try " > makers
	like 'each has a row, and its name' "$(paste -sd, makers)" \
		"^dentryload (/.*)?/gone-$try 100.,dentryload (/.*)?/new-$try 50.\$"
}

# Up to v5.16, the end of a longer name stays behind that of the program.
test_commands() {
	begin_anew
	dentryload missing mnt/haystack 100
	(printf aaaaaaaaaaaaaaa > /proc/$BASHPID/comm && exec dentryload missing mnt/haystack 100)
	like 'a command has one row, whoever started it' "$(rows dcache/makers comm directory made |
		grep '^dentryload .*/haystack ')" '^dentryload (/.*)?/haystack 200$'
}

test_walks() {
	local walks
	drop_caches
	dentryload missing mnt/doomed 5000
	look full
	walks=$(count dcache/walk_ns)
	rmdir mnt/doomed
	look removed
	ok 'rmdir walks through the dentries below' test "$(count dcache/walk_ns)" -gt "$walks"
	near 'and frees them' "$(since full removed freed)" 5000
	dentryload missing mnt/haystack 5000
	look full
	walks=$(count dcache/walk_ns)
	umount mnt
	look unmounted
	ok 'umount walks through all of a file system' test "$(count dcache/walk_ns)" -gt "$walks"
	near 'and frees them' "$(since full unmounted freed)" 5000 2
	mount -t ext4 /dev/loop0 mnt
}

diag "$(uname -r)"
test_load
test_quiet
test_ext4
test_sysfs
test_scanners
test_unnamed
test_procfs
test_rewriting
test_spooling
test_directories
test_commands
test_walks
nothing_lost
ok 'unloads' rmmod stallmeter
done_testing
