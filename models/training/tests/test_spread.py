"""Figures of several seeds, told together."""

import json

import pytest

from sonoscope_training import cli, spread

NOT = {"not_measured": "the network gives no heatmap"}


def evaluation(network, accuracy, ndcg=None, on_silent=None):
    cell = {"query": "image", "result": "audio", "depth": 30, "gain": "exponential", "ndcg": ndcg}
    figures = {
        "network": network,
        "correspondence": {"accuracy": accuracy},
        "retrieval": NOT if ndcg is None else {"cells": [cell]},
        "localisation": NOT if on_silent is None else {"peak_on_silent": on_silent},
    }
    return {"networks": [figures]}


def rows(evaluations):
    head, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in spread.table(evaluations).splitlines()
    )
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_mean_and_bounds_of_each_network():
    told = [evaluation("b", 0.8, 0.5), evaluation("a", 0.7), evaluation("b", 0.9, 0.75)]
    assert rows(told) == [
        {"network": "a", "runs": "1", "AVC": "70.0% (70.0% to 70.0%)", "picture, sound": "-"},
        {
            "network": "b",
            "runs": "2",
            "AVC": "85.0% (80.0% to 90.0%)",
            "picture, sound": "0.625 (0.500 to 0.750)",
        },
    ]


def test_a_figure_of_one_run_alone():
    # No silent object in the clips of the other: nothing was measured there.
    first, second = evaluation("a", 0.5, on_silent=0.01), evaluation("a", 0.5)
    second["networks"][0]["localisation"] = {"peak_on_silent": None}
    assert rows([first, second])[0]["on silent"] == "1.0% (1.0% to 1.0%)"


@pytest.mark.parametrize("text", ["{}", "[]", "not JSON"])
def test_other_files_are_refused(tmp_path, capsys, text):
    path = tmp_path / "eval.json"
    path.write_text(text)
    assert cli.main(["spread", str(path)]) == 1
    assert f"error: {path}" in capsys.readouterr().err


def test_the_command_prints_the_table(tmp_path, capsys):
    path = tmp_path / "eval.json"
    path.write_text(json.dumps(evaluation("a", 0.75)))
    assert cli.main(["spread", str(path)]) == 0
    assert "| a | 1 | 75.0% (75.0% to 75.0%) |" in capsys.readouterr().out
