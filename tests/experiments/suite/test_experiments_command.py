"""The command ``python -m manifold_opt experiments``."""
from __future__ import annotations

import pytest

from manifold_opt.__main__ import main
from manifold_opt.experiments import Record
from manifold_opt.experiments.suite import EXPERIMENTS, Result, fashion, runner
from manifold_opt.experiments.suite.page import write_answer
from manifold_opt.experiments.suite.storage import load_results, write_results


def test_a_quick_experiment_from_the_command_line(tmp_path, capsys):
    assert main(["experiments", "spaces", "--quick", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert EXPERIMENTS["spaces"].question in said and "Gr(7, 49), head by head" in said
    written = {path.name for path in (tmp_path / "quick").iterdir()}
    assert {"spaces.json", "spaces.times.json", "spaces.txt", "spaces.png", "spaces.inc", "runs"} <= written


def test_stored_results_are_enough_for_the_page(tmp_path, monkeypatch):
    assert main(["experiments", "methods", "--quick", "--out", str(tmp_path), "--only", "Adam on St(7, 49)"]) == 0
    folder = tmp_path / "quick"
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".txt", ".inc", ".png")}
    assert "answer.inc" in before
    for name in before:
        (folder / name).unlink()
    monkeypatch.setattr(runner, "_do", None)
    assert main(["experiments", "methods", "--stored", "--out", str(folder)]) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name in before} == before


def test_the_main_table_goes_on_in_the_same_folder(tmp_path):
    """What it leaves there beside its results, the shares too, is no hindrance to the next command."""
    command = ["experiments", "methods", "--quick", "--out", str(tmp_path), "--only"]
    assert main([*command, "Adam on St(7, 49)"]) == 0
    assert (tmp_path / "quick" / "shares.json").exists()
    assert main([*command, "Gradient on St(7, 49)"]) == 0
    assert len(load_results(tmp_path / "quick" / "methods.json")) == 2


def test_the_page_can_be_made_of_no_results(tmp_path):
    assert main(["experiments", "all", "--stored", "--out", str(tmp_path)]) == 0
    for name in EXPERIMENTS:
        assert "no stored runs yet" in (tmp_path / f"{name}.inc").read_text()
    assert "too few seeds to tell" in (tmp_path / "answer.inc").read_text().lower()


@pytest.mark.parametrize("options, message", [
    (["--jobs", "0"], "jobs must be at least 1: got 0"),
    (["--seeds", "0"], "seeds must be at least 1: got 0"),
    (["--jobs", "2", "--dask", "tcp://127.0.0.1:9"], "both --dask and --jobs"),
    (["--only", "adamax"], "got 'adamax'"),
    (["--data", "nowhere"], "nowhere"),
])
def test_bad_options(tmp_path, capsys, options, message):
    assert main(["experiments", "spaces", "--quick", "--out", str(tmp_path), *options]) == 2
    assert message in capsys.readouterr().err


def test_an_unknown_experiment_lists_the_valid_ones(capsys):
    with pytest.raises(SystemExit):
        main(["experiments", "imagenet"])
    assert "rounding" in capsys.readouterr().err


def test_images_that_are_not_installed_are_said(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(fashion, "FOLDER", tmp_path / "nothing")
    assert main(["experiments", "fashion", "--out", str(tmp_path)]) == 2
    assert "dataset-fashion-mnist is not installed" in capsys.readouterr().err


def test_ctrl_c(tmp_path, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt
    monkeypatch.setattr(runner, "_do", interrupted)
    assert main(["experiments", "spaces", "--quick", "--out", str(tmp_path)]) == 130
    assert "the same command goes on from here" in capsys.readouterr().err


def test_the_answer_rests_on_the_sweep_while_the_main_table_is_not_complete(tmp_path):
    depth = EXPERIMENTS["depth"]
    results = [Result(run, Record().extended([0.7 if run.settings.rival == "adam" else 1.342], 0.5, 3.0, 2.0))
               for run in depth.runs(range(20))]
    write_results(tmp_path, "depth", {"sha256": "0"}, {}, results)
    write_answer(tmp_path / "methods.json", EXPERIMENTS.values())
    said = (tmp_path / "answer.inc").read_text()
    assert said.startswith("The main table is not complete; after four epochs of its setting: **Adam on St(7, 49) "
                           "trains for 20 of 20 seeds")
    assert "All 3 others are behind it, in how often they train or in the loss" in said
    warm = EXPERIMENTS["warmup"]
    results = [Result(run, Record().extended([0.6], 0.5, 3.0, 2.0)) for run in warm.runs(range(20))]
    write_results(tmp_path, "warmup", {"sha256": "0"}, {}, results)
    write_answer(tmp_path / "methods.json", EXPERIMENTS.values())
    said = (tmp_path / "answer.inc").read_text()
    assert "of 8 methods with 20 seeds" in said and ", warm-up trains for 20 of 20 seeds" in said
