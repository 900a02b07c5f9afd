#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The dkms of each suite takes the sources, builds, installs and removes the module,
# in the suite's own userland; what it installed loads in a guest. And make install.
#
# usage: dkms.t [KERNEL...]

. "$(dirname "$0")/test.sh"

# All in one go, as what a chroot writes outside /src ends with it.
dkms_all() {	# KERNEL
	"$VM_DIR/kernel" run "$1" "$work/$1" bash -euc '
		kernel=$(basename "$(dirname "$KDIR")")
		cp -r /src/stallmeter-* /usr/src/
		version=$(cat /src/stallmeter-*/VERSION)
		dkms add "stallmeter/$version"
		dkms build -k "$kernel" "stallmeter/$version"
		dkms install -k "$kernel" "stallmeter/$version"
		dkms status
		cp -r /src/tree /tmp/
		cd /tmp/tree
		echo "MODULE_INFO(test, \"second\");" >> module/main.c
		mkdir -p /usr/local/bin
		printf "%s\n" "#!/bin/sh" "[ \"\$*\" != -r ] || exec echo $kernel" \
			"exec /bin/uname \"\$@\"" > /usr/local/bin/uname
		chmod +x /usr/local/bin/uname
		make -s dkms-install
		echo "again: $(modinfo -F test "$(find /lib/modules/"$kernel"/updates -name "stallmeter.ko*")")"
		cp "$(find /lib/modules/"$kernel"/updates -name "stallmeter.ko*")" /src/
		dkms remove "stallmeter/$version" --all
		echo "left: $(find /lib/modules/"$kernel"/updates -name "stallmeter.ko*") $(dkms status)"
	' > "$log" 2>&1 || { tail -n 40 "$log"; return 1; }
}

install_and_uninstall() {
	"$VM_DIR/kernel" run 6.1 "$work/tree" bash -euc '
		kernel=$(basename "$(dirname "$KDIR")")
		make -s install KDIR="$KDIR"
		echo "installed: $(modinfo -k "$kernel" -n stallmeter) $(stallmeter --version)"
		make -s uninstall KDIR="$KDIR"
		echo "left: $(grep stallmeter "/lib/modules/$kernel/modules.dep") $(command -v stallmeter)"
	' 2>&1
}

by_dkms() {	# KERNEL
	local kernel=$1 log=$work/$1/dkms.log
	mkdir "$work/$kernel"
	cp -r "$work"/stallmeter-* "$work/tree" "$work/$kernel/"
	ok 'dkms adds, builds, installs and removes' dkms_all "$kernel"
	not_ok 'and has nothing to complain about' grep -iE 'warning|error|deprecated|obsolete' "$log"
	like 'the module was installed' "$(cat "$log")" '^stallmeter[/,] ?[0-9.]+, .*: installed'
	like 'make dkms-install replaces it by new sources of the same version' "$(cat "$log")" '^again: second$'
	like 'and is gone afterwards' "$(cat "$log")" '^left:  *$'
	echo "1..$tap_count"
	"$VM_DIR/boot" -k "$kernel" -s 1 -f "$(echo "$work/$kernel"/stallmeter.ko*)" -- \
		'insmod stallmeter.ko* && grep -q "^stallmeter " /proc/modules && rmmod stallmeter' >&2
}

[ $# -gt 0 ] || set -- 5.10 6.1 6.12
"$VM_DIR/kernel" fetch "$@" 6.1
make -s -C "$TOP_DIR" dkms-install DESTDIR="$work/root" > "$work/log" 2>&1 || cat "$work/log"
mv "$work"/root/usr/src/stallmeter-* "$work/"
mkdir "$work/tree"
cp -r "$TOP_DIR"/{Kbuild,Makefile,VERSION,dkms.conf,COPYING,module,uapi,userspace} "$work/tree/"
make -s -C "$work/tree/userspace" clean
ok 'dkms.conf and VERSION agree' grep -q "^PACKAGE_VERSION=\"$(cat "$TOP_DIR/VERSION")\"$" "$TOP_DIR/dkms.conf"
ok 'make install and uninstall' eval 'install_and_uninstall > "$work/install.log"'
like 'modprobe would find the module' "$(cat "$work/install.log")" \
	"^installed: /lib/modules/[^ ]*/stallmeter\.ko.* $(cat "$TOP_DIR/VERSION")\$"
like 'nothing is left of it' "$(cat "$work/install.log")" '^left: *$'
run_on "$(nproc)" by_dkms "$@"
