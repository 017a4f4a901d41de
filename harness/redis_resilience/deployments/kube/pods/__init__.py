"""Pods of a namespace: which is which, what happens to them, what they say, and the programs that run in them."""
