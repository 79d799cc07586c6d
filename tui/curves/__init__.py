"""Learning curves: series of losses, and pictures of them as text. Independent of screens.

Used by the Train screen and the command line.
"""
