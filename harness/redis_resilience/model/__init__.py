"""The words of the project as frozen data: no I/O, no clock, no policy."""
