# ping.sh PORT SECONDS [ANSWER]: whether the server on this port answers PONG, or ANSWER, within so many seconds.
CLI=$(command -v redis-cli || command -v valkey-cli)
answer=$(timeout "$2" "$CLI" -h localhost -p "$1" ping 2>/dev/null)
case $answer in
PONG*) ;;
"${3:-PONG}"*) ;;
*)
    echo "got: $answer"
    exit 1
    ;;
esac
