"""The program beside Redis that writes, reads and watches: the only measuring client."""
