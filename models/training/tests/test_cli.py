"""The commands, from shards to a card, and what is printed when something is wrong."""

import json

import pytest

from sonoscope_training.cli import main


def test_from_shards_to_a_card(made_up, tmp_path, capsys):
    run, zoo = str(tmp_path / "run"), str(tmp_path / "zoo")
    network = ["--network", "avol", "--width", "0.0625"]
    shards = ["--shards", str(made_up)]
    train = ["train", *shards, *network, "--steps", "2", "--batch", "8", "--out", run]
    assert main([*train, "--trained-on", "made-up squares"]) == 0
    export = ["export", *network, "--name", "tiny", "--checkpoint", f"{run}/best.pt"]
    assert main([*export, "--out", zoo]) == 0
    assert main(["quantize", zoo, *shards, "--samples", "4"]) == 0
    capsys.readouterr()
    evaluations = []
    for origin in (["--checkpoint", f"{run}/best.pt"], ["--onnx", zoo], ["--onnx", zoo, "--int8"]):
        assert main(["evaluate", *shards, *origin]) == 0
        evaluations.append(json.loads(capsys.readouterr().out))
    torch_figures, onnx_figures, _ = (figures["correspondence"] for figures in evaluations)
    assert torch_figures["rank_auc"] == pytest.approx(onnx_figures["rank_auc"], abs=1e-3)
    card_command = ["card", zoo, "--note", "Squares only.", "--commit", "0123abc"]
    for place, evaluation in enumerate(evaluations):
        path = tmp_path / f"{place}.json"
        path.write_text(json.dumps(evaluation))
        card_command += ["--evaluation", str(path)]
    assert main(card_command) == 0
    card = (tmp_path / "zoo" / "CARD.md").read_text()
    assert card.startswith("# tiny\n")
    for expected in (
        "made-up squares",
        "onnx int8",
        "centre guess",
        "- Squares only.",
        "VNNI",
        "sonoscope: 0123abc",
    ):
        assert expected in card


def test_a_card_of_untrained_weights_says_so(tmp_path):
    folder = str(tmp_path)
    export = ["export", "--network", "ave", "--width", "0.0625", "--seed", "1", "--name", "seeded"]
    assert main([*export, "--out", folder]) == 0
    assert main(["card", folder]) == 0
    assert "never seen a recording" in (tmp_path / "CARD.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "--shards", "nowhere", "--checkpoint", "x.pt"], "nowhere holds no *.tar"),
        (["card", "nowhere"], "no card for nowhere"),
        (["quantize", "nowhere"], "export the network to nowhere first"),
    ],
)
def test_errors_say_what_to_do(arguments, message, capsys):
    assert main(arguments) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("error: ")
    assert message in printed
