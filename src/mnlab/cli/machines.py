"""Commands about machines: exec, doctor, machine build|status|export|import|clean (being written)."""


def register(app):
    pass
