"""What is shown of a run, on the Train screen and by the commands: how it stands by the events that count,
and the table of its figures; knows no screens."""
