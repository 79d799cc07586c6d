"""Drawing characters from a network, and scoring texts with it.

May import the text and network wings and what lies below them. No torch."""
