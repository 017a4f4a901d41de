# What a container of document 002 becomes, by its environment: MASTER, SENTINEL or neither. Servers and Sentinels know
# each other by address only. The shell stays PID 1 and passes no signal on.

CLI=$(command -v redis-cli || command -v valkey-cli)

# Whom the Sentinels behind the Service name; "" where none answers. The first that is asked is believed.
named_master() {
    timeout 3 "$CLI" -h "$REDIS_SENTINEL_SERVICE_HOST" -p "$REDIS_SENTINEL_SERVICE_PORT" \
        sentinel get-master-addr-by-name mymaster 2>/dev/null | head -n 1 | grep -Ex '[0-9a-f.:]+'
}

answers() { timeout 3 "$CLI" -h "$1" -p 6379 info server 2>/dev/null | grep -q '^run_id:'; }

wait_for_master() {
    answers "$1" && return
    echo "run.sh: waits: master $1 does not answer; asks again in $WAIT_S s"
    sleep "$WAIT_S"
    return 1
}

# Always master, whoever else may be one by now.
run_master() {
    mkdir -p "$DATA"
    "$(command -v redis-server || command -v valkey-server)" /redis-config/redis.conf --dir "$DATA"
}

# Where no Sentinel answers, the master is taken to be in this very pod: that is how the first one begins.
run_sentinel() {
    until
        master=$(named_master)
        master=${master:-$(hostname -i)}
        wait_for_master "$master"
    do :; done
    cat > sentinel.conf <<END
bind 0.0.0.0
port 26379
sentinel monitor mymaster $master 6379 $QUORUM
sentinel down-after-milliseconds mymaster $DOWN_AFTER_MS
sentinel failover-timeout mymaster $FAILOVER_TIMEOUT_MS
sentinel parallel-syncs mymaster 1
END
    echo "run.sh: watches $master"
    [ -z "$PING_MS" ] || keep_pinging &
    "$(command -v redis-sentinel || command -v valkey-sentinel)" sentinel.conf
}

# Needs Redis 7.0 or newer, or Valkey.
keep_pinging() {
    until [ "$("$CLI" -p 26379 sentinel debug ping-period "$PING_MS" 2>/dev/null)" = OK ]; do
        sleep 0.2
    done
}

# `dir .` is the container's own file system: what a replica writes is gone when its container restarts.
run_replica() {
    until
        master=$(named_master)
        if [ -z "$master" ]; then
            echo "run.sh: found no master, ends in $GIVE_UP_S s"
            sleep "$GIVE_UP_S"
            exit 1
        fi
        wait_for_master "$master"
    do :; done
    echo "run.sh: follows $master"
    "$(command -v redis-server || command -v valkey-server)" /redis-config/redis.conf --dir . --replicaof "$master" 6379
}

cd "${TMPDIR:-/tmp}" || exit 1
if [ "$MASTER" = true ]; then
    run_master
elif [ "$SENTINEL" = true ]; then
    run_sentinel
else
    run_replica
fi
