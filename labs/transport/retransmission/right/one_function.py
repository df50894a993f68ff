import sys


def main(least, most, tick):
    srtt = rttvar = None
    rto, times, copies = 1.0, {}, {}
    for line in sys.stdin:
        word = line.split()
        match word:
            case ["connection", _]:
                srtt = rttvar = None
                rto, times, copies = 1.0, {}, {}
            case ["sent", _, end, time]:
                key = int(end)
                times[key] = float(time)
                copies[key] = copies.get(key, 0) + 1
            case ["timeout", _]:
                rto = min(most, max(least, rto + rto))
            case ["ack", end, time] if copies.pop(int(end), 0) == 1:
                rtt = float(time) - times[int(end)]
                rttvar = rtt / 2 if srtt is None else rttvar + (abs(srtt - rtt) - rttvar) * 0.25
                srtt = rtt if srtt is None else srtt + (rtt - srtt) * 0.125
                rto = max(least, min(most, srtt + max(tick, rttvar * 4)))
        sys.stdout.write(f"{'-' if srtt is None else srtt} {'-' if srtt is None else rttvar} {rto}\n")


main(*map(float, sys.argv[1:]))
