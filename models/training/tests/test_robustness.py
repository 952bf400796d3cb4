"""A run that is killed goes on; sets that teach nothing and machines that lack something say so."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from sonoscope_training import checkpoint, memory, run_log
from sonoscope_training.cli import main
from sonoscope_training.contract import Provenance
from sonoscope_training.errors import TrainingError
from sonoscope_training.multisensory import FORMS
from sonoscope_training.networks import Shape, seeded
from sonoscope_training.recipe import SCRATCH
from sonoscope_training.shards import Clip, ShardSet, split_of
from sonoscope_training.stretches import Stretch, StretchSet
from sonoscope_training.tasks import AlignmentTask, PairTask
from sonoscope_training.train import Run

PACKAGE = Path(__file__).parents[1]
# Keeps a process from finding what a bare machine has not.
BLOCKED = """
import sys
class Blind:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"onnx", "onnxruntime", "scipy", "pytest"}:
            return None
        return self.finder.find_spec(name, path, target)
sys.meta_path[:] = [Blind(finder) for finder in sys.meta_path]
import torch
torch.set_num_threads(1)
from sonoscope_training.cli import main
sys.exit(main(sys.argv[1:]))
"""


def train(shards, out):
    options = "--network l3 --width 0.015625 --batch 8 --steps 6 --validate-every 1 --threads 1"
    return ["train", "--shards", str(shards), *options.split(), "--out", str(out)]


def start(arguments):
    command = [sys.executable, "-c", BLOCKED, *arguments]
    return subprocess.Popen(command, cwd=PACKAGE, stdout=subprocess.PIPE, text=True)


def test_a_killed_run_goes_on_as_if_it_had_not_been(made_up, tmp_path):
    """In processes that have PyTorch and NumPy alone, as on a bare machine."""
    with start(train(made_up, tmp_path / "killed")) as process:
        for line in process.stdout:
            if line.startswith("step     2/6"):
                process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert checkpoint.load(tmp_path / "killed" / "last.pt").step < 6
    with start(train(made_up, tmp_path / "killed")) as process:
        assert "resumed at step" in process.stdout.read()
    assert process.returncode == 0

    assert main(train(made_up, tmp_path / "whole")) == 0
    killed, whole = (checkpoint.load(tmp_path / name / "last.pt") for name in ("killed", "whole"))
    assert killed.step == whole.step == 6
    for name, value in whole.weights.items():
        assert torch.equal(value, killed.weights[name]), name
    steps = [
        [figures["step"] for figures in run_log.read(tmp_path / name / run_log.NAME)]
        for name in ("killed", "whole")
    ]
    assert steps == [[1, 2, 3, 4, 5, 6]] * 2


def test_what_was_logged_beyond_the_checkpoint_is_dropped(tmp_path):
    log = run_log.RunLog(tmp_path)
    for step in (1, 2, 3):
        log.append({"step": step, "loss": 0.5, "unix_s": 1.0})
    with log.path.open("a") as file:
        file.write('{"step": 4, "lo')
    log.rewind(2)
    assert [figures["step"] for figures in run_log.read(log.path)] == [1, 2]


def clips(count, frames=None, spectrograms=None, only=None):
    random = np.random.default_rng(0)
    made = []
    for number in range(count):
        noise = random.integers(0, 256, (1, 256, 256, 3)).astype(np.uint8)
        sound = random.normal(size=(1, 257, 199)).astype(np.float16)
        shown = noise if frames is None else frames
        heard = sound if spectrograms is None else spectrograms
        made.append(Clip(f"clip-{number}", shown, heard, [0], None))
    kept = [clip for clip in made if only in (None, split_of(clip.id))]
    return ShardSet(Path("made-up"), kept)


RECIPE = replace(SCRATCH, batch=8, steps=2, validate_every=1)


@pytest.mark.parametrize(
    ("shard_set", "complaint"),
    [
        (clips(1), "has one clip to train on"),
        (clips(20, only="train"), r"none of \d+ clips falls in the validation split"),
        (clips(30, frames=np.full((1, 256, 256, 3), 7, np.uint8)), "pictures are the same"),
        (clips(30, spectrograms=np.ones((1, 257, 199), np.float16)), "sounds are the same"),
    ],
)
def test_sets_that_teach_nothing_say_so(shard_set, complaint):
    with pytest.raises(TrainingError, match=complaint):
        PairTask(shard_set, replace(RECIPE, batch=2))


def test_stills_cannot_be_aligned():
    pictures = np.full((80, 128, 128, 3), 9, np.uint8)
    sound = np.zeros(210_000, np.int16)
    still = [Stretch(f"a-{n}", pictures, sound, 0, 10, "train", None) for n in range(8)]
    with pytest.raises(TrainingError, match="in none of 8 training recordings anything moves"):
        AlignmentTask(StretchSet(Path("made-up"), still), RECIPE, FORMS["reduced"])


class Greedy(torch.nn.Module):
    """A tower that wants more memory than there is for more than some examples at once."""

    def __init__(self, tower, most, error):
        super().__init__()
        self.tower, self.most, self.error = tower, most, error

    def forward(self, inputs):
        if len(inputs) > self.most:
            raise self.error
        return self.tower(inputs)


@pytest.mark.parametrize(
    ("most", "advice"), [(3, "2 fits\ntip: --batch 2"), (0, "no smaller one does\ntip: end what")]
)
def test_out_of_memory_says_which_batch_fits(tmp_path, most, advice):
    shape = Shape("l3", 1 / 64)
    task = PairTask(clips(60), RECIPE)
    run = Run(
        seeded(shape, 0), task, RECIPE, provenance=Provenance("x", 1, 0), folder=tmp_path / "run"
    )
    error = torch.OutOfMemoryError("CUDA out of memory")
    run.network.audio = Greedy(run.network.audio, most, error)
    batches = task.batch(0)
    with pytest.raises(TrainingError) as raised:
        run._step(batches)
    assert str(raised.value) == (
        f"a batch of 8 does not fit into the memory of --device cpu"
        f"{'; ' if most else ', and '}{advice}"
        + ("" if most else " else uses it, or choose a smaller --width")
    )


def test_other_errors_are_not_taken_for_lack_of_memory():
    assert memory.is_exhausted(RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes"))
    assert not memory.is_exhausted(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_told(made_up, tmp_path, capsys):
    assert main([*train(made_up, tmp_path), "--device", "cuda"]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("error: --device cuda: this PyTorch ")
    assert "tip: --device cpu" in printed
