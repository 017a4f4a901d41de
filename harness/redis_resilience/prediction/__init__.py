"""What should happen after a fault, by the live settings and the plan: instants and their bounds."""
