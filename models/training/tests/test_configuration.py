"""Configurations: the shipped ones, files of one's own, and what is refused."""

import pytest

from sonoscope_training import checkpoint, configuration
from sonoscope_training.cli import main
from sonoscope_training.errors import TrainingError
from sonoscope_training.recipe import Recipe


def test_all_that_is_shipped_can_be_loaded():
    assert configuration.names() == [
        "default",
        "l3",
        "multisensory",
        "published",
        "warm",
        "widened",
    ]
    for name in configuration.names():
        assert isinstance(configuration.load(name), Recipe)


def test_the_default_file_says_what_the_defaults_are():
    assert configuration.load("default") == Recipe()


def test_the_published_recipe_is_as_published():
    recipe = configuration.load("published")
    assert (recipe.batch, recipe.pairs, recipe.weight_decay) == (64, "two", 1e-5)
    assert recipe.learning_rate_at(10**6, epoch=16) == pytest.approx(5e-5 * 0.94)
    assert not recipe.batch_norm
    assert recipe.head_start == "fixed"


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("batch = 12\nlearning_rate = 1\n")
    recipe = configuration.load(str(path))
    assert (recipe.batch, recipe.learning_rate, recipe.steps) == (12, 1.0, Recipe().steps)
    assert type(recipe.learning_rate) is float


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("bach = 3", "unknown key 'bach'"),
        ("batch = 3.5", "batch is 3.5, not of type int"),
        ("batch = true", "batch is True, not of type int"),
        ('learning_rate = "fast"', "learning_rate is 'fast', not of type float"),
        ('pairs = "some"', "pairs is 'some': choose one of all, two"),
        ("batch =", "is not TOML"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, text, complaint):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(TrainingError, match=complaint):
        configuration.load(str(path))


def test_an_unknown_name_tells_the_known_ones():
    with pytest.raises(TrainingError, match="default, l3, multisensory, published, warm"):
        configuration.load("fast")


def test_the_command_line_goes_before_the_configuration(made_up, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("batch = 8\nsteps = 50\nvalidate_every = 1\nseed = 4\n")
    train = ["train", "--shards", str(made_up), "--network", "l3", "--width", "0.015625"]
    train += ["--configuration", str(path), "--steps", "1", "--out", str(tmp_path / "run")]
    assert main(train) == 0
    kept = checkpoint.load(tmp_path / "run" / "last.pt")
    assert kept.step == 1
    assert kept.training["recipe"]["batch"] == 8
    assert kept.provenance.seed == 4
