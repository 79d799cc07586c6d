"""The terminal: the app and the command line; the only package that imports textual, rich and typer.

The app brings the screens (`write`, `train`, `library`) together. They and the commands (`cli`) do not
import one another: what several of them need stands beside the app."""
