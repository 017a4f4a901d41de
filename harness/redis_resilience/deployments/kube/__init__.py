"""Redis as pods of a Kubernetes cluster: one made by kind for the run, or a named one that is there already."""
