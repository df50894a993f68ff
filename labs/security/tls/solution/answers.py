"""Reference answers: read off the run's own captures and key logs."""

from pathlib import Path

from mnlab.lab.lab import load

WAYS = ("rsa", "ecdhe", "tls13")


def answers(params, evidence):
    read = load(Path(__file__).parents[1] / "reading.py")
    sessions = {way: read.session(evidence, way) for way in WAYS}
    tls13 = sessions["tls13"]
    words = {way: params["pages"][way]["word"] for way in WAYS}
    alerts = read.alert_numbers(evidence)
    client, server = read.client_annotations(evidence), read.server_annotations(evidence)
    return {
        "client_record_version": client["client_record_version"],
        "client_legacy_version": client["client_legacy_version"],
        "client_session_id_length": client["client_session_id_length"],
        "client_suites_length": client["client_suites_length"],
        "client_first_suite": client["client_first_suite"],
        "client_extensions_length": client["client_extensions_length"],
        "client_server_name": client["client_server_name"],
        "client_first_version": client["client_first_version"],
        "client_key_share_group": client["client_key_share_group"],
        "server_legacy_version": server["server_legacy_version"],
        "server_suite": server["server_suite"],
        "server_version": server["server_version"],
        "server_key_share_group": server["server_key_share_group"],
        "suite_rsa": sessions["rsa"].suite, "suite_ecdhe": sessions["ecdhe"].suite, "suite_tls13": tls13.suite,
        "place_in_offer": tls13.client_hello.suites.index(tls13.suite) + 1,
        "private_key_opens": ["rsa"], "certificate_in_the_clear": ["rsa", "ecdhe"],
        "premaster": read.premaster_start(evidence),
        "word_rsa": words["rsa"], "word_ecdhe": words["ecdhe"], "word_tls13": words["tls13"],
        "alert_ssl3": alerts["alert_ssl3"], "alert_nothing_in_common": alerts["alert_nothing_in_common"],
        "alert_no_root": alerts["alert_no_root"], "alert_flipped": alerts["alert_flipped"],
        "overhead_ecdhe": read.overhead(evidence, "ecdhe"), "overhead_tls13": read.overhead(evidence, "tls13"),
    }
