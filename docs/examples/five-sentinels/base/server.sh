# Follows whom the first Sentinel names that answers; where none does, the first pod is master.
CLI=$(command -v redis-cli || command -v valkey-cli)
name=$(hostname).cache
master=cache-0.cache
for number in 0 1 2 3 4; do
    # Two lines, address and port; an error has no port.
    answer=$(timeout 1 "$CLI" -h "watch-$number.cache" -p 26379 sentinel get-master-addr-by-name cache 2>/dev/null)
    case $answer in *"
6379")
        master=${answer%%[!0-9a-z.-]*}
        break
        ;;
    esac
done
set -- --dir /data --appendonly yes --appendfsync everysec --protected-mode no --replica-announce-ip "$name"
[ "$master" = "$name" ] || set -- "$@" --replicaof "$master" 6379
exec "$(command -v redis-server || command -v valkey-server)" "$@"
