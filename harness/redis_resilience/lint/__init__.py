"""Rules about settings, over one neutral description that manifests, catalogue and live servers are read into."""
