"""What grading platforms read (formats.py), and the folders that they run an autograder from (boxes.py)."""
