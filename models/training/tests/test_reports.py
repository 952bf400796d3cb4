"""What `sonoscope eval` found, told on cards."""

import pytest

from sonoscope_training import reports
from sonoscope_training.errors import TrainingError

NOT = {"not_measured": "the network gives no heatmap"}


def cell(query, result, depth, gain, ndcg):
    return {"query": query, "result": result, "depth": depth, "gain": gain, "ndcg": ndcg}


AVE = {
    "network": "ave-small",
    "family": "ave",
    "precision": "fp32",
    "correspondence": {"accuracy": 0.87},
    "all_pairs": {"own_sound": {"value": 0.93, "low": 0.92, "high": 0.941}},
    "alignment": {"accuracy": 0.5},
    "localisation": NOT,
    "retrieval": {
        "cells": [
            cell("image", "audio", 30, "linear", 0.1),
            cell("image", "audio", 5, "exponential", 0.2),
            cell("image", "audio", 30, "exponential", 0.7),
            cell("audio", "image", 30, "exponential", 0.8),
        ]
    },
}
AVOL = {
    **AVE,
    "network": "avol-small",
    "localisation": {
        "pointing": {"accuracy": 0.95},
        "pointing_beside_silent": {"accuracy": 0.94},
        "peak_on_silent": 0.0123,
    },
    "retrieval": NOT,
}


def lines(network, *reported):
    table = reports.table(network, reported).splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_figures_of_the_named_network():
    head, _, row = lines("ave-small", ("hard", {"networks": [AVOL, AVE]}))
    assert dict(zip(head, row, strict=True)) == {
        "set": "hard",
        "numbers": "fp32",
        "AVC": "87.0 %",
        "own sound": "0.930 [0.920, 0.941]",
        "picture finds sound": "0.700",
        "sound finds picture": "0.800",
    }


def test_what_one_report_lacks_is_a_dash():
    life = {**AVOL, "correspondence": NOT, "localisation": NOT, "precision": "int8"}
    head, _, first, second = lines(
        "avol-small", ("hard", {"networks": [AVOL]}), ("life", {"networks": [life]})
    )
    assert first[head.index("on a silent object")] == "1.2 %"
    assert second[head.index("on a silent object")] == "-"
    assert second[head.index("numbers")] == "int8"


def test_alignment_is_told_of_multisensory_alone():
    aligned = {**AVE, "network": "ms", "family": "multisensory", "alignment": {"accuracy": 0.77}}
    head, _, row = lines("ms", ("hard", {"networks": [aligned]}))
    assert row[head.index("in step or not")] == "77.0 %"
    assert "in step or not" not in lines("ave-small", ("hard", {"networks": [AVE]}))[0]


def test_a_report_of_others_is_refused():
    with pytest.raises(TrainingError, match="does not tell of avol"):
        reports.table("avol", [("hard", {"networks": [AVE]})])
