"""The Train screen: a form that starts a training, and a live view of one that runs."""
