# Stands in for block-common.sh of Xen, which block-drbd of drbd-utils sources from beside itself: XenStore is the directory
# $XENSTORE, a file for each key.
# As there, a command that fails ends the script.
set -e
command=$1
XENBUS_PATH=backend/vbd/1/51712
log() { echo "$*" >&2; }
fatal() {
  echo "fatal: $*" >&2
  exit 1
}
ebusy() {
  echo "busy: $*" >&2
  exit 1
}
success() { echo success; }
claim_lock() { :; }
release_lock() { :; }
xenstore-list() { :; }
xenstore_read() { cat "$XENSTORE/${1##*/}"; }
xenstore_read_default() { xenstore_read "$1" 2>/dev/null || echo "$2"; }
device_major_minor() { stat -L -c %t:%T "$1"; }
write_dev() {
  echo "$1" >"$XENSTORE/physical-device-path"
  success
}
