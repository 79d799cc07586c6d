"""A model as a file of other programs: one writer a form, `forms` lists them.

May import the network, the alphabet and the root. No torch."""
