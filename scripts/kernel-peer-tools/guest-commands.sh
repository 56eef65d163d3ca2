#!/bin/sh
# Carries out commands that arrive by the virtio serial port, side by side.
# One line in: `ID BASE64-OF-COMMAND`. One line out: `ID EXIT-CODE BASE64-OF-STDOUT BASE64-OF-STDERR`, - for nothing.
mkdir -p /run/command
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
	# An answer is written as a whole.
	until mkdir /run/command/lock 2>/dev/null; do sleep 0.005; done
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
