"""Images and labels: the embedded data sets, or a folder of IDX files."""
from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_integer
from manifold_opt.experiments.idx import read_idx
from manifold_opt.network import one_hot, patches
from manifold_opt.network.sizes import check_dtype

__all__ = ["EMBEDDED", "ImageData", "Samples", "load_images"]

EMBEDDED = ("mnist", "fashion")
"""Names of the data sets that come with the library."""

MNIST_TRAINING = 8000


@final
@dataclass(frozen=True)
class Samples:
    """Images cut into patches, with their labels.

    Attributes
    ----------
    tokens : numpy.ndarray
        Patches (samples, tokens, width) of type uint8.
    labels : numpy.ndarray
        Classes (samples,), integers from 0 to classes - 1.
    classes : int
        Number of classes.

    Raises
    ------
    TypeError, ValueError
        If an attribute is not as described; the message names it. There may be no samples.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.experiments import Samples
    >>> white = Samples(np.full((1, 4, 49), 255, np.uint8), np.array([1]), classes=2)
    >>> float(white.sequences("float32").min()), white.targets("float32")
    (1.0, array([[0., 1.]], dtype=float32))
    """

    tokens: Array
    labels: Array
    classes: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", check_integer("classes", self.classes, 1))
        _keep(self, "tokens", _bytes("tokens", self.tokens), 3)
        _keep(self, "labels", _integers("labels", self.labels), 1)
        if len(self.tokens) != len(self.labels):
            raise ValueError(f"labels must be as many as tokens: got {len(self.labels)} and {len(self.tokens)}")
        if self.labels.size and self.labels.max() >= self.classes:
            raise ValueError(f"labels must lie in 0..{self.classes - 1}: got {self.labels.max()}")

    def sequences(self, dtype: npt.DTypeLike, indices: Array | slice = slice(None)) -> Array:
        """What the network is given: the patches as numbers from 0 to 1."""
        scaled: Array = self.tokens[_selection(indices)].astype(check_dtype("dtype", dtype))
        scaled /= 255
        return scaled

    def targets(self, dtype: npt.DTypeLike, indices: Array | slice = slice(None)) -> Array:
        """What the network should answer: the labels as unit vectors (samples, classes)."""
        return one_hot(self.labels[_selection(indices)], self.classes, check_dtype("dtype", dtype).type)


@final
@dataclass(frozen=True)
class ImageData:
    """Images of type uint8 with their labels, for training and for testing.

    The arrays are copies of the ones that are given, and read-only.

    Attributes
    ----------
    source : str
        "mnist", "fashion", or the folder that the images were read from.
    train_images, test_images : numpy.ndarray
        Arrays of shape (images, height, columns).
    train_labels, test_labels : numpy.ndarray
        Arrays of shape (images,) of integers, 0 or larger.

    Raises
    ------
    TypeError
        If images are not of type uint8 (images from 0 to 1 must be multiplied by 255 and rounded), or labels no
        integers; the message names the attribute.
    ValueError
        If there are no images, not as many labels as images, images of different sizes, or negative labels.

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
        for part in ("train", "test"):
            _keep(self, f"{part}_images", _bytes(f"{part}_images", getattr(self, f"{part}_images")), 3)
            _keep(self, f"{part}_labels", _integers(f"{part}_labels", getattr(self, f"{part}_labels")), 1)
        for part, images, labels in (("training", self.train_images, self.train_labels),
                                     ("test", self.test_images, self.test_labels)):
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


def load_images(source: str | Path = "mnist") -> ImageData:
    """Load an embedded data set, or the IDX files in a folder.

    Parameters
    ----------
    source : str or pathlib.Path
        "mnist" (8,000 training and 2,000 test images), "fashion" (1,000 and 500), or a folder with the files
        ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte`` and
        ``t10k-labels-idx1-ubyte``, plain or with the ending ``.gz``; ``.idx`` in place of ``-idx`` will do as well.

    Returns
    -------
    ImageData

    Raises
    ------
    TypeError, ValueError
        If the source is no text or path, or a file is missing, unreadable, truncated or inconsistent; the message names
        it.

    Examples
    --------
    >>> from manifold_opt.experiments.data import load_images
    >>> load_images("fashion").train_images.shape
    (1000, 28, 28)
    """
    if not isinstance(source, (str, Path)):
        raise TypeError(f"source must be {', '.join(map(repr, EMBEDDED))} or a folder: got {type(source).__name__}")
    source = str(source)
    if source == "mnist":
        arrays = _embedded("mnist_10k.npz")
        images, labels = arrays["images"], arrays["labels"]
        return ImageData(source, images[:MNIST_TRAINING], labels[:MNIST_TRAINING],
                         images[MNIST_TRAINING:], labels[MNIST_TRAINING:])
    if source == "fashion":
        return ImageData(source, **_embedded("fashion_mini.npz"))
    return _from_folder(Path(source))


def _bytes(name: str, value: Array) -> Array:
    """The value, or TypeError unless it is an array of type uint8."""
    if not isinstance(value, np.ndarray) or isinstance(value, np.ma.MaskedArray) or value.dtype != np.uint8:
        got = value.dtype if type(value) is np.ndarray else type(value).__name__
        raise TypeError(f"{name} must be an array of type uint8, of numbers from 0 (black) to 255 (white): got {got}")
    return value


def _integers(name: str, value: Array) -> Array:
    """The value, or TypeError or ValueError unless it is an array of integers that are not negative."""
    if not isinstance(value, np.ndarray) or isinstance(value, np.ma.MaskedArray) or value.dtype.kind not in "iu":
        got = value.dtype if type(value) is np.ndarray else type(value).__name__
        raise TypeError(f"{name} must be an array of integers: got {got}")
    if value.size and value.min() < 0:
        raise ValueError(f"{name} must not be negative: got {value.min()}")
    return value


def _keep(owner: object, name: str, value: Array, axes: int) -> None:
    """A read-only copy as attribute of a frozen dataclass; ValueError unless it has so many axes."""
    if value.ndim != axes:
        raise ValueError(f"{name} must have {axes} axes: got shape {value.shape}")
    kept = np.array(value, order="C", subok=False)
    kept.flags.writeable = False
    object.__setattr__(owner, name, kept)


def _selection(indices: Array | slice) -> Array | slice:
    """The indices, of which an empty list has a floating-point type; TypeError unless they are integers or truths."""
    if isinstance(indices, slice):
        return indices
    chosen = np.asarray(indices)
    if chosen.size and chosen.dtype.kind not in "iub":
        raise TypeError(f"indices must be a slice or integers: got {chosen.dtype}")
    return chosen if chosen.size else chosen.astype(np.intp)


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
