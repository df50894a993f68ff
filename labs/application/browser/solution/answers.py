"""Reference answers: the order and the times are read off the run's own capture."""

from pathlib import Path

from mnlab.lab.lab import load


def answers(params, evidence):
    lab = Path(__file__).parents[1]
    read, experiment = load(lab / "reading.py"), load(lab / "experiment.py")
    seen = read.load(evidence, "w3m")
    page = params["page"]
    connections = 2 + len(page["frames"]) + 1  # the redirect, the page, its own frames, the ticker
    return {
        "order": read.order(evidence, experiment.EVENTS),
        "questions": 2 * connections, "connections": connections, "closes_first": "server",
        "ms_page": round(read.first_byte(seen) * 1000, 1), "ms_dns": round(read.waited_for_dns(seen) * 1000, 1),
        "ms_all": round(read.loaded(seen) * 1000, 1),
        "not_loaded": sorted((page["style"], page["script"], page["picture"])),
        # to another host only the origin is named
        "referer_www": f"http://www.{params['domain']}/{page['start']}",
        "referer_media": f"http://www.{params['domain']}/", "host_media": f"media.{params['domain']}",
    }
