# Starts a Sentinel. It watches the address that redis-master-0 has at this moment, as Sentinel did by itself before
# Redis 6.2. Its configuration outlives a restart of the container, and is lost with the pod.
CLI=$(command -v redis-cli || command -v valkey-cli)
umask 077
file=/sentinel/sentinel.conf
if [ ! -e "$file" ]; then
    until address=$(getent hosts "$MASTER"); do
        sleep 1
    done
    {
        sed "s/MASTER/${address%% *}/" /config/sentinel.conf
        echo "requirepass $REDIS_PASSWORD"
        echo "sentinel auth-pass mymaster $REDIS_PASSWORD"
        # A pod of redis-master that was made anew would watch nobody but itself: it asks any Sentinel for the others.
        if [ "$POD" = redis-master-0 ]; then
            timeout 5 "$CLI" -h redis -p 26379 sentinel sentinels mymaster | awk '
                name == "ip" { ip = $0 }
                name == "port" { port = $0 }
                name == "runid" { print "sentinel known-sentinel mymaster", ip, port, $0 }
                { name = $0 }'
        fi
    } > "$file.new"
    mv "$file.new" "$file"
fi
"$(command -v redis-server || command -v valkey-server)" "$file" --sentinel
