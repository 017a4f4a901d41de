# The boot rule as printed: the first pod is always master, every other follows its name.
if [ "$(hostname)" = redis-0 ]; then
    redis-server /redis-config/alpha.conf
else
    redis-server /redis-config/beta.conf
fi
