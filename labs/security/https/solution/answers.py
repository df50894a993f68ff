def answers(params, evidence):
    return {}
