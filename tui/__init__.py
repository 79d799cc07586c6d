"""The terminal: the app and the command line. The only package that imports textual, rich and typer.

The app puts the screens (`write`, `train`, `library`) together. Screens and commands (`cli`) do not import
one another; what they share is in the modules beside the app.
"""
