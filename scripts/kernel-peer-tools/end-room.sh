#!/bin/sh
# Ends everything that runs in a network namespace, then the namespace, then the directory. Waits first until its
# standard input is closed, which happens at the latest when the process that holds the other end is gone.
#
# usage: end-room.sh NAMESPACE DIRECTORY
PATH=$PATH:/usr/sbin:/sbin
trap '' INT TERM HUP
cat >/dev/null
while pids=$(ip netns pids "$1" 2>/dev/null) && [ -n "$pids" ]; do
	kill -KILL $pids 2>/dev/null
	sleep 0.05
done
ip netns del "$1" 2>/dev/null
rm -rf "$2"
