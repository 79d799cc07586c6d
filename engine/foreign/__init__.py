"""Models of other projects, read into helo's own form.

May import the network and what lies below it. Nothing in such a file is executed or imported: every reader
parses bytes, within bounds. No torch.
"""
