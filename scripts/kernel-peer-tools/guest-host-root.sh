# Part of /init where kp.root=host: the host's file system, read-only, under one in memory that takes what is written.
# Settings of the host that the guest must not have are not seen. kp.init=systemd: that becomes the first process.
mkdir -p /host /written /newroot
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 host /host
mount -t tmpfs -o size=75% written /written
mkdir /written/data /written/work
mount -t overlay -o lowerdir=/host,upperdir=/written/data,workdir=/written/work overlay /newroot
for name in etc/fstab etc/drbd.conf etc/drbd.d etc/tsdrbd.ini etc/machine-id etc/systemd/system; do
	rm -rf "/newroot/$name"
done
mkdir -p /newroot/etc/systemd/system /newroot/etc/guest
: >/newroot/etc/fstab
hostname >/newroot/etc/hostname
first=$(word kp.init)
for name in dev proc sys; do mount --move "/$name" "/newroot/$name"; done
# Nothing of what runs here is there. Elsewhere nothing is hidden: the checkout may lie anywhere.
mount -t tmpfs -o mode=755 run /newroot/run
mkdir -p /newroot/dev/shm /newroot/dev/pts
mount -t tmpfs shm /newroot/dev/shm
mount -t devpts devpts /newroot/dev/pts
cp /guest-commands.sh /newroot/etc/guest/commands.sh
cp -a /modules /newroot/etc/guest/modules
unset TERM
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
if [ "$first" = systemd ]; then
	# Otherwise it is the first boot ever, which enables units.
	tr -d - </proc/sys/kernel/random/uuid >/newroot/etc/machine-id
	# What would go through the host's files, which are slow to read from here, or wait for a network that nobody manages.
	for name in systemd-tmpfiles-setup systemd-sysusers systemd-journal-catalog-update systemd-hwdb-update ldconfig systemd-networkd-wait-online; do
		ln -s /dev/null "/newroot/etc/systemd/system/$name.service"
	done
	cat >/newroot/etc/systemd/system/guest.target <<-END
		[Unit]
		Requires=sysinit.target guest-commands.service
		After=sysinit.target
	END
	cat >/newroot/etc/systemd/system/guest-commands.service <<-END
		[Unit]
		DefaultDependencies=no
		After=sysinit.target
		[Service]
		ExecStart=/bin/sh /etc/guest/commands.sh
		Environment=HOME=/root LC_ALL=C.UTF-8
	END
	exec switch_root /newroot /lib/systemd/systemd --unit=guest.target
fi
exec switch_root /newroot /bin/sh /etc/guest/commands.sh
