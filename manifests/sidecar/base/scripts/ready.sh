# Ready: a master, or a replica whose link is up. A rolling update goes on to the next pod only then.
set -eu
. "$(dirname "$0")/sentinels.sh"

ask "$POD_NAME" 6379 role | awk 'NR == 1 { role = $0 } NR == 4 { link = $0 }
    END { exit !(role == "master" || (role == "slave" && link == "connected")) }'
