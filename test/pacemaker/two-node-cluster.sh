#!/usr/bin/env bash
# A cluster of Corosync and Pacemaker on two nodes, alice and bob, each in namespaces of its own on this machine: r0 as a promotable
# clone of drbd-utils' agent with its fencing handlers, a file system on it where it is promoted. The replication link is cut, and
# bob fenced by a constraint until it is in sync again; alice dies; bob takes over; alice comes back.
#
#   test/pacemaker/two-node-cluster.sh WORK-DIRECTORY
#
# Needs root, Pacemaker, Corosync, resource-agents, drbd-utils, /dev/fuse and loop devices. Ends with 0 if all of it held.
set -euo pipefail

root=$(realpath -- "$(dirname "$0")/../..")
work=$(realpath -- "${1:?two-node-cluster: where?}")
eval "$("$root/scripts/env" --compat)"
export PATH=$PATH:/usr/sbin:/sbin
conf=$work/drbd.conf
declare -A init=()
started_ms=$(date +%s%3N)

say() { printf '%6d ms  %s\n' $(($(date +%s%3N) - started_ms)) "$*"; }

# Its init's end is that of all processes of a node. Loop devices belong to no namespace and stay: what the node had
# attached is asked before, since nobody can tell afterwards whose a device was.
power_off() { # NODE
  [ -n "${init[$1]:-}" ] || return 0
  local loops loop
  # shellcheck disable=SC2016 # the node's shell is to expand it
  loops=$(on "$1" sh -c 'grep -l "^$TSDRBD_RUN_DIR/" /sys/block/loop*/loop/backing_file' 2>/dev/null || true)
  kill -KILL "${init[$1]}" 2>/dev/null || true
  while kill -0 "${init[$1]}" 2>/dev/null; do sleep 0.05; done
  init[$1]=
  for loop in $loops; do losetup -d "/dev/$(echo "$loop" | cut -d/ -f4)" || true; done
}

finish() {
  local code=$?
  if [ $code -ne 0 ]; then
    for node in alice bob; do
      echo "--- $node: the end of its logs"
      tail -n 25 "$work/$node/log/"*.log 2>/dev/null || true
    done
  fi
  power_off alice
  power_off bob
  exit $code
}
trap finish EXIT

on() { # NODE COMMAND...
  local node=$1
  shift
  nsenter --target "${init[$node]}" --all -- env __DRBD_NODE__="$node" TSDRBD_RUN_DIR="$work/$node/run" \
    TSDRBD_DEVICE_DIR=/dev BASH_ENV="$root/packaging/pacemaker/without-module.bash" LC_ALL=C "$@"
}

until_true() { # SECONDS WHAT COMMAND...
  local deadline=$(($(date +%s) + $1)) what=$2
  shift 2
  until "$@"; do
    if [ "$(date +%s)" -gt $deadline ]; then
      echo "not within its time: $what" >&2
      on bob crm_mon --one-shot >&2 || true
      return 1
    fi
    sleep 0.3
  done
}

address_of() { if [ "$1" = alice ]; then echo 10.77.0.1; else echo 10.77.0.2; fi; }

power_on() { # NODE
  local node=$1
  mkdir -p "$work/$node/log" "$work/$node/run"
  rm -f "$work/$node/init"
  unshare --mount --uts --net --ipc --pid --fork --propagation private -- bash -s -- "$node" "$work" >"$work/$node/log/init.log" 2>&1 <<'INIT' &
    set -eu
    mount -t proc proc /proc
    hostname "$1"
    for directory in /run /var/lib/pacemaker /var/lib/corosync /etc/corosync /srv; do mount -t tmpfs none "$directory"; done
    mkdir -p /run/lock /run/crm /run/resource-agents /var/lib/pacemaker/{cib,pengine,blackbox,cores} /srv/r0
    chown -R hacluster:haclient /run/crm /var/lib/pacemaker
    # A /dev of its own: both nodes have a drbd0.
    mkdir -p "$2/$1/dev"
    mount -t tmpfs -o mode=755 none "$2/$1/dev"
    (cd "$2/$1/dev" && mkdir shm pts && cp -a /dev/{null,zero,full,random,urandom,tty,fuse,loop-control} . && ln -s /proc/self/fd fd)
    for n in $(seq 0 63); do mknod -m 660 "$2/$1/dev/loop$n" b 7 "$n"; done
    mount --move "$2/$1/dev" /dev
    mount -t tmpfs -o mode=1777 none /dev/shm
    ip link set lo up
    exec sleep infinity
INIT
  local launcher=$!
  # unshare's child is the node's init.
  until init[$node]=$(pgrep -P $launcher 2>/dev/null | head -n 1) && [ -n "${init[$node]}" ]; do sleep 0.05; done
  until [ "$(cat "/proc/${init[$node]}/comm")" = sleep ]; do sleep 0.05; done
}

# Two links, each with one end to each node: eth0 is Corosync's, eth1 replicates.
cable() {
  local n node
  for n in 0 1; do
    ip link add "tsd-a$n-$$" type veth peer name "tsd-b$n-$$"
    ip link set "tsd-a$n-$$" netns "${init[alice]}"
    ip link set "tsd-b$n-$$" netns "${init[bob]}"
    for node in alice bob; do
      on "$node" ip link set "tsd-${node:0:1}$n-$$" name "eth$n"
      on "$node" ip address add "$(address_of "$node" | sed "s/77/$((77 + n))/")/24" dev "eth$n"
      on "$node" ip link set "eth$n" up
    done
  done
}

start_cluster() { # NODE
  local node=$1 log=$work/$1/log
  on "$node" tee /etc/corosync/corosync.conf >/dev/null <<COROSYNC
totem {
  version: 2
  cluster_name: tsdrbd
  transport: udpu
  token: 3000
}
nodelist {
  node {
    ring0_addr: 10.77.0.1
    name: alice
    nodeid: 1
  }
  node {
    ring0_addr: 10.77.0.2
    name: bob
    nodeid: 2
  }
}
quorum {
  provider: corosync_votequorum
  two_node: 1
  wait_for_all: 0
}
logging {
  to_stderr: yes
  to_syslog: no
}
COROSYNC
  on "$node" corosync -f >"$log/corosync.log" 2>&1 &
  until_true 60 "corosync of $node" on "$node" corosync-quorumtool -s >/dev/null 2>&1
  on "$node" env PCMK_logfile="$log/pacemaker.log" PCMK_logpriority=none pacemakerd -f >"$log/pacemakerd.log" 2>&1 &
}

is_online() { on bob crm_mon --one-shot 2>/dev/null | grep -Eq "Online: \[ $* \]"; }
is_promoted() { on bob crm_mon --one-shot 2>/dev/null | grep -Eq "(Promoted|Masters): \[ $1 \]"; }
is_fenced() { on bob cibadmin --query --scope constraints 2>/dev/null | grep -q 'drbd-fence-by-handler'; }
is_not_fenced() { on bob cibadmin --query --scope constraints >/dev/null 2>&1 && ! is_fenced; }
is_mounted() { on "$1" mountpoint -q /srv/r0; }
is_in_sync() { on "$1" tsdrbdsetup status r0 2>/dev/null | grep -q 'peer-disk:UpToDate' && on "$1" tsdrbdsetup status r0 | grep -q ' disk:UpToDate'; }

cat >"$conf" <<CONF
global { usage-count no; }
resource r0 {
  device minor 0; meta-disk internal;
  net { fencing resource-only; }
  handlers {
    fence-peer "/usr/lib/drbd/crm-fence-peer.9.sh";
    unfence-peer "/usr/lib/drbd/crm-unfence-peer.9.sh";
  }
  on alice { node-id 0; disk $work/alice/disk; address 10.78.0.1:7789; }
  on bob { node-id 1; disk $work/bob/disk; address 10.78.0.2:7789; }
}
CONF

power_on alice
power_on bob
cable
for node in alice bob; do
  truncate -s 96M "$work/$node/disk"
  on "$node" tsdrbdadm -c "$conf" create-md r0 >/dev/null 2>&1
  on "$node" tsdrbdadm -c "$conf" up r0 >/dev/null 2>&1
done
on alice tsdrbdadm -c "$conf" wait-connect r0 2>/dev/null
on alice tsdrbdadm -c "$conf" new-current-uuid --clear-bitmap r0/0 >/dev/null 2>&1
on alice tsdrbdadm -c "$conf" primary r0 2>/dev/null
on alice mkfs.ext4 -q -E nodiscard /dev/drbd0
for node in alice bob; do on "$node" tsdrbdadm -c "$conf" down r0 2>/dev/null; done
say 'a file system is on r0, and r0 is down on both nodes'

for node in alice bob; do start_cluster "$node"; done
until_true 120 'both nodes in the cluster' is_online alice bob
say 'Pacemaker runs on both nodes'

on bob cibadmin --replace --scope configuration --xml-text "<configuration>
  <crm_config><cluster_property_set id='options'>
    <nvpair id='o1' name='stonith-enabled' value='false'/>
    <nvpair id='o2' name='no-quorum-policy' value='ignore'/>
  </cluster_property_set></crm_config>
  <nodes><node id='1' uname='alice'/><node id='2' uname='bob'/></nodes>
  <resources>
    <clone id='c_r0'>
      <meta_attributes id='c_r0-meta'>
        <nvpair id='m1' name='promotable' value='true'/>
        <nvpair id='m2' name='promoted-max' value='1'/>
        <nvpair id='m3' name='clone-max' value='2'/>
        <nvpair id='m4' name='notify' value='true'/>
      </meta_attributes>
      <primitive id='p_r0' class='ocf' provider='linbit' type='drbd'>
        <instance_attributes id='p_r0-attributes'>
          <nvpair id='a1' name='drbd_resource' value='r0'/>
          <nvpair id='a2' name='drbdconf' value='$conf'/>
        </instance_attributes>
        <operations>
          <op id='op1' name='start' interval='0' timeout='240'/>
          <op id='op2' name='stop' interval='0' timeout='100'/>
          <op id='op3' name='promote' interval='0' timeout='90'/>
          <op id='op4' name='monitor' interval='20' timeout='60' role='Unpromoted'/>
          <op id='op5' name='monitor' interval='10' timeout='60' role='Promoted'/>
        </operations>
      </primitive>
    </clone>
    <primitive id='p_fs' class='ocf' provider='heartbeat' type='Filesystem'>
      <instance_attributes id='p_fs-attributes'>
        <nvpair id='f1' name='device' value='/dev/drbd0'/>
        <nvpair id='f2' name='directory' value='/srv/r0'/>
        <nvpair id='f3' name='fstype' value='ext4'/>
      </instance_attributes>
      <operations><op id='op6' name='monitor' interval='20' timeout='60'/></operations>
    </primitive>
  </resources>
  <constraints>
    <rsc_location id='l_alice' rsc='p_fs' node='alice' score='100'/>
    <rsc_colocation id='colocated' rsc='p_fs' with-rsc='c_r0' with-rsc-role='Promoted' score='INFINITY'/>
    <rsc_order id='ordered' first='c_r0' first-action='promote' then='p_fs' then-action='start'/>
  </constraints>
</configuration>"
until_true 150 'r0 promoted on alice' is_promoted alice
until_true 60 'mounted on alice' is_mounted alice
say 'promoted and mounted on alice'

head -c 8388608 /dev/urandom | on alice tee /srv/r0/data >/dev/null
on alice sync /srv/r0/data
sum=$(on alice sha256sum /srv/r0/data | cut -c1-64)
until_true 60 'both disks UpToDate' is_in_sync alice

on alice ip link set eth1 down
until_true 120 'the constraint that fences bob' is_fenced
say 'the replication link is cut, and bob is fenced'
echo 'while bob was fenced' | on alice tee /srv/r0/fenced >/dev/null
on alice sync /srv/r0/fenced
is_promoted alice
say 'alice goes on writing'
on alice ip link set eth1 up
until_true 120 'the constraint gone' is_not_fenced
until_true 120 'bob in sync again' is_in_sync alice
say 'the link is back, and bob is in sync and no longer fenced'

power_off alice
died_ms=$(date +%s%3N)
say 'alice is off'
until_true 120 'mounted on bob' is_mounted bob
say "failover took $(($(date +%s%3N) - died_ms)) ms"
[ "$(on bob sha256sum /srv/r0/data | cut -c1-64)" = "$sum" ]
[ "$(on bob cat /srv/r0/fenced)" = 'while bob was fenced' ]
say 'what alice had synced is there'
echo 'while alice was off' | on bob tee /srv/r0/more >/dev/null
on bob sync /srv/r0/more

power_on alice
cable
start_cluster alice
until_true 150 'alice in the cluster' is_online alice bob
until_true 150 'in sync again' is_in_sync bob
say 'alice is back, and in sync'
