# Before this pod is stopped: where its server is master, another becomes master first.
#
# Writes are refused from here on, so that none is acknowledged which the next master does not get; also where there is
# no next one yet, as when all pods are stopped together. Not by CLIENT PAUSE: that would hold back Sentinel's hello
# too, and with it the PINGs behind it. Another pod's Sentinel is asked, as this pod's own is being stopped as well.
set -eu
. "$(dirname "$0")/sentinels.sh"

CAUGHT_UP_WITHIN_S=2
REPLACED_WITHIN_S=10

own() { ask "$POD_NAME" 6379 "$@"; }

# Whether replicas are linked, and all of them have all that this server wrote.
caught_up() {
    own info replication | tr -d '\r' | awk -F '[:,=]' '
        /^slave[0-9]+:/ { replicas++; for (i = 1; i < NF; i++) if ($i == "offset") offset[replicas] = $(i + 1) }
        /^master_repl_offset:/ { end = $2 }
        END { for (r in offset) if (offset[r] != end) exit 1; exit !replicas }'
}

# Whether every other Sentinel that answers names another pod.
replaced() {
    heard=0
    for sentinel in $(others); do
        # shellcheck disable=SC2046 # words are wanted
        set -- $(view "$sentinel")
        [ $# -eq 4 ] || continue
        [ "$2" != "$POD_NAME" ] || return 1
        heard=$((heard + 1))
    done
    [ "$heard" -gt 0 ]
}

# Asks one Sentinel after the other until one agrees to choose another master.
accepted() {
    for sentinel in $(others); do
        reply=$(ask "$sentinel" 26379 sentinel failover "$MASTER_NAME" || true)
        say "asked the Sentinel of $sentinel to choose another master: ${reply:-no answer}"
        case $reply in OK | INPROG*) return ;; esac
    done
    return 1
}

fail_over() {
    [ "$(own role | head -n 1)" = master ] || { say "not master, no failover to request"; return; }
    own config set min-replicas-to-write 100 > /dev/null
    until_so $CAUGHT_UP_WITHIN_S caught_up || say "not every replica has caught up"
    if accepted && until_so $REPLACED_WITHIN_S replaced; then
        say "another pod is master"
    else
        say "no other pod became master"
    fi
}

fail_over
