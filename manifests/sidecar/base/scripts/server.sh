# Decides how this pod's server starts, and starts it: as a replica of whom the Sentinels name, or as master.
#
# A server that is back while a failover is under way would be a second master, and one that lost its data would empty
# its replicas. So a pod that the Sentinels name is master again only where neither can be; otherwise it stays away,
# and by that lets them choose another. The rule, with what it cannot do: manifests/README.md.
set -eu
. "$(dirname "$0")/sentinels.sh"

FOLDER=$DATA/redis
# A Sentinel connects again once a second; then its PING is answered at once, even by a server that still loads.
REACHED_AGAIN_MS=1500
# An election that failed is repeated after twice the failover-timeout. Two of them came to nothing: nobody else can.
PATIENCE_MS=$((DOWN_AFTER_MS + 2 * FAILOVER_TIMEOUT_MS + 3000))
SENTINEL_UP_WITHIN_S=10
# A replica gives a master that is not there yet so long, which is as long as an election can take. Where all pods come
# back together, one that was quicker would be promoted beside it.
MASTER_FIRST_MS=10000

has_data() { [ -e "$FOLDER/appendonlydir" ] || [ -e "$FOLDER/appendonly.aof" ] || [ -e "$FOLDER/dump.rdb" ]; }

at_the_same_address() { [ "$(cat "$FOLDER/address" 2>/dev/null)" = "$POD_IP" ]; }

# The servers that answer anything, and of these the ones that are empty.
ask_servers() {
    there=0 empty=0
    for peer in $(others); do
        size=$(ask "$peer" 6379 dbsize || true)
        [ -z "$size" ] || there=$((there + 1))
        [ "$size" != 0 ] || empty=$((empty + 1))
    done
}

# Sets follow to the pod to replicate, or to this pod for master, and because to the reason; or only why it waits.
decide() {
    follow=''
    consult
    if [ "$blank" -eq "$PODS" ]; then
        decide_blank
    elif [ "$answered" -lt "$MAJORITY" ]; then
        because="$answered of $PODS Sentinels answer, a majority is $MAJORITY"
    elif [ -z "$master" ]; then
        because="no Sentinel that answers has a master, and not all answer"
    elif [ "$master" = "$POD_NAME" ]; then
        decide_as_master
    elif [ $(($(now_ms) - began_ms)) -lt "$MASTER_FIRST_MS" ] && [ -z "$(ask "$master" 6379 ping || true)" ]; then
        because="the Sentinels name $master, which does not answer yet"
    else
        because="the Sentinels name it" follow=$master
    fi
}

# A new installation, or one whose Sentinels forgot everything. Only the first pod may bring data along.
decide_blank() {
    if [ "$POD_NAME" != "$(first)" ] && has_data; then
        because="no Sentinel has ever had a master, yet this pod has data; it would lose it as a replica of $(first)"
    else
        because="no Sentinel has ever had a master" follow=$(first)
    fi
}

decide_as_master() {
    ask_servers
    silent_ms=$((silent_ms + $(now_ms) - consulted_ms))
    if ! has_data; then
        because="the Sentinels name this pod, which has no data; $empty of $((PODS - 1)) others are known to have none"
        [ "$empty" -lt $((PODS - 1)) ] || follow=$POD_NAME
    elif [ "$there" -eq 0 ] && [ "$replacing" -gt 0 ]; then
        because="no other server is there, but $replacing Sentinels look for one to replace this pod"
    elif [ "$there" -eq 0 ]; then
        because="the Sentinels name this pod, and no other server is there" follow=$POD_NAME
    elif [ $(($(now_ms) - began_ms)) -ge "$PATIENCE_MS" ]; then
        because="the Sentinels still name this pod after $((PATIENCE_MS / 1000)) s" follow=$POD_NAME
    elif [ "$down" -gt 0 ]; then
        because="the Sentinels name this pod, and $down of them count it down or replace it"
    elif ! at_the_same_address; then
        because="the Sentinels name this pod, and look for it at its old address"
    elif [ $((silent_ms + REACHED_AGAIN_MS)) -ge "$DOWN_AFTER_MS" ]; then
        because="the Sentinels name this pod, and are about to replace it"
    else
        because="the Sentinels name this pod, and have missed it for $silent_ms ms only" follow=$POD_NAME
    fi
}

# own_sentinel_watches POD: tells this pod's Sentinel, unless it watches somebody already. One that does will do so
# again when it is back; a master that is about to be replaced has no time to wait for it.
own_sentinel_watches() {
    ! grep -q '^sentinel monitor ' "$DATA/sentinel/sentinel.conf" 2>/dev/null || return 0
    case $(view "$POD_NAME") in
        '') return 1 ;;
        blank) ;;
        *) return 0 ;;
    esac
    [ "$(ask "$POD_NAME" 26379 sentinel monitor "$MASTER_NAME" "$(name_of "$1")" 6379 "$QUORUM")" = OK ] || return 1
    ask "$POD_NAME" 26379 sentinel set "$MASTER_NAME" down-after-milliseconds "$DOWN_AFTER_MS" \
        failover-timeout "$FAILOVER_TIMEOUT_MS" parallel-syncs "$PARALLEL_SYNCS" > /dev/null
}

mkdir -p "$FOLDER"
began_ms=$(now_ms) said=''
while :; do
    decide
    [ -z "$follow" ] || break
    [ "$because" = "$said" ] || say "waits: $because"
    said=$because
    sleep 0.2
done

{
    cat "$CONFIG"/*.conf
    echo "dir $FOLDER"
    echo "replica-announce-ip $(name_of "$POD_NAME")"
    [ "$follow" = "$POD_NAME" ] || echo "replicaof $(name_of "$follow") 6379"
} > "$FOLDER/redis.conf"
echo "$POD_IP" > "$FOLDER/address"
if [ "$follow" = "$POD_NAME" ]; then say "starts as master: $because"; else say "follows $follow: $because"; fi
until_so $SENTINEL_UP_WITHIN_S own_sentinel_watches "$follow" || say "this pod's own Sentinel could not be told"
exec "$(command -v redis-server || command -v valkey-server)" "$FOLDER/redis.conf"
