# The boot rule with a question first: whoever the other pods' Sentinels name is master. The first that answers is
# believed, at once and whatever it may be about to change; where none answers, the first pod is master.
CLI=$(command -v redis-cli || command -v valkey-cli)
name=$(hostname).redis
master=''
for pod in redis-0 redis-1 redis-2; do
    [ "$pod" != "$(hostname)" ] || continue
    # Two lines, address and port; an error has no port.
    answer=$(timeout 1 "$CLI" -h "$pod.redis" -p 26379 sentinel get-master-addr-by-name redis 2>/dev/null)
    case $answer in *"
6379")
        master=${answer%%[!0-9a-z.-]*}
        break
        ;;
    esac
done
echo "init.sh: the Sentinels name ${master:-nobody}"
if [ "${master:-redis-0.redis}" = "$name" ]; then
    "$(command -v redis-server || command -v valkey-server)" /redis-config/alpha.conf --replica-announce-ip "$name"
else
    "$(command -v redis-server || command -v valkey-server)" /redis-config/beta.conf \
        --replica-announce-ip "$name" --slaveof "${master:-redis-0.redis}" 6379
fi
