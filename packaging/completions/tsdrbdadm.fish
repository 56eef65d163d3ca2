# fish completion for tsdrbdadm
function __tsdrbdadm_has_command
    __fish_seen_subcommand_from attach disk-options detach new-peer del-peer new-path del-path connect net-options disconnect up resource-options peer-device-options down primary secondary invalidate invalidate-remote outdate resize verify pause-sync resume-sync adjust adjust-with-progress wait-connect wait-sync wait-con-int role peer-role cstate dstate status dump dump-xml create-md show-gi get-gi dump-md dump-superblock wipe-md apply-al repair-md forget-peer hidden-commands new-resource proxy-up proxy-down sh-nop sh-resources sh-resource sh-list-adjustable sh-list-config-file sh-mod-parms sh-dev sh-udev sh-minor sh-ll-dev sh-md-dev sh-md-idx sh-ip sh-lr-of before-resync-target after-resync-target before-resync-source pri-on-incon-degr pri-lost-after-sb fence-peer local-io-error pri-lost initial-split-brain split-brain out-of-sync unfence-peer quorum-lost disconnected new-minor del-minor suspend-io resume-io set-gi new-current-uuid check-resize
end
function __tsdrbdadm_resources
    set -l words (commandline -opc)
    set -l config
    for index in (seq 2 (count $words))
        contains -- $words[$index] -c --config-file; and set config -c $words[(math $index + 1)]
    end
    echo all
    $words[1] $config sh-resources 2>/dev/null
end
complete -c tsdrbdadm -f
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a help -d 'Explains how it is called, or one command.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a attach -d 'Attaches the backing disk of a volume, after its metadata was put in order.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a disk-options -d 'Sets the disk options of a volume as configured.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a detach -d 'Takes the backing disk away from a volume.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a new-peer -d 'Makes a peer known to the resource.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a del-peer -d 'Removes a connection that is down, and what is known of the peer.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a new-path -d 'Adds the configured paths to a peer.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a del-path -d 'Removes the configured paths to a peer.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a connect -d 'Starts to connect to a peer.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a net-options -d 'Sets the net options of a connection as configured.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a disconnect -d 'Ends the connection to a peer.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a up -d 'Creates the resource with its volumes and peers, attaches and connects it.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a resource-options -d 'Sets the options of a resource that are given on the command line.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a peer-device-options -d 'Sets the options of resynchronization with a peer as configured.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a down -d 'Ends everything of a resource.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a primary -d 'Makes the resource writable here.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a secondary -d 'Gives up the primary role.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a invalidate -d 'Makes this host fetch all data of a volume from a peer, as if what is here were out of date.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a invalidate-remote -d 'Makes a peer fetch all data of a volume from here.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a outdate -d 'Marks the data of a volume here as out of date.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a resize -d 'Grows a volume after its backing disks have grown on all hosts.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a verify -d 'Compares the data of a volume with a peer’s; blocks that differ are marked out of sync.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a pause-sync -d 'Holds a resynchronization.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a resume-sync -d 'Lets a resynchronization that was held go on.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a adjust -d 'Makes what runs equal to what is configured, with as little disturbance as can be.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a adjust-with-progress -d 'As adjust, with a report of its stages.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a wait-connect -d 'Waits until the resource is connected, for as long as the startup section says.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a wait-sync -d 'Waits until the resource is connected and resynchronized.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a wait-con-int -d 'Waits for all resources, and lets somebody at a terminal end the wait.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a role -d 'Prints the role of the resource here.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a peer-role -d 'Prints the role of the resource on a peer.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a cstate -d 'Prints the state of a connection.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a dstate -d 'Prints the state of the disks of a volume.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a status -d 'Prints the state of resources; without names of everything that runs.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a dump -d 'Prints the configuration in its normal form; without names all of it.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a dump-xml -d 'Prints the configuration as XML.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a create-md -d 'Makes the metadata of a volume.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a show-gi -d 'Prints the generation identifiers of a volume with an explanation.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a get-gi -d 'Prints the generation identifiers of a volume in one line.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a dump-md -d 'Prints the metadata of a volume that is not in use, so that it can be restored.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a dump-superblock -d 'Prints the superblock of the metadata.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a wipe-md -d 'Removes the metadata of a volume.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a apply-al -d 'Marks in the bitmap what the activity log says was being written at a crash.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a repair-md -d 'Puts metadata in order that a crash left half written.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a forget-peer -d 'Frees what the metadata holds for a peer that will not return.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a hidden-commands -d 'Lists the commands that help does not.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a new-resource -d 'Creates a resource without volumes and peers.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a proxy-up -d 'With --dry-run prints what a proxy would be told; tsdrbd runs none.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a proxy-down -d 'With --dry-run prints what a proxy would be told; tsdrbd runs none.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a sh-nop -d 'Reads the configuration, and ends with 0 or 10.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a sh-resources -d 'Prints the names of the resources of this host.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a sh-resource -d 'Prints the name of a resource, which may be given as minor-N.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a sh-list-adjustable -d 'Prints the resources for which adjust would do something.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a sh-list-config-file -d 'Prints in which file and line a resource is configured.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a sh-mod-parms -d 'Prints the parameters for DRBD’s kernel module.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a sh-dev -d 'Prints the devices of the volumes.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a sh-udev -d 'Prints what udev names a device.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a sh-minor -d 'Prints the minor numbers of the volumes.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a sh-ll-dev -d 'Prints the backing disks of the volumes.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a sh-md-dev -d 'Prints the devices of the metadata.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a sh-md-idx -d 'Prints the places of the metadata: internal, flexible or a number.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a sh-ip -d 'Prints the addresses of this host.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a sh-lr-of -d 'Prints the resource below a stacked one.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a before-resync-target -d 'Runs the handler for the beginning of a resynchronization to this host.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a after-resync-target -d 'Runs the handler for the end of a resynchronization to this host.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a before-resync-source -d 'Runs the handler for the beginning of a resynchronization from this host.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a pri-on-incon-degr -d 'Runs the handler for a degraded primary without good data.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a pri-lost-after-sb -d 'Runs the handler for a primary that lost a split brain’s solution.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a fence-peer -d 'Runs the handler that keeps a peer from its data.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a local-io-error -d 'Runs the handler for an error of the local disk.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a pri-lost -d 'Runs the handler for a primary that should not be one.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a initial-split-brain -d 'Runs the handler for a split brain that was seen and may yet be solved.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a split-brain -d 'Runs the handler for a split brain that somebody must solve.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a out-of-sync -d 'Runs the handler for a verify that found differences.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a unfence-peer -d 'Runs the handler that takes the fencing of a peer back.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a quorum-lost -d 'Runs the handler for the loss of quorum.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a disconnected -d 'Runs the handler for the loss of a connection.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a new-minor -d 'Creates a volume without its disk.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a del-minor -d 'Removes a volume that has no disk.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a suspend-io -d 'Holds all requests of a volume.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a resume-io -d 'Lets the requests of a volume go on.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a set-gi -d 'Writes generation identifiers into the metadata.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a new-current-uuid -d 'Begins a new data generation.'
complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a check-resize -d 'Remembers the size of a volume’s backing disk, and moves internal metadata after it has grown.'
complete -c tsdrbdadm -n __tsdrbdadm_has_command -a '(__tsdrbdadm_resources)'
complete -c tsdrbdadm -l stacked -s S
complete -c tsdrbdadm -l dry-run -s d
complete -c tsdrbdadm -l verbose -s v
complete -c tsdrbdadm -l config-file -s c -r -F
complete -c tsdrbdadm -l config-to-test -s t -r -F
complete -c tsdrbdadm -l config-to-exclude -s E -r -F
complete -c tsdrbdadm -l drbdsetup -s s -r -F
complete -c tsdrbdadm -l drbdmeta -s m -r -F
complete -c tsdrbdadm -l drbd-proxy-ctl -s p -r -F
complete -c tsdrbdadm -l sh-varname -s n -x
complete -c tsdrbdadm -l version -s V
complete -c tsdrbdadm -l setup-option -s W -x
complete -c tsdrbdadm -l help -s h
complete -c tsdrbdadm -n '__fish_seen_subcommand_from attach' -l size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from attach' -l on-io-error -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from attach' -l disk-barrier
complete -c tsdrbdadm -n '__fish_seen_subcommand_from attach' -l disk-flushes
complete -c tsdrbdadm -n '__fish_seen_subcommand_from attach' -l disk-drain
complete -c tsdrbdadm -n '__fish_seen_subcommand_from attach' -l md-flushes
complete -c tsdrbdadm -n '__fish_seen_subcommand_from attach' -l resync-after -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from attach' -l al-extents -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from attach' -l al-updates
complete -c tsdrbdadm -n '__fish_seen_subcommand_from attach' -l discard-zeroes-if-aligned
complete -c tsdrbdadm -n '__fish_seen_subcommand_from attach' -l disable-write-same
complete -c tsdrbdadm -n '__fish_seen_subcommand_from attach' -l disk-timeout -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from attach' -l read-balancing -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from attach' -l rs-discard-granularity -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from attach' -l bitmap
complete -c tsdrbdadm -n '__fish_seen_subcommand_from disk-options' -l size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from disk-options' -l on-io-error -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from disk-options' -l disk-barrier
complete -c tsdrbdadm -n '__fish_seen_subcommand_from disk-options' -l disk-flushes
complete -c tsdrbdadm -n '__fish_seen_subcommand_from disk-options' -l disk-drain
complete -c tsdrbdadm -n '__fish_seen_subcommand_from disk-options' -l md-flushes
complete -c tsdrbdadm -n '__fish_seen_subcommand_from disk-options' -l resync-after -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from disk-options' -l al-extents -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from disk-options' -l al-updates
complete -c tsdrbdadm -n '__fish_seen_subcommand_from disk-options' -l discard-zeroes-if-aligned
complete -c tsdrbdadm -n '__fish_seen_subcommand_from disk-options' -l disable-write-same
complete -c tsdrbdadm -n '__fish_seen_subcommand_from disk-options' -l disk-timeout -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from disk-options' -l read-balancing -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from disk-options' -l rs-discard-granularity -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from disk-options' -l bitmap
complete -c tsdrbdadm -n '__fish_seen_subcommand_from detach' -l force
complete -c tsdrbdadm -n '__fish_seen_subcommand_from detach' -l diskless
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l transport -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l load-balance-paths
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l protocol -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l timeout -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l max-epoch-size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l connect-int -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l ping-int -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l sndbuf-size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l rcvbuf-size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l ko-count -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l allow-two-primaries
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l cram-hmac-alg -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l shared-secret -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l after-sb-0pri -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l after-sb-1pri -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l after-sb-2pri -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l always-asbp
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l rr-conflict -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l ping-timeout -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l data-integrity-alg -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l tcp-cork
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l on-congestion -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l congestion-fill -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l congestion-extents -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l csums-alg -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l csums-after-crash-only
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l verify-alg -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l use-rle
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l socket-check-timeout -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l fencing -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l max-buffers -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l allow-remote-read
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l tls
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l tls-keyring -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l tls-privkey -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l tls-certificate -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l rdma-ctrl-rcvbuf-size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l rdma-ctrl-sndbuf-size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-peer' -l _name -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from del-peer' -l force
complete -c tsdrbdadm -n '__fish_seen_subcommand_from connect' -l tentative
complete -c tsdrbdadm -n '__fish_seen_subcommand_from connect' -l discard-my-data
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l protocol -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l timeout -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l max-epoch-size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l connect-int -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l ping-int -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l sndbuf-size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l rcvbuf-size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l ko-count -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l allow-two-primaries
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l cram-hmac-alg -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l shared-secret -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l after-sb-0pri -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l after-sb-1pri -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l after-sb-2pri -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l always-asbp
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l rr-conflict -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l ping-timeout -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l data-integrity-alg -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l tcp-cork
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l on-congestion -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l congestion-fill -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l congestion-extents -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l csums-alg -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l csums-after-crash-only
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l verify-alg -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l use-rle
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l socket-check-timeout -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l fencing -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l max-buffers -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l allow-remote-read
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l tls
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l tls-keyring -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l tls-privkey -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l tls-certificate -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l rdma-ctrl-rcvbuf-size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l rdma-ctrl-sndbuf-size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from net-options' -l _name -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from disconnect' -l force
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resource-options' -l cpu-mask -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resource-options' -l on-no-data-accessible -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resource-options' -l auto-promote
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resource-options' -l peer-ack-window -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resource-options' -l peer-ack-delay -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resource-options' -l twopc-timeout -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resource-options' -l twopc-retry-timeout -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resource-options' -l auto-promote-timeout -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resource-options' -l max-io-depth -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resource-options' -l quorum -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resource-options' -l on-no-quorum -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resource-options' -l quorum-minimum-redundancy -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resource-options' -l on-suspended-primary-outdated -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resource-options' -l drbd8-api-compatibility
complete -c tsdrbdadm -n '__fish_seen_subcommand_from peer-device-options' -l resync-rate -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from peer-device-options' -l c-plan-ahead -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from peer-device-options' -l c-delay-target -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from peer-device-options' -l c-fill-target -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from peer-device-options' -l c-max-rate -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from peer-device-options' -l c-min-rate -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from peer-device-options' -l bitmap
complete -c tsdrbdadm -n '__fish_seen_subcommand_from peer-device-options' -l resync-without-replication
complete -c tsdrbdadm -n '__fish_seen_subcommand_from peer-device-options' -l peer-tiebreaker
complete -c tsdrbdadm -n '__fish_seen_subcommand_from primary' -l force
complete -c tsdrbdadm -n '__fish_seen_subcommand_from secondary' -l force
complete -c tsdrbdadm -n '__fish_seen_subcommand_from invalidate' -l force
complete -c tsdrbdadm -n '__fish_seen_subcommand_from invalidate' -l sync-from-peer-node-id -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from invalidate' -l reset-bitmap
complete -c tsdrbdadm -n '__fish_seen_subcommand_from invalidate-remote' -l reset-bitmap
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resize' -l size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resize' -l assume-peer-has-space
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resize' -l assume-clean
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resize' -l al-stripes -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from resize' -l al-stripe-size-kB -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from verify' -l start -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from verify' -l stop -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from adjust' -l skip-disk
complete -c tsdrbdadm -n '__fish_seen_subcommand_from adjust' -l skip-net
complete -c tsdrbdadm -n '__fish_seen_subcommand_from adjust' -l tentative
complete -c tsdrbdadm -n '__fish_seen_subcommand_from adjust' -l discard-my-data
complete -c tsdrbdadm -n '__fish_seen_subcommand_from dstate' -l force
complete -c tsdrbdadm -n '__fish_seen_subcommand_from dstate' -l quiet
complete -c tsdrbdadm -n '__fish_seen_subcommand_from status' -l statistics
complete -c tsdrbdadm -n '__fish_seen_subcommand_from create-md' -l max-peers -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from create-md' -l peer-max-bio-size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from create-md' -l al-stripes -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from create-md' -l al-stripe-size-kB -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from create-md' -l force
complete -c tsdrbdadm -n '__fish_seen_subcommand_from create-md' -l effective-size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from create-md' -l bitmap-block-size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from create-md' -l diskful-peers -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from create-md' -l initial-current-uuid -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from create-md' -l consistent
complete -c tsdrbdadm -n '__fish_seen_subcommand_from create-md' -l uptodate
complete -c tsdrbdadm -n '__fish_seen_subcommand_from create-md' -l peers-outdated
complete -c tsdrbdadm -n '__fish_seen_subcommand_from create-md' -l rotate-uuids
complete -c tsdrbdadm -n '__fish_seen_subcommand_from show-gi' -l force
complete -c tsdrbdadm -n '__fish_seen_subcommand_from show-gi' -l quiet
complete -c tsdrbdadm -n '__fish_seen_subcommand_from get-gi' -l force
complete -c tsdrbdadm -n '__fish_seen_subcommand_from get-gi' -l quiet
complete -c tsdrbdadm -n '__fish_seen_subcommand_from dump-md' -l force
complete -c tsdrbdadm -n '__fish_seen_subcommand_from dump-md' -l quiet
complete -c tsdrbdadm -n '__fish_seen_subcommand_from dump-superblock' -l force
complete -c tsdrbdadm -n '__fish_seen_subcommand_from dump-superblock' -l output-format -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from dump-superblock' -l quiet
complete -c tsdrbdadm -n '__fish_seen_subcommand_from wipe-md' -l force
complete -c tsdrbdadm -n '__fish_seen_subcommand_from wipe-md' -l quiet
complete -c tsdrbdadm -n '__fish_seen_subcommand_from apply-al' -l force
complete -c tsdrbdadm -n '__fish_seen_subcommand_from apply-al' -l quiet
complete -c tsdrbdadm -n '__fish_seen_subcommand_from repair-md' -l tentative
complete -c tsdrbdadm -n '__fish_seen_subcommand_from repair-md' -l force
complete -c tsdrbdadm -n '__fish_seen_subcommand_from repair-md' -l quiet
complete -c tsdrbdadm -n '__fish_seen_subcommand_from forget-peer' -l force
complete -c tsdrbdadm -n '__fish_seen_subcommand_from forget-peer' -l quiet
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-resource' -l cpu-mask -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-resource' -l on-no-data-accessible -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-resource' -l auto-promote
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-resource' -l peer-ack-window -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-resource' -l peer-ack-delay -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-resource' -l twopc-timeout -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-resource' -l twopc-retry-timeout -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-resource' -l auto-promote-timeout -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-resource' -l max-io-depth -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-resource' -l quorum -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-resource' -l on-no-quorum -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-resource' -l quorum-minimum-redundancy -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-resource' -l on-suspended-primary-outdated -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-resource' -l drbd8-api-compatibility
complete -c tsdrbdadm -n '__fish_seen_subcommand_from sh-list-adjustable' -l skip-disk
complete -c tsdrbdadm -n '__fish_seen_subcommand_from sh-list-adjustable' -l skip-net
complete -c tsdrbdadm -n '__fish_seen_subcommand_from sh-list-adjustable' -l tentative
complete -c tsdrbdadm -n '__fish_seen_subcommand_from sh-list-adjustable' -l discard-my-data
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-minor' -l max-bio-size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-minor' -l diskless
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-minor' -l block-size -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-minor' -l discard-granularity -r
complete -c tsdrbdadm -n '__fish_seen_subcommand_from suspend-io' -l bdev-freeze
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-current-uuid' -l clear-bitmap
complete -c tsdrbdadm -n '__fish_seen_subcommand_from new-current-uuid' -l force-resync
