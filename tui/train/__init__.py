"""The Train screen: a form that starts a training, and a live view of a running one."""
