"""The engine, and the folder in which a trial is kept."""
