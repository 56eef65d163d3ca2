# Read by bash before it runs drbd-utils' agent for Pacemaker (BASH_ENV). The agent asks for the kernel module's
# /proc/drbd, which tsdrbd cannot make; the engine needs no loading, so the answer is yes.
test() {
  if [[ $# = 2 && $1 = -f && $2 = /proc/drbd ]]; then return 0; fi
  builtin test "$@"
}
