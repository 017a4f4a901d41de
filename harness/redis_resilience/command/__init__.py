"""What stands behind the command: running a scenario by its name, showing it live, examining the machine."""
