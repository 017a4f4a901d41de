# Waits for the first pod's name, and watches the address that it has at this moment, as Sentinel did by itself before
# Redis 6.2. The configuration is copied, because Sentinel writes into it and a ConfigMap is read-only.
until address=$(getent hosts redis-0.redis); do
    sleep 1
done
if [ ! -e /redis-sentinel/sentinel.conf ]; then
    sed "s/redis-0\.redis/${address%% *}/" /redis-config/sentinel.conf > /redis-sentinel/sentinel.conf
fi
"$(command -v redis-sentinel || command -v valkey-sentinel)" /redis-sentinel/sentinel.conf
