"""What is deployed: manifests and charts as any user has them, a trial's settings in them, the probe's image."""
