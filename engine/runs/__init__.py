"""What passes between a training and whoever watches it, all on disk.

May import the inspecting and writing wings and what lies below it. No torch."""
