"""What Redis runs in a namespace: found by what its pods run and by what they answer, never by a name alone."""
