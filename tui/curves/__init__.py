"""Learning curves: series of losses, and pictures of them as cells of text; knows no screens.

The Train screen and the command line draw with it."""
