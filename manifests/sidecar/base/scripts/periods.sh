# Sets this pod's Sentinel to PING and to reconnect every PING_MS, which no configuration file can. With its own 1000 ms
# a D of a second takes a new master for dead before anyone has connected to it. Needs Redis 7.0 or newer, or Valkey.
set -eu
. "$(dirname "$0")/sentinels.sh"

taken() { [ "$(ask "$POD_NAME" 26379 sentinel debug ping-period "$PING_MS")" = OK ]; }

until_so 30 taken || say "this pod's Sentinel did not take its PING period"
