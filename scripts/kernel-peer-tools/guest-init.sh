#!/bin/sh
# The first and only program of the guest: loads modules, sets the network up, then carries out commands.
# Words on the kernel's command line: kp.hostname=NAME kp.address=ADDRESS/BITS
export PATH=/sbin:/bin HOME=/root TERM=vt100
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /run/command /tmp /var/lib/drbd /var/lock /var/run /root

while read -r module parameters; do
	insmod "/modules/$module.ko" $parameters || echo "guest: cannot load $module" >/dev/console
done </modules/load

word() { sed -n "s/.*$1=\([^ ]*\).*/\1/p" /proc/cmdline; }
hostname "$(word kp.hostname)"
ip link set lo up
ip addr add "$(word kp.address)" dev eth0
ip link set eth0 up

# Somebody may look in by the serial console.
(while :; do setsid cttyhack sh; done </dev/ttyS0 >/dev/ttyS0 2>&1) &

# One line in: `ID BASE64-OF-COMMAND`. One line out: `ID EXIT-CODE BASE64-OF-STDOUT BASE64-OF-STDERR`, - for nothing.
# Commands run side by side; an answer is written as a whole.
answer() { # ID
	base=/run/command/$1
	sh "$base" >"$base.out" 2>"$base.err" </dev/null 3>&-
	code=$?
	{
		printf '%s %s ' "$1" "$code"
		if [ -s "$base.out" ]; then base64 -w 0 <"$base.out"; else printf -; fi
		printf ' '
		if [ -s "$base.err" ]; then base64 -w 0 <"$base.err"; else printf -; fi
		echo
	} >"$base.answer"
	until mkdir /run/command/lock 2>/dev/null; do usleep 5000; done
	cat "$base.answer" >&3
	rm -rf /run/command/lock "$base" "$base.out" "$base.err" "$base.answer"
}
exec 3<>/dev/vport0p1
while :; do
	# Nobody listens at the other end: the read ends at once.
	read -r id text <&3 || { sleep 0.2; continue; }
	printf %s "$text" | base64 -d >"/run/command/$id"
	answer "$id" &
done
