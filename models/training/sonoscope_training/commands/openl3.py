"""Write OpenL3's published weights as frame.onnx and audio.onnx, for embeddings."""

import argparse
from pathlib import Path
from typing import get_args

from sonoscope_training import openl3
from sonoscope_training.contract import Provenance
from sonoscope_training.graph import Weights


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--name", required=True, help="the network's name, such as openl3/music")
    parser.add_argument("--audio", type=Path, required=True, help="weights of the audio network")
    parser.add_argument("--image", type=Path, required=True, help="weights of the image network")
    parser.add_argument(
        "--hears",
        choices=sorted(openl3.HEARS),
        required=True,
        help="the spectrogram for which both were trained: the files do not tell",
    )
    parser.add_argument("--trained-on", required=True, help="what on, in a sentence")
    parser.add_argument("--license", required=True, help="the licence of the weights")
    parser.add_argument(
        "--weights",
        choices=get_args(Weights),
        default="fp32",
        help="how they are stored: fp16 halves the files, and is loaded as fp32",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")


def run(arguments: argparse.Namespace) -> None:
    """Export, and say what was written."""
    network = openl3.load(arguments.audio, arguments.image, arguments.hears)
    provenance = Provenance(arguments.trained_on, 1.0, 0, arguments.license)
    written = openl3.export(
        network, arguments.name, provenance, arguments.out, weights=arguments.weights
    )
    for path in written:
        print(f"{path}  {path.stat().st_size} bytes")
