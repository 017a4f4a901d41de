"""Pure functions: a history in, findings out."""
