"""What passes between a training and whoever watches it, all on disk.

May import the writing wing and what lies below it. No torch."""
