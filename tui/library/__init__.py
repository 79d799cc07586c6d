"""The Library screen: the user's models, runs and corpora."""
