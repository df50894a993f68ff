import sys
from statistics import median, quantiles


def main():
    connections = []
    for line in sys.stdin:
        if line.startswith("flow "):
            connections.append((line.split()[1], []))
        elif line.strip():
            connections[-1][1].append(tuple(map(float, line.split())))
    for name, samples in reversed(connections):
        print(name, judged(samples).upper())


def judged(samples):
    below_cwnd = median((cwnd - flight) / 1448 for _, cwnd, flight, _, _, _ in samples)
    below_window = median((window - flight) / 1448 for _, _, flight, window, _, _ in samples)
    room = median((min(cwnd, window) - flight) / 1448 for _, cwnd, flight, window, _, _ in samples)
    trips = [sample[4] for sample in samples]
    if room > 2:
        return "sender"
    if below_cwnd < below_window or quantiles(trips)[1] > 2.5 * min(trips):
        return "network"
    return "receiver"


main()
