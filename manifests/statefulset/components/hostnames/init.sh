# The boot rule as printed: the first pod is always master, every other follows its name. Each announces its own name.
name=$(hostname).redis
if [ "$(hostname)" = redis-0 ]; then
    redis-server /redis-config/alpha.conf --replica-announce-ip "$name"
else
    redis-server /redis-config/beta.conf --replica-announce-ip "$name"
fi
