from mnlab.checks import expect, points
@points(1, hint="x")
def check_x(evidence):
    """x"""
