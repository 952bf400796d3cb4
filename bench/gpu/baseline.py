"""Full-size AVE-Net in PyTorch, eager, in single precision: what the card does without us.

Pairs go from the host's memory to scores in the host's memory, as with infer-bench.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import torch
from sonoscope_training.networks import Shape, seeded

WARM_UP = 10
MATMUL_SIDE = 8192


def measure(step, seconds: float) -> list[float]:
    """Seconds of each call."""
    for _ in range(WARM_UP):
        step()
    times, begun = [], time.perf_counter()
    while time.perf_counter() - begun < seconds or len(times) < 5:
        asked = time.perf_counter()
        step()
        times.append(time.perf_counter() - asked)
    return times


def matmul_flops(kind: torch.dtype) -> float:
    """Operations a second of products of large random matrices."""
    left, right = (torch.randn(MATMUL_SIDE, MATMUL_SIDE, device="cuda", dtype=kind) for _ in "ab")

    def step() -> None:
        for _ in range(10):
            left @ right
        torch.cuda.synchronize()

    return 10 * 2 * MATMUL_SIDE**3 / min(measure(step, 1.0))


def run(arguments: argparse.Namespace) -> dict:
    """All figures."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    # Sizes stay the same, so the search for the fastest algorithm pays.
    torch.backends.cudnn.benchmark = True
    network = seeded(Shape("ave", arguments.width), seed=1).eval().to(device)
    frames = torch.randn(arguments.batch, 3, 224, 224)
    sounds = torch.randn(arguments.batch, 1, 257, 199)
    if device == "cuda":
        frames, sounds = frames.pin_memory(), sounds.pin_memory()

    @torch.inference_mode()
    def step() -> None:
        scores = network(frames.to(device, non_blocking=True), sounds.to(device, non_blocking=True))
        {name: score.cpu() for name, score in scores.items()}

    times = measure(step, arguments.seconds)
    median = statistics.median(times)
    figures = {
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "batch": arguments.batch,
        "batches": len(times),
        "pairs_a_second": arguments.batch / median,
        "median_ms": 1e3 * median,
    }
    if device == "cuda":
        figures["matmul_flops"] = {
            "fp16": matmul_flops(torch.float16),
            "bf16": matmul_flops(torch.bfloat16),
        }
    return figures


def main() -> None:
    """Measure, write, and say it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--width", type=float, default=1.0)
    figures = run(arguments := parser.parse_args())
    arguments.out.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
