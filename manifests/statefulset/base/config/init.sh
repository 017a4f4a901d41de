# The boot rule as printed: the first pod is always master, every other follows its name.
if [ "$(hostname)" = redis-0 ]; then
    "$(command -v redis-server || command -v valkey-server)" /redis-config/alpha.conf
else
    "$(command -v redis-server || command -v valkey-server)" /redis-config/beta.conf
fi
