"""What the tests of the experiments share: small images, and files that hold them."""
from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.experiments import ImageData


def small_images(train: int = 40, test: int = 10, classes: int = 10, edge: int = 14, seed: int = 0) -> ImageData:
    """A random image for each class, with noise."""
    rng = np.random.default_rng(seed)
    labels = [np.arange(count, dtype=np.uint8) % classes for count in (train, test)]
    classes_images = rng.integers(0, 200, (classes, edge, edge))
    images = [(classes_images[part] + rng.integers(0, 56, (len(part), edge, edge))).astype(np.uint8) for part in labels]
    return ImageData("small", images[0], labels[0], images[1], labels[1])


def idx_bytes(array: Array) -> bytes:
    """An array of type uint8 in the IDX format."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_idx_folder(folder: Path, data: ImageData) -> None:
    """The four files of MNIST."""
    folder.mkdir(exist_ok=True)
    for name, array in (("train-images-idx3-ubyte", data.train_images), ("train-labels-idx1-ubyte", data.train_labels),
                        ("t10k-images-idx3-ubyte", data.test_images), ("t10k-labels-idx1-ubyte", data.test_labels)):
        (folder / name).write_bytes(idx_bytes(array))
