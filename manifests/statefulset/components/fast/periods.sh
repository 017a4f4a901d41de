# Sets Sentinel to PING and to reconnect every 240 ms, which no configuration file can. With its own 1000 ms a D of a
# second takes a new master for dead before anyone has connected to it. Needs Redis 7.0 or newer, or Valkey.
CLI=$(command -v redis-cli || command -v valkey-cli)
until [ "$("$CLI" -p 26379 sentinel debug ping-period 240 2>/dev/null)" = OK ]; do
    sleep 0.2
done
