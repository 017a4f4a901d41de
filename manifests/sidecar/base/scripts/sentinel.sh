# Starts Sentinel. What it knows is on the volume, beside the data that it is about: epochs, votes, who is master.
#
# A pod's Sentinel keeps its identity, or each new pod would leave a dead one behind in the others' tables, until no
# majority of those known is left. On a blank volume it starts without a master to watch, and says so to who asks;
# server.sh tells it whom to watch once that is known.
set -eu
. "$(dirname "$0")/sentinels.sh"

NAMES_WITHIN_S=5

# Sentinel resolves every name that it knows while it reads its configuration. Where that takes 2 s, as it did with
# pods that had just been created, it begins its work in TILT: for 30 s it watches and does nothing.
names_resolve() {
    for pod in $(pods); do
        timeout 1 getent hosts "$(name_of "$pod")" > /dev/null || return 1
    done
}

folder=$DATA/sentinel
known=$folder/sentinel.conf
mkdir -p "$folder"
state=$(grep -E '^sentinel (current-epoch|monitor|config-epoch|leader-epoch|known-replica|known-sentinel) ' \
    "$known" 2>/dev/null || true)
{
    echo "port 26379"
    echo "protected-mode no"
    echo "dir $folder"
    echo "sentinel myid $(printf '%s' "$POD_NAMESPACE/$POD_NAME" | sha1sum | cut -d ' ' -f 1)"
    echo "sentinel resolve-hostnames yes"
    echo "sentinel announce-hostnames yes"
    echo "sentinel announce-ip $(name_of "$POD_NAME")"
    if [ -n "$state" ]; then
        echo "$state"
        echo "sentinel down-after-milliseconds $MASTER_NAME $DOWN_AFTER_MS"
        echo "sentinel failover-timeout $MASTER_NAME $FAILOVER_TIMEOUT_MS"
        echo "sentinel parallel-syncs $MASTER_NAME $PARALLEL_SYNCS"
    fi
} > "$known.new"
mv "$known.new" "$known"
[ -z "$state" ] || until_so $NAMES_WITHIN_S names_resolve || say "not every pod has a name yet"
exec "$(command -v redis-server || command -v valkey-server)" "$known" --sentinel
