"""CARD.md: what a network was trained on, how well it does, what it is not good for."""

from collections.abc import Sequence

from sonoscope_training import reports
from sonoscope_training.contract import UNTRAINED

FAMILIES = {
    "ave": "AVE-Net: correspondence, and embeddings of picture and sound in one space",
    "avol": "AVOL-Net: correspondence, and a heatmap of where the sound comes from",
    "l3": "L3-Net: correspondence, and pooled features of picture and sound",
    "multisensory": "Multisensory: whether sound and picture are aligned in time, and a map of "
    "where in the picture that shows",
}

CLIP_INPUT = (
    "{seconds:.1f} s of mono sound at 21 kHz as a waveform, and {frames} pictures of "
    "{width}x{height} RGB, {rate_hz} a second, both centred on the middle of the second. The exact "
    "preprocessing is the `sonoscope.contract` in each file."
)

INPUT = (
    "A second of mono sound at 48 kHz as a 257x199 log-spectrogram, and the picture shown at its "
    "middle as 224x224 RGB. The exact preprocessing is the `sonoscope.contract` in each file."
)

UNTRAINED_LIMITS = (
    "- The weights are seeded and have never seen a recording. They serve tests and speed "
    "measurements; every score they give is meaningless."
)

LIMITS = """\
- It knows the kind of recordings it was trained on, and was measured on that kind alone. Measure
  it on your own (`sonoscope extract`, then `evaluate`) before you rely on any score.
- A negative pair in these figures is a picture with the sound of any other test clip. Some of
  these are of the same class and do sound alike, so not even a perfect network would reach 1.
- Seconds known to be silent or to have their source off screen are left out of the figures."""

ALIGNMENT_LIMITS = """\
- It knows the kind of recordings it was trained on, and was measured on that kind alone. Measure
  it on your own (`sonoscope extract`, then `evaluate`) before you rely on any score.
- Sounds that go on evenly are as aligned two seconds later: not even a perfect network would
  reach 1.
- Windows of which more than half is known to be silent or off screen are left out of the figures.
- The first and the last two seconds of a recording have no window, and so no score."""

INT8_NOTE = """\
The int8 towers want a processor with VNNI instructions (or a GPU). On older x86 processors their
sums may saturate: use the fp32 files there."""


def card(
    contract: dict,
    evaluations: list[dict],
    notes: Sequence[str] = (),
    log: Sequence[dict] = (),
    reported: Sequence[tuple[str, dict]] = (),
    commit: str | None = None,
) -> str:
    """The whole page.

    `notes` are limits of this network's own, `log` the lines of its run's, `reported` what
    `sonoscope eval` wrote, with labels, `commit` that of sonoscope by which it was trained.
    """
    provenance = contract["provenance"]
    untrained = provenance["trained_on"] == UNTRAINED
    sections = [
        f"# {contract['network']}",
        f"{FAMILIES[contract['family']]}. Width {provenance['width']:g} of the published one.",
        f"- Trained on: {provenance['trained_on']}\n"
        f"- Seed: {provenance['seed']}\n"
        + (f"- Commit of sonoscope: {commit}\n" if commit else "")
        + f"- Licence of the weights: {provenance['license']}",
        f"## Input\n\n{_input(contract)}",
    ]
    if evaluations or reported:
        sections.append("## How well it does")
    if reported:
        sections += [reports.INTRO, reports.table(contract["network"], reported)]
    sections += _figures(evaluations)
    if log:
        sections += ["## How it learned", learning_curve(log)]
    own = ALIGNMENT_LIMITS if contract["family"] == "multisensory" else LIMITS
    limits = [*(f"- {note}" for note in notes), UNTRAINED_LIMITS if untrained else own]
    sections.append("## Limits\n\n" + "\n".join(limits))
    if any(evaluation["towers"] == "onnx int8" for evaluation in evaluations) or any(
        figures["precision"] == "int8" for _, report in reported for figures in report["networks"]
    ):
        sections.append(f"## The int8 files\n\n{INT8_NOTE}")
    return "\n\n".join(sections) + "\n"


def _input(contract: dict) -> str:
    frame, audio = contract["frame"], contract["audio"]
    if "clip" not in frame:
        return INPUT
    seconds = audio["window_samples"] / audio["rate_hz"]
    return CLIP_INPUT.format(seconds=seconds, **frame, **frame["clip"])


def _figures(evaluations: list[dict]) -> list[str]:
    """One table a task, a row for each evaluation that has it."""
    sections = []
    for task, intro in TASKS.items():
        rows = [(evaluation, evaluation[task]) for evaluation in evaluations if task in evaluation]
        if rows:
            sections += [intro, _table(rows)]
    return sections


TASKS = {
    "correspondence": (
        "Does the sound belong to the picture? Every picture of the test clips with every sound "
        "of them; threshold 0.5."
    ),
    "alignment": (
        "Are sound and picture aligned in time? Windows of the test recordings with their own "
        "sound, and with sound from at least 2 s away in the same recording; threshold 0.5."
    ),
    "pointing": (
        "Where does the sound come from? Share of seconds whose heatmap has its peak inside the "
        "box of what sounds, beside that of always pointing at the centre and of pointing at "
        "random."
    ),
    "retrieval": (
        "Is the nearest item of another test clip of the same class? Share of queries, by what "
        "is asked with and what is looked for."
    ),
}


# Rows of the learning curve.
CURVE_ROWS = 10


def _table(rows: list[tuple[dict, dict]]) -> str:
    names = list(rows[0][1])
    lines = [
        "| set | towers | " + " | ".join(name.replace("_", " ") for name in names) + " |",
        "| --- | --- | " + " | ".join("---" for _ in names) + " |",
    ]
    for evaluation, figures in rows:
        cells = [_cell(figures[name]) for name in names]
        about = f"{evaluation.get('set', 'test')}, {evaluation['clips']} clips"
        lines.append(f"| {about} | {evaluation['towers']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def learning_curve(log: Sequence[dict]) -> str:
    """Some rows of a run's log, evenly spread, the last and the best among them."""
    best = min(range(len(log)), key=lambda row: log[row]["validation_loss"])
    spread = {round(i * (len(log) - 1) / (CURVE_ROWS - 1)) for i in range(CURVE_ROWS)}
    lines = [
        "| step | training loss | validation loss | validation accuracy |",
        "| --- | --- | --- | --- |",
    ]
    for row in sorted(spread | {best}):
        figures = log[row]
        names = ("loss", "validation_loss", "validation_accuracy")
        cells = " | ".join(f"{figures[name]:.3f}" for name in names)
        note = " (kept)" if row == best else ""
        lines.append(f"| {figures['step']}{note} | {cells} |")
    return "\n".join(lines)


def _cell(figure: float) -> str:
    return str(figure) if isinstance(figure, int) else f"{figure:.3f}"
