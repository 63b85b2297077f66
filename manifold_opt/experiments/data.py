"""Images and labels: the embedded data sets, or a folder of IDX files."""
from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array
from manifold_opt.experiments.idx import read_idx
from manifold_opt.network import one_hot, patches

__all__ = ["EMBEDDED", "ImageData", "Samples", "load_images"]

EMBEDDED = ("mnist", "fashion")
"""Names of the data sets that come with the library."""

MNIST_TRAINING = 8000


@final
@dataclass(frozen=True)
class Samples:
    """Images cut into patches (samples, tokens, width) of type uint8, with labels (samples,) of so many classes."""

    tokens: Array
    labels: Array
    classes: int

    def sequences(self, dtype: npt.DTypeLike, indices: Array | slice = slice(None)) -> Array:
        """What the network is given: the patches as numbers from 0 to 1."""
        scaled: Array = self.tokens[indices].astype(dtype)
        scaled /= 255
        return scaled

    def targets(self, dtype: npt.DTypeLike, indices: Array | slice = slice(None)) -> Array:
        """What the network should answer: the labels as unit vectors (samples, classes)."""
        return one_hot(self.labels[indices], self.classes, np.dtype(dtype).type)


@final
@dataclass(frozen=True)
class ImageData:
    """Images of type uint8 with their labels, for training and for testing.

    Attributes
    ----------
    source : str
        "mnist", "fashion", or the folder that the images were read from.
    train_images, test_images : numpy.ndarray
        Arrays of shape (images, height, columns).
    train_labels, test_labels : numpy.ndarray
        Arrays of shape (images,).

    Raises
    ------
    ValueError
        If there are no images, not as many labels as images, or images of different sizes.

    Examples
    --------
    >>> from manifold_opt.experiments.data import load_images
    >>> data = load_images("mnist")
    >>> data.train_images.shape, data.test_images.shape, data.classes
    ((8000, 28, 28), (2000, 28, 28), 10)
    >>> data.training().sequences("float32").shape
    (8000, 16, 49)
    """

    source: str
    train_images: Array
    train_labels: Array
    test_images: Array
    test_labels: Array

    def __post_init__(self) -> None:
        for part, images, labels in (("training", self.train_images, self.train_labels),
                                     ("test", self.test_images, self.test_labels)):
            if images.ndim != 3 or labels.ndim != 1:
                raise ValueError(f"{self.source}: {part} images must have 3 axes and labels 1: got shapes "
                                 f"{images.shape} and {labels.shape}")
            if len(images) != len(labels) or not len(images):
                raise ValueError(f"{self.source}: there must be as many {part} labels as images, and at least one: "
                                 f"got {len(images)} images and {len(labels)} labels")
        if self.train_images.shape[1:] != self.test_images.shape[1:]:
            raise ValueError(f"{self.source}: training and test images must be of one size: got "
                             f"{self.train_images.shape[1:]} and {self.test_images.shape[1:]}")

    @property
    def classes(self) -> int:
        """Number of classes, one more than the largest label."""
        return int(max(self.train_labels.max(), self.test_labels.max())) + 1

    @property
    def digest(self) -> str:
        """SHA-256 of images and labels: tells whether two runs saw the same data."""
        digest = hashlib.sha256()
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            digest.update(repr(array.shape).encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def training(self, patch: int = 7) -> Samples:
        """The training images, cut into flattened patches with an edge of so many pixels."""
        return Samples(patches(self.train_images, patch), self.train_labels, self.classes)

    def testing(self, patch: int = 7) -> Samples:
        """The test images, cut into flattened patches with an edge of so many pixels."""
        return Samples(patches(self.test_images, patch), self.test_labels, self.classes)


def load_images(source: str = "mnist") -> ImageData:
    """Load an embedded data set, or the IDX files in a folder.

    Parameters
    ----------
    source : str
        "mnist" (8,000 training and 2,000 test images), "fashion" (1,000 and 500), or a folder with the files
        ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte`` and
        ``t10k-labels-idx1-ubyte``, plain or with the ending ``.gz``; ``.idx`` in place of ``-idx`` will do as well.

    Returns
    -------
    ImageData

    Raises
    ------
    ValueError
        If a file is missing, unreadable, truncated or inconsistent; the message names it.

    Examples
    --------
    >>> from manifold_opt.experiments.data import load_images
    >>> load_images("fashion").train_images.shape
    (1000, 28, 28)
    """
    if source == "mnist":
        arrays = _embedded("mnist_10k.npz")
        images, labels = arrays["images"], arrays["labels"]
        return ImageData(source, images[:MNIST_TRAINING], labels[:MNIST_TRAINING],
                         images[MNIST_TRAINING:], labels[MNIST_TRAINING:])
    if source == "fashion":
        return ImageData(source, **_embedded("fashion_mini.npz"))
    return _from_folder(Path(source))


def _embedded(name: str) -> dict[str, Array]:
    path = resources.files("manifold_opt.experiments") / "embedded" / name
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays}


def _from_folder(folder: Path) -> ImageData:
    if not folder.is_dir():
        raise ValueError(f"data must be {', '.join(EMBEDDED)} or a folder of IDX files: there is no folder {folder}")
    files = {f"{part}_{content}": _find(folder, f"{prefix}-{content}", axes)
             for part, prefix in (("train", "train"), ("test", "t10k"))
             for content, axes in (("images", 3), ("labels", 1))}
    return ImageData(str(folder), **{key: _read(path) for key, path in files.items()})


def _read(path: Path) -> Array:
    try:
        return read_idx(path)
    except OSError as error:
        raise ValueError(f"{path} must be readable: {error.strerror}") from error


def _find(folder: Path, stem: str, axes: int) -> Path:
    names = [f"{stem}{separator}idx{axes}-ubyte{ending}" for separator in "-." for ending in ("", ".gz")]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise ValueError(f"{folder} must hold one of {', '.join(names)}: none of them is there")
