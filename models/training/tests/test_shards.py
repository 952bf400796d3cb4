"""Reading shards: whole ones, and all the ways in which one can be broken."""

import collections
import io
import tarfile

import numpy as np
import pytest
from conftest import made_up_clip, npy, write_shard

from sonoscope_training import shards
from sonoscope_training.errors import TrainingError


def write_members(path, members):
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def test_what_was_written_is_read(made_up):
    loaded = shards.load(made_up)
    assert len(loaded.clips) == 120
    assert [clip.id for clip in loaded.clips] == sorted(clip.id for clip in loaded.clips)
    clip = next(clip for clip in loaded.clips if clip.id == "clip-61")
    wanted = made_up_clip(61)
    assert npy(clip.frames) == wanted["frames.npy"]
    assert npy(clip.spectrograms) == wanted["spectrograms.npy"]
    assert clip.segments == [0, 1, 2]
    assert clip.truth["class"] == "kind-1"


def test_splits_are_disjoint_and_about_80_10_10():
    counts = collections.Counter(shards.split_of(f"recording-{i}") for i in range(10_000))
    assert counts.keys() == {"train", "validation", "test"}
    assert abs(counts["train"] - 8000) < 200
    assert abs(counts["validation"] - 1000) < 120


def test_a_clip_stays_in_its_split_for_ever():
    pinned = {"clip-0": "train", "clip-1": "validation", "clip-18": "test"}
    assert {clip_id: shards.split_of(clip_id) for clip_id in pinned} == pinned


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.99])
def test_a_cut_off_shard_is_named(tmp_path, kept):
    path = tmp_path / "0.tar"
    write_shard(path, range(2))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(TrainingError, match=r"0\.tar is damaged or was cut off"):
        shards.load(tmp_path)


def test_a_shard_cut_inside_zeros_is_found_out(tmp_path):
    path = tmp_path / "0.tar"
    write_members(path, {"a.frames.npy": bytes(100_000)})
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(TrainingError, match="cut off"):
        shards.load(tmp_path)


def test_a_clip_without_all_members_is_found_out(tmp_path):
    parts = made_up_clip(0)
    write_members(tmp_path / "0.tar", {"a.json": parts["json"]})
    with pytest.raises(TrainingError, match="clip a is incomplete"):
        shards.load(tmp_path)


@pytest.mark.parametrize(
    ("suffix", "content", "complaint"),
    [
        ("frames.npy", npy(np.zeros((3, 224, 224, 3), np.uint8)), "frames are uint8"),
        ("spectrograms.npy", npy(np.zeros((3, 257, 199))), "spectrograms are float64"),
        ("json", b'{"source": "a"', "cannot be read"),
        ("json", b'{"source": "a"}', "cannot be read: 'segments'"),
    ],
)
def test_a_wrong_member_is_named(tmp_path, suffix, content, complaint):
    parts = made_up_clip(0) | {suffix: content}
    write_members(tmp_path / "0.tar", {f"a.{suffix}": part for suffix, part in parts.items()})
    with pytest.raises(TrainingError, match=f"clip a.*{complaint}"):
        shards.load(tmp_path)


@pytest.mark.parametrize("beside", [b"null", b'{"title": "Holiday"}', b"[1, 2]"])
def test_json_that_is_not_the_truth_is_no_truth(tmp_path, beside):
    about = b'{"source": "a", "segments": [0, 1, 2], "truth": ' + beside + b"}"
    parts = made_up_clip(0) | {"json": about}
    write_members(tmp_path / "0.tar", {f"a.{suffix}": part for suffix, part in parts.items()})
    assert shards.load(tmp_path).clips[0].truth is None


def test_a_clip_in_two_shards_is_refused(tmp_path):
    write_shard(tmp_path / "0.tar", range(1))
    write_shard(tmp_path / "1.tar", range(1))
    with pytest.raises(TrainingError, match="in another shard too"):
        shards.load(tmp_path)


def test_a_stranger_in_the_archive_is_refused(tmp_path):
    write_members(tmp_path / "0.tar", {"notes.txt": b"hello"})
    with pytest.raises(TrainingError, match=r"unexpected member notes\.txt"):
        shards.load(tmp_path)


def test_an_empty_folder_says_what_to_do(tmp_path):
    with pytest.raises(TrainingError, match="sonoscope extract"):
        shards.load(tmp_path)


def test_seconds_with_broken_or_no_sound_are_left_out_and_counted(tmp_path):
    sounds = np.random.default_rng(0).normal(size=(4, 257, 199)).astype(np.float16)
    sounds[1, 100, 7] = np.nan
    sounds[2, 3, 4] = -np.inf
    sounds[3] = -2.6
    frames = np.zeros((4, 256, 256, 3), np.uint8)
    parts = {
        "frames.npy": npy(frames),
        "spectrograms.npy": npy(sounds),
        "json": b'{"source": "a", "segments": [0, 1, 2, 3], "truth": null}',
    }
    write_members(tmp_path / "0.tar", {f"a.{suffix}": part for suffix, part in parts.items()})
    loaded = shards.load(tmp_path)
    assert loaded.clips[0].pairs() == [0]
    assert loaded.left_out() == {"not finite": 2, "silent": 1}


def test_a_clip_without_a_second_is_left_out(tmp_path):
    parts = {
        "frames.npy": npy(np.zeros((0, 256, 256, 3), np.uint8)),
        "spectrograms.npy": npy(np.zeros((0, 257, 199), np.float16)),
        "json": b'{"source": "a", "segments": [], "truth": null}',
    }
    members = {f"a.{suffix}": part for suffix, part in parts.items()}
    write_members(
        tmp_path / "0.tar",
        members
        | {"b.json": made_up_clip(0)["json"]}
        | {f"b.{suffix}": part for suffix, part in made_up_clip(0).items()},
    )
    assert [clip.id for clip in shards.load(tmp_path).clips] == ["b"]


def test_a_set_in_which_nothing_is_heard_says_so(tmp_path):
    parts = made_up_clip(7)
    write_members(tmp_path / "0.tar", {f"clip-7.{suffix}": part for suffix, part in parts.items()})
    loaded = shards.load(tmp_path)
    with pytest.raises(TrainingError, match=r"in none of the 1 clips .* anything seen is heard"):
        loaded.split(shards.split_of("clip-7"))


def test_arrays_stay_on_disk(made_up):
    """Views of the mapped shard, not copies of it."""
    clip = shards.load(made_up).clips[0]
    for array in (clip.frames, clip.spectrograms):
        assert not array.flags.owndata
        assert not array.flags.writeable
