# Installs a package and plays two nodes from the installation: no network, no checkout, no environment. Runs as root of
# namespaces of its own (user, mount, network, process), where everything it starts ends with it.
#
#   two-node-story.sh CHECKOUT PACKAGE WORK-DIRECTORY
set -eu
checkout=$1 package=$2 work=$3

mount -t tmpfs none "$checkout"
ip link set lo up
mkdir "$work/home" "$work/alice" "$work/bob"
export HOME=$work/home
npm install --global --prefix "$work/prefix" --no-fund --no-audit --loglevel=warn "$package"
test -f "$work/prefix/share/man/man8/tsdrbdmeta.8"
test -f "$work/prefix/share/man/man8/tsdrbdadm.8"
test -f "$work/prefix/share/man/man5/tsdrbd.conf.5"
test -f "$work/prefix/lib/node_modules/tsdrbd/completions/tsdrbdadm.bash"
export PATH="$work/prefix/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

# Bytes that the initial sync has to bring to bob.
head -c 16M /dev/urandom >"$work/alice/disk"
truncate -s 64M "$work/alice/disk" "$work/bob/disk"
cat >"$work/drbd.conf" <<CONF
global { usage-count no; }
resource r0 {
    device minor 0;
    meta-disk internal;
    disk { c-plan-ahead 0; resync-rate 200M; c-min-rate 0; }
    on alice { disk $work/alice/disk; address 127.0.0.1:7789; }
    on bob { disk $work/bob/disk; address 127.0.0.2:7789; }
}
CONF

as() { # NODE PROGRAM ARGUMENT...
	node=$1
	shift
	echo "$node\$ $*"
	__DRBD_NODE__=$node TSDRBD_RUN_DIR=$work/$node/run "$@"
}
until_both_up_to_date() {
	left=300
	until as alice tsdrbdadm -c "$work/drbd.conf" dstate r0 2>/dev/null | grep -q '^UpToDate/UpToDate$'; do
		left=$((left - 1))
		if [ "$left" = 0 ]; then
			as alice tsdrbdadm -c "$work/drbd.conf" status r0
			tail -n 20 "$work"/*/run/tsdrbdd.log
			exit 1
		fi
		sleep 0.1
	done
}

for node in alice bob; do
	as $node tsdrbdadm -c "$work/drbd.conf" create-md --force r0
	as $node tsdrbdadm -c "$work/drbd.conf" up r0
done
as alice tsdrbdadm -c "$work/drbd.conf" primary --force r0
until_both_up_to_date
as alice tsdrbdadm -c "$work/drbd.conf" status r0
as bob tsdrbdsetup status r0

# Under DRBD's own names, as docs/installation.md says.
mkdir "$work/compat"
for name in adm setup meta; do ln -s "$work/prefix/bin/tsdrbd$name" "$work/compat/drbd$name"; done
PATH="$work/compat:$PATH"
as bob drbdadm -c "$work/drbd.conf" role r0
as alice drbdadm -c "$work/drbd.conf" -d secondary r0

for node in alice bob; do as $node tsdrbdadm -c "$work/drbd.conf" down r0; done
as bob drbdmeta 0 v09 "$work/bob/disk" internal dstate
as bob drbdmeta 0 v09 "$work/bob/disk" internal apply-al
size_sectors=$(as bob drbdmeta 0 v09 "$work/bob/disk" internal dump-md | sed -n 's/^la-size-sect \([0-9]*\);/\1/p')
cmp -n "$((size_sectors * 512))" "$work/alice/disk" "$work/bob/disk"
echo "identical: $size_sectors sectors"
