#!/bin/bash
# The first process of a node that is a set of namespaces: mount, pid, net, uts, ipc. The node looks like a host of its
# own: its name, /dev with the devices of its engine only, /run, /tmp and /var/lib of the cluster manager empty. It lives until
# standard input ends, or until this process is killed, and everything in it with it.
#
#   unshare --mount --pid --fork --kill-child --net --uts --ipc --mount-proc bash node-init.sh NAME DIRECTORY
#
# DIRECTORY/etc is bound over files of /etc: drbd.conf, corosync, hosts where they are there. Prints `ready`.
set -euo pipefail
name=$1
directory=$2
export PATH="$PATH:/usr/sbin:/sbin"

hostname "$name"
ip link set lo up

# A /dev of its own: two engines would both make /dev/drbd0.
mkdir -p "$directory/dev"
mount -t tmpfs -o mode=755 none "$directory/dev"
for device in null zero full random urandom tty fuse loop-control; do
  if [ -e "/dev/$device" ]; then
    cp -a "/dev/$device" "$directory/dev/$device"
  fi
done
for minor in $(seq 0 63); do mknod -m 660 "$directory/dev/loop$minor" b 7 "$minor"; done
ln -s /proc/self/fd "$directory/dev/fd"
ln -s /proc/self/fd/0 "$directory/dev/stdin"
ln -s /proc/self/fd/1 "$directory/dev/stdout"
ln -s /proc/self/fd/2 "$directory/dev/stderr"
mkdir "$directory/dev/shm" "$directory/dev/pts"
mount -t tmpfs -o mode=1777 none "$directory/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 none "$directory/dev/pts"
ln -s pts/ptmx "$directory/dev/ptmx"
mount --move "$directory/dev" /dev

mount -t tmpfs -o mode=755 none /run
mkdir -p /run/lock /run/resource-agents
for path in /var/lib/pacemaker /var/lib/corosync /var/log/pacemaker /var/log/corosync /var/lib/drbd; do
  [ -d "$path" ] || continue
  owner=$(stat -c 'uid=%u,gid=%g,mode=%a' "$path")
  mount -t tmpfs -o "$owner" none "$path"
done
# Directories that the packages made in them belong there.
if [ -d /var/lib/pacemaker ] && id hacluster >/dev/null 2>&1; then
  install -d -o hacluster -g haclient -m 750 /var/lib/pacemaker/{blackbox,cib,cores,pengine}
fi
for path in drbd.conf hosts corosync/corosync.conf corosync/authkey; do
  [ -e "$directory/etc/$path" ] || continue
  if [ ! -e "/etc/$path" ]; then
    echo "node-init: /etc/$path is not there" >&2
    exit 1
  fi
  mount --bind "$directory/etc/$path" "/etc/$path"
done

echo ready
# bash, not exec: who reaps the orphans of this process namespace is its first process.
exec 3<&0
cat <&3 >/dev/null &
wait "$!"
