"""`make fuzz`: files that were damaged in every way we could think of, given to helo as they are.

    python -m tests.fuzz [MODELS RECORDS SOURCES FOREIGN KERAS] [--seed N] [--only PART:NUMBER]

Five parts: model files; everything else that helo keeps (JSON, TOML, states); archives and pages; models of
other projects, and those of Keras, which are read in a process each. A case
depends on the seed, its part and its number alone. Whatever it holds, helo works, or it says what is wrong
in one short line, within the bounds of `watch`; lists still show what is whole.
"""
