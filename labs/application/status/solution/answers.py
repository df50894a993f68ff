"""The reference answers: from the variant and from RFC 9110."""


def answers(params, evidence) -> dict:
    return {
        "status_secret": 403, "status_missing": 404, "status_no_host": 400, "status_by_zero": 500,
        "status_stopped": 502, "status_impatient": 504,
        "part_bytes": params["last"] - params["first"] + 1,
        "requests_remembering": 3,
        "requests_curl": 4,
        "method_after_301": "GET",
        "method_after_308": "POST",
        "wait_ms": 4 * params["delay"],
    }
