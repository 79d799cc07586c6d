"""Looking inside a network: why it writes what it writes, what its units tell, how far back it remembers.

May import the writing and text wings and what lies below them. No torch."""
