"""`helo --plain`: Write in lines, for screen readers, braille displays, plain terminals and pipes."""
