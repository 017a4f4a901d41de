"""Many trials of different setups, interleaved, each kept as soon as it is judged: campaigns and comparisons."""
