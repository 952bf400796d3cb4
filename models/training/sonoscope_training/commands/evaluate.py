"""Measure a checkpoint, or a folder of ONNX files, on the test split; JSON on standard output."""

import argparse
import json
from pathlib import Path

from sonoscope_training import archive, checkpoint, shards, stretches
from sonoscope_training.commands import options
from sonoscope_training.evaluate import alignment, evaluate
from sonoscope_training.multisensory import form_of
from sonoscope_training.networks import MULTISENSORY
from sonoscope_training.scorers import OnnxScorer, Scorer, TorchScorer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    options.add_shards(parser, required=True)
    origin = parser.add_mutually_exclusive_group(required=True)
    origin.add_argument("--checkpoint", type=Path, help="weights that `train` wrote")
    origin.add_argument("--onnx", type=Path, metavar="DIR", help="what `export` wrote")
    parser.add_argument("--int8", action="store_true", help="with --onnx: its int8 towers")
    parser.add_argument(
        "--split", default="test", choices=list(shards.SPLIT_BOUNDS), help="(default test)"
    )
    parser.add_argument("--label", help="what to call the set on a card (default: the split)")


def run(arguments: argparse.Namespace) -> None:
    """Evaluate, and print the figures."""
    archive.shards(arguments.shards)
    scorer = _scorer(arguments)
    figures = {"set": arguments.label or arguments.split}
    if scorer.family == MULTISENSORY:
        stretch_set = stretches.load(arguments.shards, form_of(scorer.form))
        figures |= alignment(scorer, stretch_set.split(arguments.split))
    else:
        figures |= evaluate(scorer, shards.load(arguments.shards).split(arguments.split))
    print(json.dumps(figures, indent=2))


def _scorer(arguments: argparse.Namespace) -> Scorer:
    if arguments.onnx is not None:
        return OnnxScorer(arguments.onnx, int8=arguments.int8)
    return TorchScorer(checkpoint.load(arguments.checkpoint).network())
