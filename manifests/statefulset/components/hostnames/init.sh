# The boot rule as printed: the first pod is always master, every other follows its name. Each announces its own name.
name=$(hostname).redis
if [ "$(hostname)" = redis-0 ]; then
    "$(command -v redis-server || command -v valkey-server)" /redis-config/alpha.conf --replica-announce-ip "$name"
else
    "$(command -v redis-server || command -v valkey-server)" /redis-config/beta.conf --replica-announce-ip "$name"
fi
