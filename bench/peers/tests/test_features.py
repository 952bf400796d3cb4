"""Features against plain loops over the same numbers."""

import numpy as np
import pytest

import features


def test_spectrogram_is_the_contracts_formula():
    rng = np.random.default_rng(5)
    samples = (rng.standard_normal(features.SAMPLE_RATE_HZ) * 3000).astype(np.float32)
    got = features.spectrogram(samples).numpy()[0]
    assert got.shape == (257, 199)

    window = _tukey(480, 0.25)
    for frame in (0, 100, 198):
        part = samples[frame * 240 : frame * 240 + 480].astype(np.float64)
        spectrum = np.fft.rfft((part - part.mean()) * window, 512)
        power = np.abs(spectrum) ** 2 / (48_000 * (window**2).sum())
        power[1:-1] *= 2
        decibels = 10 * np.log10(power + 1e-7)
        np.testing.assert_allclose(got[:, frame] * 26.68, decibels, atol=0.01)


def test_picture_keeps_colours_and_their_order():
    rgb = np.zeros((90, 160, 3), np.uint8)
    rgb[:, :80] = (255, 0, 0)
    rgb[:, 80:] = (0, 0, 255)
    got = features.picture(rgb)
    assert got.shape == (3, 224, 224)
    mean, std = features.MEAN.flatten().numpy(), features.STD.flatten().numpy()
    white, black = (1 - mean) / std, -mean / std
    left, right = got[:, 112, 10], got[:, 112, 213]
    assert left.tolist() == pytest.approx([*white[:1], *black[1:]], abs=0.02)
    assert right.tolist() == pytest.approx([*black[:2], *white[2:]], abs=0.02)


def _tukey(length: int, alpha: float) -> np.ndarray:
    """A periodic Tukey window, as spectral analysis wants it: one of length + 1, less its end."""
    taper = alpha * length / 2
    place = np.arange(length)
    edge = np.minimum(place, length - place)
    return np.where(edge < taper, 0.5 * (1 - np.cos(np.pi * edge / taper)), 1.0)
