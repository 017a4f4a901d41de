# Waits for the first pod's name, and watches the name. The configuration is copied, because Sentinel writes into it and
# a ConfigMap is read-only.
until getent hosts redis-0.redis > /dev/null; do
    sleep 1
done
if [ ! -e /redis-sentinel/sentinel.conf ]; then
    {
        cat /redis-config/sentinel.conf
        echo "sentinel resolve-hostnames yes"
        echo "sentinel announce-hostnames yes"
        echo "sentinel announce-ip $(hostname).redis"
    } > /redis-sentinel/sentinel.conf
fi
"$(command -v redis-sentinel || command -v valkey-sentinel)" /redis-sentinel/sentinel.conf
