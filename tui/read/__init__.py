"""Reading: a text with a network's eyes, and a game of guessing against it. Uses the widgets of Write."""
