"""Numbers over many trials: what can be concluded from them, how surely, and what cannot.

Pure: it knows the model, numpy and scipy, and nothing that reads, prints or draws. Importing it imports no scipy.
"""
