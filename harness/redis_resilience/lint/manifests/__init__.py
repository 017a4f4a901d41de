"""Kubernetes manifests read into a `Setup`: objects, the programs in their containers, the files those start with."""
