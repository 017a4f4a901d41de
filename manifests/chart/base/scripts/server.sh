# Starts a server: the pod of redis-master as master, every other as its replica, whatever the Sentinels say.
# The password goes into a file in memory, never into a command line.
umask 077
{
    cat /config/redis.conf
    if [ "$MASTER" = "$POD.redis-headless.$NAMESPACE.svc.cluster.local" ]; then
        cat /config/master.conf
    else
        cat /config/replica.conf
        echo "replicaof $MASTER 6379"
    fi
    echo "requirepass $REDIS_PASSWORD"
    echo "masterauth $REDIS_PASSWORD"
} > /run/redis/redis.conf
"$(command -v redis-server || command -v valkey-server)" /run/redis/redis.conf
