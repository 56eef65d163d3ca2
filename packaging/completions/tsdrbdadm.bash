# bash completion for tsdrbdadm, and for drbdadm where it is installed under that name

_tsdrbdadm() {
    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"
    local commands="help attach disk-options detach new-peer del-peer new-path del-path connect net-options disconnect up resource-options peer-device-options down primary secondary invalidate invalidate-remote outdate resize verify pause-sync resume-sync adjust adjust-with-progress wait-connect wait-sync wait-con-int role peer-role cstate dstate status dump dump-xml create-md show-gi get-gi dump-md dump-superblock wipe-md apply-al repair-md forget-peer hidden-commands new-resource proxy-up proxy-down sh-nop sh-resources sh-resource sh-list-adjustable sh-list-config-file sh-mod-parms sh-dev sh-udev sh-minor sh-ll-dev sh-md-dev sh-md-idx sh-ip sh-lr-of before-resync-target after-resync-target before-resync-source pri-on-incon-degr pri-lost-after-sb fence-peer local-io-error pri-lost initial-split-brain split-brain out-of-sync unfence-peer quorum-lost disconnected new-minor del-minor suspend-io resume-io set-gi new-current-uuid check-resize"
    local options="--stacked --dry-run --verbose --config-file= --config-to-test= --config-to-exclude= --drbdsetup= --drbdmeta= --drbd-proxy-ctl= --sh-varname= --version --setup-option= --help" command="" config=() index
    for ((index = 1; index < COMP_CWORD; index++)); do
        case "${COMP_WORDS[index]}" in
            -c|--config-file) config=(-c "${COMP_WORDS[index+1]}"); ((index++)) ;;
            -c|--config-file|-t|--config-to-test|-E|--config-to-exclude|-s|--drbdsetup|-m|--drbdmeta|-p|--drbd-proxy-ctl|-n|--sh-varname|-W|--setup-option) ((index++)) ;;
            -*|=) ;;
            *) [ -n "$command" ] || command="${COMP_WORDS[index]}" ;;
        esac
    done
    case "$previous" in
        -c|--config-file|-t|--config-to-test|-E|--config-to-exclude|-s|--drbdsetup|-m|--drbdmeta|-p|--drbd-proxy-ctl)
            COMPREPLY=($(compgen -f -- "$current"))
            return ;;
    esac
    case "$command" in
        attach) options="$options --size= --on-io-error= --disk-barrier --disk-flushes --disk-drain --md-flushes --resync-after= --al-extents= --al-updates --discard-zeroes-if-aligned --disable-write-same --disk-timeout= --read-balancing= --rs-discard-granularity= --bitmap" ;;
        disk-options) options="$options --size= --on-io-error= --disk-barrier --disk-flushes --disk-drain --md-flushes --resync-after= --al-extents= --al-updates --discard-zeroes-if-aligned --disable-write-same --disk-timeout= --read-balancing= --rs-discard-granularity= --bitmap" ;;
        detach) options="$options --force --diskless" ;;
        new-peer) options="$options --transport= --load-balance-paths --protocol= --timeout= --max-epoch-size= --connect-int= --ping-int= --sndbuf-size= --rcvbuf-size= --ko-count= --allow-two-primaries --cram-hmac-alg= --shared-secret= --after-sb-0pri= --after-sb-1pri= --after-sb-2pri= --always-asbp --rr-conflict= --ping-timeout= --data-integrity-alg= --tcp-cork --on-congestion= --congestion-fill= --congestion-extents= --csums-alg= --csums-after-crash-only --verify-alg= --use-rle --socket-check-timeout= --fencing= --max-buffers= --allow-remote-read --tls --tls-keyring= --tls-privkey= --tls-certificate= --rdma-ctrl-rcvbuf-size= --rdma-ctrl-sndbuf-size= --_name=" ;;
        del-peer) options="$options --force" ;;
        connect) options="$options --tentative --discard-my-data" ;;
        net-options) options="$options --protocol= --timeout= --max-epoch-size= --connect-int= --ping-int= --sndbuf-size= --rcvbuf-size= --ko-count= --allow-two-primaries --cram-hmac-alg= --shared-secret= --after-sb-0pri= --after-sb-1pri= --after-sb-2pri= --always-asbp --rr-conflict= --ping-timeout= --data-integrity-alg= --tcp-cork --on-congestion= --congestion-fill= --congestion-extents= --csums-alg= --csums-after-crash-only --verify-alg= --use-rle --socket-check-timeout= --fencing= --max-buffers= --allow-remote-read --tls --tls-keyring= --tls-privkey= --tls-certificate= --rdma-ctrl-rcvbuf-size= --rdma-ctrl-sndbuf-size= --_name=" ;;
        disconnect) options="$options --force" ;;
        resource-options) options="$options --cpu-mask= --on-no-data-accessible= --auto-promote --peer-ack-window= --peer-ack-delay= --twopc-timeout= --twopc-retry-timeout= --auto-promote-timeout= --max-io-depth= --quorum= --on-no-quorum= --quorum-minimum-redundancy= --on-suspended-primary-outdated= --drbd8-api-compatibility" ;;
        peer-device-options) options="$options --resync-rate= --c-plan-ahead= --c-delay-target= --c-fill-target= --c-max-rate= --c-min-rate= --bitmap --resync-without-replication --peer-tiebreaker" ;;
        primary) options="$options --force" ;;
        secondary) options="$options --force" ;;
        invalidate) options="$options --force --sync-from-peer-node-id= --reset-bitmap" ;;
        invalidate-remote) options="$options --reset-bitmap" ;;
        resize) options="$options --size= --assume-peer-has-space --assume-clean --al-stripes= --al-stripe-size-kB=" ;;
        verify) options="$options --start= --stop=" ;;
        adjust) options="$options --skip-disk --skip-net --tentative --discard-my-data" ;;
        dstate) options="$options --force --quiet" ;;
        status) options="$options --statistics" ;;
        create-md) options="$options --max-peers= --peer-max-bio-size= --al-stripes= --al-stripe-size-kB= --force --effective-size= --bitmap-block-size= --diskful-peers= --initial-current-uuid= --consistent --uptodate --peers-outdated --rotate-uuids" ;;
        show-gi) options="$options --force --quiet" ;;
        get-gi) options="$options --force --quiet" ;;
        dump-md) options="$options --force --quiet" ;;
        dump-superblock) options="$options --force --output-format= --quiet" ;;
        wipe-md) options="$options --force --quiet" ;;
        apply-al) options="$options --force --quiet" ;;
        repair-md) options="$options --tentative --force --quiet" ;;
        forget-peer) options="$options --force --quiet" ;;
        new-resource) options="$options --cpu-mask= --on-no-data-accessible= --auto-promote --peer-ack-window= --peer-ack-delay= --twopc-timeout= --twopc-retry-timeout= --auto-promote-timeout= --max-io-depth= --quorum= --on-no-quorum= --quorum-minimum-redundancy= --on-suspended-primary-outdated= --drbd8-api-compatibility" ;;
        sh-list-adjustable) options="$options --skip-disk --skip-net --tentative --discard-my-data" ;;
        new-minor) options="$options --max-bio-size= --diskless --block-size= --discard-granularity=" ;;
        suspend-io) options="$options --bdev-freeze" ;;
        new-current-uuid) options="$options --clear-bitmap --force-resync" ;;
    esac
    if [[ "$current" == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$current"))
        [[ "${COMPREPLY[0]}" == *= ]] && compopt -o nospace
    elif [ -z "$command" ] || [ "$command" = help ]; then
        COMPREPLY=($(compgen -W "$commands" -- "$current"))
    else
        COMPREPLY=($(compgen -W "all $("${COMP_WORDS[0]}" "${config[@]}" sh-resources 2>/dev/null)" -- "$current"))
    fi
}
complete -F _tsdrbdadm tsdrbdadm drbdadm
