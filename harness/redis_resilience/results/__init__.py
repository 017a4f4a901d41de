"""What concerns runs across trials: what was tested, and the documents of a run."""
