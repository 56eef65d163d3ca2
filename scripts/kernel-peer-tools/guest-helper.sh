#!/bin/sh
# What drbd.ko runs as its helper (split-brain, fence-peer, ...): keeps a record, and answers what /run/helper-exit says.
echo "$*" >>/run/helpers
exit "$(cat /run/helper-exit 2>/dev/null || echo 0)"
