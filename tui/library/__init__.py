"""The Library screen: the models, runs and corpora that there are."""
