"""What the project promises in numbers, measured. `mnlab bench` runs it; no test asserts any of it.

One file a theme. Its MEASURES are functions that take a Bench (tools.py) and yield rows as they come. What is
measured, and the target it has to meet, stands in figures.py, once. Wall times are of the computer that it runs on:
measure on one that does nothing else. Fidelity and determinism are measured twice, the second time with every
processor kept busy by something else.
"""

#: In the order in which they run. `mnlab bench NAME...` takes these names, and those of the functions in MEASURES.
THEMES = ("speed", "fidelity", "determinism", "prices", "controller")

#: Takes ten minutes, and a day: run only if they are named.
ON_REQUEST = ("grading", "real_time")
