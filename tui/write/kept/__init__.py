"""Sessions: what is written is kept on disk as it grows, and can be opened again.

A session is a file of records, one a line, that is only ever appended to. `records` says what they are and
what they make; `keeper` and `book` write them, `shelf` finds and deletes the files, and `reopened` makes
passages of them.
"""
