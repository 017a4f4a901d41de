"""Numbers over many trials: what can be said of them, how surely, and what cannot be said.

Pure: it knows the model, numpy and scipy, and nothing that reads, prints or draws. Importing it imports no scipy.
"""
