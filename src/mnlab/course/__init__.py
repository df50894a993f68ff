"""Many students: who they are, what they handed in, and grading all of it, on this computer."""
