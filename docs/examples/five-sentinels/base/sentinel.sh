# Watches the first pod until it hears of another master; what it has learnt outlives its container, not its pod.
CLI=$(command -v redis-cli || command -v valkey-cli)
until getent hosts cache-0.cache > /dev/null; do
    sleep 1
done
[ -e /data/sentinel.conf ] || cat > /data/sentinel.conf <<END
protected-mode no
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel announce-ip $(hostname).cache
sentinel monitor cache cache-0.cache 6379 3
sentinel down-after-milliseconds cache $DOWN_AFTER_MS
sentinel failover-timeout cache $FAILOVER_TIMEOUT_MS
sentinel parallel-syncs cache 1
END
keep_pinging() {
    until [ "$("$CLI" -p 26379 sentinel debug ping-period "$PING_MS" 2>/dev/null)" = OK ]; do
        sleep 0.2
    done
}
[ -z "$PING_MS" ] || keep_pinging &
exec "$(command -v redis-sentinel || command -v valkey-sentinel)" /data/sentinel.conf
