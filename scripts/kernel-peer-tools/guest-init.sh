#!/bin/sh
# The first program of the guest: loads modules, sets the network up, then carries out commands.
# Words on the kernel's command line: kp.hostname=NAME kp.address=ADDRESS/BITS [kp.root=host [kp.init=systemd]]
export PATH=/sbin:/bin HOME=/root TERM=vt100
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /run /tmp /var/lib/drbd /var/lock /var/run /root

word() { sed -n "s/.*$1=\([^ ]*\).*/\1/p" /proc/cmdline; }
load() { # LIST
	while read -r module parameters; do
		insmod "/modules/$module.ko" $parameters || echo "guest: cannot load $module" >/dev/console
	done <"$1"
}
root=$(word kp.root)
load "/modules/load${root:+-$root-root}"

hostname "$(word kp.hostname)"
ip link set lo up
ip addr add "$(word kp.address)" dev eth0
ip link set eth0 up

if [ "$root" = host ]; then . /guest-host-root.sh; fi

# Somebody may look in by the serial console.
(while :; do setsid cttyhack sh; done </dev/ttyS0 >/dev/ttyS0 2>&1) &
exec sh /guest-commands.sh
