"""How a run stands, from the events that count, and the table of its figures. The Train screen and the
commands show them. Independent of screens."""
