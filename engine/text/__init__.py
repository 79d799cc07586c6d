"""Reads text from any source into character ids, and tells what a text is like.

May import the network and what lies below it. No torch.
"""
