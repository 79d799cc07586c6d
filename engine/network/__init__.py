"""A network in NumPy: its parameters, its file, one step, back-propagation through time.

May import the cells and the root. No torch."""
