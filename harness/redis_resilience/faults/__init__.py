"""One thing broken: target, inject, proof that it took effect, heal."""
