"""The page of one run: report.html, a file that opens offline and asks nothing of anybody."""
