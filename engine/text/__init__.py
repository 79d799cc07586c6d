"""From anything a person has to character ids, and what a text is like.

May import the network and what lies below it. No torch."""
