"""Inside the machine: the shortest job there is."""


def main() -> int:
    print("hello", flush=True)
    return 0
