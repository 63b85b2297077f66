"""The embedded images, and folders of IDX files."""
from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from manifold_opt.experiments import ImageData, Samples, load_images
from training_cases import idx_bytes, small_images, write_idx_folder

FILES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]


@pytest.mark.parametrize("source, train, test", [("mnist", 8000, 2000), ("fashion", 1000, 500)])
def test_embedded_images(source: str, train: int, test: int) -> None:
    data = load_images(source)
    assert data.train_images.shape == (train, 28, 28) and data.test_images.shape == (test, 28, 28)
    assert data.train_images.dtype == np.uint8 and data.classes == 10
    for labels in (data.train_labels, data.test_labels):
        shares = np.bincount(labels) / len(labels)
        assert 0.08 < shares.min() and shares.max() < 0.12


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sequences_are_patches_from_0_to_1(dtype: str) -> None:
    data = small_images()
    x = data.training().sequences(dtype, np.array([3, 1]))
    assert x.dtype == dtype and x.shape == (2, 4, 49)
    expected = data.train_images[3, 7:, :7].astype(dtype).reshape(-1) / np.dtype(dtype).type(255)
    np.testing.assert_array_equal(x[0, 2], expected)
    whole = replace(data, train_images=np.full_like(data.train_images, 255)).training().sequences(dtype)
    assert (whole == 1).all()


def test_targets_are_unit_vectors() -> None:
    samples = small_images().testing()
    target = samples.targets("float32", np.array([2, 9]))
    assert target.dtype == np.float32
    np.testing.assert_array_equal(target, np.eye(10)[[2, 9]])


@pytest.mark.parametrize("rename", [str, lambda name: name.replace("-idx", ".idx"), lambda name: name + ".gz",
                                    lambda name: name.replace("-idx", ".idx") + ".gz"])
def test_folder_of_idx_files(tmp_path: Path, rename: type[str]) -> None:
    data = small_images()
    write_idx_folder(tmp_path, data)
    for name in FILES:
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).unlink()
        (tmp_path / rename(name)).write_bytes(gzip.compress(content) if rename(name).endswith(".gz") else content)
    loaded = load_images(str(tmp_path))
    assert loaded.digest == data.digest
    np.testing.assert_array_equal(loaded.test_images, data.test_images)


def test_missing_folder_and_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mnist, fashion or a folder of IDX files: there is no folder .*nowhere"):
        load_images(str(tmp_path / "nowhere"))
    write_idx_folder(tmp_path, small_images())
    (tmp_path / FILES[3]).unlink()
    with pytest.raises(ValueError, match="t10k-labels-idx1-ubyte, t10k-labels-idx1-ubyte.gz"):
        load_images(str(tmp_path))


def test_inconsistent_files(tmp_path: Path) -> None:
    data = small_images()
    write_idx_folder(tmp_path, data)
    (tmp_path / FILES[1]).write_bytes(idx_bytes(data.train_labels[:-1]))
    with pytest.raises(ValueError, match="as many training labels as images.*40 images and 39 labels"):
        load_images(str(tmp_path))
    (tmp_path / FILES[1]).write_bytes(idx_bytes(data.train_images))
    with pytest.raises(ValueError, match=r"train_labels must have 1 axes: got shape \(40, 14, 14\)"):
        load_images(str(tmp_path))


def test_images_of_one_size() -> None:
    data, other = small_images(), small_images(edge=21)
    with pytest.raises(ValueError, match="of one size"):
        ImageData("mixed", data.train_images, data.train_labels, other.test_images, other.test_labels)


@pytest.mark.parametrize("images", [np.ones((3, 14, 14)), np.full((3, 14, 14), 65535, np.uint16),
                                    np.ones((3, 14, 14), bool), np.ones((3, 14, 14), np.int8), [[[0]]],
                                    np.ma.masked_equal(np.ones((3, 14, 14), np.uint8), 0)],
                         ids=["float", "uint16", "bool", "int8", "list", "masked"])
def test_images_that_are_no_bytes(images: Any) -> None:
    """Whatever their scale may be, they are refused by name and not scaled once more."""
    good, labels = np.ones((3, 14, 14), np.uint8), np.arange(3)
    with pytest.raises(TypeError, match="train_images must be an array of type uint8"):
        ImageData("x", images, labels, good, labels)
    with pytest.raises(TypeError, match="test_images must be an array of type uint8"):
        ImageData("x", good, labels, images, labels)
    with pytest.raises(TypeError, match="tokens must be an array of type uint8"):
        Samples(images, labels, 3)


def test_labels_that_are_no_classes() -> None:
    images, labels = np.ones((3, 14, 14), np.uint8), np.arange(3)
    with pytest.raises(TypeError, match="test_labels must be an array of integers: got float64"):
        ImageData("x", images, labels, images, labels / 2)
    with pytest.raises(ValueError, match="train_labels must not be negative: got -1"):
        ImageData("x", images, labels - 1, images, labels)
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.1: got 2"):
        Samples(images, labels, 2)
    with pytest.raises(ValueError, match="labels must be as many as tokens: got 2 and 3"):
        Samples(images, labels[:2], np.int64(3))


def test_images_are_copies_that_nobody_changes() -> None:
    images, labels = np.ones((3, 14, 14), np.uint8), np.arange(3)
    data = ImageData("x", np.asfortranarray(images), labels, images, labels)
    digest, samples = data.digest, data.training(patch=14)
    images[:], labels[:] = 9, 7
    assert data.digest == digest and data.classes == 3 and (data.test_images == 1).all()
    for array in (data.train_images, data.train_labels, samples.tokens, samples.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    x = samples.sequences("float32")
    x[:] = 5
    assert (samples.sequences("float32") == np.float32(1 / 255)).all()


def test_selections() -> None:
    samples = small_images().training()
    for none in (np.array([], int), [], slice(0, 0), np.zeros(40, bool)):
        assert samples.sequences("float32", none).shape == (0, 4, 49)
        assert samples.targets("float32", none).shape == (0, 10)
    np.testing.assert_array_equal(samples.sequences("float64", [1, 2]), samples.sequences("float64", slice(1, 3)))
    with pytest.raises(TypeError, match="indices must be a slice or integers: got float64"):
        samples.sequences("float32", np.array([1.0]))
    for dtype in ("int64", "uint8", "float16", "complex128"):
        with pytest.raises(TypeError, match=f"dtype must be float32 or float64: got {dtype}"):
            samples.sequences(dtype)
        with pytest.raises(TypeError, match=f"dtype must be float32 or float64: got {dtype}"):
            samples.targets(dtype)


def test_digest_tells_data_apart() -> None:
    data = small_images()
    changed = data.train_images.copy()
    changed[0, 0, 0] += 1
    digests = {data.digest, replace(data, train_images=changed).digest, small_images(seed=1).digest,
               small_images(edge=21).digest}
    assert len(digests) == 4 and data.digest == small_images().digest
