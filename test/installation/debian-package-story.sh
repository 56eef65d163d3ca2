# Installs the Debian package in an overlay of this machine's root file system, uses it, and purges it. Runs as root in
# mount, network and process namespaces of its own: the machine stays as it is, and what is started here ends with them.
#
#   debian-package-story.sh CHECKOUT PACKAGE WORK-DIRECTORY
set -eu
checkout=$1 package=$2 work=$3

mount --make-rprivate /
mkdir "$work/file-system"
mount -t tmpfs none "$work/file-system"
cp "$package" "$work/file-system/tsdrbd.deb"
work=$work/file-system
mkdir "$work/upper" "$work/overlay" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/overlay" "$work/root"
root=$work/root
mount -t proc none "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t tmpfs none "$root/run"
mount -t tmpfs none "$root/tmp"
# No checkout at hand.
mkdir -p "$root$checkout"
mount -t tmpfs none "$root$checkout"
mv "$work/tsdrbd.deb" "$root/tmp/tsdrbd.deb"
cat >"$root/tmp/inside.sh" <<'INSIDE'
set -eu
say() { echo "== $*"; }
files() { find /etc /usr /lib /sbin /bin /opt /var/lib/drbd -xdev \( -type f -o -type l \) ! -path '/usr/share/man/*/index.db' | sort; }
ip link set lo up
files >/tmp/before

say install
# Node may have come otherwise than by a package.
if dpkg-query -W nodejs >/dev/null 2>&1; then dpkg -i /tmp/tsdrbd.deb; else dpkg -i --force-depends /tmp/tsdrbd.deb; fi
dpkg --verify tsdrbd
test -x /usr/sbin/tsdrbdadm
test -f /usr/share/man/man8/tsdrbdadm.8.gz
if command -v systemd-analyze >/dev/null; then
	say verify units
	SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no \
		/usr/lib/systemd/system/tsdrbdd.service /usr/lib/systemd/system/tsdrbd.service \
		/usr/lib/systemd/system/tsdrbd@.service /usr/lib/systemd/system/tsdrbd@.target >/tmp/verify 2>&1 || true
	if grep tsdrbd /tmp/verify; then exit 1; fi
fi

say use
mkdir /tmp/node
truncate -s 32M /tmp/node/disk
cat >/etc/drbd.conf <<CONF
global { usage-count no; }
resource r0 {
    device minor 0;
    meta-disk internal;
    on alice { disk /tmp/node/disk; address 127.0.0.1:7789; }
    on bob { disk /tmp/node/other; address 127.0.0.2:7789; }
}
CONF
# The machine's own /dev is seen from here.
cat >/etc/tsdrbd.ini <<INI
[device]
directory = /run/tsdrbd-dev
INI
export __DRBD_NODE__=alice
tsdrbdadm create-md --force r0
tsdrbdadm up r0
tsdrbdadm primary --force r0
tsdrbdadm status r0
if [ -e /dev/fuse ] && [ -e /dev/loop-control ]; then
	mkdir /tmp/mnt
	mkfs.ext4 -q /run/tsdrbd-dev/drbd0
	mount /run/tsdrbd-dev/drbd/by-res/r0/0 /tmp/mnt
	echo written >/tmp/mnt/file

	say remove in use
	if dpkg --remove tsdrbd; then exit 1; fi
	test "$(cat /tmp/mnt/file)" = written
	umount /tmp/mnt
fi
PATH="/usr/lib/tsdrbd/compat:$PATH" drbdadm role r0

say purge
dpkg --purge tsdrbd
test ! -e /run/tsdrbd
for process in /proc/[0-9]*; do
	if tr '\0' '\n' <"$process/cmdline" 2>/dev/null | grep -x '/usr/lib/tsdrbd/lib/tsdrbdd.cjs'; then exit 1; fi
done
rm -f /etc/drbd.conf
files >/tmp/after
say left
diff /tmp/before /tmp/after | grep -v '^[<>] /etc/drbd.conf$' | grep '^[<>]' && exit 1
say nothing
INSIDE
chroot "$root" sh /tmp/inside.sh
