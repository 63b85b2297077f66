"""Stored shares of seeds that train, and what train says of them."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from manifold_opt.__main__ import main
from manifold_opt.experiments import (Record, Settings, Share, Shares, command, load_images, load_shares, paper_curves,
                                      table, write_shares)
from training_cases import small_images, write_idx_folder

SHARES = [Share(Settings(rival="adam", learning_rate=1e-3), (0, 1, 2), (0.7, 1.34, 0.1 + 0.2), 2, (0.2, 0.9)),
          Share(Settings(rival="adam", warmup=64), (0, 1, 2), (0.7, 0.8, 0.9), 3, (0.4, 1.0)),
          Share(Settings(rival="free_adam"), (0,), (1.34,), 0, (0.0, 0.8))]


def written(path: Path, digest: str = "abc") -> Shares:
    write_shares(path, "python -m manifold_opt experiments methods", digest, SHARES)
    shares = load_shares(path)
    assert shares is not None
    return shares


def test_through_the_file(tmp_path: Path) -> None:
    shares = written(tmp_path / "shares.json")
    assert list(shares.groups) == SHARES and shares.command == "python -m manifold_opt experiments methods"
    assert written(tmp_path / "again.json") == shares
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "shares.json").read_bytes()
    assert load_shares(tmp_path / "none.json") is None


def test_found_by_settings_and_images(tmp_path: Path) -> None:
    shares, settings = written(tmp_path / "shares.json"), Settings(seed=9, threads=4, pieces=2)
    assert shares.of(settings, "abc") == SHARES[0]
    assert shares.of(replace(settings, warmup=64), "abc") == SHARES[1]
    assert shares.of(settings, "abd") is None
    for given in ({"blocks": 8}, {"epochs": 4}, {"rival": "muon"}, {"dtype": "float64"}, {"learning_rate": 2e-3}):
        assert shares.of(replace(settings, **given), "abc") is None


@pytest.mark.parametrize("damage", [lambda text: text[:-30], lambda text: text.replace("seeds", "seads"),
                                    lambda text: text.replace('"warmup"', '"warm"'), lambda text: "[]",
                                    lambda text: text.replace("[0, 1, 2]", "[0, 1]", 1)])
def test_damaged(tmp_path: Path, damage: type[str]) -> None:
    path = tmp_path / "shares.json"
    written(path)
    path.write_text(damage(path.read_text()))
    with pytest.raises(ValueError, match="shares.json must hold shares of seeds that train"):
        load_shares(path)


def test_table_says_them_beside_the_single_run(tmp_path: Path) -> None:
    shares, record = written(tmp_path / "shares.json"), Record().extended([0.5], 0.5, 3.0, 2.0)
    curves = paper_curves(["adam", "muon", "free_adam"])
    records = dict.fromkeys(curves, record)
    header, *rows, said = table(curves, records, shares, "abc").splitlines()
    assert [row.split("  ")[-1].strip() for row in (header, *rows)] == [
        "seeds that train", "2 of 3 (20..90 %)", "-", "0 of 1 (0..80 %)"]
    assert len({len(row) for row in (header, *rows)}) == 1 and shares.command in said
    assert table(curves, records, shares, "other images") == table(curves, records)


def test_train_says_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    write_idx_folder(tmp_path / "data", small_images())
    monkeypatch.chdir(tmp_path)
    settings = Settings(blocks=1, epochs=1, batch_size=16)
    share = Share(settings, (0, 1), (0.7, 1.34), 1, (0.1, 0.9))
    shares = Shares("the command", load_images("data").digest, (share,))
    monkeypatch.setattr(command, "load_shares", lambda: shares)
    assert main(["train", "--data", "data", "--blocks", "1", "--epochs", "1", "--batch-size", "16", "--rivals",
                 "adam"]) == 0
    assert "1 of 2 (10..90 %)" in capsys.readouterr().out


def test_shipped_shares_if_there_are_any() -> None:
    """They are of the embedded images, of this version's settings, and count what they say."""
    shares = load_shares()
    if shares is None:
        pytest.skip("a version without stored shares")
    assert shares.sha256 == load_images("mnist").digest
    for share in shares.groups:
        assert share.trained == sum(loss < 1.1 for loss in share.final_losses) and share.settings.loss == "relative"
        assert share.interval[0] <= share.trained / len(share.seeds) <= share.interval[1]
