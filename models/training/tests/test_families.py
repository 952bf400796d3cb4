"""Every network goes the whole way: trained, exported, quantized, evaluated, on a card."""

import json

import made_up_stretches
import pytest

from sonoscope_training.cli import main


@pytest.fixture(scope="module")
def beats(tmp_path_factory):
    folder = tmp_path_factory.mktemp("beats")
    made_up_stretches.write_set(folder, 30)
    return folder


@pytest.mark.parametrize("family", ["l3", "multisensory"])
def test_from_shards_to_a_card(family, made_up, beats, tmp_path, capsys):
    aligned = family == "multisensory"
    folder, width, task = (
        (beats, "0.015625", "alignment") if aligned else (made_up, "0.03125", "correspondence")
    )
    run, zoo = tmp_path / "run", tmp_path / "zoo"
    network, shards = ["--network", family, "--width", width], ["--shards", str(folder)]
    recipe = ["--steps", "4", "--batch", "4", "--validate-every", "2"]
    assert main(["train", *shards, *network, *recipe, "--out", str(run)]) == 0
    origin = ["--checkpoint", str(run / "best.pt")]
    assert main(["export", *network, *origin, "--name", "tiny", "--out", str(zoo)]) == 0
    assert main(["quantize", str(zoo), *shards, "--samples", "4"]) == 0

    capsys.readouterr()
    figures = {}
    card = ["card", str(zoo), "--log", str(run / "log.jsonl")]
    for name, chosen in {
        "torch": origin,
        "fp32": ["--onnx", str(zoo)],
        "int8": ["--onnx", str(zoo), "--int8"],
    }.items():
        assert main(["evaluate", *shards, *chosen, "--split", "validation"]) == 0
        printed = capsys.readouterr().out
        figures[name] = json.loads(printed)[task]
        (tmp_path / f"{name}.json").write_text(printed)
        card += ["--evaluation", str(tmp_path / f"{name}.json")]
    # Scores agree to about 1e-5; two of them may then change places.
    assert figures["fp32"]["rank_auc"] == pytest.approx(figures["torch"]["rank_auc"], abs=2e-3)

    assert main(card) == 0
    assert (zoo / "log.jsonl").read_text() == (run / "log.jsonl").read_text()
    page = (zoo / "CARD.md").read_text()
    for expected in ("| validation, ", "onnx int8", "## How it learned", "| 4"):
        assert expected in page
    assert ("4.2 s of mono sound" in page) == aligned


def test_multisensory_starts_from_made_up_inputs_too(tmp_path):
    """Without shards, as tests of the program and measurements of speed need it."""
    zoo = str(tmp_path)
    network = ["--network", "multisensory", "--width", "0.015625", "--form", "reduced"]
    assert main(["export", *network, "--seed", "1", "--name", "seeded", "--out", zoo]) == 0
    assert main(["quantize", zoo, "--samples", "2"]) == 0
    assert (tmp_path / "frame.int8.onnx").read_bytes() == (tmp_path / "frame.onnx").read_bytes()
    assert (tmp_path / "audio.int8.onnx").read_bytes() != (tmp_path / "audio.onnx").read_bytes()
