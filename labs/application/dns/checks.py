from mnlab.checks import expect, points
@points(1)
def check_x(evidence):
    """x"""
    expect(True)
