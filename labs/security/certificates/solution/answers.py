"""Reference answers: the variant's doors, and what the standards make of them."""


def answers(params, evidence):
    doors = params["doors"]
    return {
        "port_direct": doors["direct"],
        "port_unknown": doors["unknown"],
        "port_altered": doors["altered"],
        "port_expired": doors["expired"],
        "port_other_name": doors["other-name"],
        "port_broken": doors["broken"],
        "port_not_a_ca": doors["not-a-ca"],
        "port_stolen": doors["stolen"],
        "days_expired": params["_over"],
        "thief_name": params["_thief"],
        "packets_to_ca": 0,
        "signed_message": "ServerKeyExchange",
        "alert_stolen": "decrypt_error",
        "alert_both": "certificate_expired",
    }
