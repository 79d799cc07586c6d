"""The training process, and all that imports torch.

May import every other wing; nobody imports it, except as a process of its own."""
