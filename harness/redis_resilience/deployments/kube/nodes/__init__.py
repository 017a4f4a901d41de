"""The machines of a cluster: the way in, their processes, their packets, their power."""
