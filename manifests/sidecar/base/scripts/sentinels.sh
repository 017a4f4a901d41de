# What the pods say, for the other scripts to decide by. Sourced. Runs in any POSIX sh: dash, busybox.

CLI=$(command -v redis-cli || command -v valkey-cli)
MAJORITY=$((PODS / 2 + 1))

say() { echo "$(basename "$0"): $*"; }

name_of() { echo "$1.$SERVICE"; }

pods() {
    number=0
    while [ "$number" -lt "$PODS" ]; do
        echo "${POD_NAME%-*}-$number"
        number=$((number + 1))
    done
}

others() { pods | grep -vx "$POD_NAME"; }

first() { pods | head -n 1; }

# ask POD PORT COMMAND...: the reply, a line an element; nothing where there is none within a second. This pod is not
# asked by its name: the cluster knows that only once the pod has started.
ask() {
    host=$(name_of "$1") port=$2
    [ "$1" != "$POD_NAME" ] || host=127.0.0.1
    shift 2
    timeout 1 "$CLI" -h "$host" -p "$port" "$@" 2>/dev/null
}

# Milliseconds of a clock that nobody sets; not every date has them.
now_ms() {
    read -r uptime _ < /proc/uptime
    echo "${uptime%.*}${uptime#*.}0"
}

# until_so SECONDS COMMAND...: repeats it until it succeeds; fails once they have passed.
until_so() {
    deadline_ms=$(($(now_ms) + $1 * 1000))
    shift
    while ! "$@"; do
        [ "$(now_ms)" -lt "$deadline_ms" ] || return 1
        sleep 0.1
    done
}

# What one Sentinel says, in one line: config-epoch, master's pod, its flags, milliseconds since its last good reply.
# "blank" where it watches nobody; nothing where it does not answer.
view() {
    ask "$1" 26379 sentinel master "$MASTER_NAME" | awk '
        /^(ERR )?No such master/ { print "blank"; exit }
        NR % 2 { field = $0; next }
        { value[field] = $0 }
        END {
            if (!("config-epoch" in value)) exit
            split(value["ip"], host, ".")
            print value["config-epoch"], host[1], value["flags"], value["last-ok-ping-reply"]
        }'
}

# Asks every Sentinel, this pod's own included, and sets:
#   answered, blank  how many answered, and how many of these watch nobody
#   master           the pod that the newest configuration names; empty where nobody names one
#   down             how many Sentinels of that opinion count it as down or replace it just now
#   replacing        how many of these replace it
#   silent_ms        the longest time for which one of them has not heard from it
#   consulted_ms     when the first was asked: so much older than that is what they said
consult() {
    consulted_ms=$(now_ms)
    answered=0 blank=0 master='' newest=-1 down=0 replacing=0 silent_ms=0
    for sentinel in $(pods); do
        # shellcheck disable=SC2046 # words are wanted
        set -- $(view "$sentinel")
        [ $# -gt 0 ] || continue
        answered=$((answered + 1))
        if [ "$1" = blank ]; then
            blank=$((blank + 1))
            continue
        fi
        if [ "$1" -gt "$newest" ]; then
            newest=$1 master=$2 down=0 replacing=0 silent_ms=0
        fi
        [ "$2" = "$master" ] || continue
        case ",$3," in *,failover_in_progress,*) replacing=$((replacing + 1)) ;; esac
        case ",$3," in *,s_down,* | *,o_down,* | *,failover_in_progress,*) down=$((down + 1)) ;; esac
        [ "$4" -le "$silent_ms" ] || silent_ms=$4
    done
}
